from datetime import date

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..core import matching
from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestPatientMatch(BillingCase):
    """A source names somebody: the account is found, made, or put in question."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.named("E1", first_name="Ada", last_name="Alder")
        cls.patient = cls.intake(cls.first).patient_id

    @classmethod
    def named(cls, number, **person):
        """An encounter of somebody whom no other test knows."""
        data = cls.data(number=number)
        data["coverages"][0]["member_id"] = f"W-{number}"
        data["patient"] |= {
            "phone": "937 555 0100",
            "address": {"street": "1 Hidden Lane", "city": "X", "zip": "45501"},
            **person,
        }
        return data

    def same(self, number, **person):
        """The person of ``setUpClass``, under numbers the system does not know."""
        person = {"first_name": "Ada", "last_name": "Alder", "mrn": "", **person}
        return self.named(number, **person)

    def pairs(self, patient):
        return self.env["rcm.possible.duplicate"].search(
            [
                "|",
                ("patient_id", "=", patient.id),
                ("other_patient_id", "=", patient.id),
            ]
        )

    # ------------------------------------------------------------------
    # Intake
    # ------------------------------------------------------------------
    def test_sure_is_linked_and_every_number_stays_known(self):
        encounter = self.intake(self.same("E2"))
        self.assertEqual(encounter.patient_id, self.patient)
        self.assertEqual(encounter.guarantor_id, self.patient.guarantor_id)
        lookup = self.env["rcm.identifier"]._rcm_lookup
        self.assertEqual(lookup("rcm", "account", "PAE2", self.company), self.patient)
        self.assertEqual(
            lookup("rcm", "guarantor", "GE2", self.company), self.patient.guarantor_id
        )
        self.assertFalse(self.pairs(self.patient))
        events = self.env["rcm.audit.log"].search(
            [("model", "=", "rcm.patient.account"), ("res_id", "=", self.patient.id)]
        )
        self.assertIn("rcm.patient.account.linked", events.mapped("event"))

    def test_member_id_with_birth_date_is_sure(self):
        data = self.same("E2", last_name="Birch", phone="", address={})
        data["coverages"][0]["member_id"] = "w-e1"
        self.assertEqual(self.intake(data).patient_id, self.patient)

    def test_likely_is_a_new_account_and_a_case_without_names(self):
        encounter = self.intake(self.same("E2", mrn="M-E2", last_name="Aldr"))
        self.assertNotEqual(encounter.patient_id, self.patient)
        pair = self.pairs(self.patient)
        self.assertEqual(pair.patient_id, self.patient)
        self.assertEqual(pair.other_patient_id, encounter.patient_id)
        case = self.open_cases(pair)
        self.assertEqual(case.type_code, "possible_duplicate")
        for secret in ("Ada", "Ald", "1980", "Hidden", "555", "M-E2"):
            self.assertNotIn(secret, case.message)
        self.assertEqual(encounter.state, "ready", "billing goes on meanwhile")

    def test_nobody_alike_is_simply_new(self):
        encounter = self.intake(
            self.named(
                "E2", first_name="Zoltan", last_name="Quist", birth_date="1955-05-05"
            )
        )
        self.assertNotEqual(encounter.patient_id, self.patient)
        self.assertFalse(self.pairs(encounter.patient_id))

    def test_a_number_given_at_the_front_desk_is_found(self):
        """An account made by hand has its MRN on the record only."""
        made = self.env["rcm.patient.account"].create(
            {
                "first_name": "Bo",
                "last_name": "Birch",
                "birth_date": "1990-09-09",
                "mrn": "M-HAND",
                "facility_id": self.clinic["facility"].id,
                "company_id": self.company.id,
            }
        )
        data = self.named(
            "E3", first_name="Bo", last_name="Birch", birth_date="1990-09-09"
        )
        data["patient"]["mrn"] = "M-HAND"
        self.assertEqual(self.intake(data).patient_id, made)

    def test_the_same_event_again_suggests_nothing_new(self):
        data = self.same("E2", mrn="M-E2")
        self.intake(data)
        pair = self.pairs(self.patient)
        self.intake(data)
        self.assertEqual(self.pairs(self.patient), pair)
        self.assertEqual(self.open_cases(pair).occurrence_count, 1)

    def test_another_company_is_another_world(self):
        other = self.make_company("Second clinic")
        self.make_clinic(other)
        Encounter = self.env["rcm.encounter"].with_company(other)
        data = self.same("E9")
        data["encounter"]["facility"] = "MAIN"
        encounter = Encounter._rcm_intake_completed(data, "cor-9", "test")
        self.assertNotEqual(encounter.patient_id, self.patient)
        self.assertFalse(self.pairs(encounter.patient_id))

    def test_a_guarantor_who_is_likely_known_is_put_in_question(self):
        child = self.named(
            "E4", first_name="Kid", last_name="Alder", birth_date="2015-01-01"
        )
        child["guarantor"] |= {"relationship": "parent", "account_number": "G-X"}
        self.intake(child)
        known = self.env["res.partner"]._rcm_find_guarantor(self.company, "G-X")
        known.write(
            {
                "rcm_first_name": "Uno",
                "rcm_last_name": "Quist",
                "street": "1 Hidden Lane",
                "zip": "45501",
                "phone": "937 555 0100",
            }
        )
        twin = self.env["res.partner"]._rcm_register_guarantor(
            self.company,
            "G-Y",
            {
                "first_name": known.rcm_first_name,
                "last_name": known.rcm_last_name,
                "street": "1 hidden ln",
                "zip": "45501",
                "phone": "9375550100",
            },
        )
        pair = twin._rcm_note_guarantor_duplicate()
        self.assertEqual(pair.kind, "guarantor")
        self.assertIn(known, pair._rcm_sides())

    # ------------------------------------------------------------------
    # Keys and volume
    # ------------------------------------------------------------------
    def test_archived_people_are_found_by_nobody(self):
        self.patient.active = False
        match = self.env["rcm.patient.account"]._rcm_match(self.person(), self.company)
        self.assertEqual(match.result, matching.NONE)
        self.patient.active = True
        match = self.env["rcm.patient.account"]._rcm_match(self.person(), self.company)
        self.assertEqual((match.result, match.key), (matching.SURE, self.patient.id))

    def test_changed_details_change_the_keys(self):
        self.patient.write({"last_name": "Birch", "first_name": "Zoe", "phone": False})
        match = self.env["rcm.patient.account"]._rcm_match(self.person(), self.company)
        self.assertEqual(match.result, matching.NONE)

    def test_keys_name_nobody_and_are_made_again_when_missing(self):
        keys = self.keys_of(self.patient)
        self.assertTrue(keys)
        self.assertFalse([key for key in keys if "alder" in key or "1980" in key])
        self.env["rcm.match.key"]._rcm_drop(self.patient)
        self.env["rcm.match.key"]._rcm_backfill()
        self.assertEqual(self.keys_of(self.patient), keys)
        with self.assertRaises(AccessError):
            self.as_user(self.env["rcm.match.key"], "administrator").search([])

    def keys_of(self, patient):
        self.env.cr.execute(
            "SELECT key FROM rcm_match_key WHERE res_model = 'rcm.patient.account'"
            " AND res_id = %s ORDER BY key",
            [patient.id],
        )
        return [key for (key,) in self.env.cr.fetchall()]

    def person(self, **values):
        return matching.person(
            **{
                "first_name": "Ada",
                "last_name": "Alder",
                "birth_date": date(1980, 1, 1),
                "phone": "9375550100",
                "street": "1 Hidden Lane",
                "zip_code": "45501",
                **values,
            }
        )

    def test_a_batch_takes_as_many_statements_as_one(self):
        Patient = self.env["rcm.patient.account"]
        Patient._rcm_match(self.person(mrns=[("MAIN", "1")]), self.company)
        crowd = [
            self.person(
                last_name=f"Name{n}",
                phone=f"937555{n:04}",
                mrns=[("MAIN", str(n))],
                members=[(self.clinic["payer"].id, f"m{n}")],
            )
            for n in range(200)
        ]
        self.env.flush_all()
        for people in (crowd[:1], crowd):
            self.env.invalidate_all()
            with self.subTest(people=len(people)), self.assertQueryCount(9):
                matches = Patient._rcm_match_many(people, self.company)
                self.assertEqual(len(matches), len(people))

    def test_look_ups_go_through_indexes(self):
        """PostgreSQL can answer each look-up without reading a whole table."""
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        for query in (
            "SELECT res_id FROM rcm_match_key WHERE key = 'a' AND res_model = 'b'"
            " AND company_id = 1 ORDER BY res_id DESC LIMIT 25",
            "SELECT patient_id FROM rcm_coverage WHERE company_id = 1 AND"
            " member_id IS NOT NULL AND upper(btrim(member_id)) = 'A' LIMIT 25",
            "SELECT id FROM rcm_patient_account WHERE company_id = 1 AND"
            " COALESCE(facility_id, 0) = 1 AND mrn = 'A'",
        ):
            with self.subTest(query):
                self.env.cr.execute(f"EXPLAIN {query}")
                plan = " ".join(line for (line,) in self.env.cr.fetchall())
                self.assertNotIn("Seq Scan", plan)

    def test_as_many_candidates_are_read_as_the_policy_allows(self):
        self.env["rcm.match.policy"].create(
            {"company_id": self.company.id, "candidate_limit": 1}
        )
        self.env["rcm.patient.account"].create(
            [
                {"last_name": "Alder", "first_name": "Ada", "birth_date": "1980-01-01"}
                for _n in range(3)
            ]
        )
        keys = matching.blocking_keys(self.person())
        found = self.env["rcm.match.key"]._rcm_candidates(
            "rcm.patient.account", self.company, keys, 1
        )
        self.assertTrue(all(len(ids) == 1 for ids in found.values()))

    # ------------------------------------------------------------------
    # The pair
    # ------------------------------------------------------------------
    def test_different_people_is_remembered(self):
        self.intake(self.same("E2", mrn="M-E2"))
        pair = self.pairs(self.patient)
        mine = self.as_user(pair, "front_desk")
        mine.note = "Cousins of one name"
        mine.action_different_people()
        self.assertEqual(pair.state, "dismissed")
        self.assertFalse(self.open_cases(pair))
        found = (pair.patient_id | pair.other_patient_id)._rcm_note_duplicates()
        self.assertFalse(found)
        self.assertEqual(self.pairs(self.patient), pair)

    def test_comparing_again_after_a_correction_settles_the_case(self):
        encounter = self.intake(self.same("E2", mrn="M-E2"))
        pair = self.pairs(self.patient)
        encounter.patient_id.write(
            {"first_name": "Zoltan", "birth_date": "1955-05-05", "phone": False}
        )
        self.assertTrue(pair._rcm_reprocess(self.open_cases(pair)))
        self.assertEqual(pair.state, "dismissed")

    def test_find_duplicates_looks_among_known_patients(self):
        vals = {
            "first_name": "Ida",
            "last_name": "Ilk",
            "birth_date": "1970-07-07",
            "company_id": self.company.id,
        }
        two = self.env["rcm.patient.account"].create([vals, vals])
        self.as_user(two, "front_desk").action_rcm_find_duplicates()
        self.assertEqual(self.pairs(two[0]), self.pairs(two[1]))
        self.assertEqual(len(self.pairs(two[0])), 1)

    def test_who_may_not(self):
        self.intake(self.same("E2", mrn="M-E2"))
        pair = self.pairs(self.patient)
        for role in ("collector", "executive", "finance_manager"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(pair, role).action_different_people()
        with self.assertRaises(AccessError):
            self.as_user(pair, "auditor").action_different_people()
        with self.assertRaises(AccessError):
            self.as_user(pair, "biller").write({"state": "dismissed"})
        with self.assertRaises(AccessError):
            self.as_user(pair, "front_desk").action_merge()

    def test_the_comparison_is_for_people_who_may_know_patients(self):
        self.intake(self.same("E2", mrn="M-E2"))
        pair = self.pairs(self.patient)
        shown = self.as_user(pair, "front_desk").comparison
        self.assertIn("Alder", shown)
        self.assertIn("table-warning", shown)
        with self.assertRaises(AccessError):
            self.as_user(pair, "auditor").comparison  # noqa: B018

    def test_a_second_company_sees_nothing_of_it(self):
        self.intake(self.same("E2", mrn="M-E2"))
        other = self.make_company("Third clinic")
        user = self.make_user("biller", company=other)
        mine = self.env["rcm.possible.duplicate"].with_user(user)
        mine = mine.with_context(allowed_company_ids=other.ids)
        self.assertFalse(mine.search([]))

    def test_another_facility_sees_nothing_of_it(self):
        self.intake(self.same("E2", mrn="M-E2"))
        north = self.env["rcm.facility"].create(
            {"name": "North", "code": "NORTH", "company_id": self.company.id}
        )
        user = self.make_user("biller")
        user.rcm_facility_ids = north
        mine = self.env["rcm.possible.duplicate"].with_user(user)
        self.assertFalse(mine.with_company(self.company).search([]))

    def test_policy_changes_are_audited_and_the_administrators_alone(self):
        policy = self.env.ref("healthcare_rcm_base.rcm_match_policy_default")
        self.as_user(policy, "administrator").write({"likely_score": 85})
        log = self.env["rcm.audit.log"].search(
            [("model", "=", policy._name), ("res_id", "=", policy.id)], limit=1
        )
        self.assertEqual(log.event, "rcm.match.policy.changed")
        with self.assertRaises(AccessError):
            self.as_user(policy, "biller").write({"likely_score": 1})
