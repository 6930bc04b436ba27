from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core.timely_filing import (
    DECIDED,
    UNSENT,
    Clock,
    FilingFacts,
    Limits,
    clocks,
)

LIMITS = Limits(original=90, corrected=180, secondary=60, appeal=120)
SERVICE = date(2026, 3, 2)
DECIDED_ON = date(2026, 4, 1)
facts_strategy = st.builds(
    FilingFacts,
    state=st.sampled_from(
        [*UNSENT, *DECIDED, "submitted", "accepted", "closed", "void", "superseded"]
    ),
    service_end=st.none() | st.dates(date(2020, 1, 1), date(2027, 1, 1)),
    limits=st.builds(Limits, *[st.integers(0, 730)] * 4),
    is_correction=st.booleans(),
    replaced_on=st.none() | st.dates(date(2020, 1, 1), date(2027, 1, 1)),
    decided_on=st.none() | st.dates(date(2020, 1, 1), date(2027, 1, 1)),
    next_limits=st.none() | st.builds(Limits, *[st.integers(0, 730)] * 4),
    denied=st.booleans(),
)


@tagged("post_install", "-at_install")
class TestTimelyFiling(BaseCase):
    """One clock for each way of asking a payer."""

    def facts(self, **values):
        return replace(FilingFacts("cleared", SERVICE, LIMITS), **values)

    def test_each_clock_counts_from_its_own_day(self):
        later = Limits(secondary=45)
        for values, kind, start, days in (
            ({}, "original", SERVICE, 90),
            ({"state": "rejected"}, "original", SERVICE, 90),
            ({"state": "pending_interface"}, "original", SERVICE, 90),
            (
                {
                    "state": "pending_interface",
                    "decided_on": DECIDED_ON,
                    "next_limits": later,
                },
                "secondary",
                DECIDED_ON,
                45,
            ),
            (
                {"is_correction": True, "replaced_on": DECIDED_ON},
                "corrected",
                DECIDED_ON,
                180,
            ),
            (
                {
                    "state": "adjudicated",
                    "decided_on": DECIDED_ON,
                    "next_limits": later,
                },
                "secondary",
                DECIDED_ON,
                45,
            ),
            (
                {"state": "adjudicated", "decided_on": DECIDED_ON, "denied": True},
                "appeal",
                DECIDED_ON,
                120,
            ),
        ):
            with self.subTest(kind=kind, **values):
                expected = Clock(start + timedelta(days=days), kind)
                self.assertEqual(clocks(self.facts(**values)), [expected])

    def test_a_correction_of_what_was_never_decided_is_still_the_original(self):
        found = clocks(self.facts(is_correction=True))
        self.assertEqual([clock.kind for clock in found], ["original"])

    def test_nothing_runs_while_the_payer_decides_or_without_a_limit(self):
        for values in (
            {"state": "submitted"},
            {"state": "accepted"},
            {"state": "closed"},
            {"limits": Limits()},
            {"service_end": None},
            {"state": "adjudicated", "decided_on": DECIDED_ON},
        ):
            with self.subTest(values):
                self.assertEqual(clocks(self.facts(**values)), [])

    def test_the_last_day_is_in_time_and_the_next_is_late(self):
        clock = Clock(date(2026, 5, 31), "original")
        for day, left, status in (
            (date(2026, 5, 1), 30, "open"),
            (date(2026, 5, 17), 14, "near"),
            (date(2026, 5, 31), 0, "near"),
            (date(2026, 6, 1), -1, "passed"),
        ):
            with self.subTest(day):
                self.assertEqual(clock.days_left(day), left)
                self.assertEqual(clock.status(day, 14), status)

    @settings(max_examples=300, deadline=None)
    @given(facts_strategy)
    def test_nearest_first_and_never_before_it_starts(self, facts):
        found = clocks(facts)
        self.assertEqual(found, sorted(found))
        self.assertLessEqual(len(found), 2)
        starts = [facts.service_end, facts.replaced_on, facts.decided_on]
        for clock in found:
            self.assertTrue(any(day and day < clock.deadline for day in starts))

    @settings(max_examples=200, deadline=None)
    @given(facts_strategy, st.integers(1, 400))
    def test_a_longer_limit_never_brings_a_deadline_forward(self, facts, more):
        longer = replace(
            facts,
            limits=Limits(
                *(
                    days and days + more
                    for days in (
                        facts.limits.original,
                        facts.limits.corrected,
                        facts.limits.secondary,
                        facts.limits.appeal,
                    )
                )
            ),
        )
        before = {clock.kind: clock.deadline for clock in clocks(facts)}
        after = {clock.kind: clock.deadline for clock in clocks(longer)}
        self.assertEqual(before.keys(), after.keys())
        for kind, deadline in before.items():
            self.assertGreaterEqual(after[kind], deadline)
