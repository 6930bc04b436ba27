"""Golden vectors G1 to G15 of the reference, from the bytes to the books.

G6 is in ``test_remittance_receive`` (constant traces), G9 and G13 in
``test_remittance_ledger_steps`` (r, q), G11 in
``test_remittance_ledger_takebacks`` (e1).
"""

from odoo.tests import tagged

from . import era
from .remittance_common import RemittanceCase


@tagged("post_install", "-at_install")
class TestRemittanceGolden(RemittanceCase):
    """Each vector received, read, matched, posted; and the invariants hold."""

    def tearDown(self):
        self.assertBooksHold()
        super().tearDown()

    def numbers_of(self, claim):
        return claim.line_ids.mapped("line_control_number")

    def to_second(self, charge, paid, *codes):
        """A claim whose first payer left the rest to the second."""
        self.contract(percent=100)
        claim = self.claim(charge=str(charge), payers=(self.payer, self.second))
        self.assertPosted(self.post(paid, self.answer(claim, paid, *codes)))
        return claim

    def test_g1_claim_level_adjustment_of_a_second_payer(self):
        self.contract(percent=100)
        claim = self.claim(lines=["1800", "63"], payers=(self.payer, self.second))
        one, two = self.numbers_of(claim)
        left = ("PR-1", "98.92")
        first = era.clp(claim.name, 1863, "1764.08", left, patient="98.92")
        self.assertPosted(self.post("1764.08", first))
        second = [
            era.svc(1800, "460.92", ("OA-23", "1339.08"), number=one),
            era.svc(63, "33.68", ("OA-23", "29.32"), number=two),
        ]
        answer = era.clp(
            claim.name,
            1863,
            "98.92",
            ("OA-23", "395.68"),
            status="2",
            services=second,
        )
        remittance = self.post("98.92", answer, payer_trace="1523456789")
        self.assertPosted(remittance)
        self.assertEqual(claim.open_balance, 0)
        self.assertEqual(self.open_receivable(claim, self.second), 0)

    def test_g2_second_payer_with_and_without_the_first_ones_part(self):
        self.contract(percent=75)
        for codes, parked in (
            ((("CO-45", 435),), 1),
            ((("OA-23", 425), ("CO-45", 10)), 0),
        ):
            claim = self.claim(charge="500", payers=(self.payer, self.second))
            self.post(300, self.answer(claim, 300, ("CO-45", 125), ("PR-1", 75)))
            remittance = self.post(
                65,
                self.answer(claim, 65, *codes, status="2"),
                payer_trace="1523456789",
            )
            with self.subTest(parked=parked):
                self.assertPosted(remittance, parked)
                left = self.open_receivable(claim, self.second)
                self.assertEqual(left, 75 if parked else 0)

    def test_g3_bundle(self):
        self.contract(percent=75)
        claim = self.claim(lines=["100", "60"])
        one, two = self.numbers_of(claim)
        services = [
            era.svc(100, 96, ("OA-94", -60), ("CO-45", 40), ("PR-2", 24), number=one),
            era.svc(60, 0, ("CO-97", 60), number=two),
        ]
        answer = era.clp(claim.name, 160, 96, services=services, patient=24)
        self.assertPosted(self.post(96, answer))
        self.assertEqual((claim.paid_amount, claim.contractual_amount), (96, 40))
        self.assertEqual((claim.patient_amount, claim.open_balance), (24, 0))
        self.assertFalse(claim.denial_ids)

    def test_g4_reversal_and_correction(self):
        self.contract(percent=50)
        claim = self.claim(charge="150")
        first = (("CO-45", 75), ("PR-1", 25))
        self.post(50, self.answer(claim, 50, *first))
        both = self.post(
            10,
            self.reversal(claim, 50, *first),
            self.answer(claim, 60, ("CO-45", 75), ("PR-1", 15), icn="ICN2"),
        )
        self.assertPosted(both)
        self.assertEqual((claim.paid_amount, claim.patient_amount), (60, 15))
        self.assertEqual(self.trial_balance()["patient_unbilled"], 15)

    def test_g5_provider_adjustments(self):
        self.contract(percent=100)
        advance = self.post(100, plb=[("PI", -100)])
        self.assertPosted(advance)
        self.assertEqual(self.trial_balance()["payer_advances"], -100)
        claim = self.claim(charge="500")
        held = self.post(400, self.answer(claim, 500), plb=[("WO", 120), ("CS", -20)])
        self.assertEqual(held.state, "held")
        self.assertEqual(self.case_types(held), ["remittance_plb_unmapped"])
        interest = self.claim(charge="100")
        self.assertPosted(
            self.post(105, self.answer(interest, 100, interest=5), plb=[("L6", -5)])
        )

    def test_g7_two_groups_three_payments_one_bad(self):
        self.contract(percent=100)
        claims = [self.claim(charge="100") for _ in range(3)]
        parts = [
            era.st(
                101 if number == 2 else 100,
                self.answer(claim, 100),
                trace=f"G7-{number}",
                number=number,
            )
            for number, claim in enumerate(claims, start=1)
        ]
        whole = era.interchange(parts[0], control=7).decode()
        rest = era.interchange(parts[1], parts[2], control=7).decode()
        group = rest[rest.index("GS*") : rest.index("IEA*")].replace("GE*2*7", "GE*2*8")
        group = group.replace("*0900*7*X*", "*0900*8*X*")
        content = whole.replace("IEA*1*", f"{group}IEA*2*").encode()
        found = self.receive(content).remittance_ids
        self.assertEqual(len(found), 3)
        found._rcm_process()
        self.assertEqual(
            found.sorted("trace").mapped("state"), ["posted", "rejected", "posted"]
        )
        self.assertEqual([claim.paid_amount for claim in claims], [100, 0, 100])

    def test_g8_other_procedure_qualifiers(self):
        self.contract(percent=100)
        for qualifier in ("NU", "HP", "AD", "N4"):
            claim = self.claim(charge="100")
            [number] = self.numbers_of(claim)
            service = era.svc(100, 100, number=number)
            service[0] = service[0].replace("HC:", f"{qualifier}:")
            answer = era.clp(claim.name, 100, 100, services=[service])
            with self.subTest(qualifier=qualifier):
                self.assertPosted(self.post(100, answer))
                self.assertEqual(claim.open_balance, 0)

    def test_g10_split_claim(self):
        self.contract(percent=100)
        claim = self.claim(lines=["60", "40"])
        one, two = self.numbers_of(claim)
        part = self.post(
            60,
            era.clp(
                claim.name,
                60,
                60,
                icn="S1",
                remarks=("MA15",),
                services=[era.svc(60, 60, number=one)],
            ),
        )
        self.assertPosted(part)
        self.assertEqual(claim.open_balance, 40)
        self.assertPosted(
            self.post(
                40,
                era.clp(
                    claim.name,
                    40,
                    40,
                    icn="S2",
                    remarks=("MA15",),
                    services=[era.svc(40, 40, number=two)],
                ),
            )
        )
        self.assertEqual((claim.paid_amount, claim.open_balance), (100, 0))

    def test_g12_interest_taken_back(self):
        self.contract(percent=100)
        claim, other = self.claim(charge="100"), self.claim(charge="300")
        self.post(105, self.answer(claim, 100, interest=5), plb=[("L6", -5)])
        back = self.post(
            195,
            self.reversal(claim, 100, interest=-5),
            self.answer(other, 300),
            plb=[("L6", 5)],
        )
        self.assertPosted(back)
        self.assertNotIn("interest_income", self.trial_balance())

    def test_g14_paid_above_what_is_left(self):
        claim = self.to_second(541, 516, ("PR-2", 25))
        remittance = self.post(
            34,
            self.answer(claim, 34, ("OA-23", 516), ("OA-94", -9), status="2"),
            payer_trace="1523456789",
        )
        self.assertPosted(remittance)
        self.assertEqual(self.trial_balance()["reserve"], -9)
        self.assertEqual(self.open_receivable(claim, self.second), 0)

    def test_g15_reversal_of_the_old_version(self):
        """4010: everything of a reversal under CR, and no PR in it."""
        self.payer.accept_4010 = True
        self.contract(percent=50)
        claim, other = self.claim(charge="150"), self.claim(charge="50")
        self.post(50, self.answer(claim, 50, ("CO-45", 75), ("PR-1", 25)))
        back = self.answer(
            claim,
            -50,
            ("CR-45", -75),
            ("CR-1", -25),
            charge=-150,
            status="22",
            patient=0,
        )
        remittance = self.post(0, back, self.answer(other, 50), version="004010X091A1")
        self.assertPosted(remittance)
        self.assertEqual((claim.paid_amount, claim.patient_amount), (0, 0))
        self.assertNotIn("patient_unbilled", self.trial_balance())

    def test_old_version_of_another_payer_waits(self):
        self.contract(percent=100)
        claim = self.claim(charge="50")
        remittance = self.post(50, self.answer(claim, 50), version="004010X091A1")
        self.assertEqual(remittance.state, "held")
        self.payer.accept_4010 = True
        self.assertTrue(remittance.retry)
        remittance._rcm_process()
        self.assertPosted(remittance)
