import json
from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from odoo.addons.healthcare_rcm_base.core.errors import (
    PredecessorMissing,
    RcmPermanent,
    RcmRetryable,
    ReferenceMissing,
)

from ..models.rcm_event_verdict import EventIgnored
from .common import ConnectorMixin


@tagged("post_install", "-at_install")
class TestEventProcessing(ConnectorMixin, TransactionCase):
    """The lane: order, retries, giving up, replay. The handler is a stand-in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.support = cls.make_user("support-one", "integration_support")

    def setUp(self):
        super().setUp()
        self.handled = []
        self.fail_with = {}
        handler = type(self.env["rcm.event.handler.claim.submitted"])
        patcher = patch.object(handler, "_rcm_handle", self.handle)
        patcher.start()
        self.addCleanup(patcher.stop)

    def handle(self, event, data):
        error = self.fail_with.get(event.external_id)
        self.handled.append(event.external_id)
        if error:
            raise error
        return event.connector_id

    def cases(self, event):
        return self.env["rcm.exception.case"].search(
            [("res_model", "=", "rcm.event"), ("res_id", "=", event.id)]
        )

    # ------------------------------------------------------------------
    # Going well
    # ------------------------------------------------------------------
    def test_event_is_done_with_documents_and_attempt(self):
        event = self.receive(self.submitted())
        self.process()
        self.assertEqual(event.state, "done")
        self.assertTrue(event.done_at)
        self.assertEqual(event.document_names, "Connector one")
        self.assertEqual(event.attempt_ids.mapped("outcome"), ["done"])
        self.assertEqual(event.attempt_ids.number, 1)
        self.assertFalse(self.cases(event))

    def test_every_step_is_on_the_timeline(self):
        event = self.receive(self.submitted())
        self.process()
        rows = self.env["rcm.audit.log"].search(
            [("correlation_id", "=", event.correlation_id)], order="id"
        )
        self.assertEqual(
            rows.mapped("event"),
            ["event.received", "rcm.event.state_changed", "rcm.event.state_changed"],
        )

    def test_handler_acts_as_the_service_user_with_the_company(self):
        seen = {}

        def look(handler, event, data):
            seen.update(user=event.env.user, su=event.env.su, company=event.env.company)
            return event.connector_id

        handler = type(self.env["rcm.event.handler.claim.submitted"])
        with patch.object(handler, "_rcm_handle", look):
            self.receive(self.submitted())
            self.process()
        expected = {"user": self.service_user, "su": True, "company": self.company}
        self.assertEqual(seen, expected)

    def test_real_time_goes_before_batch(self):
        kind = self.env["rcm.event.type"].search([("name", "=", "claim.submitted")])
        kind.delivery_class = "batch"
        slow = self.receive(self.submitted("RTEST0000001"))
        kind.delivery_class = "real_time"
        fast = self.receive(self.submitted("RTEST0000002"))
        self.process()
        self.assertEqual(self.handled, [fast.external_id, slow.external_id])

    def test_paused_connector_waits_and_catches_up(self):
        self.connector.state = "paused"
        event = self.receive(self.submitted())
        self.process()
        self.assertEqual(event.state, "received")
        self.connector.action_resume()
        self.process()
        self.assertEqual(event.state, "done")

    def test_each_connector_gets_its_share(self):
        other = self.make_connector(self.make_user("svc-two", "integration"), "two")
        self.receive(*[self.submitted(f"RTEST000{n:04}") for n in range(5)])
        late = self.receive(self.submitted("RTEST9"), connector=other)
        batch = self.env["rcm.event"]._rcm_lock_next(2)
        self.assertIn(late, batch)
        self.assertEqual(len(batch), 2)

    # ------------------------------------------------------------------
    # Order
    # ------------------------------------------------------------------
    def test_same_key_in_order_of_what_happened(self):
        later = self.submitted(occurred_at="2026-11-02T12:00:00Z")
        earlier = self.submitted(occurred_at="2026-11-02T11:00:00Z")
        other = self.submitted("RTEST0000002")
        self.receive(later, earlier, other)
        self.assertEqual(len(self.env["rcm.event"]._rcm_lock_next(50)), 2)
        self.process()
        order = [item for item in self.handled if item != other["id"]]
        self.assertEqual(order, [earlier["id"], later["id"]])

    def test_event_behind_a_retry_of_its_key_stays_in_line(self):
        first, second, other = self.receive(
            self.submitted(), self.submitted(), self.submitted("RTEST0000002")
        )
        self.fail_with[first.external_id] = RcmRetryable(600)
        self.process()
        states = (first.state, second.state, other.state)
        self.assertEqual(states, ("retry", "received", "done"))

    def test_reprocessing_does_not_get_past_the_order(self):
        later = self.receive(self.submitted(occurred_at="2026-11-02T12:00:00Z"))
        self.fail_with[later.external_id] = RcmPermanent("no")
        self.process()
        [case] = self.cases(later)
        earlier = self.receive(self.submitted(occurred_at="2026-11-02T11:00:00Z"))
        self.fail_with = {earlier.external_id: RcmRetryable(600)}
        self.process()
        self.assertEqual((later.state, earlier.state), ("dead", "retry"))
        case.with_user(self.support).action_reprocess()
        self.assertEqual((later.state, case.state), ("received", "open"))
        self.fail_with = {}
        earlier.write({"next_attempt_at": earlier.received_at})
        self.process()
        self.assertEqual(self.handled[-2:], [earlier.external_id, later.external_id])
        self.assertEqual((later.state, case.state), ("done", "resolved"))

    def test_event_behind_a_failed_one_goes_on(self):
        first, second = self.receive(self.submitted(), self.submitted())
        self.fail_with[first.external_id] = RcmPermanent("no")
        self.process()
        self.assertEqual((first.state, second.state), ("dead", "done"))

    def test_waiting_event_goes_on_after_its_predecessor(self):
        late, early = self.submitted(), self.submitted()
        waiting = self.receive(late)
        self.fail_with[late["id"]] = PredecessorMissing("claim:RTEST0000001")
        self.process()
        self.assertEqual(waiting.state, "waiting_predecessor")
        self.assertGreater(waiting.deadline_at, fields.Datetime.now())
        self.fail_with.clear()
        predecessor = self.receive(early)
        self.process()
        self.assertEqual((predecessor.state, waiting.state), ("done", "done"))
        self.assertFalse(waiting.error_code)

    def test_waiting_for_another_document_goes_on_when_that_comes(self):
        """Not by the clock: the predecessor has a business key of its own."""
        late, early = self.submitted("RTEST0000002"), self.submitted("RTEST0000003")
        waiting = self.receive(late)
        missing = PredecessorMissing("a claim", awaits="claim:RTEST0000003")
        self.fail_with[late["id"]] = missing
        self.process()
        self.assertEqual(waiting.awaited_key, "claim:RTEST0000003")
        self.assertNotIn("RTEST0000003", waiting.error_message)
        self.fail_with.clear()
        self.process()
        self.assertEqual(waiting.state, "waiting_predecessor")
        self.receive(early)
        self.process()
        self.assertEqual(waiting.state, "done")

    def test_clash_of_locks_is_tried_again_at_once_but_not_for_ever(self):
        event = self.receive(self.submitted())
        self.fail_with[event.external_id] = SerializationFailure()
        self.process()
        self.assertEqual((event.state, event.attempt_count), ("retry", 3))
        self.assertGreater(event.next_attempt_at, fields.Datetime.now())

    def test_waiting_ends_with_a_case(self):
        event = self.receive(self.submitted())
        self.fail_with[event.external_id] = PredecessorMissing("claim:RTEST0000001")
        self.process()
        past = fields.Datetime.now() - timedelta(hours=1)
        event.write({"deadline_at": past, "next_attempt_at": past})
        self.process()
        self.assertEqual(event.state, "dead")
        self.assertEqual(self.cases(event).type_code, "event_sequence")

    def test_older_news_is_ignored(self):
        kind = self.env["rcm.event.type"].search([("name", "=", "claim.submitted")])
        kind.latest_wins = True
        newer = self.receive(self.submitted(occurred_at="2026-11-02T12:00:00Z"))
        self.process()
        older = self.receive(self.submitted(occurred_at="2026-11-02T11:00:00Z"))
        self.process()
        self.assertEqual((newer.state, older.state), ("done", "ignored"))
        self.assertEqual(older.error_code, "stale")

    def test_type_without_a_part_that_handles_it_waits_visibly(self):
        kind = self.env["rcm.event.type"].search([("name", "=", "claim.submitted")])
        kind.handler_model = False
        event = self.receive(self.submitted())
        self.process()
        self.assertEqual(event.state, "waiting_predecessor")
        self.assertEqual(event.error_code, "no_handler")
        self.assertTrue(event.what_to_do)
        kind.handler_model = "rcm.event.handler.claim.submitted"
        self.process()
        self.assertEqual(event.state, "done")

    # ------------------------------------------------------------------
    # Failing
    # ------------------------------------------------------------------
    def test_what_no_part_works_on_yet_is_kept_and_visible(self):
        names = (
            "payment.confirmed",
            "settlement.reported",
            "refund.requested",
            "dispute.opened",
        )
        kinds = self.env["rcm.event.type"].search([("name", "in", names)])
        self.assertEqual(len(kinds), len(names))
        self.connector.event_type_ids |= kinds
        events = self.receive(
            *(
                self.envelope(kind.name, json.loads(kind.example), id=kind.name)
                for kind in kinds
            )
        )
        self.process()
        self.assertEqual(set(events.mapped("state")), {"waiting_predecessor"})
        self.assertEqual(set(events.mapped("error_code")), {"no_handler"})
        self.assertEqual(len(set(events.mapped("business_key"))), len(names))

    def test_data_defects_give_up_at_once_with_a_case(self):
        table = [
            (ReferenceMissing("payer", "NOPE"), "reference", "event_reference"),
            (RcmPermanent("identity_conflict", "x"), "business", "event_failed"),
            (RcmPermanent("schema", "not Base64"), "schema", "event_schema"),
            (UserError("not now"), "business", "event_failed"),
            (ValidationError("bad"), "business", "event_failed"),
        ]
        for number, (error, error_class, case_type) in enumerate(table):
            with self.subTest(type(error).__name__):
                event = self.receive(self.submitted(f"RTEST000000{number}"))
                self.fail_with[event.external_id] = error
                self.process()
                self.assertEqual(event.state, "dead")
                self.assertEqual(event.error_class, error_class)
                self.assertTrue(event.what_to_do)
                self.assertEqual(self.cases(event).type_code, case_type)

    def test_obstacle_is_tried_again_later(self):
        for error, tries in ((RcmRetryable(5), 2), (SerializationFailure(), 4)):
            with self.subTest(type(error).__name__):
                event = self.receive(self.submitted())
                self.fail_with[event.external_id] = error
                self.process()
                self.assertEqual(event.state, "retry")
                self.assertTrue(event.next_attempt_at)
                self.assertFalse(self.cases(event))
                self.fail_with.clear()
                event.write({"next_attempt_at": fields.Datetime.now()})
                self.process()
                self.assertEqual(event.state, "done")
                self.assertEqual(event.attempt_count, tries)

    def test_obstacle_that_stays_is_given_up(self):
        event = self.receive(self.submitted())
        event.type_id.max_attempts = 2
        self.fail_with[event.external_id] = RcmRetryable(5)
        for _round in range(2):
            self.process()
            event.write({"next_attempt_at": fields.Datetime.now()})
        self.assertEqual(event.state, "dead")
        self.assertEqual(event.attempt_ids.mapped("outcome"), ["dead", "retry"])
        self.assertEqual(self.cases(event).type_code, "event_failed")

    def test_unforeseen_failure_names_the_place_and_no_text(self):
        event = self.receive(self.submitted())
        self.fail_with[event.external_id] = ValueError("Quillfeather")
        name = "odoo.addons.healthcare_rcm_connectors.models.rcm_event_verdict"
        with self.assertLogs(name, "ERROR") as logs:
            self.process()
        self.assertEqual((event.state, event.error_class), ("retry", "bug"))
        self.assertIn("ValueError at test_event_processing.py", event.error_message)
        self.assertNotIn("Quillfeather", event.error_message + str(logs.output))

    def test_error_text_loses_what_the_payload_says_of_the_patient(self):
        handler = type(self.env["rcm.event.handler.encounter.completed"])
        error = ValidationError("Zacharias QUILLFEATHER has no coverage at TPLAN")

        def fail(self, event, data):
            raise error

        event = self.receive(self.completed())
        with patch.object(handler, "_rcm_handle", fail):
            self.process()
        self.assertEqual(event.error_message, "••• ••• has no coverage at TPLAN")
        self.assertEqual(self.cases(event).message, event.error_message)

    def test_failed_event_leaves_nothing_behind_and_stops_nobody(self):
        def make_then_fail(handler, event, data):
            event.env["rcm.payer"].create({"name": "Half", "code": "HALF"})
            raise RcmPermanent("no")

        handler = type(self.env["rcm.event.handler.encounter.completed"])
        good = self.receive(self.submitted())
        bad = self.receive(self.completed())
        with patch.object(handler, "_rcm_handle", make_then_fail):
            self.process()
        self.assertEqual((good.state, bad.state), ("done", "dead"))
        self.assertFalse(self.env["rcm.payer"].search([("code", "=", "HALF")]))

    def test_handler_may_set_an_event_aside(self):
        event = self.receive(self.submitted())
        self.fail_with[event.external_id] = EventIgnored("old", "Nothing new.")
        self.process()
        self.assertEqual((event.state, event.error_code), ("ignored", "old"))

    # ------------------------------------------------------------------
    # Replay
    # ------------------------------------------------------------------
    def dead_event(self):
        event = self.receive(self.submitted())
        self.fail_with[event.external_id] = ReferenceMissing("payer", "NOPE")
        self.process()
        self.fail_with.clear()
        return event

    def test_support_replays_a_failed_event(self):
        event = self.dead_event()
        event.with_user(self.support).action_replay()
        self.assertEqual(event.state, "received")
        self.process()
        self.assertEqual(event.state, "done")
        self.assertEqual(self.cases(event).state, "resolved")

    def test_done_event_is_not_replayed(self):
        event = self.receive(self.submitted())
        self.process()
        with self.assertRaises(UserError):
            event.with_user(self.support).action_replay()

    def test_reprocess_of_the_case_runs_the_event_at_once(self):
        event = self.dead_event()
        case = self.cases(event)
        case.with_user(self.support).action_reprocess()
        self.assertEqual(event.state, "done")
        self.assertEqual(case.state, "resolved")

    def test_others_do_not_replay(self):
        event = self.dead_event()
        for role in ("biller", "administrator", "auditor", "integration"):
            user = self.make_user(f"other-{role}", role)
            with self.subTest(role), self.assertRaises(AccessError):
                event.with_user(user).action_replay()

    def test_support_sets_an_event_aside(self):
        event = self.dead_event()
        event.with_user(self.support).action_ignore()
        self.assertEqual(event.state, "ignored")
        self.assertEqual(self.cases(event).state, "resolved")

    # ------------------------------------------------------------------
    # The scheduled action itself
    # ------------------------------------------------------------------
    def test_scheduled_action_works_the_inbox_off(self):
        events = self.receive(*[self.submitted(f"RTEST{n:07}") for n in range(7)])
        cron = self.env.ref("healthcare_rcm_connectors.cron_process_events")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(set(events.mapped("state")), {"done"})

    def test_queries_per_event_stay_few(self):
        self.receive(*[self.submitted(f"RTEST{n:07}") for n in range(10)])
        self.process()
        self.receive(*[self.submitted(f"RTEST1{n:06}") for n in range(10)])
        start = self.env.cr.sql_log_count
        self.process()
        ten = self.env.cr.sql_log_count - start
        self.receive(*[self.submitted(f"RTEST2{n:06}") for n in range(30)])
        start = self.env.cr.sql_log_count
        self.process()
        thirty = self.env.cr.sql_log_count - start
        self.assertLessEqual(thirty - ten, 20 * 8)
