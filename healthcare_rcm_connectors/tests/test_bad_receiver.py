import random
from datetime import timedelta
from functools import partial
from unittest.mock import patch

import requests
from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged
from odoo.tests.common import _super_send

from ..models.adapters import rcm_adapter_standard_webhooks
from ..protocol import outbound
from ..tools import http_sender
from .receiver import Receiver
from .webhook_common import WebhookCase

MESSAGES = 100
SEED = 8
ROUNDS = 2000


@tagged("at_install")
class TestBadReceiver(WebhookCase):
    """A receiver that fails every other time, each time in another way."""

    def test_nothing_is_lost_on_a_receiver_that_fails_every_other_time(self):
        rng = random.Random(SEED)
        failures = (
            (500, {}),
            (503, {}),
            (302, {"Location": "http://127.0.0.1:1/"}),
            (429, {"Retry-After": "600"}),
            (None, {}),  # hangs up without an answer
        )
        answers = [
            (204, {}) if rng.random() < 0.5 else rng.choice(failures)
            for _number in range(MESSAGES * 4)
        ]
        with (
            Receiver(*answers) as receiver,
            freeze_time(fields.Datetime.now()) as clock,
        ):
            webhook, secret = self.subscribe(receiver)
            for number in range(MESSAGES):
                self.tell(correlation_id=f"thread-{number}")
            told = self._until_all_came(webhook, receiver, secret, clock)
        deliveries = self.of(webhook)
        self.assertEqual(len(deliveries), MESSAGES)
        self.assertEqual(set(deliveries.mapped("state")), {"delivered"})
        # each told at least once, under an id of its own that never changed
        self.assertEqual(
            {message["data"]["correlation_id"] for message in told.values()},
            {f"thread-{number}" for number in range(MESSAGES)},
        )
        self.assertEqual(set(told), set(deliveries.mapped("message_id")))
        tried = deliveries.attempt_ids
        failed = tried.filtered(lambda one: not 200 <= one.status < 300)
        self.assertGreater(len(failed), MESSAGES // 2)
        self.assertEqual(
            set(failed.mapped("error")), {"status", "redirect", "connection"}
        )

    def _until_all_came(self, webhook, receiver, secret, clock):
        """{webhook-id: message}; every message verified by the reference library."""
        told, seen, planned = {}, 0, set()
        for _round in range(ROUNDS):
            self.deliver()
            for number in range(seen, len(receiver.got)):
                headers, _body = receiver.got[number]
                message = receiver.verified(secret, number)
                # a repetition says the same, word for word
                self.assertEqual(
                    told.setdefault(headers["webhook-id"], message), message
                )
            seen = len(receiver.got)
            waiting = self.of(webhook).filtered(
                lambda one: one.state in ("pending", "retry")
            )
            if not waiting and webhook.rcm_case_ids and self._revive(webhook):
                continue
            if not waiting:
                return told
            self._check_plan(waiting, planned)
            moments = [
                moment
                for moment in (*waiting.mapped("next_attempt_at"), webhook.rest_until)
                if moment and moment > fields.Datetime.now()
            ]
            if moments:
                clock.move_to(min(moments) + timedelta(seconds=1))
        raise AssertionError(f"{len(waiting)} messages did not come")

    def _revive(self, webhook):
        """What was given up after ten tries is sent again by reprocessing its case."""
        dead = self.of(webhook).filtered(lambda one: one.state == "dead")
        if dead:
            webhook.rcm_case_ids.action_reprocess()
        return bool(dead)

    def _check_plan(self, waiting, planned):
        """The next try is planned as the specification says, a fifth more or less."""
        for delivery in waiting.filtered(lambda one: one.state == "retry"):
            key = delivery.id, delivery.attempt_count
            if key in planned:
                continue
            planned.add(key)
            last = max(delivery.attempt_ids, key=lambda one: one.number)
            wait = (delivery.next_attempt_at - last.tried_at).total_seconds()
            want = outbound.RETRY_SECONDS[delivery.attempt_count - 1]
            if last.status == 429:  # the receiver asked for at least so long
                self.assertGreaterEqual(wait, 600)
                want = max(want, 600)
            self.assertLessEqual(wait, want * 1.2 + 1)
            self.assertGreaterEqual(wait, want * 0.8 - 1)

    def test_a_slow_receiver_holds_up_no_other_and_loses_nothing(self):
        # Odoo's tests stretch short time limits; this one is what is tested
        self.startPatcher(patch.object(requests.Session, "send", _super_send))
        impatient = partial(http_sender.send, timeout=0.5)
        self.startPatcher(
            patch.object(rcm_adapter_standard_webhooks, "send", impatient)
        )
        with Receiver(seconds=2) as slow, Receiver() as quick:
            webhook, secret = self.subscribe(slow)
            other, _secret = self.subscribe(quick, name="Quick")
            with freeze_time(fields.Datetime.now()) as clock:
                self.tell()
                self.deliver()
                self.assertEqual(self.of(other).state, "delivered")
                delivery = self.of(webhook)
                self.assertEqual(
                    (delivery.state, delivery.last_error), ("retry", "timeout")
                )
                clock.tick(timedelta(seconds=10))
                self.deliver()
                slow.verified(secret)
        self.assertEqual(delivery.state, "delivered")
        ids = {headers["webhook-id"] for headers, _body in slow.got}
        self.assertEqual((len(slow.got), ids), (2, {delivery.message_id}))
