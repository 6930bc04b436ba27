from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import UnindexedBinary
from .rcm_claim_content import CLAIM_FORMS
from .rcm_payer import ROUTES

OPEN_STATES = ("draft", "exported")


class RcmSubmissionBatch(models.Model):
    """Claims that leave the house together, with the file they left in.

    The states name what a person or a system did; the claims in an open batch are
    frozen, and each claim is in one open batch only.
    """

    _name = "rcm.submission.batch"
    _inherit = "rcm.document.mixin"
    _description = "Submission Batch"
    _order = "id desc"

    _rcm_state_machine = "submission_batch"
    _rcm_protected = (
        "name",
        "company_id",
        "route",
        "payer_id",
        "claim_form",
        "exported_at",
        "exported_by_id",
        "json_file",
        "json_name",
        "csv_file",
        "csv_name",
        "file_hash",
        "submitted_at",
        "reference",
        "acknowledgement_due",
        "acknowledged_at",
    )

    name = fields.Char(string="Number", required=True, readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    route = fields.Selection(ROUTES, string="Goes To", required=True, readonly=True)
    payer_id = fields.Many2one(
        "rcm.payer", readonly=True, index="btree_not_null", help="Where it goes itself."
    )
    claim_form = fields.Selection(
        CLAIM_FORMS, string="Claim Type", required=True, readonly=True
    )
    line_ids = fields.One2many("rcm.submission.line", "batch_id", string="Claims")
    claim_count = fields.Integer(
        compute="_compute_totals", store=True, string="Number Of Claims"
    )
    total_charge = fields.Monetary(compute="_compute_totals", store=True)
    failed_count = fields.Integer(
        compute="_compute_totals", store=True, string="Rejected Or Failed"
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("exported", "Exported"),
            ("submitted", "Submitted"),
            ("partly_acknowledged", "Partly acknowledged"),
            ("acknowledged", "Acknowledged"),
            ("cancelled", "Cancelled"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
    )
    exported_at = fields.Datetime(readonly=True, copy=False)
    exported_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    json_file = UnindexedBinary(
        string="Claims (JSON Lines)",
        readonly=True,
        copy=False,
        attachment=True,
        groups="healthcare_rcm_base.group_clinical",
    )
    json_name = fields.Char(readonly=True, copy=False)
    csv_file = UnindexedBinary(
        string="Claims (CSV)",
        readonly=True,
        copy=False,
        attachment=True,
        groups="healthcare_rcm_base.group_clinical",
    )
    csv_name = fields.Char(readonly=True, copy=False)
    file_hash = fields.Char(
        string="SHA-256 Of The JSON Lines",
        readonly=True,
        copy=False,
        help="Proves what was handed out; the same claims give the same hash.",
    )
    submitted_at = fields.Datetime(readonly=True, copy=False)
    reference = fields.Char(
        readonly=True, copy=False, help="How the receiver calls the batch."
    )
    acknowledgement_due = fields.Datetime(readonly=True, copy=False, index=True)
    acknowledged_at = fields.Datetime(readonly=True, copy=False)

    _name_uniq = models.Constraint(
        "UNIQUE(company_id, name)", "A batch with this number exists already."
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("line_ids.state", "line_ids.amount")
    def _compute_totals(self):
        for batch in self:
            live = batch.line_ids.filtered(lambda line: line.state != "removed")
            batch.claim_count = len(live)
            batch.total_charge = sum(live.mapped("amount"))
            batch.failed_count = len(
                live.filtered(lambda line: line.state in ("rejected", "failed"))
            )

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_export(self):
        """Write the files of these batches; for people who may see clinical codes."""
        batches = self._rcm_as("biller")
        if not self.env.user.has_group("healthcare_rcm_base.group_clinical"):
            raise UserError(
                self.env._("Claims are exported by people who may see clinical codes.")
            )
        batches._rcm_export()

    def action_mark_submitted(self):
        """These batches were sent; claims that cannot be are named on their lines."""
        batches = self._rcm_as("biller")
        sent = failed = 0
        for batch in batches:
            batch._rcm_mark_submitted(fields.Datetime.now())
            states = batch.line_ids.mapped("state")
            sent += states.count("submitted")
            failed += states.count("failed")
        return self._rcm_notify(
            "warning" if failed else "success",
            self.env._(
                "%(sent)s claims submitted, %(failed)s not; their lines say why.",
                sent=sent,
                failed=failed,
            ),
        )

    def action_cancel(self):
        """Give up these batches; their claims are ready to submit again."""
        self._rcm_as("biller")._rcm_cancel()

    def action_back_to_draft(self):
        """Take the files back to change what is in the batch."""
        self._rcm_as("biller")._rcm_set_state("draft")

    def action_acknowledge(self):
        """The receiver took everything in, as a person was told."""
        self._rcm_as("biller")._rcm_acknowledge("accepted")

    def action_open_claims(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_base.rcm_claim_action"
        )
        action["domain"] = [("id", "in", self.line_ids.claim_id.ids)]
        action["context"] = {"create": False, "search_default_group_goes_to": 1}
        action["views"] = [(False, "list"), (False, "form")]
        return action

    # ------------------------------------------------------------------
    # Domain steps
    # ------------------------------------------------------------------
    @api.model
    def _rcm_gather(self, claims):
        """Put submittable claims into draft batches by where they go.

        :return: (batches, {claim: why it was left out})
        """
        refused, groups = {}, defaultdict(self.env["rcm.claim"].browse)
        for claim in claims:
            if reason := claim._rcm_batch_refusal():
                refused[claim] = reason
                continue
            payer = claim._rcm_due_leg().payer_id or claim.payer_id
            route = payer.submission_route
            owner = payer if route == "direct" else self.env["rcm.payer"]
            form = claim.claim_form or CLAIM_FORMS[0][0]
            groups[claim.company_id, route, owner, form] |= claim
        batches = self.browse()
        for (company, route, payer, form), group in groups.items():
            batches |= self._rcm_draft_for(company, route, payer, form)._rcm_add(group)
        return batches, refused

    @api.model
    def _rcm_draft_for(self, company, route, payer, form):
        """A new numbered batch."""
        # Numbering is not a right of the person who gathers claims.
        sequence = self.env["ir.sequence"].sudo().with_company(company)
        return self._rcm_create(
            [
                {
                    "name": sequence.next_by_code("rcm.submission.batch"),
                    "company_id": company.id,
                    "route": route,
                    "payer_id": payer.id,
                    "claim_form": form,
                }
            ]
        )

    def _rcm_add(self, claims):
        """Add claims to this draft batch."""
        self.ensure_one()
        self._rcm_check_state("draft")
        # The database must know which lines are closed before it sees new ones.
        claims.submission_line_ids.flush_recordset(["is_open"])
        self.env["rcm.submission.line"]._rcm_create(
            [
                {
                    "batch_id": self.id,
                    "claim_id": claim.id,
                    "leg_id": claim._rcm_due_leg().id,
                    "amount": claim.total_charge,
                    "correlation_id": claim.correlation_id,
                }
                for claim in claims
            ]
        )
        self._rcm_emit("rcm.submission.claims_added", {"claims": [None, len(claims)]})
        return self

    def _rcm_export(self):
        """Write the files; the same claims give the same bytes again."""
        for batch in self:
            batch._rcm_check_state(*OPEN_STATES)
            lines = batch._rcm_pending()
            if not lines:
                raise UserError(
                    self.env._("Batch %s has no claims to export.", batch.name)
                )
            vals = batch._rcm_file_vals(lines)
            batch._rcm_write(
                {
                    **vals,
                    "exported_at": fields.Datetime.now(),
                    "exported_by_id": self.env.user.id,
                }
            )
            batch._rcm_set_state("exported")
            batch._rcm_emit(
                "rcm.submission.exported",
                {
                    "file_hash": [None, vals["file_hash"]],
                    "claims": [None, len(lines)],
                },
            )

    def _rcm_mark_submitted(self, submitted_at, reference=None):
        """Submit every claim of this batch, or note on its line why not."""
        self.ensure_one()
        self._rcm_check_state(*OPEN_STATES)
        lines = self._rcm_pending()
        if not lines._rcm_try_submit(submitted_at, reference or self.name):
            for line in lines:
                line._rcm_try_submit(submitted_at, reference or self.name, note=True)
        if not self.line_ids.filtered(lambda line: line.state == "submitted"):
            reasons = [note for note in lines.mapped("note") if note]
            raise UserError(
                self.env._(
                    "No claim of batch %(name)s could be submitted. %(reason)s",
                    name=self.name,
                    reason=reasons[0] if reasons else "",
                )
            )
        self._rcm_set_state(
            "submitted",
            submitted_at=submitted_at,
            reference=reference or False,
            acknowledgement_due=self._rcm_due_after(submitted_at),
        )

    def _rcm_cancel(self):
        """Nothing was sent: free the claims."""
        for batch in self:
            batch._rcm_check_state(*OPEN_STATES, "cancelled")
        self._rcm_pending()._rcm_set_state("removed", is_open=False)
        self._rcm_set_state("cancelled")

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _rcm_pending(self):
        return self.line_ids.filtered(lambda line: line.state == "pending")

    def _rcm_check_state(self, *states):
        self.ensure_one()
        if self.state not in states:
            raise UserError(
                self.env._(
                    "Batch %(name)s is %(state)s; this step is for others.",
                    name=self.name,
                    state=dict(self._fields["state"]._description_selection(self.env))[
                        self.state
                    ],
                )
            )

    def _rcm_as(self, *roles):
        """Check role and record access of the caller, then act with full rights."""
        self.env.user._rcm_require(*roles)
        self.check_access("read")
        return self.sudo()  # role and record rules were checked above

    def _rcm_notify(self, kind, message):
        return self.env["rcm.claim"]._rcm_notify(kind, message)

    def _rcm_audit_names(self):
        return self.mapped("name")
