"""Gaps, overlaps, loosenings and inversions, one example of each."""

from datetime import date, timedelta
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..policy import (
    Policy,
    Step,
    find_all,
    find_gaps,
    find_inversions,
    find_loosenings,
    find_overlaps,
)

D = Decimal
ONE = (Step(1, 10, 7),)
TWO = (Step(1, 10, 7), Step(2, 20, 8))
TODAY = date(2026, 6, 15)


def policy(ref, low=0, high=None, **values):
    return Policy(
        ref,
        f"P{ref}",
        "refund",
        amount_from=D(low),
        amount_to=None if high is None else D(high),
        **values,
    )


def spans(gaps):
    return [(gap.amount_from, gap.amount_to) for gap in gaps]


def pairs(findings):
    return [(finding.first.ref, finding.second.ref) for finding in findings]


@tagged("post_install", "-at_install")
class TestGaps(BaseCase):
    def test_between_and_above_the_bands(self):
        gaps = find_gaps([policy(1, 0, 50), policy(2, 60, 90)])
        self.assertEqual(spans(gaps), [(D(50), D(60)), (D(90), None)])
        self.assertEqual({gap.document_type for gap in gaps}, {"refund"})

    def test_a_type_without_any_policy(self):
        (gap,) = find_gaps([], ["refund"])
        self.assertEqual((gap.amount_from, gap.amount_to), (D(0), None))
        self.assertIsNone(gap.valid_from)

    def test_narrower_policies_close_no_gap(self):
        for name, value in (
            ("facilities", frozenset({3})),
            ("departments", frozenset({3})),
            ("payer_types", frozenset({"medicare"})),
            ("vendor_categories", frozenset({3})),
            ("contract_types", frozenset({"funded"})),
            ("domain", "[('id', '>', 0)]"),
            ("effect", "pay"),
        ):
            with self.subTest(condition=name):
                narrow = policy(2, 50, **{name: value})
                gaps = find_gaps([policy(1, 0, 50), narrow])
                self.assertEqual(spans(gaps), [(D(50), None)])

    def test_a_risk_nobody_covers(self):
        (gap,) = find_gaps([policy(1, risk_to=40), policy(2, 0, 100, risk_from=40)])
        self.assertEqual((gap.risk_from, gap.risk_to), (40, None))
        self.assertEqual((gap.amount_from, gap.amount_to), (D(100), None))

    def test_days_nobody_covers(self):
        first = policy(1, valid_to=TODAY + timedelta(days=9))
        second = policy(2, valid_from=TODAY + timedelta(days=15))
        (gap,) = find_gaps([first, second], start=TODAY)
        self.assertEqual(
            (gap.valid_from, gap.valid_to),
            (TODAY + timedelta(days=10), TODAY + timedelta(days=14)),
        )

    def test_a_policy_that_ends_leaves_a_gap_after_its_last_day(self):
        (gap,) = find_gaps([policy(1, valid_to=TODAY)], start=TODAY)
        self.assertEqual(gap.valid_from, TODAY + timedelta(days=1))
        self.assertIsNone(gap.valid_to)

    def test_what_is_past_is_no_gap(self):
        old = policy(1, valid_from=TODAY - timedelta(days=400))
        self.assertEqual(find_gaps([old], start=TODAY), [])

    def test_each_company_for_itself_and_the_common_gap_once(self):
        shared, own = policy(1, 0, 50), policy(2, 50, company=2)
        (gap,) = find_gaps([shared, own], companies=[1, 2])
        self.assertEqual((gap.company, gap.amount_from), (1, D(50)))
        (gap,) = find_gaps([shared], companies=[1, 2])
        self.assertIsNone(gap.company)


