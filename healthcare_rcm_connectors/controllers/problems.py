from contextlib import suppress

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from odoo import http
from odoo.http import request

from ..protocol.problem import KINDS, TYPE_PATH, ProblemError
from .dispatcher import allow, answer
from .events import ROUTE

OPEN = {**ROUTE, "auth": "none"}
METHODS = ("GET", "POST")


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

    @http.route(["/rcm", "/rcm/<rcm_rest:rest>"], **OPEN)
    def nothing_here(self, rest="", **query):
        """404, or 405 with what the address does take."""
        methods = _methods_here()
        if methods:
            headers = {"Allow": allow(methods)}
            raise ProblemError("method-not-allowed", headers=headers)
        raise ProblemError("not-found")


def _methods_here():
    """The methods another door takes at this address."""
    routes = request.env["ir.http"].routing_map()
    routes = routes.bind_to_environ(request.httprequest.environ)
    found = []
    for method in METHODS:
        with suppress(NotFound, MethodNotAllowed, RequestRedirect):
            rule, _args = routes.match(method=method, return_rule=True)
            if rule.endpoint.func.__func__ is not ProblemDoor.nothing_here:
                found.append(method)
    return found
