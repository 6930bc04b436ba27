from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests.test_rcm_claim_content import LINE, STAY

from .handler_common import HandlerCase


@tagged("post_install", "-at_install")
class TestHandlersEncounters(HandlerCase):
    """Encounters and patients."""

    def test_completed_encounter_is_taken_in(self):
        event = self.done(self.completed("E-77"))
        encounter = self.encounter("E-77")
        self.assertEqual(encounter.facility_id, self.facility)
        self.assertEqual(encounter.correlation_id, event.correlation_id)
        self.assertEqual(event.document_refs[0]["id"], encounter.id)
        self.assertEqual(len(encounter.charge_ids), 1)

    def test_completed_stay_with_all_a_claim_can_say(self):
        envelope = self.completed("E-76")
        envelope["data"]["encounter"] |= STAY
        envelope["data"]["charges"][0] |= LINE
        self.done(envelope)
        encounter = self.encounter("E-76")
        self.assertEqual(encounter.claim_form, "institutional")
        self.assertEqual(encounter.attending_id.name, "Ben Birch")
        self.assertEqual(len(encounter.code_ids), 4)
        self.assertEqual(encounter.charge_ids.ndc_code, "00002751001")

    def test_completed_encounter_says_who_pays_first(self):
        self.env["rcm.payer"].create(
            {"name": "Old age", "code": "MCR", "plan_type": "medicare"}
        )
        envelope = self.completed("E-75")
        (group,) = envelope["data"]["coverages"]
        group |= {"sequence": 2, "basis": "active_job", "employer_size": "large"}
        medicare = {"sequence": 1, "payer": "MCR", "member_id": "M-75"}
        envelope["data"]["coverages"].append({**medicare, "medicare_reason": "age"})
        self.done(envelope)
        encounter = self.encounter("E-75")
        self.assertEqual(
            [reason for _coverage, reason in encounter._rcm_coordination()],
            ["working_aged", "medicare"],
        )

    def test_completed_encounter_twice_makes_one(self):
        self.done(self.completed("E-77"))
        self.done(self.completed("E-77"))
        found = self.encounter("E-77")
        self.assertEqual(len(found), 1)
        self.assertEqual(len(found.charge_ids), 1)

    def test_unknown_payer_is_a_case_and_works_after_it_was_made(self):
        envelope = self.completed("E-78")
        envelope["data"]["coverages"][0]["payer"] = "LATER"
        event = self.receive(envelope)
        self.process()
        self.assertEqual((event.state, event.error_class), ("dead", "reference"))
        self.assertIn("LATER", event.error_message)
        self.assertEqual(self.case_types(event), {"event_reference"})
        self.assertFalse(self.encounter("E-78"))
        self.env["rcm.payer"].create({"name": "Later", "code": "LATER"})
        event._rcm_replay()
        self.process()
        self.assertEqual(event.state, "done", event.error_message)

    def test_document_answer_of_the_encounter(self):
        self.done(self.completed("E-79"))
        answers = self.env["rcm.document.answer"]
        value = answers._rcm_get(
            self.connector, "encounter", number="E-79", facility=self.facility.code
        )
        self.assertEqual(value["encounter"]["number"], "E-79")
        self.assertEqual(value["encounter"]["total_charge"], "150.00")
        self.assertNotIn("Quillfeather", str(value))

    def test_registration_then_news_of_the_patient(self):
        visit = {
            "encounter": {
                "number": "E-95",
                "facility": self.facility.code,
                "service_date": "2026-11-02",
            },
            "patient": {"account_number": "PA-95", "last_name": "Quillfeather"},
        }
        self.done(self.envelope("encounter.registered", visit))
        encounter = self.encounter("E-95")
        self.assertEqual(encounter.state, "registered")
        news = {"patient": {"account_number": "PA-95", "phone": "937 555 0142"}}
        self.done(self.envelope("patient.updated", news))
        self.assertEqual(encounter.patient_id.phone, "937 555 0142")
        unknown = self.receive(
            self.envelope("patient.updated", {"patient": {"account_number": "PA-0"}})
        )
        self.process()
        self.assertEqual(unknown.state, "waiting_predecessor")
