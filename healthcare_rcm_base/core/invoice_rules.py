"""When a claim is invoiced, and to whom: the rule that fits best.

A rule names what it is for (payer, facility, who pays, ordering client) and leaves
the rest open. Of those that fit, the one that says most counts; a named client
before a named payer, that before a facility, that before who pays.
"""

from typing import NamedTuple

DEFAULT = "now"
INSURED, SELF_PAY, ANYONE = "insured", "self_pay", "any"


class InvoiceRule(NamedTuple):
    """One rule; ``None`` fits everything. ``place`` breaks ties, the lowest wins."""

    outcome: str
    payer: int | None = None
    facility: int | None = None
    client: int | None = None
    who: str = ANYONE
    place: tuple = ()


class Case(NamedTuple):
    """What is to be invoiced."""

    payer: int | None
    facility: int
    client: int | None
    self_pay: bool


def pick(rules, case):
    """Return the outcome of the best rule for ``case``, or the default."""
    fitting = [rule for rule in rules if fits(rule, case)]
    if not fitting:
        return DEFAULT
    return min(fitting, key=lambda rule: (_weight(rule), rule.place)).outcome


def fits(rule, case):
    """Whether ``rule`` speaks of ``case`` and can be carried out for it."""
    if rule.outcome == "client" and not case.client:
        return False
    if rule.outcome in ("adjudicated", "patient") and case.self_pay:
        return False
    return (
        rule.payer in (None, case.payer)
        and rule.facility in (None, case.facility)
        and rule.client in (None, case.client)
        and rule.who in (ANYONE, SELF_PAY if case.self_pay else INSURED)
    )


def _weight(rule):
    """Lower for rules that say more."""
    return -(
        8 * (rule.client is not None)
        + 4 * (rule.payer is not None)
        + 2 * (rule.facility is not None)
        + (rule.who != ANYONE)
    )
