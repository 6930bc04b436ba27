import json
from datetime import datetime

from odoo.tests import BaseCase, tagged

from ..protocol import outbound
from ..protocol.addresses import AddressRefused, check_address, check_url


@tagged("at_install")
class TestOutbound(BaseCase):
    def test_patterns_choose_events(self):
        patterns = outbound.split_patterns("claim.*, approval.requested\n rcm.x ")
        self.assertEqual(patterns, ("claim.*", "approval.requested", "rcm.x"))
        for event, wanted in (
            ("claim.cleared", True),
            ("approval.requested", True),
            ("approval.decided", False),
            ("Claim.cleared", False),
            ("rcm.claim.state_changed", False),
        ):
            with self.subTest(event):
                self.assertEqual(outbound.wants(event, patterns), wanted)

    def test_sending_never_feeds_itself(self):
        for event in ("rcm.webhook.changed", "webhook.test", "rcm.secret.created"):
            self.assertFalse(outbound.wants(event, ("*",)), event)

    def test_ten_tries_over_seventy_five_hours(self):
        total, attempt = 0, 1
        while True:
            verdict = outbound.judge(500, attempt, lambda: 0.5)
            if verdict.state != outbound.RETRY:
                break
            total += verdict.delay_seconds
            attempt += 1
        self.assertEqual((verdict.state, attempt), (outbound.DEAD, 10))
        self.assertAlmostEqual(total, 75 * 3600 + 35 * 60 + 5, delta=1)

    def test_delays_are_spread_by_a_fifth(self):
        for attempt, planned in enumerate(outbound.RETRY_SECONDS, 1):
            low = outbound.judge(None, attempt, lambda: 0.0).delay_seconds
            high = outbound.judge(None, attempt, lambda: 1.0).delay_seconds
            self.assertAlmostEqual(low, planned * 0.8)
            self.assertAlmostEqual(high, planned * 1.2)

    def test_only_2xx_is_delivered_and_410_ends_it(self):
        for status, state in (
            (200, outbound.DELIVERED),
            (204, outbound.DELIVERED),
            (302, outbound.RETRY),
            (404, outbound.RETRY),
            (429, outbound.RETRY),
            (500, outbound.RETRY),
            (None, outbound.RETRY),
            (410, outbound.GONE),
        ):
            with self.subTest(status=status):
                self.assertEqual(outbound.judge(status, 1, lambda: 0.5).state, state)

    def test_the_receiver_may_ask_for_a_longer_rest(self):
        self.assertEqual(outbound.judge(429, 1, lambda: 0, 90).delay_seconds, 90)
        self.assertEqual(outbound.judge(429, 2, lambda: 0.5, 90).delay_seconds, 300)
        now = datetime(2026, 11, 20, 10)
        for text, seconds in (
            ("120", 120),
            ("Fri, 20 Nov 2026 10:05:00 GMT", 300),
            ("Fri, 20 Nov 2026 09:00:00 GMT", 0),
            ("999999999", outbound.LONGEST_WAIT),
            ("-5", 0),
            ("soon", 0),
            (None, 0),
        ):
            with self.subTest(text):
                self.assertEqual(outbound.read_retry_after(text, now), seconds)

    def test_the_breaker_opens_longer_each_time(self):
        rests = [outbound.breaker_seconds(count) for count in range(13)]
        self.assertEqual(rests[:5], [0] * 5)
        self.assertEqual(rests[5:8], [60, 120, 240])
        self.assertEqual(rests[12], 3600)
        self.assertEqual(outbound.breaker_seconds(10**6), 3600)

    def test_the_body_names_a_document_and_its_state(self):
        body = outbound.body_of(
            "claim.cleared",
            datetime(2026, 11, 20, 10),
            ("rcm.claim", 7, "C7"),
            1,
            "abc",
            ("validated", "cleared"),
            "https://odoo.example.com/odoo/rcm.claim/7",
        )
        self.assertEqual(
            json.loads(body),
            {
                "type": "claim.cleared",
                "timestamp": "2026-11-20T10:00:00Z",
                "data": {
                    "document": {"model": "rcm.claim", "id": 7, "name": "C7"},
                    "company": 1,
                    "correlation_id": "abc",
                    "state": {"before": "validated", "after": "cleared"},
                    "url": "https://odoo.example.com/odoo/rcm.claim/7",
                },
            },
        )


@tagged("at_install")
class TestAddresses(BaseCase):
    def refusal(self, function, *args):
        try:
            function(*args)
        except AddressRefused as refused:
            return refused.code
        return None

    def test_urls(self):
        for url, private, code in (
            ("https://hooks.example.com/a", False, None),
            ("https://hooks.example.com:8443/a", False, None),
            ("http://hooks.example.com/a", False, "scheme"),
            ("http://10.0.0.8:5678/a", True, None),
            ("ftp://hooks.example.com/a", True, "scheme"),
            ("file:///etc/passwd", True, "scheme"),
            ("https://user:secret@hooks.example.com/", False, "credentials"),
            ("https:///path", False, "host"),
            ("https://hooks.example.com:99999/", False, "host"),
            ("https://127.0.0.1/", False, "private_address"),
            ("https://[::1]/", False, "private_address"),
            ("https://[::ffff:10.0.0.1]/", False, "private_address"),
            ("https://169.254.169.254/latest", True, "private_address"),
            ("", False, "scheme"),
            (None, False, "scheme"),
        ):
            with self.subTest(url=url, private=private):
                self.assertEqual(self.refusal(check_url, url, private), code)

    def test_addresses(self):
        for address, private, refused in (
            ("93.184.216.34", False, False),
            ("2606:2800:220:1::1", False, False),
            ("10.1.2.3", False, True),
            ("10.1.2.3", True, False),
            ("172.16.0.1", False, True),
            ("192.168.1.1", False, True),
            ("100.64.0.1", False, True),
            ("127.0.0.1", True, False),
            ("0.0.0.0", True, True),
            ("224.0.0.1", True, True),
            ("169.254.169.254", True, True),
            ("fe80::1%eth0", True, True),
            ("fd00::1", False, True),
            ("::ffff:127.0.0.1", False, True),
        ):
            with self.subTest(address, private=private):
                code = self.refusal(check_address, address, private)
                self.assertEqual(code, "private_address" if refused else None)
