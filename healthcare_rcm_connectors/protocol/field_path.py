"""Paths of fields in JSON: ``encounter.number``, ``charges[].code``, ``names[0]``.

``[]`` stands for every element of an array, ``[0]`` for one; ``**`` as the first word
for any depth (``**.ssn``). A path is data: nothing in it is ever run.
"""

import re

EACH = object()
ANYWHERE = object()
MISSING = object()
MOST_STEPS = 20
MOST_LENGTH = 200
_WORD = re.compile(r"([^.\[\]]+)((?:\[[0-9]{0,4}\])*)\Z")
_INDEX = re.compile(r"\[([0-9]{0,4})\]")


class InvalidPath(ValueError):
    """The text is no path; the message says which."""


def parse(text):
    """The steps of ``text``: names, :data:`EACH`, :data:`ANYWHERE` and indexes."""
    if not text or len(text) > MOST_LENGTH:
        raise InvalidPath(text or "")
    steps = []
    for position, word in enumerate(text.split(".")):
        if word == "**":
            if position or text == word:
                raise InvalidPath(text)
            steps.append(ANYWHERE)
            continue
        match = _WORD.match(word)
        if not match or "**" in word:
            raise InvalidPath(text)
        steps.append(match.group(1))
        for index in _INDEX.findall(match.group(2)):
            steps.append(int(index) if index else EACH)
    if len(steps) > MOST_STEPS:
        raise InvalidPath(text)
    return tuple(steps)


def count_each(steps):
    """How many arrays the path runs through element by element."""
    return sum(step is EACH for step in steps)


def read(data, steps):
    """[(element numbers, value), …] of everything at ``steps``, in order.

    What is not there is :data:`MISSING`; an array that is none gives nothing.
    """
    found = [((), data)]
    for step in steps:
        following = []
        for numbers, node in found:
            if step is EACH:
                if isinstance(node, list):
                    following += [
                        ((*numbers, number), item) for number, item in enumerate(node)
                    ]
            else:
                following.append((numbers, _child(node, step)))
        found = following
    return found


def _child(node, step):
    if isinstance(step, int):
        if isinstance(node, list) and step < len(node):
            return node[step]
        return MISSING
    return node.get(step, MISSING) if isinstance(node, dict) else MISSING


def show(steps, numbers=()):
    """The path as text again, with element numbers in place of ``[]``."""
    text, left = "$", list(numbers)
    for step in steps:
        if step is EACH:
            text += f"[{left.pop(0)}]" if left else "[]"
        elif step is ANYWHERE:
            text += ".**"
        elif isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}"
    return text


def replaced(data, steps, change):
    """A copy of ``data`` where each value at ``steps`` is ``change(value)``.

    ``change`` may return :data:`MISSING` to take the field out. What the path does not
    touch is shared with ``data``, which stays as it is.
    """
    if not steps:
        return change(data)
    step, rest = steps[0], steps[1:]
    if step is ANYWHERE:
        return _anywhere(data, rest, change)
    if isinstance(data, dict) and isinstance(step, str):
        if step not in data:
            return data
        return _with_key(data, step, replaced(data[step], rest, change))
    if isinstance(data, list) and step is EACH:
        items = [replaced(item, rest, change) for item in data]
        return [item for item in items if item is not MISSING]
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        item = replaced(data[step], rest, change)
        return [*data[:step], *([] if item is MISSING else [item]), *data[step + 1 :]]
    return data


def _with_key(data, key, value):
    if value is MISSING:
        return {name: item for name, item in data.items() if name != key}
    return {**data, key: value}


def _anywhere(data, steps, change):
    """Apply ``steps`` at every depth; how deep ``data`` is was limited by the doors."""
    if isinstance(data, dict):
        inner = {name: _anywhere(item, steps, change) for name, item in data.items()}
        return replaced(inner, steps, change)
    if isinstance(data, list):
        return [_anywhere(item, steps, change) for item in data]
    return data
