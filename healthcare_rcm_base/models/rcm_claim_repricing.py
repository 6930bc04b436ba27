from odoo import api, fields, models
from odoo.exceptions import UserError

MOST_CLAIMS = 5000
# Selections up to this size are applied while the person waits.
AT_ONCE = 100
PREVIEWERS = ("biller", "finance_manager", "administrator")


class RcmClaimRepricing(models.Model):
    """What open claims would be worth under today's contracts, before it is so.

    A run is first a preview: it lists every claim whose expected amount would change,
    by how much and why. A person chooses; only what was chosen is applied, and only
    while it still holds.
    """

    _name = "rcm.claim.repricing"
    _inherit = "rcm.document.mixin"
    _description = "Re-pricing Run"
    _order = "id desc"
    _rcm_protected = (
        "name",
        "company_id",
        "contract_id",
        "state",
        "checked_count",
        "applied_by_id",
        "applied_at",
    )

    name = fields.Char(readonly=True, required=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    contract_id = fields.Many2one(
        "rcm.payer.contract",
        readonly=True,
        help="The version whose effect this shows; empty for chosen claims.",
    )
    contract_state = fields.Selection(
        related="contract_id.state", string="Contract Status"
    )
    reason = fields.Char(
        help="Why the claims are priced again; it goes into their ledger entries. No "
        "patient data."
    )
    state = fields.Selection(
        [
            ("preview", "Preview"),
            ("applying", "Being applied"),
            ("done", "Applied"),
            ("discarded", "Discarded"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="preview",
        index=True,
    )
    line_ids = fields.One2many("rcm.claim.repricing.line", "repricing_id")
    checked_count = fields.Integer(string="Claims Looked At", readonly=True)
    line_count = fields.Integer(string="Claims That Change", compute="_compute_totals")
    blocked_count = fields.Integer(string="Not Allowed", compute="_compute_totals")
    selected_count = fields.Integer(string="Selected", compute="_compute_totals")
    selected_difference = fields.Monetary(
        string="Change in Expected", compute="_compute_totals"
    )
    applied_by_id = fields.Many2one("res.users", string="Applied By", readonly=True)
    applied_at = fields.Datetime(readonly=True)

    @api.depends("line_ids.selected", "line_ids.state", "line_ids.difference")
    def _compute_totals(self):
        for run in self:
            selected = run.line_ids.filtered("selected")
            run.line_count = len(run.line_ids)
            run.blocked_count = len(run.line_ids.filtered("blocked_reason"))
            run.selected_count = len(selected)
            run.selected_difference = sum(selected.mapped("difference"))

    # ------------------------------------------------------------------
    # Preview
    # ------------------------------------------------------------------
    @api.model
    def _rcm_preview(self, claims, contract=None):
        """Make a run of what pricing ``claims`` again would change.

        :param contract: price by this version, put into effect or not; without one
            by the contracts in effect
        """
        self.env.user._rcm_require(*PREVIEWERS)
        claims.check_access("read")
        if len(claims) > MOST_CLAIMS:
            raise UserError(
                self.env._(
                    "%(count)s claims are too many for one preview (limit %(limit)s). "
                    "Choose some in the list of claims.",
                    count=len(claims),
                    limit=MOST_CLAIMS,
                )
            )
        company = contract.company_id if contract else claims.company_id
        if len(company) != 1:
            raise UserError(self.env._("Choose claims of one company."))
        title = contract.name if contract else self.env._("Chosen claims")
        # Role and record rules were checked; the run is written by the system alone.
        run = self.sudo()._rcm_create(
            [
                {
                    "name": f"{title}, {fields.Date.context_today(self)}",
                    "company_id": company.id,
                    "contract_id": contract.id if contract else False,
                    "checked_count": len(claims),
                }
            ]
        )
        previews = claims.sudo()._rcm_reprice_previews(contract)
        run.env["rcm.claim.repricing.line"]._rcm_create(
            [{**vals, "repricing_id": run.id} for vals in previews]
        )
        run._rcm_emit(
            "rcm.claim.repricing.previewed",
            {"claims": [None, len(claims)], "changing": [None, len(previews)]},
        )
        return run.with_env(self.env)

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_select_all(self):
        """Select every claim that may be priced again."""
        self._rcm_choose(True)

    def action_select_none(self):
        self._rcm_choose(False)

    def _rcm_choose(self, chosen):
        self.ensure_one()
        self.env.user._rcm_require("biller", "finance_manager")
        self.check_access("write")
        self.line_ids.filtered(
            lambda line: not line.blocked_reason and line.state == "preview"
        ).write({"selected": chosen})

    def action_apply(self):
        """Apply what is selected; amounts that are in the ledger get an entry."""
        self.ensure_one()
        self.env.user._rcm_require("biller", "finance_manager")
        self.check_access("write")
        lines = self._rcm_lines_to_apply()
        if any(line.effect == "ledger" for line in lines):
            self.env.user._rcm_require("finance_manager")
        run, lines = self.sudo(), lines.sudo()  # role and rules were checked above
        run._rcm_write(
            {
                "state": "applying",
                "applied_by_id": self.env.user.id,
                "applied_at": fields.Datetime.now(),
            }
        )
        lines._rcm_write({"state": "due"})
        run._rcm_emit(
            "rcm.claim.repricing.applied",
            {"claims": [None, len(lines)], "reason": [None, self.reason]},
        )
        if len(lines) > AT_ONCE:
            self.env["ir.cron"]._rcm_wake("healthcare_rcm_base.cron_reprice_claims")
        else:
            run._rcm_run()

    def _rcm_lines_to_apply(self):
        self._rcm_check_preview()
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why the claims are priced again."))
        if self.contract_id and self.contract_id.state == "draft":
            raise UserError(
                self.env._(
                    "The contract is a draft: this shows what it would change. Put it "
                    "into effect first, then look again."
                )
            )
        lines = self.line_ids.filtered("selected")
        if not lines:
            raise UserError(self.env._("Select the claims to price again."))
        if refused := lines.filtered("blocked_reason"):
            raise UserError(
                self.env._(
                    "Claim %(claim)s cannot be priced again: %(reason)s",
                    claim=refused[0].claim_id.display_name,
                    reason=refused[0].blocked_reason,
                )
            )
        return lines

    def action_discard(self):
        """Leave everything as it is."""
        self.ensure_one()
        self.env.user._rcm_require(*PREVIEWERS)
        self.check_access("write")
        self._rcm_check_preview()
        # role and record rules were checked above
        self.sudo()._rcm_write({"state": "discarded"})

    def _rcm_check_preview(self):
        if self.state != "preview":
            raise UserError(self.env._("This run is applied or discarded already."))

    def action_lines(self):
        """Open the claims in a list of their own."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "healthcare_rcm_base.rcm_claim_repricing_line_action"
        )
        return {
            **action,
            "name": self.name,
            "display_name": self.name,
            "domain": [("repricing_id", "=", self.id)],
            "context": {"create": False},
        }

    # ------------------------------------------------------------------
    # Applying
    # ------------------------------------------------------------------
    def _rcm_run(self):
        """Apply what is due of these runs, in batches."""
        self.env["rcm.claim.repricing.line"]._rcm_run_batches(
            [("state", "=", "due"), ("repricing_id", "in", self.ids)],
            "_rcm_apply",
            AT_ONCE,
            "invoice_failed",
        )
        self.invalidate_recordset()
        finished = self.filtered(
            lambda run: not any(line.state == "due" for line in run.line_ids)
        )
        finished._rcm_write({"state": "done"})

    @api.model
    def _cron_apply(self):
        """Price claims that wait for it again: their contract or its rates changed."""
        for run in self.search([("state", "=", "applying")]):
            run._rcm_run()


class RcmPayerContract(models.Model):
    """What putting a version into effect does to open claims."""

    _inherit = "rcm.payer.contract"

    def action_reprice_claims(self):
        """Preview what this version changes on open claims."""
        self.ensure_one()
        run = self.env["rcm.claim.repricing"]._rcm_preview(
            self._rcm_open_claims(), contract=self
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": run._name,
            "res_id": run.id,
            "views": [(False, "form")],
        }

    def _rcm_open_claims(self):
        """Claims of its payer, days and facilities that the payer has not decided."""
        self.ensure_one()
        domain = fields.Domain("payer_id", "=", self.payer_id.id) & fields.Domain(
            "service_date", ">=", self.date_from
        )
        if self.date_to:
            domain &= fields.Domain("service_date", "<=", self.date_to)
        if self.facility_ids:
            domain &= fields.Domain("facility_id", "in", self.facility_ids.ids)
        Claim = self.env["rcm.claim"]
        claims = Claim.search(
            domain & Claim._rcm_repriceable_domain(), limit=MOST_CLAIMS + 1
        )
        contracts = claims.sudo()._rcm_contracts_in_effect()
        mine = self | self.previous_id if self.state == "draft" else self
        return claims.filtered(
            lambda claim: contracts[claim.id] in mine
            or (self.state == "draft" and not contracts[claim.id])
        )
