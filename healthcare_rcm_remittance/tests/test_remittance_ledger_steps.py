"""Ledgers l, o, r and b, c, q, s, v entry by entry, on real postings.

A payer sends reversal and correction in one remittance and it posts as one entry; the
part of each claim in it must still be the entry the ledger gives for that step.
"""

from decimal import Decimal

from odoo import fields
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests.ledger_common import load_vectors

from . import era
from .remittance_common import RemittanceCase

FULL = ("CO-45", 600), ("PR-2", 80)


@tagged("post_install", "-at_install")
class TestRemittanceLedgerSteps(RemittanceCase):
    """What each step moves, found in the entries; what is left, in the balance."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract()

    def setUp(self):
        super().setUp()
        self.start = self.trial_balance()

    def tearDown(self):
        self.assertBooksHold()
        super().tearDown()

    def steps(self, key):
        return [step.amounts for step in load_vectors()[key].steps]

    def assertMoved(self, amounts):
        """The balance moved by exactly this since the last time."""
        now = self.trial_balance()
        moved = {
            purpose: now.get(purpose, 0) - self.start.get(purpose, 0)
            for purpose in {*now, *self.start}
        }
        self.start = now
        self.assertEqual(
            {purpose: amount for purpose, amount in moved.items() if amount},
            {purpose: amount for purpose, amount in amounts.items() if amount},
        )

    def assertClosing(self, key, also=None):
        """The closing balance, with what the ledger leaves out."""
        expected = dict(load_vectors()[key].closing)
        for purpose, amount in (also or {}).items():
            expected[purpose] = expected.get(purpose, 0) + amount
        self.assertEqual(
            self.trial_balance(),
            {key: value for key, value in expected.items() if value},
        )

    def part_of(self, answer):
        """What one claim of a remittance moved, its cash on clearing."""
        amounts = {"clearing": Decimal(str(answer.paid))}
        for line in answer.move_id.sudo().line_ids:
            if line.rcm_remittance_claim_id == answer:
                value = Decimal(str(line.balance))
                amounts[line.rcm_purpose] = amounts.get(line.rcm_purpose, 0) + value
        return {purpose: amount for purpose, amount in amounts.items() if amount}

    def parts(self, remittance):
        """(reversal's part, correction's part)"""
        back = remittance.claim_ids.filtered("reverses_id")
        return self.part_of(back), self.part_of(remittance.claim_ids - back)

    def taken_back(self, claims):
        """What the entries that took local entries back moved."""
        moves = self.env["account.move"].search(
            [
                ("rcm_claim_id", "in", claims.ids),
                ("rcm_kind", "=", "local_entry"),
                ("reversed_entry_id", "!=", False),
            ]
        )
        amounts = {}
        for move in moves:
            for purpose, amount in move._rcm_amounts_by_purpose().items():
                amounts[purpose] = amounts.get(purpose, 0) + amount
        return {purpose: amount for purpose, amount in amounts.items() if amount}

    # ------------------------------------------------------------------
    def test_b_every_step(self):
        steps = self.steps("b")
        claim = self.claim(lines=["600", "400"])
        self.assertMoved(steps[0])
        one, two = claim.line_ids.mapped("line_control_number")

        def said(sign, status, second, **values):
            return era.clp(
                claim.name,
                sign * 1000,
                sign * (240 + second),
                status=status,
                services=[
                    era.svc(sign * 600, sign * 240, ("CO-45", sign * 360), number=one),
                    era.svc(
                        sign * 400,
                        sign * second,
                        ("CO-45" if second else "CO-50", sign * (400 - second)),
                        number=two,
                    ),
                ],
                **values,
            )

        self.assertPosted(self.post(240, said(1, "1", 0)))
        self.assertMoved(steps[1])
        claim._rcm_lose_denial("Appeal lost", Decimal("400.00"), Decimal("240.00"))
        self.assertMoved(steps[2])
        overturn = self.post(
            160, said(-1, "22", 0), said(1, "1", 160, icn="ICN2", original="ICN")
        )
        self.assertPosted(overturn)
        self.assertEqual(self.taken_back(claim), steps[3])
        self.assertEqual(self.parts(overturn), (steps[4], steps[5]))
        self.assertClosing("b")

    def test_c_every_step(self):
        steps = self.steps("c")
        claim = self.claim()
        self.assertMoved(steps[0])
        self.post(320, self.answer(claim, 320, *FULL))
        self.assertMoved(steps[1])
        claim._rcm_create_patient_invoices()
        self.assertMoved(steps[2])
        self.post_remittance(claim, steps[3])
        self.assertMoved(steps[3])
        # Its cash is taken off another claim: as much comes as goes.
        other = self.claim(charge="320")
        self.assertMoved(
            {
                "receivable_payer": 320,
                "revenue": -320,
                "contractual": 192,
                "reserve": -192,
            }
        )
        back = self.post(
            0,
            self.reversal(claim, 320, *FULL),
            self.answer(other, 320),
        )
        self.assertPosted(back)
        reversal, _paid = self.parts(back)
        self.assertEqual(reversal, steps[4])
        both = {
            purpose: steps[5].get(purpose, 0) + steps[6].get(purpose, 0)
            for purpose in {*steps[5], *steps[6]}
        }
        for purpose, amount in steps[4].items():
            both[purpose] = both.get(purpose, 0) + amount
        both["receivable_payer"] -= 320  # the other claim was paid
        both["clearing"] += 320
        self.assertMoved(both)

    def test_l_deposit_before_the_service(self):
        steps = self.steps("l")
        self.post_other(steps[0])
        self.assertMoved(steps[0])
        claim = self.claim()
        self.assertMoved(steps[1])
        self.assertPosted(self.post(320, self.answer(claim, 320, *FULL)))
        self.assertMoved(steps[2])
        claim._rcm_create_patient_invoices()
        self.assertMoved(steps[3])
        for position in (4, 5, 6):
            self.post_other(steps[position], claim)
            self.assertMoved(steps[position])
        self.assertClosing("l")
        self.assertEqual(claim.open_balance, 0)

    def test_o_transfer_before_its_remittance(self):
        steps = self.steps("o")
        for position in (0, 1, 2):
            self.post_other(steps[position])
            self.assertMoved(steps[position])
        payer = self.second
        self.contract(payer, percent=70)
        claim = self.claim(payers=(payer,))
        self.assertMoved(steps[3])
        remittance = self.post(
            700,
            self.answer(claim, 700, ("CO-45", 300)),
            payer_trace="1523456789",
        )
        self.assertPosted(remittance)
        self.assertMoved(steps[4])
        self.assertClosing("o")

    def test_q_every_step(self):
        steps = self.steps("q")
        claim = self.claim()
        self.assertMoved(steps[0])
        self.post(300, self.answer(claim, 300, ("CO-45", 700)))
        self.assertMoved(steps[1])
        claim.variance_ids.action_accept()
        claim._rcm_close()
        self.assertMoved(steps[2])
        both = self.post(
            100,
            self.reversal(claim, 300, ("CO-45", 700)),
            self.answer(claim, 400, ("CO-45", 600), icn="ICN2"),
        )
        self.assertPosted(both)
        self.assertEqual(self.taken_back(claim), steps[3])
        self.assertEqual(self.parts(both), (steps[4], steps[5]))
        self.assertClosing("q")

    def test_r_replacement(self):
        steps = self.steps("r")
        claim = self.claim()
        self.assertMoved(steps[0])
        self.post(400, self.answer(claim, 400, ("CO-45", 600), icn="PCN1"))
        self.assertMoved(steps[1])
        encounter = claim.encounter_id
        encounter._rcm_set_state("reopened")
        late = encounter.charge_ids[:1].copy(
            {"encounter_id": encounter.id, "external_ref": "L1"}
        )
        late.write({"amount": 200, "modifiers": "76"})
        version = claim._rcm_correct("Late charge")
        version._rcm_validate()
        version._rcm_clear()
        version._rcm_mark_submitted(fields.Datetime.now())
        self.assertMoved(steps[2])
        services = [
            era.svc(
                line.charge_amount,
                line.charge_amount * 0.4,
                ("CO-45", line.charge_amount * 0.6),
                number=line.line_control_number,
            )
            for line in version.line_ids
        ]
        both = self.post(
            80,
            self.reversal(claim, 400, ("CO-45", 600), icn="PCN1"),
            era.clp(version.name, 1200, 480, services=services, icn="PCN2"),
        )
        self.assertPosted(both)
        self.assertEqual(self.parts(both), (steps[3], steps[4]))
        self.assertClosing("r")

    def test_s_every_step(self):
        steps = self.steps("s")
        claim = self.claim()
        self.assertMoved(steps[0])
        self.post(400, self.answer(claim, 400, ("CO-45", 600), icn="PCN1"))
        self.assertMoved(steps[1])
        void = claim._rcm_new_version("8", "Billed by mistake")
        void._rcm_mark_submitted(fields.Datetime.now())
        both = dict(steps[2])
        for purpose, amount in steps[3].items():
            both[purpose] = both.get(purpose, 0) + amount
        self.assertMoved(both)
        other = self.claim()
        back = self.post(
            0,
            self.reversal(claim, 400, ("CO-45", 600), icn="PCN1"),
            self.answer(other, 400, ("CO-45", 600)),
        )
        self.assertPosted(back)
        reversal, _paid = self.parts(back)
        self.assertEqual(self.taken_back(claim | void), steps[4])
        self.assertEqual(reversal, steps[5])
        self.assertEqual((claim.state, void.state), ("void", "closed"))

    def test_v_every_step(self):
        steps = self.steps("v")
        demanded, later = self.claim(), self.claim(charge="500")
        self.post(400, self.answer(demanded, 400, ("CO-45", 600)))
        self.start = self.trial_balance()
        for position in (0, 1):
            demanded._rcm_local_entry(
                "overpayment", steps[position], "Payer asked 100 back"
            )
            self.assertMoved(steps[position])
        self.post_other(steps[2])
        self.assertMoved(steps[2])
        memo = self.post(
            500,
            self.answer(later, 500),
            plb=[("72", -100, "R1"), ("WO", 100, "R1")],
        )
        self.assertPosted(memo)
        self.assertMoved(steps[3])
        self.assertEqual(
            set(memo.provider_adjustment_ids.mapped("treatment")), {"memo"}
        )
        demanded._rcm_true_up()
        self.assertMoved(steps[4])
