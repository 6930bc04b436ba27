"""Refunds: never more than the credit, approved, paid, and taken back."""

from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests import builders
from odoo.addons.healthcare_rcm_base.tests.ledger_common import difference, load_vectors

from .documents_common import DocumentCase

D = Decimal


@tagged("post_install", "-at_install")
class TestRefund(DocumentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = cls.person("collector", groups=None)
        cls.manager = cls.person("finance_manager", groups=None)

    def deposit(self, amount):
        """A patient account with a deposit that is on no claim."""
        claim = self.claim_open(charge="100", self_pay=True)
        self.post_other(
            {"gateway": D(amount), "patient_credits": -D(amount)}, claim=claim
        )
        return claim.patient_id

    def refund(self, patient, amount, user=None, **vals):
        return (
            self.env["rcm.refund"]
            .with_user(user or self.collector)
            .create(
                {
                    "kind": "patient",
                    "patient_id": patient.id,
                    "amount": amount,
                    "reason": "Deposit left over",
                    "journal_id": self.bank().id,
                    "company_id": patient.company_id.id,
                    **vals,
                }
            )
        )

    def change(self, action):
        before = self.trial_balance()
        action()
        return difference(self.trial_balance(), before)

    def outstanding(self):
        """What the bank's outgoing payments stand on, as the trial balance names it."""
        accounts = self.env["account.journal"]._rcm_paying_accounts(self.company)
        ids = (accounts - self.bank().default_account_id).ids
        return {f"account {id_}" for id_ in ids} | {"bank"}

    def assert_paid(self, booked, source, amount):
        """``amount`` left ``source`` and the bank, and nothing else moved."""
        self.assertEqual(booked.pop(source), amount)
        [(account, paid)] = booked.items()
        self.assertIn(account, self.outstanding())
        self.assertEqual(paid, -amount)

    def test_a_small_credit_is_paid_at_once(self):
        patient = self.deposit(100)
        refund = self.refund(patient, 20)
        self.assertEqual(refund.available_amount, 100)
        booked = self.change(refund.action_request)
        self.assert_paid(booked, "patient_credits", D(20))
        self.assertEqual(refund.state, "done")
        self.assertIn(refund.payment_id.state, ("in_process", "paid"))
        self.assertEqual(self.refund(patient, 1).available_amount, 80)

    def test_paid_outside_it_is_owed_until_the_bank_line(self):
        patient = self.deposit(100)
        refund = self.refund(patient, 20, pay_by="outside", journal_id=False)
        booked = self.change(refund.action_request)
        self.assertEqual(booked, load_vectors()["l"].steps[5].amounts)
        self.assertFalse(refund.payment_id)

    def test_a_large_one_waits_for_its_approval(self):
        patient = self.deposit(5000)
        refund = self.refund(patient, 3000)
        self.assertFalse(self.change(refund.action_request))
        self.assertEqual(refund.state, "requested")
        booked = self.change(lambda: self.approve(refund))
        self.assert_paid(booked, "patient_credits", D(3000))
        self.assertEqual(
            refund._rcm_duties_done()["pay"], {self.collector.id}, "who asked paid it"
        )

    def test_never_more_than_the_credit(self):
        patient = self.deposit(100)
        with self.assertRaisesRegex(UserError, "more than the open credit"):
            self.refund(patient, 100.01).action_request()

    def test_two_that_wait_cannot_pay_the_same_credit(self):
        patient = self.deposit(3000)
        self.refund(patient, 2000).action_request()
        with self.assertRaisesRegex(UserError, "more than the open credit"):
            self.refund(patient, 1500).action_request()

    def test_repeated_it_is_paid_once(self):
        patient = self.deposit(100)
        refund = self.refund(patient, 60)
        refund.action_request()
        with self.assertRaises(UserError):
            refund.action_request()
        with self.assertRaisesRegex(UserError, "more than the open credit"):
            self.refund(patient, 60).action_request()

    def test_a_claims_credit_is_given_back_on_the_claim(self):
        steps = load_vectors()["c"].steps
        claim = self.claim_open(charge="1000", expected="400", era=steps[1].amounts)
        claim._rcm_create_patient_invoices()
        self.post_remittance(claim, {"gateway": D(80), "receivable_patient": D(-80)})
        self.post_remittance(claim, steps[4].amounts)
        claim._rcm_create_patient_invoices()
        claim._rcm_patient_credit()
        action = claim.patient_id.with_user(self.collector).action_refund()
        self.assertEqual(action["context"]["default_amount"], 80)
        self.assertEqual(action["context"]["default_claim_id"], claim.id)
        refund = self.refund(claim.patient_id, 80, claim_id=claim.id)
        booked = self.change(refund.action_request)
        self.assert_paid(booked, "patient_credits", D(80))
        self.assertEqual(refund.move_ids.rcm_claim_id, claim)

    def test_a_payer_gets_its_overpayment_back(self):
        claim = self.claim_open(charge="1000", expected="400")
        payer = claim.payer_id
        self.post_other({"clearing": D(100), "payer_overpayment": D(-100)}, claim=claim)
        refund = (
            self.env["rcm.refund"]
            .with_user(self.manager)
            .create(
                {
                    "kind": "payer",
                    "payer_id": payer.id,
                    "amount": 100,
                    "reason": "Asked for by letter",
                    "journal_id": self.bank().id,
                    "company_id": self.company.id,
                }
            )
        )
        self.assertEqual(refund.source, "payer_overpayment")
        booked = self.change(refund.action_request)
        self.assert_paid(booked, "payer_overpayment", D(100))

    def test_taken_back_the_credit_is_open_again(self):
        patient = self.deposit(100)
        refund = self.refund(patient, 40)
        booked = self.change(refund.action_request)
        back = self.change(lambda: refund.sudo()._rcm_reverse("Cheque came back"))
        self.assertEqual(back, {key: -amount for key, amount in booked.items()})
        self.assertEqual(refund.state, "reversed")
        self.assertEqual(refund.payment_id.state, "rejected")
        self.assertEqual(self.refund(patient, 1).available_amount, 100)

    def test_a_claims_refund_taken_back(self):
        steps = load_vectors()["c"].steps
        claim = self.claim_open(charge="1000", expected="400", era=steps[1].amounts)
        claim._rcm_create_patient_invoices()
        self.post_remittance(claim, {"gateway": D(80), "receivable_patient": D(-80)})
        self.post_remittance(claim, steps[4].amounts)
        claim._rcm_create_patient_invoices()
        claim._rcm_patient_credit()
        refund = self.refund(claim.patient_id, 80, claim_id=claim.id)
        booked = self.change(refund.action_request)
        back = self.change(lambda: refund.sudo()._rcm_reverse("Cheque came back"))
        self.assertEqual(back, {key: -amount for key, amount in booked.items()})

    def test_its_payment_is_covered_by_nothing_else(self):
        patient = self.deposit(5000)
        refund = self.refund(patient, 3000)
        refund.action_request()
        self.approve(refund)
        payment = refund.payment_id
        with self.assertRaises(UserError):
            payment.with_user(self.clerk).write({"amount": 9000})
        payment.sudo().action_draft()
        payment.with_user(self.clerk).write({"amount": 9000})
        payment.with_user(self.clerk).action_post()
        self.assertEqual(payment.state, "draft")

    def test_who_asked_does_not_approve(self):
        patient = self.deposit(5000)
        refund = self.refund(patient, 3000)
        refund.action_request()
        with self.assertRaises(UserError):
            self.requests(refund).with_user(self.collector).action_approve()

    def test_no_path_is_left_open(self):
        patient = self.deposit(100)
        refund = self.refund(patient, 20)
        for values in (
            {"state": "done"},
            {"payment_id": 1},
            {"done_at": "2026-01-01 00:00:00"},
        ):
            with self.subTest(values=values), self.assertRaises(UserError):
                refund.write(values)
        with self.assertRaisesRegex(UserError, "not the same"):
            self.refund(patient, 20, source="payer_overpayment").action_request()
        with self.assertRaisesRegex(UserError, "bank or cash journal"):
            self.refund(patient, 20, journal_id=False).action_request()

    def test_a_foreign_bank_account_is_refused(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        journal = self.env["account.journal"].create(
            {
                "name": "Euro bank",
                "type": "bank",
                "code": "EURB",
                "currency_id": euro.id,
                "company_id": self.company.id,
            }
        )
        patient = self.deposit(100)
        with self.assertRaisesRegex(UserError, "USD"):
            self.refund(patient, 20, journal_id=journal.id).action_request()

    def test_roles_and_companies(self):
        patient = self.deposit(100)
        for role in ("coder", "payables", "approver", "front_desk", "auditor"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.refund(patient, 5, user=self.person(role, groups=None))
        refund = self.refund(patient, 20)
        refund.action_request()
        with self.assertRaises(AccessError):
            refund.with_user(self.collector).action_reverse()
        other = builders.company(self.env, "Other Clinic")
        stranger = self.person("collector", groups=None, company=other)
        self.assertFalse(self.seen_by(stranger, "rcm.refund"))
