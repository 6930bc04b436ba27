from odoo import fields, models
from odoo.tools import SQL

from .rcm_payer import PLAN_TYPES


class RcmChargeReport(models.Model):
    """Charges and what became of them, by payer, facility, code, category and month.

    One row a charge that counts, with the amounts of its latest live claim
    line. It knows no patient.
    """

    _name = "rcm.charge.report"
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
    claim_id = fields.Many2one("rcm.claim", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    facility_id = fields.Many2one("rcm.facility", readonly=True)
    provider_group_id = fields.Many2one("rcm.provider.group", readonly=True)
    payer_id = fields.Many2one("rcm.payer", readonly=True)
    payer_name = fields.Char(
        string="Billed To",
        readonly=True,
        help="The payer, “Self-pay”, or “Not billed yet” while there is no claim.",
    )
    plan_type = fields.Selection(PLAN_TYPES, readonly=True)
    service_code_id = fields.Many2one(
        "rcm.service.code", string="Service", readonly=True
    )
    code = fields.Char(readonly=True)
    revenue_code = fields.Char(readonly=True)
    category_id = fields.Many2one("rcm.charge.category", readonly=True)
    encounter_type = fields.Selection(
        selection=lambda self: self.env["rcm.encounter"]
        ._fields["encounter_type"]
        ._description_selection(self.env),
        readonly=True,
    )
    state = fields.Selection(
        [("captured", "Captured"), ("billed", "Billed")], readonly=True
    )
    claim_state = fields.Selection(
        selection=lambda self: self.env["rcm.claim"]
        ._fields["state"]
        ._description_selection(self.env),
        readonly=True,
    )
    service_date = fields.Date(readonly=True)
    units = fields.Float(readonly=True)
    amount = fields.Monetary(string="Charged", readonly=True)
    expected_amount = fields.Monetary(string="Expected", readonly=True)
    paid_amount = fields.Monetary(string="Paid", readonly=True)
    contractual_amount = fields.Monetary(string="Contractual", readonly=True)
    patient_amount = fields.Monetary(string="Patient", readonly=True)
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


class RcmClaimReport(models.Model):
    """Claims in figures, self-pay by name, without patients."""

    _name = "rcm.claim.report"
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

    claim_id = fields.Many2one("rcm.claim", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    facility_id = fields.Many2one("rcm.facility", readonly=True)
    provider_group_id = fields.Many2one("rcm.provider.group", readonly=True)
    payer_id = fields.Many2one("rcm.payer", readonly=True)
    payer_name = fields.Char(string="Billed To", readonly=True)
    plan_type = fields.Selection(PLAN_TYPES, readonly=True)
    state = fields.Selection(
        selection=lambda self: self.env["rcm.claim"]
        ._fields["state"]
        ._description_selection(self.env),
        string="Status",
        readonly=True,
    )
    invoice_state = fields.Selection(
        selection=lambda self: self.env["rcm.claim"]
        ._fields["invoice_state"]
        ._description_selection(self.env),
        string="Invoice Status",
        readonly=True,
    )
    payment_status = fields.Selection(
        selection=lambda self: self.env["rcm.claim"]
        ._fields["payment_status"]
        ._description_selection(self.env),
        readonly=True,
    )
    clean_claim = fields.Boolean(readonly=True)
    service_date = fields.Date(readonly=True)
    submitted_date = fields.Datetime(readonly=True)
    total_charge = fields.Monetary(string="Charge", readonly=True)
    expected_amount = fields.Monetary(string="Expected", readonly=True)
    paid_amount = fields.Monetary(string="Paid", readonly=True)
    contractual_amount = fields.Monetary(string="Contractual", readonly=True)
    patient_amount = fields.Monetary(string="Patient", readonly=True)
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
