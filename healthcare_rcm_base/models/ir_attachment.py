from odoo import models

from ..tools.unindexed import UNINDEXED


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    def _index(self, bin_data, file_type, checksum=None):
        if self.env.context.get(UNINDEXED):
            return None  # files of patient data leave no words behind
        return super()._index(bin_data, file_type, checksum=checksum)
