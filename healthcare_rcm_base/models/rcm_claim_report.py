from odoo import fields, models
from odoo.tools import SQL

from .rcm_analysis_mixin import choices_of


class RcmClaimReport(models.Model):
    """Claims in figures, self-pay by name, without patients."""

    _name = "rcm.claim.report"
    _inherit = "rcm.analysis.amounts.mixin"
    _description = "Claim Analysis"
    _auto = False
    _rec_name = "claim_id"
    _order = "service_date desc, id desc"
    _depends = {
        "rcm.claim": [
            "state",
            "payer_id",
            "self_pay",
            "total_charge",
            "expected_amount",
            "paid_amount",
            "open_balance",
            "payment_status",
            "clean_claim",
        ]
    }

    state = fields.Selection(
        selection=choices_of("rcm.claim", "state"), string="Status", readonly=True
    )
    invoice_state = fields.Selection(
        selection=choices_of("rcm.claim", "invoice_state"),
        string="Invoice Status",
        readonly=True,
    )
    payment_status = fields.Selection(
        selection=choices_of("rcm.claim", "payment_status"), readonly=True
    )
    clean_claim = fields.Boolean(readonly=True)
    submitted_date = fields.Datetime(readonly=True)
    total_charge = fields.Monetary(string="Charge", readonly=True)
    open_balance = fields.Monetary(string="Open", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT c.id, c.id AS claim_id, c.company_id, co.currency_id, c.facility_id,
                   c.provider_group_id, c.payer_id, payer.plan_type,
                   COALESCE(payer.name, %s) AS payer_name, c.state, c.invoice_state,
                   c.payment_status, c.clean_claim, c.service_date, c.submitted_date,
                   c.total_charge, c.expected_amount, c.paid_amount,
                   c.contractual_amount, c.patient_amount, c.open_balance
              FROM rcm_claim c
              JOIN res_company co ON co.id = c.company_id
              LEFT JOIN rcm_payer payer ON payer.id = c.payer_id
             WHERE c.state NOT IN ('void', 'superseded')
            """,
            self.env._("Self-pay"),
        )
