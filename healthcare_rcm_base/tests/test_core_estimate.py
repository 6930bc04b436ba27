from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core.estimate import Benefits, EstimateLine, estimate, estimate_self_pay

RUNS = settings(max_examples=200, deadline=None, derandomize=True)


def money(text):
    return Decimal(text).quantize(Decimal("0.01"))


def line(charge, allowed):
    return EstimateLine(money(charge), None if allowed is None else money(allowed))


@tagged("post_install", "-at_install")
class TestEstimate(BaseCase):
    """Copay, deductible, coinsurance, limit: in that order, to the cent."""

    def test_worked_cases(self):
        for name, terms, allowed, patient in (
            ("nothing left to the patient", {}, "200", "0"),
            ("copay", {"copay": "30"}, "200", "30"),
            ("copay above what is allowed", {"copay": "30"}, "20", "20"),
            ("deductible takes all", {"deductible_left": "500"}, "200", "200"),
            ("part of it", {"deductible_left": "50"}, "200", "50"),
            ("coinsurance", {"coinsurance_percent": "20"}, "200", "40"),
            ("half cents up", {"coinsurance_percent": "50"}, "0.05", "0.03"),
            (
                "all together",
                {"copay": "30", "deductible_left": "70", "coinsurance_percent": "20"},
                "200",
                "120",
            ),
            (
                "limit",
                {
                    "copay": "30",
                    "deductible_left": "70",
                    "coinsurance_percent": "20",
                    "out_of_pocket_left": "45",
                },
                "200",
                "45",
            ),
            ("limit met", {"copay": "30", "out_of_pocket_left": "0"}, "200", "0"),
        ):
            with self.subTest(name):
                benefits = Benefits(
                    **{key: money(value) for key, value in terms.items()}
                )
                result = estimate([line("300", allowed)], benefits)
                self.assertEqual(result.patient, money(patient))
                self.assertEqual(result.payer, money(allowed) - money(patient))
                self.assertEqual(result.steps[-1].amount, money(patient))

    def test_services_without_a_price_stay_apart(self):
        result = estimate(
            [line("300", "200"), line("80", None)], Benefits(copay=money("30"))
        )
        self.assertEqual(
            (result.charge, result.unknown, result.patient, result.discount),
            (380, 80, 30, 100),
        )

    def test_without_insurance_the_charge_is_owed(self):
        result = estimate_self_pay([line("300", "300"), line("20", "20")])
        self.assertEqual((result.patient, result.payer, result.discount), (320, 0, 0))

    def test_steps_read_like_a_story(self):
        result = estimate(
            [line("300", "200")],
            Benefits(money("30"), money("70"), Decimal("20"), money("45")),
        )
        self.assertEqual(
            [(step.text, step.amount) for step in result.steps],
            [
                ("The plan allows", money("200")),
                ("Copay of the visit", money("30")),
                ("Deductible: 70.00 left to meet, 70.00 here", money("70")),
                ("Coinsurance: 20 % of 100.00", money("20")),
                ("Out-of-pocket limit: 45.00 left, so 75.00 less", money("-75")),
                ("The patient owes", money("45")),
            ],
        )

    cents = st.integers(0, 300_000).map(lambda number: Decimal(number) / 100)
    lines = st.lists(
        st.builds(EstimateLine, cents, st.one_of(st.none(), cents)), max_size=5
    )
    benefits = st.builds(
        Benefits,
        cents,
        cents,
        st.integers(0, 10_000).map(lambda number: Decimal(number) / 100),
        st.one_of(st.none(), cents),
    )

    @RUNS
    @given(lines, benefits)
    def test_parts_add_up_and_stay_within_bounds(self, lines, benefits):
        result = estimate(lines, benefits)
        self.assertEqual(
            result.charge,
            result.discount + result.payer + result.patient + result.unknown,
        )
        self.assertTrue(0 <= result.patient <= result.allowed)
        self.assertGreaterEqual(result.payer, 0)
        if benefits.out_of_pocket_left is not None:
            self.assertLessEqual(result.patient, benefits.out_of_pocket_left)
        between = [step.amount for step in result.steps[1:-1]]
        self.assertEqual(sum(between, Decimal(0)), result.patient)

    @RUNS
    @given(lines, benefits, cents)
    def test_a_worse_plan_never_costs_the_patient_less(self, lines, benefits, more):
        worse = Benefits(
            benefits.copay,
            benefits.deductible_left + more,
            benefits.coinsurance_percent,
            benefits.out_of_pocket_left,
        )
        self.assertGreaterEqual(
            estimate(lines, worse).patient, estimate(lines, benefits).patient
        )
