from odoo import models

from odoo.addons.healthcare_rcm_base.core.spreadsheet import plain_cell

from .rcm_payment_run import ROLES


class RcmPaymentRun(models.Model):
    """The list of what is paid to whom, and the way to the payments."""

    _inherit = "rcm.payment.run"

    def action_export(self):
        """Download the list of bills and payments."""
        self.ensure_one()
        run = self._rcm_as(*ROLES, "auditor", "approver")
        if not run.export_id:
            run._rcm_write({"export_id": run._rcm_make_export().id})
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{run.export_id.id}?download=true",
        }

    def _rcm_make_export(self):
        """A CSV file of what is paid to whom; readable with the run."""
        titles = [
            self.env._("Payment"),
            self.env._("Vendor"),
            self.env._("Bank account"),
            self.env._("Bill"),
            self.env._("Reference"),
            self.env._("Due"),
            self.env._("Amount"),
            self.env._("Currency"),
        ]
        rows = [
            [
                plain_cell(line.payment_id.name),
                plain_cell(line.partner_id.name),
                plain_cell(line.partner_bank_id.acc_number),
                plain_cell(line.move_id.name),
                plain_cell(line.move_id.ref),
                line.date_due or "",
                line._rcm_signed(),
                line.bill_currency_id.name,
            ]
            for line in self.line_ids
        ]
        return self._rcm_keep_csv(titles, rows)

    def action_open_payments(self):
        """The payments of this run."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Payments"),
            "res_model": "account.payment",
            "view_mode": "list,form",
            "domain": [
                ("rcm_source_model", "=", self._name),
                ("rcm_source_id", "=", self.id),
            ],
            "context": {"create": False},
        }
