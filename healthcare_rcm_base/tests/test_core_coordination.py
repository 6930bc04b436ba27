from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core import coordination
from ..core.coordination import CoverageFacts, order, warnings

DAY = date(2026, 3, 2)
coverages = st.lists(
    st.builds(
        CoverageFacts,
        key=st.integers(1, 10**6),
        plan_type=st.sampled_from(
            ["commercial", "medicare", "medicaid", "workers_comp", "auto", "other"]
        ),
        sequence=st.integers(1, 5),
        fixed=st.booleans(),
        in_force=st.booleans(),
        relationship=st.sampled_from(["self", "spouse", "child", "other"]),
        basis=st.sampled_from(["", "active_job", "former_job", "cobra", "individual"]),
        employer_size=st.sampled_from(["", "small", "middle", "large"]),
        medicare_reason=st.sampled_from(["", "age", "disability", "esrd"]),
        esrd_from=st.one_of(st.none(), st.dates(date(2020, 1, 1), date(2026, 1, 1))),
        subscriber_birth_date=st.one_of(st.none(), st.dates(date(1950, 1, 1), DAY)),
        court_ordered=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda one: one.key,
)


def plan(key, plan_type="commercial", **values):
    return CoverageFacts(key, plan_type, **{"sequence": key, **values})


def told(*given_coverages, day=DAY):
    return [(turn.key, turn.reason) for turn in order(given_coverages, day)]


@tagged("post_install", "-at_install")
class TestCoordination(BaseCase):
    """Who pays first, and why."""

    # ------------------------------------------------------------------
    # Properties
    # ------------------------------------------------------------------
    @settings(max_examples=200, deadline=None)
    @given(coverages, st.randoms())
    def test_everybody_has_one_place_however_they_are_given(self, given_ones, rng):
        turns = order(given_ones, DAY)
        self.assertEqual({turn.key for turn in turns}, {one.key for one in given_ones})
        self.assertEqual(
            [turn.place for turn in turns], list(range(1, len(given_ones) + 1))
        )
        shuffled = list(given_ones)
        rng.shuffle(shuffled)
        self.assertEqual(order(shuffled, DAY), turns)

    @settings(max_examples=200, deadline=None)
    @given(coverages)
    def test_medicaid_is_behind_everybody_in_force_that_nobody_fixed(self, given_ones):
        free = [replace(one, fixed=False, in_force=True) for one in given_ones]
        kinds = {one.key: one.plan_type for one in free}
        found = [kinds[turn.key] == "medicaid" for turn in order(free, DAY)]
        self.assertEqual(found, sorted(found))

    @settings(max_examples=200, deadline=None)
    @given(coverages)
    def test_work_and_car_accidents_come_first(self, given_ones):
        free = [replace(one, fixed=False, in_force=True) for one in given_ones]
        kinds = {one.key: one.plan_type for one in free}
        found = [
            kinds[turn.key] not in coordination.LIABILITY for turn in order(free, DAY)
        ]
        self.assertEqual(found, sorted(found))

    # ------------------------------------------------------------------
    # Medicare
    # ------------------------------------------------------------------
    def test_medicare_and_a_group_plan(self):
        aged = plan(1, "medicare", medicare_reason="age")
        disabled = plan(1, "medicare", medicare_reason="disability")
        job = {"basis": "active_job"}
        for label, medicare, values, first, reason in (
            ("aged, 20 employees", aged, {**job, "employer_size": "middle"}, 2,
             "working_aged"),
            ("aged, spouse's job", aged,
             {**job, "employer_size": "large", "relationship": "spouse"}, 2,
             "working_aged"),
            ("aged, small employer", aged, {**job, "employer_size": "small"}, 1,
             "small_employer"),
            ("aged, child's job", aged,
             {**job, "employer_size": "large", "relationship": "child"}, 1,
             "medicare_before_plan"),
            ("aged, retired", aged, {"basis": "former_job"}, 1,
             "medicare_before_former_job"),
            ("disabled, 100 employees", disabled, {**job, "employer_size": "large"}, 2,
             "disabled_large_group"),
            ("disabled, 50 employees", disabled, {**job, "employer_size": "middle"}, 1,
             "small_employer"),
            ("size unknown", aged, job, 1, "facts_missing"),
            ("job unknown", aged, {"employer_size": "large"}, 1, "facts_missing"),
        ):  # fmt: skip
            with self.subTest(label):
                found = told(medicare, plan(2, **values))
                self.assertEqual(found[0][0], first)
                self.assertEqual(dict(found)[2], reason)

    def test_kidney_disease_changes_the_order_after_thirty_months(self):
        job = plan(2, basis="cobra")
        for start, first in (
            (date(2024, 3, 1), 2),
            (date(2023, 10, 1), 2),
            (date(2023, 9, 15), 1),
            (date(2023, 9, 1), 1),
            (date(2020, 1, 1), 1),
        ):
            with self.subTest(start=start):
                medicare = plan(1, "medicare", medicare_reason="esrd", esrd_from=start)
                self.assertEqual(told(medicare, job)[0][0], first)
        no_month = plan(1, "medicare", medicare_reason="esrd")
        self.assertEqual(dict(told(no_month, job))[2], "facts_missing")

    def test_a_medigap_or_unknown_plan_keeps_the_given_order(self):
        self.assertEqual(
            told(plan(2, "medicare"), plan(1)),
            [(1, "facts_missing"), (2, "medicare")],
        )

    # ------------------------------------------------------------------
    # Families
    # ------------------------------------------------------------------
    def test_the_birthday_rule_counts_month_and_day_only(self):
        mother = plan(1, relationship="child", subscriber_birth_date=date(1980, 9, 1))
        father = plan(2, relationship="child", subscriber_birth_date=date(1990, 3, 1))
        self.assertEqual(
            told(mother, father), [(2, "birthday_rule"), (1, "birthday_rule")]
        )

    def test_without_both_birthdays_the_given_order_stands_and_says_so(self):
        mother = plan(1, relationship="child", subscriber_birth_date=date(1980, 9, 1))
        father = plan(2, relationship="child")
        self.assertEqual(told(mother, father)[0], (1, "birthday_missing"))
        self.assertEqual(told(father, mother), told(mother, father))

    def test_a_court_order_beats_the_birthday(self):
        mother = plan(1, relationship="child", subscriber_birth_date=date(1980, 9, 1),
                      court_ordered=True)  # fmt: skip
        father = plan(2, relationship="child", subscriber_birth_date=date(1990, 3, 1))
        self.assertEqual(
            told(mother, father), [(1, "court_order"), (2, "after_court_order")]
        )

    def test_ones_own_plan_before_the_familys_and_a_job_before_a_former_one(self):
        self.assertEqual(
            told(plan(1, relationship="spouse"), plan(2)),
            [(2, "own_plan"), (1, "plan_of_family")],
        )
        self.assertEqual(
            told(plan(1, basis="cobra"), plan(2, basis="active_job")),
            [(2, "active_job"), (1, "former_job")],
        )

    # ------------------------------------------------------------------
    # The rest
    # ------------------------------------------------------------------
    def test_everything_at_once(self):
        found = told(
            plan(1, "medicaid"),
            plan(2, "medicare", medicare_reason="age"),
            plan(3, basis="active_job", employer_size="large"),
            plan(4, "auto"),
        )
        self.assertEqual([key for key, _reason in found], [4, 3, 2, 1])

    def test_a_place_somebody_fixed_is_kept(self):
        found = told(plan(1, "medicaid", fixed=True), plan(2), plan(3))
        self.assertEqual(found[0], (1, "by_person"))
        self.assertEqual([key for key, _reason in found], [1, 2, 3])

    def test_what_is_not_in_force_pays_nobody(self):
        found = told(plan(1, in_force=False), plan(2, "medicaid"))
        self.assertEqual(found, [(2, "medicaid_last"), (1, "not_in_force")])

    def test_warnings(self):
        born = date(1990, 1, 1)
        for label, facts, expected in (
            ("fits", plan(1), ()),
            ("Medicare of a spouse",
             plan(1, "medicare", relationship="spouse", medicare_reason="age"),
             ("government_plan_not_self",)),
            ("child of 36", plan(1, relationship="child"), ("child_too_old",)),
            ("other birth date", plan(1, subscriber_birth_date=date(1990, 1, 2)),
             ("subscriber_is_patient",)),
            ("why Medicare", plan(1, "medicare"), ("medicare_reason_missing",)),
            ("ESRD since", plan(1, "medicare", medicare_reason="esrd"),
             ("esrd_month_missing",)),
        ):  # fmt: skip
            with self.subTest(label):
                self.assertEqual(warnings(facts, born, DAY), expected)
        young = warnings(
            plan(1, relationship="child", subscriber_birth_date=date(2021, 1, 1)),
            date(2020, 1, 1),
            DAY,
        )
        self.assertEqual(young, ("subscriber_younger_than_child",))
