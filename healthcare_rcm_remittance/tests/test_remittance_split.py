"""Dividing an unpostable payment, and giving one back to the payer."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from . import era
from .resolution_common import ResolutionCase


@tagged("post_install", "-at_install")
class TestRemittanceSplit(ResolutionCase):
    """One payment of the payer that is for two claims of ours."""

    def lump(self, amount=700):
        """An unpostable payment, and the two claims it is for."""
        claims = self.claim(), self.claim()
        answer = era.clp("LUMP", 2000, amount, ("CO-45", 2000 - amount))
        remittance = self.post(amount, answer)
        self.assertPosted(remittance, parked=1)
        return remittance.claim_ids, *claims

    def divide(self, parked, *parts, user=None):
        rows = [
            (0, 0, {"claim_id": claim and claim.id, "amount": amount})
            for claim, amount in parts
        ]
        return self.resolve(parked, "split", user, part_ids=rows, reason="One cheque")

    def test_each_part_posts_on_its_claim_and_the_rest_stays_open(self):
        parked, one, two = self.lump()
        resolution = self.divide(parked, (one, 400), (two, 300))
        remittance = parked.remittance_id
        self.assertEqual((parked.state, resolution.outcome), ("split", "split"))
        self.assertEqual(parked.part_ids.mapped("state"), ["posted", "posted"])
        self.assertEqual(parked.part_ids.claim_id, one | two)
        self.assertEqual((one.paid_amount, one.open_balance), (400, 600))
        self.assertEqual((two.paid_amount, two.open_balance), (300, 700))
        self.assertEqual((one.state, two.state), ("adjudicated", "adjudicated"))
        self.assertEqual((remittance.state, remittance.parked_count), ("posted", 0))
        self.assertEqual(self.unapplied(remittance), 0)
        self.assertFalse(self.case_types(parked | parked.part_ids))
        self.assertFalse(parked.part_ids.remittance_id.variance_ids)
        self.assertEqual((parked.paid, remittance.claim_count), (700, 1))
        self.assertBooksHold()

    def test_part_without_a_claim_waits_and_is_resolved_later(self):
        parked, one, two = self.lump()
        self.divide(parked, (one, 400), (None, 300))
        left = parked.part_ids[1]
        remittance = parked.remittance_id
        self.assertEqual((remittance.parked_count, remittance.parked_total), (1, 300))
        self.assertEqual(self.case_types(left), ["claim_unmatched"])
        self.assertEqual(self.unapplied(remittance), -300)
        self.resolve(left, "match", claim_id=two.id)
        self.assertEqual((left.state, two.paid_amount), ("posted", 300))
        self.assertEqual(remittance.state, "posted")
        self.assertBooksHold()

    def test_part_that_is_not_ours_is_owed(self):
        parked, one, _two = self.lump()
        self.divide(parked, (one, 400), (None, 300))
        left = parked.part_ids[1]
        self.resolve(left, "not_ours", reason="Another clinic's")
        self.assertEqual(left.state, "not_ours")
        self.assertEqual(self.trial_balance()["payer_overpayment"], -300)
        self.assertBooksHold()

    def test_parts_must_add_up_to_the_payment(self):
        parked, one, two = self.lump()
        for parts in (
            ((one, 400), (two, 299.99)),
            ((one, 700),),
            ((one, 800), (two, -100)),
            ((one, 700), (two, 0)),
        ):
            with self.subTest(parts=parts), self.assertRaises(UserError):
                self.divide(parked, *parts)
        self.assertEqual((parked.state, len(parked.part_ids)), ("parked", 0))

    def test_more_than_is_open_is_not_posted(self):
        parked, one, two = self.lump(1500)
        self.divide(parked, (one, 1200), (two, 300))
        first, second = parked.part_ids
        self.assertEqual((first.state, second.state), ("parked", "posted"))
        self.assertEqual(self.case_types(first), ["overpaid"])
        self.assertEqual(one.paid_amount, 0)
        self.assertBooksHold()

    def test_division_is_undone_after_its_parts(self):
        parked, one, two = self.lump()
        resolution = self.divide(parked, (one, 400), (two, 300))
        remittance = parked.remittance_id
        with self.assertRaisesRegex(UserError, "its parts"):
            self.undo(resolution)
        for part in parked.part_ids:
            self.undo(part.resolution_ids)
        self.assertEqual(parked.part_ids.mapped("state"), ["parked", "parked"])
        self.assertEqual((one.paid_amount, two.paid_amount), (0, 0))
        self.undo(resolution, self.poster)
        self.assertEqual(parked.state, "parked")
        self.assertEqual(parked.part_ids.mapped("state"), ["cancelled", "cancelled"])
        self.assertEqual((remittance.parked_count, remittance.parked_total), (1, 700))
        self.assertEqual(remittance.state, "posted_with_parked")
        self.assertEqual(self.unapplied(remittance), -700)
        self.assertBooksHold()
        self.divide(parked, (one, 300), (two, 400))
        self.assertEqual((one.paid_amount, two.paid_amount), (300, 400))
        self.assertEqual(remittance.state, "posted")
        self.assertBooksHold()

    def test_undone_part_is_matched_elsewhere(self):
        parked, one, two = self.lump()
        self.divide(parked, (one, 400), (two, 300))
        part, other = parked.part_ids[0], self.claim()
        self.undo(part.resolution_ids)
        self.resolve(part, "match", claim_id=other.id)
        self.assertEqual((one.paid_amount, other.paid_amount), (0, 400))
        self.assertEqual(part.claim_id, other)
        self.assertBooksHold()

    def test_unposting_the_remittance_takes_the_division_along(self):
        parked, one, two = self.lump()
        self.divide(parked, (one, 400), (two, 300))
        remittance = parked.remittance_id
        remittance._rcm_unpost("Wrong account")
        self.assertEqual((one.paid_amount, two.paid_amount), (0, 0))
        self.assertEqual((parked.state, remittance.state), ("open", "unposted"))
        self.assertEqual(set(parked.part_ids.mapped("state")), {"cancelled"})
        self.assertBooksHold()
        remittance._rcm_match()
        remittance._rcm_process()
        self.assertEqual(parked.state, "parked")
        self.assertEqual(remittance.parked_total, 700)
        self.assertBooksHold()

    def test_who_divides(self):
        parked, one, two = self.lump()
        with self.assertRaises(AccessError):
            self.divide(parked, (one, 400), (two, 300), user=self.person("biller"))
        self.divide(parked, (one, 400), (None, 300))
        part = parked.part_ids[1]
        with self.assertRaises(UserError):
            self.divide(part, (one, 100), (two, 200))
        with self.assertRaises(AccessError):
            part.write({"split_from_id": False})


@tagged("post_install", "-at_install")
class TestRemittanceReturn(ResolutionCase):
    """What is not ours goes back by a refund, under the policies of refunds."""

    def give_back(self, parked, **values):
        values.setdefault("reason", "Not our patient")
        values.setdefault(
            "journal_id",
            self.env["account.journal"]
            .search(
                [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
            )
            .id,
        )
        return self.resolve(parked, "return", **values)

    def test_refund_pays_it_back_and_settles_what_we_owe(self):
        older = self.post(50, era.clp("OLDER", 50, 50)).claim_ids
        self.resolve(older, "not_ours", reason="Not our patient")
        parked, _claim = self.parked()
        resolution = self.give_back(parked)
        refund = resolution.refund_id
        self.assertEqual((parked.state, resolution.kind), ("not_ours", "return"))
        self.assertEqual(refund.amount, 400)
        if refund.state == "requested":
            refund._rcm_open_requests().with_user(self.approver).action_approve()
        self.assertEqual(refund.state, "done")
        self.assertEqual(refund.payment_id.amount, 400)
        self.assertEqual(parked._rcm_not_ours_record().state, "settled")
        self.assertEqual(older._rcm_not_ours_record().state, "open")
        self.assertEqual(self.trial_balance()["payer_overpayment"], -50)
        self.assertBooksHold()
        with self.assertRaisesRegex(UserError, "its money back"):
            self.undo(resolution)
        refund.sudo()._rcm_reverse("The cheque came back")
        self.assertBooksHold()
        self.undo(resolution)
        self.assertEqual(parked.state, "parked")
        self.assertEqual(self.unapplied(parked.remittance_id), -400)
        self.assertBooksHold()

    def test_undone_before_it_is_paid_the_refund_is_dropped(self):
        parked, _claim = self.parked()
        resolution = self.give_back(parked, journal_id=False)
        refund = resolution.refund_id
        self.assertEqual(refund.pay_by, "outside")
        if refund.state == "done":
            refund.sudo()._rcm_reverse("Asked for too early")
        self.undo(resolution)
        self.assertEqual(parked.state, "parked")
        self.assertIn(refund.state, ("cancelled", "reversed"))
        self.assertBooksHold()

    def test_reason_and_money_are_needed(self):
        parked, _claim = self.parked()
        with self.assertRaises(UserError):
            self.give_back(parked, reason=False)
        zero = self.post(0, era.clp("NOBODY", 100, 0, ("CO-45", 100))).claim_ids
        with self.assertRaises(UserError):
            self.give_back(zero)
        with self.assertRaises(AccessError):
            self.give_back(parked, user=self.person("biller"))
