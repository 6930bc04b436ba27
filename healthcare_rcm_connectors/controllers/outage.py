"""The doors while the database is away: 503 with a time to wait, never 404.

Odoo goes on without a database when it cannot reach one, and then finds no such
address: a sender that is told "there is nothing here" would give up an event for good.
"""

from psycopg2.errors import InvalidCatalogName

from odoo import http

from ..protocol.problem import Problem
from ..tools.lost_connection import is_lost
from .dispatcher import problem_response

DOORS = "/rcm/v1/"
RETRY_AFTER_SECONDS = "5"
UNKNOWN = "does not exist"
_serve_db = http.Request._serve_db


def is_outage(error):
    """Whether a database that is there cannot be used just now."""
    if not is_lost(error):
        return False
    return not isinstance(error, InvalidCatalogName) and UNKNOWN not in str(error)


def outage_problem():
    """What a sender is told while the database is away."""
    return Problem("not-ready", headers={"Retry-After": RETRY_AFTER_SECONDS})


def serve_db(request):
    """As Odoo does, but for an outage at one of our doors."""
    try:
        return _serve_db(request)
    except http.RegistryError as error:
        door = request.httprequest.path.startswith(DOORS)
        if not (door and is_outage(error.__cause__)):
            raise
        return problem_response(outage_problem())


http.Request._serve_db = serve_db
