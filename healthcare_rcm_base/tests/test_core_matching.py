from dataclasses import fields, replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core import matching
from ..core.matching import LIKELY, NONE, SURE, Policy, compare, decide

names = st.sampled_from(
    ["", "Ada", "Ado", "José", "Jose", "Mary Ann", "O'Neil", "Oneil Jr.", "Li", "Xu"]
)
people = st.builds(
    matching.person,
    key=st.integers(1, 10**6),
    first_name=names,
    last_name=names,
    birth_date=st.one_of(
        st.none(),
        st.dates(date(1980, 1, 1), date(1980, 12, 31)),
        st.just(date(1990, 2, 3)),
    ),
    sex=st.sampled_from(["F", "M", "U", ""]),
    middle_name=st.sampled_from(["", "J", "Jane", "Kate"]),
    street=st.sampled_from(["", "1 Main Street", "1 main st", "9 Elm Avenue Apt 4"]),
    zip_code=st.sampled_from(["", "45501", "45501-1234", "10001"]),
    phone=st.sampled_from(["", "555-0100", "(937) 555-0100", "+1 937 555 0100"]),
    mrns=st.lists(
        st.tuples(st.sampled_from("AB"), st.sampled_from(["1", "2", ""])), max_size=2
    ),
    members=st.lists(
        st.tuples(st.sampled_from("PQ"), st.sampled_from(["m1", "M1 ", "m2"])),
        max_size=2,
    ),
)


def ada(**values):
    given_values = {
        "first_name": "Ada",
        "last_name": "Alder",
        "birth_date": date(1980, 1, 12),
        "sex": "F",
        "street": "1 Hidden Lane",
        "zip_code": "45501",
        "phone": "937 555 0100",
        **values,
    }
    return matching.person(**given_values)


