"""Finding the posting rule of an adjustment."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from .facts import RuleFacts

CLAIM = "claim"
PROVIDER = "provider"
ANY_GROUP = ""


class RuleBook:
    """All posting rules, by reason code; the most specific one wins.

    Order: the payer's own before the general ones, with a remark code before
    without, with a group before any group, with a sign before any sign, then the
    newest.
    """

    def __init__(self, rules: Iterable[RuleFacts]):
        self._claim = defaultdict(list)
        self._provider = defaultdict(list)
        for rule in rules:
            table = self._claim if rule.kind == CLAIM else self._provider
            table[rule.reason].append(rule)
        for table in (self._claim, self._provider):
            for found in table.values():
                found.sort(key=_rank, reverse=True)

    def find(
        self,
        payer_id: int,
        group: str,
        reason: str,
        remarks: frozenset[str],
        amount: Decimal,
        day: date,
    ) -> RuleFacts | None:
        """The rule of a CAS triple, or None (which parks the claim)."""
        for rule in self._claim.get(reason, ()):
            if (
                rule.payer_id in (None, payer_id)
                and rule.group in (ANY_GROUP, group)
                and (not rule.remark or rule.remark in remarks)
                and _fits(rule, amount, day)
            ):
                return rule
        return None

    def find_provider(
        self, payer_id: int, reason: str, amount: Decimal, day: date
    ) -> RuleFacts | None:
        """The rule of a PLB reason, or None (which holds the remittance)."""
        for rule in self._provider.get(reason, ()):
            if rule.payer_id in (None, payer_id) and _fits(rule, amount, day):
                return rule
        return None


def _fits(rule: RuleFacts, amount: Decimal, day: date) -> bool:
    if rule.sign == "positive" and amount < 0:
        return False
    if rule.sign == "negative" and amount >= 0:
        return False
    if rule.date_from and day < rule.date_from:
        return False
    return not (rule.date_to and day > rule.date_to)


def _rank(rule: RuleFacts) -> tuple:
    return (
        rule.payer_id is not None,
        bool(rule.remark),
        bool(rule.group),
        rule.sign != "any",
        rule.date_from or date.min,
        rule.id,
    )
