import json
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..models import ir_http, rcm_auth_failure
from ..protocol import addresses
from .door_common import SignedCase

WRONG = "whsec_" + "QUJD" * 11


@tagged("post_install", "-at_install")
class TestSignedDoors(SignedCase):
    """Senders without an API key: the signature over the body opens the door."""

    def test_a_signed_event_is_taken_for_its_connector(self):
        answer = self.send(self.submitted(id="signed-1"))
        self.assertEqual(answer.status_code, 202, answer.text)
        again = self.send(self.submitted(id="signed-1"))
        self.assertEqual(again.status_code, 200, again.text)
        event = self.env["rcm.event"].search([("external_id", "=", "signed-1")])
        self.assertEqual(event.connector_id, self.connector)
        self.assertEqual(event.create_uid, self.service_user)

    def test_what_does_not_hold_is_refused_alike(self):
        event = self.submitted(id="signed-2")
        other = self.submitted(id="signed-3")
        now = fields.Datetime.now()
        answers = [
            self.send(event, secret=WRONG),
            self.send(event, sender="0" * 32),
            self.send(event, sender="x' OR 1=1 --"),
            self.send(event, sender=""),
            self.send(event, body=json.dumps(other)),
            self.send(event, moment=now - timedelta(minutes=6)),
            self.send(event, moment=now + timedelta(minutes=6)),
        ]
        self.assertEqual({answer.status_code for answer in answers}, {401})
        self.assertEqual(len({answer.json()["detail"] for answer in answers}), 1)
        ids = ["signed-2", "signed-3"]
        stored = self.env["rcm.event"].search([("external_id", "in", ids)])
        self.assertFalse(stored)

    def test_no_secret_means_refuse(self):
        self.connector.action_revoke_secrets()
        answer = self.send(self.submitted(id="signed-4"))
        self.assertEqual(answer.status_code, 401)

    def test_both_secrets_hold_while_one_replaces_the_other(self):
        second = self.env["rcm.secret"]._rcm_rotate(self.connector)
        first = self.send(self.submitted(id="signed-5"))
        other = self.send(self.submitted(id="signed-6"), secret=second)
        self.assertEqual((first.status_code, other.status_code), (202, 202))
        later = fields.Datetime.now() + timedelta(hours=25)
        with freeze_time(later):
            store = self.env["rcm.secret"]
            texts = store._rcm_texts_of("rcm.connector", self.connector.ids)
        self.assertEqual(texts[self.connector.id], [second])

    def test_many_wrong_signatures_lock_the_address(self):
        self.stop_the_clock(ir_http)
        event = self.submitted(id="signed-7")
        codes = [
            self.send(event, secret=WRONG).status_code
            for _number in range(ir_http.FAILURES_PER_MINUTE + 1)
        ]
        self.assertEqual(codes[0], 401)
        self.assertEqual(codes[-1], 429)
        self.assertEqual(self.send(event).status_code, 429, "for a minute")

    def test_a_sender_that_is_switched_off_is_refused(self):
        self.connector.action_disable()
        self.assertEqual(self.send(self.submitted(id="signed-8")).status_code, 403)

    def watch_failures(self):
        """What the doors note of failed attempts, in a transaction of their own."""
        self.noted = []

        def note(model, address, reason, connector_id=None):
            self.noted.append((reason, connector_id))

        self.startPatcher(
            patch.object(rcm_auth_failure.RcmAuthFailure, "_rcm_note", note)
        )

    def test_allowed_networks(self):
        self.connector.allowed_networks = "203.0.113.0/24"
        self.watch_failures()
        refused = self.send(self.submitted(id="signed-9"))
        key = self.make_key(self.service_user)
        by_key = self.url_open(
            "/rcm/v1/openapi.json", headers={"Authorization": f"Bearer {key}"}
        )
        self.assertEqual((refused.status_code, by_key.status_code), (403, 403))
        self.assertEqual(self.noted, [("network", self.connector.id)] * 2)
        self.connector.allowed_networks = "203.0.113.0/24, 127.0.0.1"
        self.assertEqual(self.send(self.submitted(id="signed-9")).status_code, 202)
        with self.assertRaises(ValidationError):
            self.connector.allowed_networks = "example.com"

    def test_networks(self):
        networks = addresses.read_networks("10.0.0.0/8 2001:db8::/32,192.0.2.7")
        for address, inside in (
            ("10.255.0.1", True),
            ("::ffff:10.0.0.1", True),
            ("2001:db8::5", True),
            ("192.0.2.7", True),
            ("192.0.2.8", False),
            ("nonsense", False),
            (None, False),
        ):
            with self.subTest(address):
                self.assertEqual(addresses.lies_in(address, networks), inside)

    def test_only_an_administrator_makes_secrets(self):
        support = self.make_user("signed-support", "integration_support")
        for step in ("action_new_secret", "action_revoke_secrets"):
            with self.subTest(step), self.assertRaises(AccessError):
                getattr(self.connector.with_user(support), step)()

    def test_use_is_noted(self):
        self.env["rcm.secret"]._rcm_touch(self.connector.id)
        self.env.invalidate_all()
        self.assertTrue(self.env["rcm.secret"]._rcm_of(self.connector).last_used_at)
