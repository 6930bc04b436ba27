from odoo import api, fields, models

from ..core import matching


class RcmMatchPolicy(models.Model):
    """How strictly patients and guarantors are matched: weights and thresholds.

    One for all companies is shipped; a company may have its own.
    """

    _name = "rcm.match.policy"
    _inherit = "rcm.audit.mixin"
    _description = "Matching Policy"
    _order = "company_id, id"
    _rcm_audit_fields = (
        "company_id",
        "name_weight",
        "birth_date_weight",
        "address_weight",
        "phone_weight",
        "sure_score",
        "likely_score",
    )

    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: for every company without its own."
    )
    name_weight = fields.Integer(string="Name", required=True, default=45)
    birth_date_weight = fields.Integer(string="Birth Date", required=True, default=35)
    address_weight = fields.Integer(string="Address", required=True, default=10)
    phone_weight = fields.Integer(string="Phone", required=True, default=10)
    sure_score = fields.Integer(
        string="Sure From",
        required=True,
        default=95,
        help="From this score on, a person whose name and birth date are equal and "
        "whom nothing contradicts is linked without asking.",
    )
    likely_score = fields.Integer(
        string="Likely From",
        required=True,
        default=80,
        help="From this score on, a possible duplicate is put before a person.",
    )
    candidate_limit = fields.Integer(
        string="Candidates Read",
        required=True,
        default=25,
        help="At most this many known people are compared for each key (name with "
        "birth date, name with ZIP, phone).",
    )

    _company_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0))", "There is a matching policy for this already."
    )
    _scores_ordered = models.Constraint(
        "CHECK(likely_score > 0 AND sure_score >= likely_score AND sure_score <= 101)",
        "Scores go from 1 to 100 (101 for never), and sure is not below likely.",
    )
    _weights_sane = models.Constraint(
        "CHECK(name_weight >= 0 AND birth_date_weight >= 0 AND address_weight >= 0 "
        "AND phone_weight >= 0 AND name_weight + birth_date_weight > 0)",
        "Weights are not negative, and name or birth date has one.",
    )
    _limit_sane = models.Constraint(
        "CHECK(candidate_limit BETWEEN 1 AND 200)",
        "Between 1 and 200 candidates are read.",
    )

    @api.depends("company_id")
    def _compute_display_name(self):
        for policy in self:
            policy.display_name = policy.company_id.name or self.env._("All companies")

    @api.model
    def _rcm_for(self, company):
        """The policy record of ``company``, else the one for all (may be empty)."""
        return self.sudo().search(  # rules of the house are no one's secret
            [("company_id", "in", [company.id, False])],
            order="company_id NULLS LAST",
            limit=1,
        )

    def _rcm_values(self):
        """The pure policy; the shipped one when every record was deleted."""
        if not self:
            return matching.Policy()
        return matching.Policy(
            name=self.name_weight,
            birth_date=self.birth_date_weight,
            address=self.address_weight,
            phone=self.phone_weight,
            sure=self.sure_score,
            likely=self.likely_score,
        )
