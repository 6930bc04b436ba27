from odoo import http
from odoo.http import request

from ..protocol.problem import KINDS, TYPE_PATH, ProblemError
from .dispatcher import answer
from .events import ROUTE

OPEN = {**ROUTE, "auth": "none"}
ALLOW = {
    "/rcm/v1/events": "POST",
    "/rcm/v1/jsonrpc": "POST",
    "/rcm/v1/health": "GET",
    "/rcm/v1/health/live": "GET",
    "/rcm/v1/health/ready": "GET",
    "/rcm/v1/metrics": "GET",
    "/rcm/v1/files": "POST",
    "/rcm/v1/openapi.json": "GET",
}


class ProblemDoor(http.Controller):
    """What the errors mean, and the error for addresses that do not exist."""

    @http.route(f"{TYPE_PATH}<code>", methods=["GET"], **OPEN)
    def problem(self, code, **query):
        """The page a problem's ``type`` points to."""
        kind = KINDS.get(code)
        if kind is None:
            raise ProblemError("not-found")
        return answer(
            {
                "type": TYPE_PATH + code,
                "title": kind.title,
                "status": kind.status,
                "jsonrpc_code": kind.rpc_code,
                "help": kind.help,
            }
        )

    @http.route(["/rcm/v1", "/rcm/v1/<rcm_path:rest>"], **OPEN)
    def nothing_here(self, rest="", **query):
        """404, or 405 with what the address does take."""
        path = request.httprequest.path.rstrip("/")
        allow = ALLOW.get(path) or ("GET" if _is_resource(path) else None)
        if allow:
            raise ProblemError("method-not-allowed", headers={"Allow": allow})
        raise ProblemError("not-found")


def _is_resource(path):
    roots = ("/rcm/v1/events/", "/rcm/v1/documents/", TYPE_PATH)
    return path.startswith(roots)
