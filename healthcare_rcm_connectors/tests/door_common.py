"""The doors as senders see them: over HTTP, with a key."""

import json
from datetime import timezone

from standardwebhooks.webhooks import Webhook

from odoo import fields
from odoo.tests import HttpCase

from .common import ConnectorMixin

EVENTS = "/rcm/v1/events"
RPC = "/rcm/v1/jsonrpc"


class BusyDoorCase(ConnectorMixin, HttpCase):
    """A connector with a key that may send as much as it likes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.connector.write({"rate_limit_per_minute": 10**8, "queue_limit": 10**8})
        cls.key = cls.make_key(cls.service_user)

    def setUp(self):
        super().setUp()
        self.forget_the_doors()


class DoorCase(ConnectorMixin, HttpCase):
    """Two connectors with a key each, and how they call."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.key = cls.make_key(cls.service_user)
        cls.other_user = cls.make_user("svc-two", "integration")
        cls.other = cls.make_connector(cls.other_user, "two")
        cls.other_key = cls.make_key(cls.other_user)

    def setUp(self):
        super().setUp()
        self.forget_the_doors()

    def send(self, path, body=None, key=None, method=None, headers=None):
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **(headers or {})}
        if key is not False:
            headers["Authorization"] = f"Bearer {key or self.key}"
        method = method or ("POST" if body is not None else "GET")
        return self.url_open(path, data=body, headers=headers, method=method)

    def rpc(self, method, params=None, key=None):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
        response = self.send(RPC, body, key)
        self.assertEqual(response.status_code, 200)
        return response.json()

    def assertProblem(self, response, status, code):
        self.assertEqual(response.status_code, status, response.text[:300])
        content_type = response.headers["Content-Type"]
        self.assertEqual(content_type.split(";")[0], "application/problem+json")
        body = response.json()
        self.assertEqual(body["type"], f"/rcm/v1/problems/{code}")
        self.assertEqual(body["status"], status)
        self.assertTrue(body["title"] and body["detail"] and body["help"])
        self.assertEqual(body["instance"], response.headers["X-Request-Id"])
        self.assertNotIn("Traceback", response.text)
        return body

    def count(self):
        return self.env["rcm.event"].search_count([])


class SignedCase(ConnectorMixin, HttpCase):
    """A connector that signs its messages instead of showing a key."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.secret = cls.env["rcm.secret"]._rcm_rotate(cls.connector)

    def setUp(self):
        super().setUp()
        self.forget_the_doors()

    def send(self, event, secret=None, sender=None, body=None, moment=None):
        text = json.dumps(event)
        moment = moment or fields.Datetime.now()
        sender = self.connector.sender_id if sender is None else sender
        moment = moment.replace(tzinfo=timezone.utc)
        hook = Webhook(secret or self.secret)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event["id"],
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": hook.sign(event["id"], moment, text),
        }
        return self.url_open(
            f"/rcm/v1/events?sender={sender}",
            data=(body or text).encode(),
            headers=headers,
            method="POST",
        )
