from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .receiver import Receiver
from .webhook_common import WebhookCase


@tagged("at_install")
class TestDeliveryButtons(WebhookCase):
    """What a person does by hand: test, send again, send no more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.support = cls.make_user("support-hook", "integration_support")

    def log_of(self, event):
        return self.env["rcm.audit.log"].search([("event", "=", event)])

    def test_a_test_goes_the_way_of_everything_else(self):
        with Receiver() as receiver:
            webhook, secret = self.subscribe(receiver, "nothing.*")
            webhook.with_user(self.support).action_test()
            self.deliver()
            message = receiver.verified(secret)
            self.assertEqual(len(receiver.got), 1)
        self.assertEqual(message["type"], "webhook.test")
        self.assertEqual(self.of(webhook).state, "delivered")
        self.assertTrue(webhook.last_success_at)

    def test_what_was_delivered_is_sent_again_under_the_same_id(self):
        with Receiver() as receiver:
            webhook, secret = self.subscribe(receiver)
            self.tell()
            self.deliver()
            delivery = self.of(webhook)
            delivery.with_user(self.support).action_send_again()
            with self.assertRaisesRegex(UserError, "by itself"):
                delivery.with_user(self.support).action_send_again()
            self.deliver()
            first, second = (receiver.verified(secret, number) for number in (0, 1))
            ids = {headers["webhook-id"] for headers, _body in receiver.got}
        self.assertEqual(first, second)
        self.assertEqual(ids, {delivery.message_id})
        self.assertEqual(delivery.state, "delivered")
        self.assertEqual(len(delivery.attempt_ids), 2)
        self.assertTrue(self.log_of("rcm.webhook.resent"))

    def test_what_is_cancelled_is_sent_no_more(self):
        with Receiver() as receiver:
            webhook, _secret = self.subscribe(receiver)
            self.tell()
            self.of(webhook).with_user(self.support).action_cancel()
            self.deliver()
            self.assertEqual(receiver.got, [])
        self.assertEqual(self.of(webhook).state, "cancelled")
        self.assertTrue(self.log_of("rcm.webhook.cancelled"))

    def test_others_do_none_of_it(self):
        with Receiver() as receiver:
            webhook, _secret = self.subscribe(receiver)
            self.tell()
            self.deliver()
        for role in ("biller", "auditor", "integration"):
            user = self.make_user(f"hook-{role}", role)
            for record, button in (
                (webhook, "action_test"),
                (webhook, "action_resend_dead"),
                (self.of(webhook), "action_send_again"),
                (self.of(webhook), "action_cancel"),
            ):
                with self.subTest(role=role, button=button):
                    with self.assertRaises(AccessError):
                        getattr(record.with_user(user), button)()
