import base64
import csv
import io

from odoo import models

from .rcm_payment_run import ROLES

FORMULA = ("=", "+", "-", "@")


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
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(
            [
                self.env._("Payment"),
                self.env._("Vendor"),
                self.env._("Bank account"),
                self.env._("Bill"),
                self.env._("Reference"),
                self.env._("Due"),
                self.env._("Amount"),
                self.env._("Currency"),
            ]
        )
        for line in self.line_ids:
            writer.writerow(
                [
                    _plain(line.payment_id.name),
                    _plain(line.partner_id.name),
                    _plain(line.partner_bank_id.acc_number),
                    _plain(line.move_id.name),
                    _plain(line.move_id.ref),
                    line.date_due or "",
                    line._rcm_signed(),
                    line.bill_currency_id.name,
                ]
            )
        return (
            self.env["ir.attachment"]
            .sudo()  # made by the run, for whoever may read the run
            .create(
                {
                    "name": f"{self.name.replace('/', '-')}.csv",
                    "datas": base64.b64encode(buffer.getvalue().encode()),
                    "mimetype": "text/csv",
                    "res_model": self._name,
                    "res_id": self.id,
                }
            )
        )

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


def _plain(text):
    """Text that no spreadsheet takes for a formula."""
    text = text or ""
    return f"'{text}" if text.startswith(FORMULA) else text
