import json
from itertools import product

from odoo.tests import BaseCase, TransactionCase, tagged

from ..protocol import flow
from .common import ConnectorMixin


@tagged("post_install", "-at_install")
class TestFlowRules(BaseCase):
    """The class of a flow follows from what a delay costs and who waits."""

    def test_the_rule(self):
        for facts, expected in (
            (("direct", "minutes", False, False), "real_time"),
            (("none", "days", False, True), "real_time"),
            (("indirect", "hours", False, False), "real_time"),
            (("none", "hours", False, False), "batch"),
            (("direct", "hours", True, False), "batch"),
            (("direct", "days", False, False), "batch"),
            (("none", "days", True, False), "batch"),
        ):
            with self.subTest(facts):
                self.assertEqual(flow.advise(*facts), expected)

    def test_the_class_decides_before_the_urgency_and_history_is_last(self):
        places = {
            (kind, urgency, history): flow.priority(kind, urgency, history)
            for kind, urgency, history in product(
                (flow.REAL_TIME, flow.BATCH), flow.URGENCIES, (False, True)
            )
        }
        in_order = sorted(places, key=places.get)
        self.assertEqual(len(set(places.values())), len(places))
        self.assertEqual([key[2] for key in in_order], [False] * 6 + [True] * 6)
        self.assertEqual(
            [key[0] for key in in_order[:6]], ["real_time"] * 3 + ["batch"] * 3
        )
        self.assertEqual(in_order[0], ("real_time", "minutes", False))


@tagged("post_install", "-at_install")
class TestFlows(ConnectorMixin, TransactionCase):
    """The class is on a screen and decides what is worked on first."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()

    def test_every_shipped_flow_has_a_class_a_reason_and_follows_the_rule(self):
        kinds = self.env["rcm.event.type"].search([("state", "=", "active")])
        self.assertGreaterEqual(len(kinds), 27)
        for kind in kinds:
            with self.subTest(kind=kind.name):
                self.assertTrue(kind.class_reason)
                self.assertFalse(kind.class_differs)

    def test_a_class_against_the_rule_is_marked(self):
        kind = self.env["rcm.event.type"].search([("name", "=", "payment.confirmed")])
        self.assertEqual((kind.advised_class, kind.priority), ("real_time", 10))
        kind.delivery_class = "batch"
        self.assertTrue(kind.class_differs)

    def test_a_payment_confirmation_goes_before_bulk_history(self):
        other = self.make_connector(
            self.make_user("svc-flow", "integration"), "two", flow="history"
        )
        old = self.receive(self.completed("E-1"), connector=other)
        new = self.receive(self.submitted(), connector=self.connector)
        example = self.env["rcm.event.type"].search(
            [("name", "=", "payment.confirmed")]
        )
        paid = self.receive(
            self.envelope("payment.confirmed", json.loads(example.example))
        )
        self.assertGreater(old.priority, 100)
        self.assertLess(paid.priority, new.priority)
        batch = self.env["rcm.event"]._rcm_lock_next(10)
        self.assertEqual(batch, paid | new | old)
        self.assertEqual(batch.ids, (paid + new + old).ids)

    def test_what_waits_is_on_the_screen(self):
        event = self.receive(self.completed("E-1"))
        self.assertEqual(event.type_id.waiting_count, 1)
        self.assertEqual(event.type_id.oldest_waiting_at, event.received_at)
