import errno
import os
from pathlib import Path
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from ..models import ir_attachment
from ..tools.unindexed import UNINDEXED


@tagged("post_install", "-at_install")
class TestWholeFiles(TransactionCase):
    """A file of the suite is stored whole or not at all."""

    def setUp(self):
        super().setUp()
        self.content = os.urandom(32).hex().encode()
        self.files = self.env["ir.attachment"].with_context(**{UNINDEXED: True})
        self.sum = self.files._compute_checksum(self.content)
        self.path = Path(self.files._get_path(self.content, self.sum)[1])
        self.addCleanup(self.path.unlink, missing_ok=True)

    def left(self):
        return sorted(file.name for file in self.path.parent.glob(f"{self.sum}*"))

    def test_it_is_there_and_marked_for_collection(self):
        name = self.files._file_write(self.content, self.sum)
        self.assertEqual(self.path.read_bytes(), self.content)
        self.assertTrue(os.path.exists(self.files._full_path(f"checklist/{name}")))
        self.assertEqual(self.files._file_write(self.content, self.sum), name)
        self.assertEqual(self.left(), [self.sum])

    def test_a_full_disk_leaves_nothing_and_the_next_try_succeeds(self):
        full = OSError(errno.ENOSPC, "No space left on device")
        with patch.object(ir_attachment.os, "fsync", side_effect=full):
            with self.assertRaises(OSError):
                self.files._file_write(self.content, self.sum)
        self.assertEqual(self.left(), [])
        self.files._file_write(self.content, self.sum)
        self.assertEqual(self.path.read_bytes(), self.content)

    def test_its_name_is_on_the_disk_as_well(self):
        synced, sync = [], os.fsync

        def note(number):
            synced.append(Path(f"/proc/self/fd/{number}").readlink())
            sync(number)

        with patch.object(ir_attachment.os, "fsync", note):
            self.files._file_write(self.content, self.sum)
        file, *folders = synced
        self.assertEqual(file.parent, self.path.parent, "its bytes first")
        self.assertEqual(folders, [self.path.parent, self.path.parent.parent])

    def test_files_of_others_are_stored_as_odoo_does(self):
        with patch.object(ir_attachment.os, "fsync") as synced:
            plain = self.env["ir.attachment"]
            plain._file_write(self.content, self.sum)
        self.assertFalse(synced.called)
        self.assertEqual(self.path.read_bytes(), self.content)
