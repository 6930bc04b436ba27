from odoo import fields, models
from odoo.tools import SQL

from .rcm_analysis_mixin import choices_of


class RcmChargeReport(models.Model):
    """Charges and what became of them, by payer, facility, code, category and month.

    One row a charge that counts, with the amounts of its latest live claim
    line. It knows no patient.
    """

    _name = "rcm.charge.report"
    _inherit = "rcm.analysis.amounts.mixin"
    _description = "Charge Analysis"
    _auto = False
    _rec_name = "code"
    _order = "service_date desc, id desc"
    _depends = {
        "rcm.charge": ["amount", "is_current", "code", "service_date", "units"],
        "rcm.claim": ["state", "payer_id", "self_pay"],
        "rcm.claim.line": ["paid_amount", "expected_amount", "open_amount"],
    }

    charge_id = fields.Many2one("rcm.charge", readonly=True)
    encounter_id = fields.Many2one("rcm.encounter", readonly=True)
    service_code_id = fields.Many2one(
        "rcm.service.code", string="Service", readonly=True
    )
    code = fields.Char(readonly=True)
    revenue_code = fields.Char(readonly=True)
    category_id = fields.Many2one("rcm.charge.category", readonly=True)
    encounter_type = fields.Selection(
        selection=choices_of("rcm.encounter", "encounter_type"), readonly=True
    )
    state = fields.Selection(
        [("captured", "Captured"), ("billed", "Billed")], string="Status", readonly=True
    )
    claim_state = fields.Selection(
        selection=choices_of("rcm.claim", "state"), readonly=True
    )
    units = fields.Float(readonly=True)
    amount = fields.Monetary(string="Charged", readonly=True)
    open_amount = fields.Monetary(string="Open", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT ch.id, ch.id AS charge_id, ch.encounter_id, claim.id AS claim_id,
                   ch.company_id, co.currency_id, ch.facility_id,
                   enc.provider_group_id, claim.payer_id, payer.plan_type,
                   CASE WHEN payer.id IS NOT NULL THEN payer.name
                        WHEN COALESCE(claim.self_pay, enc.self_pay) THEN %(self_pay)s
                        ELSE %(unbilled)s END AS payer_name,
                   ch.service_code_id, ch.code, ch.revenue_code, ch.category_id,
                   enc.encounter_type,
                   ch.state, claim.state AS claim_state, ch.service_date, ch.units,
                   ch.amount, line.expected_amount, line.paid_amount,
                   line.contractual_amount, line.patient_amount, line.open_amount
              FROM rcm_charge ch
              JOIN rcm_encounter enc ON enc.id = ch.encounter_id
              JOIN res_company co ON co.id = ch.company_id
              LEFT JOIN (
                SELECT cl.charge_id, MAX(cl.id) AS id
                  FROM rcm_claim_line cl
                  JOIN rcm_claim c ON c.id = cl.claim_id
                 WHERE c.state NOT IN ('void', 'superseded')
                   AND cl.charge_id IS NOT NULL
                 GROUP BY cl.charge_id
              ) latest ON latest.charge_id = ch.id
              LEFT JOIN rcm_claim_line line ON line.id = latest.id
              LEFT JOIN rcm_claim claim ON claim.id = line.claim_id
              LEFT JOIN rcm_payer payer ON payer.id = claim.payer_id
             WHERE ch.is_current
            """,
            self_pay=self.env._("Self-pay"),
            unbilled=self.env._("Not billed yet"),
        )
