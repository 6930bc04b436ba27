"""Everything ties to the cent."""

from ..rule_switches import both, finding_off, stop_off, value
from .rule import ADJUST, BALANCE, CLAIM_READ, HELD, Rule


def _first_only(amount, weights):
    return [amount] + [amount * 0] * (len(weights) - 1)


RULES = (
    Rule(
        "3.4",
        "Line: SVC03 = SVC02 − CAS (RFI 452)",
        BALANCE + "line_out_of_balance",
        finding_off("line_out_of_balance"),
    ),
    Rule(
        "3.4",
        "Claim: CLP04 = CLP03 − all CAS (RFI 358, 2570)",
        BALANCE + "claim_out_of_balance",
        finding_off("claim_out_of_balance"),
    ),
    Rule(
        "3.4",
        "Charges: Σ SVC02 = CLP03 (RFI 185)",
        BALANCE + "charges_out_of_balance",
        finding_off("charges_out_of_balance"),
    ),
    Rule(
        "3.4",
        "Derived: CLP04 = Σ SVC03 − claim CAS (G1)",
        BALANCE + "charges_out_of_balance",
        finding_off("derived_out_of_balance"),
    ),
    Rule(
        "3.4",
        "Payment: BPR02 = Σ CLP04 − Σ PLB (RFI 618)",
        BALANCE + "transaction_out_of_balance",
        finding_off("transaction_out_of_balance"),
    ),
    Rule(
        "3.4",
        "CLP05 = Σ PR is a warning only (RFI 2548)",
        BALANCE + "patient_responsibility_warns_except_on_reversals",
        finding_off("patient_responsibility_mismatch"),
    ),
    Rule(
        "3.4",
        "… and is not asked of reversals",
        BALANCE + "patient_responsibility_warns_except_on_reversals",
        value("x12.balance:REVERSAL", "never"),
    ),
    Rule(
        "3.4",
        "AMT*I = − PLB L6 is a warning (RFI 2123, 2202; G12)",
        BALANCE + "interest_warns_when_claims_and_plb_differ",
        finding_off("interest_mismatch"),
    ),
    Rule(
        "3.4",
        "Empty CAS triples are skipped, not the end",
        CLAIM_READ + "cas_skips_empty_triples_and_reads_six",
        value(
            "x12.claims:ClaimLoops._cas_triples",
            lambda self, elements, offset: None,
        ),
    ),
    Rule(
        "3.4",
        "An incomplete CAS triple is an error",
        CLAIM_READ + "incomplete_cas_is_an_error",
        finding_off("adjustment_incomplete"),
    ),
    Rule(
        "3.4",
        "A plan never trusts a stored balance",
        HELD + "unbalanced_whatever_the_flags_say",
        both(stop_off("not_balanced"), value("settlement.plan:_ties", lambda *a: True)),
    ),
    Rule(
        "3.4",
        "Claim-level CAS is spread over the lines for statistics",
        ADJUST + "claim_level_adjustment_is_spread_for_statistics",
        value("settlement.booking:allocate", _first_only),
    ),
)
