from odoo import api, fields, models
from odoo.exceptions import UserError


class RcmRemittanceResolve(models.TransientModel):
    """A person decides about an unpostable claim."""

    _name = "rcm.remittance.resolve"
    _description = "Resolve Unpostable Claim"

    remittance_claim_id = fields.Many2one(
        "rcm.remittance.claim", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="remittance_claim_id.company_id")
    currency_id = fields.Many2one(related="company_id.currency_id")
    control_number = fields.Char(related="remittance_claim_id.control_number")
    charge = fields.Monetary(related="remittance_claim_id.charge")
    paid = fields.Monetary(related="remittance_claim_id.paid")
    reason_text = fields.Char(related="remittance_claim_id.reason_text")
    suggestion_html = fields.Html(related="remittance_claim_id.suggestion_html")
    resolution = fields.Selection(
        [
            ("retry", "Try again as it is"),
            ("match", "It belongs to this claim of ours"),
            ("lines", "Match its lines by hand"),
            ("cap", "Post; contractual only as far as it is open"),
            ("cash", "Post the payment alone, leave the rest open"),
            ("not_ours", "Not ours: we owe it to the payer"),
        ],
        required=True,
        default="retry",
    )
    claim_id = fields.Many2one(
        "rcm.claim",
        string="Our Claim",
        domain="[('company_id', '=', company_id), ('self_pay', '=', False)]",
    )
    line_ids = fields.One2many("rcm.remittance.resolve.line", "wizard_id", "Lines")
    reason = fields.Char(help="Kept in the audit log; no patient data.")
    result = fields.Char(readonly=True)

    @api.onchange("resolution", "claim_id")
    def _onchange_resolution(self):
        if self.resolution != "lines":
            self.line_ids = False
            return
        self.line_ids = [fields.Command.clear()] + [
            fields.Command.create(
                {"service_id": service.id, "claim_line_id": service.claim_line_id.id}
            )
            for service in self.remittance_claim_id.service_ids
        ]

    def action_resolve(self):
        """Carry the decision out; the claim says why when it still cannot post."""
        self.ensure_one()
        self.env.user._rcm_require("cash_poster", "finance_manager")
        claim = self.remittance_claim_id
        claim.check_access("read")
        if self.resolution == "not_ours":
            if not self.reason:
                raise UserError(self.env._("Say why the money is not ours."))
            claim.sudo()._rcm_not_ours(self.reason)  # role and access were checked
            return {"type": "ir.actions.act_window_close"}
        override = self._override(claim)
        if claim.sudo()._rcm_release(override):  # as above
            return {"type": "ir.actions.act_window_close"}
        self.result = claim.reason_text
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Resolve %s", claim.display_name),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _override(self, claim):
        """What is kept with the claim: the earlier decisions and this one."""
        override = dict(claim.override or {})
        override.pop("park", None)
        if self.claim_id:
            self.claim_id.check_access("read")
            override["control_number"] = self.claim_id.name
        elif self.resolution == "match":
            raise UserError(self.env._("Choose the claim it belongs to."))
        if self.resolution == "lines":
            override["lines"] = {
                str(line.service_id.index): line.claim_line_id.id
                for line in self.line_ids
                if line.claim_line_id
            }
        override["cap_contractual"] = self.resolution == "cap"
        override["cash_only"] = self.resolution == "cash"
        if self.reason:
            override["reason"] = self.reason
        return override


class RcmRemittanceResolveLine(models.TransientModel):
    """One service line with the line of ours it is."""

    _name = "rcm.remittance.resolve.line"
    _description = "Resolve Unpostable Line"

    wizard_id = fields.Many2one(
        "rcm.remittance.resolve", required=True, index=True, ondelete="cascade"
    )
    service_id = fields.Many2one("rcm.remittance.service", required=True)
    currency_id = fields.Many2one(related="service_id.currency_id")
    code = fields.Char(related="service_id.code")
    charge = fields.Monetary(related="service_id.charge")
    claim_id = fields.Many2one("rcm.claim", compute="_compute_claim_id")
    claim_line_id = fields.Many2one(
        "rcm.claim.line", string="Our Line", domain="[('claim_id', '=', claim_id)]"
    )

    @api.depends("wizard_id.claim_id", "wizard_id.remittance_claim_id.claim_id")
    def _compute_claim_id(self):
        for line in self:
            wizard = line.wizard_id
            line.claim_id = wizard.claim_id or wizard.remittance_claim_id.claim_id
