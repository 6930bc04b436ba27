from odoo import models
from odoo.tools import SQL


class AccountInvoiceReport(models.Model):
    """Patient invoices collect what claims have earned already: no second revenue.

    Their product line is on an asset account. ``total_invoiced`` of a partner reads
    this report too.
    """

    _inherit = "account.invoice.report"

    def _where(self):
        return SQL(
            "%s AND move.rcm_kind IS DISTINCT FROM 'patient_invoice'", super()._where()
        )
