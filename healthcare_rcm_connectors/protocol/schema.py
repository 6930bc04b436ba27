"""Event contracts as JSON Schema (draft 2020-12), checked without quoting values."""

import json
import re
from datetime import date
from functools import lru_cache

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError
from jsonschema.validators import extend
from referencing import Registry

from . import envelope

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_ERRORS = 50
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")

_checker = FormatChecker(formats=())


@_checker.checks("date", raises=ValueError)
def _is_date(value):
    if not isinstance(value, str):
        return True
    return bool(_DATE.match(value) and date.fromisoformat(value))


@_checker.checks("date-time", raises=ValueError)
def _is_time(value):
    return not isinstance(value, str) or bool(envelope.parse_time(value))


class InvalidSchema(ValueError):
    """The text is no usable contract; the message says where and why."""


def check_schema(text):
    """Raise :class:`InvalidSchema` unless ``text`` is a contract we can keep."""
    try:
        schema = json.loads(text)
    except ValueError as error:
        raise InvalidSchema(f"not JSON: {error}") from None
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise InvalidSchema("a contract describes an object")
    if schema.get("$schema", DIALECT) != DIALECT:
        raise InvalidSchema(f"only the dialect {DIALECT} is used")
    for reference in _references(schema):
        # A contract must mean the same tomorrow: nothing is fetched.
        if not str(reference).startswith("#"):
            raise InvalidSchema("$ref may only point inside the schema")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise InvalidSchema(f"{error.json_path}: {error.message}") from None


def errors(text, data):
    """Return what ``data`` violates: [{path, rule, …}], never a value of it."""
    found = []
    for error in _validator(text).iter_errors(data):
        found += _plain(error)
        if len(found) >= MAX_ERRORS:
            break
    return sorted(found[:MAX_ERRORS], key=lambda item: (item["path"], item["rule"]))


@lru_cache(maxsize=256)
def _validator(text):
    moves = any(word in text for word in _MOVING)
    kind = Draft202012Validator if moves else _remembering()
    return kind(json.loads(text), format_checker=_checker, registry=Registry())


# Where these stand, what a part means depends on the way to it.
_MOVING = ('"$id"', '"$dynamicRef"', '"$dynamicAnchor"')


def _remembering():
    """The dialect, with the validators of fields and items made once for a contract.

    The library makes them anew for each value, which is most of its time.
    """
    made = {}

    def of(validator, part, value, place):
        key = id(part)  # parts live as long as the contract that holds this
        if key not in made:
            made[key] = validator.evolve(schema=part)
        for error in made[key].iter_errors(value):
            error.path.appendleft(place)
            yield error

    def properties(validator, parts, instance, _schema):
        if validator.is_type(instance, "object"):
            for name, part in parts.items():
                if name in instance:
                    yield from of(validator, part, instance[name], name)

    def items(validator, part, instance, schema):
        if part is False or "prefixItems" in schema:
            yield from _dialect_items(validator, part, instance, schema)
        elif validator.is_type(instance, "array"):
            for place, value in enumerate(instance):
                yield from of(validator, part, value, place)

    return extend(Draft202012Validator, {"properties": properties, "items": items})


_dialect_items = Draft202012Validator.VALIDATORS["items"]


def _plain(error):
    """Flatten one jsonschema error; alternatives are named by their rule alone."""
    path = _path(error.absolute_path)
    rule = error.validator
    if rule == "required":
        missing = [n for n in error.validator_value if n not in error.instance]
        return [{"path": f"{path}.{name}", "rule": "required"} for name in missing]
    if rule == "additionalProperties":
        allowed = sorted(error.schema.get("properties", {}))
        return [{"path": path, "rule": "unknown fields", "allowed": allowed}]
    result = {"path": path, "rule": rule}
    if rule in _TELLING:
        result["expected"] = error.validator_value
    return [result]


# Rules whose own value says what was expected (they come from the schema).
_TELLING = frozenset(
    {
        "type",
        "enum",
        "const",
        "format",
        "pattern",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "uniqueItems",
    }
)


def _path(parts):
    path = "$"
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif _NAME.match(part):
            path += f".{part}"
        else:
            path += ".*"
    return path


def _references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("$ref", "$dynamicRef"):
                yield value
            yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)
