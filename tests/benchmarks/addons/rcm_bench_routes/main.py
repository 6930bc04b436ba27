from odoo import http
from odoo.http import request

ROUTE = {"type": "http", "methods": ["POST"], "csrf": False, "save_session": False}


class BareRoutes(http.Controller):
    """What a route of Odoo costs that does nothing at all."""

    @http.route("/bench/ping", auth="none", **ROUTE)
    def ping(self):
        """Nobody is asked who they are."""
        return request.make_json_response({"ok": True})

    @http.route("/bench/bearer", auth="bearer", **ROUTE)
    def bearer(self):
        """Odoo's own API key, and nothing else."""
        return request.make_json_response({"ok": True})
