"""Requests changed on their way, at the doors: none is taken; valid ones always are.

The rule itself is held against ten thousand changes in test_protocol_signature; here
whole requests go through routing, reading of the body and the sender's secrets.
RCM_FUZZ_SEED=… repeats a run, which prints its seed when it fails.
"""

import json
import os
import random
from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo.tests import HttpCase, tagged

from ..models import ir_http
from ..protocol import signature
from .common import ConnectorMixin
from .in_process import InProcessMixin

EVENTS = "/rcm/v1/events"
FEW, MANY = 300, 10_000
OTHER = "whsec_" + "QUJD" * 11


class SignedCase(InProcessMixin, ConnectorMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.connector.rate_limit_per_minute = 10**8
        cls.secret = cls.env["rcm.secret"]._rcm_rotate(cls.connector)

    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("RCM_FUZZ_SEED") or 20261121)
        self.rng = random.Random(self.seed)

    def signed(self, secret=None, moment=None, **changes):
        """(headers, body) of a new event, signed."""
        body = json.dumps(self.submitted(**changes))
        moment = moment or datetime.utcnow()
        return signature.sign(secret or self.secret, "msg-1", moment, body), body

    def send(self, headers, body, sender=None):
        """The status of one request; from an address that never failed before."""
        ir_http._failures._by_key.clear()
        address = ".".join(str(self.rng.randrange(1, 255)) for _part in range(4))
        sender = sender or self.connector.sender_id
        if isinstance(body, str):
            body = body.encode()
        path = f"{EVENTS}?sender={sender}"
        return self.ask("POST", path, body, headers, address).status_code

    def count(self):
        return self.env["rcm.event"].search_count([])

    # ------------------------------------------------------------------
    # The changes a stranger on the way could make
    # ------------------------------------------------------------------
    def mutate(self, headers, body):
        """(headers, body) with one change that is a change of meaning."""
        raw = body.encode()
        name = self.rng.choice((*headers, "body", "body"))
        if name == "body":
            return headers, self.change(raw)
        how = self.rng.choice(("change", "change", "change", "drop", "empty", "other"))
        changed = dict(headers)
        if how == "drop":
            del changed[name]
        elif how == "empty":
            changed[name] = ""
        elif how == "other":
            changed[name] = signature.sign(
                OTHER, f"msg-{self.rng.random()}", self.long_ago(), body + "x"
            )[name]
        else:
            changed[name] = self.change(headers[name].encode()).decode("latin-1")
        return changed, raw

    def long_ago(self):
        minutes = self.rng.choice((-1, 1)) * self.rng.uniform(6, 600)
        return datetime.utcnow() + timedelta(minutes=minutes)

    def change(self, text):
        """Replace, insert, delete, double or turn round; never the same again."""
        place = self.rng.randrange(len(text))
        letter = bytes([self.rng.randrange(33, 127)])
        changed = self.rng.choice(
            (
                text[:place] + letter + text[place + 1 :],
                text[:place] + letter + text[place:],
                text[:place] + text[place + 1 :],
                text[:place] + text[place:] * 2,
                text[::-1],
                text[:place] + bytes([text[place] ^ 1 << self.rng.randrange(5)])
                + text[place + 1 :],
            )
        )  # fmt: skip
        changed = changed.replace(b"\r", b"x").replace(b"\n", b"x")
        return changed if changed.strip() != text.strip() else text + letter

    def only_more_beside(self, good, headers, raw, body):
        """As signed, with further signatures listed: the specification allows it."""
        name = signature.SIGNATURE_HEADER
        rest = {**headers, name: good[name]}
        listed = headers.get(name, "").split(" ")
        return raw == body.encode() and rest == good and good[name] in listed

    def try_mutations(self, count):
        before, codes = self.count(), {}
        for number in range(count):
            good, body = self.signed()
            headers, raw = self.mutate(good, body)
            if self.only_more_beside(good, headers, raw, body):
                continue
            status = self.send(headers, raw)
            codes[status] = codes.get(status, 0) + 1
            # 400: the changed body is no text any more, so there is nothing to verify
            self.assertIn(status, (400, 401), (self.seed, number, headers, raw))
        self.assertEqual(self.count(), before, f"seed {self.seed}")
        return codes

    def try_rotation(self, count):
        """Valid requests while secrets are replaced again and again: all are taken."""
        began = datetime.utcnow().replace(microsecond=0)
        secrets = [(self.secret, began - timedelta(hours=1), None)]
        hours = sorted(self.rng.uniform(0, 24 * 10) for _number in range(count))
        replace_at = 12.0
        for number, hour in enumerate(hours):
            moment = began + timedelta(hours=hour)
            with freeze_time(moment):
                if hour >= replace_at:
                    text, made, _until = secrets[-1]
                    secrets[-1] = text, made, moment + timedelta(hours=24)
                    new = self.env["rcm.secret"]._rcm_rotate(self.connector)
                    secrets.append((new, moment, None))
                    replace_at = hour + self.rng.uniform(30, 60)
                valid = [
                    s for s, _made, until in secrets if not until or moment < until
                ]
                drift = timedelta(seconds=self.rng.randint(-295, 295))
                headers, body = self.signed(self.rng.choice(valid), moment + drift)
                self.assertEqual(self.send(headers, body), 202, (self.seed, number))
                gone = [s for s, _made, until in secrets if until and moment > until]
                if gone and number % 10 == 0:
                    headers, body = self.signed(self.rng.choice(gone), moment)
                    self.assertEqual(self.send(headers, body), 401, (self.seed, number))
        self.assertGreater(len(secrets), 3)


