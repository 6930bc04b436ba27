from decimal import Decimal

from odoo import fields
from odoo.tests import tagged

from . import builders
from .ledger_common import LedgerCase, difference

D = Decimal


@tagged("post_install", "-at_install")
class TestRcmChargeCorrection(LedgerCase):
    """Corrections after billing: what the ledger and the payer's claim say."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payer = builders.payer(cls.env)
        builders.contract(cls.env, cls.payer, percent=40)

    def sent(self, charges=("100", "200"), number="P-1"):
        """An invoiced claim that is with its payer, who has given it a number."""
        encounter = builders.encounter(self.env, charges, (self.payer,))
        encounter.coding_signed_off = True
        claim = builders.claims_of(encounter)
        claim._rcm_create_invoices()
        claim._rcm_mark_submitted(fields.Datetime.now())
        if number:
            claim._rcm_apply_status("accepted", payer_claim_number=number)
        return claim

    def bill(self, encounter):
        """One run of the scheduled action for this encounter."""
        encounter._rcm_bill()
        claim = encounter.claim_ids.filtered("is_latest")
        claim.filtered(lambda one: one.work == "invoice")._rcm_invoice()
        return claim

    def correct(self, charge, **vals):
        ref = charge.encounter_id._rcm_free_ref(charge.external_ref)
        return charge._rcm_replace({**vals, "external_ref": ref}, "units")

    def test_corrected_charge_makes_a_replacement_and_books_the_difference(self):
        claim = self.sent()
        encounter = claim.encounter_id
        old = encounter.charge_ids[0]
        before = self.trial_balance()
        new = self.correct(old, amount=150.0)
        self.assertEqual((old.state, old.is_current), ("billed", False))
        self.assertEqual((encounter.state, encounter.total_charge), ("ready", 350.0))
        version = self.bill(encounter)
        self.assertEqual(
            (version.name, version.version, version.frequency_code),
            (claim.name, 2, "7"),
        )
        self.assertEqual(version.original_reference, "P-1")
        self.assertEqual(version.total_charge, 350.0)
        self.assertEqual(version.line_ids.charge_id, encounter.charge_ids - old)
        self.assertEqual(difference(self.trial_balance(), before), {})
        version._rcm_mark_submitted(fields.Datetime.now())
        self.assertEqual(claim.state, "superseded")
        self.assertEqual(
            difference(self.trial_balance(), before),
            {
                "receivable_payer": D(50),
                "revenue": D(-50),
                "contractual": D(30),
                "reserve": D(-30),
            },
        )
        self.assertEqual((encounter.state, new.state), ("billed", "billed"))

    def test_withdrawn_charge_is_credited_by_the_replacement(self):
        claim = self.sent()
        encounter = claim.encounter_id
        before = self.trial_balance()
        encounter.charge_ids[0]._rcm_withdraw("not_rendered")
        version = self.bill(encounter)
        version._rcm_mark_submitted(fields.Datetime.now())
        self.assertEqual(version.total_charge, 200.0)
        self.assertEqual(
            difference(self.trial_balance(), before),
            {
                "receivable_payer": D(-100),
                "revenue": D(100),
                "contractual": D(-60),
                "reserve": D(60),
            },
        )
        self.assertEqual(encounter.state, "billed")

    def test_late_charge_joins_the_replacement(self):
        claim = self.sent()
        encounter = claim.encounter_id
        encounter._rcm_add_charge(
            {"id": "L1", "code": "99213", "amount": "70.00", "modifiers": ["76"]},
            False,
            "test",
        )
        version = self.bill(encounter)
        self.assertEqual((version.name, version.total_charge), (claim.name, 370.0))
        self.assertEqual(len(encounter.claim_ids), 2)

    def test_two_corrections_share_one_draft(self):
        claim = self.sent()
        encounter = claim.encounter_id
        first, second = encounter.charge_ids
        self.correct(first, amount=150.0)
        self.correct(second, amount=250.0)
        version = self.bill(encounter)
        self.assertEqual((len(encounter.claim_ids), version.total_charge), (2, 400.0))

    def test_without_the_payers_number_the_correction_waits_and_bills_nothing(self):
        claim = self.sent(number=None)
        encounter = claim.encounter_id
        before = self.trial_balance()
        self.correct(encounter.charge_ids[0], amount=150.0)
        self.assertEqual(encounter.state, "reopened")
        self.assertEqual(claim.rcm_case_ids.type_code, "correction_waiting")
        encounter._rcm_set_state("ready")
        encounter._rcm_bill()
        self.assertEqual(encounter.claim_ids, claim)
        self.assertEqual(difference(self.trial_balance(), before), {})
        encounter._rcm_set_state("on_hold", hold_state="reopened")
        encounter._rcm_release()
        claim._rcm_apply_status("accepted", payer_claim_number="P-9")
        version = self.bill(encounter)
        self.assertEqual((version.version, version.original_reference), (2, "P-9"))
        self.assertEqual(version.total_charge, 350.0)

    def test_self_pay_correction_credits_and_invoices_anew(self):
        self.company.rcm_self_pay_concession_percent = 40.0
        claim = builders.invoiced_claim(
            self.env, self_pay=True, charge="500", concession_percent=40
        )
        encounter = claim.encounter_id
        encounter.coding_signed_off = True
        before = self.trial_balance()
        self.correct(encounter.charge_ids, amount=300.0)
        self.assertEqual((claim.state, claim.invoice_state), ("void", "credited"))
        fresh = self.bill(encounter) - claim
        self.assertEqual((fresh.total_charge, fresh.invoice_state), (300.0, "posted"))
        self.assertNotEqual(fresh.name, claim.name)
        self.assertEqual(
            difference(self.trial_balance(), before),
            {
                "receivable_patient": D(-200),
                "revenue": D(200),
                "concession": D(-80),
                "concession_reserve": D(80),
            },
        )
        self.assertEqual(encounter.state, "billed")

    def test_late_self_pay_charge_gets_an_invoice_of_its_own(self):
        claim = builders.invoiced_claim(self.env, self_pay=True, charge="500")
        encounter = claim.encounter_id
        encounter.coding_signed_off = True
        encounter._rcm_add_charge(
            {"id": "L1", "code": "99213", "amount": "70.00", "modifiers": ["76"]},
            False,
            "test",
        )
        fresh = self.bill(encounter) - claim
        self.assertEqual(fresh.invoice_id.amount_total, 70.0)
        self.assertEqual(claim.invoice_state, "posted")
