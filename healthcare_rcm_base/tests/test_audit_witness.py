import json
import tempfile
from pathlib import Path

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import config

from ..models.rcm_audit_witness import FOLDER_OPTION
from . import common_ground as ground
from .test_audit_seal import SealCase


@tagged("post_install", "-at_install")
class TestWitness(SealCase):
    def setUp(self):
        super().setUp()
        self.ids = self.fill(20)
        self.Witness = self.env["rcm.audit.witness"]

    def witness(self, channel="event", **vals):
        return self.Witness.create({"name": channel, "channel": channel, **vals})

    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.patch(config, "get", lambda name, *rest: _get(name, rest, folder.name))
        return Path(folder.name)

    def hand_out(self):
        self.Witness._rcm_run_due(self.Seal._rcm_head())

    def test_a_file_that_the_verification_takes(self):
        folder = self.folder()
        self.witness("file")
        self.hand_out()
        self.hand_out()
        [file] = folder.iterdir()
        head = json.loads(file.read_text())
        self.assertEqual(head["hash"], self.Seal._rcm_head()["hash"])
        self.assertEqual(self.found(witness=head), set())
        self.fill(10)
        self.assertEqual(self.found(witness=head), set(), "the chain has grown since")
        self.hand_out()
        self.assertEqual(len(list(folder.iterdir())), 2)

    def test_a_chain_built_anew_does_not_write_over_the_kept_head(self):
        folder = self.folder()
        self.witness("file")
        self.hand_out()
        [file] = folder.iterdir()
        kept = file.read_bytes()
        self.tamper(
            "DELETE FROM rcm_audit_seal WHERE position = %s",
            self.Seal._rcm_head()["position"],
        )
        self.tamper(
            """INSERT INTO rcm_audit_pending (log_id)
               SELECT id FROM rcm_audit_log WHERE id > %s
                ON CONFLICT DO NOTHING""",
            self.ids[9],
        )
        self.Seal._rcm_seal_block()
        self.assertEqual(self.found(), set(), "whole in itself")
        self.hand_out()
        self.assertEqual(file.read_bytes(), kept)
        self.assertTrue(self.Witness.search([]).rcm_case_ids)
        self.assertTrue(self.found(witness=json.loads(kept)))

    def test_the_daily_verification_knows_the_last_head(self):
        self.witness()
        self.hand_out()
        place = self.Seal._rcm_head()["position"]
        self.tamper("DELETE FROM rcm_audit_payload WHERE log_id >= %s", self.ids[10])
        self.tamper("DELETE FROM rcm_audit_log WHERE id >= %s", self.ids[10])
        self.tamper("DELETE FROM rcm_audit_pending")
        self.tamper("DELETE FROM rcm_audit_seal WHERE position = %s", place)
        self.assertEqual(self.found(), set())
        self.Verification._cron_verify()
        case = self.env["rcm.exception.case"].search(
            [("type_code", "=", "audit_broken")]
        )
        self.assertIn(f"tail_cut at block {place}", case.message)

    def test_a_mail_with_the_head(self):
        witness = self.witness("mail", email="Audit <audit@example.com>, b@example.com")
        self.hand_out()
        mail = self.env["mail.mail"].search([("subject", "like", "Audit log head%")])
        self.assertEqual(mail.email_to, "audit@example.com, b@example.com")
        self.assertIn(witness.last_hash, mail.body_html)
        self.assertEqual(json.loads(mail.attachment_ids.raw)["hash"], witness.last_hash)

    def test_an_event_for_connectors(self):
        witness = self.witness()
        self.hand_out()
        row = ground.audit_rows(self.env, witness, "audit.head_exported")
        self.assertEqual(row._rcm_bodies()[row.id]["head"], [None, witness.last_hash])

    def test_a_failure_is_a_case_until_it_works(self):
        witness = self.witness("file")
        self.assertFalse(config.get(FOLDER_OPTION))
        self.hand_out()
        case = witness.rcm_case_ids
        self.assertEqual(case.type_code, "audit_witness")
        support = ground.role_user(self.env, "integration_support")
        case.with_user(support).action_reprocess()
        self.assertEqual(case.state, "open")
        folder = self.folder()
        case.with_user(support).action_reprocess()
        self.assertEqual(case.state, "resolved")
        self.assertTrue(list(folder.iterdir()))

    def test_a_folder_that_cannot_be_written_is_a_case(self):
        folder = self.folder()
        folder.rmdir()
        witness = self.witness("file")
        self.hand_out()
        self.assertIn("cannot be written", witness.rcm_case_ids.message)
        folder.mkdir()

    def test_the_scheduled_action_seals_first(self):
        witness = self.witness()
        self.env["rcm.audit.log"]._rcm_append([{"event": "test.fresh"}])
        cron = self.env.ref("healthcare_rcm_base.cron_hand_out_audit_head")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertGreater(witness.last_position, 0)
        self.assertTrue(witness.last_at)

    def test_mail_needs_an_address(self):
        with self.assertRaises(ValidationError):
            self.witness("mail")

    def test_roles(self):
        witness = self.witness()
        for role in ground.ROLES:
            user = ground.role_user(self.env, role)
            mine = witness.with_user(user)
            with self.subTest(role=role):
                self.assertEqual(mine.has_access("write"), role == "administrator")
                if role in ("auditor", "administrator"):
                    mine.action_send_now()
                else:
                    with self.assertRaises(AccessError):
                        mine.action_send_now()
        with self.assertRaises(AccessError):
            witness.write({"last_hash": "x"})

    def test_nothing_sealed_is_said(self):
        witness = self.witness()
        self.patch(self.registry["rcm.audit.seal"], "_rcm_head", lambda self: None)
        with self.assertRaises(UserError):
            witness.action_send_now()


_config_get = config.get


def _get(name, rest, folder):
    return folder if name == FOLDER_OPTION else _config_get(name, *rest)