@tagged("post_install", "-at_install")
class TestSignedMutations(SignedCase):
    def test_no_changed_request_is_taken(self):
        self.try_mutations(FEW)

    def test_no_valid_request_is_refused_while_secrets_are_replaced(self):
        self.try_rotation(FEW)

    def test_five_minutes_to_either_side_and_no_more(self):
        now = datetime.utcnow().replace(microsecond=0)
        with freeze_time(now):
            for seconds, status in (
                (-301, 401),
                (-300, 202),
                (0, 202),
                (300, 202),
                (301, 401),
                (86_400, 401),
            ):
                with self.subTest(seconds):
                    sent = self.signed(moment=now + timedelta(seconds=seconds))
                    self.assertEqual(self.send(*sent), status)

    def test_a_request_sent_again_is_one_event(self):
        """Within five minutes a copy is the same event, later it is refused."""
        now = datetime.utcnow()
        sent = self.signed(moment=now)
        with freeze_time(now):
            self.assertEqual([self.send(*sent), self.send(*sent)], [202, 200])
        with freeze_time(now + timedelta(seconds=302)):
            self.assertEqual(self.send(*sent), 401)

    def test_the_signature_is_over_the_raw_body(self):
        """The same JSON written otherwise does not hold."""
        headers, body = self.signed()
        other = json.dumps(json.loads(body), indent=1)
        self.assertEqual(self.send(headers, other), 401)
        self.assertEqual(self.send(headers, body + "\n"), 401)
        self.assertEqual(self.send(headers, body), 202)

    def test_another_sender_cannot_use_it(self):
        other = self.make_connector(self.make_user("svc-two", "integration"), "two")
        self.env["rcm.secret"]._rcm_rotate(other)
        self.assertEqual(self.send(*self.signed(), sender=other.sender_id), 401)


@tagged("post_install", "-at_install", "long")
class TestSignedMutationsLong(SignedCase):
    def test_none_of_ten_thousand_changed_requests_is_taken(self):
        codes = self.try_mutations(MANY)
        print(f"changed requests: {codes}, seed {self.seed}", flush=True)

    def test_no_valid_request_of_thousands_is_refused_in_rotation(self):
        self.try_rotation(MANY // 2)
        print(f"{MANY // 2} valid requests in rotation, seed {self.seed}", flush=True)
