from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core import states

MACHINE = "remittance_claim"
states.register(
    MACHINE,
    {
        "open": ("posted", "parked", "nothing", "cancelled"),
        "parked": ("posted", "not_ours", "open", "split", "cancelled"),
        "posted": ("reversed", "open", "cancelled"),
        "reversed": ("posted",),
        "nothing": ("open",),
        "not_ours": ("parked", "open"),
        "split": ("parked", "open"),
        "cancelled": (),
    },
)
CLAIM_STATUSES = {
    "1": "Processed as primary",
    "2": "Processed as secondary",
    "3": "Processed as tertiary",
    "4": "Denied",
    "19": "Processed as primary, forwarded",
    "20": "Processed as secondary, forwarded",
    "21": "Processed as tertiary, forwarded",
    "22": "Reversal",
    "23": "Not our claim, forwarded",
    "25": "Price estimate only",
}


class RcmRemittanceClaim(models.Model):
    """One CLP of a remittance: a claim as the payer decided it.

    The payer's figures never change; ours are the match, the decision and the state.
    A parked claim is an *unpostable*: its cash lies on unapplied payer cash until a
    person releases it.
    """

    _name = "rcm.remittance.claim"
    _inherit = "rcm.document.mixin"
    _description = "Remittance Claim"
    _order = "remittance_id desc, index"
    _rec_name = "control_number"
    _rcm_state_machine = MACHINE
    _rcm_protected = (
        "remittance_id",
        "index",
        "control_number",
        "status",
        "charge",
        "paid",
        "patient_responsibility",
        "filing_indicator",
        "payer_claim_number",
        "original_payer_claim_number",
        "facility_code",
        "frequency",
        "date_from",
        "date_to",
        "remarks",
        "references",
        "amounts",
        "names",
        "start_offset",
        "end_offset",
        "claim_id",
        "decision",
        "reasons",
        "warnings",
        "override",
        "reverses_id",
        "leg_sequence",
        "next_payer_id",
        "crossover",
        "move_id",
        "posted_receivable",
        "posted_kinds",
    )
    _rcm_reprocess_roles = ("cash_poster", "finance_manager")

    remittance_id = fields.Many2one(
        "rcm.remittance", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="remittance_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    payer_id = fields.Many2one(related="remittance_id.payer_id", store=True, index=True)
    facility_id = fields.Many2one(
        related="remittance_id.facility_id", store=True, index=True
    )
    payment_date = fields.Date(related="remittance_id.payment_date", store=True)
    index = fields.Integer(string="No.", readonly=True)
    control_number = fields.Char(
        readonly=True, index=True, help="CLP01, the number we gave the claim (CLM01)."
    )
    status = fields.Char(string="Status Code", readonly=True, help="CLP02.")
    status_text = fields.Char(string="Decided", compute="_compute_status_text")
    charge = fields.Monetary(readonly=True, help="CLP03.")
    paid = fields.Monetary(readonly=True, help="CLP04.")
    patient_responsibility = fields.Monetary(
        string="Patient", readonly=True, help="CLP05, the payer's opinion."
    )
    filing_indicator = fields.Char(readonly=True)
    payer_claim_number = fields.Char(readonly=True, index=True, help="CLP07.")
    original_payer_claim_number = fields.Char(
        readonly=True, help="REF*F8: the payer's number of the claim it corrects."
    )
    facility_code = fields.Char(string="Facility Type", readonly=True)
    frequency = fields.Char(readonly=True)
    date_from = fields.Date(string="Service Date", readonly=True)
    date_to = fields.Date(readonly=True)
    remarks = fields.Char(readonly=True, help="Remark codes of the claim.")
    references = fields.Json(readonly=True)
    amounts = fields.Json(readonly=True)
    names = fields.Json(
        readonly=True, groups="healthcare_rcm_base.group_patient_data", copy=False
    )
    patient_name = fields.Char(
        string="Patient as Named",
        compute="_compute_patient_name",
        groups="healthcare_rcm_base.group_patient_data",
    )
    start_offset = fields.Integer(readonly=True)
    end_offset = fields.Integer(readonly=True)
    service_ids = fields.One2many(
        "rcm.remittance.service", "remittance_claim_id", "Lines"
    )
    adjustment_ids = fields.One2many(
        "rcm.remittance.adjustment", "remittance_claim_id", "Adjustments"
    )

    # ------------------------------------------------------------------
    # Ours
    # ------------------------------------------------------------------
    claim_id = fields.Many2one(
        "rcm.claim", string="Our Claim", readonly=True, index="btree_not_null"
    )
    state = fields.Selection(
        [
            ("open", "Open"),
            ("posted", "Posted"),
            ("parked", "Parked"),
            ("nothing", "Nothing to Post"),
            ("reversed", "Reversed"),
            ("not_ours", "Not Ours"),
            ("split", "Divided"),
            ("cancelled", "Cancelled"),
        ],
        string="Status",
        default="open",
        required=True,
        readonly=True,
        index=True,
    )
    decision = fields.Selection(
        [
            ("post", "Post"),
            ("park", "Park"),
            ("hold", "Hold All"),
            ("nothing", "Nothing to Post"),
        ],
        string="Plan",
        readonly=True,
    )
    reasons = fields.Json(readonly=True)
    warnings = fields.Json(readonly=True)
    reason_text = fields.Char(string="Why", compute="_compute_reason_text")
    warning_text = fields.Char(
        string="Remarks to Look At", compute="_compute_reason_text"
    )
    override = fields.Json(readonly=True, help="What a person decided about it.")
    reverses_id = fields.Many2one(
        "rcm.remittance.claim", readonly=True, index="btree_not_null"
    )
    leg_sequence = fields.Integer(readonly=True)
    next_payer_id = fields.Many2one("rcm.payer", readonly=True)
    crossover = fields.Boolean(readonly=True, help="The payer forwarded it itself.")
    move_id = fields.Many2one(
        "account.move",
        string="Journal Entry",
        readonly=True,
        index="btree_not_null",
        help="The remittance's entry, or the entry of the release.",
    )
    posted_receivable = fields.Monetary(
        string="Off Receivable", readonly=True, help="Payment and posted adjustments."
    )
    posted_kinds = fields.Json(readonly=True)
    eob_html = fields.Html(
        string="Explanation", compute="_compute_eob_html", sanitize=False
    )
    suggestion_html = fields.Html(compute="_compute_suggestion_html", sanitize=False)

    _matching_idx = models.Index("(payer_claim_number, control_number)")
    _parked_idx = models.Index("(id) WHERE state = 'parked'")

    @api.depends("status")
    def _compute_status_text(self):
        for claim in self:
            claim.status_text = CLAIM_STATUSES.get(claim.status, claim.status)

    @api.depends("names")
    def _compute_patient_name(self):
        for claim in self:
            patient = next(
                (item for item in claim.names or () if item["entity"] == "QC"), {}
            )
            parts = [patient.get("last"), patient.get("first")]
            claim.patient_name = ", ".join(part for part in parts if part)

    @api.depends("reasons", "warnings")
    def _compute_reason_text(self):
        Remittance = self.env["rcm.remittance"]
        for claim in self:
            claim.reason_text = Remittance._rcm_reasons_text(claim.reasons)
            claim.warning_text = Remittance._rcm_reasons_text(claim.warnings)

    @api.depends("control_number", "index")
    def _compute_display_name(self):
        for claim in self:
            claim.display_name = claim.control_number or f"#{claim.index}"

    def _rcm_audit_names(self):
        return [claim.control_number or f"#{claim.index}" for claim in self]
