import csv
import io

from odoo import models


class RcmDocumentMixin(models.AbstractModel):
    """Files that a document makes of itself."""

    _inherit = "rcm.document.mixin"

    def _rcm_keep_csv(self, titles, rows):
        """Attach ``rows`` under ``titles`` as a CSV file named like this document.

        Text from outside goes through ``core.spreadsheet.plain_cell`` first.
        """
        self.ensure_one()
        text = io.StringIO()
        csv.writer(text).writerows([titles, *rows])
        # made by the document, for whoever may read the document
        files = self.env["ir.attachment"].sudo()
        return files.create(
            {
                "name": f"{self.name.replace('/', '-')}.csv",
                "raw": text.getvalue().encode(),
                "mimetype": "text/csv",
                "res_model": self._name,
                "res_id": self.id,
            }
        )