@tagged("post_install", "-at_install")
class TestMatching(BaseCase):
    """Who is who, decided the same way whoever is asked first."""

    def test_middle_names_tell_apart_but_initials_do_not(self):
        def verdict(mine, theirs):
            one, other = ada(middle_name=mine), ada(middle_name=theirs)
            found = matching.compare(one, other)
            self.assertEqual(found, matching.compare(other, one))
            return found.result, "other_middle_name" in found.reasons

        for mine, theirs in (("", "Jane"), ("J.", "Jane"), ("Jane", "JANE")):
            with self.subTest(mine=mine, theirs=theirs):
                self.assertEqual(verdict(mine, theirs), (matching.SURE, False))
        for mine, theirs in (("Jane", "Kate"), ("J", "K"), ("Jane", "Josephine")):
            with self.subTest(mine=mine, theirs=theirs):
                self.assertEqual(verdict(mine, theirs), (matching.LIKELY, True))

    # ------------------------------------------------------------------
    # Properties
    # ------------------------------------------------------------------
    @settings(max_examples=300, deadline=None)
    @given(people, people)
    def test_comparison_is_symmetric(self, one, other):
        self.assertEqual(compare(one, other), compare(other, one))

    @settings(max_examples=200, deadline=None)
    @given(
        people, st.lists(people, max_size=6, unique_by=lambda p: p.key), st.randoms()
    )
    def test_the_order_of_candidates_is_irrelevant(self, who, candidates, rng):
        shuffled = list(candidates)
        rng.shuffle(shuffled)
        self.assertEqual(decide(who, candidates), decide(who, shuffled))

    @settings(max_examples=200, deadline=None)
    @given(people)
    def test_the_same_person_with_a_key_is_sure(self, who):
        """Equal with a deterministic key: sure, whatever else is known."""
        keyed = replace(who, mrns=frozenset({("A", "77")}))
        self.assertEqual(decide(keyed, [keyed]).result, SURE)

    @settings(max_examples=200, deadline=None)
    @given(people, people)
    def test_scores_and_parts_stay_in_range(self, one, other):
        found = compare(one, other)
        self.assertTrue(0 <= found.score <= 100)
        for value in found.parts.values():
            self.assertTrue(value is None or 0 <= value <= 100)

    @settings(max_examples=200, deadline=None)
    @given(people, people)
    def test_a_contradiction_is_never_sure_without_a_number(self, one, other):
        found = compare(one, other)
        against = [code for code in found.reasons if code.startswith("other_")]
        if against and "same_mrn" not in found.reasons:
            self.assertNotEqual(found.result, SURE)

    @settings(max_examples=200, deadline=None)
    @given(people)
    def test_equal_people_share_their_blocking_keys(self, who):
        again = replace(who, key=who.key + 1)
        self.assertEqual(matching.blocking_keys(who), matching.blocking_keys(again))

    def test_no_money_is_looked_at(self):
        named = {item.name for item in fields(matching.Person)}
        self.assertFalse(
            {name for name in named if "amount" in name or "balance" in name}
        )

    # ------------------------------------------------------------------
    # Keys
    # ------------------------------------------------------------------
    def test_the_number_of_the_facility_is_sure(self):
        known = ada(key=1, mrns=[("MAIN", "M1")])
        asked = ada(last_name="Birch", street="", mrns=[("MAIN", " m1 ")])
        self.assertEqual(decide(asked, [known]).result, SURE)

    def test_a_number_on_quite_another_person_is_for_a_person(self):
        known = ada(key=1, mrns=[("MAIN", "M1")])
        asked = ada(
            first_name="Zoltan", birth_date=date(2001, 5, 5), mrns=[("MAIN", "M1")]
        )
        self.assertEqual(decide(asked, [known]).result, LIKELY)

    def test_member_id_with_birth_date_is_sure_but_not_for_twins(self):
        known = ada(key=1, members=[("ACME", "W1")])
        moved = ada(last_name="Birch", street="", phone="", members=[("ACME", "w1")])
        twin = ada(first_name="Zoltan", members=[("ACME", "W1")])
        self.assertEqual(decide(moved, [known]).result, SURE)
        self.assertEqual(decide(twin, [known]).result, LIKELY)

    def test_two_sure_candidates_are_one_too_many(self):
        both = [ada(key=1, mrns=[("A", "1")]), ada(key=2, mrns=[("B", "1")])]
        found = decide(ada(mrns=[("A", "1"), ("B", "1")]), both)
        self.assertEqual(found.result, LIKELY)
        self.assertIn("several_sure", found.reasons)

    # ------------------------------------------------------------------
    # Scores
    # ------------------------------------------------------------------
    def test_what_each_difference_comes_to(self):
        known = ada(key=1)
        for label, asked, result in (
            ("equal", ada(), SURE),
            ("accents and case", ada(first_name="ÁDA", last_name="alder jr"), SURE),
            ("address written otherwise", ada(street="1 hidden ln."), SURE),
            ("no phone", ada(phone=""), SURE),
            ("only name and birth date", ada(street="", phone=""), LIKELY),
            (
                "moved, other phone",
                ada(street="9 Elm", zip_code="1", phone="2125550199"),
                LIKELY,
            ),
            ("typing error in the name", ada(last_name="Aldr"), LIKELY),
            ("married", ada(last_name="Zimmermann"), LIKELY),
            ("names swapped", ada(first_name="Alder", last_name="Ada"), LIKELY),
            ("other sex", ada(sex="M"), LIKELY),
            ("day and month swapped", ada(birth_date=date(1980, 12, 1)), LIKELY),
            ("twin", ada(first_name="Zoltan"), NONE),
            (
                "mother, same house",
                ada(first_name="Zelda", birth_date=date(1950, 3, 4)),
                NONE,
            ),
            (
                "same name, other birth date, far away",
                ada(birth_date=date(1950, 3, 4), street="", zip_code="10001", phone=""),
                NONE,
            ),
            ("nothing known", matching.person(), NONE),
        ):
            with self.subTest(label):
                self.assertEqual(decide(asked, [known]).result, result)

    def test_one_facilitys_two_numbers_are_never_linked_by_score(self):
        known = ada(key=1, mrns=[("MAIN", "M1")])
        asked = ada(mrns=[("MAIN", "M2")])
        found = decide(asked, [known])
        self.assertEqual(found.result, LIKELY)
        self.assertIn("other_mrn", found.reasons)

    def test_people_told_apart_are_not_suggested_again(self):
        known = ada(key=1)
        self.assertEqual(decide(ada(), [known], apart=[1]).result, NONE)

    def test_thresholds_and_weights_are_the_administrators(self):
        known, asked = ada(key=1), ada(street="", phone="")
        self.assertEqual(decide(asked, [known], Policy(sure=90)).result, SURE)
        self.assertEqual(decide(asked, [known], Policy(likely=91)).result, NONE)
        heavy = Policy(name=10, birth_date=10, address=40, phone=40)
        self.assertEqual(decide(asked, [known], heavy).result, NONE)

    def test_candidates_are_found_in_spite_of_differences(self):
        keys = matching.blocking_keys(ada())
        for label, other in (
            ("typing error", ada(last_name="Allder", first_name="Eda", phone="")),
            ("married", ada(last_name="Birch", phone="", zip_code="")),
            ("wrong birth date", ada(birth_date=date(1981, 1, 12), phone="")),
            ("only the phone", ada(first_name="", last_name="", birth_date=None)),
        ):
            with self.subTest(label):
                self.assertTrue(keys & matching.blocking_keys(other))
        self.assertFalse(matching.blocking_keys(matching.person()))
