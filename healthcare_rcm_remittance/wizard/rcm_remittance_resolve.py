from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.money import to_decimal


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
            ("alone", "Post it without waiting for its reversal"),
            ("split", "Divide the payment among several claims"),
            ("not_ours", "Not ours: the payer will take it back"),
            ("return", "Not ours: give it back to the payer"),
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
    part_ids = fields.One2many("rcm.remittance.resolve.part", "wizard_id", "Parts")
    part_difference = fields.Monetary(
        string="Still to Divide", compute="_compute_part_difference"
    )
    journal_id = fields.Many2one(
        "account.journal",
        string="Paid From",
        domain="[('company_id', '=', company_id), ('type', 'in', ('bank', 'cash'))]",
        help="Empty: it is paid outside of Odoo.",
    )
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

    @api.depends("part_ids.amount", "paid")
    def _compute_part_difference(self):
        for wizard in self:
            wizard.part_difference = wizard.paid - sum(wizard.part_ids.mapped("amount"))

    def action_resolve(self):
        """Carry the decision out and keep it; say why when it still cannot post."""
        self.ensure_one()
        self.env.user._rcm_require("cash_poster", "finance_manager")
        claim = self.remittance_claim_id
        claim.check_access("read")
        before = claim.override
        carry_out = {
            "not_ours": self._give_up,
            "return": self._give_back,
            "split": self._divide,
        }.get(self.resolution, self._release)
        refund = carry_out(claim)
        # Role and access were checked; it came through.
        Resolution = self.env["rcm.remittance.resolution"].sudo()
        Resolution._rcm_note(claim, self.resolution, before, self.reason, refund)
        if claim.state != "parked":
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

    def _release(self, claim):
        override = self._override(claim)
        claim.sudo()._rcm_release(override)  # the button checked role and access

    def _give_up(self, claim):
        if not self.reason:
            raise UserError(self.env._("Say why the money is not ours."))
        # The button checked role and access.
        claim.sudo()._rcm_not_ours(self.reason)

    def _give_back(self, claim):
        """Owed to the payer, and a refund asked for: the policies decide about it."""
        if self.currency_id.is_zero(self.paid):
            raise UserError(self.env._("There is no money to give back."))
        self._give_up(claim)
        refund = self.env["rcm.refund"].create(
            {
                "kind": "payer",
                "payer_id": claim.payer_id.id,
                "company_id": self.company_id.id,
                "amount": self.paid,
                "pay_by": "payment" if self.journal_id else "outside",
                "journal_id": self.journal_id.id,
                "reason": self.reason,
                "remittance_claim_id": claim.id,
            }
        )
        refund.action_request()
        return refund

    def _divide(self, claim):
        digits = self.currency_id.decimal_places
        self.part_ids.claim_id.check_access("read")
        parts = [
            (part.claim_id, to_decimal(part.amount, digits)) for part in self.part_ids
        ]
        # The button checked role and access; decisions are kept by the step itself.
        made = claim.sudo()._rcm_split(parts, self.reason)
        Resolution = self.env["rcm.remittance.resolution"].sudo()
        for part in made.filtered("claim_id"):
            Resolution._rcm_note(part, "part", {"part": True}, self.reason)

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
        override["alone"] = self.resolution == "alone"
        if self.reason:
            override["reason"] = self.reason
        return override


class RcmRemittanceResolvePart(models.TransientModel):
    """One amount of a divided payment, with the claim it is for."""

    _name = "rcm.remittance.resolve.part"
    _description = "Part of an Unpostable Payment"

    wizard_id = fields.Many2one(
        "rcm.remittance.resolve", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="wizard_id.company_id")
    currency_id = fields.Many2one(related="company_id.currency_id")
    claim_id = fields.Many2one(
        "rcm.claim",
        string="Our Claim",
        domain="[('company_id', '=', company_id), ('self_pay', '=', False)]",
        help="Empty: this part stays an unpostable of its own.",
    )
    open_balance = fields.Monetary(related="claim_id.open_balance", string="Open")
    amount = fields.Monetary(required=True)


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
