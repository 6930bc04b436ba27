import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, TransactionCase, tagged

from ..models.rcm_event_type_version import headers_of
from ..protocol.problem import ProblemError
from .common import ConnectorMixin

SUBMITTED = "healthcare_rcm_connectors.rcm_event_type_claim_submitted_v1"


@tagged("post_install", "-at_install")
class TestEventTypeVersion(ConnectorMixin, TransactionCase):
    """A new version is a draft, meets recent traffic, and only then is taken."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.administrator = cls.make_user("admin-type", "administrator")
        cls.support = cls.make_user("support-type", "integration_support")
        cls.type = cls.env.ref(SUBMITTED)

    def draft(self, change=None):
        kind = self.type.with_user(self.administrator)
        draft = kind.browse(kind.action_new_version()["res_id"])
        if change:
            value = json.loads(draft.schema)
            change(value)
            draft.schema = json.dumps(value)
        return draft

    def strict(self, value):
        value["required"].append("reference")

    def run_check(self, draft):
        action = draft.action_check()
        return self.env[action["res_model"]].browse(action["res_id"])

    # ------------------------------------------------------------------
    # From draft to active
    # ------------------------------------------------------------------
    def test_a_new_version_is_a_draft_that_nobody_can_send(self):
        draft = self.draft()
        self.assertEqual((draft.state, draft.version), ("draft", 2))
        self.connector.event_type_ids |= draft.sudo()
        with self.assertRaises(ProblemError) as caught:
            self.receive(self.submitted(version=2))
        self.assertEqual(caught.exception.problem.code, "unknown-event-type")
        self.assertNotIn("claim.submitted v2", self.env["rcm.event.type"]._rcm_known())

    def test_it_is_active_only_after_a_check_of_this_very_schema(self):
        self.receive(self.submitted())
        draft = self.draft()
        with self.assertRaisesRegex(UserError, "recent traffic"):
            draft.action_activate()
        check = self.run_check(draft)
        self.assertEqual((check.event_count, check.failed_count), (1, 0))
        self.assertEqual(draft.check_state, "passed")
        value = json.loads(draft.schema)
        value["title"] = "other"
        draft.schema = json.dumps(value)
        self.assertEqual(draft.check_state, "stale")
        with self.assertRaises(UserError):
            draft.action_activate()
        self.run_check(draft)
        draft.action_activate()
        self.assertEqual(draft.state, "active")
        self.connector.event_type_ids |= draft.sudo()
        self.assertEqual(self.receive(self.submitted(version=2)).state, "received")

    def test_the_check_names_the_events_that_would_fail_and_where(self):
        event = self.receive(self.submitted())
        good = self.submitted()
        good["data"]["reference"] = "REF-1"
        self.receive(good)
        draft = self.draft(self.strict)
        check = self.run_check(draft)
        self.assertEqual((check.event_count, check.failed_count), (2, 1))
        self.assertEqual(check.line_ids.event_id, event)
        self.assertEqual(check.line_ids.faults, "$.reference (required)")
        self.assertEqual(check.user_id, self.administrator)
        with self.assertRaisesRegex(UserError, "1 recent events"):
            draft.action_activate()
        draft.activation_note = "Senders were told in spring."
        draft.action_activate()
        self.assertEqual(draft.state, "active")
        logged = self.env["rcm.audit.log"].search(
            [("model", "=", draft._name), ("res_id", "=", draft.id)]
        )
        self.assertIn("Senders were told", str(logged.mapped("changes_json")))

    def test_the_check_looks_at_what_mappings_made_and_spares_what_is_not_stored(self):
        self.env["rcm.redaction.rule"].create(
            {"name": "x", "path": "submitted_at", "action": "drop"}
        )
        self.receive(self.submitted())
        self.assertEqual(self.run_check(self.draft()).failed_count, 0)

    def test_owner_and_example_are_needed(self):
        for missing in ("owner", "example"):
            draft = self.draft()
            self.run_check(draft)
            draft[missing] = False
            with self.subTest(missing), self.assertRaises(UserError):
                draft.action_activate()

    def test_the_state_moves_by_its_steps_only(self):
        draft = self.draft()
        with self.assertRaises(UserError):
            draft.state = "active"
        for values, context in (
            ({"state": "active"}, {}),
            ({}, {"default_state": "active"}),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                draft.with_context(**context).create(
                    {"name": "test.thing", "schema": '{"type": "object"}', **values}
                )

    def test_only_administrators_take_the_steps(self):
        for role in ("integration_support", "auditor"):
            user = self.make_user(f"type-{role}", role)
            for step in ("check", "activate", "deprecate", "reactivate", "retire"):
                with self.subTest(role=role, step=step), self.assertRaises(AccessError):
                    getattr(self.type.with_user(user), f"action_{step}")()

    # ------------------------------------------------------------------
    # Deprecated and retired
    # ------------------------------------------------------------------
    def deprecate(self, days):
        kind = self.type.with_user(self.administrator)
        kind.deprecation_date = fields.Date.today() + timedelta(days=days)
        kind.action_deprecate()
        return kind

    def test_senders_of_a_deprecated_version_are_told(self):
        with self.assertRaises(UserError):
            self.type.with_user(self.administrator).action_deprecate()
        kind = self.deprecate(30)
        name = "odoo.addons.healthcare_rcm_connectors.models.rcm_event_type_version"
        with self.assertLogs(name, "WARNING") as logs:
            [answer] = self.env["rcm.event"]._rcm_submit(
                self.connector, [self.submitted()]
            )
        self.assertIn("claim.submitted v1", logs.output[0])
        told = answer["deprecated"]
        self.assertEqual(told["taken_until"], str(kind.deprecation_date))
        headers = headers_of(answer)
        self.assertRegex(headers["Deprecation"], r"^@\d+$")
        self.assertTrue(headers["Sunset"].endswith("23:59:59 GMT"))
        kind.action_reactivate()
        [answer] = self.env["rcm.event"]._rcm_submit(self.connector, [self.submitted()])
        self.assertNotIn("deprecated", answer)

    def test_after_its_last_day_it_is_refused(self):
        self.deprecate(-1)
        with self.assertRaises(ProblemError) as caught:
            self.receive(self.submitted())
        self.assertIn("taken until", caught.exception.problem.detail)

    def test_a_pinned_version_is_not_taken_away_unannounced(self):
        kind = self.type.with_user(self.administrator)
        with self.assertRaisesRegex(UserError, "pin"):
            kind.action_retire()
        self.deprecate(-1).action_retire()
        self.assertEqual(kind.state, "retired")

    def test_what_a_button_would_refuse_is_said_before(self):
        kind = self.type.with_user(self.administrator)
        self.assertIn("Taken Until", kind.hindrance)
        self.assertFalse(kind.can_retire)
        kind.deprecation_date = fields.Date.today() + timedelta(days=3)
        self.assertRegex(kind.hindrance, r"^\d+ systems still pin it")
        self.deprecate(-1)
        self.assertTrue(kind.can_retire)
        self.assertFalse(kind.hindrance)
        kind.action_retire()
        self.assertFalse(kind.can_retire)
        self.assertTrue(self.draft().can_retire)

    def test_a_connector_pins_the_versions_it_may_send(self):
        draft = self.draft()
        self.run_check(draft)
        draft.action_activate()
        with self.assertRaises(ProblemError) as caught:
            self.receive(self.submitted(version=2))
        self.assertEqual(caught.exception.problem.code, "event-type-not-allowed")
        self.assertIn(self.connector, self.type.connector_ids)


@tagged("post_install", "-at_install")
class TestDeprecationHeaders(ConnectorMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.key = cls.make_key(cls.service_user)

    def setUp(self):
        super().setUp()
        self.forget_the_doors()

    def test_the_answer_carries_the_warning(self):
        self.env.ref(SUBMITTED).write(
            {
                "state": "deprecated",
                "deprecated_at": "2026-11-01 00:00:00",
                "deprecation_date": "2099-12-31",
            }
        )
        answer = self.url_open(
            "/rcm/v1/events",
            data=json.dumps(self.submitted()),
            headers={"Authorization": f"Bearer {self.key}"},
            method="POST",
        )
        self.assertEqual(answer.status_code, 202)
        self.assertEqual(answer.headers["Deprecation"], "@1793491200")
        self.assertEqual(answer.headers["Sunset"], "Thu, 31 Dec 2099 23:59:59 GMT")
