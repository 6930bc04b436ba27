import base64

from odoo.tests import TransactionCase, tagged

from odoo.addons.healthcare_rcm_base.tests.test_rcm_claim_content import LINE, STAY

from ..protocol.problem import ProblemError
from .common import ConnectorMixin


@tagged("post_install", "-at_install")
class TestHandlers(ConnectorMixin, TransactionCase):
    """Events through the suite's own steps."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()

    def case_types(self, record):
        cases = self.env["rcm.exception.case"].search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)]
        )
        return set(cases.mapped("type_code"))

    def done(self, envelope):
        event = self.receive(envelope)
        self.process()
        self.assertEqual(event.state, "done", event.error_message)
        return event

    # ------------------------------------------------------------------
    # Encounters
    # ------------------------------------------------------------------
    def test_completed_encounter_is_taken_in(self):
        event = self.done(self.completed("E-77"))
        encounter = self.env["rcm.encounter"].search([("number", "=", "E-77")])
        self.assertEqual(encounter.facility_id, self.facility)
        self.assertEqual(encounter.correlation_id, event.correlation_id)
        self.assertEqual(event.document_refs[0]["id"], encounter.id)
        self.assertEqual(len(encounter.charge_ids), 1)

    def test_completed_stay_with_all_a_claim_can_say(self):
        envelope = self.completed("E-76")
        envelope["data"]["encounter"] |= STAY
        envelope["data"]["charges"][0] |= LINE
        self.done(envelope)
        encounter = self.env["rcm.encounter"].search([("number", "=", "E-76")])
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
        encounter = self.env["rcm.encounter"].search([("number", "=", "E-75")])
        self.assertEqual(
            [reason for _coverage, reason in encounter._rcm_coordination()],
            ["working_aged", "medicare"],
        )

    def test_completed_encounter_twice_makes_one(self):
        self.done(self.completed("E-77"))
        self.done(self.completed("E-77"))
        found = self.env["rcm.encounter"].search([("number", "=", "E-77")])
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
        self.assertFalse(self.env["rcm.encounter"].search([("number", "=", "E-78")]))
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

    # ------------------------------------------------------------------
    # Claims
    # ------------------------------------------------------------------
    def test_news_of_an_unknown_claim_waits(self):
        status = self.envelope(
            "claim.status_changed",
            {"control_number": "RTEST0000009", "status": "accepted"},
        )
        events = self.receive(self.submitted("RTEST0000009"), status)
        self.process()
        self.assertEqual(set(events.mapped("state")), {"waiting_predecessor"})

    def sent_batch(self, number):
        """A batch with the claim of an encounter that was taken in and sent."""
        self.done(self.completed(number))
        encounter = self.env["rcm.encounter"].search([("number", "=", number)])
        claim = encounter._rcm_build_claims()
        claim._rcm_set_state("validated")
        claim._rcm_set_state("cleared")
        claim._rcm_write({"invoice_state": "posted"})
        batches, _refused = self.env["rcm.submission.batch"]._rcm_gather(claim)
        batches._rcm_export()
        batches._rcm_mark_submitted(batches.create_date)
        return batches, claim

    def test_acknowledgement_of_a_batch_and_of_a_claim(self):
        batch, claim = self.sent_batch("E-85")
        event = self.done(
            self.envelope(
                "claim.acknowledged", {"batch": batch.name, "status": "accepted"}
            )
        )
        self.assertEqual(event.document_refs[0]["id"], batch.id)
        self.assertEqual((batch.state, claim.state), ("acknowledged", "submitted"))
        other, rejected = self.sent_batch("E-86")
        self.done(
            self.envelope(
                "claim.acknowledged",
                {
                    "control_number": rejected.name,
                    "status": "rejected",
                    "reasons": ["A7:33"],
                },
            )
        )
        self.assertEqual((other.state, rejected.state), ("acknowledged", "rejected"))
        self.assertEqual(other.line_ids.reason_codes, "A7:33")
        self.assertEqual(self.case_types(rejected), {"claim_rejected"})

    def test_acknowledgement_of_nothing_sent_waits_and_needs_a_name(self):
        early = self.receive(
            self.envelope(
                "claim.acknowledged", {"batch": "SB999999", "status": "accepted"}
            )
        )
        self.process()
        self.assertEqual(early.state, "waiting_predecessor")
        nameless = self.envelope("claim.acknowledged", {"status": "accepted"})
        [answer] = self.env["rcm.event"]._rcm_submit(self.connector, [nameless])
        self.assertIsInstance(answer, Exception)

    def test_acknowledgement_from_another_facility_is_refused(self):
        batch, claim = self.sent_batch("E-87")
        self.connector.facility_ids = self.env["rcm.facility"].create(
            {"name": "Elsewhere", "code": "ELSE"}
        )
        event = self.receive(
            self.envelope(
                "claim.acknowledged", {"batch": batch.name, "status": "rejected"}
            )
        )
        self.process()
        self.assertEqual(event.state, "dead")
        self.assertEqual((batch.state, claim.state), ("submitted", "submitted"))

    def test_submission_and_status_move_the_claim(self):
        self.done(self.completed("E-80"))
        encounter = self.env["rcm.encounter"].search([("number", "=", "E-80")])
        claim = encounter._rcm_build_claims()
        submitted = self.receive(self.submitted(claim.name))
        accepted = self.receive(
            self.envelope(
                "claim.status_changed",
                {
                    "control_number": claim.name,
                    "status": "accepted",
                    "payer_claim_number": "P-1",
                },
            )
        )
        self.process()
        # The claim is not cleared yet: both are early, not wrong.
        states = submitted.state, accepted.state
        self.assertEqual(states, ("waiting_predecessor",) * 2)
        claim._rcm_set_state("validated")
        claim._rcm_set_state("cleared")
        claim._rcm_write({"invoice_state": "posted"})
        (submitted | accepted).write({"next_attempt_at": submitted.received_at})
        self.process()
        self.assertEqual((submitted.state, accepted.state), ("done", "done"))
        self.assertEqual(claim.state, "accepted")
        self.assertEqual(claim.payer_claim_number, "P-1")
        rows = self.env["rcm.audit.log"].search(
            [
                ("correlation_id", "=", claim.correlation_id),
                ("event", "=", "event.applied"),
            ]
        )
        self.assertEqual(len(rows), 2)

    def test_claim_of_a_facility_the_connector_does_not_serve(self):
        self.done(self.completed("E-81"))
        claim = self.env["rcm.encounter"].search([("number", "=", "E-81")])
        claim = claim._rcm_build_claims()
        elsewhere = self.env["rcm.facility"].create(
            {"name": "Elsewhere", "code": "ELSE", "npi": "1245319599"}
        )
        self.connector.facility_ids = elsewhere
        event = self.receive(self.submitted(claim.name))
        self.process()
        self.assertEqual(
            (event.state, event.error_code), ("dead", "facility_not_allowed")
        )

    # ------------------------------------------------------------------
    # Authorizations and payers
    # ------------------------------------------------------------------
    def confirmed(self, **changes):
        data = {
            "number": "AUTH-9",
            "patient_account": "PA-E-90",
            "payer": self.payer.code,
            "date_from": "2026-11-01",
            "date_to": "2026-12-31",
            "units": "4",
            "codes": [],
            "status": "approved",
            **changes,
        }
        return self.envelope("authorization.confirmed", data)

    def authorization(self):
        return self.env["rcm.authorization"].search([("number", "=", "AUTH-9")])

    def test_authorization_waits_for_its_patient_then_is_linked(self):
        event = self.receive(self.confirmed())
        self.process()
        self.assertEqual(event.state, "waiting_predecessor")
        envelope = self.completed("E-90")
        envelope["data"]["encounter"]["authorization"] = "AUTH-9"
        self.done(envelope)
        event.write({"next_attempt_at": event.received_at})
        self.process()
        self.assertEqual(event.state, "done", event.error_message)
        authorization = self.env["rcm.authorization"].search(
            [("number", "=", "AUTH-9")]
        )
        self.assertEqual(authorization.state, "active")
        self.assertEqual(authorization.units_left, 4)
        encounter = self.env["rcm.encounter"].search([("number", "=", "E-90")])
        self.assertEqual(encounter.authorization_id, authorization)

    def test_authorization_changes_and_older_news_does_not(self):
        self.done(self.completed("E-90"))
        late = self.confirmed(status="denied")
        late["occurred_at"] = "2026-11-05T00:00:00Z"
        self.done(self.confirmed())
        self.done(late)
        authorization = self.env["rcm.authorization"].search(
            [("number", "=", "AUTH-9")]
        )
        self.assertEqual(authorization.state, "denied")
        older = self.receive(self.confirmed())
        self.process()
        self.assertEqual(older.state, "ignored")
        self.assertEqual(authorization.state, "denied")

    def test_authorization_keeps_the_units_that_are_billed(self):
        self.done(self.completed("E-90"))
        self.done(self.confirmed())
        authorization = self.authorization()
        authorization._rcm_use(3)
        late = self.confirmed(units="2")
        late["occurred_at"] = "2026-11-05T00:00:00Z"
        event = self.receive(late)
        self.process()
        self.assertEqual(
            (event.state, event.error_code), ("dead", "authorization_used")
        )
        self.assertEqual(authorization.units_authorized, 4)
        taken_back = self.confirmed(status="cancelled")
        taken_back["occurred_at"] = "2026-11-06T00:00:00Z"
        self.done(taken_back)
        self.assertEqual(authorization.state, "denied")

    # ------------------------------------------------------------------
    # Eligibility
    # ------------------------------------------------------------------
    def eligibility(self, **changes):
        data = {
            "patient_account": "PA-E-91",
            "payer": self.payer.code,
            "status": "active",
            "answered_at": "2026-11-02T09:30:00Z",
            "copay": "30.00",
            "deductible_left": "450.00",
            "coinsurance_percent": "20",
            **changes,
        }
        return self.envelope("eligibility.updated", data)

    def test_eligibility_waits_for_its_patient_then_is_taken_over(self):
        event = self.receive(self.eligibility())
        self.process()
        self.assertEqual(event.state, "waiting_predecessor")
        self.done(self.completed("E-91"))
        event.write({"next_attempt_at": event.received_at})
        self.process()
        self.assertEqual(event.state, "done", event.error_message)
        encounter = self.env["rcm.encounter"].search([("number", "=", "E-91")])
        coverage = encounter.coverage_ids
        self.assertEqual(coverage.eligibility_state, "active")
        self.assertEqual(coverage.copay_amount, 30)
        self.assertEqual(event.document_refs[0]["model"], "rcm.coverage")

    def test_eligibility_that_fits_no_schema_is_refused(self):
        for changes in ({"copay": 30.0}, {"status": "maybe"}, {"answered_at": None}):
            with self.subTest(changes=changes), self.assertRaises(ProblemError):
                self.receive(self.eligibility(**changes))

    def test_authorization_for_an_unknown_service(self):
        self.done(self.completed("E-90"))
        event = self.receive(self.confirmed(codes=["ZZZZZ"]))
        self.process()
        self.assertEqual((event.state, event.error_class), ("dead", "reference"))

    def test_payer_is_made_and_changed_but_never_who_is_paid(self):
        def update(**changes):
            data = {"payer": {"code": "FEED", "name": "Feed Plan", **changes}}
            return self.envelope("payer.updated", data)

        self.done(update(payer_identifier="1999999999", timely_filing_days=90))
        payer = self.env["rcm.payer"].search([("code", "=", "FEED")])
        self.assertEqual(payer.payer_identifier, "1999999999")
        self.done(update(name="New Name"))
        self.assertEqual(payer.name, "New Name")
        self.done(update(payer_identifier="1888888888"))
        self.assertEqual(payer.payer_identifier, "1999999999")
        change = self.env["rcm.master.change"].search([("payer_id", "=", payer.id)])
        self.assertEqual((change.state, change.source), ("waiting", "one"))
        self.assertEqual(change.after, "1888888888")

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
        encounter = self.env["rcm.encounter"].search([("number", "=", "E-95")])
        self.assertEqual(encounter.state, "registered")
        news = {"patient": {"account_number": "PA-95", "phone": "937 555 0142"}}
        self.done(self.envelope("patient.updated", news))
        self.assertEqual(encounter.patient_id.phone, "937 555 0142")
        unknown = self.receive(
            self.envelope("patient.updated", {"patient": {"account_number": "PA-0"}})
        )
        self.process()
        self.assertEqual(unknown.state, "waiting_predecessor")

    # ------------------------------------------------------------------
    # Remittances
    # ------------------------------------------------------------------
    def remittance(self, content):
        if isinstance(content, bytes):
            content = base64.b64encode(content).decode()
        data = {"filename": "test.835", "content_base64": content}
        return self.envelope("remittance.received", data)

    def test_what_is_not_base64_is_a_case(self):
        event = self.receive(self.remittance("no base64!"))
        self.process()
        self.assertEqual((event.state, event.error_class), ("dead", "schema"))
        self.assertEqual(self.case_types(event), {"event_schema"})

    def test_file_is_handed_over_whole(self):
        event = self.done(self.remittance(b"this is no X12 file"))
        [reference] = event.document_refs
        self.assertEqual(reference["model"], "rcm.remittance.file")
        file = self.env["rcm.remittance.file"].browse(reference["id"])
        self.assertEqual(file.source, "one")
        self.assertNotIn("content", event.payload_shown.replace("content_base64", ""))

    def test_same_file_in_another_event_is_done_too(self):
        first = self.done(self.remittance(b"this is no X12 file"))
        second = self.done(self.remittance(b"this is no X12 file"))
        self.assertEqual(first.document_refs[0]["id"], second.document_refs[0]["id"])

    def test_what_is_no_remittance_is_refused_with_a_case(self):
        """Neither text nor a cut-off 835 leaves a remittance behind."""
        envelope = (
            b"ISA*00*          *00*          *ZZ*PAYER          *ZZ*CLINIC         "
            b"*261102*1030*^*00501*000000001*0*P*:~GS*HP*PAYER*CLINIC*20261102*1030*1*X"
            b"*005010X221A1~ST*835*0001~BPR*I*92.00*C*CHK************20261102~"
            b"TRN*1*TRACE-1*1512345678~"
        )
        entries = [("rcm_kind", "=", "remittance")]
        before = self.env["account.move"].search_count(entries)
        for name, content in (("text", b"this is no X12 file"), ("cut off", envelope)):
            with self.subTest(name):
                event = self.done(self.remittance(content))
                file = self.env["rcm.remittance.file"].browse(
                    event.document_refs[0]["id"]
                )
                self.env["rcm.remittance.file"]._cron_read()
                value = self.env["rcm.document.answer"]._rcm_get(
                    self.connector, "remittance", event=event.external_id
                )
                posted = [
                    item
                    for item in value["remittances"]
                    if item["state"] not in ("rejected", "held")
                ]
                self.assertFalse(posted)
                self.assertTrue(value["cases"], file.state)
                self.assertEqual(value["file_state"], file.state)
        self.assertEqual(self.env["account.move"].search_count(entries), before)
