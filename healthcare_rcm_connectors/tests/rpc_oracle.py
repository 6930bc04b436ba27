"""What JSON-RPC 2.0 and our description say an answer must be, from the call alone."""

import json
from functools import lru_cache

from jsonschema import Draft202012Validator
from schemathesis.core.failures import Failure

PARSE_ERROR, INVALID_REQUEST = -32700, -32600
METHOD_NOT_FOUND, INVALID_PARAMS = -32601, -32602
MOST = 100
OURS = range(-32099, -31999)


def rpc_answer_fits_its_calls(ctx, response, case):
    """Each call has the answer its own form asks for; a notification has none."""
    components = case.operation.schema.raw_schema["components"]
    try:
        compare(sent_by(response), answered(response), json.dumps(components))
    except AssertionError as error:
        raise Failure(
            operation=case.operation.label, title="JSON-RPC", message=str(error)
        ) from None


def sent_by(response):
    body = response.request.body
    return body.encode() if isinstance(body, str) else body or b""


def answered(response):
    if response.status_code == 204:
        assert not response.content, "204 has a body"
        return None
    return response.json() if response.status_code == 200 else response.status_code


def compare(raw, answer, components):
    """Raise AssertionError unless ``answer`` is one that ``raw`` may have.

    ``answer``: the value, None for no answer, a number for an HTTP error.
    """
    if isinstance(answer, int):
        assert answer in (411, 413, 415), f"HTTP {answer} is no answer to a call"
        return
    try:
        message = json.loads(raw)
    except ValueError:
        expect_error(answer, None, PARSE_ERROR)
        return
    if isinstance(answer, dict) and answer.get("error", {}).get("code") == PARSE_ERROR:
        # JSON that we refuse: doubled keys, NUL, half surrogates, NaN, too deep
        expect_error(answer, None, PARSE_ERROR)
        return
    if not isinstance(message, list):
        compare_call(message, answer, components)
        return
    if not 0 < len(message) <= MOST:
        expect_error(answer, None, INVALID_REQUEST)
        return
    answers = list(answer or [])
    for call in message:
        compare_call(call, answers.pop(0) if is_answered(call) else None, components)
    assert not answers, "more answers than calls"
    assert answer is None or answer, "an empty array is no answer"


def is_answered(call):
    return not is_request(call) or "id" in call


def is_request(call):
    """Whether ``call`` has the form of a request, whatever it asks for."""
    return (
        isinstance(call, dict)
        and call.get("jsonrpc") == "2.0"
        and isinstance(call.get("method"), str)
        and isinstance(call.get("params", {}), (dict, list))
        and is_id(call.get("id"))
        and set(call) <= {"jsonrpc", "method", "params", "id"}
    )


def is_id(value):
    return value is None or (
        isinstance(value, (str, int, float)) and not isinstance(value, bool)
    )


def compare_call(call, answer, components):
    if not is_request(call):
        found = call.get("id") if isinstance(call, dict) else None
        expect_error(answer, found if is_id(found) else None, INVALID_REQUEST)
        return
    if "id" not in call:
        assert answer is None, "a notification is answered"
        return
    known = json.loads(components)["schemas"]["RpcCall"]["oneOf"]
    names = {item["properties"]["method"]["const"] for item in known}
    if call["method"] not in names:
        expect_error(answer, call["id"], METHOD_NOT_FOUND)
        return
    if not validator(call["method"], components).is_valid(call):
        expect_refusal(answer, call)
        return
    assert isinstance(answer, dict), "no answer to a call"
    error = answer.get("error", {})
    code = error.get("code")
    # the one parameter that is looked at as an event: what it lacks is named there
    no_event = call["method"] == "submit_event" and code == INVALID_PARAMS
    if no_event:
        assert error["data"]["type"].endswith("/invalid-envelope"), "no word of why"
    fits = code is None or code in OURS or no_event
    assert fits, f"a well-formed call is answered {code}"
    assert answer["id"] == call["id"], "the answer names another call"


@lru_cache(maxsize=32)
def validator(method, components):
    """Of calls of ``method``; the content of events is judged one by one."""
    components = json.loads(components)
    schemas = components["schemas"]
    schemas["Event"] = {}
    [schema] = [
        item
        for item in schemas["RpcCall"]["oneOf"]
        if item["properties"]["method"]["const"] == method
    ]
    return Draft202012Validator({**schema, "components": components})


def expect_refusal(answer, call):
    """Parameters that do not fit: said so, or what they name is not there."""
    assert isinstance(answer, dict) and "error" in answer, f"taken: {call['method']}"
    assert answer["id"] == call["id"], "the answer names another call"
    code = answer["error"]["code"]
    assert code == INVALID_PARAMS, f"parameters that do not fit are answered {code}"


def expect_error(answer, call_id, code):
    assert isinstance(answer, dict), f"{code} is due, not {type(answer).__name__}"
    assert answer.get("error", {}).get("code") == code, f"{code} is due"
    assert answer["id"] == call_id, "the answer names another call"
