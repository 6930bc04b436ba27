"""The components of the OpenAPI document: envelopes, answers, the event contracts."""

from .envelope import ID_MAX_LENGTH, ID_PATTERN
from .openapi_documents import SCHEMAS as DOCUMENTS
from .problem import KINDS, TYPE_PATH
from .rpc_params import PARAMETERS, describe, needs_any

EVENT_ID = {
    "type": "string",
    "minLength": 1,
    "maxLength": ID_MAX_LENGTH,
    "pattern": ID_PATTERN,
}
_RPC_ID = {"type": ["string", "number", "null"]}


def schema_name(kind):
    """Name of the component of one event type and version."""
    return f"{kind['type']}.v{kind['version']}"


def schemas(types):
    text, moment = {"type": "string"}, {"type": "string", "format": "date-time"}
    moment_or_null = {"type": ["string", "null"], "format": "date-time"}
    found = {
        # nothing is an event to a connector that may send none
        "Event": {"oneOf": [ref(f"Event.{schema_name(kind)}") for kind in types]}
        if types
        else {"not": {}},
        "EventTaken": _object(
            id=text,
            status={"const": "received"},
            correlation_id=text,
            duplicate={"type": "boolean"},
        ),
        "EventStatus": _object(
            id=text,
            type=text,
            version={"type": "integer"},
            status={
                "enum": [
                    "received",
                    "processing",
                    "waiting_predecessor",
                    "retry",
                    "done",
                    "dead",
                    "ignored",
                ]
            },
            correlation_id=text,
            occurred_at=moment,
            received_at=moment,
            finished_at=moment_or_null,
            attempts={"type": "integer"},
            next_attempt_at=moment_or_null,
            error={"type": ["object", "null"]},
            documents={"type": "array", "items": {"type": "object"}},
        ),
        **DOCUMENTS,
        "Live": _object(status={"const": "ok"}),
        "Health": _object(
            status={"enum": ["ok", "degraded"]},
            database={"const": "ok"},
            scheduler={"enum": ["ok", "late"]},
            configuration={"enum": ["ok", "warning", "problem"]},
            oldest_waiting_seconds={"type": "integer", "minimum": 0},
        ),
        "ProblemKind": _object(
            type=text,
            title=text,
            status={"type": "integer"},
            jsonrpc_code={"type": "integer"},
            help=text,
        ),
        **_rpc_schemas(),
        "Problem": {
            **_object(
                type={"enum": [TYPE_PATH + code for code in sorted(KINDS)]},
                title=text,
                status={"type": "integer"},
                detail=text,
                help=text,
                instance={"type": "string", "format": "uri"},
            ),
            "additionalProperties": True,
        },
    }
    for kind in types:
        name = schema_name(kind)
        found[name] = _embedded(kind["schema"], name)
        found[f"Event.{name}"] = {
            "type": "object",
            "description": kind.get("description") or "",
            "deprecated": kind.get("state") == "deprecated",
            "required": ["id", "type", "version", "occurred_at", "data"],
            "additionalProperties": False,
            "properties": {
                "id": EVENT_ID,
                "type": {"const": kind["type"]},
                "version": {"const": kind["version"]},
                "occurred_at": moment,
                "data": ref(name),
            },
        }
    return found


def _rpc_schemas():
    error = {
        "type": "object",
        "required": ["code", "message"],
        "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
    }
    answer = {
        "type": "object",
        "required": ["jsonrpc", "id"],
        "properties": {
            "jsonrpc": {"const": "2.0"},
            "id": _RPC_ID,
            "result": {},
            "error": error,
        },
        "oneOf": [{"required": ["result"]}, {"required": ["error"]}],
    }
    return {
        "RpcCall": {"oneOf": [_rpc_call(method) for method in PARAMETERS]},
        "RpcAnswer": answer,
        "RpcAnswers": {
            "anyOf": [
                ref("RpcAnswer"),
                {"type": "array", "items": ref("RpcAnswer"), "minItems": 1},
            ]
        },
    }


def _rpc_call(method):
    needed = ["params"] if needs_any(method) else []
    return {
        "type": "object",
        "required": ["jsonrpc", "method", *needed],
        "properties": {
            "jsonrpc": {"const": "2.0"},
            "id": {**_RPC_ID, "description": "Without it nothing is answered."},
            "method": {"const": method},
            "params": describe(method, ref("Event")),
        },
        "additionalProperties": False,
    }


def _object(**properties):
    return {"type": "object", "required": list(properties), "properties": properties}


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def _embedded(schema, name):
    """A contract as a component: its inner references point to where it now lies."""
    return _moved(
        {key: value for key, value in schema.items() if key != "$schema"},
        f"#/components/schemas/{name}/",
    )


def _moved(node, prefix):
    if isinstance(node, dict):
        return {
            key: prefix + value[2:]
            if key == "$ref" and isinstance(value, str) and value.startswith("#/")
            else _moved(value, prefix)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_moved(item, prefix) for item in node]
    return node
