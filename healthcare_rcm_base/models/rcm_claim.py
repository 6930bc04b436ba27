from odoo import api, fields, models
from odoo.tools import SQL

from ..core import control_number
from .rcm_invoice_rule import INVOICE_RULES

# Control numbers of different companies never meet: each counts in its own range.
COMPANY_RANGE = 10**10
AMOUNT_FIELDS = (
    "paid_amount",
    "contractual_amount",
    "sequestration_amount",
    "withhold_amount",
    "writeoff_amount",
    "incentive_amount",
    "moved_next_amount",
    "patient_amount",
)


class RcmClaim(models.Model):
    """What one payer (or the guarantor) is asked to pay for one encounter.

    Everything on it comes from the encounter, the contract and the steps below; it
    has no field a person types into. Corrections go to the encounter, and the draft
    claim is built anew from there.
    """

    _name = "rcm.claim"
    _inherit = ["rcm.document.mixin", "rcm.batch.mixin"]
    _description = "Claim"
    _order = "service_date desc, id desc"

    _rcm_state_machine = "claim"
    _rcm_protected = (
        "name",
        "version",
        "frequency_code",
        "encounter_id",
        "company_id",
        "patient_id",
        "guarantor_id",
        "facility_id",
        "provider_group_id",
        "payer_id",
        "coverage_id",
        "contract_id",
        "self_pay",
        "invoice_rule",
        "state",
        "hold_state",
        "invoice_state",
        "invoice_id",
        "work",
        "service_date",
        "submitted_date",
        "submission_reference",
        "payer_claim_number",
        "replaces_id",
        "original_reference",
        "correction_mode",
        "correction_reason",
        "bill_again",
        "clean_claim",
        "failed_edits",
        "warning_text",
        "total_charge",
        "expected_amount",
        "expected_contractual",
        "expected_sequestration",
        "expected_patient",
        "expected_concession",
        *AMOUNT_FIELDS,
    )

    # ------------------------------------------------------------------
    # Identity
    # ------------------------------------------------------------------
    name = fields.Char(
        string="Control Number",
        required=True,
        readonly=True,
        copy=False,
        index="trigram",
        help="CLM01: leaves on the claim and comes back on the remittance.",
    )
    version = fields.Integer(default=1, readonly=True, required=True)
    frequency_code = fields.Selection(
        [("1", "Original"), ("7", "Replacement"), ("8", "Void")],
        string="Frequency",
        default="1",
        readonly=True,
        required=True,
    )
    encounter_id = fields.Many2one(
        "rcm.encounter", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    facility_id = fields.Many2one(
        "rcm.facility", required=True, readonly=True, index=True
    )
    provider_group_id = fields.Many2one("rcm.provider.group", readonly=True)
    patient_id = fields.Many2one(
        "rcm.patient.account", string="Patient Account", readonly=True, index=True
    )
    guarantor_id = fields.Many2one("res.partner", readonly=True)
    payer_id = fields.Many2one("rcm.payer", readonly=True, index=True)
    coverage_id = fields.Many2one("rcm.coverage", readonly=True)
    contract_id = fields.Many2one("rcm.payer.contract", readonly=True)
    self_pay = fields.Boolean(readonly=True)
    invoice_rule = fields.Selection(
        INVOICE_RULES,
        readonly=True,
        copy=False,
        help="When it is invoiced and to whom, by the rule it was built with.",
    )
    service_date = fields.Date(readonly=True, index=True)
    line_ids = fields.One2many("rcm.claim.line", "claim_id", string="Lines")
    leg_ids = fields.One2many("rcm.claim.leg", "claim_id", string="Payers In Order")

    # ------------------------------------------------------------------
    # Where it stands
    # ------------------------------------------------------------------
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("validated", "Validated"),
            ("cleared", "Cleared"),
            ("pending_interface", "At billing platform"),
            ("submitted", "Submitted"),
            ("accepted", "Accepted"),
            ("rejected", "Rejected"),
            ("adjudicated", "Adjudicated"),
            ("closed", "Closed"),
            ("reopened", "Reopened"),
            ("on_hold", "On hold"),
            ("superseded", "Superseded"),
            ("void", "Void"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
        group_expand="_group_expand_state",
    )
    hold_state = fields.Char(string="State Before Hold", readonly=True, copy=False)
    invoice_state = fields.Selection(
        [
            ("none", "Not invoiced"),
            ("draft", "Draft invoice"),
            ("posted", "Invoiced"),
            ("credited", "Credited"),
        ],
        string="Invoice Status",
        required=True,
        readonly=True,
        default="none",
        copy=False,
        index=True,
    )
    invoice_id = fields.Many2one(
        "account.move", readonly=True, copy=False, index="btree_not_null"
    )
    work = fields.Selection(
        [("clear", "Clear"), ("invoice", "Invoice")],
        string="Next Automatic Step",
        readonly=True,
        copy=False,
        help="What the next run of “Bill ready encounters” does with it.",
    )
    submitted_date = fields.Datetime(readonly=True, copy=False)
    submission_reference = fields.Char(readonly=True, copy=False)
    payer_claim_number = fields.Char(
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The payer's own number.",
    )
    clean_claim = fields.Boolean(
        readonly=True, copy=False, help="Passed every edit at the first attempt."
    )
    failed_edits = fields.Integer(
        readonly=True, copy=False, help="How often validation stopped it."
    )
    warning_text = fields.Text(string="Warnings", readonly=True, copy=False)

    # ------------------------------------------------------------------
    # Expected (from pricing)
    # ------------------------------------------------------------------
    total_charge = fields.Monetary(string="Charge", readonly=True)
    expected_amount = fields.Monetary(
        string="Expected", readonly=True, help="Allowed: payer and patient together."
    )
    expected_contractual = fields.Monetary(readonly=True)
    expected_sequestration = fields.Monetary(readonly=True)
    expected_patient = fields.Monetary(string="Expected From Patient", readonly=True)
    expected_concession = fields.Monetary(readonly=True)
    expected_payer = fields.Monetary(
        string="Expected From Payer", compute="_compute_expected_payer"
    )

    # ------------------------------------------------------------------
    # Posted (by remittances and local entries)
    # ------------------------------------------------------------------
    paid_amount = fields.Monetary(string="Paid", readonly=True)
    contractual_amount = fields.Monetary(string="Contractual", readonly=True)
    sequestration_amount = fields.Monetary(string="Sequestration", readonly=True)
    withhold_amount = fields.Monetary(string="Withheld", readonly=True)
    writeoff_amount = fields.Monetary(string="Written Off", readonly=True)
    incentive_amount = fields.Monetary(string="Incentive", readonly=True)
    moved_next_amount = fields.Monetary(string="Moved To Next Payer", readonly=True)
    patient_amount = fields.Monetary(string="Patient", readonly=True)
    open_balance = fields.Monetary(
        string="Open", compute="_compute_open_balance", store=True
    )
    payment_status = fields.Selection(
        [
            ("unpaid", "Unpaid"),
            ("partial", "Partially paid"),
            ("paid", "Settled"),
            ("denied", "Denied"),
            ("partially_denied", "Partially denied"),
            ("credit", "Credit balance"),
        ],
        compute="_compute_payment_status",
        store=True,
        index=True,
    )
    line_count = fields.Integer(compute="_compute_line_count")
    waiting_for = fields.Char(compute="_compute_waiting_for")
    invoice_name = fields.Char(
        related="invoice_id.name",
        string="Invoice Number",
        help="Shown to people who have no accounting rights as well.",
    )
    is_submittable = fields.Boolean(
        string="Ready To Submit",
        compute="_compute_is_submittable",
        search="_search_is_submittable",
    )

    _version_uniq = models.Constraint(
        "UNIQUE(name, version)",
        "A control number and version belong to one claim.",
    )
    _work_idx = models.Index("(work, id) WHERE work IS NOT NULL")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("expected_amount", "expected_patient", "expected_sequestration")
    def _compute_expected_payer(self):
        for claim in self:
            claim.expected_payer = (
                claim.expected_amount
                - claim.expected_patient
                - claim.expected_sequestration
            )

    @api.depends(
        "total_charge",
        "tax_amount",
        "frequency_code",
        "state",
        "replaces_id.state",
        "carried_amount",
        *AMOUNT_FIELDS,
    )
    def _compute_open_balance(self):
        """What is still asked for, by the one version of a claim that stands."""
        for claim in self:
            claim.open_balance = (
                claim.currency_id.round(
                    claim.total_charge
                    + claim.tax_amount
                    - claim.carried_amount
                    - claim._rcm_settled()
                )
                if claim._rcm_stands()
                else 0.0
            )

    def _rcm_stands(self):
        """Whether this version counts: it took over and none has taken over from it."""
        self.ensure_one()
        ended = self.state in ("superseded", "void") or self.frequency_code == "8"
        before = self.replaces_id
        return not ended and (not before or before.state in ("superseded", "void"))

    def _rcm_settled(self):
        """What payments and adjustments posted on this version took off its charge."""
        self.ensure_one()
        return (
            self.paid_amount
            + self.contractual_amount
            + self.sequestration_amount
            + self.withhold_amount
            + self.writeoff_amount
            - self.incentive_amount
            + self.moved_next_amount
            + self.patient_amount
        )

    @api.depends(
        "open_balance", "replaces_id.state", "line_ids.denied_amount", *AMOUNT_FIELDS
    )
    def _compute_payment_status(self):
        """Said by our own amounts: an invoice can be “paid” by a write-off."""
        for claim in self:
            claim.payment_status = claim._rcm_payment_status()

    def _rcm_payment_status(self):
        self.ensure_one()
        if not self._rcm_stands():
            return "unpaid"
        currency = self.currency_id
        order = currency.compare_amounts(self.open_balance, 0)
        if order < 0:
            return "credit"
        denied = sum(self.line_ids.mapped("denied_amount"))
        if not currency.is_zero(denied):
            whole = currency.compare_amounts(denied, self.total_charge) >= 0
            return "denied" if whole else "partially_denied"
        settling = (*AMOUNT_FIELDS, "carried_amount")
        posted = any(not currency.is_zero(self[name]) for name in settling)
        if not posted:
            return "unpaid"
        # What waits for the next payer has left this payer's balance, not the claim.
        outstanding = self.open_balance + self.moved_next_amount
        return "paid" if currency.is_zero(outstanding) else "partial"

    @api.depends("line_ids")
    def _compute_line_count(self):
        for claim in self:
            claim.line_count = len(claim.line_ids)

    def _compute_waiting_for(self):
        for claim in self:
            claim.waiting_for = claim._rcm_waiting_for() or False

    @api.depends("state", "invoice_state", "payer_id", "self_pay", "leg_ids.state")
    def _compute_is_submittable(self):
        for claim in self:
            claim.is_submittable = bool(
                claim.filtered_domain(self._submittable_domain())
            )

    @api.model
    def _search_is_submittable(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = self._submittable_domain()
        return domain if True in value else ~domain

    @api.model
    def _submittable_domain(self):
        """Cleared, invoiced where that comes first, or due at the next payer."""
        first = (
            fields.Domain("state", "=", "cleared")
            & fields.Domain("self_pay", "=", False)
            & fields.Domain("payer_id", "!=", False)
            & (
                fields.Domain("invoice_state", "=", "posted")
                | fields.Domain("replaces_id", "!=", False)
                | fields.Domain("invoice_rule", "=", "adjudicated")
            )
        )
        further = fields.Domain(
            "state", "in", ("adjudicated", "reopened")
        ) & fields.Domain("leg_ids.state", "=", "ready")
        return first | further

    @api.depends("name", "version")
    def _compute_display_name(self):
        for claim in self:
            version = f" v{claim.version}" if claim.version > 1 else ""
            claim.display_name = f"{claim.name}{version}"

    @api.model
    def _group_expand_state(self, states, domain):
        """Columns of the pipeline in its order; those without a claim do not show."""
        order = [code for code, _label in self._fields["state"].selection]
        return [code for code in order if code in states]

    # ------------------------------------------------------------------
    # Hooks
    # ------------------------------------------------------------------
    def _rcm_waiting_for(self):
        """What the claim waits for besides its cases (approvals: pending)."""
        self.ensure_one()
        return False

    def _rcm_audit_name(self):
        return self.display_name

    # ------------------------------------------------------------------
    # Look-up and numbering
    # ------------------------------------------------------------------
    @api.model
    def _rcm_find_by_control_number(self, numbers, company, sending=False):
        """Return {number: the version meant by it} for the numbers that exist.

        Others speak of the last version they were sent; with ``sending`` the version
        that goes out next is meant, where there is one.
        """
        found = self.search(
            [("company_id", "=", company.id), ("name", "in", list(set(numbers)))],
            order="version, id",
        )
        meant = {}
        for claim in found:
            rank = _rank_of_version(claim.state, sending)
            if claim.name not in meant or rank >= meant[claim.name][0]:
                meant[claim.name] = rank, claim
        return {number: claim for number, (_rank, claim) in meant.items()}

    @api.model
    def _rcm_next_numbers(self, company, count):
        """Draw ``count`` control numbers; gaps are fine, repeats are not."""
        if not count:
            return []
        sequence = self._rcm_number_sequence(company)
        rows = self.env.execute_query(
            SQL(
                "SELECT nextval(%s) FROM generate_series(1, %s)",
                f"ir_sequence_{sequence.id:03d}",
                count,
            )
        )
        start = company.id * COMPANY_RANGE
        return [control_number.make(start + number) for [number] in rows]

    @api.model
    def _rcm_number_sequence(self, company):
        """The company's own sequence, made when its first claim is built."""
        # Numbering is not a right of the person who builds the claim.
        Sequence = self.env["ir.sequence"].sudo()
        domain = [("code", "=", "rcm.claim"), ("company_id", "=", company.id)]
        return Sequence.search(domain, limit=1) or Sequence.create(
            {
                "name": f"Claim control numbers of {company.name}",
                "code": "rcm.claim",
                "company_id": company.id,
                "implementation": "standard",
            }
        )


def _rank_of_version(state, sending):
    """Which of two versions a control number means; the later one among equals."""
    if state in ("void", "superseded"):
        return 0
    sent = state in ("submitted", "accepted", "rejected", "adjudicated")
    return 2 if sending or sent or state in ("closed", "reopened") else 1
