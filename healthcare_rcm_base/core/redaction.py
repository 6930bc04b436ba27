"""Taking patient data out of what is written down for others."""

import re

REDACTED = "•••"

# What a value can stand in within a statement, and what must not be mistaken for one:
# comments, quoted names, escaped and plain strings (also cut off ones), numbers.
_TOKENS = re.compile(
    r"(?P<keep>--[^\n]*|/\*.*?\*/|\"(?:[^\"]|\"\")*\")"
    r"|\b[eE]'(?:[^'\\]|''|\\.)*(?:'|\Z)"
    r"|'(?:[^']|'')*(?:'|\Z)"
    r"|(?<![\w$.])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?",
    re.DOTALL,
)
_QUOTED = re.compile(r'".*"', re.DOTALL)

# Keys of our own records and event payloads that identify a person or say what was
# done to them. Compared without case, dots and underscores.
SENSITIVE_KEYS = frozenset(
    {
        "address",
        "birthdate",
        "city",
        "contactaddress",
        "diagnoses",
        "diagnosiscodes",
        "dob",
        "email",
        "esrdfrom",
        "firstname",
        "gender",
        "groupnumber",
        "guarantor",
        "lastname",
        "medicarereason",
        "memberid",
        "middlename",
        "mobile",
        "mrn",
        "patient",
        "patientname",
        "phone",
        "sex",
        "ssn",
        "street",
        "street2",
        "subscriber",
        "subscriberbirthdate",
        "zip",
    }
)


def is_sensitive(key):
    """Whether a value under this key may identify a patient."""
    return key.lower().replace("_", "").replace(".", "") in SENSITIVE_KEYS


def redact(value, sensitive=is_sensitive):
    """Return a copy of nested data with every sensitive value replaced.

    The shape stays, so a reader still sees that a field was sent.
    """
    if isinstance(value, dict):
        return {
            key: _blank(item) if sensitive(str(key)) else redact(item, sensitive)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redact(item, sensitive) for item in value]
    return value


def statement_shape(statement):
    """An SQL statement without the values in it; its words and names stay.

    >>> statement_shape("UPDATE t1 SET name = 'O''Hara' WHERE id = 7")
    'UPDATE t1 SET name = ? WHERE id = ?'
    """
    return _TOKENS.sub(lambda found: found.group("keep") or "?", statement)


def database_message(message, sqlstate=None):
    """The first line of a database's message, without the value it complains of.

    Only data exceptions (class 22) quote values; elsewhere quotes hold the names of
    tables, columns and constraints. DETAIL, CONTEXT and the excerpt of the statement
    come after the first line.
    """
    message = (message or "").strip()
    if (sqlstate or "").startswith("22"):
        message = _QUOTED.sub(f'"{REDACTED}"', message)
    return message.partition("\n")[0]


def mask_tail(text, keep=4):
    """Show only the last ``keep`` characters; short values are hidden whole."""
    text = text or ""
    if len(text) <= keep:
        return REDACTED if text else ""
    return REDACTED + text[-keep:]


def _blank(value):
    return REDACTED if value not in (None, "", [], {}, False) else value
