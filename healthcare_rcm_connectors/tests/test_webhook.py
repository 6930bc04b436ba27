from datetime import timedelta
from itertools import count
from unittest.mock import patch

from freezegun import freeze_time
from standardwebhooks.webhooks import WebhookVerificationError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..models import rcm_delivery_send
from ..protocol import outbound
from .receiver import Receiver
from .webhook_common import WebhookCase


@tagged("at_install")
class TestWebhook(WebhookCase):
    # -- delivered -----------------------------------------------------------------

    def test_a_change_is_told_signed_and_without_values(self):
        with Receiver() as receiver:
            webhook, secret = self.subscribe(receiver)
            self.tell()
            self.deliver()
            message = receiver.verified(secret)
        delivery = self.of(webhook)
        self.assertEqual(delivery.state, "delivered")
        self.assertEqual(message["type"], "claim.cleared")
        self.assertEqual(
            message["data"]["state"], {"before": "validated", "after": "cleared"}
        )
        self.assertEqual(message["data"]["correlation_id"], "thread-1")
        self.assertTrue(
            message["data"]["url"].endswith(f"/odoo/rcm.payer/{self.payer.id}")
        )
        self.assertNotIn("Secret Name", delivery.body)
        headers = {name.lower(): value for name, value in receiver.got[0][0].items()}
        self.assertEqual(headers["webhook-id"], delivery.message_id)
        self.assertTrue(webhook.last_success_at)
        self.assertEqual(delivery.attempt_ids.mapped("status"), [204])

    def test_only_what_was_asked_for_of_the_own_company(self):
        other = self.env["res.company"].create({"name": "Other Clinic"})
        with Receiver() as receiver:
            webhook, _secret = self.subscribe(receiver)
            foreign, _secret = self.subscribe(receiver, company_id=other.id)
            self.tell()
            self.tell("rcm.payer.changed")
            self.tell("claim.priced", company_id=False)
            self.assertEqual(
                self.of(webhook).mapped("event"), ["claim.cleared", "claim.priced"]
            )
            self.assertEqual(self.of(foreign).mapped("event"), ["claim.priced"])

    def test_a_change_that_is_rolled_back_is_not_told(self):
        with Receiver() as receiver:
            webhook, _secret = self.subscribe(receiver)
            try:
                with self.env.cr.savepoint():
                    self.tell()
                    self.assertTrue(self.of(webhook))
                    raise UserError(self.env._("no"))
            except UserError:
                self.deliveries.invalidate_model()
            self.deliver()
            self.assertFalse(receiver.got)
        self.assertFalse(self.of(webhook))

    def test_sending_logs_nothing_that_is_sent(self):
        with Receiver() as receiver:
            webhook, _secret = self.subscribe(receiver, "*")
            self.of(webhook).unlink()
            webhook.action_pause()
            webhook.action_resume()
            self.tell()
            self.deliver()
            self.assertEqual(self.of(webhook).mapped("event"), ["claim.cleared"])
            self.assertEqual(len(receiver.got), 1)

    # -- not delivered -------------------------------------------------------------

    def test_a_failure_is_tried_again_under_the_same_id(self):
        with Receiver(
            (500, {}), (302, {"Location": "http://127.0.0.1:1/"})
        ) as receiver:
            webhook, secret = self.subscribe(receiver)
            start = fields.Datetime.now()
            with freeze_time(start) as clock:
                self.tell()
                self.deliver()
                delivery = self.of(webhook)
                self.assertEqual(
                    (delivery.state, delivery.last_error), ("retry", "status")
                )
                wait = (delivery.next_attempt_at - start).total_seconds()
                self.assertTrue(4 <= wait <= 6, wait)
                self.deliver()
                self.assertEqual(len(receiver.got), 1, "not before its time")
                clock.tick(timedelta(seconds=7))
                self.deliver()
                self.assertEqual(delivery.last_error, "redirect")
                clock.tick(timedelta(seconds=400))
                self.deliver()
                message = receiver.verified(secret)
        self.assertEqual(delivery.state, "delivered")
        self.assertEqual(message["type"], "claim.cleared")
        ids = {headers["webhook-id"] for headers, _body in receiver.got}
        self.assertEqual(ids, {delivery.message_id})
        self.assertEqual(delivery.attempt_ids.mapped("status"), [204, 302, 500])
        self.assertEqual(webhook.failures, 0)

    def test_retry_after_is_kept(self):
        with Receiver((429, {"Retry-After": "3600"})) as receiver:
            webhook, _secret = self.subscribe(receiver)
            now = fields.Datetime.now()
            with freeze_time(now):
                self.tell()
                self.deliver()
        self.assertEqual(self.of(webhook).next_attempt_at, now + timedelta(hours=1))

    def test_gone_ends_it_with_a_case(self):
        with Receiver((410, {})) as receiver:
            webhook, _secret = self.subscribe(receiver)
            self.tell()
            self.tell("claim.priced")
            self.deliver()
            self.assertEqual(len(receiver.got), 1)
            self.tell("claim.posted")
        self.assertEqual(webhook.state, "gone")
        self.assertEqual(
            self.of(webhook).mapped("event"), ["claim.cleared", "claim.priced"]
        )
        self.assertEqual(webhook.rcm_case_ids.type_code, "webhook_failed")

    def test_the_breaker_leaves_a_failing_receiver_alone(self):
        failing = [(500, {})] * outbound.BREAKER_FAILURES
        with (
            Receiver(*failing) as receiver,
            freeze_time(fields.Datetime.now()) as clock,
        ):
            webhook, _secret = self.subscribe(receiver)
            for _number in range(outbound.BREAKER_FAILURES + 3):
                self.tell()
            self.deliver()
            self.assertEqual(len(receiver.got), outbound.BREAKER_FAILURES)
            self.assertEqual(webhook.failures, outbound.BREAKER_FAILURES)
            self.assertEqual(webhook.rcm_case_ids.type_code, "webhook_failed")
            clock.tick(timedelta(seconds=outbound.BREAKER_SECONDS + 1))
            self.deliver()
            self.assertEqual(webhook.failures, 0)
            self.assertFalse(webhook.rest_until)

    def test_a_dead_message_is_sent_again_by_reprocessing(self):
        with Receiver((500, {})) as receiver:
            webhook, _secret = self.subscribe(receiver)
            self.tell()
            delivery = self.of(webhook)
            delivery.attempt_count = outbound.MOST_ATTEMPTS - 1
            self.deliver()
            self.assertEqual(delivery.state, "dead")
            webhook.rcm_case_ids.action_reprocess()
            self.deliver()
        self.assertEqual(delivery.state, "delivered")
        self.assertFalse(webhook.rcm_case_ids)

    def test_without_a_secret_nothing_is_sent(self):
        with Receiver() as receiver:
            webhook, _secret = self.subscribe(receiver)
            self.env["rcm.secret"]._rcm_revoke_of(webhook)
            self.tell()
            self.deliver()
            self.assertFalse(receiver.got)
            with self.assertRaises(UserError):
                webhook.action_test()
        self.assertEqual(self.of(webhook).last_error, "no_secret")

    def test_paused_keeps_and_resumed_sends(self):
        with Receiver() as receiver:
            webhook, _secret = self.subscribe(receiver)
            webhook.action_pause()
            self.tell()
            self.deliver()
            self.assertFalse(receiver.got)
            webhook.action_resume()
            self.deliver()
            self.assertEqual(len(receiver.got), 1)

    def test_one_dead_receiver_holds_up_nobody(self):
        with Receiver() as receiver:
            webhook, _secret = self.subscribe(receiver)
            dead, _secret = self.subscribe(receiver, name="Dead")
            dead.url = "http://127.0.0.1:1/"
            for _number in range(3):
                self.tell()
            self.deliver()
            self.assertEqual(set(self.of(webhook).mapped("state")), {"delivered"})
        self.assertIn("retry", self.of(dead).mapped("state"))
        self.assertIn("connection", self.of(dead).mapped("last_error"))

    def test_one_slow_receiver_holds_up_nobody(self):
        """A round ends with its slowest: a slow one gets a few of its messages in."""
        ticks, rounds = count(step=3), []
        original = type(self.deliveries)._rcm_send_round
        with Receiver() as receiver:
            webhook, _secret = self.subscribe(receiver)
            for _number in range(5):
                self.tell()

            def send(batch):
                original(batch)
                rounds.append(len(receiver.got))

            with (
                patch.object(rcm_delivery_send, "monotonic", lambda: next(ticks)),
                patch.object(type(self.deliveries), "_rcm_send_round", send),
            ):
                self.deliver()
        self.assertEqual(rounds, [2, 4, 5])
        self.assertEqual(set(self.of(webhook).mapped("state")), {"delivered"})
        self.assertEqual(self.of(webhook).mapped("attempt_count"), [1] * 5)

    # -- secrets -------------------------------------------------------------------

    def test_both_secrets_sign_while_one_replaces_the_other(self):
        with Receiver() as receiver:
            webhook, first = self.subscribe(receiver)
            second = self.env["rcm.secret"]._rcm_rotate(webhook)
            self.tell()
            self.deliver()
            self.assertEqual(receiver.verified(first), receiver.verified(second))
            with self.assertRaises(WebhookVerificationError):
                receiver.verified("whsec_" + "A" * 43 + "=")
            with freeze_time(fields.Datetime.now() + timedelta(hours=25)):
                texts = self.env["rcm.secret"]._rcm_texts_of("rcm.webhook", webhook.ids)
            self.assertEqual(texts, {webhook.id: [second]})

    def test_no_field_reads_a_secret(self):
        with Receiver() as receiver:
            webhook, secret = self.subscribe(receiver)
        rows = self.env["rcm.secret"]._rcm_of(webhook)
        self.assertNotIn(secret, str(rows.read()))
        self.assertNotIn(secret, str(webhook.read()))
        log = self.env["rcm.audit.log"].search([("model", "=", "rcm.secret")])
        self.assertNotIn(secret, str(log.mapped("changes_json")))

    # -- addresses and roles -------------------------------------------------------

    def test_an_address_of_the_house_is_refused(self):
        for url, private in (
            ("http://hooks.example.com/", False),
            ("https://127.0.0.1/", False),
            ("https://user:pw@hooks.example.com/", False),
            ("http://169.254.169.254/", True),
        ):
            with self.subTest(url), self.assertRaises(ValidationError):
                self.webhooks.create(
                    {
                        "name": "X",
                        "url": url,
                        "private_allowed": private,
                        "patterns": "*",
                    }
                )

    def test_a_name_that_leads_into_the_house_is_not_called(self):
        with Receiver() as receiver:
            webhook, _secret = self.subscribe(receiver)
            webhook.write({"url": "https://localhost/hook", "private_allowed": False})
            self.tell()
            self.deliver()
            self.assertFalse(receiver.got)
        self.assertEqual(self.of(webhook).last_error, "private_address")

    def test_who_may_do_what(self):
        with Receiver() as receiver:
            webhook, _secret = self.subscribe(receiver)
        self.tell()
        support = self.make_user("support", "integration_support")
        biller = self.make_user("biller-1", "biller")
        administrator = self.make_user("admin-1", "administrator")
        mine = webhook.with_user(support)
        mine.action_pause()
        mine.action_resume()
        with self.assertRaises(AccessError):
            mine.action_new_secret()
        with self.assertRaises(AccessError):
            mine.write({"url": "https://elsewhere.example.com/"})
        with self.assertRaises(AccessError):
            webhook.with_user(biller).read(["url"])
        with self.assertRaises(AccessError):
            self.of(webhook).with_user(support).write({"state": "delivered"})
        with self.assertRaises(AccessError):
            webhook.write({"failures": 3})
        shown = webhook.with_user(administrator).action_new_secret()
        self.assertTrue(shown["context"]["default_secret"].startswith("whsec_"))
