"""Which policy applies: bands, scope, priority, and what is said about the others."""

from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..policy import Facts, Policy, Step, evaluate

D = Decimal
STEP = (Step(1, 10, 7),)


def policy(ref, **values):
    values = {"document_type": "claim", "effect": "clear", **values}
    return Policy(ref, values.pop("name", f"P{ref}"), **values)


def facts(amount, **values):
    values = {"company": 1, "facility": 3, "payer_type": "commercial", **values}
    return Facts("claim", "clear", D(amount), **values)


LOW = policy(1, amount_to=D(5000))
HIGH = policy(2, amount_from=D(5000), steps=STEP)


@tagged("post_install", "-at_install")
class TestRouting(BaseCase):
    def test_bands_meet_at_the_threshold(self):
        cases = [
            ("0", 1),
            ("4999.99", 1),
            ("5000", 2),
            ("5000.01", 2),
            ("-4999.99", 1),
            ("-5000", 2),
        ]
        for amount, ref in cases:
            with self.subTest(amount=amount):
                self.assertEqual(evaluate(facts(amount), [LOW, HIGH]).policy.ref, ref)

    def test_straight_through_only_without_steps(self):
        self.assertTrue(evaluate(facts("1"), [LOW, HIGH]).straight_through)
        self.assertFalse(evaluate(facts("9000"), [LOW, HIGH]).straight_through)

    def test_no_policy_is_no_permission(self):
        routing = evaluate(facts("9000"), [LOW])
        self.assertIsNone(routing.policy)
        self.assertFalse(routing.straight_through)
        self.assertEqual(routing.explanation, ("P1: amount_above",))

    def test_other_documents_and_effects_are_not_considered(self):
        other = policy(3, document_type="remittance", effect="post")
        self.assertEqual(evaluate(facts("1"), [other]).explanation, ())

    def test_narrower_scope_wins_at_equal_priority(self):
        narrow = policy(4, facilities=frozenset({3}), steps=STEP)
        self.assertEqual(evaluate(facts("1"), [LOW, narrow]).policy.ref, 4)
        elsewhere = facts("1", facility=9)
        self.assertEqual(evaluate(elsewhere, [LOW, narrow]).policy.ref, 1)

    def test_priority_beats_specificity(self):
        narrow = policy(4, facilities=frozenset({3}), steps=STEP)
        first = policy(5, priority=1)
        routing = evaluate(facts("1"), [narrow, first])
        self.assertEqual(routing.policy.ref, 5)
        self.assertIn("P4: lower_priority", routing.explanation)

    def test_payer_type_and_company_limit_a_policy(self):
        medicare = policy(6, payer_types=frozenset({"medicare"}))
        foreign = policy(7, company=2)
        routing = evaluate(facts("1"), [medicare, foreign])
        self.assertIsNone(routing.policy)
        self.assertEqual(set(routing.explanation), {"P6: payer_type", "P7: company"})
