import base64

from odoo import models

from ..core import claim_export
from ..tools import write_csv


class RcmSubmissionBatch(models.Model):
    """The files of a batch."""

    _inherit = "rcm.submission.batch"

    def _rcm_file_vals(self, lines):
        """The claims of ``lines`` as JSON lines and as CSV, with the file's hash."""
        self.ensure_one()
        claims = [line.claim_id._rcm_export_dict(line.leg_id) for line in lines]
        content = claim_export.json_lines(claims)
        flat = write_csv(claim_export.csv_rows(claims))
        return {
            "json_file": base64.b64encode(content),
            "json_name": f"{self.name}.jsonl",
            "csv_file": base64.b64encode(flat),
            "csv_name": f"{self.name}.csv",
            "file_hash": claim_export.file_hash(content),
        }
