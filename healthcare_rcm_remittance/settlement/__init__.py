"""From a payer's remittance to a posting plan: pure, exact, explained.

Values in, values out: no Odoo model, no clock, no network. What a remittance says is
an ``x12`` Transaction, what we know is :mod:`.facts`, what is to happen is a
:class:`.outcome.PostingPlan`.
"""

from .facts import (
    ClaimFacts,
    LegFacts,
    LineFacts,
    Options,
    OverpaymentFacts,
    Override,
    PostedAdjustment,
    PostedClaim,
    RuleFacts,
)
from .outcome import PostingPlan
from .plan import PlanError, plan
from .rules import RuleBook
