"""The pure policy rules: bands, scope, priority, gaps, overlaps, separation."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..policy import (
    Decider,
    Facts,
    Policy,
    Step,
    evaluate,
    find_gaps,
    find_overlaps,
    may_decide,
)

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

    def test_gaps_between_and_above_the_bands(self):
        upper = policy(2, amount_from=D(6000), amount_to=D(9000), steps=STEP)
        ranges = [(low, high) for _scope, low, high in find_gaps([LOW, upper])]
        self.assertEqual(ranges, [(D(5000), D(6000)), (D(9000), None)])
        self.assertEqual(find_gaps([LOW, HIGH]), [])

    def test_overlapping_bands_are_named(self):
        over = policy(8, amount_from=D(4000), steps=STEP)
        self.assertEqual(find_overlaps([LOW, HIGH]), [])
        pairs = [(a.ref, b.ref) for a, b in find_overlaps([LOW, over])]
        self.assertEqual(pairs, [(1, 8)])

    @given(
        cents=st.integers(-10_000_000, 10_000_000),
        edges=st.sets(st.integers(1, 9_000_000), min_size=1, max_size=6),
    )
    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_complete_bands_always_route_to_exactly_one(self, cents, edges):
        amount = D(cents) / 100
        bounds = [D(0), *(D(edge) / 100 for edge in sorted(edges)), None]
        policies = [
            policy(index, amount_from=low, amount_to=high)
            for index, (low, high) in enumerate(
                zip(bounds, bounds[1:], strict=False), start=1
            )
        ]
        self.assertEqual(find_gaps(policies), [])
        self.assertEqual(find_overlaps(policies), [])
        matched = [
            text
            for text in evaluate(facts(amount), policies).explanation
            if text.endswith((": matched", ": lower_priority"))
        ]
        self.assertEqual(len(matched), 1)


@tagged("post_install", "-at_install")
class TestSeparation(BaseCase):
    def test_who_may_decide(self):
        holder = Decider(5, frozenset({7}))
        cases = [
            (holder, frozenset(), frozenset(), None),
            (Decider(5, frozenset({8})), frozenset(), frozenset(), "missing_role"),
            (holder, frozenset({5}), frozenset(), "own_document"),
            (holder, frozenset(), frozenset({5}), "decided_before"),
        ]
        for decider, preparers, decided, reason in cases:
            with self.subTest(reason=reason):
                self.assertEqual(may_decide(decider, 7, preparers, decided), reason)
