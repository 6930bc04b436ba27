import base64
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests import builders
from odoo.addons.healthcare_rcm_base.tests.ledger_common import LedgerCase
from odoo.addons.healthcare_rcm_remittance.tests import era

from .common import ConnectorMixin

LEFT_BEHIND = (
    "rcm.encounter",
    "rcm.charge",
    "rcm.claim",
    "rcm.patient.account",
    "rcm.coverage",
    "rcm.identifier",
    "rcm.service.order",
    "account.move",
    "account.move.line",
    "res.partner",
    "mail.message",
    "rcm.exception.case",
    "rcm.approval.request",
    "rcm.delivery",
    "rcm.remittance",
    "rcm.remittance.file",
)


@tagged("post_install", "-at_install")
class TestFacilityOnboarding(ConnectorMixin, LedgerCase):
    """A clinic from a template: prepared, rehearsed, live by its own switch."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = cls.make_user("admin-onb", "administrator")
        cls.support = cls.make_user("support-onb", "integration_support")
        cls.facility = builders.facility(cls.env, name="New Clinic", code="NEW")
        cls.group = builders.provider_group(cls.env)
        cls.payer = builders.payer(cls.env)
        cls.types = cls.env["rcm.event.type"].search([("state", "=", "active")])
        reference = cls.make_connector(
            cls.make_user("svc-ref", "integration"), "ref", company_id=cls.company.id
        )
        cls.mapping = cls.env["rcm.mapping"].create(
            {
                "connector_id": reference.id,
                "type_id": cls.types.filtered(lambda t: t.name == "payer.updated").id,
                "keep_rest": True,
                "line_ids": [(0, 0, {"target": "payer.note", "action": "remove"})],
            }
        )
        cls.queue = cls.env["rcm.exception.queue"].create(
            {
                "name": "Clinic work",
                "code": "clinic",
                "company_id": cls.company.id,
                "facility_ids": [
                    (6, 0, builders.facility(cls.env, name="Old", code="OLD").ids)
                ],
            }
        )
        cls.feed = cls.env["rcm.expected.feed"].create(
            {
                "name": "Totals, every day",
                "connector_id": reference.id,
                "company_id": cls.company.id,
                "event_name": "source.totals",
            }
        )
        cls.template = cls.env["rcm.facility.template"].create(
            {
                "name": "Clinic",
                "company_id": cls.company.id,
                "place_of_service": "11",
                "provider_group_ids": [(6, 0, cls.group.ids)],
                "queue_ids": [(6, 0, cls.queue.ids)],
                "connector_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "EHR",
                            "suffix": "ehr",
                            "event_type_ids": [(6, 0, cls.types.ids)],
                            "mapping_ids": [(6, 0, cls.mapping.ids)],
                            "feed_ids": [(6, 0, cls.feed.ids)],
                            "rate_limit_per_minute": 77,
                        },
                    )
                ],
            }
        )

    def onboard(self, until="shadow"):
        record = (
            self.env["rcm.facility.onboarding"]
            .with_user(self.administrator)
            .create(
                {
                    "facility_id": self.facility.id,
                    "template_id": self.template.id,
                    "company_id": self.company.id,
                }
            )
        )
        if until != "draft":
            record.action_prepare()
        if until == "shadow":
            record.action_start_shadow()
        self.connector = record.sudo()._rcm_connectors()
        return record.sudo()

    def totals(self, count, amount, **changes):
        return self.envelope(
            "source.totals",
            {
                "day": "2026-11-02",
                "facility": "NEW",
                "totals": [{"flow": "encounters", "count": count, "amount": amount}],
            },
            **changes,
        )

    def counts(self):
        self.env.flush_all()
        return {
            name: self.env[name].sudo().with_context(active_test=False).search_count([])
            for name in LEFT_BEHIND
        }

    def results(self):
        return self.env["rcm.shadow.result"].search(
            [("facility_id", "=", self.facility.id)], order="id"
        )

    def go_live(self, record, cutover=None, note="Agreed with the clinic."):
        dialog = (
            self.env["rcm.facility.go.live"]
            .with_user(self.administrator)
            .create(
                {
                    "onboarding_id": record.id,
                    "note": note,
                    "cutover_at": cutover or fields.Datetime.to_datetime("2026-11-01"),
                }
            )
        )
        said = dialog.handed_over_count, dialog.left_behind_count
        dialog.action_go_live()
        return said

    # ------------------------------------------------------------------
    # From the template
    # ------------------------------------------------------------------
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

    # ------------------------------------------------------------------
    # Shadow run
    # ------------------------------------------------------------------
    def test_nothing_of_a_rehearsal_stays_but_its_numbers(self):
        self.onboard()
        before = self.counts()
        balance = self.trial_balance()
        event = self.receive(self.completed("E-1"))
        self.process()
        self.assertEqual(self.counts(), before)
        self.assertEqual(self.trial_balance(), balance)
        self.assertEqual((event.state, event.error_code), ("ignored", "shadow"))
        self.assertFalse(event.document_refs)
        [result] = self.results()
        self.assertEqual(
            (result.outcome, result.encounter_count, result.charge_count),
            ("done", 1, 1),
        )
        self.assertEqual((result.charge_amount, result.claim_count), (150.0, 1))
        self.assertEqual(str(result.day), "2026-11-02")
        self.assertIn("shadow", event.what_to_do)

    def test_a_result_holds_nothing_of_the_patient(self):
        self.onboard()
        self.receive(self.completed("E-1"))
        self.process()
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT r::text FROM rcm_shadow_result r WHERE id = %s", self.results().ids
        )
        text = self.env.cr.fetchone()[0]
        for secret in ("Zacharias", "Quillfeather", "MEMBER-77", "1980-01-01", "E119"):
            self.assertNotIn(secret, text)

    def test_a_remittance_is_read_and_nothing_of_it_is_kept(self):
        self.onboard()
        content = era.interchange(era.st(92, era.clp("X", 150, 92)))
        before = self.counts()
        event = self.receive(
            self.envelope(
                "remittance.received",
                {
                    "filename": "acme.835",
                    "content_base64": base64.b64encode(content).decode(),
                },
            )
        )
        self.process()
        self.assertEqual(event.state, "ignored")
        self.assertEqual(self.counts(), before)
        result = self.results()
        self.assertEqual((result.remittance_count, result.remittance_amount), (1, 92.0))
        self.assertTrue(result.day)

    def test_what_would_fail_is_said(self):
        self.onboard()
        sent = self.completed("E-1")
        sent["data"]["coverages"][0]["payer"] = "NOBODY"
        event = self.receive(sent)
        self.process()
        [result] = self.results()
        self.assertEqual((result.outcome, result.error_class), ("dead", "reference"))
        self.assertEqual(event.state, "ignored")
        self.assertFalse(
            self.env["rcm.exception.case"].search([("res_model", "=", "rcm.event")])
        )

    def test_events_of_one_encounter_are_rehearsed_together(self):
        """A later charge finds the encounter that was rolled back before."""
        self.onboard()
        self.receive(self.completed("E-1"))
        self.process()
        self.receive(
            self.envelope(
                "charge.captured",
                {
                    "facility": "NEW",
                    "encounter": "E-1",
                    "charge": {"id": "C9", "code": "36415", "amount": "25.00"},
                },
                occurred_at="2026-11-02T12:00:00Z",
            )
        )
        self.process()
        first, second = self.results()
        self.assertTrue(first.superseded)
        self.assertEqual((second.outcome, second.charge_count), ("done", 2))
        self.assertEqual(second.charge_amount, 175.0)
        self.assertFalse(self.env["rcm.encounter"].search([("number", "=", "E-1")]))

    def test_what_comes_too_early_is_rehearsed_when_its_predecessor_came(self):
        record = self.onboard()
        charge = self.envelope(
            "charge.captured",
            {
                "facility": "NEW",
                "encounter": "E-1",
                "charge": {"id": "C9", "code": "36415", "amount": "25.00"},
            },
            occurred_at="2026-11-02T09:00:00Z",
        )
        event = self.receive(charge)
        self.process()
        self.assertEqual(event.state, "waiting_predecessor")
        self.assertFalse(self.results())
        self.receive(self.completed("E-1"))
        self.process()
        self.assertEqual((event.state, event.error_code), ("ignored", "shadow"))
        record.invalidate_recordset()
        self.assertEqual(record.failed_count, 0)
        other = {
            **charge,
            "id": "too-early",
            "occurred_at": "2026-10-01T00:00:00Z",
            "data": {**charge["data"], "encounter": "E-99"},
        }
        late = self.receive(other)
        self.process()
        self.go_live(record)
        self.assertEqual(late.state, "ignored")

    def test_the_rehearsal_is_compared_with_what_the_source_counted(self):
        record = self.onboard()
        self.receive(
            self.completed("E-1"), self.completed("E-2"), self.totals(2, "300.00")
        )
        self.process()
        total = self.env["rcm.source.total"].search(
            [("facility_id", "=", self.facility.id)]
        )
        total._rcm_compare()
        self.assertEqual((total.actual_count, total.actual_amount), (2, 300.0))
        self.assertTrue(total.equal)
        self.assertEqual((record.difference_count, record.result_count), (0, 2))
        self.receive(self.totals(3, "450.00", occurred_at="2026-11-03T10:00:00Z"))
        self.process()
        total._rcm_compare()
        self.assertEqual((total.count_difference, total.equal), (-1, False))
        record.invalidate_recordset()
        self.assertIn("differ", record.readiness)

    def test_what_is_entered_by_hand_stops_at_the_gate_until_it_is_live(self):
        record = self.onboard()
        builders.contract(self.env, self.payer)
        encounter = builders.encounter(
            self.env, ["80"], payers=self.payer, facility=self.facility
        )
        for state in ("completed", "coded", "ready"):
            encounter._rcm_set_state(state)
        claim = encounter._rcm_bill()
        self.assertEqual((claim.state, claim.invoice_state), ("validated", "none"))
        self.assertIn("shadow run", claim.next_step)
        self.go_live(record)
        self.assertEqual(claim.work, "clear")
        claim._rcm_clear()
        self.assertEqual(claim.state, "cleared")

    def test_other_facilities_of_the_company_are_booked_as_ever(self):
        self.onboard()
        other = builders.facility(self.env, name="Other", code="TOTHER")
        connector = self.make_connector(
            self.make_user("svc-other", "integration"),
            "other",
            company_id=self.company.id,
        )
        sent = self.completed("E-7")
        sent["data"]["encounter"]["facility"] = other.code
        event = self.receive(sent, connector=connector)
        self.process()
        self.assertEqual((event.state, event.error_message), ("done", False))

    # ------------------------------------------------------------------
    # Going live
    # ------------------------------------------------------------------
    def test_going_live_books_what_happened_since_and_nothing_twice(self):
        record = self.onboard()
        old = self.receive(self.completed("E-1", occurred_at="2026-10-30T10:00:00Z"))
        new = self.receive(self.completed("E-2"))
        self.process()
        self.assertEqual(self.go_live(record), (1, 1))
        self.process()
        self.assertEqual((old.state, new.state), ("ignored", "done"))
        self.assertEqual(
            (record.state, record.handed_over_count, record.left_behind_count),
            ("live", 1, 1),
        )
        self.assertEqual(self.facility.intake_mode, "live")
        encounters = self.env["rcm.encounter"].search(
            [("facility_id", "=", self.facility.id)]
        )
        self.assertEqual(encounters.mapped("number"), ["E-2"])
        self.assertEqual(self.results().mapped("handed_over"), [False, True])
        again = self.receive(self.completed("E-3"))
        self.process()
        self.assertEqual(again.state, "done")
        self.assertEqual(len(self.results()), 2)

    def test_after_going_live_earlier_days_are_compared_with_the_rehearsal(self):
        record = self.onboard()
        self.receive(self.completed("E-1"), self.totals(1, "150.00"))
        self.process()
        self.go_live(record, fields.Datetime.to_datetime("2026-11-10"))
        total = self.env["rcm.source.total"].search(
            [("facility_id", "=", self.facility.id)]
        )
        total._rcm_compare()
        self.assertTrue(total.equal)

    def test_the_switch_asks_for_a_reason_while_something_is_not_in_order(self):
        record = self.onboard()
        self.assertIn("Nothing was rehearsed", record.readiness)
        with self.assertRaisesRegex(UserError, "Not everything"):
            self.go_live(record, note=False)
        with self.assertRaisesRegex(UserError, "past"):
            self.go_live(record, fields.Datetime.now() + timedelta(days=1))
        self.go_live(record)
        self.assertEqual(record.state, "live")
        with self.assertRaises(UserError):
            self.go_live(record)

    def test_the_mode_is_no_field_anybody_writes(self):
        for values in ({"intake_mode": "shadow"}, {"live_since": "2026-01-01"}):
            with self.assertRaises(UserError):
                self.facility.with_user(self.administrator).write(values)
        with self.assertRaises(UserError):
            self.env["rcm.facility"].with_user(self.administrator).with_context(
                default_intake_mode="shadow"
            ).create({"name": "X", "code": "XX"})

    def test_only_administrators_take_the_steps(self):
        record = self.onboard("draft")
        for step in (
            "prepare",
            "start_shadow",
            "stop_shadow",
            "apply_again",
            "go_live",
        ):
            with self.subTest(step), self.assertRaises(AccessError):
                getattr(record.with_user(self.support), f"action_{step}")()
        with self.assertRaises(AccessError):
            record.with_user(self.administrator).write({"state": "live"})

    def test_the_steps_are_logged(self):
        record = self.onboard()
        self.go_live(record)
        logged = self.env["rcm.audit.log"].search(
            [
                ("model", "=", "rcm.facility"),
                ("res_id", "=", self.facility.id),
                ("event", "=", "rcm.facility.mode_changed"),
            ]
        )
        self.assertEqual(len(logged), 2)

    def test_stopping_lets_events_wait(self):
        record = self.onboard()
        record.with_user(self.administrator).action_stop_shadow()
        event = self.receive(self.completed("E-1"))
        self.process()
        self.assertEqual((event.state, record.state), ("received", "prepared"))
        self.assertEqual(self.facility.intake_mode, "shadow")
