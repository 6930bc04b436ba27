"""A source's fields into ours, by rules that are data.

The evaluator is total: for any JSON value and any rules it ends, raises nothing, runs
nothing that a rule or a payload says, and names every fault by its path. Values are
never quoted: they are patient data.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from odoo.addons.healthcare_rcm_base.core.findings import ERROR, Finding

from . import field_path, strict_json
from .field_path import EACH, MISSING

MOST_DIGITS = 30
MOST_TEXT = 40
DATE_FORMATS = {
    "date_iso": "%Y-%m-%d",
    "date_compact": "%Y%m%d",
    "date_us": "%m/%d/%Y",
    "date_german": "%d.%m.%Y",
    "date_british": "%d/%m/%Y",
}
_TRUE = frozenset({"1", "t", "true", "y", "yes"})
_FALSE = frozenset({"0", "f", "false", "n", "no"})

KEEP, REFUSE, DEFAULT = "keep", "refuse", "default"
SET, REMOVE = "set", "remove"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a mapping: where a value comes from and what becomes of it."""

    target: str
    source: str = ""
    action: str = SET
    default: Any = MISSING
    required: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)
    unmapped: str = KEEP
    convert: str = ""
    crosswalk: tuple[str, str] | None = None
    unknown: str = KEEP


@dataclass(frozen=True, slots=True)
class Step:
    """What a rule did: for the trace, without a value."""

    target: str
    source: str
    what: str
    count: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The canonical data, what was wrong, and what each rule did."""

    data: Any
    faults: tuple[Finding, ...]
    steps: tuple[Step, ...]


class _Fault(Exception):
    """A value cannot become what its rule asks for; ``code`` says why."""

    def __init__(self, code, expected=None):
        super().__init__(code)
        self.code = code
        self.expected = expected


def read_json(text):
    """The JSON value a default is written as; ValueError when it is none."""
    try:
        return strict_json.loads(text.encode())
    except (strict_json.InvalidJson, UnicodeEncodeError):
        raise ValueError("no JSON") from None


def check(rule):
    """Why ``rule`` cannot be used, as a code and the path, or None."""
    for text in filter(None, (rule.target, rule.source)):
        try:
            steps = field_path.parse(text)
        except field_path.InvalidPath:
            return "path", text
        if field_path.ANYWHERE in steps:
            return "path", text
    if not rule.target:
        return "path", ""
    target = field_path.parse(rule.target)
    if any(isinstance(step, int) for step in target):
        return "target_index", rule.target
    if rule.action == SET and not rule.source and rule.default is MISSING:
        return "nothing", rule.target
    if rule.action == SET and rule.source:
        own = field_path.count_each(field_path.parse(rule.source))
        if own and own != field_path.count_each(target):
            return "arrays", rule.target
    return None


def evaluate(rules, source, lookup: Callable, keep_rest=False):
    """Turn ``source`` into canonical data by ``rules``, in their order.

    :param lookup: function (system, kind, value) → our own code of the record that
        the source system calls so, or None
    :param bool keep_rest: begin with the source's own fields instead of nothing
    """
    data = _copy(source) if keep_rest and isinstance(source, dict) else {}
    faults, steps = [], []
    for rule in rules:
        wrong = check(rule)
        if wrong:
            faults.append(Finding(f"rule_{wrong[0]}", ERROR, f"$.{wrong[1]}"))
        elif rule.action == REMOVE:
            data, count = _remove(data, rule)
            steps.append(Step(rule.target, "", "removed", count))
        else:
            steps.append(_set(data, rule, source, lookup, faults))
    return Outcome(data, tuple(faults), tuple(steps))


def asked(rules, source, keep_rest=False):
    """The (system, kind, value) :func:`evaluate` may ask ``lookup`` for, as a set."""
    if not any(rule.crosswalk for rule in rules):
        return frozenset()
    found = set()

    def remember(system, kind, value):
        found.add((system, kind, value))
        return value  # as if it were known, so that every line is come to

    evaluate(rules, source, remember, keep_rest)
    return frozenset(found)


def _remove(data, rule):
    steps = field_path.parse(rule.target)
    found = [one for one in field_path.read(data, steps) if one[1] is not MISSING]
    return field_path.replaced(data, steps, lambda _value: MISSING), len(found)


def _set(data, rule, source, lookup, faults):
    target = field_path.parse(rule.target)
    kinds = set()
    count = 0
    for numbers, value in _reads(data, rule, source, target):
        place = rule.source or rule.target
        try:
            value, what = _value(rule, value, lookup)
        except _Fault as fault:
            path = field_path.show(field_path.parse(place), numbers)
            faults.append(Finding(fault.code, ERROR, path, fault.expected))
            continue
        if not _put(data, target, numbers, value):
            path = field_path.show(target, numbers)
            faults.append(Finding("no_room", ERROR, path))
        elif value is not MISSING:
            kinds.add(what)
            count += 1
    what = kinds.pop() if len(kinds) == 1 else ("mixed" if kinds else "nothing")
    return Step(rule.target, rule.source, what, count)


def _reads(data, rule, source, target):
    """[(element numbers of the target, value)] that ``rule`` is about."""
    arrays = field_path.count_each(target)
    if not rule.source:
        single = MISSING
    else:
        steps = field_path.parse(rule.source)
        found = field_path.read(source, steps)
        if field_path.count_each(steps) or not arrays:
            return found
        single = found[0][1]
    if not arrays:
        return [((), single)]
    # One value for every element that stands already.
    last = max(position for position, step in enumerate(target) if step is EACH)
    return [
        (numbers, single)
        for numbers, node in field_path.read(data, target[: last + 1])
        if node is not MISSING
    ]


def _value(rule, value, lookup):
    """(value for the target, what was done with it), or a :class:`_Fault`."""
    if _is_empty(value):
        return _default(rule, "missing")
    what = "copied"
    if rule.values:
        key = value.strip() if isinstance(value, str) else _key(value)
        if key in rule.values:
            value, what = rule.values[key], "value map"
        elif rule.unmapped == REFUSE:
            raise _Fault("unmapped_value", sorted(map(str, rule.values)))
        elif rule.unmapped == DEFAULT:
            return _default(rule, "unmapped_value")
    if rule.convert:
        value = _convert(rule.convert, value)
        what = "converted" if what == "copied" else what
    if rule.crosswalk:
        return _cross(rule, value, what, lookup)
    return _copy(value), what


def _cross(rule, value, what, lookup):
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        raise _Fault("not_text")
    known = lookup(*rule.crosswalk, str(value))
    if known is not None:
        return known, "crosswalk"
    if rule.unknown == REFUSE:
        raise _Fault("not_in_crosswalk", "/".join(rule.crosswalk))
    if rule.unknown == DEFAULT:
        return _default(rule, "not_in_crosswalk")
    return value, what


def _default(rule, code):
    if rule.default is not MISSING:
        return _copy(rule.default), "default"
    if rule.required:
        raise _Fault(code)
    return MISSING, "nothing"


def _is_empty(value):
    return value is MISSING or value is None or value == "" or value == []


def _key(value):
    """How a value that is no text is named in a value map."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else None


