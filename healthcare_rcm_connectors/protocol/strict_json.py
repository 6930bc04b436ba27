"""JSON as it must arrive: one meaning per text, and storable as it is."""

import json

MAX_DEPTH = 64


class InvalidJson(ValueError):
    """The body is not JSON we accept; the text says why, without quoting it."""


def loads(raw):
    """Return the value of the UTF-8 bytes ``raw``.

    Refused beside broken syntax: duplicate keys, NaN and Infinity, NUL characters,
    lone surrogates and nesting deeper than ``MAX_DEPTH``. Each would mean different
    things to different readers, or could not be stored.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJson(f"not UTF-8 at byte {error.start}") from None
    try:
        value = _decode(text)
    except json.JSONDecodeError as error:
        raise InvalidJson(
            f"syntax error at line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise InvalidJson("nested too deeply") from None
    except InvalidJson:
        raise
    except ValueError:
        raise InvalidJson("a number is out of range") from None
    if text.count("[") + text.count("{") >= MAX_DEPTH:
        _check_depth(value)
    # Neither can stand in UTF-8 text that is JSON but as an escape.
    if "\\u" in text:
        _check_texts(value)
    return value


def check(value):
    """Refuse a value that could not be stored, whatever format it was read from."""
    _check_depth(value)
    _check_texts(value)


def _unique_keys(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        raise InvalidJson("an object has the same key twice")
    return result


def _refuse_constant(name):
    raise InvalidJson(f"{name} is not JSON")


def _finite(text):
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise InvalidJson("a number is out of range")
    return value


_decode = json.JSONDecoder(
    object_pairs_hook=_unique_keys, parse_constant=_refuse_constant, parse_float=_finite
).decode


def _check_depth(value):
    """Level by level, without recursion: the depth is what the sender chose."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise InvalidJson("nested too deeply")
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]


def _check_texts(value):
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            _check_text(item)
        elif isinstance(item, dict):
            for key in item:
                _check_text(key)
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def _check_text(text):
    if "\x00" in text:
        raise InvalidJson("a text holds a NUL character")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidJson("a text holds half a surrogate pair") from None
