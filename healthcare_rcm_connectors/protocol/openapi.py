"""The doors as an OpenAPI 3.1 document, made from the event contracts."""

from .envelope import ID_MAX_LENGTH
from .problem import CONTENT_TYPE, KINDS, TYPE_PATH

VERSION = "3.1.0"
_JSON = "application/json"
# Errors every door may answer, beside those of its own.
_COMMON = (
    "unauthenticated",
    "forbidden",
    "connector-disabled",
    "too-many-requests",
    "internal",
)
_BODY = ("invalid-json", "length-required", "too-large")
_SUBMIT = (
    "invalid-envelope",
    "event-type-not-allowed",
    "facility-not-allowed",
    "unknown-event-type",
    "conflict",
    "schema",
    "mapping",
    "overloaded",
)


def build(types, title="Healthcare RCM"):
    """Return the document.

    :param list types: dicts with ``type``, ``version``, ``description``, ``schema``,
        ``example`` and ``state``
    """
    return {
        "openapi": VERSION,
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": title,
            "version": "1",
            "description": "Events in, states of documents out. Every error is a "
            "problem document (RFC 9457).",
        },
        "security": [{"apiKey": []}, {"signature": []}],
        "paths": _paths(types),
        "components": {
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "bearer"},
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "webhook-signature",
                    "description": "Standard Webhooks: webhook-id, "
                    "webhook-timestamp and webhook-signature over the raw body, "
                    "with ?sender= in the address.",
                },
            },
            "schemas": _schemas(types),
        },
    }


def schema_name(kind):
    """Name of the component of one event type and version."""
    return f"{kind['type']}.v{kind['version']}"


def _paths(types):
    return {
        "/rcm/v1/events": {"post": _submit(types)},
        "/rcm/v1/files": {"post": _file()},
        "/rcm/v1/events/{event_id}": {
            "get": _get(
                "getEvent", "What became of an event", "EventStatus", ["event_id"]
            )
        },
        "/rcm/v1/documents/encounter/{number}": {
            "get": _get(
                "getEncounter",
                "An encounter with its claims and cases",
                "Document",
                ["number"],
                query=["facility"],
            )
        },
        "/rcm/v1/documents/claim/{number}": {
            "get": _get(
                "getClaim", "The latest version of a claim", "Document", ["number"]
            )
        },
        "/rcm/v1/documents/remittance/{event_id}": {
            "get": _get(
                "getRemittance",
                "What became of the file an event brought",
                "Document",
                ["event_id"],
            )
        },
        "/rcm/v1/jsonrpc": {"post": _rpc()},
        "/rcm/v1/health": {"get": _health()},
    }


def _submit(types):
    examples = {
        schema_name(kind): {
            "value": {
                "id": "example-1",
                "type": kind["type"],
                "version": kind["version"],
                "occurred_at": "2026-11-02T10:30:00Z",
                "data": kind["example"],
            }
        }
        for kind in types
        if kind.get("example")
    }
    content = {"schema": _ref("Event")}
    if examples:
        content["examples"] = examples
    taken = _answer("Taken, or taken before", "EventTaken")
    return {
        "operationId": "submitEvent",
        "summary": "Hand in one event",
        "requestBody": {"required": True, "content": {_JSON: content}},
        "responses": {
            "200": taken,
            "202": taken,
            **_problems(_COMMON + _BODY + _SUBMIT),
        },
    }


def _file():
    each = {
        "type": "object",
        "required": ["events"],
        "properties": {"events": {"type": "array", "items": {"type": "object"}}},
    }
    taken = _answer("Taken, or taken before; per record when there are many", None)
    taken["content"][_JSON]["schema"] = {"oneOf": [_ref("EventTaken"), each]}
    mixed = _answer("Some records were refused: a result for each", None)
    mixed["content"][_JSON]["schema"] = each
    text = {"type": "string"}
    names = (
        ("filename", False, {**text, "minLength": 1, "maxLength": 200}),
        ("id", False, {**text, "minLength": 1, "maxLength": ID_MAX_LENGTH}),
        ("type", False, text),
        ("format", False, text),
        ("version", False, {"type": "integer", "minimum": 1}),
    )
    return {
        "operationId": "submitFile",
        "summary": "Hand in a file as it is, or read by the adapter that format names",
        "parameters": [
            {"name": name, "in": "query", "required": needed, "schema": schema}
            for name, needed, schema in names
        ],
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {}},
        },
        "responses": {
            "200": taken,
            "202": taken,
            "207": mixed,
            **_problems(
                (
                    *_COMMON,
                    "length-required",
                    "too-large",
                    "invalid-request",
                    "unreadable",
                    *_SUBMIT,
                )
            ),
        },
    }


def _get(operation, summary, schema, names, query=()):
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]
    parameters += [
        {"name": name, "in": "query", "schema": {"type": "string"}} for name in query
    ]
    return {
        "operationId": operation,
        "summary": summary,
        "parameters": parameters,
        "responses": {
            "200": _answer(summary, schema),
            **_problems((*_COMMON, "not-found")),
        },
    }


def _rpc():
    return {
        "operationId": "jsonRpc",
        "summary": "The same doors as JSON-RPC 2.0, also in batches",
        "requestBody": {
            "required": True,
            "content": {_JSON: {"schema": {"type": ["object", "array"]}}},
        },
        "responses": {
            "200": _answer("Result or error of each call", None),
            "204": {"description": "Only notifications: nothing to answer"},
            **_problems((*_COMMON, "length-required", "too-large")),
        },
    }


def _health():
    return {
        "operationId": "getHealth",
        "summary": "Whether the suite is up and working",
        "security": [],
        "responses": {
            "200": _answer("Up", "Health"),
            **_problems(("internal", "not-ready")),
        },
    }


def _answer(description, schema):
    value = _ref(schema) if schema else {"type": ["object", "array"]}
    return {"description": description, "content": {_JSON: {"schema": value}}}


def _problems(codes):
    """One response per HTTP status, naming every problem it stands for."""
    by_status = {}
    for code in codes:
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {
        str(status): {
            "description": "; ".join(
                f"{KINDS[code].title} (`{code}`)" for code in found
            ),
            "content": {CONTENT_TYPE: {"schema": _ref("Problem")}},
        }
        for status, found in sorted(by_status.items())
    }


def _schemas(types):
    text, moment = {"type": "string"}, {"type": "string", "format": "date-time"}
    moment_or_null = {"type": ["string", "null"], "format": "date-time"}
    schemas = {
        "Event": {
            "oneOf": [_ref(f"Event.{schema_name(kind)}") for kind in types],
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
        "Health": _object(
            status=text, database=text, oldest_waiting_seconds={"type": "integer"}
        ),
        "Problem": {
            **_object(
                type={"enum": [TYPE_PATH + code for code in sorted(KINDS)]},
                title=text,
                status={"type": "integer"},
                detail=text,
                instance=text,
            ),
            "additionalProperties": True,
        },
    }
    for kind in types:
        name = schema_name(kind)
        schemas[name] = _embedded(kind["schema"], name)
        schemas[f"Event.{name}"] = {
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
                "data": _ref(name),
            },
        }
    return schemas


def _object(**properties):
    return {"type": "object", "required": list(properties), "properties": properties}


def _ref(name):
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
