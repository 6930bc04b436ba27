"""How requests to the doors are read, and how everything that fails is answered."""

import inspect
import json
import logging
from functools import lru_cache
from time import monotonic
from uuid import uuid4

from psycopg2 import InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException

from odoo import http
from odoo.exceptions import (
    AccessDenied,
    AccessError,
    ConcurrencyError,
    MissingError,
)
from odoo.http import request

from ..models.adapters.rcm_adapter_roles import UnreadableContent
from ..models.ir_http import Refused
from ..protocol import problem, strict_json
from ..protocol.place import place_of
from ..protocol.problem import Problem, ProblemError
from ..protocol.rate import Buckets
from ..tools.lost_connection import is_lost

_logger = logging.getLogger(__name__)

_rates = Buckets()
STATUS_PROBLEMS = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    411: "length-required",
    413: "too-large",
    415: "unsupported-encoding",
    429: "too-many-requests",
    503: "not-ready",
}


class ProblemAnswer(HTTPException):
    """Carries a finished answer through Odoo's roll-back, without a log entry."""

    def __init__(self, response):
        super().__init__(response=response)


class RcmDispatcher(http.Dispatcher):
    """Requests whose body is read raw and whose every error is a problem document."""

    routing_type = "rcm"

    @classmethod
    def is_compatible_with(cls, request):
        return True

    def dispatch(self, endpoint, args):
        """Call the endpoint with path and query values; never parse a form."""
        query = self.request.httprequest.args
        self.request.params = {**query.to_dict(), **args}
        try:
            check_rate()
            methods = endpoint.routing["methods"]
            if methods and self.request.httprequest.method == "OPTIONS":
                return http.Response(status=204, headers={"Allow": allow(methods)})
            check_query(endpoint, query, args)
            return self.request.registry["ir.http"]._dispatch(endpoint)
        except (
            HTTPException,
            InterfaceError,
            OperationalError,
            ConcurrencyError,
        ):
            raise  # answers as they are, and what the server runs again
        except Exception as error:  # every failure is a problem document
            raise ProblemAnswer(self.handle_error(error)) from None

    def handle_error(self, exc):
        """Turn any exception into an answer that tells nothing it should not."""
        if isinstance(exc, ProblemAnswer):
            return exc.response
        return problem_response(_problem_of(exc))


def _problem_of(exc):
    if isinstance(exc, (ProblemError, Refused)):
        return exc.problem
    if isinstance(exc, HTTPException):
        code = STATUS_PROBLEMS.get(exc.code)
        fallback = "internal" if (exc.code or 500) >= 500 else "invalid-request"
        return Problem(code or fallback)
    if is_lost(exc):
        return Problem("not-ready", headers={"Retry-After": "5"})
    if isinstance(exc, (AccessDenied, http.SessionExpiredException)):
        return Problem("unauthenticated")
    if isinstance(exc, AccessError):
        return Problem("forbidden")
    if isinstance(exc, MissingError):
        return Problem("not-found")
    # The text of the error may quote a payload: the log gets kind and place.
    _logger.error("Request %s failed: %s", instance(), place_of(exc))
    return Problem("internal")


def instance():
    """The name of this request, the same in answer and log."""
    if not hasattr(request, "rcm_instance"):
        request.rcm_instance = f"urn:uuid:{uuid4()}"
    return request.rcm_instance


def answer(value, status=200, headers=None):
    """A JSON answer."""
    return _response(value, status, "application/json", headers)


def problem_response(item):
    """The answer to a problem (RFC 9457)."""
    body = item.body(instance())
    return _response(body, item.status, problem.CONTENT_TYPE, item.headers)


def _response(value, status, content_type, headers=None):
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    response = http.Response(body, status=status, content_type=content_type)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Request-Id"] = instance()
    for name, content in (headers or {}).items():
        response.headers[name] = content
    return response


def connector():
    """The connector at the door, with the suite's rights.

    Service users read no table themselves: every method called on this checks what
    the connector may see.
    """
    env = request.env
    return env["rcm.connector"].sudo().browse(request.rcm_access.connector_id)


def sender():
    """The connector at the door, as the doors remember it."""
    return request.rcm_access.sender


def check_rate():
    """Refuse when the connector asks more often than it may."""
    access = getattr(request, "rcm_access", None)
    if access is None:
        return
    key = request.env.cr.dbname, access.connector_id
    wait = _rates.take(key, access.sender.rate_limit, monotonic())
    if wait:
        seconds = str(max(1, round(wait + 0.5)))
        raise ProblemError("too-many-requests", headers={"Retry-After": seconds})


def allow(methods):
    """What ``Allow`` says of an address that takes ``methods``."""
    return ", ".join([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])


def check_query(endpoint, query, path_values):
    """Refuse what a key holder asks for and nobody would look at.

    A misspelt or doubled parameter left aside would do another thing than meant. What
    is open to all takes anything: probes and caches add parameters of their own.
    """
    texts = [*path_values.values(), *query.values()]
    if any("\x00" in text for text in texts):
        raise ProblemError("invalid-request", "The address holds a NUL character.")
    if endpoint.routing["auth"] == "none":
        return
    known = _parameters(endpoint.func.__func__) - set(path_values)
    if set(query) - known - {"sender"}:  # a signed sender names itself
        names = ", ".join(sorted(known)) or "none"
        detail = f"A query parameter is not known. This address takes: {names}."
        raise ProblemError("invalid-request", detail)
    if any(len(values) > 1 for _name, values in query.lists()):
        raise ProblemError("invalid-request", "A query parameter is given twice.")


@lru_cache(maxsize=64)
def _parameters(function):
    """Names of what an endpoint takes from the address."""
    _self, *found = inspect.signature(function).parameters.values()
    return {item.name for item in found if item.kind is not item.VAR_KEYWORD}


def read_body():
    """Return the raw body, refused before it is read when it is too large."""
    http_request = request.httprequest
    if http_request.headers.get("Content-Encoding", "identity") != "identity":
        # unpacked, a small body could be of any size
        raise ProblemError(
            "unsupported-encoding", headers={"Accept-Encoding": "identity"}
        )
    length = http_request.content_length
    if length is None:
        raise ProblemError("length-required")
    limit = sender().payload_limit
    if length > limit:
        raise ProblemError("too-large", limit_bytes=limit)
    http_request.max_content_length = limit
    return http_request.get_data()


def read_json():
    """Return (value, text) of the JSON body."""
    raw = read_body()
    try:
        return strict_json.loads(raw), raw.decode()
    except strict_json.InvalidJson as error:
        raise ProblemError("invalid-json", str(error)) from None


def decode(name, content, filename=""):
    """The records in ``content``, read by the adapter called ``name``."""
    adapter = request.env["rcm.adapter"]._rcm_find("decode", name)
    if adapter is None:
        known = sorted(request.env["rcm.adapter"]._rcm_adapters("decode"))
        raise ProblemError("invalid-request", "Unknown format.", known_formats=known)
    try:
        return adapter._rcm_decode(content, filename)
    except UnreadableContent as error:
        code = "invalid-json" if name == "json" else "unreadable"
        raise ProblemError(code, str(error)) from None
