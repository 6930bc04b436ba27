"""Error answers of the doors: problem documents of RFC 9457."""

import re
from dataclasses import dataclass, field
from typing import Any

CONTENT_TYPE = "application/problem+json"
TYPE_PATH = "/rcm/v1/problems/"


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of error: HTTP status, JSON-RPC code, a title and what to do."""

    status: int
    rpc_code: int
    title: str
    help: str


KINDS = {
    "invalid-json": Kind(
        400, -32700, "The body is not valid JSON", "Send UTF-8 JSON (RFC 8259)."
    ),
    "invalid-request": Kind(
        400, -32600, "The request is not understood", "Compare with the documentation."
    ),
    "invalid-envelope": Kind(
        400,
        -32602,
        "The event envelope is not valid",
        "An envelope has id, type, version, occurred_at and data.",
    ),
    "unauthenticated": Kind(
        401,
        -32001,
        "No valid API key",
        "Send “Authorization: Bearer” with an API key made for this connector, or sign "
        "the message with its secret.",
    ),
    "forbidden": Kind(
        403,
        -32002,
        "This key may not do that",
        "Ask the administrator what the connector is allowed.",
    ),
    "connector-disabled": Kind(
        403,
        -32003,
        "The connector is switched off",
        "Ask the administrator to activate the connector.",
    ),
    "event-type-not-allowed": Kind(
        403,
        -32004,
        "The connector may not send this event type",
        "Ask the administrator to allow this type and version for the connector.",
    ),
    "facility-not-allowed": Kind(
        403,
        -32005,
        "The connector may not speak for this facility",
        "Ask the administrator to add the facility to the connector.",
    ),
    "not-found": Kind(
        404, -32006, "There is nothing here", "Check the address and the identifier."
    ),
    "unknown-event-type": Kind(
        404,
        -32007,
        "Unknown event type or version",
        "Use one of the types listed in known_types.",
    ),
    "method-not-allowed": Kind(
        405,
        -32601,
        "This address does not take that HTTP method",
        "Use a method that the header Allow names.",
    ),
    "conflict": Kind(
        409,
        -32008,
        "This event id was used for other content",
        "An event id names one content for ever: send changed content with a new id.",
    ),
    "length-required": Kind(
        411,
        -32009,
        "Content-Length is missing",
        "Send the body with Content-Length, not chunked.",
    ),
    "too-large": Kind(
        413, -32010, "The body is too large", "Split it, or ask for a higher limit."
    ),
    "unsupported-encoding": Kind(
        415,
        -32018,
        "The body is compressed",
        "Send it as it is, without Content-Encoding.",
    ),
    "schema": Kind(
        422,
        -32011,
        "The event does not fit its schema",
        "Correct what errors names; nothing was stored.",
    ),
    "unreadable": Kind(
        422,
        -32015,
        "The content is not of the named format",
        "Correct what detail names; nothing was stored.",
    ),
    "mapping": Kind(
        422,
        -32016,
        "The content cannot be turned into the event's fields",
        "Correct what errors names, or ask for the mapping to be changed; nothing was "
        "stored.",
    ),
    "too-many-requests": Kind(
        429, -32012, "Too many requests", "Wait as long as Retry-After says."
    ),
    "internal": Kind(
        500,
        -32603,
        "Something failed here",
        "Send the same event again later; report the instance if it stays.",
    ),
    "overloaded": Kind(
        503,
        -32013,
        "Too many events are waiting",
        "Wait as long as Retry-After says and send the same event again.",
    ),
    "no-database": Kind(
        400,
        -32017,
        "No database is chosen",
        "This server has several databases: name yours in the header X-Odoo-Database.",
    ),
    "not-ready": Kind(
        503,
        -32014,
        "Not ready",
        "The service is starting or its database is away: wait as long as Retry-After "
        "says and send the same again.",
    ),
}


# The paths of these begin at the event's data, not at its envelope.
OF_DATA = ("schema", "mapping", "facility-not-allowed")
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]")


def pointer(path, root=""):
    """The JSON Pointer (RFC 6901, as a fragment) of ``path``, ``$.a[0].b``.

    It ends before a name that may not be repeated (``.*``): at what holds it.
    """
    steps, position = [], len("$")
    while match := _STEP.match(path, position):
        steps.append(match[1] or match[2])
        position = match.end()
    return "#" + root + "".join(f"/{step}" for step in steps)


@dataclass(frozen=True, slots=True)
class Problem:
    """One error answer; ``detail`` and ``extra`` never quote patient data."""

    code: str
    detail: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self):
        return KINDS[self.code]

    @property
    def status(self):
        return self.kind.status

    def body(self, instance):
        """The problem document; ``instance`` names this very occurrence.

        ``detail`` says what is wrong this time, ``help`` what to do; where it is wrong
        is in ``errors`` where there is a place.
        """
        extra = dict(self.extra)
        if "errors" in extra:
            root = "/data" if self.code in OF_DATA else ""
            extra["errors"] = [
                {**item, "pointer": pointer(item["path"], root)}
                for item in extra["errors"]
            ]
        return {
            "type": TYPE_PATH + self.code,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail or self.kind.help,
            "help": self.kind.help,
            "instance": instance,
            **extra,
        }


class ProblemError(Exception):
    """Raised by a door to answer with a problem."""

    def __init__(self, code, detail="", headers=None, **extra):
        super().__init__(code)
        self.problem = Problem(code, detail, extra, dict(headers or {}))