@tagged("post_install", "-at_install")
class TestOverlaps(BaseCase):
    def test_bands_that_meet_do_not_overlap(self):
        self.assertEqual(find_overlaps([policy(1, 0, 50), policy(2, 50)]), [])

    def test_the_shared_band_is_named(self):
        (found,) = find_overlaps([policy(1, 0, 50), policy(2, 40, steps=ONE)])
        self.assertEqual((found.amount_from, found.amount_to), (D(40), D(50)))
        self.assertEqual(found.first.ref, 2)

    def test_another_priority_or_scope_decides(self):
        base = policy(1, 0, 50)
        for values in (
            {"priority": 5},
            {"facilities": frozenset({3})},
            {"company": 1},
            {"risk_from": 40},
            {"domain": "[('id', '>', 0)]"},
        ):
            with self.subTest(**values):
                self.assertEqual(find_overlaps([base, policy(2, 0, 50, **values)]), [])

    def test_days_apart_do_not_overlap(self):
        first = policy(1, valid_from=TODAY, valid_to=TODAY)
        second = policy(2, valid_from=TODAY + timedelta(days=1), valid_to=date.max)
        second = policy(
            2,
            valid_from=TODAY + timedelta(days=1),
            valid_to=TODAY + timedelta(days=2),
        )
        self.assertEqual(find_overlaps([first, second]), [])
        third = policy(3, valid_from=TODAY, valid_to=TODAY + timedelta(days=1))
        (found,) = find_overlaps([first, third])
        self.assertEqual((found.valid_from, found.valid_to), (TODAY, TODAY))


@tagged("post_install", "-at_install")
class TestWeakSpots(BaseCase):
    def test_an_exemption_is_a_loosening(self):
        strict = policy(1, steps=TWO)
        exempt = policy(2, facilities=frozenset({3}))
        (found,) = find_loosenings([strict, exempt])
        self.assertEqual((found.first.ref, found.second.ref), (2, 1))
        self.assertEqual(find_loosenings([policy(1), policy(2, steps=ONE)]), [])

    def test_approval_by_waiting_is_less_strict_than_by_people(self):
        waiting = policy(2, priority=5, steps=ONE, auto_after_hours=8)
        (found,) = find_loosenings([policy(1, steps=ONE), waiting])
        self.assertEqual(found.first.ref, 2)

    def test_scopes_that_cannot_meet_loosen_nothing(self):
        strict = policy(1, facilities=frozenset({1}), steps=ONE)
        for values in (
            {"facilities": frozenset({2})},
            {"facilities": frozenset({1}), "company": 2},
        ):
            other = policy(2, priority=5, **values)
            strict_here = (
                policy(1, facilities=frozenset({1}), company=1, steps=ONE)
                if "company" in values
                else strict
            )
            self.assertEqual(find_loosenings([strict_here, other]), [])

    def test_more_money_with_fewer_people_is_an_inversion(self):
        found = find_inversions([policy(1, 0, 50, steps=TWO), policy(2, 50, steps=ONE)])
        self.assertEqual(pairs(found), [(2, 1)])
        self.assertEqual(found[0].amount_from, D(50))
        growing = [
            policy(1, 0, 50),
            policy(2, 50, 90, steps=ONE),
            policy(3, 90, steps=TWO),
        ]
        self.assertEqual(find_inversions(growing), [])

    def test_an_inversion_within_a_narrow_scope(self):
        general = [policy(1, 0, 50), policy(2, 50, steps=ONE)]
        narrow = policy(3, 0, 40, facilities=frozenset({3}), steps=ONE)
        self.assertEqual(pairs(find_inversions([*general, narrow])), [(1, 3)])

    def test_everything_at_once_in_order(self):
        kinds = [
            finding.kind
            for finding in find_all(
                [policy(1, 10, steps=TWO), policy(2, 10, priority=5), policy(3, 10)],
                ["refund"],
                start=TODAY,
            )
        ]
        self.assertEqual(kinds, ["gap", "overlap", "loosening"])

    def test_policies_that_ended_are_not_judged(self):
        ended = policy(1, valid_to=TODAY - timedelta(days=1), steps=TWO)
        self.assertEqual(find_all([ended, policy(2)], ["refund"], start=TODAY), [])
