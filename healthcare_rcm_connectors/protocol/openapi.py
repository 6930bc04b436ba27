"""The doors as an OpenAPI 3.1 document, made from the event contracts."""

from .envelope import VERSION_MAX
from .jsonrpc import MAX_BATCH
from .openapi_schemas import EVENT_ID, ref, schema_name, schemas
from .problem import CONTENT_TYPE, KINDS

VERSION = "3.1.0"
_JSON = "application/json"
# Errors every door may answer, beside those of its own.
_COMMON = (
    "no-database",
    "unauthenticated",
    "forbidden",
    "connector-disabled",
    "too-many-requests",
    "internal",
)
_QUERY = ("invalid-request",)
_RAW = ("length-required", "too-large", "unsupported-encoding")
_BODY = ("invalid-json", *_RAW)
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


_RETRY = {
    "headers": {
        "Retry-After": {
            "description": "Seconds to wait",
            "required": True,
            "schema": {"type": "integer", "minimum": 1},
        }
    }
}
_PROBLEM_HEADERS = {
    401: {
        "headers": {
            "WWW-Authenticate": {"required": True, "schema": {"type": "string"}}
        }
    },
    429: _RETRY,
    503: _RETRY,
}


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
                "monitor": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Token of a monitoring access, for the metrics.",
                },
            },
            "schemas": schemas(types),
        },
    }


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
                "EncounterDocument",
                ["number"],
                query=["facility"],
            )
        },
        "/rcm/v1/documents/claim/{number}": {
            "get": _get(
                "getClaim", "The latest version of a claim", "ClaimDocument", ["number"]
            )
        },
        "/rcm/v1/documents/remittance/{event_id}": {
            "get": _get(
                "getRemittance",
                "What became of the file an event brought",
                "RemittanceDocument",
                ["event_id"],
            )
        },
        "/rcm/v1/jsonrpc": {"post": _rpc()},
        "/rcm/v1/health": {"get": _health()},
        "/rcm/v1/health/live": {"get": _live()},
        "/rcm/v1/metrics": {"get": _metrics()},
        "/rcm/v1/openapi.json": {"get": _described("application/json", "getOpenApi")},
        "/rcm/v1/docs": {"get": _described("text/html", "getDocs")},
        "/rcm/v1/problems/{code}": {"get": _problem()},
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
    content = {"schema": ref("Event")}
    if examples:
        content["examples"] = examples
    taken = _linked(_answer("Taken, or taken before", "EventTaken"))
    return {
        "operationId": "submitEvent",
        "summary": "Hand in one event",
        "requestBody": {"required": True, "content": {_JSON: content}},
        "responses": {
            "200": taken,
            "202": taken,
            **_problems(_COMMON + _QUERY + _BODY + _SUBMIT),
        },
    }


def _file():
    each = {
        "type": "object",
        "required": ["events"],
        "properties": {"events": {"type": "array", "items": {"type": "object"}}},
    }
    taken = _linked(
        _answer_of(
            "Taken, or taken before; per record when there are many",
            {"oneOf": [ref("EventTaken"), each]},
        )
    )
    mixed = _answer_of("Some records were refused: a result for each", each)
    text = {"type": "string"}
    names = (
        ("filename", False, {**text, "minLength": 1, "maxLength": 200}),
        ("id", False, EVENT_ID),
        ("type", False, {**text, "minLength": 1}),
        ("format", False, {**text, "minLength": 1}),
        ("version", False, {"type": "integer", "minimum": 1, "maximum": VERSION_MAX}),
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
            **_problems((*_COMMON, *_QUERY, *_RAW, "unreadable", *_SUBMIT)),
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
            **_problems((*_COMMON, *_QUERY, "not-found")),
        },
    }


def _rpc():
    return {
        "operationId": "jsonRpc",
        "summary": "The same doors as JSON-RPC 2.0, also in batches",
        "requestBody": {
            "required": True,
            "content": {
                _JSON: {
                    "schema": {
                        "anyOf": [
                            ref("RpcCall"),
                            {
                                "type": "array",
                                "items": ref("RpcCall"),
                                "minItems": 1,
                                "maxItems": MAX_BATCH,
                            },
                        ]
                    }
                }
            },
        },
        "responses": {
            "200": _answer("Result or error of each call", "RpcAnswers"),
            "204": {"description": "Only notifications: nothing to answer"},
            **_problems((*_COMMON, *_QUERY, *_RAW)),
        },
    }


def _health():
    return {
        "operationId": "getHealth",
        "summary": "Whether requests may be sent here, and whether work is being done",
        "security": [],
        "responses": {
            "200": _answer("Up; degraded: something behind it is late", "Health"),
            **_problems(("internal", "no-database", "not-ready")),
        },
    }


def _live():
    return {
        "operationId": "getLive",
        "summary": "Whether this process answers",
        "security": [],
        "responses": {"200": _answer("It does", "Live"), **_problems(("internal",))},
    }


def _metrics():
    return {
        "operationId": "getMetrics",
        "summary": "Measurements in Prometheus' text format",
        "security": [{"monitor": []}],
        "responses": {
            "200": {
                "description": "Counts and codes of one company",
                "content": {"text/plain": {"schema": {"type": "string"}}},
            },
            **_problems(
                (
                    *_QUERY,
                    "no-database",
                    "unauthenticated",
                    "too-many-requests",
                    "internal",
                )
            ),
        },
    }


def _described(media, operation):
    words = {"application/json": "as OpenAPI 3.1", "text/html": "as a page to read"}
    kind = "object" if media == _JSON else "string"
    return {
        "operationId": operation,
        "summary": f"This description {words[media]}, with what the caller may send",
        "responses": {
            "200": {
                "description": "The description",
                "content": {media: {"schema": {"type": kind}}},
            },
            **_problems((*_COMMON, *_QUERY)),
        },
    }


def _problem():
    return {
        "operationId": "getProblem",
        "summary": "What an error means",
        "security": [],
        "parameters": [
            {
                "name": "code",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "enum": sorted(KINDS)},
            }
        ],
        "responses": {
            "200": _answer("The kind of error", "ProblemKind"),
            **_problems(("no-database", "not-found", "internal")),
        },
    }


def _linked(answer):
    """An answer with the way to what became of the event."""
    return {
        **answer,
        "headers": {
            "Location": {
                "description": "Where to ask what became of the event",
                "schema": {"type": "string", "pattern": "^/rcm/v1/events/"},
            }
        },
        "links": {
            "status": {
                "operationId": "getEvent",
                "description": "What became of the event",
                "parameters": {"event_id": "$response.body#/id"},
            }
        },
    }


def _answer(description, schema):
    return _answer_of(description, ref(schema))


def _answer_of(description, schema):
    return {"description": description, "content": {_JSON: {"schema": schema}}}


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
            "content": {CONTENT_TYPE: {"schema": ref("Problem")}},
            **_PROBLEM_HEADERS.get(status, {}),
        }
        for status, found in sorted(by_status.items())
    }
