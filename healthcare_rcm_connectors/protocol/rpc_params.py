"""What each method of JSON-RPC takes: described to senders and asked of every call."""

import json
from functools import lru_cache

from . import schema

MAX_EVENTS = 500
_TEXT = {"type": "string"}
_MAYBE = {"type": ["string", "null"]}
_MOMENT = {"type": ["string", "null"], "format": "date-time"}

# {method: {parameter: (needed, schema)}}, in the order of parameters by position.
# "event" and "events" are described by the contracts and checked one by one.
PARAMETERS = {
    "submit_event": {"event": (True, {})},
    "submit_batch": {
        "events": (True, {"type": "array", "minItems": 1, "maxItems": MAX_EVENTS})
    },
    "get_event": {"id": (True, _TEXT)},
    "get_document": {
        "type": (True, _TEXT),
        "number": (False, _MAYBE),
        "control_number": (False, _MAYBE),
        "facility": (False, _MAYBE),
        "event": (False, _MAYBE),
    },
    "list_event_types": {},
    "replay": {
        "id": (False, _MAYBE),
        "ids": (
            False,
            {
                "type": ["array", "null"],
                "items": _TEXT,
                "minItems": 1,
                "maxItems": MAX_EVENTS,
            },
        ),
        "since": (False, _MOMENT),
        "until": (False, _MOMENT),
        "dry_run": (False, {"type": "boolean"}),
    },
}


def describe(method, event):
    """JSON Schema of the parameters of ``method``, by name or by position.

    :param dict event: the schema of an event
    """
    named = {
        name: _with_events(method, item, event)
        for name, (_needed, item) in PARAMETERS[method].items()
    }
    needed = [name for name, (needed, _s) in PARAMETERS[method].items() if needed]
    by_position = {"prefixItems": list(named.values())} if named else {}
    return {
        "oneOf": [
            {
                "type": "object",
                "properties": named,
                "required": needed,
                "additionalProperties": False,
            },
            {
                "type": "array",
                **by_position,
                "minItems": len(needed),
                "maxItems": len(named),
            },
        ]
    }


def needs_any(method):
    """Whether ``method`` cannot be called without parameters."""
    return any(needed for needed, _schema in PARAMETERS[method].values())


def faults(method, named):
    """What is wrong with the parameters ``named``: [{path, rule, …}], no value."""
    return schema.errors(_contract(method), named)


@lru_cache(maxsize=32)
def _contract(method):
    found = {name: item for name, (_needed, item) in PARAMETERS[method].items()}
    return json.dumps({"type": "object", "properties": found})


def _with_events(method, item, event):
    if method == "submit_event":
        return event
    return {**item, "items": event} if method == "submit_batch" else item
