import base64
import random
from datetime import datetime, timedelta

from standardwebhooks.webhooks import Webhook

from odoo.tests import BaseCase, tagged

from ..protocol import signature

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
OTHER = "whsec_" + base64.b64encode(b"another-secret-of-thirty-two-by.").decode()
BODY = '{"id": "e-1"}'


@tagged("post_install", "-at_install")
class TestSignature(BaseCase):
    def headers(self, secret=SECRET, shift=0):
        moment = datetime.utcnow() + timedelta(seconds=shift)
        return signature.sign(secret, "msg-1", moment, BODY)

    def test_reference_library_accepts_what_we_sign(self):
        Webhook(SECRET).verify(BODY, self.headers())

    def test_either_secret_counts_while_one_is_replaced(self):
        self.assertTrue(signature.verify([SECRET, OTHER], self.headers(OTHER), BODY))

    def test_refused(self):
        good = self.headers()
        self.assertFalse(signature.verify([SECRET], good, BODY + " "), "changed body")
        self.assertFalse(signature.verify([OTHER], good, BODY), "other secret")
        self.assertFalse(signature.verify([], good, BODY), "no secret")
        self.assertFalse(signature.verify(["", None], good, BODY), "empty secret")
        self.assertFalse(signature.verify([SECRET], {}, BODY), "no headers")
        self.assertFalse(
            signature.verify([SECRET], self.headers(shift=-301), BODY), "old"
        )
        self.assertFalse(
            signature.verify([SECRET], self.headers(shift=302), BODY), "early"
        )
        for name in good:
            broken = {**good, name: "nonsense"}
            self.assertFalse(signature.verify([SECRET], broken, BODY), name)


MUTATIONS = 10_000


@tagged("post_install", "-at_install")
class TestMutatedSignature(BaseCase):
    """Ten thousand requests that were changed on their way: none is taken."""

    def setUp(self):
        super().setUp()
        self.seed = 20261121
        self.rng = random.Random(self.seed)

    def mutate(self, headers, body):
        """One change of body, id, time or signature that a stranger could make."""
        name = self.rng.choice((*headers, "body", "body"))
        if name == "body":
            return headers, self.change(body)
        how = self.rng.choice(("change", "change", "drop", "empty", "other"))
        changed = dict(headers)
        if how == "drop":
            del changed[name]
        elif how == "empty":
            changed[name] = ""
        elif how == "other":
            changed[name] = signature.sign(
                OTHER, f"msg-{self.rng.random()}", self.moment, body + "x"
            )[name]
        else:
            changed[name] = self.change(headers[name])
        return changed, body

    def change(self, text):
        """Replace, insert, delete, double or turn round; never the same text."""
        place = self.rng.randrange(len(text))
        letter = chr(self.rng.randrange(32, 127))
        changed = self.rng.choice(
            (
                text[:place] + letter + text[place + 1 :],
                text[:place] + letter + text[place:],
                text[:place] + text[place + 1 :],
                text[:place] + text[place:] * 2,
                text[::-1],
            )
        )
        return changed if changed != text else text + letter

    def test_none_of_ten_thousand_mutations_is_accepted(self):
        self.moment = datetime.utcnow()
        good = signature.sign(SECRET, "msg-1", self.moment, BODY)
        self.assertTrue(signature.verify([SECRET], good, BODY))
        taken = []
        for number in range(MUTATIONS):
            headers, body = self.mutate(good, BODY)
            held = signature.verify([SECRET], headers, body)
            if held and not self.only_more_beside(good, headers, body):
                taken.append((number, headers, body))
        self.assertEqual(taken, [], f"seed {self.seed}")

    def only_more_beside(self, good, headers, body):
        """All is as it was signed, and the header lists further signatures.

        The specification allows that; one that holds is enough.
        """
        name = signature.SIGNATURE_HEADER
        rest = {**headers, name: good[name]}
        return body == BODY and rest == good and good[name] in headers[name].split(" ")

    def test_a_signature_written_otherwise_is_refused(self):
        good = signature.sign(SECRET, "msg-1", datetime.utcnow(), BODY)
        name = signature.SIGNATURE_HEADER
        for text in (
            good[name] + "=",
            good[name] + good[name][10:],
            good[name].replace(",", ", "),
            good[name].replace("v1,", "v1,!"),
            good[name].rstrip("="),
        ):
            with self.subTest(text=text):
                headers = {**good, name: text}
                self.assertFalse(signature.verify([SECRET], headers, BODY))
        seconds = good[signature.TIMESTAMP_HEADER]
        for text in (f" {seconds}", f"+{seconds}", f"0{seconds}", f"{seconds}.0"):
            with self.subTest(text=text):
                headers = {**good, signature.TIMESTAMP_HEADER: text}
                self.assertFalse(signature.verify([SECRET], headers, BODY))
