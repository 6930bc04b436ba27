from odoo import fields, models
from odoo.exceptions import UserError

from ..core.errors import RcmError


class RcmSubmissionLine(models.Model):
    """One claim in a batch, and what became of it."""

    _name = "rcm.submission.line"
    _inherit = "rcm.document.mixin"
    _description = "Submitted Claim"
    _order = "batch_id, id"

    _rcm_state_machine = "submission_line"
    _rcm_protected = (
        "batch_id",
        "claim_id",
        "leg_id",
        "amount",
        "is_open",
        "note",
        "reason_codes",
    )

    batch_id = fields.Many2one(
        "rcm.submission.batch",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="batch_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    claim_id = fields.Many2one(
        "rcm.claim", required=True, readonly=True, index=True, ondelete="restrict"
    )
    facility_id = fields.Many2one(related="claim_id.facility_id", store=True)
    leg_id = fields.Many2one("rcm.claim.leg", readonly=True, ondelete="set null")
    payer_id = fields.Many2one(related="leg_id.payer_id", store=True)
    turn = fields.Integer(
        string="Turn",
        related="leg_id.sequence",
        help="1: the first payer, 2: the next one.",
    )
    service_date = fields.Date(related="claim_id.service_date")
    claim_state = fields.Selection(related="claim_id.state", string="Claim Status")
    amount = fields.Monetary(string="Charge", readonly=True)
    is_open = fields.Boolean(default=True, readonly=True)
    state = fields.Selection(
        [
            ("pending", "In batch"),
            ("submitted", "Sent"),
            ("accepted", "Taken in"),
            ("rejected", "Rejected"),
            ("failed", "Not sent"),
            ("removed", "Removed"),
        ],
        string="Result",
        required=True,
        readonly=True,
        default="pending",
        copy=False,
        index=True,
    )
    note = fields.Char(readonly=True, copy=False, help="Why it was not sent.")
    reason_codes = fields.Char(readonly=True, copy=False)

    _open_uniq = models.UniqueIndex(
        "(claim_id) WHERE is_open", "A claim is in one open batch only."
    )

    def action_remove(self):
        """Take these claims out of their open batches."""
        self.env.user._rcm_require("biller")
        self.check_access("read")
        self.sudo()._rcm_remove()  # role and record rules were checked above

    def _rcm_remove(self):
        for line in self:
            # The files would say otherwise: only a draft batch is changed.
            line.batch_id._rcm_check_state("draft")
        self._rcm_set_state("removed", is_open=False)

    def _rcm_try_submit(self, submitted_at, reference, note=False):
        """Submit the claims of these lines, all or none; True when it went through."""
        try:
            with self.env.cr.savepoint():
                for line in self:
                    line._rcm_submit(submitted_at, reference)
                self._rcm_set_state("submitted", is_open=False)
        except (RcmError, UserError) as error:
            if note:
                self._rcm_set_state(
                    "failed",
                    is_open=False,
                    note=self.claim_id._rcm_submission_obstacle(error),
                )
            return False
        return True

    def _rcm_submit(self, submitted_at, reference):
        """Send the claim to its payer, or hand it to the platform that will."""
        self.ensure_one()
        claim = self.claim_id
        if self.batch_id.route == "platform":
            claim._rcm_hand_off(reference)
        else:
            claim._rcm_mark_submitted(
                submitted_at, reference=reference, payer=self.payer_id or None
            )

    def _rcm_audit_names(self):
        return [f"{line.batch_id.name} {line.claim_id.name}" for line in self]
