"""Planning one remittance in a test: a transaction against claims of ours."""

from ..settlement import plan
from .builders import clp, options, rule_book, svc

RULES = rule_book()


def paid_claim(index=1, number="C1", charge=100, paid=60, **more):
    """A plain paid claim: the rest is contractual."""
    service = svc(1, charge, paid, ("CO-45", charge - paid), number="L1")
    return clp(index, number, charge, paid, services=[service], **more)


def run(transaction, *claims, **more):
    """The plan of a transaction against these claims of ours."""
    known = {claim.control_number: claim for claim in claims}
    rules = more.pop("rules", RULES)
    return plan(transaction, known, rules, options(**more))
