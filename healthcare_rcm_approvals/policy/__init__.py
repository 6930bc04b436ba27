"""Pure approval rules: which policy applies, who may decide, and why.

No Odoo, clock, network or randomness: values in, values and explanations out.
"""

from .coverage import find_gaps, find_overlaps
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
    "MANAGER",
    "Policy",
    "ROLE",
    "RiskRule",
    "Routing",
    "Step",
    "USERS",
    "Verdict",
    "conflicting_duty",
    "decides_as",
    "evaluate",
    "find_gaps",
    "find_overlaps",
    "from_json",
    "may_decide",
    "rank",
    "score",
    "to_json",
    "with_risk",
]
