"""How far a large posting is, for who looks meanwhile."""

import base64
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models import rcm_remittance_action, rcm_remittance_progress
from ..models import rcm_remittance_reconcile as reconcile
from ..wizard import rcm_remittance_upload as upload
from . import era
from .remittance_common import RemittanceCase


@tagged("post_install", "-at_install")
class TestRemittanceProgress(RemittanceCase):
    """Notes are seen while the posting itself is not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract()
        cls.poster = cls.person("cash_poster")

    def setUp(self):
        super().setUp()
        self.seen = []
        self.enterContext(patch.object(rcm_remittance_progress, "PROGRESS_FROM", 3))

    def watch(self):
        """Keep what another connection reads after each note."""
        Note = type(self.env["rcm.remittance.progress"])
        note = Note._rcm_note

        def look(model, remittance_id, step, done, total):
            note(model, remittance_id, step, done, total)
            with model.env.registry.cursor() as cr:
                cr.execute(
                    "SELECT step, done, total FROM rcm_remittance_progress"
                    " WHERE remittance = %s",
                    [remittance_id],
                )
                self.seen.append(cr.fetchone())

        self.enterContext(patch.object(Note, "_rcm_note", look))

    def note(self, remittance, step, done, minutes=0):
        """A note as another connection had written it so many minutes ago."""
        self.env.cr.execute(
            "INSERT INTO rcm_remittance_progress"
            " (remittance, step, done, total, write_date) VALUES (%s, %s, %s, 3,"
            " now() AT TIME ZONE 'UTC' - %s * interval '1 minute')",
            [remittance.id, step, done, minutes],
        )

    def large(self):
        """A payment of three claims, received and not posted."""
        answers = [self.answer(self.claim(), 400, ("CO-45", 600)) for _ in range(3)]
        return self.receive(self.era(1200, *answers)).remittance_ids

    def test_each_step_is_told_with_claims_done_of_all(self):
        self.watch()
        remittance = self.large()
        with patch.object(reconcile, "CHUNK", 2):
            remittance._rcm_process()
        self.assertPosted(remittance)
        self.assertEqual(
            self.seen,
            [
                ("plan", 0, 3),
                ("entry", 0, 3),
                ("mark", 0, 3),
                ("match", 0, 3),
                ("match", 2, 3),
                ("follow", 0, 3),
            ],
        )
        self.assertBooksHold()

    def test_small_ones_tell_nothing(self):
        self.watch()
        claim = self.claim()
        self.post(400, self.answer(claim, 400, ("CO-45", 600)))
        self.assertFalse(self.seen)

    def test_form_is_told_while_it_goes_on_and_not_after(self):
        remittance = self.large()
        mine = remittance.with_user(self.poster)
        self.assertEqual(
            mine.get_progress(),
            {"state": "balanced", "pending": True, "running": False},
        )
        self.note(remittance, "match", 2)
        told = mine.get_progress()
        self.assertEqual(
            (told["running"], told["step"], told["steps"], told["done"], told["total"]),
            (True, 4, 5, 2, 3),
        )
        self.assertTrue(told["label"])
        self.enterContext(
            patch.object(type(self.env["rcm.remittance.progress"]), "_rcm_note")
        )
        remittance._rcm_process()
        self.assertEqual(
            mine.get_progress(), {"state": "posted", "pending": False, "running": False}
        )

    def test_note_of_a_stopped_worker_is_not_shown(self):
        remittance = self.large()
        self.note(remittance, "match", 2, minutes=60)
        self.assertFalse(remittance.get_progress()["running"])

    def test_large_ones_are_posted_in_the_background(self):
        remittance = self.large()
        with patch.object(rcm_remittance_action, "AT_ONCE_CLAIMS", 2):
            action = remittance.with_user(self.poster).action_post()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual((remittance.state, remittance.retry), ("balanced", True))
        with self.enter_registry_test_mode():
            self.env.ref(
                "healthcare_rcm_remittance.cron_remittance_post"
            ).method_direct_trigger()
        self.assertPosted(remittance)

    def test_bulk_import_shows_how_far_it_is(self):
        claims = [self.claim() for _ in range(3)]
        attachments = self.env["ir.attachment"]
        for claim in claims:
            content = self.era(400, self.answer(claim, 400, ("CO-45", 600)))
            attachments |= attachments.with_user(self.poster).create(
                {"name": f"{claim.name}.835", "datas": base64.b64encode(content)}
            )
        Upload = self.env["rcm.remittance.upload"].with_user(self.poster)
        wizard = Upload.create({"attachment_ids": attachments.ids})
        with patch.object(upload, "AT_ONCE_FILES", 2):
            wizard.action_upload()
        self.assertEqual(wizard.result_ids.mapped("waiting"), [True] * 3)
        told = wizard.get_progress()
        self.assertEqual((told["pending"], told["done"], told["total"]), (True, 0, 3))
        files = wizard.result_ids.file_id.sudo()
        files[0]._rcm_read()
        files[0].remittance_ids._rcm_process()
        told = wizard.get_progress()
        self.assertEqual((told["pending"], told["done"]), (True, 1))
        self.assertEqual(wizard.result_ids.mapped("waiting").count(False), 1)
        files._rcm_read()
        files.remittance_ids._rcm_process()
        told = wizard.get_progress()
        self.assertFalse(told["pending"] or told["running"])
        self.assertEqual(wizard.result_ids.mapped("good"), [True] * 3)
        self.assertEqual(len(wizard.result_ids.remittance_id), 3)

    def test_who_is_told(self):
        remittance = self.large()
        with self.assertRaises(AccessError):
            remittance.with_user(self.person("front_desk")).get_progress()
        other = self.env["res.company"].create({"name": "Other Clinic"})
        with self.assertRaises(AccessError):
            remittance.with_user(self.person("cash_poster", other)).get_progress()
        with self.assertRaises(AccessError):
            self.env["rcm.remittance.progress"].with_user(self.poster).search([])

    def test_a_claim_of_nobody_waits_for_nothing(self):
        remittance = self.post(100, era.clp("NOBODY", 100, 100))
        self.assertFalse(remittance.get_progress()["pending"])
