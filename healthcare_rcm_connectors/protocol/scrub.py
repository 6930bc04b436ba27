"""Keeping patient data out of error texts."""

MIN_LENGTH = 3
MASK = "•••"


def sensitive_values(data, is_sensitive):
    """Texts and numbers of ``data`` below a key for which ``is_sensitive`` holds."""
    found = set()
    stack = [(data, False)]
    while stack:
        item, hidden = stack.pop()
        if isinstance(item, dict):
            stack.extend(
                (child, hidden or is_sensitive(key)) for key, child in item.items()
            )
        elif isinstance(item, list):
            stack.extend((child, hidden) for child in item)
        elif hidden and item is not None and not isinstance(item, bool):
            text = str(item).strip()
            if len(text) >= MIN_LENGTH:
                found.add(text)
    return found


def scrub(text, values):
    """Return ``text`` with every one of ``values`` masked, the longest first."""
    for value in sorted(values, key=len, reverse=True):
        text = _replace(text, value)
    return text


def _replace(text, value):
    """Replace without regard to case; messages may capitalise what they quote."""
    lowered, needle = text.lower(), value.lower()
    if len(lowered) != len(text):
        # Some letters change length in lower case: then only exact matches count.
        return text.replace(value, MASK)
    parts, start = [], 0
    while (position := lowered.find(needle, start)) >= 0:
        parts += [text[start:position], MASK]
        start = position + len(needle)
    return "".join([*parts, text[start:]])
