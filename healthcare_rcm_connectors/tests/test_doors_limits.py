import base64
import json

from odoo.tests import tagged

from ..controllers import dispatcher
from ..models import ir_http, rcm_event_intake
from .door_common import EVENTS, RPC, DoorCase


@tagged("post_install", "-at_install")
class TestDoorsLimits(DoorCase):
    """How much, how fast and how many: size, rate, wrong keys, a full queue."""

    def test_too_large(self):
        before = self.count()
        content = base64.b64encode(b"x" * (10 * 1024 * 1024)).decode()
        data = {"filename": "a.835", "content_base64": content}
        big = self.envelope("remittance.received", data)
        for path in (EVENTS, RPC):
            with self.subTest(path):
                body = self.assertProblem(self.send(path, big), 413, "too-large")
                self.assertEqual(body["limit_bytes"], 8 * 1024 * 1024)
        self.assertEqual(self.count(), before)

    def test_large_within_the_limit(self):
        content = base64.b64encode(b"x" * (5 * 1024 * 1024)).decode()
        data = {"filename": "a.835", "content_base64": content}
        event = self.envelope("remittance.received", data)
        self.assertEqual(self.send(EVENTS, event).status_code, 202)

    def test_length_is_required(self):
        def chunks():
            yield json.dumps(self.submitted()).encode()

        response = self.opener.post(
            self.base_url() + EVENTS,
            data=chunks(),
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=10,
        )
        self.assertProblem(response, 411, "length-required")

    def test_too_many_requests(self):
        self.stop_the_clock(dispatcher)
        self.connector.rate_limit_per_minute = 2
        for _round in range(2):
            self.assertEqual(self.send(EVENTS, self.submitted()).status_code, 202)
        response = self.send(EVENTS, self.submitted())
        self.assertProblem(response, 429, "too-many-requests")
        self.assertGreater(int(response.headers["Retry-After"]), 0)

    def test_many_wrong_keys_lock_the_address_but_not_a_known_key(self):
        self.stop_the_clock(ir_http)
        self.assertEqual(self.send(EVENTS, self.submitted()).status_code, 202)
        for _round in range(ir_http.FAILURES_PER_MINUTE):
            self.send(EVENTS, {}, key="f" * 40)
        response = self.send(EVENTS, {}, key="f" * 40)
        self.assertProblem(response, 429, "too-many-requests")
        self.assertEqual(self.send(EVENTS, self.submitted()).status_code, 202)

    def test_full_queue_pushes_back(self):
        self.connector.queue_limit = 1
        self.assertEqual(self.send(EVENTS, self.submitted()).status_code, 202)
        rcm_event_intake._queue_depth.clear()
        response = self.send(EVENTS, self.submitted())
        self.assertProblem(response, 503, "overloaded")
        self.assertIn("Retry-After", response.headers)
