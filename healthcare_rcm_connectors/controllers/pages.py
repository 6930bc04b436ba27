import re
from pathlib import Path

from werkzeug.exceptions import Forbidden, NotFound

from odoo import http
from odoo.http import request

from ..models.rcm_event_type import TAKEN
from ..protocol import api_page, markdown, openapi
from ..protocol.page import HEADERS, page
from .dispatcher import connector
from .events import ROUTE

READERS = ("integration_support", "administrator", "auditor")
RUNBOOKS = Path(__file__).resolve().parents[1] / "runbooks"
_NAME = re.compile(r"[a-z][a-z-]{1,60}\Z")


class PageDoor(http.Controller):
    """Pages to read: the interface, and what to do when something fails."""

    @http.route("/rcm/docs", type="http", auth="user", methods=["GET"])
    def docs(self, connector=None, download=None, **query):
        """The interface; with ``connector`` as that system may use it."""
        if not request.env.user._rcm_has_role(*READERS):
            raise Forbidden()
        types = self._types(connector)
        return _answer(api_page.render(openapi.build(types)), download)

    @http.route("/rcm/v1/docs", methods=["GET"], **ROUTE)
    def own_docs(self, **query):
        """The same for a sender with its key: what it may send itself."""
        types = connector()._rcm_describe_types()
        return _answer(api_page.render(openapi.build(types)), None)

    @http.route(
        "/rcm/runbooks/<string:name>", type="http", auth="user", methods=["GET"]
    )
    def runbook(self, name, **query):
        """One runbook, for whoever has a role in the revenue cycle."""
        if not request.env.user.has_group("healthcare_rcm_base.group_user"):
            raise Forbidden()
        path = RUNBOOKS / f"{name}.md"
        if not _NAME.match(name) or not path.is_file():
            raise NotFound()
        text = path.read_text(encoding="utf-8")
        title = text.partition("\n")[0].lstrip("# ")
        return _answer(page(title, markdown.to_html(text)), None)

    def _types(self, connector_id):
        Connector = request.env["rcm.connector"]
        if not connector_id:
            Type = request.env["rcm.event.type"]
            return Type.search([("state", "in", TAKEN)])._rcm_describe()
        if not connector_id.isdecimal():
            raise NotFound()
        found = Connector.search([("id", "=", int(connector_id[:9]))])
        if not found:
            raise NotFound()
        return found._rcm_describe_types()


def _answer(html, download):
    response = http.Response(html, content_type="text/html; charset=utf-8")
    response.headers.update(HEADERS)
    if download:
        response.headers["Content-Disposition"] = (
            'attachment; filename="healthcare-rcm-api.html"'
        )
    return response
