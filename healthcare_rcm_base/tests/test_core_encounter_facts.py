from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core.encounter_facts import read
from ..core.errors import RcmPermanent

SAMPLE = {
    "encounter": {
        "number": "E1",
        "facility": "MAIN",
        "provider_group": "PG1",
        "type": "outpatient",
        "service_date": "2026-03-02",
        "service_end": "2026-03-02T10:30:00+02:00",
        "place_of_service": "11",
        "rendering_npi": "1679576722",
        "coding_signed_off": True,
        "diagnoses": ["E119", "I10"],
        "authorization": None,
        "self_pay": False,
    },
    "patient": {"mrn": "M1", "account_number": "PA1", "last_name": "Sample"},
    "coverages": [{"sequence": 1, "payer": "ACME", "member_id": "W1"}],
    "charges": [
        {
            "id": "C1",
            "code": "99213",
            "modifiers": ["25"],
            "units": "1",
            "amount": "150.00",
            "diagnosis_pointers": [1, 2],
        }
    ],
}
SECRET = "Quimby"


def changed(path, value):
    """A copy of the sample with ``value`` at ``path``, e.g. charges.0.amount."""
    data = deepcopy(SAMPLE)
    target = data
    *steps, last = path.split(".")
    for step in steps:
        target = target[int(step)] if step.isdigit() else target[step]
    target[int(last) if last.isdigit() else last] = value
    return data


@tagged("post_install", "-at_install")
class TestEncounterFacts(BaseCase):
    """The canonical encounter is taken whole or refused with the place named."""

    def test_sample_is_read_with_its_defaults(self):
        facts = read(SAMPLE)
        self.assertEqual(facts.service_end, datetime(2026, 3, 2, 8, 30))
        self.assertEqual(facts.guarantor.account_number, "PA1")
        charge = facts.charges[0]
        self.assertEqual(charge.amount, Decimal("150.00"))
        self.assertEqual(charge.service_date, date(2026, 3, 2))
        self.assertEqual(charge.place_of_service, "11")
        self.assertEqual(charge.pointers, (1, 2))

    def test_every_fault_names_its_place(self):
        cases = {
            "encounter.number": ("", "is missing"),
            "encounter.service_date": ("02/03/2026", "must be a date"),
            "encounter.service_end": ("2026-03-02T10:30:00", "time zone"),
            "encounter.coding_signed_off": ("yes", "true or false"),
            "encounter.type": ("spa", "must be one of"),
            "encounter.self_pay": (True, "contradicts"),
            "encounter.diagnoses": ("E119", "must be a list"),
            "patient.account_number": (7, "must be text"),
            "patient.birth_date": ("1980-13-01", "must be a date"),
            "coverages.0.sequence": (0, "whole number"),
            "coverages.0.payer": ("", "is missing"),
            "coverages.0.basis": ("job", "must be one of"),
            "coverages.0.employer_size": (50, "must be one of"),
            "coverages.0.medicare_reason": ("old", "must be one of"),
            "coverages.0.esrd_from": ("2025-01", "must be a date"),
            "coverages.0.court_ordered": ("no", "true or false"),
            "coverages.0.subscriber": ("Ann", "must be an object"),
            "coverages.0.subscriber_birth_date": ("1.2.80", "must be a date"),
            "charges.0.units": ("0", "above 0"),
            "charges.0.amount": ("-1", "from 0"),
            "charges.0.modifiers": (["1"], "two letters or digits"),
            "charges.0.diagnosis_pointers": ([3], "no diagnosis"),
        }
        for path, (value, rule) in cases.items():
            with self.subTest(path):
                with self.assertRaises(RcmPermanent) as caught:
                    read(changed(path, value))
                place = path.replace(".0", "[0]")
                self.assertIn(place, caught.exception.message)
                self.assertIn(rule, caught.exception.message)

    def test_amounts_are_exact_text(self):
        for value, rule in (
            ("1.005", "more than 2 decimal places"),
            (1.5, "written as text"),
            ("NaN", "written as text"),
            ("1e99", "from 0"),
            ("abc", "written as text"),
            (True, "written as text"),
        ):
            with self.subTest(value):
                with self.assertRaises(RcmPermanent) as caught:
                    read(changed("charges.0.amount", value))
                self.assertIn(rule, caught.exception.message)

    def test_five_modifiers_and_repeated_charge_ids_are_refused(self):
        with self.assertRaises(RcmPermanent) as caught:
            read(changed("charges.0.modifiers", ["25", "59", "76", "77", "LT"]))
        self.assertIn("more than 4", caught.exception.message)
        data = deepcopy(SAMPLE)
        data["charges"].append(dict(data["charges"][0]))
        with self.assertRaises(RcmPermanent) as caught:
            read(data)
        self.assertIn("charges.id", caught.exception.message)

    def test_all_faults_come_at_once(self):
        data = changed("charges.0.units", "-1")
        data["encounter"]["number"] = None
        with self.assertRaises(RcmPermanent) as caught:
            read(data)
        self.assertIn("charges[0].units", caught.exception.message)
        self.assertIn("encounter.number", caught.exception.message)

    def test_messages_never_quote_values(self):
        data = deepcopy(SAMPLE)
        data["patient"].update(last_name=SECRET + "\n", birth_date=SECRET, sex=SECRET)
        data["charges"][0].update(amount=SECRET, units=SECRET, id=["x", SECRET])
        with self.assertRaises(RcmPermanent) as caught:
            read(data)
        self.assertNotIn(SECRET, str(caught.exception))

    @settings(max_examples=300, deadline=None)
    @given(
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text(max_size=9),
            lambda inner: st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [*SAMPLE, "number", "id", "amount", "units", "sequence", "address"]
                ),
                inner,
                max_size=5,
            ),
            max_leaves=12,
        )
    )
    def test_any_json_is_read_or_refused(self, data):
        with self.assertRaises(RcmPermanent):
            read(data)

    @settings(max_examples=300, deadline=None)
    @given(
        st.sampled_from(
            [
                f"{part}.{name}"
                for part in ("encounter", "patient", "coverages.0", "charges.0")
                for name in (
                    "number",
                    "id",
                    "amount",
                    "units",
                    "sex",
                    "sequence",
                    "service_date",
                    "diagnoses",
                    "modifiers",
                    "member_id",
                )
            ]
        ),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=20)
        | st.lists(st.text(max_size=3), max_size=3),
    )
    def test_one_strange_value_never_breaks_the_reader(self, path, value):
        try:
            facts = read(changed(path, value))
        except RcmPermanent as error:
            self.assertEqual(error.code, "content_invalid")
        else:
            self.assertTrue(facts.charges[0].units > 0)
            self.assertTrue((facts.charges[0].amount or 0) >= 0)
