"""JSON-RPC 2.0: requests, batches, notifications and errors.

Specification: https://www.jsonrpc.org/specification
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from . import strict_json
from .problem import ProblemError

VERSION = "2.0"
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
MAX_BATCH = 100
_MEMBERS = {"jsonrpc", "method", "params", "id"}


class RpcError(Exception):
    """An error answer to one call."""

    def __init__(self, code, message, data=None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    @classmethod
    def from_problem(cls, problem, instance):
        """The twin of an HTTP problem: same document as ``data``."""
        return cls(problem.kind.rpc_code, problem.kind.title, problem.body(instance))


@dataclass(frozen=True, slots=True)
class _Door:
    """What calls are answered with."""

    methods: dict[str, Callable]
    instance: str
    run: Callable
    faults: Callable


def respond(raw, methods, instance, run=None, faults=None):
    """Answer the body ``raw``.

    :param dict methods: {name: callable taking named parameters}
    :param str instance: name of this request, for problem documents
    :param run: called as ``run(function)`` around each call, e.g. in a savepoint
    :param faults: called as ``faults(method name, {parameter: value})``; what it
        returns is wrong with them, if anything
    :return: the response value, or None when there is nothing to answer (204)
    """
    try:
        message = strict_json.loads(raw)
    except strict_json.InvalidJson as error:
        return _failure(None, RpcError(PARSE_ERROR, "Parse error", str(error)))
    door = _Door(methods, instance, run or _directly, faults or _no_faults)
    if not isinstance(message, list):
        return _answer(message, door)
    if not message or len(message) > MAX_BATCH:
        detail = f"a batch has 1 to {MAX_BATCH} calls"
        return _failure(None, RpcError(INVALID_REQUEST, "Invalid Request", detail))
    answers = [_answer(item, door) for item in message]
    return [answer for answer in answers if answer is not None] or None


def _answer(message, door):
    """Answer one call; None for a notification, whatever came of it."""
    fault = _request_fault(message)
    if fault:
        call_id = message.get("id") if isinstance(message, dict) else None
        call_id = call_id if _is_id(call_id) else None
        return _failure(call_id, RpcError(INVALID_REQUEST, "Invalid Request", fault))
    try:
        result = _call(message, door)
    except RpcError as error:
        return _failure(message["id"], error) if "id" in message else None
    if "id" not in message:
        return None
    return {"jsonrpc": VERSION, "id": message["id"], "result": result}


def _call(message, door):
    method = door.methods.get(message["method"])
    if method is None:
        known = sorted(door.methods)
        raise RpcError(METHOD_NOT_FOUND, "Method not found", {"methods": known})
    named = _named(message.get("params", {}), method)
    found = door.faults(message["method"], named)
    if found:
        raise RpcError(INVALID_PARAMS, "Invalid params", {"errors": found})
    try:
        return door.run(lambda: method(**named))
    except ProblemError as error:
        raise RpcError.from_problem(error.problem, door.instance) from None


def _named(params, method):
    """The parameters by name, however they were given."""
    args, kwargs = (params, {}) if isinstance(params, list) else ((), params)
    signature = inspect.signature(method)
    try:
        return signature.bind(*args, **kwargs).arguments
    except TypeError:
        data = {"parameters": list(signature.parameters)}
        raise RpcError(INVALID_PARAMS, "Invalid params", data) from None


def _request_fault(message):
    """Why ``message`` is no request, or None."""
    if not isinstance(message, dict):
        return "a call is an object"
    if message.get("jsonrpc") != VERSION:
        return "jsonrpc must be “2.0”"
    if not isinstance(message.get("method"), str):
        return "method must be text"
    if not isinstance(message.get("params", {}), (list, dict)):
        return "params must be an array or an object"
    if not _is_id(message.get("id")):
        return "id must be text, a number or null"
    if set(message) - _MEMBERS:
        return "unknown members"
    return None


def _is_id(value):
    if isinstance(value, bool):
        return False
    return value is None or isinstance(value, (str, int, float))


def _failure(call_id, error):
    body = {"code": error.code, "message": error.message}
    if error.data is not None:
        body["data"] = error.data
    return {"jsonrpc": VERSION, "id": call_id, "error": body}


def _directly(function):
    return function()


def _no_faults(method, named):
    return []
