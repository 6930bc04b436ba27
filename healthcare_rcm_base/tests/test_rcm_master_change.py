from datetime import date

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..core.errors import PredecessorMissing, RcmPermanent
from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestMasterChange(BillingCase):
    """What upstream systems change is applied, waits or is ignored, by rule."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.encounter = cls.intake()
        cls.patient = cls.encounter.patient_id
        cls.payer = cls.clinic["payer"]

    def take(self, source="ehr", **vals):
        return self.patient._rcm_take_over(vals, source)

    def changes(self, record=None):
        return self.env["rcm.master.change"].search(
            [("company_id", "=", self.company.id)], order="id"
        )

    def rule(self, **vals):
        return self.env["rcm.master.rule"].create(
            {"res_model": "rcm.patient.account", **vals}
        )

    # ------------------------------------------------------------------
    # Rules
    # ------------------------------------------------------------------
    def test_contact_details_apply_and_names_wait(self):
        applied = self.take(phone="937 555 0199", last_name="Birch")
        self.assertEqual(list(applied), ["phone"])
        self.assertEqual(self.patient.phone, "937 555 0199")
        self.assertEqual(self.patient.last_name, "Sample")
        change = self.changes()
        self.assertEqual((change.state, change.field_name), ("waiting", "last_name"))
        self.assertEqual((change.old_value, change.new_value), ("Sample", "Birch"))

    def test_what_we_do_not_know_is_filled_in(self):
        self.patient.birth_date = False
        self.take(birth_date=date(1980, 1, 1))
        self.assertEqual(self.patient.birth_date, date(1980, 1, 1))
        self.assertFalse(self.changes())

    def test_the_most_exact_rule_counts(self):
        for vals, expected in (
            ({"field_name": "last_name", "source": "ehr", "action": "apply"}, "apply"),
            (
                {
                    "field_name": "last_name",
                    "source": "ehr",
                    "action": "ignore",
                    "company_id": self.company.id,
                },
                "ignore",
            ),
        ):
            self.rule(**vals)
            found = self.env["rcm.master.rule"]._rcm_actions(
                "rcm.patient.account", ["last_name", "phone"], "ehr", self.company
            )
            self.assertEqual(found, {"last_name": expected, "phone": "apply"})
        other = self.env["rcm.master.rule"]._rcm_actions(
            "rcm.patient.account", ["last_name"], "lis", self.company
        )
        self.assertEqual(other, {"last_name": "wait"})

    def test_ignored_is_neither_taken_nor_asked(self):
        self.rule(field_name="phone", source="lis", action="ignore")
        self.assertFalse(self.take("lis", phone="1"))
        self.assertFalse(self.patient.phone)
        self.assertFalse(self.changes())

    def test_without_any_rule_a_change_waits(self):
        self.env["rcm.master.rule"].search([]).active = False
        self.patient.phone = "937 555 0100"
        self.take(phone="937 555 0199")
        self.assertEqual(self.changes().field_name, "phone")

    def test_a_rule_names_a_field_of_its_record(self):
        with self.assertRaises(ValidationError):
            self.rule(field_name="payer_identifier")

    # ------------------------------------------------------------------
    # Proposals
    # ------------------------------------------------------------------
    def test_the_same_again_changes_nothing_and_a_newer_one_supersedes(self):
        self.take(last_name="Birch")
        self.take(last_name="Birch")
        self.assertEqual(len(self.changes()), 1)
        self.take(last_name="Cedar")
        self.assertEqual(self.changes().mapped("state"), ["replaced", "waiting"])
        self.take(last_name="Sample")
        self.assertEqual(self.changes().mapped("state"), ["replaced", "replaced"])

    def test_a_rejected_value_is_not_asked_again(self):
        self.take(last_name="Birch")
        self.as_user(self.changes(), "front_desk").action_reject()
        self.take(last_name="Birch")
        self.assertEqual(self.changes().mapped("state"), ["rejected"])
        self.assertEqual(self.patient.last_name, "Sample")

    def test_approving_applies_in_bulk_and_is_audited(self):
        self.take(last_name="Birch", first_name="Bo")
        self.as_user(self.changes(), "biller").action_approve()
        self.assertEqual(self.patient.patient_name, "Birch, Bo")
        self.assertEqual(set(self.changes().mapped("state")), {"applied"})
        self.assertEqual(self.changes()[0].decided_by_id.login[:4], "test")
        log = self.env["rcm.audit.log"].search(
            [
                ("model", "=", "rcm.patient.account"),
                ("res_id", "=", self.patient.id),
                ("event", "=", "rcm.patient.account.changed"),
            ],
            limit=1,
        )
        self.assertNotIn("Birch", str(log.read()))

    def test_dates_and_choices_come_back_as_they_were_sent(self):
        self.take(birth_date=date(1981, 2, 3), sex="M")
        self.as_user(self.changes(), "biller").action_approve()
        self.assertEqual(self.patient.birth_date, date(1981, 2, 3))
        self.assertEqual(self.patient.sex, "M")

    def test_an_intake_no_longer_renames_by_itself(self):
        data = self.data()
        data["patient"]["last_name"] = "Birch"
        self.intake(data)
        self.assertEqual(self.patient.last_name, "Sample")
        self.assertEqual(self.changes().source, "test")

    def test_payers_are_validated_by_administrators(self):
        self.payer.payer_identifier = "1000000009"
        self.payer._rcm_take_over(
            {"name": "Acme New", "payer_identifier": "1999999999"}, "mdm"
        )
        self.assertEqual(self.payer.name, "Acme New")
        change = self.changes()
        with self.assertRaises(AccessError):
            self.as_user(change, "biller").action_approve()
        shown = self.as_user(change, "administrator")
        self.assertEqual((shown.before, shown.after), ("1000000009", "1999999999"))
        shown.action_approve()
        self.assertEqual(self.payer.payer_identifier, "1999999999")

    # ------------------------------------------------------------------
    # Age
    # ------------------------------------------------------------------
    def test_an_old_change_is_a_case_until_somebody_decides(self):
        self.take(last_name="Birch")
        change = self.changes()
        self.env["rcm.master.change"]._cron_watch()
        self.assertFalse(self.open_cases(change))
        self.env.cr.execute(
            "UPDATE rcm_master_change SET create_date = create_date - interval '3 day'"
        )
        self.env["rcm.master.change"]._cron_watch()
        case = self.open_cases(change)
        self.assertEqual(case.type_code, "master_change_waiting")
        self.assertNotIn("Birch", case.message)
        self.as_user(change, "front_desk").action_approve()
        self.assertFalse(self.open_cases(change))

    def test_reprocessing_settles_what_was_corrected_by_hand(self):
        self.take(last_name="Birch")
        change = self.changes()
        self.assertFalse(change._rcm_reprocess(None))
        self.patient.last_name = "Birch"
        self.assertTrue(change._rcm_reprocess(None))
        self.assertEqual(change.state, "applied")

    # ------------------------------------------------------------------
    # Rights
    # ------------------------------------------------------------------
    def test_values_are_masked_for_people_who_may_not_know_patients(self):
        self.take(last_name="Birch")
        shown = self.as_user(self.changes(), "administrator")
        self.assertEqual((shown.before, shown.after), ("Hidden", "Hidden"))
        with self.assertRaises(AccessError):
            shown.read(["new_value"])
        self.assertEqual(self.as_user(self.changes(), "front_desk").after, "Birch")

    def test_who_may_not(self):
        self.take(last_name="Birch")
        change = self.changes()
        for role in ("collector", "auditor", "administrator", "integration"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(change, role).action_approve()
        with self.assertRaises(AccessError):
            self.as_user(change, "biller").write({"state": "applied"})
        with self.assertRaises(AccessError):
            self.as_user(change, "biller").create(
                {"res_model": "rcm.payer", "company_id": self.company.id,
                 "field_name": "name", "payer_id": self.payer.id}
            )  # fmt: skip
        rules = self.env["rcm.master.rule"].search([], limit=1)
        with self.assertRaises(AccessError):
            self.as_user(rules, "biller").write({"action": "apply"})

    def test_another_company_sees_nothing_of_it(self):
        self.take(last_name="Birch")
        other = self.make_company("Master clinic 2")
        user = self.make_user("biller", company=other)
        mine = self.changes().with_user(user)
        mine = mine.with_context(allowed_company_ids=other.ids)
        self.assertFalse(mine.search([]))
        with self.assertRaises(AccessError):
            mine.action_approve()


@tagged("post_install", "-at_install")
class TestRegistration(BillingCase):
    """Visits that are still to come, and news about patients."""

    def registered(self, number="R1", **encounter):
        data = self.data(number=number)
        data["encounter"] = {
            "number": number,
            "facility": "MAIN",
            "type": "outpatient",
            "service_date": "2026-03-02",
            **encounter,
        }
        del data["charges"]
        return data

    def register(self, data):
        return self.env["rcm.encounter"]._rcm_intake_registered(data, "cor-r", "ehr")

    def update(self, data, company=None):
        Encounter = self.env["rcm.encounter"].with_company(company or self.company)
        return Encounter._rcm_intake_patient_updated(data, "ehr")

    def test_a_registration_is_an_encounter_without_charges(self):
        encounter = self.register(self.registered())
        self.assertEqual((encounter.state, encounter.number), ("registered", "R1"))
        self.assertEqual(encounter.patient_id.name, "PAR1")
        self.assertEqual(encounter.coverage_ids.payer_id.code, "ACME")
        self.assertEqual(encounter.provider_group_id, self.clinic["group"])
        self.assertFalse(encounter.charge_ids)
        self.assertEqual(self.register(self.registered()), encounter)

    def test_completion_finds_the_registered_visit(self):
        encounter = self.register(self.registered())
        self.assertEqual(self.intake(number="R1"), encounter)
        self.assertEqual(encounter.state, "ready")
        late = self.registered(service_date="2026-03-09")
        self.assertEqual(self.register(late), encounter)
        self.assertEqual(str(encounter.service_date), "2026-03-02")

    def test_several_groups_need_naming(self):
        self.clinic["group"].copy({"code": "PG2"})
        with self.assertRaises(RcmPermanent):
            self.register(self.registered())
        encounter = self.register(self.registered(provider_group="PG2"))
        self.assertEqual(encounter.provider_group_id.code, "PG2")

    def test_without_a_guarantor_the_known_one_stays(self):
        data = self.data(number="R2")
        data["guarantor"] |= {"relationship": "parent", "account_number": "GX"}
        patient = self.intake(data).patient_id
        again = self.registered("R3")
        again["patient"] = data["patient"]
        del again["guarantor"]
        encounter = self.register(again)
        self.assertEqual(encounter.patient_id, patient)
        self.assertEqual(encounter.guarantor_id.rcm_account_number, "GX")
        self.assertEqual(patient.guarantor_relationship, "parent")

    def test_news_of_a_patient_go_through_the_rules(self):
        patient = self.intake().patient_id
        coverage = patient.coverage_ids
        data = {
            "patient": {
                "account_number": "PAE1",
                "last_name": "Birch",
                "sex": "",
                "email": "p@example.com",
                "address": {"street": "9 Elm", "state": "oh", "zip": "45501"},
            },
            "coverages": [
                self.coverage(2, "ACME", member_id=coverage.member_id),
                self.coverage(3, "AID", member_id="A-1"),
            ],
        }
        self.assertEqual(self.update(data), patient)
        self.assertEqual((patient.email, patient.street), ("p@example.com", "9 Elm"))
        self.assertEqual(patient.state_id.code, "OH")
        self.assertEqual(patient.last_name, "Sample")
        self.assertEqual(coverage.sequence, 2)
        self.assertEqual(len(patient.coverage_ids), 2)
        self.assertEqual(patient.guarantor_id.email, "p@example.com")

    def test_what_decides_who_pays_first_goes_through_the_rules(self):
        coverage = self.intake().patient_id.coverage_ids
        coverage.basis = "former_job"
        self.env["rcm.master.rule"].create(
            {"res_model": "rcm.coverage", "field_name": "basis", "action": "wait"}
        )
        news = self.coverage(
            1,
            "ACME",
            member_id=coverage.member_id,
            basis="active_job",
            employer_size="large",
            subscriber_birth_date="1980-01-01",
        )
        self.update({"patient": {"account_number": "PAE1"}, "coverages": [news]})
        self.assertEqual(
            (coverage.basis, coverage.employer_size), ("former_job", "large")
        )
        self.assertEqual(str(coverage.subscriber_birth_date), "1980-01-01")
        waiting = self.env["rcm.master.change"].search(
            [("coverage_id", "=", coverage.id), ("state", "=", "waiting")]
        )
        self.assertEqual(
            waiting.mapped(lambda change: (change.field_name, change.new_value)),
            [("basis", "active_job")],
        )

    def test_news_of_somebody_unknown_wait_or_make_the_account(self):
        data = {"patient": {"account_number": "NEW1", "last_name": "New"}}
        with self.assertRaises(PredecessorMissing):
            self.update(data)
        patient = self.update({**data, "facility": "MAIN"})
        self.assertEqual(
            (patient.name, patient.guarantor_relationship), ("NEW1", "self")
        )

    def test_another_companys_patient_is_not_touched(self):
        patient = self.intake().patient_id
        other = self.make_company("Registration clinic 2")
        self.make_clinic(other)
        made = self.update(
            {
                "facility": "MAIN",
                "patient": {"account_number": "PAE1", "phone": "937 555 0123"},
            },
            other,
        )
        self.assertNotEqual(made, patient)
        self.assertFalse(patient.phone)
