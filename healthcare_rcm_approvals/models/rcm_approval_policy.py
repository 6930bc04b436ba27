from odoo import api, fields, models
from odoo.exceptions import UserError

DOCUMENT_TYPES = [
    ("claim", "Claim"),
    ("remittance", "Remittance"),
    ("customer_invoice", "Customer invoice"),
    ("credit_note", "Credit note"),
    ("vendor_bill", "Vendor bill"),
    ("payment", "Outgoing payment"),
    ("payment_run", "Payment run"),
    ("purchase_order", "Purchase order"),
    ("write_off", "Write-off"),
    ("refund", "Refund"),
    ("override", "Override"),
    ("policy_change", "Policy change"),
    ("budget_revision", "Budget revision"),
]


def document_types(model):
    """Every document type: those of the suite, and those that models declare.

    For the selections of all models that name one.
    """
    return model.env["rcm.approval.policy"]._rcm_document_types()


# What can route a document differently.
RULES = (
    "active",
    "sequence",
    "document_type",
    "company_id",
    "amount_from",
    "amount_to",
    "facility_ids",
    "department_ids",
    "payer_type_ids",
    "vendor_category_ids",
    "contract_type_ids",
    "risk_from",
    "risk_to",
    "date_from",
    "date_to",
    "domain",
    "auto_after_hours",
    "auto_reason",
    "expire_after_hours",
)


class RcmApprovalPolicy(models.Model):
    """One sentence of the authority matrix: which documents need whose approval."""

    _name = "rcm.approval.policy"
    _description = "Approval Policy"
    _inherit = ["rcm.document.mixin"]
    _order = "document_type, sequence, amount_from, id"
    _rcm_audit_fields = ("name", *RULES)

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(
        "Priority",
        default=10,
        help="When several policies match a document, the lowest number decides; at "
        "the same number the more specific policy does.",
    )
    document_type = fields.Selection(
        document_types, required=True, default="claim", index=True
    )
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        help="Leave empty for a policy of every company.",
    )
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_currency_id", string="Currency"
    )
    amount_from = fields.Monetary(
        "From",
        default=0.0,
        help="Documents of this amount and more, converted to the company's currency "
        "at the document's date.",
    )
    amount_to = fields.Monetary(
        "Below", help="Documents below this amount. 0 means without an upper limit."
    )
    facility_ids = fields.Many2many("rcm.facility", string="Facilities")
    department_ids = fields.Many2many(
        "account.analytic.account",
        "rcm_approval_policy_department_rel",
        "policy_id",
        "account_id",
        string="Departments",
        help="Analytic accounts the document is charged to. Leave empty for all.",
    )
    payer_type_ids = fields.Many2many(
        "rcm.approval.term",
        "rcm_approval_policy_payer_type_rel",
        "policy_id",
        "term_id",
        string="Payer Types",
        domain="[('kind', '=', 'payer_type')]",
        help="Plan type of the payer. Leave empty for all.",
    )
    vendor_category_ids = fields.Many2many(
        "res.partner.category",
        "rcm_approval_policy_vendor_category_rel",
        "policy_id",
        "category_id",
        string="Vendor Categories",
        help="Tags of the vendor; one of them is enough. Leave empty for all.",
    )
    contract_type_ids = fields.Many2many(
        "rcm.approval.term",
        "rcm_approval_policy_contract_type_rel",
        "policy_id",
        "term_id",
        string="Contract Types",
        domain="[('kind', '=', 'contract_type')]",
        help="Kind of contract the document is under. Leave empty for all.",
    )
    risk_from = fields.Integer(
        help="Documents with this risk score and more (0 to 100)."
    )
    risk_to = fields.Integer(
        "Risk Below", help="Documents below this risk score. 0 means without a limit."
    )
    date_from = fields.Date("In Effect From", help="Leave empty: from the beginning.")
    date_to = fields.Date("In Effect Until", help="The last day; empty: no end.")
    step_ids = fields.One2many(
        "rcm.approval.policy.step",
        "policy_id",
        string="Steps",
        copy=True,
        help="Who has to agree, in this order. Without steps the document goes "
        "straight through and the reason is recorded.",
    )
    version = fields.Integer(
        compute="_compute_version",
        help="Counts changes. A request keeps the version it was made under.",
    )
    version_ids = fields.One2many(
        "rcm.approval.policy.version", "policy_id", string="Versions"
    )
    request_count = fields.Integer(compute="_compute_request_count")

    _amounts_in_order = models.Constraint(
        "CHECK(amount_from >= 0 AND (amount_to = 0 OR amount_to > amount_from))",
        "The upper limit must be above the lower one, and neither may be negative.",
    )
    _risk_in_order = models.Constraint(
        "CHECK(risk_from BETWEEN 0 AND 100 AND (risk_to = 0 OR risk_to > risk_from))",
        "Risk scores lie between 0 and 100, the upper limit above the lower one.",
    )
    _dates_in_order = models.Constraint(
        "CHECK(date_to IS NULL OR date_from IS NULL OR date_to >= date_from)",
        "A policy cannot end before it begins.",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_currency_id(self):
        for policy in self:
            company = policy.company_id or self.env.company
            policy.currency_id = company.currency_id

    @api.depends("version_ids.number")
    def _compute_version(self):
        for policy in self:
            policy.version = max(policy.version_ids.mapped("number"), default=0)

    def _compute_request_count(self):
        counts = dict(
            self.env["rcm.approval.request"]._read_group(
                [("policy_id", "in", self.ids)], ["policy_id"], ["__count"]
            )
        )
        for policy in self:
            policy.request_count = counts.get(policy, 0)

    @api.model
    def _rcm_document_types(self):
        """``[(type, name)]``: those of the suite, and those that models declare."""
        known = dict(DOCUMENT_TYPES)
        for name, kind in self._rcm_declared_types().items():
            known.setdefault(kind, self.env[name]._description)
        return list(known.items())

    @api.model
    def _rcm_declared_types(self):
        """``{name of a model: the document type it declares}``."""
        return {
            name: model._rcm_approval_type
            for name, model in self.env.registry.items()
            if getattr(model, "_rcm_approval_type", None) and not model._abstract
        }

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(
            self.env._("A policy is evidence of what was in effect: archive it.")
        )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_requests(self):
        """Open the requests made under this policy."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.actions"]._for_xml_id(
            "healthcare_rcm_approvals.rcm_approval_request_action"
        )
        return {**action, "domain": [("policy_id", "=", self.id)], "context": {}}

    def action_simulate(self):
        """Ask who would approve a document; begin with one of this policy's kind."""
        self.env.user._rcm_require("administrator", "finance_manager", "auditor")
        policy = self[:1]
        action = self.env["ir.actions.actions"]._for_xml_id(
            "healthcare_rcm_approvals.rcm_approval_simulation_action"
        )
        if not policy:
            return action
        company = policy.company_id or self.env.company
        return {
            **action,
            "context": {
                "default_document_type": policy.document_type,
                "default_company_id": company.id,
                "default_currency_id": company.currency_id.id,
                "default_amount": policy.amount_from,
                "default_facility_id": policy.facility_ids[:1].id,
                "default_department_id": policy.department_ids[:1].id,
                "default_payer_type_id": policy.payer_type_ids[:1].id,
                "default_contract_type_id": policy.contract_type_ids[:1].id,
                "default_vendor_category_ids": policy.vendor_category_ids.ids,
            },
        }
