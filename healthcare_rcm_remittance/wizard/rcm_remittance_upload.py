import base64

from odoo import Command, fields, models
from odoo.exceptions import UserError

# Larger files are left to the scheduled actions; the page says so.
AT_ONCE_BYTES = 512 * 1024


class RcmRemittanceUpload(models.TransientModel):
    """Drop 835 files, see what became of each."""

    _name = "rcm.remittance.upload"
    _description = "Upload Remittances"

    state = fields.Selection(
        [("choose", "Choose"), ("done", "Done")], default="choose", required=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    attachment_ids = fields.Many2many("ir.attachment", string="835 Files")
    result_ids = fields.One2many("rcm.remittance.upload.result", "upload_id")

    def action_upload(self):
        """Take the files in, post what can be posted, list what happened."""
        self.ensure_one()
        self.env.user._rcm_require("cash_poster", "finance_manager")
        if not self.attachment_ids:
            raise UserError(self.env._("Choose at least one file."))
        File = self.env["rcm.remittance.file"]
        rows = []
        for attachment in self.attachment_ids:
            content = base64.b64decode(attachment.datas or b"")
            known = File.sudo().search_count([])  # only to tell new from known
            file = File._rcm_receive(
                content, attachment.name, "upload", company=self.company_id
            ).sudo()
            again = File.sudo().search_count([]) == known
            if not again and len(content) <= AT_ONCE_BYTES:
                self._work_off(file)
            rows += self._results(attachment.name, file, again)
        # The files live on their own record now; these copies hold patient data.
        self.attachment_ids.sudo().unlink()
        self.write(
            {"state": "done", "result_ids": [Command.create(row) for row in rows]}
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What Happened"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _work_off(self, file):
        """Read and post now, as the scheduled actions would."""
        File, Remittance = file.browse(), self.env["rcm.remittance"].sudo()
        File._rcm_run_batches(
            [("id", "=", file.id), ("state", "=", "received")],
            "_rcm_read",
            batch_size=1,
            case_type="remittance_refused",
        )
        Remittance._rcm_run_batches(
            [
                ("id", "in", file.remittance_ids.ids),
                ("state", "in", ("balanced", "matched")),
            ],
            "_rcm_process",
            batch_size=1,
            case_type="remittance_post_failed",
        )

    def _results(self, name, file, again):
        """Result rows of one file: one a remittance, or one for the file."""
        if again:
            return [self._row(name, "duplicate", file, self.env._("Received before."))]
        if file.state == "refused":
            case = file.rcm_case_ids[:1]
            return [self._row(name, "refused", file, case.message or "")]
        if file.state == "received":
            text = self.env._("A large file: it is read in the background.")
            return [self._row(name, "waiting", file, text)]
        return [
            self._row(name, remittance.state, file, "", remittance)
            for remittance in file.remittance_ids
        ]

    def _row(self, name, outcome, file, text, remittance=None):
        remittance = remittance or self.env["rcm.remittance"]
        states = dict(remittance._fields["state"]._description_selection(self.env))
        states |= {"refused": self.env._("Refused"), "waiting": self.env._("Waiting")}
        if remittance:
            cases = remittance.rcm_case_ids | remittance.claim_ids.rcm_case_ids
            text = "; ".join(dict.fromkeys(case.message or "" for case in cases))
        return {
            "name": name,
            "outcome": states[outcome],
            "good": outcome in ("posted", "reconciled", "posted_with_parked"),
            "refused": outcome in ("refused", "rejected"),
            "file_id": file.id,
            "remittance_id": remittance.id,
            "text": text,
        }

    def action_show(self):
        """Open the remittances of these files."""
        self.ensure_one()
        self.check_access("read")
        remittances = self.result_ids.file_id.remittance_ids
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Remittances"),
            "res_model": "rcm.remittance",
            "view_mode": "list,kanban,form",
            "domain": [("id", "in", remittances.ids)],
            "context": {"create": False},
        }


class RcmRemittanceUploadResult(models.TransientModel):
    """What became of one file or one remittance in it."""

    _name = "rcm.remittance.upload.result"
    _description = "Upload Result"
    _order = "id"

    upload_id = fields.Many2one(
        "rcm.remittance.upload", required=True, index=True, ondelete="cascade"
    )
    name = fields.Char(string="File")
    outcome = fields.Char()
    good = fields.Boolean()
    refused = fields.Boolean()
    file_id = fields.Many2one("rcm.remittance.file", string="Stored File")
    remittance_id = fields.Many2one("rcm.remittance")
    currency_id = fields.Many2one(related="upload_id.company_id.currency_id")
    amount = fields.Monetary(related="remittance_id.amount")
    claim_count = fields.Integer(related="remittance_id.claim_count")
    parked_count = fields.Integer(related="remittance_id.parked_count")
    text = fields.Text(string="What to Do")
