from odoo import api, fields, models

DENIED_STATES = ("denied", "appealed")


class RcmClaimLine(models.Model):
    """One service line of a claim: what is charged, expected and posted."""

    _name = "rcm.claim.line"
    _inherit = "rcm.document.mixin"
    _description = "Claim Line"
    _rec_name = "line_control_number"
    _order = "claim_id, sequence, id"

    _rcm_state_machine = "claim_line"
    _rcm_protected = (
        "state",
        "claim_id",
        "sequence",
        "charge_id",
        "line_control_number",
        "service_code_id",
        "code",
        "modifiers",
        "units",
        "charge_amount",
        "expected_amount",
        "expected_contractual",
        "expected_patient",
        "is_priced",
        "pricing_trace",
        "diagnosis_pointers",
        "service_date",
        "place_of_service",
        "revenue_code",
        "paid_amount",
        "contractual_amount",
        "patient_amount",
        "adjusted_amount",
    )

    claim_id = fields.Many2one(
        "rcm.claim", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="claim_id.company_id", store=True)
    facility_id = fields.Many2one(related="claim_id.facility_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    sequence = fields.Integer(string="No.", readonly=True)
    charge_id = fields.Many2one(
        "rcm.charge",
        string="Source Charge",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    line_control_number = fields.Char(
        readonly=True,
        required=True,
        index=True,
        help="Comes back on the remittance (REF*6R).",
    )
    service_code_id = fields.Many2one(
        "rcm.service.code", string="Service", readonly=True
    )
    code = fields.Char(readonly=True, index=True)
    modifiers = fields.Char(readonly=True)
    units = fields.Float(digits=(12, 3), readonly=True)
    diagnosis_pointers = fields.Char(string="Pointers", readonly=True)
    service_date = fields.Date(readonly=True)
    place_of_service = fields.Char(string="Place of Service", readonly=True)
    revenue_code = fields.Char(readonly=True)
    charge_amount = fields.Monetary(string="Charge", readonly=True)
    expected_amount = fields.Monetary(string="Expected", readonly=True)
    expected_contractual = fields.Monetary(readonly=True)
    expected_patient = fields.Monetary(string="Expected from Patient", readonly=True)
    is_priced = fields.Boolean(readonly=True, help="A contract rule gave its price.")
    pricing_trace = fields.Json(readonly=True)
    pricing_summary = fields.Char(compute="_compute_pricing_summary")
    paid_amount = fields.Monetary(string="Paid", readonly=True)
    contractual_amount = fields.Monetary(string="Contractual", readonly=True)
    patient_amount = fields.Monetary(string="Patient", readonly=True)
    adjusted_amount = fields.Monetary(
        string="Other Adjustments",
        readonly=True,
        help="Sequestration, withhold, write-offs and what moved to the next payer, "
        "less incentives.",
    )
    open_amount = fields.Monetary(
        string="Open", compute="_compute_open_amount", store=True
    )
    denied_amount = fields.Monetary(
        string="Denied",
        compute="_compute_open_amount",
        store=True,
        help="What is open on a denied line.",
    )
    state = fields.Selection(
        [
            ("open", "Open"),
            ("paid", "Paid"),
            ("pended", "Pended"),
            ("denied", "Denied"),
            ("appealed", "Appealed"),
            ("overturned", "Overturned"),
            ("written_off", "Written off"),
            ("patient", "Patient"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="open",
        index=True,
    )

    _control_uniq = models.Constraint(
        "UNIQUE(claim_id, line_control_number)",
        "Line control numbers are unique within a claim.",
    )

    @api.depends(
        "charge_amount",
        "paid_amount",
        "contractual_amount",
        "patient_amount",
        "adjusted_amount",
        "state",
    )
    def _compute_open_amount(self):
        for line in self:
            open_amount = line.currency_id.round(
                line.charge_amount
                - line.paid_amount
                - line.contractual_amount
                - line.patient_amount
                - line.adjusted_amount
            )
            line.open_amount = open_amount
            line.denied_amount = open_amount if line.state in DENIED_STATES else 0.0

    @api.depends("pricing_trace")
    def _compute_pricing_summary(self):
        """One readable line of how the price came about."""
        for line in self:
            steps = line.pricing_trace or []
            line.pricing_summary = " → ".join(step.get("text") or "" for step in steps)

    def _rcm_audit_names(self):
        return [line.line_control_number for line in self]
