from decimal import Decimal

from markupsafe import Markup, escape

from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core.money import from_decimal, to_decimal

from ..x12 import codes as x12_codes

STATES = [
    ("received", "Received"),
    ("parsed", "Read"),
    ("balanced", "Balanced"),
    ("matched", "Matched"),
    ("approval", "In Approval"),
    ("posted", "Posted"),
    ("posted_with_parked", "Posted, Some Parked"),
    ("reconciled", "Reconciled"),
    ("held", "Held"),
    ("rejected", "Refused"),
    ("duplicate", "Duplicate"),
    ("unposted", "Unposted"),
]
POSTED_STATES = ("posted", "posted_with_parked", "reconciled")
HANDLING = [
    ("C", "Payment with remittance"),
    ("D", "Payment only"),
    ("H", "Notification (no payment)"),
    ("I", "Remittance, money apart"),
    ("P", "Prenotification"),
    ("U", "Split"),
    ("X", "Split"),
]


class RcmRemittance(models.Model):
    """One ST of an 835: one payment, the unit of posting.

    What the payer said is in the claims, services and adjustments below it and never
    changes. What we make of it is the posting plan, whose digest is kept; posting
    makes one journal entry.
    """

    _name = "rcm.remittance"
    _inherit = ["rcm.document.mixin", "rcm.batch.mixin", "mail.thread"]
    _description = "Remittance"
    _order = "payment_date desc, id desc"
    _rcm_state_machine = "remittance"
    _rcm_protected = (
        "name",
        "file_id",
        "company_id",
        "payer_id",
        "facility_id",
        "interchange_control",
        "group_control",
        "transaction_control",
        "interchange_key",
        "test_file",
        "version",
        "handling",
        "amount",
        "credit_debit",
        "method",
        "payment_date",
        "trace",
        "payer_trace_id",
        "trace_subdivision",
        "currency_code",
        "payer_name",
        "payer_identifiers",
        "payee_name",
        "payee_identifiers",
        "content_hash",
        "payment_key",
        "payment_slot",
        "duplicate_of_id",
        "start_offset",
        "end_offset",
        "findings",
        "balanced_line",
        "balanced_claim",
        "balanced_transaction",
        "claim_total",
        "provider_total",
        "claim_count",
        "line_count",
        "posted_total",
        "parked_total",
        "parked_count",
        "plan_digest",
        "plan",
        "planned_at",
        "park_unready",
        "retry",
        "move_id",
        "reversal_move_id",
        "posted_at",
        "posted_by_id",
        "posting_date",
        "bank_date",
        "unpost_reason",
    )
    _rcm_reprocess_roles = ("cash_poster", "finance_manager")

    # ------------------------------------------------------------------
    # The payment
    # ------------------------------------------------------------------
    name = fields.Char(string="Remittance", readonly=True, copy=False)
    file_id = fields.Many2one(
        "rcm.remittance.file", readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    payer_id = fields.Many2one("rcm.payer", readonly=True, index=True)
    facility_id = fields.Many2one("rcm.facility", readonly=True, index=True)
    interchange_control = fields.Char(string="Interchange", readonly=True)
    group_control = fields.Char(string="Group", readonly=True)
    transaction_control = fields.Char(string="Transaction", readonly=True)
    interchange_key = fields.Char(readonly=True, index=True)
    test_file = fields.Boolean(readonly=True, help="The payer marked it as a test.")
    version = fields.Char(readonly=True)
    handling = fields.Selection(HANDLING, readonly=True)
    amount = fields.Monetary(string="Payment", readonly=True, help="BPR02.")
    credit_debit = fields.Char(readonly=True)
    method = fields.Char(readonly=True, help="ACH, CHK, NON, …")
    payment_date = fields.Date(readonly=True, index=True, help="BPR16, by the payer.")
    trace = fields.Char(
        string="Trace Number",
        readonly=True,
        index=True,
        help="TRN02: number of the cheque or transfer; the bank shows it too.",
    )
    payer_trace_id = fields.Char(string="Payer ID (TRN03)", readonly=True)
    trace_subdivision = fields.Char(readonly=True)
    currency_code = fields.Char(readonly=True)
    payer_name = fields.Char(string="Payer as Named", readonly=True)
    payer_label = fields.Char(
        string="Payer As Named",
        compute="_compute_payer_label",
        help="The payer, or how the file names one that we do not know.",
    )
    payer_identifiers = fields.Json(readonly=True)
    payee_name = fields.Char(string="Payee as Named", readonly=True)
    payee_identifiers = fields.Json(readonly=True)
    content_hash = fields.Char(readonly=True)
    payment_key = fields.Char(readonly=True, index=True)
    payment_slot = fields.Char(readonly=True, copy=False)
    duplicate_of_id = fields.Many2one(
        "rcm.remittance", readonly=True, index="btree_not_null"
    )
    start_offset = fields.Integer(readonly=True)
    end_offset = fields.Integer(readonly=True)

    # ------------------------------------------------------------------
    # Its balance
    # ------------------------------------------------------------------
    findings = fields.Json(string="Findings Data", readonly=True, copy=False)
    findings_html = fields.Html(
        string="Findings", compute="_compute_findings_html", sanitize=False
    )
    balanced_line = fields.Boolean(string="Lines Balance", readonly=True)
    balanced_claim = fields.Boolean(string="Claims Balance", readonly=True)
    balanced_transaction = fields.Boolean(string="Payment Balances", readonly=True)
    is_balanced = fields.Boolean(
        string="Balanced", compute="_compute_is_balanced", store=True
    )
    claim_total = fields.Monetary(
        string="Claim Payments", readonly=True, help="Sum of CLP04 of all claims."
    )
    provider_total = fields.Monetary(
        string="Provider Adjustment Total",
        readonly=True,
        help="Sum of the PLB amounts; what is positive reduces the payment.",
    )
    claim_count = fields.Integer(string="Number of Claims", readonly=True)
    line_count = fields.Integer(string="Number of Lines", readonly=True)
    posted_total = fields.Monetary(string="Posted", readonly=True)
    parked_total = fields.Monetary(string="Parked", readonly=True)
    parked_count = fields.Integer(string="Parked Claims", readonly=True)
    claim_ids = fields.One2many(
        "rcm.remittance.claim", "remittance_id", string="Claims"
    )
    provider_adjustment_ids = fields.One2many(
        "rcm.remittance.provider.adjustment", "remittance_id", "Provider Adjustments"
    )

    # ------------------------------------------------------------------
    # What we make of it
    # ------------------------------------------------------------------
    state = fields.Selection(
        STATES,
        string="Status",
        default="received",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
        group_expand="_group_expand_state",
    )
    plan_digest = fields.Char(
        readonly=True,
        copy=False,
        help="Hash of everything posting would do; an approval is for this hash.",
    )
    plan = fields.Json(string="Plan Data", readonly=True, copy=False)
    planned_at = fields.Datetime(readonly=True, copy=False)
    park_unready = fields.Boolean(
        string="Park Claims Not Ready",
        readonly=True,
        copy=False,
        help="Claims that are not submitted yet are parked instead of holding it all.",
    )
    retry = fields.Boolean(readonly=True, copy=False)
    move_id = fields.Many2one(
        "account.move", string="Journal Entry", readonly=True, copy=False, index=True
    )
    reversal_move_id = fields.Many2one("account.move", readonly=True, copy=False)
    posted_at = fields.Datetime(readonly=True, copy=False)
    posted_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    posting_date = fields.Date(readonly=True, copy=False)
    bank_date = fields.Date(
        readonly=True, copy=False, help="When the money was seen at the bank."
    )
    unpost_reason = fields.Char(readonly=True, copy=False)
    denial_ids = fields.One2many("rcm.denial", "remittance_id")
    variance_ids = fields.One2many("rcm.payment.variance", "remittance_id")
    balance_html = fields.Html(compute="_compute_balance_html", sanitize=False)
    plan_html = fields.Html(
        string="Posting Plan", compute="_compute_plan_html", sanitize=False
    )
    eob_html = fields.Html(
        string="Explanation of Benefits", compute="_compute_eob_html", sanitize=False
    )

    _payment_uniq = models.UniqueIndex(
        "(company_id, payment_slot)",
        "This payment is here already.",
    )
    _work_idx = models.Index("(id) WHERE state IN ('balanced', 'matched') OR retry")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("balanced_line", "balanced_claim", "balanced_transaction")
    def _compute_is_balanced(self):
        for remittance in self:
            remittance.is_balanced = (
                remittance.balanced_line
                and remittance.balanced_claim
                and remittance.balanced_transaction
            )

    @api.depends("payer_id.name", "payer_name", "payer_trace_id")
    def _compute_payer_label(self):
        unknown = self.env._("Not recognised")
        for remittance in self:
            named = remittance.payer_name or remittance.payer_trace_id
            remittance.payer_label = remittance.payer_id.name or (
                f"{named} ({unknown.lower()})" if named else unknown
            )

    @api.depends("payer_id", "payer_name", "trace")
    def _compute_display_name(self):
        for remittance in self:
            payer = remittance.payer_id.code or remittance.payer_name or "?"
            remittance.display_name = f"{payer} {remittance.trace or remittance.name}"

    @api.depends("findings")
    def _compute_findings_html(self):
        for remittance in self:
            remittance.findings_html = self._rcm_findings_html(remittance.findings)

    @api.model
    def _rcm_findings_html(self, findings):
        """A table of findings: grave ones first, each with its place in the file."""
        if not findings:
            return False
        order = {"error": 0, "warning": 1, "info": 2}
        styles = {"error": "danger", "warning": "warning", "info": "info"}
        rows = Markup()
        for item in sorted(findings, key=lambda found: order.get(found["severity"], 3)):
            difference = ""
            if item.get("expected") is not None or item.get("actual") is not None:
                difference = self.env._(
                    "expected %(expected)s, found %(actual)s",
                    expected=_or_dash(item.get("expected")),
                    actual=_or_dash(item.get("actual")),
                )
            rows += Markup(
                '<tr><td><span class="badge text-bg-%s">%s</span></td><td>%s</td>'
                '<td class="text-muted">%s</td><td>%s</td>'
                '<td class="text-muted text-end">%s</td></tr>'
            ) % (
                styles.get(item["severity"], "secondary"),
                item["severity"],
                self._rcm_finding_text(item["code"]),
                item.get("location") or "",
                difference,
                "" if item.get("offset") is None else f"@{item['offset']}",
            )
        return Markup(
            '<table class="table table-sm mb-0"><tbody>%s</tbody></table>'
        ) % (rows)

    @api.model
    def _rcm_finding_text(self, code):
        """The words of a finding code, of the reader or of the plan."""
        if code in x12_codes.CODES:
            return escape(x12_codes.explain(code))
        return escape(self._rcm_reason_text(code))

    @api.model
    def _group_expand_state(self, states, domain):
        """What waits for a person first; columns without a remittance do not show."""
        usual = ["held", "matched", "approval", "posted_with_parked", "posted"]
        present = [state for state in usual if state in states]
        return present + [state for state in states if state not in usual]

    # ------------------------------------------------------------------
    # Hooks
    # ------------------------------------------------------------------
    def _rcm_audit_names(self):
        return [remittance.name or "" for remittance in self]

    def _rcm_approval_facts(self, effect):
        """What an approver is asked to approve; another plan is another request."""
        if effect == "unpost":
            return self._rcm_unpost_facts()
        if effect != "post":
            return super()._rcm_approval_facts(effect)
        self.ensure_one()
        amount = to_decimal(self.amount, self.currency_id.decimal_places)
        approved = {
            "amount": str(amount),
            "payer": self.payer_id.id,
            "trace": self.trace or "",
            "parked": self.parked_count,
            "plan": self.plan_digest or "",
        }
        return self._rcm_approval_item("remittance", effect, approved, amount)

    def _rcm_money(self, amount):
        """An exact amount as Odoo stores it."""
        return from_decimal(Decimal(amount))


def _or_dash(value):
    return "–" if value in (None, False, "") else value
