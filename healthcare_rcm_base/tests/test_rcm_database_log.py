from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

LOGGER = "odoo.addons.healthcare_rcm_base.models.rcm_database_log"


@tagged("post_install", "-at_install")
class TestRcmDatabaseLog(TransactionCase):
    """The server under this database, asked as it is and with a loose setting."""

    def test_our_own_server_lets_nothing_out(self):
        with self.assertNoLogs(LOGGER, "WARNING"):
            self.env["rcm.database.log"]._register_hook()
        settings = self.env["res.config.settings"].new({})
        self.assertFalse(settings.rcm_database_log_warning)

    def test_a_loose_server_is_named_with_what_to_set(self):
        Log = self.registry["rcm.database.log"]
        loose = {**self.env["rcm.database.log"]._rcm_settings()}
        self.assertIn("log_min_duration_statement", loose)
        loose["log_min_duration_statement"] = "250"
        self.startPatcher(patch.object(Log, "_rcm_settings", lambda self: loose))
        with self.assertLogs(LOGGER, "WARNING") as caught:
            self.env["rcm.database.log"]._register_hook()
        [line] = caught.output
        self.assertIn("log_min_duration_statement is '250', set it to '-1'", line)
        settings = self.env["res.config.settings"].new({})
        self.assertIn(
            "log_min_duration_statement = -1", settings.rcm_database_log_warning
        )
