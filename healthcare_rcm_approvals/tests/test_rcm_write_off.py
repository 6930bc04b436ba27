"""Write-offs: asked for, approved, booked by the claim's own engine, taken back."""

from decimal import Decimal

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.healthcare_rcm_base.tests import builders
from odoo.addons.healthcare_rcm_base.tests.ledger_common import difference, load_vectors

from .documents_common import DocumentCase


@tagged("post_install", "-at_install")
class TestWriteOff(DocumentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.biller = cls.person("biller", groups=None)
        cls.manager = cls.person("finance_manager", groups=None)

    def write_off(self, claim, amount, kind="administrative", user=None, **line):
        """A draft of one line, as the biller makes it."""
        return (
            self.env["rcm.write.off"]
            .with_user(user or self.biller)
            .create(
                {
                    "kind": kind,
                    "reason": "Filing limit missed",
                    "company_id": claim.company_id.id,
                    "line_ids": [
                        Command.create({"claim_id": claim.id, "amount": amount, **line})
                    ],
                }
            )
        )

    def change(self, action):
        """What ``action`` does to the trial balance."""
        before = self.trial_balance()
        action()
        return difference(self.trial_balance(), before)

    def test_a_small_one_is_booked_at_once(self):
        claim = self.claim_open(charge="500", expected="500")
        write_off = self.write_off(claim, 120)
        booked = self.change(write_off.action_request)
        self.assertEqual(
            booked,
            {
                "administrative_writeoff": Decimal(120),
                "receivable_payer": Decimal(-120),
            },
        )
        self.assertEqual(write_off.state, "done")
        self.assertEqual(claim.writeoff_amount, 120)
        self.assertEqual(claim.open_balance, 380)
        self.assertEqual(write_off.line_ids.move_ids.rcm_claim_id, claim)

    def test_a_large_one_waits_and_is_booked_by_the_approval(self):
        claim = self.claim_open(charge="3000", expected="3000")
        write_off = self.write_off(claim, 2000)
        self.assertFalse(self.change(write_off.action_request))
        self.assertEqual(write_off.state, "requested")
        self.assertEqual(
            self.change(lambda: self.approve(write_off))["receivable_payer"], -2000
        )
        self.assertEqual(write_off.state, "done")

    def test_a_lost_denial_as_the_reference_books_it(self):
        vector = load_vectors()["b"]
        claim = self.claim_open(
            charge="1000", expected="400", era=vector.steps[1].amounts
        )
        write_off = self.write_off(claim, 400, kind="denial")
        self.assertEqual(write_off.line_ids.allowance, 240)
        booked = self.change(write_off.action_request)
        self.assertEqual(booked, vector.steps[2].amounts)

    def test_what_the_payer_overturns_is_taken_back_here_too(self):
        vector = load_vectors()["b"]
        claim = self.claim_open(
            charge="1000", expected="400", era=vector.steps[1].amounts
        )
        write_off = self.write_off(claim, 400, kind="denial")
        write_off.action_request()
        claim._rcm_reverse_local_entries("Overturned by the payer")
        self.assertEqual(write_off.state, "reversed")
        self.assertEqual(write_off.reversal_reason, "Overturned by the payer")

    def test_given_up_and_charity_as_the_reference_books_them(self):
        for key, kind, paid, amount in (
            ("k", "give_up", "300", 200),
            ("m", "charity", None, 500),
        ):
            with self.subTest(kind=kind):
                before = self.trial_balance()
                claim = self.claim_open(
                    charge="500", self_pay=True, concession_percent=40
                )
                if paid:
                    self.post_remittance(
                        claim,
                        {
                            "gateway": Decimal(paid),
                            "receivable_patient": -Decimal(paid),
                        },
                    )
                write_off = self.write_off(
                    claim, amount, kind=kind, responsibility="receivable_patient"
                )
                write_off.action_request()
                self.assertEqual(write_off.state, "done")
                self.assertEqual(
                    difference(self.trial_balance(), before),
                    load_vectors()[key].closing,
                )

    def test_taken_back_the_balance_is_open_again(self):
        claim = self.claim_open(charge="500", expected="500")
        write_off = self.write_off(claim, 120)
        booked = self.change(write_off.action_request)
        back = self.change(lambda: self.take_back(write_off))
        self.assertEqual(back, {key: -amount for key, amount in booked.items()})
        self.assertEqual((write_off.state, claim.open_balance), ("reversed", 500))
        with self.assertRaisesRegex(UserError, "no effect"):
            self.take_back(write_off)

    def take_back(self, document, user=None):
        wizard = (
            self.env["rcm.requested.document.reverse"]
            .with_user(user or self.biller)
            .create(
                {
                    "res_model": document._name,
                    "res_ids": str(document.id),
                    "reason": "Paid after all",
                }
            )
        )
        wizard.action_reverse()

    def test_only_its_own_entry_is_taken_back(self):
        claim = self.claim_open(charge="500", expected="500")
        first, second = self.write_off(claim, 100), self.write_off(claim, 50)
        first.action_request()
        second.action_request()
        self.take_back(first)
        self.assertEqual((first.state, second.state), ("reversed", "done"))
        self.assertEqual(claim.open_balance, 450)

    def test_never_more_than_is_open(self):
        claim = self.claim_open(charge="500", expected="500")
        with self.assertRaisesRegex(UserError, "more than"):
            self.write_off(claim, 500.01).action_request()
        for amount in (0, -5):
            with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
                with self.env.cr.savepoint():
                    self.write_off(claim, amount)

    def test_two_that_wait_cannot_take_the_same_balance(self):
        claim = self.claim_open(charge="3000", expected="3000")
        self.write_off(claim, 2000).action_request()
        with self.assertRaisesRegex(UserError, "more than"):
            self.write_off(claim, 1500).action_request()

    def test_paid_meanwhile_it_stays_approved_and_says_so(self):
        claim = self.claim_open(charge="3000", expected="3000")
        write_off = self.write_off(claim, 2000)
        write_off.action_request()
        self.post_remittance(
            claim, {"clearing": Decimal(2500), "receivable_payer": Decimal(-2500)}
        )
        self.approve(write_off)
        self.assertEqual(write_off.state, "approved")
        self.assertEqual(write_off.rcm_case_ids.type_code, "approval_stalled")
        with self.assertRaisesRegex(UserError, "more than"):
            write_off.action_apply()
        write_off.action_draft()
        self.assertEqual(write_off.state, "draft")
        self.assertEqual(self.requests(write_off).state, "voided")

    def test_no_line_is_moved_onto_one_that_was_asked_for(self):
        asked = self.write_off(self.claim_open(charge="3000", expected="3000"), 2000)
        asked.action_request()
        draft = self.write_off(self.claim_open(charge="500", expected="500"), 50)
        with self.assertRaisesRegex(UserError, "was asked for"):
            draft.line_ids.write_off_id = asked

    def test_asked_for_it_is_not_changed(self):
        claim = self.claim_open(charge="3000", expected="3000")
        write_off = self.write_off(claim, 2000)
        write_off.action_request()
        line = write_off.line_ids
        attempts = {
            "reason": lambda: write_off.write({"reason": "Other"}),
            "amount": lambda: line.write({"amount": 3000}),
            "another line": lambda: self.env["rcm.write.off.line"]
            .with_user(self.biller)
            .create(
                {
                    "write_off_id": write_off.id,
                    "claim_id": claim.id,
                    "responsibility": "receivable_patient",
                    "amount": 1,
                }
            ),
            "no line": lambda: line.unlink(),
            "state": lambda: write_off.write({"state": "done"}),
            "entries": lambda: line.write({"move_ids": [Command.clear()]}),
            "gone": lambda: write_off.unlink(),
        }
        for name, attempt in attempts.items():
            with self.subTest(attempt=name), self.assertRaises(UserError):
                with self.env.cr.savepoint():
                    attempt()
        self.assertEqual(self.requests(write_off).state, "pending")

    def test_refused_it_books_nothing_and_can_be_asked_again(self):
        claim = self.claim_open(charge="3000", expected="3000")
        write_off = self.write_off(claim, 2000)
        write_off.action_request()
        request = self.requests(write_off)
        request.with_user(self.approver)._rcm_decide_many("refused", "Appeal first")
        self.assertEqual((write_off.state, claim.open_balance), ("refused", 3000))
        write_off.action_draft()
        write_off.line_ids.amount = 1500
        write_off.action_request()
        self.assertEqual(write_off.state, "requested")

    def test_a_refusal_is_told_until_it_is_not_the_last_word(self):
        claim = self.claim_open(charge="5000", expected="5000")
        write_off = self.write_off(claim, 2000)
        write_off.action_request()
        request = self.requests(write_off)
        request.with_user(self.approver)._rcm_decide_many("refused", "Ask the payer")
        self.env.invalidate_all()
        self.assertIn("Ask the payer", write_off.rcm_approval_banner)
        write_off.action_draft()
        write_off.line_ids.amount = 1500
        write_off.action_request()
        self.env.invalidate_all()
        self.assertIn("Waits for approval", write_off.rcm_approval_banner)
        self.assertNotIn("Ask the payer", write_off.rcm_approval_banner)
        self.approve(write_off)
        self.env.invalidate_all()
        self.assertEqual(write_off.state, "done")
        self.assertFalse(write_off.rcm_approval_banner)

    def test_a_refusal_is_over_when_it_went_through_smaller(self):
        claim = self.claim_open(charge="5000", expected="5000")
        write_off = self.write_off(claim, 2000)
        write_off.action_request()
        request = self.requests(write_off)
        request.with_user(self.approver)._rcm_decide_many("refused", "Too much")
        write_off.action_draft()
        write_off.line_ids.amount = 10
        write_off.action_request()
        self.env.invalidate_all()
        self.assertEqual(write_off.state, "done")
        self.assertFalse(write_off.rcm_approval_banner)

    def test_who_asked_does_not_approve_whatever_roles_he_holds(self):
        claim = self.claim_open(charge="3000", expected="3000")
        self.biller.sudo().group_ids = [
            Command.link(self.env.ref("healthcare_rcm_base.group_approver").id)
        ]
        write_off = self.write_off(claim, 2000)
        write_off.action_request()
        with self.assertRaises(UserError):
            self.requests(write_off).with_user(self.biller).action_approve()
        self.assertEqual(claim.open_balance, 3000)

    def test_a_kind_is_for_who_owes_it(self):
        claim = self.claim_open(charge="500", expected="500")
        with self.assertRaisesRegex(UserError, "not for what is owed"):
            self.write_off(claim, 100, kind="charity").action_request()

    def test_roles(self):
        claim = self.claim_open(charge="500", expected="500")
        for role in ("approver", "coder", "payables", "front_desk", "auditor"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.write_off(claim, 10, user=self.person(role, groups=None))
        write_off = self.write_off(claim, 10)
        with self.assertRaises(AccessError):
            write_off.with_user(self.approver).action_request()

    def test_two_companies(self):
        other = builders.company(self.env, "Other Clinic")
        env = self.env(context={**self.env.context, "allowed_company_ids": other.ids})
        foreign = builders.invoiced_claim(env, company=other)
        stranger = self.person("biller", groups=None, company=other)
        claim = self.claim_open(charge="500", expected="500")
        mine = self.write_off(claim, 10)
        self.assertFalse(self.seen_by(stranger, "rcm.write.off"))
        with self.assertRaises(AccessError):
            mine.with_user(stranger).with_context(
                allowed_company_ids=other.ids
            ).action_request()
        mixed = self.env["rcm.write.off"].create(
            {
                "reason": "Mixed",
                "company_id": self.company.id,
                "line_ids": [Command.create({"claim_id": foreign.id, "amount": 5})],
            }
        )
        with self.assertRaisesRegex(UserError, "another company"):
            mixed.action_request()

    def test_buttons_propose_what_is_open(self):
        claim = self.claim_open(charge="500", expected="500")
        context = claim.with_user(self.biller).action_write_off()["context"]
        form = self.env["rcm.write.off"].with_user(self.biller).with_context(**context)
        draft = form.create({"reason": "From the claim"})
        self.assertEqual((draft.line_ids.claim_id, draft.amount), (claim, 500))
        own = self.claim_open(charge="500", self_pay=True, concession_percent=40)
        context = own.patient_id.with_user(self.biller).action_write_off()["context"]
        form = self.env["rcm.write.off"].with_user(self.biller).with_context(**context)
        draft = form.create({"reason": "From the account"})
        self.assertEqual(draft.line_ids.responsibility, "receivable_patient")
        self.assertEqual(draft.amount, 500)

    def test_the_payment_wizard_writes_nothing_off_of_a_patient(self):
        claim = self.claim_open(charge="500", self_pay=True)
        wizard = (
            self.env["account.payment.register"]
            .with_user(self.clerk)
            .with_context(active_model="account.move", active_ids=claim.invoice_id.ids)
            .create(
                {
                    "journal_id": self.bank().id,
                    "amount": 100,
                    "payment_difference_handling": "reconcile",
                    "writeoff_account_id": self.expense.id,
                }
            )
        )
        with self.assertRaisesRegex(UserError, "Write-offs"):
            wizard.action_create_payments()
