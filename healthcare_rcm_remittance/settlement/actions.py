"""What may be done with one adjustment, and what each action does to the ledger."""

from dataclasses import dataclass

from . import purposes

CONTRACTUAL = "contractual"
SEQUESTRATION = "sequestration"
WITHHOLD = "withhold"
WRITEOFF = "writeoff"
INCENTIVE = "incentive"
INTEREST = "interest"
PATIENT = "patient"
NEXT_PAYER = "next_payer"
NO_PATIENT = "no_patient"
DENIAL = "denial"
PENDING = "pending"
PRIOR_PAYER = "prior_payer"
BUNDLING = "bundling"
REVIEW = "review"
NONE = "none"

# Actions an administrator may choose in a posting rule.
CHOICES = (
    CONTRACTUAL,
    SEQUESTRATION,
    WITHHOLD,
    WRITEOFF,
    INCENTIVE,
    INTEREST,
    PATIENT,
    NO_PATIENT,
    DENIAL,
    PENDING,
    PRIOR_PAYER,
    BUNDLING,
    REVIEW,
)


@dataclass(frozen=True, slots=True)
class Effect:
    """Ledger effect: debit ``purpose``, credit the receivable, by the amount.

    ``kind`` names the posted amount of the claim it adds to; ``sign`` is -1 where
    that amount counts the other way round (incentives come as negative CAS).
    """

    purpose: str
    kind: str
    sign: int = 1


EFFECTS = {
    CONTRACTUAL: Effect(purposes.RESERVE, "contractual"),
    SEQUESTRATION: Effect(purposes.RESERVE, "sequestration"),
    WITHHOLD: Effect(purposes.WITHHOLD, "withhold"),
    WRITEOFF: Effect(purposes.ADMINISTRATIVE_WRITEOFF, "writeoff"),
    INCENTIVE: Effect(purposes.INCENTIVE_INCOME, "incentive", -1),
    INTEREST: Effect(purposes.INTEREST_INCOME, "incentive", -1),
    PATIENT: Effect(purposes.PATIENT_UNBILLED, "patient"),
    NEXT_PAYER: Effect(purposes.RECEIVABLE_PAYER, "moved_next"),
}

# Part of what the contract lets us keep off the bill: these make up "allowed".
REDUCES_ALLOWED = frozenset({CONTRACTUAL})
# They keep a line from being compared with the contract: it is not decided.
UNDECIDED = frozenset({DENIAL, PENDING, BUNDLING})


def posts(action: str) -> bool:
    """Whether the action makes journal lines."""
    return action in EFFECTS
