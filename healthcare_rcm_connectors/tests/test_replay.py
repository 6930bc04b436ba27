import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, HttpCase, TransactionCase, tagged

from ..protocol import replay
from .common import ConnectorMixin


@tagged("post_install", "-at_install")
class TestReplayRule(BaseCase):
    def test_what_happens_by_state(self):
        for facts, outcome, reason in (
            (("dead", "active", "active", True), "replay", "ready"),
            (("ignored", "active", "deprecated", True), "replay", "ready"),
            (("retry", "paused", "active", True), "replay", "connector_paused"),
            (("dead", "active", "active", False), "wait", "no_handler"),
            (("received", "active", "active", True), "wait", "in_line"),
            (("done", "active", "active", True), "refuse", "done"),
            (("processing", "active", "active", True), "refuse", "processing"),
            (("dead", "disabled", "active", True), "refuse", "connector_disabled"),
            (("dead", "active", "retired", True), "refuse", "type_retired"),
        ):
            with self.subTest(facts=facts):
                judged = replay.judge(*facts)
                self.assertEqual((judged.outcome, judged.reason), (outcome, reason))

    def test_a_sender_replays_failed_events_only(self):
        ready = replay.judge("retry", "active", "active", True)
        self.assertEqual(replay.judge_own(ready, "retry").reason, "not_failed")
        self.assertEqual(replay.judge_own(ready, "dead"), ready)


class DeadMixin(ConnectorMixin):
    def dead(self, number, payer="LATER", connector=None):
        envelope = self.completed(number)
        envelope["data"]["coverages"][0]["payer"] = payer
        event = self.receive(envelope, connector=connector)
        self.process()
        self.assertEqual(event.state, "dead")
        return event


@tagged("post_install", "-at_install")
class TestReplay(DeadMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.support = cls.make_user("replay-er", "integration_support")

    def plan(self, **values):
        values.setdefault("connector_ids", [(6, 0, self.connector.ids)])
        Replay = self.env["rcm.replay"].with_user(self.support)
        return Replay.create({"name": "Payer added", **values})

    def test_dry_run_says_and_changes_nothing_then_replay_does_it(self):
        event = self.dead("E-R1")
        done = self.receive(self.completed("E-R2"))
        self.process()
        plan = self.plan(event_ids=[(6, 0, (event | done).ids)])
        plan.action_dry_run()
        self.assertEqual((plan.replay_count, plan.refuse_count), (1, 1))
        self.assertEqual(event.state, "dead")
        said = {line.event_id: line.reason for line in plan.line_ids}
        self.assertEqual(said, {event: "ready", done: "done"})
        self.env["rcm.payer"].create({"name": "Later", "code": "LATER"})
        plan.action_run()
        self.assertEqual((plan.state, plan.user_id), ("done", self.support))
        self.process()
        self.assertEqual((event.state, done.state), ("done", "done"))
        line = plan.line_ids.filtered(lambda item: item.event_id == event)
        self.assertEqual((line.state_before, line.state_now), ("dead", "done"))
        rows = self.env["rcm.audit.log"].search(
            [("event", "in", ("replay.run", "event.replayed"))]
        )
        self.assertIn(
            plan.id, rows.filtered(lambda r: r.event == "replay.run").mapped("res_id")
        )
        self.assertIn(event.id, rows.mapped("res_id"))

    def test_filters_and_time_range(self):
        first, second = self.dead("E-R3"), self.dead("E-R4")
        hour = timedelta(hours=1)
        second._rcm_write({"received_at": second.received_at - 2 * hour})
        now = fields.Datetime.now()
        for values, found in (
            ({}, first | second),
            ({"received_from": now - hour}, first),
            ({"received_to": now - hour}, second),
            ({"error_class": "bug"}, first.browse()),
            ({"event_state": "ignored"}, first.browse()),
            ({"type_ids": [(6, 0, first.type_id.ids)]}, first | second),
        ):
            with self.subTest(values=values):
                plan = self.plan(**values)
                plan.action_dry_run()
                self.assertEqual(plan.line_ids.event_id, found)
                self.assertEqual(plan.found_count, len(found))

    def test_other_filters_need_another_dry_run(self):
        self.dead("E-R5")
        plan = self.plan()
        with self.assertRaises(UserError):
            plan.action_run()
        plan.action_dry_run()
        plan.error_class = "bug"
        self.assertEqual(plan.state, "draft")
        with self.assertRaises(UserError):
            plan.action_run()

    def test_what_changed_since_the_dry_run_is_judged_again(self):
        event = self.dead("E-R6")
        plan = self.plan()
        plan.action_dry_run()
        self.connector.state = "disabled"
        plan.action_run()
        self.assertEqual(event.state, "dead")
        self.assertEqual(plan.line_ids.reason, "connector_disabled")
        with self.assertRaises(UserError):
            plan.error_class = "bug"

    def test_only_integration_support_replays(self):
        event = self.dead("E-R7")
        plan = self.plan()
        administrator = self.make_user("adm-in", "administrator")
        for step in ("action_dry_run", "action_run"):
            with self.assertRaises(AccessError):
                getattr(plan.with_user(administrator), step)()
        with self.assertRaises(AccessError):
            event.with_user(administrator).action_replay_plan()
        with self.assertRaises(AccessError):
            plan.write({"done_at": fields.Datetime.now()})


@tagged("post_install", "-at_install")
class TestReplayDoor(DeadMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.key = cls.make_key(cls.service_user)

    def setUp(self):
        super().setUp()
        self.forget_the_doors()

    def call(self, **params):
        body = {"jsonrpc": "2.0", "id": 1, "method": "replay", "params": params}
        return self.url_open(
            "/rcm/v1/jsonrpc",
            data=json.dumps(body),
            headers={
                "Authorization": f"Bearer {self.key}",
                "Content-Type": "application/json",
            },
            method="POST",
        ).json()

    def test_a_sender_replays_its_own_dead_events(self):
        mine = self.dead("E-R8")
        other_connector = self.make_connector(
            self.make_user("svc-two", "integration"), "two"
        )
        theirs = self.dead("E-R9", connector=other_connector)
        dry = self.call(dry_run=True)["result"]
        self.assertEqual([item["id"] for item in dry["events"]], [mine.external_id])
        self.env.invalidate_all()
        self.assertEqual(mine.state, "dead")
        error = self.call(ids=[mine.external_id, theirs.external_id])["error"]["data"]
        self.assertEqual((error["status"], error["ids"]), (404, [theirs.external_id]))
        self.env.invalidate_all()
        self.assertEqual(mine.state, "dead")
        result = self.call(id=mine.external_id)["result"]
        self.assertEqual(result["events"][0]["outcome"], "replay")
        self.assertEqual(result["events"][0]["status"], "received")
        self.env.invalidate_all()
        self.assertEqual((mine.state, theirs.state), ("received", "dead"))
        again = self.call(id=mine.external_id)["result"]
        self.assertEqual(again["events"][0]["reason"], "in_line")

    def test_range_and_wrong_parameters(self):
        self.dead("E-R10")
        self.assertEqual(
            self.call(until="2020-01-01T00:00:00Z", dry_run=True)["result"]["events"],
            [],
        )
        for params in (
            {"since": "yesterday"},
            {"ids": []},
            {"ids": [7]},
            {"dry_run": "yes"},
        ):
            with self.subTest(params=params):
                self.assertIn("error", self.call(**params))
