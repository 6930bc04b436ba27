from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.healthcare_rcm_base.core.ledger_accounts import PURPOSES

from ..settlement import RuleBook, RuleFacts, actions
from .rcm_remittance_adjustment import ACTIONS
from .rcm_remittance_provider_adjustment import TREATMENTS

CATEGORIES = [
    ("authorization", "Authorization"),
    ("bundling", "Bundling"),
    ("coding", "Coding"),
    ("coordination", "Coordination of benefits"),
    ("documentation", "Documentation missing"),
    ("duplicate", "Duplicate"),
    ("eligibility", "Eligibility"),
    ("information", "Missing or wrong information"),
    ("medical_necessity", "Medical necessity"),
    ("not_covered", "Not covered"),
    ("timely_filing", "Timely filing"),
    ("other", "Other"),
]


class RcmPostingRule(models.Model):
    """What to do with an adjustment: group, reason and remark code to an action.

    Shipped rules are general; a payer's own rule, a remark code or a sign make one
    more specific, and the most specific one in force wins. Codes without a rule are
    never posted. What was posted keeps its action, whatever becomes of the rule.
    """

    _name = "rcm.posting.rule"
    _inherit = "rcm.audit.mixin"
    _description = "Posting Rule"
    _order = "kind, reason_code, group_code, payer_id, id"
    _rcm_audit_fields = (
        "name",
        "kind",
        "payer_id",
        "group_code",
        "reason_code",
        "remark_code",
        "sign",
        "action",
        "treatment",
        "purpose",
        "category",
        "date_from",
        "date_to",
        "active",
        "company_id",
    )

    name = fields.Char(string="In Our Words", required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", help="Empty: for all companies.")
    kind = fields.Selection(
        [
            ("claim", "Claim adjustment (CAS)"),
            ("provider", "Provider adjustment (PLB)"),
        ],
        default="claim",
        required=True,
    )
    payer_id = fields.Many2one("rcm.payer", index=True, help="Empty: for all payers.")
    group_code = fields.Selection(
        [
            ("CO", "CO contractual obligation"),
            ("PR", "PR patient responsibility"),
            ("OA", "OA other"),
            ("PI", "PI payer initiated"),
            ("CR", "CR correction (4010)"),
        ],
        string="Group",
        help="Empty: any group.",
    )
    reason_code = fields.Char(
        string="Reason", required=True, index=True, help="CARC, or PLB reason."
    )
    remark_code = fields.Char(
        string="Remark", help="Only where this remark code (RARC) is given."
    )
    sign = fields.Selection(
        [("any", "Any"), ("positive", "Positive"), ("negative", "Negative")],
        default="any",
        required=True,
        string="Amount",
    )
    action = fields.Selection(
        [item for item in ACTIONS if item[0] in actions.CHOICES],
        help="Contractual, sequestration: the reserve. Patient: the next payer if "
        "there is one, else the patient. Denial: nothing is booked, a denial opens. "
        "Review: the claim is parked for a person.",
    )
    treatment = fields.Selection([item for item in TREATMENTS if item[0] != "unmapped"])
    purpose = fields.Selection(
        selection=lambda self: [(key, spec.name) for key, spec in PURPOSES.items()],
        string="Account",
    )
    category = fields.Selection(CATEGORIES, string="Denial Category")
    date_from = fields.Date(string="From", help="Payment date it counts from.")
    date_to = fields.Date(string="Until")

    @api.constrains("kind", "action", "treatment", "purpose", "category")
    def _check_complete(self):
        for rule in self:
            if rule.kind == "claim" and not rule.action:
                raise ValidationError(self.env._("A claim adjustment needs an action."))
            if rule.kind == "provider" and not rule.treatment:
                raise ValidationError(
                    self.env._("A provider adjustment needs a treatment.")
                )
            if rule.treatment == "account" and not rule.purpose:
                raise ValidationError(self.env._("Choose the account to post to."))

    @api.constrains("payer_id", "company_id")
    def _check_company(self):
        for rule in self:
            if rule.payer_id and rule.company_id not in (
                rule.payer_id.company_id,
                self.env["res.company"],
            ):
                raise ValidationError(self.env._("The payer is of another company."))

    @api.onchange("reason_code", "remark_code")
    def _onchange_codes(self):
        for rule in self:
            rule.reason_code = (rule.reason_code or "").strip().upper() or False
            rule.remark_code = (rule.remark_code or "").strip().upper() or False

    @api.depends("kind", "group_code", "reason_code", "name")
    def _compute_display_name(self):
        for rule in self:
            code = "-".join(
                filter(
                    None,
                    (
                        "PLB" if rule.kind == "provider" else rule.group_code,
                        rule.reason_code,
                    ),
                )
            )
            rule.display_name = f"{code} {rule.name or ''}"

    @api.model
    def _rcm_book(self, company):
        """All rules of a company as the plan reads them."""
        return RuleBook(self._rcm_rule_facts(company))

    @api.model
    def _rcm_rule_facts(self, company):
        """The values of all rules of a company."""
        # Rules steer the posting whoever triggers it.
        rules = self.sudo().search([("company_id", "in", (False, company.id))])
        return [rule._rcm_facts() for rule in rules]

    def _rcm_facts(self):
        """One rule as a value."""
        self.ensure_one()
        return RuleFacts(
            id=self.id,
            kind=self.kind,
            reason=self.reason_code,
            action=(self.action if self.kind == "claim" else self.treatment),
            group=self.group_code or "",
            remark=self.remark_code or "",
            payer_id=self.payer_id.id or None,
            sign=self.sign,
            category=self.category or "other",
            purpose=self.purpose or "",
            date_from=self.date_from or None,
            date_to=self.date_to or None,
        )

    def action_preview(self):
        """What a change of this rule would have done to last month."""
        self.ensure_one()
        self.env.user._rcm_require("cash_poster", "finance_manager", "administrator")
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Preview a Rule Change"),
            "res_model": "rcm.posting.rule.preview",
            "view_mode": "form",
            "target": "new",
            "context": {"default_rule_id": self.id, "dialog_size": "extra-large"},
        }
