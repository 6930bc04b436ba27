"""The envelope around every event, whichever door it comes through."""

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from .problem import ProblemError

ID_MAX_LENGTH = 128
ID_PATTERN = "^[!-~]+$"  # visible ASCII
VERSION_MAX = 32767
_ID = re.compile(rf"[!-~]{{1,{ID_MAX_LENGTH}}}\Z")
_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\Z")
_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d+)?([Zz]|[+-]\d{2}:\d{2})\Z"
)
FIELDS = ("id", "type", "version", "occurred_at", "data")
_FIELDS = frozenset(FIELDS)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A well-formed envelope; ``data`` has not met its schema yet."""

    id: str
    type: str
    version: int
    occurred_at: datetime
    data: dict[str, Any]

    @property
    def type_key(self):
        return f"{self.type} v{self.version}"


def read(value):
    """Return the :class:`Envelope` of a parsed JSON value, or raise a problem.

    The problem lists every fault by path and rule and quotes nothing.
    """
    if not isinstance(value, dict):
        raise ProblemError("invalid-envelope", "An event is a JSON object.")
    get = value.get
    moment, time_fault = _read_time(get("occurred_at"))
    found = (
        _id_fault(get("id")),
        _type_fault(get("type")),
        _version_fault(get("version")),
        time_fault,
        None if isinstance(get("data"), dict) else "object",
    )
    unknown = not _FIELDS >= value.keys()
    if unknown or any(found):
        raise ProblemError("invalid-envelope", errors=_faults(found, unknown))
    return Envelope(value["id"], value["type"], value["version"], moment, value["data"])


def _faults(found, unknown):
    faults = [
        {"path": f"$.{name}", "rule": rule}
        for name, rule in zip(FIELDS, found, strict=True)
        if rule
    ]
    if unknown:
        faults.append({"path": "$", "rule": "unknown fields", "allowed": list(FIELDS)})
    return faults


def parse_time(text):
    """Return the RFC 3339 time ``text`` as UTC without zone (as Odoo stores it).

    Raises ValueError for anything else, also for a time without an offset.
    """
    match = _RFC3339.match(text)
    if not match:
        raise ValueError("not an RFC 3339 time")
    day, clock, fraction, offset = match.groups()
    fraction = (fraction or ".0")[:7].ljust(7, "0")
    offset = "+00:00" if offset in "Zz" else offset
    moment = datetime.fromisoformat(f"{day}T{clock}{fraction}{offset}")
    try:
        return moment.astimezone(timezone.utc).replace(tzinfo=None)
    except OverflowError:
        raise ValueError("not an RFC 3339 time") from None


def format_time(moment):
    """Return a naive UTC time as RFC 3339 text, or None for no time."""
    if not moment:
        return None
    return moment.replace(microsecond=0).isoformat() + "Z"


def _id_fault(value):
    if not isinstance(value, str):
        return "required text"
    return None if _ID.match(value) else "1 to 128 visible ASCII characters"


def _type_fault(value):
    if not isinstance(value, str):
        return "required text"
    return None if _TYPE.match(value) else "lower-case words joined by dots"


def _version_fault(value):
    if isinstance(value, bool) or not isinstance(value, int):
        return "required integer"
    return None if 0 < value <= VERSION_MAX else "a positive version number"


def _read_time(value):
    """(moment, None), or (None, which rule is broken)."""
    if not isinstance(value, str):
        return None, "required text"
    try:
        return parse_time(value), None
    except ValueError:
        return None, "RFC 3339 time with offset"
