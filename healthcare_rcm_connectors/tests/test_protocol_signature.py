import base64
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
