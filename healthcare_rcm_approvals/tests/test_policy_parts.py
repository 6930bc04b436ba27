"""Documents of several parts are judged by their strictest one."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..policy import Facts, Policy, Step, evaluate
from . import policy_strategies as some

ONE = (Step(1, 10, 1),)
TWO = (Step(1, 10, 1), Step(2, 20, 2))
WARD, LAB, UTILITIES = 1, 2, 3


def part(**scope):
    return tuple(sorted(scope.items()))


def policies():
    return [
        Policy(1, "any", "vendor_bill", steps=ONE),
        Policy(2, "lab", "vendor_bill", departments=frozenset({LAB}), steps=TWO),
        Policy(3, "utilities", "vendor_bill", departments=frozenset({UTILITIES})),
    ]


def bill(*departments):
    return Facts(
        "vendor_bill",
        "post",
        Decimal(500),
        1,
        department=departments[0],
        parts=tuple(part(department=one) for one in departments),
    )


@tagged("post_install", "-at_install")
class TestParts(BaseCase):
    def name_of(self, *departments, among=None):
        policy = evaluate(bill(*departments), among or policies()).policy
        return policy and policy.name

    def test_table(self):
        for departments, name in (
            ((WARD,), "any"),
            ((UTILITIES,), "utilities"),
            ((UTILITIES, WARD), "any"),
            ((WARD, UTILITIES), "any"),
            ((UTILITIES, LAB), "lab"),
            ((WARD, LAB, UTILITIES), "lab"),
            ((WARD, None), "any"),
            ((UTILITIES, None), "any"),
        ):
            with self.subTest(departments=departments):
                self.assertEqual(self.name_of(*departments), name)

    def test_a_part_that_nothing_covers_stops_the_whole(self):
        only = [one for one in policies() if one.departments]
        self.assertEqual(self.name_of(LAB, among=only), "lab")
        self.assertIsNone(self.name_of(LAB, WARD, among=only))

    def test_the_judged_part_is_told(self):
        routing = evaluate(bill(UTILITIES, LAB), policies())
        self.assertEqual(routing.facts.department, LAB)
        self.assertFalse(routing.facts.parts)

    @settings(deadline=None)
    @given(
        facts=some.facts(),
        others=st.lists(some.facts(), min_size=1, max_size=3),
        policies=some.policy_sets(),
    )
    def test_never_kinder_than_to_any_of_its_parts(self, facts, others, policies):
        scopes = [
            {
                "facility": one.facility,
                "department": one.department,
                "payer_type": one.payer_type,
                "vendor_categories": one.vendor_categories,
                "contract_type": one.contract_type,
            }
            for one in (facts, *others)
        ]
        whole = evaluate(
            replace(facts, parts=tuple(part(**one) for one in scopes)), policies
        )
        for scope in scopes:
            alone = evaluate(replace(facts, **scope), policies).policy
            if alone is None:
                self.assertIsNone(whole.policy)
            elif whole.policy is not None:
                self.assertGreaterEqual(whole.policy.strictness, alone.strictness)

    @settings(deadline=None)
    @given(facts=some.facts(), policies=some.policy_sets())
    def test_equal_parts_are_one(self, facts, policies):
        scope = part(facility=facts.facility, department=facts.department)
        twice = replace(facts, parts=(scope, scope))
        self.assertEqual(
            evaluate(twice, policies).policy, evaluate(facts, policies).policy
        )
