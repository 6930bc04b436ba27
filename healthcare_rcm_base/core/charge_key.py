"""When two charges are the same service billed twice.

The key is patient, code, provider and modifiers, within a window of days. Modifiers
are compared as a set, since their order is not the same everywhere, and one that says
"again on purpose" lifts the suspicion.
"""

# 76/77 repeated by the same/another physician, 59 and X{EPSU} distinct, 91 repeated
# test, 50/LT/RT sides (CPT, HCPCS).
REPEAT_MODIFIERS = frozenset(
    {"50", "59", "76", "77", "91", "LT", "RT", "XE", "XP", "XS", "XU"}
)


def modifier_set(modifiers):
    """The modifiers of a text separated by commas, upper case."""
    parts = (part.strip().upper() for part in (modifiers or "").split(","))
    return frozenset(filter(None, parts))


def modifier_key(modifiers):
    """Modifiers of a charge as one text, in an order of their own."""
    return ",".join(sorted(modifier_set(modifiers)))


def is_deliberate(modifiers):
    """Whether the modifiers say that the service was meant to stand there again."""
    return bool(REPEAT_MODIFIERS & modifier_set(modifiers))