def _convert(kind, value):
    if kind == "list":
        return value if isinstance(value, list) else [value]
    if isinstance(value, (dict, list)):
        raise _Fault("not_a_single_value", kind)
    text = _key(value) if not isinstance(value, str) else value.strip()
    if kind in ("text", "trim"):
        return text
    if kind in ("upper", "lower"):
        return getattr(text, kind)()
    if kind == "digits":
        return "".join(sign for sign in text if sign in "0123456789")
    if kind == "split":
        return text.replace(",", " ").replace(";", " ").split()
    if kind == "boolean":
        return _boolean(text)
    if kind in ("number", "integer"):
        return _number(text, kind)
    if kind in DATE_FORMATS:
        return _date(text, kind)
    raise _Fault("unknown_conversion", kind)


def _boolean(text):
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise _Fault("not_yes_or_no")


def _number(text, kind):
    """Exact: text stays text for amounts, whole numbers become integers."""
    try:
        number = Decimal(text) if len(text) <= MOST_TEXT else None
    except InvalidOperation:
        number = None
    usable = number is not None and number.is_finite()
    # an exponent could spell out a number of a million digits
    if not usable or abs(number.adjusted()) > MOST_DIGITS:
        raise _Fault("not_a_number")
    if -number.as_tuple().exponent > MOST_DIGITS:
        raise _Fault("not_a_number")
    if kind == "number":
        return format(number, "f")
    if number != number.to_integral_value():
        raise _Fault("not_a_whole_number")
    return int(number)


def _date(text, kind):
    try:
        return datetime.strptime(text, DATE_FORMATS[kind]).date().isoformat()
    except ValueError:
        raise _Fault("not_a_date", DATE_FORMATS[kind]) from None


def _put(data, steps, numbers, value):
    """Put ``value`` at ``steps``; False when something else stands in the way.

    :data:`MISSING` makes the way only, so that elements keep their places.
    """
    left = list(numbers)
    node, fresh = data, None
    path = [left.pop(0) if step is EACH else step for step in steps]
    for position, step in enumerate(path):
        last = position == len(path) - 1
        fresh = [] if not last and isinstance(path[position + 1], int) else {}
        if isinstance(step, int):
            if not isinstance(node, list):
                return False
            while len(node) <= step:
                node.append(None if last else _copy(fresh))
        elif not isinstance(node, dict):
            return False
        if last:
            if value is not MISSING:
                node[step] = value
            return True
        if isinstance(node, dict):
            if value is MISSING and fresh == {} and step not in node:
                return True
            node.setdefault(step, fresh)
        if node[step] is None:
            node[step] = fresh
        node = node[step]
    return True


def _copy(value):
    """A deep copy of JSON, without recursion: its depth is the sender's choice."""
    if not isinstance(value, (dict, list)):
        return value
    result = type(value)() if isinstance(value, dict) else [None] * len(value)
    stack = [(value, result)]
    while stack:
        old, new = stack.pop()
        pairs = old.items() if isinstance(old, dict) else enumerate(old)
        for key, item in pairs:
            if isinstance(item, (dict, list)):
                made = {} if isinstance(item, dict) else [None] * len(item)
                stack.append((item, made))
                new[key] = made
            else:
                new[key] = item
    return result
