"""What a run of the simulator looks like; one seed gives one world."""

from dataclasses import dataclass, field

# Encounters with a course of their own, and how many of each (stories.py).
STORIES = (
    "late_charge",
    "corrected_by_line",
    "reopening",
    "new_claim",
    "late_after_payment",
    "voided",
    "voided_after_payment",
    "rejected_again",
    "twin_sure",
    "twin_likely",
    "lab_client",
    "lab_payer",
    "package",
    "coded_later",
    "stay",
    "eligibility",
    "authorization",
    "working_aged",
    "taxed",
    "taxed_corrected",
    "taxed_insured",
)


@dataclass(frozen=True, slots=True)
class Knobs:
    """Volume and trouble of a simulated period.

    Rates are fractions of the encounters (or of the service lines for
    ``denial_rate``); counts are exact. ``stories`` says how often each course of
    ``STORIES`` is taken beside them; ``batch`` how many claims leave in a submission
    batch instead of one by one (0: none).
    """

    seed: int = 19
    encounters: int = 48
    days: int = 12
    payer_weights: dict[str, int] = field(
        default_factory=lambda: {"ACME": 6, "MEDICARE": 4, "STATEAID": 1}
    )
    self_pay_rate: float = 0.08
    secondary_rate: float = 0.5
    denial_rate: float = 0.10
    deductible_rate: float = 0.15
    underpayment_rate: float = 0.05
    rejected_rate: float = 0.04
    duplicate_event_rate: float = 0.15
    large_claims: int = 2
    missing_diagnosis: int = 1
    missing_authorization: int = 1
    unknown_claims: int = 1
    reversals: int = 1
    interest: bool = True
    capitation: bool = True
    takeback: bool = True
    zero_pay: bool = True
    duplicate_files: int = 1
    broken_files: int = 1
    shuffle: bool = True
    stories: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STORIES, 1))
    batch: int = 6
    contracts: bool = True
