"""Every rule of posting an 835, the test that guards it, and how it is switched off.

``readme/POSTING_RULES.md`` is this table for people. ``test_posting_rules`` switches
each rule that needs no database off and sees its test fail; ``./setup/bench rules``
does so with all of them. RFI: a published X12 interpretation of 005010X221(A1).
"""

from . import (
    envelope,
    duplicates,
    header,
    balancing,
    statuses,
    reversals,
    reasons,
    secondary,
    lines,
    provider,
    interest,
    matching,
    holding,
)

# In the order of the sections.
RULES = (
    *envelope.RULES,
    *duplicates.RULES,
    *header.RULES,
    *balancing.RULES,
    *statuses.RULES,
    *reversals.RULES,
    *reasons.RULES,
    *secondary.RULES,
    *lines.RULES,
    *provider.RULES,
    *interest.RULES,
    *matching.RULES,
    *holding.RULES,
)
