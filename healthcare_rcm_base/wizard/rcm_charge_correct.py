from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.rcm_charge import CORRECTION_REASONS

CORRECTABLE = (
    "service_code_id",
    "code",
    "modifiers",
    "units",
    "amount",
    "service_date",
    "diagnosis_pointers",
)


class RcmChargeCorrect(models.TransientModel):
    """Replace a charge by a corrected one, or take it back."""

    _name = "rcm.charge.correct"
    _description = "Correct a Charge"

    charge_id = fields.Many2one("rcm.charge", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="charge_id.company_id")
    currency_id = fields.Many2one(related="charge_id.currency_id")
    old_amount = fields.Monetary(related="charge_id.amount", string="Charged So Far")
    is_billed = fields.Boolean(compute="_compute_is_billed")
    action = fields.Selection(
        [("replace", "Replace it by a corrected charge"), ("withdraw", "Take it back")],
        required=True,
        default="replace",
    )
    reason = fields.Selection(CORRECTION_REASONS, required=True, default="coding")
    service_code_id = fields.Many2one(
        "rcm.service.code",
        string="Service",
        compute="_compute_from_charge",
        store=True,
        readonly=False,
        precompute=True,
    )
    code = fields.Char(
        compute="_compute_from_charge", store=True, readonly=False, precompute=True
    )
    modifiers = fields.Char(
        compute="_compute_from_charge", store=True, readonly=False, precompute=True
    )
    units = fields.Float(
        digits=(12, 3),
        compute="_compute_from_charge",
        store=True,
        readonly=False,
        precompute=True,
    )
    amount = fields.Monetary(
        string="Right Charge",
        compute="_compute_from_charge",
        store=True,
        readonly=False,
        precompute=True,
    )
    service_date = fields.Date(
        compute="_compute_from_charge", store=True, readonly=False, precompute=True
    )
    diagnosis_pointers = fields.Char(
        string="Pointers",
        compute="_compute_from_charge",
        store=True,
        readonly=False,
        precompute=True,
    )

    @api.depends("charge_id")
    def _compute_from_charge(self):
        for wizard in self:
            for name in CORRECTABLE:
                wizard[name] = wizard.charge_id[name]

    @api.depends("charge_id.state")
    def _compute_is_billed(self):
        for wizard in self:
            wizard.is_billed = wizard.charge_id.state == "billed"

    @api.onchange("service_code_id")
    def _onchange_service_code_id(self):
        """Another service brings its code and standard charge."""
        if self.service_code_id and self.service_code_id != (
            self.charge_id.service_code_id
        ):
            self.code = self.service_code_id.code
            charge = self.charge_id
            price = self.service_code_id._rcm_standard_charge(
                charge.facility_id, charge.service_date
            )
            self.amount = price * self.units

    def action_apply(self):
        """Make the correction in the name of the person who asked for it."""
        self.ensure_one()
        self.env.user._rcm_require("biller", "coder")
        self.charge_id.check_access("read")
        charge = self.charge_id.sudo()  # role and record rules were checked above
        if self.action == "withdraw":
            charge._rcm_withdraw(self.reason)
            return {"type": "ir.actions.act_window_close"}
        vals = {
            name: self._fields[name].convert_to_write(self[name], self)
            for name in CORRECTABLE
        }
        if not any(vals[name] != charge._rcm_carried_vals()[name] for name in vals):
            raise UserError(self.env._("Nothing was changed on the charge."))
        encounter = charge.encounter_id
        before = charge._rcm_watched()
        new = charge._rcm_replace(
            {
                **vals,
                "external_ref": encounter._rcm_free_ref(charge.external_ref),
                "origin": "manual",
            },
            self.reason,
        )
        reasons = dict(self._fields["reason"]._description_selection(self.env))
        if new._rcm_watched() != before:
            new._rcm_ask_review(before, reasons[self.reason])
        return {"type": "ir.actions.act_window_close"}
