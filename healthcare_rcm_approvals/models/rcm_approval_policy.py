from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import formatLang

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..policy import Facts, Policy, evaluate, find_gaps, find_overlaps

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
]


# Known by identity, so that no context of a client can stand in for it.
IN_ONE_VERSION = object()


class RcmApprovalPolicy(models.Model):
    """One sentence of the authority matrix: which documents need whose approval."""

    _name = "rcm.approval.policy"
    _description = "Approval Policy"
    _inherit = ["rcm.document.mixin"]
    _order = "document_type, sequence, amount_from, id"
    _rcm_audit_fields = (
        "name",
        "active",
        "sequence",
        "document_type",
        "company_id",
        "amount_from",
        "amount_to",
        "facility_ids",
        "payer_types",
        "department_ids",
        "vendor_category_ids",
        "risk_from",
        "risk_to",
        "date_from",
        "date_to",
        "domain",
    )

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(
        "Priority",
        default=10,
        help="When several policies match a document, the lowest number decides.",
    )
    document_type = fields.Selection(DOCUMENT_TYPES, required=True, default="claim")
    company_id = fields.Many2one(
        "res.company", help="Leave empty for a policy of every company."
    )
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_currency_id", string="Currency"
    )
    amount_from = fields.Monetary(
        "From", help="Documents of this amount and more, in the company's currency."
    )
    amount_to = fields.Monetary(
        "Below", help="Documents below this amount. 0 means without an upper limit."
    )
    facility_ids = fields.Many2many("rcm.facility", string="Facilities")
    payer_types = fields.Char(
        help="Payer plan types separated by commas, for example: medicare, medicaid. "
        "Leave empty for all."
    )
    department_ids = fields.Many2many(
        "account.analytic.account",
        "rcm_approval_policy_department_rel",
        "policy_id",
        "account_id",
        string="Departments",
        help="Analytic accounts the document is charged to. Leave empty for all.",
    )
    vendor_category_ids = fields.Many2many(
        "res.partner.category",
        "rcm_approval_policy_vendor_category_rel",
        "policy_id",
        "category_id",
        string="Vendor Categories",
        help="Tags of the vendor; one of them is enough. Leave empty for all.",
    )
    risk_from = fields.Integer(
        "Risk From", help="Documents with this risk score and more (0 to 100)."
    )
    risk_to = fields.Integer(
        "Risk Below", help="Documents below this risk score. 0 means without a limit."
    )
    date_from = fields.Date("In Effect From", help="Leave empty: from the beginning.")
    date_to = fields.Date("In Effect Until", help="The last day; empty: no end.")
    domain = fields.Char(
        help="A further condition on the document's own fields, evaluated in the "
        "document's company."
    )
    step_ids = fields.One2many(
        "rcm.approval.policy.step",
        "policy_id",
        string="Steps",
        copy=True,
        help="Who has to agree, in this order. Without steps the document goes "
        "straight through and the reason is recorded.",
    )
    straight_through = fields.Boolean(compute="_compute_sentence")
    sentence = fields.Char("In words", compute="_compute_sentence")
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

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_currency_id(self):
        for policy in self:
            company = policy.company_id or self.env.company
            policy.currency_id = company.currency_id

    @api.depends(
        "document_type",
        "amount_from",
        "amount_to",
        "facility_ids",
        "payer_types",
        "step_ids.group_id",
        "step_ids.needed",
        "step_ids.sequence",
    )
    def _compute_sentence(self):
        for policy in self:
            policy.straight_through = not policy.step_ids
            policy.sentence = policy._sentence()

    def _sentence(self):
        """The policy as one sentence for the person who maintains it."""
        self.ensure_one()
        kind = dict(self._fields["document_type"]._description_selection(self.env))
        low = formatLang(self.env, self.amount_from, currency_obj=self.currency_id)
        high = formatLang(self.env, self.amount_to, currency_obj=self.currency_id)
        parts = [kind.get(self.document_type, "")]
        if self.amount_to and self.amount_from:
            parts.append(
                self.env._("from %(low)s to below %(high)s", low=low, high=high)
            )
        elif self.amount_to:
            parts.append(self.env._("below %(high)s", high=high))
        elif self.amount_from:
            parts.append(self.env._("of %(low)s and more", low=low))
        else:
            parts.append(self.env._("of any amount"))
        if self.facility_ids:
            parts.append(
                self.env._("at %s", ", ".join(self.facility_ids.mapped("name")))
            )
        if self.payer_types:
            parts.append(self.env._("for payers of type %s", self.payer_types))
        steps = [
            self.env._(
                "%(needed)s × %(role)s", needed=step.needed, role=step.group_id.name
            )
            for step in self.step_ids.sorted("sequence")
            if step.group_id
        ]
        if steps:
            parts.append(self.env._("needs the approval of %s", ", then ".join(steps)))
        else:
            parts.append(self.env._("goes straight through"))
        return " ".join(parts) + "."

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

    @api.constrains("payer_types")
    def _check_payer_types(self):
        known = set(dict(self.env["rcm.payer"]._fields["plan_type"].selection))
        for policy in self:
            wrong = policy._payer_types() - known
            if wrong:
                raise ValidationError(
                    self.env._(
                        "Unknown payer types: %(wrong)s. Use: %(known)s.",
                        wrong=", ".join(sorted(wrong)),
                        known=", ".join(sorted(known)),
                    )
                )

    # ------------------------------------------------------------------
    # CRUD and versions
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        policies = super(RcmApprovalPolicy, self._rcm_versioning()).create(vals_list)
        policies = policies.with_env(self.env)
        policies._rcm_take_versions()
        return policies

    def write(self, vals):
        """Keep a new version of every change that can route differently."""
        result = super(RcmApprovalPolicy, self._rcm_versioning()).write(vals)
        self._rcm_take_versions()
        return result

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(
            self.env._("A policy is evidence of what was in effect: archive it.")
        )

    def _rcm_versioning(self):
        """These policies while one version is being prepared: steps written with
        them do not make versions of their own."""
        return self.with_context(rcm_versioning=IN_ONE_VERSION)

    def _rcm_take_versions(self):
        """Keep a version of every policy whose rules are no longer those kept."""
        if self.env.context.get("rcm_versioning") is not IN_ONE_VERSION:
            self.env["rcm.approval.policy.version"]._rcm_take(self)

    def _rcm_current_version(self):
        """The version of this policy that a request made now is made under."""
        self.ensure_one()
        self._rcm_take_versions()
        return self.version_ids[:1]

    def _payer_types(self) -> frozenset:
        words = (self.payer_types or "").split(",")
        return frozenset(word.strip() for word in words if word.strip())

    def _rcm_facts(self) -> Policy:
        """This record as the pure rules want it."""
        self.ensure_one()
        digits = self.currency_id.decimal_places
        return Policy(
            ref=self.id,
            name=self.name,
            document_type=self.document_type,
            amount_from=to_decimal(self.amount_from, digits),
            amount_to=to_decimal(self.amount_to, digits) if self.amount_to else None,
            company=self.company_id.id or None,
            facilities=frozenset(self.facility_ids.ids),
            payer_types=self._payer_types(),
            departments=frozenset(self.department_ids.ids),
            vendor_categories=frozenset(self.vendor_category_ids.ids),
            risk_from=self.risk_from,
            risk_to=self.risk_to or None,
            valid_from=self.date_from or None,
            valid_to=self.date_to or None,
            domain=self.domain or None,
            priority=self.sequence,
            steps=tuple(step._rcm_facts() for step in self.step_ids),
        )

    @api.model
    def _rcm_active_policies(self, document_types) -> list[Policy]:
        """Every active policy of these document types, as pure values."""
        policies = self.search([("document_type", "in", list(document_types))])
        return [policy._rcm_facts() for policy in policies]

    def action_requests(self):
        """Open the requests made under this policy."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.actions"]._for_xml_id(
            "healthcare_rcm_approvals.rcm_approval_request_action"
        )
        return {**action, "domain": [("policy_id", "=", self.id)], "context": {}}

    @api.model
    def action_check_coverage(self):
        """Show gaps and overlaps between the bands, or say that there are none."""
        self.env.user._rcm_require("administrator", "auditor", "finance_manager")
        policies = self._rcm_active_policies(dict(DOCUMENT_TYPES))
        names = dict(self._fields["document_type"]._description_selection(self.env))
        found = [
            self.env._(
                "%(document)s: nothing covers amounts from %(low)s to %(high)s.",
                document=names[scope[0]],
                low=low,
                high=self.env._("any height") if high is None else high,
            )
            for scope, low, high in find_gaps(policies)
        ]
        found += [
            self.env._(
                "“%(first)s” and “%(second)s” overlap.",
                first=first.name,
                second=second.name,
            )
            for first, second in find_overlaps(policies)
        ]
        missing = set(names) - {policy.document_type for policy in policies}
        found += [
            self.env._("%s: no policy at all, so nothing is let through.", names[kind])
            for kind in sorted(missing)
        ]
        if found:
            raise UserError("\n".join(found))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Every amount is covered exactly once."),
            },
        }

    @api.model
    def _rcm_route(self, facts: list[Facts]):
        """Routing of each facts value, in order."""
        policies = self._rcm_active_policies({item.document_type for item in facts})
        return [evaluate(item, policies) for item in facts]
