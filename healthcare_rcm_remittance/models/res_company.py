from odoo import fields, models

from .rcm_remittance_wake import LOCKS, OURS, PAYEE, PERIOD


class ResCompany(models.Model):
    """How a company posts remittances."""

    _inherit = "res.company"

    rcm_undated_payment = fields.Selection(
        [
            ("hold", "Hold for a person"),
            ("receipt", "Count from the day it came"),
        ],
        string="Payments Without a Date",
        default="hold",
        required=True,
        help="A remittance without an effective date (BPR16): wait, or post it with "
        "the day it was received.",
    )
    rcm_hold_days = fields.Integer(
        string="Hold At Most",
        default=5,
        help="Days a held remittance may wait for what it needs before the hold "
        "becomes a case of its own; 0 for never.",
    )

    _rcm_hold_days_positive = models.Constraint(
        "CHECK(rcm_hold_days >= 0)", "Days on hold cannot be negative."
    )

    def write(self, vals):
        result = super().write(vals)
        if LOCKS & vals.keys():
            self.env["rcm.remittance"]._rcm_wake_cases(PERIOD, self)
        if OURS & vals.keys():
            self.env["rcm.remittance"]._rcm_wake_cases(PAYEE, self)
        return result


class ResConfigSettings(models.TransientModel):
    """Remittance settings of the current company."""

    _inherit = "res.config.settings"

    rcm_undated_payment = fields.Selection(
        related="company_id.rcm_undated_payment", readonly=False, required=True
    )
    rcm_hold_days = fields.Integer(related="company_id.rcm_hold_days", readonly=False)
