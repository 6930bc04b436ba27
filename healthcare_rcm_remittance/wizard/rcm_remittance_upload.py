import base64

from odoo import Command, fields, models
from odoo.exceptions import UserError

from ..models.rcm_remittance_history import HISTORY
from ..models.rcm_remittance_progress import UNSETTLED

# More than this is left to the scheduled actions; the page shows how far they are.
AT_ONCE_BYTES = 512 * 1024
AT_ONCE_FILES = 10


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
    history = fields.Boolean(
        string="From Before the Opening",
        help="Older files, kept for matching and reversals: nothing of them is posted.",
    )
    result_ids = fields.One2many("rcm.remittance.upload.result", "upload_id")

    def action_upload(self):
        """Take the files in, post what can be posted, list what happened."""
        self.ensure_one()
        self.env.user._rcm_require("cash_poster", "finance_manager")
        if self.history:
            self.env.user._rcm_require("finance_manager")
        if not self.attachment_ids:
            raise UserError(self.env._("Choose at least one file."))
        File = self.env["rcm.remittance.file"]
        rows = []
        for attachment in self.attachment_ids:
            content = base64.b64decode(attachment.datas or b"")
            known = File.sudo().search_count([])  # only to tell new from known
            file = File._rcm_receive(
                content,
                attachment.name,
                HISTORY if self.history else "upload",
                company=self.company_id,
            ).sudo()
            again = File.sudo().search_count([]) == known
            few = len(self.attachment_ids) <= AT_ONCE_FILES
            if not again and few and len(content) <= AT_ONCE_BYTES:
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
            text = self.env._("It is read and posted in the background.")
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
            "waiting": outcome == "waiting" or outcome in UNSETTLED,
            "file_id": file.id,
            "remittance_id": remittance.id,
            "text": text,
        }

    # ------------------------------------------------------------------
    # Progress
    # ------------------------------------------------------------------
    def get_progress(self):
        """How far the files are that are worked on in the background (see the
        remittance's); the results are brought up to date."""
        self.ensure_one()
        self.env.user._rcm_require("cash_poster", "finance_manager")
        self.check_access("read")
        self._refresh()
        files = self.result_ids.file_id
        busy = self.result_ids.filtered("waiting").file_id
        done = len(files) - len(busy)
        rows = [(item.id, item.outcome) for item in self.result_ids]
        answer = {"state": str(rows), "pending": bool(busy), "running": bool(busy)}
        if not busy:
            return answer
        label = self.env._(
            "%(done)s of %(total)s files are through", done=done, total=len(files)
        )
        # Taken in by this person just now; numbers only.
        told = [item.get_progress() for item in busy.sudo().remittance_ids]
        for inner in told:
            if inner["running"]:  # one of them is large: how far that is
                return {**inner, **answer, "label": f"{label}. {inner['label']}"}
        return {**answer, "label": label, "done": done, "total": len(files)}

    def _refresh(self):
        """Look again at what was on its way."""
        by_file = self.result_ids.filtered("waiting").grouped("file_id")
        for file, rows in by_file.items():
            file = file.sudo()  # taken in by this person just now
            found = self._results(rows[0].name, file, again=False)
            known = [(row.outcome, row.remittance_id.id) for row in rows]
            if known != [(row["outcome"], row["remittance_id"]) for row in found]:
                rows.unlink()
                self.write({"result_ids": [Command.create(row) for row in found]})

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
    waiting = fields.Boolean()
    file_id = fields.Many2one("rcm.remittance.file", string="Stored File")
    remittance_id = fields.Many2one("rcm.remittance")
    currency_id = fields.Many2one(related="upload_id.company_id.currency_id")
    amount = fields.Monetary(related="remittance_id.amount")
    claim_count = fields.Integer(related="remittance_id.claim_count")
    parked_count = fields.Integer(related="remittance_id.parked_count")
    text = fields.Text(string="What to Do")
