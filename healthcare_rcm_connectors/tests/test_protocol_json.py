from odoo.tests import BaseCase, tagged

from ..protocol import strict_json


@tagged("post_install", "-at_install")
class TestStrictJson(BaseCase):
    def test_plain_json_is_read(self):
        self.assertEqual(
            strict_json.loads(b'{"a": [1, "\xc3\xa9", null]}'), {"a": [1, "é", None]}
        )

    def test_what_has_two_meanings_is_refused(self):
        bad = {
            "broken": b'{"a": ',
            "empty": b"",
            "latin-1": b'{"a": "\xe9"}',
            "key twice": b'{"a": 1, "a": 2}',
            "NaN": b'{"a": NaN}',
            "infinity": b'{"a": -Infinity}',
            "overflow": b'{"a": 1e999}',
            "NUL": b'{"a": "\\u0000"}',
            "NUL in a key": b'{"\\u0000": 1}',
            "half a pair": b'{"a": "\\ud800"}',
            "deep": b"[" * 65 + b"]" * 65,
            "very deep": b"[" * 100000,
            "long integer": b'{"a": ' + b"9" * 5000 + b"}",
            "two values": b"{} {}",
        }
        for name, raw in bad.items():
            with self.subTest(name), self.assertRaises(strict_json.InvalidJson):
                strict_json.loads(raw)

    def test_deepest_allowed_is_read(self):
        self.assertTrue(strict_json.loads(b"[" * 64 + b"]" * 64) is not None)

    def test_error_text_quotes_nothing(self):
        for raw in (b'{"name": "Ann Secret" "x"}', b'{"a": "Ann Secret\\u0000"}'):
            with self.assertRaises(strict_json.InvalidJson) as caught:
                strict_json.loads(raw)
            self.assertNotIn("Secret", str(caught.exception))
