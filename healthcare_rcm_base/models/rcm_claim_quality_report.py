from odoo import fields, models
from odoo.tools import SQL

from .rcm_analysis_mixin import choices_of


class RcmClaimQualityReport(models.Model):
    """Claims by how they left the house: clean, and accepted at the first attempt.

    A rate is the average of a column that is 100, 0 or, where nothing is decided
    yet, empty: it can be read at any grouping.
    """

    _name = "rcm.claim.quality.report"
    _inherit = "rcm.analysis.mixin"
    _description = "Claim Quality"
    _auto = False
    _rec_name = "claim_id"
    _order = "service_date desc, id desc"

    submitted_date = fields.Datetime(string="Submitted", readonly=True)
    state = fields.Selection(
        selection=choices_of("rcm.claim", "state"), string="Status", readonly=True
    )
    first_answer = fields.Selection(
        [("accepted", "Accepted"), ("rejected", "Rejected")], readonly=True
    )
    is_clean = fields.Boolean(string="Clean", readonly=True)
    total_charge = fields.Monetary(string="Charge", readonly=True)
    failed_edits = fields.Integer(string="Times Stopped", readonly=True)
    clean_rate = fields.Float(
        string="Clean Claims (%)",
        readonly=True,
        aggregator="avg",
        help="Of the claims that passed the edits: those that did so untouched.",
    )
    acceptance_rate = fields.Float(
        string="Accepted First (%)",
        readonly=True,
        aggregator="avg",
        help="Of the claims a payer answered: those accepted at the first attempt.",
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT claim.id, claim.id AS claim_id, claim.company_id,
                   claim.facility_id, claim.provider_group_id, claim.payer_id,
                   payer.plan_type, company.currency_id, claim.service_date,
                   claim.submitted_date, claim.state, claim.first_answer,
                   claim.clean_claim AS is_clean, claim.total_charge,
                   claim.failed_edits,
                   CASE WHEN claim.state = 'draft' THEN NULL
                        WHEN claim.clean_claim THEN 100.0 ELSE 0.0
                    END AS clean_rate,
                   CASE claim.first_answer WHEN 'accepted' THEN 100.0
                        WHEN 'rejected' THEN 0.0 END AS acceptance_rate
              FROM rcm_claim claim
              JOIN res_company company ON company.id = claim.company_id
              LEFT JOIN rcm_payer payer ON payer.id = claim.payer_id
             WHERE claim.self_pay IS NOT TRUE
               AND claim.version = 1
               AND claim.state != 'void'
            """
        )
