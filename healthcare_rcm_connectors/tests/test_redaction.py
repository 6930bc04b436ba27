import json

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import TransactionCase, tagged

from ..protocol.field_rules import SHOWN, is_digest
from .common import ConnectorMixin


@tagged("post_install", "-at_install")
class TestRedaction(ConnectorMixin, TransactionCase):
    """What of a payload is stored, and who is shown which of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.support = cls.make_user("support-red", "integration_support")
        cls.carer = cls.make_user("carer-red", "integration_support")
        cls.carer.group_ids |= cls.env.ref("healthcare_rcm_base.group_patient_data")
        cls.administrator = cls.make_user("admin-red", "administrator")

    def rule(self, path, action, **values):
        return self.env["rcm.redaction.rule"].create(
            {"name": "Because", "path": path, "action": action, **values}
        )

    def shown(self, event, user):
        self.env.invalidate_all()
        return json.loads(event.with_user(user).payload_shown)["data"]

    def test_patients_are_shown_to_those_who_may_see_them(self):
        event = self.receive(self.completed("E-1"))
        self.assertEqual(self.shown(event, self.support)["patient"], SHOWN)
        self.assertEqual(
            self.shown(event, self.carer)["patient"]["last_name"], "Quillfeather"
        )
        self.assertNotIn("Quillfeather", event.with_user(self.support).payload_shown)
        self.assertEqual(self.shown(event, self.carer)["encounter"]["diagnoses"], SHOWN)
        self.carer.group_ids |= self.env.ref("healthcare_rcm_base.group_clinical")
        self.assertEqual(
            self.shown(event, self.carer)["encounter"]["diagnoses"], ["E119"]
        )

    def test_what_a_patient_was_treated_for_is_for_those_who_see_codes(self):
        sent = self.completed("E-1")
        sent["data"]["encounter"]["visit_reasons"] = ["R079"]
        event = self.receive(sent)
        for user in (self.support, self.carer):
            seen = self.shown(event, user)["encounter"]
            self.assertEqual(seen["visit_reasons"], SHOWN)

    def test_mask_and_hide(self):
        self.rule("encounter.place_of_service", "mask")
        self.rule("charges[].amount", "hide", event_name="encounter.completed")
        event = self.receive(self.completed("E-1"))
        for user, place in ((self.support, SHOWN), (self.carer, "11")):
            data = self.shown(event, user)
            self.assertEqual(data["encounter"]["place_of_service"], place)
            self.assertEqual(data["charges"][0]["amount"], SHOWN)
        self.assertIn("150.00", event.payload)

    def test_what_is_never_stored_is_nowhere(self):
        self.rule("patient.first_name", "drop", event_name="encounter.completed")
        sent = self.completed("E-1")
        sent["data"]["guarantor"]["first_name"] = "Gwendolyn"
        event = self.receive(sent)
        stored = json.loads(event.payload)["data"]
        self.assertTrue(is_digest(stored["patient"]["first_name"]))
        self.assertNotIn("Zacharias", event.payload)
        self.assertEqual(stored["guarantor"]["first_name"], "Gwendolyn")
        self.assertEqual(event.payload_size, len(event.payload.encode()))
        self.env.flush_all()
        self.env.cr.execute("SELECT e::text FROM rcm_event e WHERE id = %s", event.ids)
        self.assertNotIn("Zacharias", self.env.cr.fetchone()[0])

    def test_the_same_event_is_still_one_and_another_content_a_conflict(self):
        """Sameness is judged by what was sent, not by what was kept."""
        self.rule("patient.first_name", "drop")
        sent = self.completed("E-1")
        first = self.receive(sent)
        self.assertEqual(self.receive(sent), first)
        changed = json.loads(json.dumps(sent))
        changed["data"]["patient"]["first_name"] = "Xerxes"
        [answer] = self.env["rcm.event"]._rcm_submit(self.connector, [changed])
        self.assertEqual(answer.problem.code, "conflict")

    def test_a_rule_is_for_its_connector_and_event(self):
        other = self.make_connector(self.make_user("svc-red", "integration"), "two")
        self.rule("patient.first_name", "drop", connector_id=other.id)
        self.rule("patient.last_name", "drop", event_name="patient.updated")
        event = self.receive(self.completed("E-1"))
        self.assertIn("Zacharias", event.payload)
        self.assertIn("Quillfeather", event.payload)
        theirs = self.receive(self.completed("E-2"), connector=other)
        kept = json.loads(theirs.payload)["data"]["patient"]
        self.assertTrue(is_digest(kept["first_name"]))
        self.assertEqual(kept["last_name"], "Quillfeather")

    def test_in_a_sources_own_words_only_what_is_mapped_is_shown(self):
        mapping = self.env["rcm.mapping"].create(
            {
                "connector_id": self.connector.id,
                "type_id": self.env.ref(
                    "healthcare_rcm_connectors.rcm_event_type_claim_submitted_v1"
                ).id,
                "line_ids": [
                    (0, 0, {"target": "control_number", "source": "ref"}),
                    (0, 0, {"target": "submitted_at", "source": "when"}),
                ],
            }
        )
        mapping._rcm_activate()
        event = self.receive(
            self.envelope(
                "claim.submitted",
                {
                    "ref": "RTEST0000001",
                    "when": "2026-11-03T08:00:00Z",
                    "ptName": "Zacharias",
                },
            )
        )
        seen = self.shown(event, self.support)
        self.assertEqual((seen["ref"], seen["ptName"]), ("RTEST0000001", SHOWN))
        self.assertEqual(self.shown(event, self.carer)["ptName"], SHOWN)
        self.carer.group_ids |= self.env.ref("healthcare_rcm_base.group_clinical")
        self.assertEqual(self.shown(event, self.carer)["ptName"], "Zacharias")
        self.assertIn("RTEST0000001", event.with_user(self.support).canonical_shown)

    def test_what_the_suite_needs_cannot_be_left_out(self):
        with self.assertRaises(ValidationError):
            self.rule("encounter.facility", "drop", event_name="encounter.completed")
        with self.assertRaises(ValidationError):
            self.rule("patient..ssn", "mask")

    def test_only_administrators_make_rules_and_all_are_logged(self):
        vals = {"name": "x", "path": "a", "action": "hide"}
        rules = self.env["rcm.redaction.rule"]
        for user in (self.support, self.make_user("biller-red", "biller")):
            with self.assertRaises(AccessError):
                rules.with_user(user).create(vals)
        rule = rules.with_user(self.administrator).create(vals)
        rule.action = "drop"
        logged = self.env["rcm.audit.log"].search(
            [("model", "=", rule._name), ("res_id", "=", rule.id)]
        )
        self.assertEqual(len(logged), 2)
        event = self.receive(self.completed("E-1"))
        with self.assertRaises(AccessError):
            event.with_user(self.support).read(["canonical"])
