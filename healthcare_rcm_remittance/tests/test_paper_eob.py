"""Keying a paper explanation: one engine for paper and file."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .test_deposit_batch import DepositCase


@tagged("post_install", "-at_install")
class TestPaperEob(DepositCase):
    """A draft until it balances; then a remittance like any other."""

    def keyed(self, claim, paid=400, codes="CO-45 600.00", user=None, **values):
        """A paper for one claim of one line."""
        values.setdefault("trace", f"P{next(self.numbers)}")
        values.setdefault("amount", paid)
        values.setdefault("payment_date", "2026-11-20")
        return (
            self.env["rcm.paper.eob"]
            .with_user(user or self.poster)
            .create(
                {
                    "payer_id": self.payer.id,
                    **values,
                    "claim_ids": [
                        (
                            0,
                            0,
                            {
                                "claim_id": claim.id,
                                "charge": claim.total_charge,
                                "paid": paid,
                                "line_ids": [
                                    (
                                        0,
                                        0,
                                        {
                                            "code": "99213",
                                            "charge": claim.total_charge,
                                            "paid": paid,
                                            "adjustments": codes,
                                            "line_control_number": claim.line_ids[
                                                :1
                                            ].line_control_number,
                                        },
                                    )
                                ],
                            },
                        )
                    ],
                }
            )
        )

    def test_paper_posts_as_the_same_835_would(self):
        by_file, on_paper = self.claim(), self.claim()
        era_remittance = self.post(400, self.answer(by_file, 400, ("CO-45", 600)))
        eob = self.keyed(on_paper)
        eob.action_enter()
        remittance = eob.remittance_id
        self.assertPosted(remittance)
        self.assertEqual(eob.state, "entered")

        def booked(item):
            return sorted(
                item.move_id.line_ids.mapped(lambda x: (x.rcm_purpose, x.balance))
            )

        self.assertEqual(booked(remittance), booked(era_remittance))
        self.assertEqual(remittance.file_id.source, "paper")
        self.assertEqual(remittance.correlation_id, eob.correlation_id)
        self.assertEqual(self.open_receivable(on_paper), 0)
        self.assertBooksHold()

    def test_draft_shows_what_is_off_and_is_not_entered(self):
        eob = self.keyed(self.claim(), amount=410)
        self.assertEqual(eob.difference, 10)
        self.assertIn("expected 400", str(eob.balance_html))
        with self.assertRaisesRegex(UserError, "expected 400"):
            eob.action_enter()
        eob.amount = 400
        eob.claim_ids.line_ids.adjustments = "CO-45 599"
        with self.assertRaisesRegex(UserError, "SVC"):
            eob.action_enter()
        self.assertEqual(eob.state, "draft")

    def test_what_is_no_adjustment_is_named(self):
        eob = self.keyed(self.claim(), codes="CO45 sixhundred")
        with self.assertRaisesRegex(UserError, "“CO45 sixhundred” is no adjustment"):
            eob.action_enter()

    def test_same_cheque_is_not_entered_twice(self):
        self.keyed(self.claim(), trace="CH7").action_enter()
        again = self.keyed(self.claim(), trace="CH7")
        with self.assertRaisesRegex(UserError, "here already"):
            again.action_enter()

    def test_cheque_that_came_as_a_file_is_not_entered_again(self):
        self.paid("CH8")
        with self.assertRaisesRegex(UserError, "here already"):
            self.keyed(self.claim(), trace="CH8").action_enter()

    def test_file_that_follows_its_paper_is_held_for_a_person(self):
        claim = self.claim()
        eob = self.keyed(claim, trace="CH9")
        eob.action_enter()
        # The file gives another day: another payment key.
        answer = self.answer(claim, 400, ("CO-45", 600))
        late = self.post(400, answer, trace="CH9", day="20261119")
        self.assertEqual(late.state, "held")
        self.assertEqual(late.duplicate_of_id, eob.remittance_id)
        self.assertEqual(self.case_types(late), ["remittance_trace_reused"])

    def test_choosing_our_claim_brings_its_lines(self):
        claim = self.claim()
        form = Form(self.env["rcm.paper.eob"].with_user(self.poster))
        form.payer_id = self.payer
        form.trace = "F1"
        form.amount = 400
        with form.claim_ids.new() as row:
            row.claim_id = claim
            row.paid = 400
            with row.line_ids.edit(0) as line:
                line.paid = 400
                line.adjustments = "CO-45 600"
        eob = form.save()
        self.assertEqual(eob.claim_ids.control_number, claim.name)
        eob.action_enter()
        self.assertPosted(eob.remittance_id)

    def test_unknown_claim_is_parked_as_ever(self):
        eob = self.keyed(self.claim())
        eob.claim_ids.write({"claim_id": False, "control_number": "NOT-OURS"})
        eob.action_enter()
        self.assertPosted(eob.remittance_id, parked=1)

    def test_entered_paper_is_not_changed(self):
        eob = self.keyed(self.claim())
        eob.action_enter()
        for change in (
            lambda: eob.write({"amount": 1}),
            lambda: eob.claim_ids.write({"paid": 1}),
            lambda: eob.claim_ids.line_ids.write({"paid": 1}),
            lambda: eob.claim_ids.line_ids.unlink(),
            eob.action_enter,
        ):
            with self.assertRaisesRegex(UserError, "not changed any more"):
                change()
        with self.assertRaises(AccessError):
            eob.write({"state": "draft"})

    def test_other_roles_and_companies_do_not_key(self):
        claim = self.claim()
        with self.assertRaises(AccessError):
            self.keyed(claim, user=self.person("biller"))
        eob = self.keyed(claim)
        other = self.env["res.company"].create({"name": "Other Clinic"})
        with self.assertRaises(AccessError):
            eob.with_user(self.person("cash_poster", other)).read(["amount"])

    def test_provider_adjustments_and_interest_tie_and_post(self):
        claim = self.claim()
        earlier = self.post(
            0, self.answer(self.claim(), 50, ("CO-45", 950)), plb=[("WO", 50, "ICNX")]
        )
        self.assertPosted(earlier)
        eob = self.keyed(claim, amount=305)
        self.assertEqual(eob.difference, -95)
        eob.claim_ids.interest = 5
        rows = (("WO", "ICNX2", 100), ("L6", False, -5))
        eob.write(
            {
                "adjustment_ids": [
                    (0, 0, {"reason_code": code, "reference": ref, "amount": amount})
                    for code, ref, amount in rows
                ]
            }
        )
        self.assertEqual((eob.provider_total, eob.difference), (95, 0))
        self.assertIn("ties to the cent", str(eob.balance_html))
        eob.action_enter()
        remittance = eob.remittance_id
        self.assertPosted(remittance)
        self.assertEqual(remittance.provider_total, 95)
        self.assertEqual(
            remittance.provider_adjustment_ids.mapped("treatment"),
            ["recovery", "interest"],
        )
        self.assertEqual(self.trial_balance()["interest_income"], -5)
        self.assertBooksHold()
        with self.assertRaises(UserError):
            eob.adjustment_ids[0].amount = 1

    def test_provider_adjustment_that_is_none_is_named(self):
        eob = self.keyed(self.claim())
        eob.write(
            {
                "adjustment_ids": [
                    (0, 0, {"reason_code": "INTEREST", "amount": 5}),
                    (0, 0, {"reason_code": "WO", "reference": "A*B", "amount": 0}),
                ]
            }
        )
        faults = " ".join(eob._rcm_faults())
        for text in ("INTEREST", "reference", "how much"):
            self.assertIn(text, faults)
        with self.assertRaises(UserError):
            eob.action_enter()
