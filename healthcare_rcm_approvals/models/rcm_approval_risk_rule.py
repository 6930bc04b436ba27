from odoo import api, fields, models
from odoo.tools import formatLang

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..policy import RiskRule
from .rcm_approval_policy import document_types

FACTORS = [
    ("missing_authorization", "Missing authorization"),
    ("manual_adjustment", "Manual charge adjustment"),
    ("new_vendor_days", "New vendor"),
    ("deviation_percent", "Deviation from the contract"),
    ("exception_severity", "Open exception"),
    ("amount", "Amount"),
]


class RcmApprovalRiskRule(models.Model):
    """Points that one visible circumstance adds to the risk score of a document."""

    _name = "rcm.approval.risk.rule"
    _inherit = ["rcm.second.admin.mixin", "rcm.audit.mixin"]
    _description = "Approval Risk Rule"
    _order = "factor, limit_value, id"
    _rcm_rules = _rcm_audit_fields = (
        "factor",
        "limit_value",
        "points",
        "document_type",
        "company_id",
        "active",
    )
    _rcm_new_rule = {"factor": "amount"}

    active = fields.Boolean(default=True)
    factor = fields.Selection(FACTORS, required=True)
    limit_value = fields.Float(
        "Limit",
        digits=(16, 2),
        help="Amounts in the company's currency, percentages and severities (1 to 4) "
        "count from this limit on; a vendor counts as new for so many days.",
    )
    points = fields.Integer(
        required=True, default=10, help="Added to the score, which ends at 100."
    )
    document_type = fields.Selection(
        document_types, help="Leave empty for every kind of document."
    )
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", help="Leave empty for every company."
    )
    sentence = fields.Char("In Words", compute="_compute_sentence")

    _points_in_range = models.Constraint(
        "CHECK(points BETWEEN 1 AND 100)", "Points lie between 1 and 100."
    )
    _limit_not_negative = models.Constraint(
        "CHECK(limit_value >= 0)", "The limit cannot be negative."
    )

    @api.depends("factor", "limit_value", "points", "document_type")
    def _compute_display_name(self):
        for rule in self:
            rule.display_name = self._rcm_part_name(rule._rcm_facts().code)

    @api.depends("factor", "limit_value", "points", "document_type")
    def _compute_sentence(self):
        kinds = dict(self._fields["document_type"]._description_selection(self.env))
        for rule in self:
            where = kinds.get(rule.document_type) or self.env._("every document")
            rule.sentence = self.env._(
                "%(circumstance)s adds %(points)s points (%(where)s).",
                circumstance=self._rcm_part_name(rule._rcm_facts().code),
                points=rule.points,
                where=where.lower(),
            )

    def _rcm_in_words(self):
        return self.sentence or ""

    @api.model
    def _rcm_part_name(self, code):
        """What a part of a score stands for, in words."""
        factor, _colon, limit = code.partition(":")
        texts = {
            "manual_adjustment": self.env._("Manual adjustment of %s and more"),
            "new_vendor_days": self.env._("Vendor known for less than %s days"),
            "deviation_percent": self.env._("Deviation of %s %% and more"),
            "exception_severity": self.env._("Open exception of severity %s and more"),
            "amount": self.env._("Amount of %s and more"),
        }
        if not limit or factor not in texts:
            return self._rcm_factor_name(factor)
        number = formatLang(self.env, float(limit), digits=self._rcm_digits(limit))
        return texts[factor] % number

    @api.model
    def _rcm_factor_name(self, factor):
        names = dict(self._fields["factor"]._description_selection(self.env))
        return names.get(factor, factor)

    @staticmethod
    def _rcm_digits(number):
        return 2 if "." in number else 0

    @api.model
    def _rcm_part_texts(self, parts):
        """Each part of a score as a person reads it: ``Amount of 10,000 …: 20``."""
        return [f"{self._rcm_part_name(code)}: {points}" for code, points in parts]

    def _rcm_facts(self) -> RiskRule:
        """This record as the pure rules want it."""
        self.ensure_one()
        return RiskRule(
            ref=self.id or 0,
            factor=self.factor or "",
            points=self.points,
            limit=to_decimal(self.limit_value, 2),
            document_type=self.document_type or None,
            company=self.company_id.id or None,
        )

    @api.model
    def _rcm_active_rules(self) -> list[RiskRule]:
        """Every active rule, as pure values."""
        return [rule._rcm_facts() for rule in self.search([("active", "=", True)])]
