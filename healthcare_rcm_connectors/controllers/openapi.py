from odoo import http

from ..protocol import openapi
from .dispatcher import answer, connector
from .events import ROUTE


class OpenApiDoor(http.Controller):
    """The description of the doors, as this connector may use them."""

    @http.route("/rcm/v1/openapi.json", methods=["GET"], **ROUTE)
    def openapi(self, **query):
        """OpenAPI 3.1, made from the event types the connector may send."""
        return answer(openapi.build(connector()._rcm_describe_types()))
