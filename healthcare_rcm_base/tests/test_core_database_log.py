from odoo.tests import BaseCase, tagged

from ..core.database_log import SETTINGS, leaks

SAFE = {name: wanted for name, (wanted, _harmless) in SETTINGS.items()}


@tagged("post_install", "-at_install")
class TestDatabaseLog(BaseCase):
    """A server's settings, judged without a server."""

    def test_what_the_page_says_to_set_is_safe(self):
        self.assertEqual(leaks(SAFE), [])

    def test_each_setting_can_leak(self):
        for name, value in (
            ("log_min_messages", "warning"),
            ("log_min_messages", "error"),
            ("log_min_error_statement", "error"),
            ("log_error_verbosity", "default"),
            ("log_statement", "mod"),
            ("log_min_duration_statement", "250"),
            ("log_min_duration_sample", "0"),
            ("log_transaction_sample_rate", "0.5"),
        ):
            with self.subTest(name=name):
                found = leaks({**SAFE, name: value})
                self.assertEqual(found, [(name, value, SETTINGS[name][0])])

    def test_other_safe_values_and_missing_settings(self):
        self.assertEqual(leaks({**SAFE, "log_statement": "ddl"}), [])
        self.assertEqual(leaks({**SAFE, "log_min_error_statement": "fatal"}), [])
        self.assertEqual(leaks({}), [])
