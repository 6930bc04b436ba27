"""The risk score of a document: a plain sum of points whose parts are shown."""

from dataclasses import dataclass, replace
from decimal import Decimal

from .facts import Facts

HIGHEST = 100
AMOUNT, NEW_VENDOR = "amount", "new_vendor_days"
# What documents measure. A fresh vendor is the risk: the fewer days, the more of it.
FACTORS = (
    "missing_authorization",
    "manual_adjustment",
    NEW_VENDOR,
    "deviation_percent",
    "exception_severity",
    AMOUNT,
)
WITHOUT_LIMIT = frozenset({"missing_authorization"})


@dataclass(frozen=True, slots=True)
class RiskRule:
    """``points`` for a document whose ``factor`` reaches ``limit``.

    A factor measured in days since something began counts while it is below the
    limit. ``document_type`` and ``company`` None mean every one.
    """

    ref: int
    factor: str
    points: int
    limit: Decimal = Decimal(0)
    document_type: str | None = None
    company: int | None = None

    @property
    def code(self) -> str:
        """Names the part in a score: the factor and, where it has one, the limit."""
        if self.factor in WITHOUT_LIMIT:
            return self.factor
        return f"{self.factor}:{self.limit.normalize():f}"


def score(facts: Facts, rules) -> tuple[int, tuple[tuple[str, int], ...]]:
    """(score from 0 to 100, its parts as (code, points)) of what ``facts`` measure."""
    measured = {**dict(facts.risk_factors), AMOUNT: facts.amount}
    parts = [
        (rule.code, rule.points)
        for rule in sorted(rules, key=lambda rule: (rule.factor, rule.limit, rule.ref))
        if rule.document_type in (None, facts.document_type)
        and rule.company in (None, facts.company)
        and rule.factor in measured
        and _reached(rule, Decimal(measured[rule.factor]))
    ]
    return min(HIGHEST, sum(points for _code, points in parts)), tuple(parts)


def with_risk(facts: Facts, rules) -> Facts:
    """``facts`` with score and parts filled in; what they state already stays."""
    if facts.risk_parts or facts.risk:
        return facts
    risk, parts = score(facts, rules)
    return replace(facts, risk=risk, risk_parts=parts)


def _reached(rule: RiskRule, value: Decimal) -> bool:
    if rule.factor == NEW_VENDOR:
        return value < rule.limit
    if rule.factor in WITHOUT_LIMIT:
        return value > 0
    return value != 0 and abs(value) >= rule.limit
