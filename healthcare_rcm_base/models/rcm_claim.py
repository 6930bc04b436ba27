from odoo import api, fields, models

from .rcm_invoice_rule import INVOICE_RULES

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
            ("pending_interface", "Pending interface"),
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
    line_count = fields.Integer(compute="_compute_line_count")
    waiting_for = fields.Char(compute="_compute_waiting_for")
    invoice_name = fields.Char(
        related="invoice_id.name",
        string="Invoice Number",
        help="Shown to people who have no accounting rights as well.",
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

    @api.depends("line_ids")
    def _compute_line_count(self):
        for claim in self:
            claim.line_count = len(claim.line_ids)

    def _compute_waiting_for(self):
        for claim in self:
            claim.waiting_for = claim._rcm_waiting_for() or False

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
