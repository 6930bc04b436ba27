from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests import builders

from .onboarding_common import OnboardingCase


@tagged("post_install", "-at_install")
class TestFacilityOnboarding(OnboardingCase):
    """What a template makes: connectors, mappings, policies, queues, feeds."""

    def test_everything_of_the_template_is_made_and_waits(self):
        record = self.onboard("prepared")
        connector = self.connector
        self.assertEqual(record.state, "prepared")
        self.assertEqual((connector.code, connector.state), ("new-ehr", "paused"))
        self.assertEqual(connector.facility_ids, self.facility)
        self.assertEqual(connector.event_type_ids, self.types)
        self.assertEqual(connector.rate_limit_per_minute, 77)
        user = connector.user_id
        self.assertEqual(user.login, "svc-new-ehr")
        self.assertTrue(user.has_group("healthcare_rcm_base.group_integration"))
        self.assertFalse(user.has_group("base.group_system"))
        self.assertEqual(
            (self.facility.intake_mode, self.facility.place_of_service),
            ("shadow", "11"),
        )
        self.assertIn(self.group, self.facility.provider_group_ids)
        self.assertIn(self.facility, self.queue.facility_ids)
        copy = self.env["rcm.mapping"].search([("connector_id", "=", connector.id)])
        self.assertEqual((copy.state, len(copy.line_ids)), ("draft", 1))
        self.assertEqual(
            sorted(record.item_ids.mapped("kind")),
            ["connector", "feed", "mapping", "queue"],
        )
        feeds = self.env["rcm.expected.feed"].with_context(active_test=False)
        feed = feeds.search([("connector_id", "=", connector.id)])
        self.assertEqual((feed.active, feed.facility_id), (False, self.facility))
        record.action_start_shadow()
        self.assertTrue(feed.active)
        self.assertEqual((copy.state, connector.state), ("active", "active"))

    def test_a_local_override_is_shown_and_survives_a_renewal(self):
        record = self.onboard("prepared")
        item = record.item_ids.filtered(lambda one: one.kind == "connector")
        self.assertFalse(item.overrides)
        self.connector.rate_limit_per_minute = 5
        item.invalidate_recordset()
        self.assertEqual(item.overrides, "Requests per Minute")
        line = self.template.connector_ids
        line.write({"rate_limit_per_minute": 99, "queue_limit": 500})
        record.with_user(self.administrator).action_apply_again()
        self.assertEqual(self.connector.rate_limit_per_minute, 5)
        self.assertEqual(self.connector.queue_limit, 500)
        line.queue_limit = 600
        record.with_user(self.administrator).action_apply_again()
        self.assertEqual(self.connector.queue_limit, 600)

    def test_what_the_template_gets_later_is_made_later(self):
        record = self.onboard("prepared")
        self.template.connector_ids = [
            (0, 0, {"name": "Lab", "suffix": "lab", "kind": "lis"})
        ]
        record.with_user(self.administrator).action_apply_again()
        codes = set(record._rcm_connectors().mapped("code"))
        self.assertEqual(codes, {"new-ehr", "new-lab"})

    def test_a_policy_that_names_facilities_is_changed_by_its_own_door(self):
        old = self.queue.facility_ids[:1]
        named, general = self.env["rcm.approval.policy"].create(
            [
                {
                    "name": "Named",
                    "document_type": "claim",
                    "company_id": self.company.id,
                    "facility_ids": [(6, 0, old.ids)],
                },
                {
                    "name": "General",
                    "document_type": "claim",
                    "company_id": self.company.id,
                },
            ]
        )
        self.template.policy_ids = named | general
        record = self.onboard("prepared")
        change = self.env["rcm.approval.policy.change"].search(
            [("policy_id", "=", named.id)]
        )
        self.assertIn(self.facility, change.draft_id.facility_ids | named.facility_ids)
        self.assertNotEqual(change.state, "draft")
        status = {item.name: item.status for item in record.item_ids}
        self.assertEqual(status["General"], "done")
        expected = "done" if self.facility in named.facility_ids else "open"
        self.assertEqual(status["Named"], expected)

    def test_a_template_maps_only_what_it_pins(self):
        with self.assertRaises(ValidationError):
            self.template.connector_ids.event_type_ids = [(5,)]

    def test_a_facility_at_work_is_not_put_into_a_shadow_run(self):
        builders.encounter(self.env, ["10"], facility=self.facility)
        with self.assertRaisesRegex(UserError, "encounters"):
            self.onboard()
