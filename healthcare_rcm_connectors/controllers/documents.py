from odoo import http
from odoo.http import request

from .dispatcher import answer, connector
from .events import ROUTE


class DocumentDoor(http.Controller):
    """Documents over plain HTTP, for the systems whose events made them."""

    @http.route(
        "/rcm/v1/documents/encounter/<rcm_path:number>", methods=["GET"], **ROUTE
    )
    def encounter(self, number, facility=None, **query):
        """An encounter with its claims and cases."""
        return self._answer("encounter", number=number, facility=facility)

    @http.route("/rcm/v1/documents/claim/<rcm_path:number>", methods=["GET"], **ROUTE)
    def claim(self, number, **query):
        """The latest version of a claim."""
        return self._answer("claim", control_number=number)

    @http.route(
        "/rcm/v1/documents/remittance/<rcm_path:event>", methods=["GET"], **ROUTE
    )
    def remittance(self, event, **query):
        """What became of the file an event brought."""
        return self._answer("remittance", event=event)

    def _answer(self, kind, **names):
        documents = request.env["rcm.document.answer"]
        return answer(documents._rcm_get(connector(), kind, **names))
