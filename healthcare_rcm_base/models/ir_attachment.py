import contextlib
import os
from uuid import uuid4

from odoo import api, models

from ..tools.unindexed import UNINDEXED


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    def _index(self, bin_data, file_type, checksum=None):
        if self.env.context.get(UNINDEXED):
            return None  # files of patient data leave no words behind
        return super()._index(bin_data, file_type, checksum=checksum)

    @api.model
    def _file_write(self, bin_value, checksum):
        """The suite's files are there whole, on the disk, or not at all.

        Odoo writes in place: a full disk leaves a part under the final name, which
        then passes for a collision, and a power cut may take what was committed.
        """
        if not self.env.context.get(UNINDEXED):
            return super()._file_write(bin_value, checksum)
        name, path = self._get_path(bin_value, checksum)
        if not os.path.exists(path):
            part = f"{path}.{uuid4().hex}"
            try:
                with open(part, "wb") as stream:
                    stream.write(bin_value)
                    stream.flush()
                    os.fsync(stream.fileno())
                os.replace(part, path)
                _sync_names(path)
            except OSError:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(part)
                raise
            self._mark_for_gc(name)  # until the transaction is committed
        return name


def _sync_names(path):
    """Have the disk know the file by its name, and the folder it is in."""
    folder = os.path.dirname(path)
    for place in (folder, os.path.dirname(folder)):
        number = os.open(place, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
