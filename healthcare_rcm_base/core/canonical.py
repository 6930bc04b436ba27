"""One byte string per value, so that equal contents have equal hashes."""

import hashlib
import json
from datetime import date, datetime, timezone
from decimal import Decimal


def canonical_json(obj):
    """Return ``obj`` as UTF-8 JSON with sorted keys and no spaces.

    Decimals become text (exact), dates ISO text, naive date-times are UTC. What has
    no single form (sets, NaN, keys that are not text) is refused.
    """
    return json.dumps(
        _plain(obj),
        sort_keys=True,
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
    ).encode()


def digest(obj):
    """SHA-256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical_json(obj)).hexdigest()


def _plain(obj):
    if obj is None or isinstance(obj, (bool, int, float, str)):
        return obj
    if isinstance(obj, Decimal):
        if not obj.is_finite():
            raise ValueError(f"no canonical form for {obj!r}")
        return format(obj, "f")
    if isinstance(obj, datetime):
        aware = obj if obj.tzinfo else obj.replace(tzinfo=timezone.utc)
        return aware.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(obj, date):
        return obj.isoformat()
    if isinstance(obj, (list, tuple)):
        return [_plain(item) for item in obj]
    if isinstance(obj, dict):
        if not all(isinstance(key, str) for key in obj):
            raise TypeError("keys of canonical JSON are text")
        return {key: _plain(value) for key, value in obj.items()}
    raise TypeError(f"no canonical form for {type(obj).__name__}")
