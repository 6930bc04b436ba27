"""Pure approval rules: which policy applies, who may decide, and why.

No Odoo, clock, network or randomness: values in, values and explanations out.
"""

from .coverage import (
    GAP,
    INVERSION,
    LOOSENING,
    OVERLAP,
    Weakness,
    find_all,
    find_gaps,
    find_inversions,
    find_loosenings,
    find_overlaps,
    may_meet,
)
from .deviation import PricedLine, deviation_percent
from .facts import APPROVER_KINDS, FIELD, MANAGER, ROLE, USERS, Facts, Policy, Step
from .risk import FACTORS, RiskRule, score, with_risk
from .routing import Routing, Verdict, evaluate, rank
from .separation import Decider, conflicting_duty, decides_as, may_decide
from .snapshot import from_json, to_json

__all__ = [
    "APPROVER_KINDS",
    "Decider",
    "FACTORS",
    "FIELD",
    "Facts",
    "GAP",
    "INVERSION",
    "LOOSENING",
    "MANAGER",
    "OVERLAP",
    "Policy",
    "PricedLine",
    "ROLE",
    "RiskRule",
    "Routing",
    "Step",
    "USERS",
    "Verdict",
    "Weakness",
    "conflicting_duty",
    "decides_as",
    "deviation_percent",
    "evaluate",
    "find_all",
    "find_gaps",
    "find_inversions",
    "find_loosenings",
    "find_overlaps",
    "from_json",
    "may_decide",
    "may_meet",
    "rank",
    "score",
    "to_json",
    "with_risk",
]
