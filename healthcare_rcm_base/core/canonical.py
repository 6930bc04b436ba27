"""One byte string per value, so that equal contents have equal hashes."""

import hashlib
import json
from datetime import date, datetime, timezone
from decimal import Decimal

# What JSON holds as it is; asked of every value, so by its very type.
_SCALARS = frozenset({type(None), bool, int, float, str})
_encode = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
).encode


def canonical_json(obj):
    """Return ``obj`` as UTF-8 JSON with sorted keys and no spaces.

    Decimals become text (exact), dates ISO text, naive date-times are UTC. What has
    no single form (sets, NaN, keys that are not text) is refused.
    """
    return _encode(_plain(obj)).encode()


def digest(obj):
    """SHA-256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical_json(obj)).hexdigest()


def _plain(obj):
    kind = type(obj)
    if kind in _SCALARS:
        return obj
    if kind is dict:
        for key in obj:
            if not isinstance(key, str):
                raise TypeError("keys of canonical JSON are text")
        return {
            key: value if type(value) in _SCALARS else _plain(value)
            for key, value in obj.items()
        }
    if kind is list or kind is tuple:
        return [value if type(value) in _SCALARS else _plain(value) for value in obj]
    return _plain_of_others(obj)


def _plain_of_others(obj):
    if isinstance(obj, (int, float, str)):
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
        return _plain(list(obj))
    if isinstance(obj, dict):
        return _plain(dict(obj))
    raise TypeError(f"no canonical form for {type(obj).__name__}")
