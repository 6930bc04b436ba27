"""The components of the OpenAPI document: envelopes, answers, the event contracts."""

from .envelope import ID_MAX_LENGTH
from .problem import KINDS, TYPE_PATH

RPC_METHODS = (
    "submit_event",
    "submit_batch",
    "get_event",
    "get_document",
    "list_event_types",
    "replay",
)


def schema_name(kind):
    """Name of the component of one event type and version."""
    return f"{kind['type']}.v{kind['version']}"


def schemas(types):
    text, moment = {"type": "string"}, {"type": "string", "format": "date-time"}
    moment_or_null = {"type": ["string", "null"], "format": "date-time"}
    found = {
        "Event": {
            "oneOf": [ref(f"Event.{schema_name(kind)}") for kind in types],
        },
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
        "Document": {"type": "object"},
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
                instance=text,
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
                "id": {**text, "minLength": 1, "maxLength": ID_MAX_LENGTH},
                "type": {"const": kind["type"]},
                "version": {"const": kind["version"]},
                "occurred_at": moment,
                "data": ref(name),
            },
        }
    return found


def _rpc_schemas():
    identifier = {"type": ["string", "integer", "null"]}
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
            "id": {},
            "result": {},
            "error": error,
        },
        "oneOf": [{"required": ["result"]}, {"required": ["error"]}],
    }
    return {
        "RpcCall": {
            "type": "object",
            "required": ["jsonrpc", "method"],
            "properties": {
                "jsonrpc": {"const": "2.0"},
                "id": identifier,
                "method": {"enum": list(RPC_METHODS)},
                "params": {"type": ["object", "array"]},
            },
        },
        "RpcAnswer": answer,
        "RpcAnswers": {
            "anyOf": [
                ref("RpcAnswer"),
                {"type": "array", "items": ref("RpcAnswer"), "minItems": 1},
            ]
        },
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
