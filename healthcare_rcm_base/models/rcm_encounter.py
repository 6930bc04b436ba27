from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.encounter_facts import ENCOUNTER_TYPES

TYPE_LABELS = {
    "outpatient": "Outpatient",
    "inpatient": "Inpatient",
    "emergency": "Emergency",
    "observation": "Observation",
    "lab": "Laboratory",
    "other": "Other",
}
# What a person or a source system may change only before the encounter is billed.
BILLING_INPUTS = (
    "number",
    "company_id",
    "facility_id",
    "provider_group_id",
    "patient_id",
    "guarantor_id",
    "coverage_ids",
    "client_id",
    "self_pay",
    "service_date",
    "service_end",
    "encounter_type",
    "place_of_service",
    "diagnosis_codes",
    "rendering_npi",
    "authorization_id",
    "authorization_number",
)
EDITABLE_STATES = ("registered", "completed", "coded", "ready", "reopened")


class RcmEncounter(models.Model):
    """One visit, stay or test of a patient, with what was done and who should pay."""

    _name = "rcm.encounter"
    _inherit = ["rcm.document.mixin", "rcm.batch.mixin"]
    _description = "Encounter"
    _rec_name = "number"
    _order = "service_date desc, id desc"
    _check_company_auto = True

    _rcm_state_machine = "encounter"
    _rcm_audit_edits = BILLING_INPUTS
    _rcm_protected = ("state", "hold_state", "billing_due")

    number = fields.Char(required=True, copy=False, index="trigram")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    facility_id = fields.Many2one(
        "rcm.facility", required=True, index=True, check_company=True
    )
    provider_group_id = fields.Many2one(
        "rcm.provider.group", required=True, check_company=True
    )
    patient_id = fields.Many2one(
        "rcm.patient.account",
        string="Patient Account",
        required=True,
        index=True,
        check_company=True,
    )
    guarantor_id = fields.Many2one(
        "res.partner",
        index="btree_not_null",
        domain="[('rcm_is_guarantor', '=', True)]",
        help="Who answers for what no payer covers.",
    )
    coverage_ids = fields.Many2many(
        "rcm.coverage", string="Coverages", domain="[('patient_id', '=', patient_id)]"
    )
    self_pay = fields.Boolean(help="No payer: the guarantor is billed.")
    service_date = fields.Date(required=True, index=True)
    service_end = fields.Datetime(string="Service Ended")
    encounter_type = fields.Selection(
        [(code, TYPE_LABELS[code]) for code in ENCOUNTER_TYPES],
        string="Type",
        required=True,
        default="outpatient",
    )
    place_of_service = fields.Char(string="Place of Service", size=2)
    diagnosis_codes = fields.Char(
        string="Diagnoses",
        groups="healthcare_rcm_base.group_clinical",
        help="ICD-10 codes in order, with commas; charges point at their places.",
    )
    rendering_npi = fields.Char(string="Rendering NPI", size=10)
    authorization_id = fields.Many2one(
        "rcm.authorization",
        domain="[('patient_id', '=', patient_id)]",
    )
    authorization_number = fields.Char(
        help="As the source system named it, whether we hold that authorization or not."
    )
    coding_signed_off = fields.Boolean(readonly=True, copy=False)
    charge_ids = fields.One2many("rcm.charge", "encounter_id", string="Charges")
    claim_ids = fields.One2many("rcm.claim", "encounter_id", string="Claims")
    total_charge = fields.Monetary(
        compute="_compute_total_charge", store=True, string="Charges Total"
    )
    # The desk that registers encounters reads no claims and charges; these tell it
    # how many there are and what comes next, never what is in them.
    claim_count = fields.Integer(compute="_compute_claim_count", compute_sudo=True)
    is_cancellable = fields.Boolean(
        compute="_compute_is_cancellable",
        compute_sudo=True,
        help="No claim of it has been checked or sent yet.",
    )
    primary_payer_id = fields.Many2one(
        "rcm.payer", compute="_compute_primary_payer_id", string="Primary Payer"
    )
    blocked = fields.Integer(
        string="Exceptions",
        compute="_compute_billing_block",
        compute_sudo=True,
        help="Open exceptions of the encounter and its claims.",
    )
    billing_block = fields.Html(
        compute="_compute_billing_block", compute_sudo=True, sanitize=False
    )
    waiting_for = fields.Char(compute="_compute_waiting_for", compute_sudo=True)
    is_editable = fields.Boolean(compute="_compute_is_editable", compute_sudo=True)
    takes_charges = fields.Boolean(compute="_compute_is_editable", compute_sudo=True)
    state = fields.Selection(
        [
            ("registered", "Registered"),
            ("completed", "Completed"),
            ("coded", "Coded"),
            ("ready", "Ready to bill"),
            ("billed", "Billed"),
            ("closed", "Closed"),
            ("reopened", "Reopened"),
            ("on_hold", "On hold"),
            ("cancelled", "Cancelled"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="registered",
        copy=False,
        index=True,
    )
    hold_state = fields.Char(
        string="State Before Hold",
        readonly=True,
        copy=False,
        help="Where to go back to.",
    )
    hold_reason = fields.Char(copy=False)
    billing_due = fields.Boolean(
        readonly=True,
        copy=False,
        help="The next run of “Bill ready encounters” takes it.",
    )

    _number_uniq = models.Constraint(
        "UNIQUE(facility_id, number)",
        "This facility already has an encounter of that number.",
    )
    _due_idx = models.Index("(id) WHERE billing_due")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("charge_ids.amount", "charge_ids.is_current")
    def _compute_total_charge(self):
        for encounter in self:
            live = encounter.charge_ids.filtered("is_current")
            encounter.total_charge = sum(live.mapped("amount"))

    @api.depends("claim_ids")
    def _compute_claim_count(self):
        for encounter in self:
            encounter.claim_count = len(encounter.claim_ids)

    @api.depends("claim_ids.state")
    def _compute_is_cancellable(self):
        for encounter in self:
            encounter.is_cancellable = encounter._rcm_is_cancellable()

    @api.depends("coverage_ids", "coverage_ids.sequence", "self_pay", "service_date")
    def _compute_primary_payer_id(self):
        for encounter in self:
            coverage = encounter._rcm_coverages_in_order()[:1]
            encounter.primary_payer_id = coverage.payer_id

    @api.depends("rcm_open_case_count", "claim_ids.rcm_open_case_count")
    def _compute_billing_block(self):
        """What stops the encounter, or else its claims, and what to do about it."""
        for encounter in self:
            stopped = encounter.claim_ids.filtered("rcm_open_case_count")
            encounter.blocked = encounter.rcm_open_case_count + sum(
                stopped.mapped("rcm_open_case_count")
            )
            encounter.billing_block = (
                encounter.rcm_block_reason or stopped[:1].rcm_block_reason
            )

    def _compute_waiting_for(self):
        """What a claim of the encounter waits for, e.g. an approval."""
        for encounter in self:
            waiting = filter(None, encounter.claim_ids.mapped("waiting_for"))
            encounter.waiting_for = next(waiting, False)

    @api.depends("state", "hold_state", "charge_ids.state")
    def _compute_is_editable(self):
        for encounter in self:
            encounter.takes_charges = encounter._rcm_standing() in EDITABLE_STATES
            encounter.is_editable = not encounter._rcm_is_frozen()

    # ------------------------------------------------------------------
    # Onchange
    # ------------------------------------------------------------------
    @api.onchange("patient_id", "service_date")
    def _onchange_patient_id(self):
        """A picked patient brings guarantor and the coverages of the day."""
        if self.patient_id:
            self.guarantor_id = self.patient_id.guarantor_id
            day = self.service_date or fields.Date.context_today(self)
            self.coverage_ids = self.patient_id._rcm_coverages_on(day)

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    def write(self, vals):
        touched = [name for name in BILLING_INPUTS if name in vals]
        if touched:
            self.check_access("write")
            self._check_editable(touched)
        return super().write(vals)

    def _check_editable(self, names=()):
        """A billed encounter is corrected by new charges, never by overwriting."""
        if any(encounter._rcm_is_frozen() for encounter in self):
            raise UserError(
                self.env._(
                    "A billed, closed or cancelled encounter cannot be changed. "
                    "Correct it with a new charge; the billed ones stay as they are."
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_started(self):
        if any(
            encounter.state not in ("registered", "cancelled") or encounter.claim_ids
            for encounter in self
        ):
            raise UserError(
                self.env._("Only a registered encounter without claims can be deleted.")
            )
