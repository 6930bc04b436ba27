"""Payment runs: proposed, approved once, paid in one go, taken back."""

import base64

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .documents_common import DocumentCase


@tagged("post_install", "-at_install")
class TestPaymentRun(DocumentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_policy("vendor_bill", 100000)
        cls.payables = cls.person("payables", groups=None)
        cls.other_vendor = cls.partner("Other vendor")

    def bill(self, amount, **vals):
        bill = self.move(amount, **vals)
        bill.action_post()
        self.assertEqual(bill.state, "posted")
        return bill

    def run_of(self, user=None, **vals):
        """A draft with all due bills."""
        run = (
            self.env["rcm.payment.run"]
            .with_user(user or self.payables)
            .create(
                {
                    "journal_id": self.bank().id,
                    "company_id": self.company.id,
                    **vals,
                }
            )
        )
        run.action_propose()
        return run

    def test_it_proposes_what_is_due_and_in_no_other_run(self):
        due = self.bill(100)
        later = self.bill(100, invoice_date_due="2099-01-01")
        draft = self.move(100)
        run = self.run_of()
        self.assertEqual(run.line_ids.move_id, due)
        self.assertNotIn(later | draft, run.line_ids.move_id)
        with self.assertRaisesRegex(UserError, "No open bill"):
            self.run_of()

    def test_filters(self):
        self.bill(100)
        mine = self.bill(200, partner=self.other_vendor)
        run = self.run_of(partner_ids=self.other_vendor.ids)
        self.assertEqual(run.line_ids.move_id, mine)

    def test_a_small_run_pays_at_once_one_payment_a_vendor(self):
        bills = self.bill(100) | self.bill(150)
        bills |= self.bill(50, partner=self.other_vendor)
        run = self.run_of()
        run.action_request()
        self.assertEqual(run.state, "done")
        self.assertEqual(sorted(run.sudo().payment_ids.mapped("amount")), [50, 250])
        self.assertEqual(set(bills.mapped("payment_state")), {"paid"})

    def test_no_bill_is_moved_into_a_run_that_was_asked_for(self):
        self.bill(100)
        paid = self.run_of()
        paid.action_request()
        self.bill(60)
        draft = self.run_of()
        with (
            self.assertRaisesRegex(UserError, "was asked for"),
            self.env.cr.savepoint(),
        ):
            draft.line_ids.run_id = paid

    def test_a_large_run_waits_and_is_paid_by_its_approval(self):
        bill = self.bill(3000)
        run = self.run_of()
        run.action_request()
        self.assertEqual((run.state, bill.payment_state), ("requested", "not_paid"))
        self.assertFalse(run.sudo().payment_ids)
        self.approve(run)
        self.assertEqual((run.state, bill.payment_state), ("done", "paid"))
        self.assertEqual(run._rcm_duties_done()["pay"], {self.payables.id})

    def test_its_approver_reads_names_and_not_numbers(self):
        bill = self.bill(1500)
        run = self.run_of()
        run.action_request()
        table = str(self.requests(run).with_user(self.approver).facts_table)
        for text in (bill.name, self.vendor.name, "Bill", "Vendor", "1,500.00"):
            self.assertIn(text, table)
        self.assertNotIn(f"<td>{bill.id}</td>", table)

    def test_many_small_bills_are_one_large_run(self):
        bills = [self.bill(400) for _number in range(3)]
        run = self.run_of()
        run.action_request()
        self.assertEqual((run.amount, run.state), (1200, "requested"))
        self.assertEqual({bill.payment_state for bill in bills}, {"not_paid"})

    def test_a_line_is_taken_out_or_paid_in_part(self):
        first, second = self.bill(100), self.bill(200)
        run = self.run_of()
        run.line_ids.filtered(lambda line: line.move_id == first).unlink()
        run.line_ids.amount = 150
        run.action_request()
        self.assertEqual(first.payment_state, "not_paid")
        self.assertEqual(
            (second.payment_state, second.amount_residual), ("partial", 50)
        )

    def test_asked_for_it_is_not_changed(self):
        self.bill(3000)
        run = self.run_of()
        run.action_request()
        for attempt in (
            lambda: run.line_ids.write({"amount": 1}),
            lambda: run.line_ids.unlink(),
            lambda: run.write({"journal_id": self.bank().id, "line_ids": []}),
            lambda: run.action_propose(),
            lambda: run.write({"state": "done"}),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                attempt()

    def test_paid_elsewhere_meanwhile_nothing_of_it_is_paid(self):
        bill, other = self.bill(3000), self.bill(500, partner=self.other_vendor)
        run = self.run_of()
        run.action_request()
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=other.ids)
            .create({"journal_id": self.bank().id})
        )
        wizard.action_create_payments()
        self.assertEqual(other.payment_state, "paid")
        self.approve(run)
        self.assertEqual((run.state, bill.payment_state), ("approved", "not_paid"))
        with self.assertRaisesRegex(UserError, "not open any more"):
            run.action_apply()

    def test_never_more_than_is_open(self):
        self.bill(100)
        run = self.run_of()
        run.line_ids.amount = 100.01
        with self.assertRaisesRegex(UserError, "more than is open"):
            run.action_request()

    def test_taken_back_the_bills_are_open_again(self):
        bill = self.bill(100)
        run = self.run_of()
        before = self.trial_balance()
        run.action_request()
        run.sudo()._rcm_reverse("The bank refused the file")
        self.assertEqual((run.state, bill.payment_state), ("reversed", "not_paid"))
        self.assertEqual(run.sudo().payment_ids.mapped("state"), ["rejected"])
        self.assertEqual(self.trial_balance(), before)

    def test_the_list_names_every_bill_and_no_formula(self):
        self.vendor.name = "=cmd()"
        bill = self.bill(100, ref="\t=hidden()")
        run = self.run_of()
        run.action_request()
        text = base64.b64decode(run.sudo().export_id.datas).decode()
        self.assertIn(bill.name, text)
        self.assertIn("'=cmd()", text)
        self.assertIn("'\t=hidden()", text)
        self.assertIn("/web/content/", run.action_export()["url"])

    def test_another_currency_is_paid_in_it_and_judged_in_ours(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": euro.id,
                "name": "2020-01-01",
                "rate": 0.5,
                "company_id": self.company.id,
            }
        )
        self.bill(300, currency=euro)
        ours = self.bill(100)
        run = self.run_of()
        self.assertEqual(run.amount, 700)
        run.action_request()
        self.assertEqual(sorted(run.sudo().payment_ids.mapped("amount")), [100, 300])
        self.assertEqual(run.sudo().payment_ids.currency_id, euro | ours.currency_id)

    def test_who_posted_the_bill_or_made_the_vendor_does_not_pay(self):
        self.env["rcm.duty.conflict"].search([]).active = True
        self.assertIn(
            frozenset({"post", "pay"}),
            {frozenset(pair) for pair in self.env["rcm.duty.conflict"]._rcm_pairs()},
        )
        bill = self.bill(100)  # by the clerk
        run = self.run_of(user=self.clerk)
        with self.assertRaises(UserError):
            run.action_request()
        self.assertEqual(bill.payment_state, "not_paid")
        maker = self.person("payables")
        vendor = self.env["res.partner"].with_user(maker).sudo().create({"name": "V"})
        self.assertEqual(vendor.create_uid, maker)
        self.bill(100, partner=vendor)
        run = self.run_of(user=maker, partner_ids=vendor.ids)
        with self.assertRaises(UserError):
            run.action_request()

    def test_roles_and_companies(self):
        self.bill(100)
        for role in ("biller", "collector", "approver", "auditor"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.run_of(user=self.person(role, groups=None))
        run = self.run_of()
        run.action_request()
        with self.assertRaises(AccessError):
            run.action_reverse()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.person("payables", groups=None, company=other)
        self.assertFalse(self.seen_by(stranger, "rcm.payment.run"))

    # -- credit notes ------------------------------------------------------------

    def credit(self, amount, **vals):
        self.set_policy("credit_note", 100000)
        return self.bill(amount, kind="in_refund", **vals)

    def test_credit_notes_are_taken_off_the_vendors_bills(self):
        bills = self.bill(300) | self.bill(200)
        credit = self.credit(120)
        elsewhere = self.credit(10, partner=self.other_vendor)
        run = self.run_of()
        self.assertEqual(run.line_ids.move_id, bills | credit)
        self.assertNotIn(elsewhere, run.line_ids.move_id)
        line = run.line_ids.filtered("is_credit")
        self.assertEqual((line.amount, line.company_amount), (120, -120))
        self.assertEqual(run.amount, 380)
        run.action_request()
        self.assertEqual(run.state, "done")
        payment = run.sudo().payment_ids
        self.assertEqual((len(payment), payment.amount), (1, 380))
        self.assertEqual(set((bills | credit).mapped("payment_state")), {"paid"})
        self.assertFalse(any((bills | credit).mapped("amount_residual")))
        text = base64.b64decode(run.sudo().export_id.datas).decode()
        self.assertIn("-120", text)

    def test_the_net_is_what_is_approved(self):
        self.bill(1100)
        self.credit(200)
        run = self.run_of()
        run.action_request()
        self.assertEqual((run.state, run.amount), ("done", 900), "below 1,000")

    def test_only_as_far_as_the_bills_reach(self):
        self.bill(100)
        self.credit(150)
        run = self.run_of()
        self.assertFalse(run.line_ids.filtered("is_credit"))
        self.assertEqual(run.amount, 100)

    def test_a_payment_of_nothing_is_refused(self):
        bill, credit = self.bill(100), self.credit(150)
        run = self.run_of()
        self.assertEqual(run.line_ids.move_id, bill)
        run.line_ids.create(
            {"run_id": run.id, "move_id": credit.id, "amount": credit.amount_residual}
        )
        with self.assertRaisesRegex(UserError, "nothing would be paid"):
            run.action_request()

    def test_a_credit_note_is_taken_whole_and_with_a_bill(self):
        bill, credit = self.bill(300), self.credit(100)
        other = self.credit(5, partner=self.other_vendor)
        run = self.run_of()
        line = run.line_ids.filtered("is_credit")
        line.amount = 60
        with self.assertRaisesRegex(UserError, "whole, or not at all"):
            run.action_request()
        line.write({"amount": 100})
        line.create({"run_id": run.id, "move_id": other.id, "amount": 5})
        with self.assertRaisesRegex(UserError, "no bill of this vendor"):
            run.action_request()
        self.assertEqual(bill.payment_state, "not_paid")
        self.assertEqual(credit.payment_state, "not_paid")

    def test_taken_back_the_credit_is_open_again(self):
        bill, credit = self.bill(300), self.credit(100)
        run = self.run_of()
        run.action_request()
        self.assertEqual(credit.payment_state, "paid")
        manager = self.person("finance_manager", groups=None)
        run.with_user(manager).sudo()._rcm_reverse("The bank refused it")
        self.env.invalidate_all()
        self.assertEqual(run.state, "reversed")
        self.assertEqual(bill.amount_residual - credit.amount_residual, 200)

    def test_a_credit_note_in_one_run_is_in_no_other(self):
        self.bill(300)
        credit = self.credit(100)
        first = self.run_of()
        self.assertIn(credit, first.line_ids.move_id)
        self.bill(400)
        second = self.run_of()
        self.assertNotIn(credit, second.line_ids.move_id)
