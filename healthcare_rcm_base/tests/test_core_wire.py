from odoo.tests import BaseCase, tagged

from ..core import wire


@tagged("post_install", "-at_install")
class TestWire(BaseCase):
    """Which keys of a client's context pass."""

    def test_control_keys_are_dropped(self):
        for key in (
            "check_move_validity",
            "skip_invoice_sync",
            "skip_readonly_check",
            "force_delete",
            "tracking_disable",
            "mail_notrack",
            "mail_create_nolog",
            "bypass_audit",
            "rcm_ticket",
            "default_rcm_kind",
            "__action_done",
            "ir_cron_progress_id",
            "hash_version",
        ):
            with self.subTest(key=key):
                self.assertEqual(wire.clean({key: True, "lang": "x"}), {"lang": "x"})

    def test_what_screens_send_passes(self):
        context = {
            "lang": "en_US",
            "tz": "UTC",
            "allowed_company_ids": [1],
            "active_id": 1,
            "default_move_type": "out_invoice",
            "default_patient_id": 4,
            "bin_size": True,
            "import_file": True,
            "skip_res_field_check": True,
            "force_email": True,
            "mail_post_autofollow": True,
            "search_default_open": 1,
        }
        self.assertIs(wire.clean(context), context)

    def test_keys_that_are_no_text_pass(self):
        self.assertEqual(wire.clean({1: "a"}), {1: "a"})
