"""The risk score: a plain sum, its parts, and that more is never less."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..policy import FACTORS, Facts, RiskRule, score, with_risk

D = Decimal
RULES = [
    RiskRule(1, "missing_authorization", 40),
    RiskRule(2, "manual_adjustment", 20, D("0.01")),
    RiskRule(3, "new_vendor_days", 30, D(30)),
    RiskRule(4, "deviation_percent", 20, D(10)),
    RiskRule(5, "deviation_percent", 20, D(25)),
    RiskRule(9, "exception_severity", 15, D(3)),
    RiskRule(6, "amount", 10, D(10000)),
]


def facts(amount="100", **factors):
    measured = tuple((code, D(value)) for code, value in factors.items())
    return Facts("claim", "clear", D(amount), 1, risk_factors=measured)


@tagged("post_install", "-at_install")
class TestRisk(BaseCase):
    def test_each_circumstance(self):
        table = [
            ("nothing", facts(), 0),
            ("authorization missing", facts(missing_authorization="1"), 40),
            ("authorization there", facts(missing_authorization="0"), 0),
            ("adjusted upwards", facts(manual_adjustment="5"), 20),
            ("adjusted downwards", facts(manual_adjustment="-5"), 20),
            ("not adjusted", facts(manual_adjustment="0"), 0),
            ("vendor of today", facts(new_vendor_days="0"), 30),
            ("vendor of the last day", facts(new_vendor_days="29"), 30),
            ("vendor known", facts(new_vendor_days="30"), 0),
            ("deviates little", facts(deviation_percent="9.99"), 0),
            ("deviates", facts(deviation_percent="10"), 20),
            ("a small exception", facts(exception_severity="2"), 0),
            ("a grave exception", facts(exception_severity="3"), 15),
            ("deviates below", facts(deviation_percent="-10"), 20),
            ("deviates much", facts(deviation_percent="25"), 40),
            ("large", facts("10000"), 10),
            ("large credit", facts("-10000"), 10),
            ("everything", facts("10000", missing_authorization="1",
                manual_adjustment="1", new_vendor_days="1", deviation_percent="99"),
             100),
        ]  # fmt: skip
        for title, given_facts, expected in table:
            with self.subTest(title):
                self.assertEqual(score(given_facts, RULES)[0], expected)

    def test_parts_say_what_and_how_much(self):
        measured = facts("10000", deviation_percent="12.5", missing_authorization="1")
        self.assertEqual(
            score(measured, RULES),
            (
                70,
                (
                    ("amount:10000", 10),
                    ("deviation_percent:10", 20),
                    ("missing_authorization", 40),
                ),
            ),
        )

    def test_rules_of_other_documents_and_companies_do_not_count(self):
        rules = [
            replace(RULES[0], document_type="vendor_bill"),
            replace(RULES[0], company=2),
        ]
        self.assertEqual(score(facts(missing_authorization="1"), rules), (0, ()))

    def test_a_score_the_document_states_stays(self):
        stated = replace(facts(missing_authorization="1"), risk=7)
        self.assertEqual(with_risk(stated, RULES).risk, 7)
        self.assertEqual(with_risk(facts(missing_authorization="1"), RULES).risk, 40)

    @settings(deadline=None)
    @given(
        rules=st.lists(
            st.builds(
                RiskRule,
                st.integers(1, 99),
                st.sampled_from(FACTORS),
                st.integers(1, 100),
                st.integers(0, 200).map(D),
            ),
            max_size=8,
        ),
        measured=st.dictionaries(
            st.sampled_from(FACTORS[:-1]), st.integers(-300, 300).map(D), max_size=5
        ),
        order=st.randoms(use_true_random=False),
    )
    def test_the_sum_of_the_parts_and_never_less_with_more_facts(
        self, rules, measured, order
    ):
        everything = facts(**{code: value for code, value in measured.items()})
        risk, parts = score(everything, rules)
        self.assertEqual(risk, min(100, sum(points for _code, points in parts)))
        shuffled = list(rules)
        order.shuffle(shuffled)
        self.assertEqual(score(everything, shuffled)[0], risk)
        for code in measured:
            fewer = {name: value for name, value in measured.items() if name != code}
            self.assertLessEqual(score(facts(**fewer), rules)[0], risk)
