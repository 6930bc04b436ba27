from odoo import fields, models

from .rcm_payer import PLAN_TYPES


def choices_of(model, name):
    """The choices of another model's field, as the reader's language has them."""
    return lambda self: (self.env[model]._fields[name]._description_selection(self.env))


class RcmAnalysisMixin(models.AbstractModel):
    """A row of an analysis: where, for whom and when; nothing about patients."""

    _name = "rcm.analysis.mixin"
    _description = "Row of an Analysis"

    claim_id = fields.Many2one("rcm.claim", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    facility_id = fields.Many2one("rcm.facility", readonly=True)
    provider_group_id = fields.Many2one("rcm.provider.group", readonly=True)
    payer_id = fields.Many2one("rcm.payer", readonly=True)
    plan_type = fields.Selection(PLAN_TYPES, string="Kind Of Plan", readonly=True)
    service_date = fields.Date(readonly=True)


class RcmAnalysisAmountsMixin(models.AbstractModel):
    """The same with what was expected and what became of it; self-pay has a name."""

    _name = "rcm.analysis.amounts.mixin"
    _inherit = "rcm.analysis.mixin"
    _description = "Row of an Analysis of Amounts"

    payer_name = fields.Char(
        string="Billed To",
        readonly=True,
        help="The payer, “Self-pay”, or “Not billed yet” while there is no claim.",
    )
    expected_amount = fields.Monetary(string="Expected", readonly=True)
    paid_amount = fields.Monetary(string="Paid", readonly=True)
    contractual_amount = fields.Monetary(string="Contractual", readonly=True)
    patient_amount = fields.Monetary(string="Patient", readonly=True)
