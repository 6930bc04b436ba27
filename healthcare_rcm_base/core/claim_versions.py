"""Which version of a claim may follow which: originals, replacements and voids.

The control number CLM01 stays the same over all versions (RFI 1945); what tells them
apart at the payer is its own number of the claim, sent back to it in REF*F8. A claim
the payer never took in has no such number and goes again as an original.
"""

from dataclasses import dataclass

ORIGINAL, REPLACEMENT, VOID = "1", "7", "8"
FREQUENCIES = (ORIGINAL, REPLACEMENT, VOID)
# How a payer wants corrections.
REPLACE, BY_LINE, REOPENING, NEW = "replacement", "line", "reopening", "new"
# Not with the payer yet, but invoiced: corrected on our side of the counter.
UNSENT = ("cleared",)
SENT = ("submitted", "accepted", "adjudicated", "closed", "reopened")

REFUSALS = (
    "self_pay",
    "not_live",
    "successor_open",
    "not_invoiced",
    "at_platform",
    "never_sent",
    "number_missing",
    "void_only",
)


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """What is known of the claim that shall get a further version.

    ``known_to_payer``: some payer decided on it, or on the version before it.
    ``payer_number``: the payer's own number of the version that is to be replaced.
    """

    state: str
    frequency: str = ORIGINAL
    known_to_payer: bool = False
    payer_number: str = ""
    invoiced: bool = True
    self_pay: bool = False
    successor_open: bool = False


@dataclass(frozen=True, slots=True)
class NextVersion:
    """The frequency code of the next version and what it carries in REF*F8."""

    frequency: str
    reference: str = ""
    hold_replaced: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no next version now; ``code`` is one of ``REFUSALS``."""

    code: str


def next_version(wanted, facts):
    """Return the ``NextVersion`` for the ``wanted`` frequency, or a ``Refusal``.

    A replacement of what the payer never took in becomes an original; nothing is
    voided at a payer that does not know it.
    """
    if wanted not in FREQUENCIES:
        raise ValueError(f"unknown frequency {wanted!r}")
    obstacle = _obstacle(wanted, facts)
    if obstacle:
        return Refusal(obstacle)
    if facts.state in UNSENT:
        # What replaces an unsent replacement still replaces what the payer holds.
        return _numbered(facts.frequency, facts, hold_replaced=True)
    if _never_taken_in(facts):
        return NextVersion(ORIGINAL)
    return _numbered(wanted, facts)


def _obstacle(wanted, facts):
    """The code of what stands in the way before numbers are looked at."""
    if facts.self_pay:
        return "self_pay"
    if facts.state in ("void", "superseded"):
        return "not_live"
    if facts.successor_open:
        return "successor_open"
    if facts.state == "pending_interface":
        return "at_platform"
    if facts.state in ("draft", "validated") or (
        facts.state in UNSENT and not facts.invoiced
    ):
        return "not_invoiced"
    if facts.frequency == VOID and (wanted != VOID or facts.state in UNSENT):
        return "void_only"
    unknown = facts.state in UNSENT or _never_taken_in(facts)
    if wanted == VOID and unknown and facts.frequency == ORIGINAL:
        return "never_sent"
    return ""


def _never_taken_in(facts):
    """Rejected before any payer decided; a replacement replaced something known."""
    return (
        facts.state == "rejected"
        and facts.frequency == ORIGINAL
        and not facts.known_to_payer
    )


def _numbered(frequency, facts, hold_replaced=False):
    if frequency == ORIGINAL:
        return NextVersion(ORIGINAL, hold_replaced=hold_replaced)
    if not facts.payer_number:
        return Refusal("number_missing")
    return NextVersion(frequency, facts.payer_number, hold_replaced)


def frequency_for(correction_mode):
    """The frequency a payer's way of taking corrections asks for."""
    return ORIGINAL if correction_mode == NEW else REPLACEMENT
