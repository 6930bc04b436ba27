"""A case says how much money waits for it, whoever raises it."""

from odoo.tests import TransactionCase, tagged

from . import builders
from .ledger_common import LedgerCase

# Documents with amounts that never stop anything by themselves.
NO_CASES = {
    "rcm.approval.delegation": "its amount is a limit",
    "rcm.approval.policy": "its amounts are limits",
    "rcm.authorization.use": "units of a claim line; the claim has the case",
    "rcm.claim.leg": "a part of its claim, which has the case",
    "rcm.exception.case": "has the amount itself",
    "rcm.payer.overpayment.use": "a part of its overpayment",
}


@tagged("post_install", "-at_install")
class TestCaseAmount(LedgerCase):
    def amount(self, record, **values):
        return record._rcm_raise_case("claim_invalid", "For the test", **values).amount

    def test_a_claim_before_and_after_its_invoice(self):
        claim = builders.claim(self.env, charge="1000", expected="400")
        self.assertEqual(self.amount(claim), 1000.0)
        self.assertEqual(self.amount(claim.encounter_id), 1000.0)
        self.assertEqual(self.amount(claim.encounter_id.charge_ids), 1000.0)
        self.assertEqual(self.amount(claim.line_ids), 1000.0)
        claim._rcm_create_invoices()
        claim._rcm_apply_posting([(claim.id, False, "paid", 300)])
        self.assertEqual(self.amount(claim), claim.open_balance)
        self.assertEqual(claim.open_balance, 700.0)

    def test_what_the_step_says_goes_first(self):
        claim = builders.claim(self.env, charge="1000")
        self.assertEqual(self.amount(claim, amount=12.5), 12.5)
        encounter = claim.encounter_id
        self.assertEqual(self.amount(encounter, amount={encounter.id: 7}), 7.0)
        other = builders.claim(self.env, charge="250", expected="100")
        self.assertEqual(self.amount(other, amount={}), 250.0)

    def test_a_repeat_brings_the_amount_up_to_date(self):
        encounter = builders.encounter(self.env, ["100"])
        case = encounter._rcm_raise_case("price_missing", "one")
        encounter.charge_ids.amount = 150
        encounter._rcm_raise_case("price_missing", "two")
        self.assertEqual(case.amount, 150.0)


@tagged("post_install", "-at_install")
class TestEveryDocumentSaysIt(TransactionCase):
    """No document with an amount leaves its case without one."""

    def test_documents_with_amounts_answer(self):
        mixin = self.registry["rcm.document.mixin"]
        silent = [
            name
            for name, cls in self.registry.items()
            if name.startswith("rcm.")
            and issubclass(cls, mixin)
            and not cls._abstract
            and name not in NO_CASES
            and any(
                field.type == "monetary" and field.store and not field.related
                for field in self.env[name]._fields.values()
            )
            and cls._rcm_case_amount is mixin._rcm_case_amount
        ]
        self.assertEqual(silent, [], "override _rcm_case_amount")
