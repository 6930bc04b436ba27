"""Pure approval rules: which policy applies, who may decide, and why.

No Odoo, clock, network or randomness: values in, values and explanations out.
"""

from .routing import Facts, Policy, Routing, Step, evaluate, find_overlaps, find_gaps
from .separation import Decider, may_decide

__all__ = [
    "Decider",
    "Facts",
    "Policy",
    "Routing",
    "Step",
    "evaluate",
    "find_gaps",
    "find_overlaps",
    "may_decide",
]
