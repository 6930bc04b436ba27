import base64
import json

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

VERIFIERS = ("auditor", "administrator", "finance_manager")


class RcmAuditVerify(models.TransientModel):
    """Verify the audit log, and keep or compare its head."""

    _name = "rcm.audit.verify"
    _description = "Verify Audit Log"

    witness = fields.Binary(
        string="Exported Head",
        help="A head file exported earlier and kept outside. With it, a chain that was "
        "cut at its end or built anew is found too.",
    )
    witness_name = fields.Char()
    details = fields.Boolean(
        string="Check the details too",
        default=True,
        help="Compare the stored before and after values with their hashes.",
    )
    result = fields.Selection(
        [("ok", "The log is whole"), ("broken", "The log was tampered with")],
        readonly=True,
    )
    row_count = fields.Integer(string="Sealed Rows", readonly=True)
    block_count = fields.Integer(string="Blocks", readonly=True)
    pending_count = fields.Integer(string="Waiting for a Seal", readonly=True)
    seconds = fields.Float(readonly=True)
    findings = fields.Html(readonly=True)
    head_file = fields.Binary(readonly=True)
    head_name = fields.Char(readonly=True)
    unwitnessed = fields.Boolean(compute="_compute_unwitnessed")

    @api.depends_context("uid")
    def _compute_unwitnessed(self):
        """Whether nobody outside keeps the head of the chain."""
        witness = self.env["rcm.audit.witness"].search([], limit=1)  # active ones
        self.unwitnessed = not witness

    def action_verify(self):
        """Check everything and show the first bad rows by number."""
        self.ensure_one()
        self.env.user._rcm_require(*VERIFIERS)
        outcome = self.env["rcm.audit.verification"]._rcm_verify(
            witness=self._rcm_read_witness(), details=self.details
        )
        self.write(
            {
                "result": "ok" if outcome["ok"] else "broken",
                "row_count": outcome["rows"],
                "block_count": outcome["blocks"],
                "pending_count": outcome["pending"],
                "seconds": outcome["seconds"],
                "findings": self._rcm_findings_html(outcome["findings"]),
            }
        )
        return self._rcm_reopen()

    def action_export_head(self):
        """Give the newest seal as a small file to be kept outside."""
        self.ensure_one()
        self.env.user._rcm_require(*VERIFIERS)
        Seal = self.env["rcm.audit.seal"]
        head = Seal._rcm_head()
        if not head:
            raise UserError(self.env._("Nothing is sealed yet."))
        self.write(
            {
                "head_file": base64.b64encode(Seal._rcm_head_file()),
                "head_name": f"audit-head-{head['position']}.json",
            }
        )
        return self._rcm_reopen()

    def _rcm_read_witness(self):
        if not self.witness:
            return None
        try:
            witness = json.loads(base64.b64decode(self.witness))
            return {"position": int(witness["position"]), "hash": str(witness["hash"])}
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                self.env._("This is not a head file exported from the audit log.")
            ) from error

    def _rcm_findings_html(self, findings):
        if not findings:
            return False
        rows = Markup("").join(
            Markup("<tr><td>%s</td><td>%s</td></tr>")
            % (finding.location, self._rcm_finding_text(finding))
            for finding in findings
        )
        return Markup(
            '<table class="table table-sm"><thead><tr><th>%s</th><th>%s</th></tr>'
            "</thead><tbody>%s</tbody></table>"
        ) % (self.env._("Place"), self.env._("Finding"), rows)

    def _rcm_finding_text(self, finding):
        return {
            "row_missing": self.env._("The row was deleted."),
            "row_changed": self.env._("The row was changed after it was sealed."),
            "row_inserted": self.env._("The row was added past the log's own way."),
            "row_sealed_twice": self.env._("The row is sealed more than once."),
            "block_missing": self.env._("A block of the chain is missing."),
            "block_changed": self.env._("The block was changed."),
            "chain_broken": self.env._("The block does not follow the one before it."),
            "tail_cut": self.env._(
                "The exported head is not in the chain: its end was cut off."
            ),
            "chain_rebuilt": self.env._(
                "The chain has another hash here than the exported head."
            ),
            "detail_missing": self.env._("The detail was deleted before its time."),
            "detail_changed": self.env._("The detail was changed."),
            "detail_orphan": self.env._("The detail has no row in the log."),
            "sealing_overdue": self.env._(
                "%s rows wait for their seal for more than an hour; is the scheduled "
                "action running?",
                finding.actual,
            ),
        }.get(finding.code, finding.code)

    def _rcm_reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Verify Audit Log"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
