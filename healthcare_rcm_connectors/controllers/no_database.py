"""The doors of a server with several databases, when a request names none.

Where this module is server-wide, Odoo builds a table of the addresses that need no
database. It knows Odoo's own kinds of path parts only, and a sender whose request
named no database would be told about addresses and methods instead of that.
"""

from werkzeug.routing import Map, PathConverter

from odoo import http

from ..protocol.problem import Problem
from .dispatcher import answer, problem_response
from .outage import DOORS, outage_problem

LIVE = f"{DOORS}health/live"
_serve_nodb = http.Request._serve_nodb


class AnyPath(PathConverter):
    """The rest of an address, line breaks too: nothing falls out of our answers."""

    regex = r"(?s:[^/].*?)"


class AnyRest(PathConverter):
    """Whatever follows, nothing and doubled slashes too."""

    regex = r"(?s:.*?)"
    part_isolating = False
    weight = 300  # after every other address


def serve_nodb(request):
    """As Odoo does, but at our doors: what is missing, or that the database is away."""
    http_request = request.httprequest
    if not http_request.path.startswith(DOORS):
        return _serve_nodb(request)
    if http_request.path.rstrip("/") == LIVE:
        return answer({"status": "ok"})
    if not http.db_list(force=True, host=http_request.environ["HTTP_HOST"]):
        return problem_response(outage_problem())
    return problem_response(Problem("no-database"))


# Every routing table takes the kinds of path parts it is not given from here.
Map.default_converters = type(Map.default_converters)(
    {**Map.default_converters, "rcm_path": AnyPath, "rcm_rest": AnyRest}
)
http.Request._serve_nodb = serve_nodb
