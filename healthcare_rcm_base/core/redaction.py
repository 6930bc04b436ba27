"""Taking patient data out of what is written down for others."""

REDACTED = "•••"

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


def mask_tail(text, keep=4):
    """Show only the last ``keep`` characters; short values are hidden whole."""
    text = text or ""
    if len(text) <= keep:
        return REDACTED if text else ""
    return REDACTED + text[-keep:]


def _blank(value):
    return REDACTED if value not in (None, "", [], {}, False) else value
