"""Each routing case: the policy and the steps it leads to."""

from itertools import permutations

from odoo.tests import BaseCase, tagged

from ..policy import evaluate
from .routing_cases import CASES, POLICIES, facts_of, words


@tagged("post_install", "-at_install")
class TestRoutingTable(BaseCase):
    def test_there_are_enough_cases_and_each_policy_is_reached(self):
        self.assertGreaterEqual(len(CASES), 40)
        self.assertEqual(len({case[0] for case in CASES}), len(CASES))
        reached = {case[4] for case in CASES} - {None}
        self.assertEqual(reached, set(POLICIES))

    def test_each_case(self):
        for title, kind, amount, stated, name, steps in CASES:
            with self.subTest(title):
                policy = evaluate(
                    facts_of(kind, amount, stated), POLICIES.values()
                ).policy
                self.assertEqual(policy and policy.name, name)
                self.assertEqual(policy and words(policy.steps), steps)

    def test_each_case_in_any_order_of_the_policies(self):
        for title, kind, amount, stated, name, _steps in CASES:
            concerned = [one for one in POLICIES.values() if one.document_type == kind]
            for order in list(permutations(concerned))[:: max(1, len(concerned) ** 3)]:
                with self.subTest(title, order=[one.ref for one in order]):
                    policy = evaluate(facts_of(kind, amount, stated), order).policy
                    self.assertEqual(policy and policy.name, name)
