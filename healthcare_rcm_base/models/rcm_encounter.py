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
    place_of_service = fields.Char(size=2)
    diagnosis_codes = fields.Char(
        string="Diagnoses",
        groups="healthcare_rcm_base.group_patient_data",
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
    claim_count = fields.Integer(compute="_compute_claim_count")
    primary_payer_id = fields.Many2one(
        "rcm.payer", compute="_compute_primary_payer_id", string="Primary Payer"
    )
    blocked = fields.Integer(
        string="Exceptions",
        compute="_compute_billing_block",
        help="Open exceptions of the encounter and its claims.",
    )
    billing_block = fields.Html(compute="_compute_billing_block", sanitize=False)
    waiting_for = fields.Char(compute="_compute_waiting_for")
    is_editable = fields.Boolean(compute="_compute_is_editable")
    takes_charges = fields.Boolean(compute="_compute_is_editable")
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

    @api.depends("coverage_ids", "coverage_ids.sequence", "self_pay")
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
            self._check_editable()
        return super().write(vals)

    def _check_editable(self):
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

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_complete(self):
        """The service was rendered: charges are in."""
        return self._rcm_as("biller", "front_desk", "coder")._rcm_complete()

    def action_sign_off_coding(self):
        """Codes and diagnoses are final."""
        return self._rcm_as("coder", "biller")._rcm_sign_off()

    def action_ready(self):
        """Hand the encounter to billing now."""
        encounters = self._rcm_as("biller")
        if blocked := encounters.filtered(
            lambda encounter: not encounter._is_complete()
        ):
            raise UserError(
                self.env._(
                    "Not complete yet: %(numbers)s. An encounter needs its coding "
                    "signed off and at least one charge.",
                    numbers=", ".join(blocked[:10].mapped("number")),
                )
            )
        return encounters._rcm_make_ready()

    def action_hold(self):
        """Stop billing until somebody releases it."""
        self._rcm_as("biller", "coder")._rcm_hold()

    def action_release(self):
        """Go on where the hold stopped."""
        self._rcm_as("biller", "coder")._rcm_release()

    def action_reopen(self):
        """Take in a late charge after billing; it gets a claim of its own."""
        self._rcm_as("biller")._rcm_set_state("reopened")

    def action_cancel(self):
        """Nothing of this encounter is to be billed."""
        encounters = self._rcm_as("biller")
        if encounters.filtered(lambda item: not item._rcm_is_cancellable()):
            raise UserError(
                self.env._("An encounter with live claims cannot be cancelled.")
            )
        encounters._rcm_cancel()

    def action_bill_now(self):
        """Build, check, clear and invoice the claims of these encounters at once."""
        encounters = self._rcm_as("biller")
        encounters.filtered(
            lambda encounter: encounter.state in ("completed", "coded", "reopened")
            and encounter._is_complete()
        )._rcm_make_ready()
        ready = encounters.filtered(lambda encounter: encounter.state == "ready")
        claims = ready._rcm_bill()
        claims.filtered(lambda claim: claim.work == "invoice")._rcm_invoice()
        stopped = claims.filtered(lambda claim: claim.state == "draft")
        return claims._rcm_notify(
            "warning" if stopped or not claims else "success",
            self.env._(
                "%(count)s claims built, %(stopped)s of them stopped by validation.",
                count=len(claims),
                stopped=len(stopped),
            ),
        )

    def action_open_claims(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_base.rcm_claim_action"
        )
        action["domain"] = [("encounter_id", "in", self.ids)]
        action["context"] = {"create": False}
        if len(self.claim_ids) == 1:
            action.update(
                views=[(False, "form")], view_mode="form", res_id=self.claim_ids.id
            )
        return action

    def action_open_cases(self):
        """Cases of the encounter and of its claims."""
        action = self.action_rcm_cases()
        action["domain"] = [
            "|",
            "&",
            ("res_model", "=", "rcm.encounter"),
            ("res_id", "in", self.ids),
            "&",
            ("res_model", "=", "rcm.claim"),
            ("res_id", "in", self.claim_ids.ids),
        ]
        return action

    # ------------------------------------------------------------------
    # Domain steps
    # ------------------------------------------------------------------
    def _rcm_as(self, *roles):
        """Check role and record access of the caller, then act with full rights."""
        self.env.user._rcm_require(*roles)
        self.check_access("read")
        return self.sudo()  # role and record rules were checked above

    def _rcm_standing(self):
        """The state of the encounter, or the one under its hold."""
        self.ensure_one()
        return self.hold_state if self.state == "on_hold" else self.state

    def _rcm_is_frozen(self):
        """Whether its values are billed: a late charge does not thaw them."""
        self.ensure_one()
        return self._rcm_standing() not in EDITABLE_STATES or any(
            charge.state == "billed" for charge in self.charge_ids
        )

    def _is_complete(self):
        """Whether nothing is missing before billing may start."""
        self.ensure_one()
        return self.coding_signed_off and any(
            charge.state == "captured" for charge in self.charge_ids
        )

    def _rcm_complete(self):
        self._rcm_set_state("completed")

    def _rcm_sign_off(self):
        """Record the coder's word; completed encounters move on to coded."""
        self.filtered(lambda item: not item.coding_signed_off).write(
            {"coding_signed_off": True}
        )
        self.filtered(lambda item: item.state == "completed")._rcm_set_state("coded")

    def _rcm_make_ready(self):
        """Called by the automation rule and the button: complete ones become ready."""
        waiting = self.filtered(
            lambda encounter: encounter.state in ("completed", "coded", "reopened")
            and encounter._is_complete()
        )
        waiting._rcm_set_state("ready", billing_due=True)

    def _rcm_bill_again(self):
        """Take ready encounters up once more, after their data were corrected."""
        due = self.filtered(
            lambda encounter: encounter.state == "ready" and not encounter.billing_due
        )
        if due:
            due._rcm_write({"billing_due": True})
            due._rcm_wake_billing()

    def _rcm_wake_billing(self):
        self.env["ir.cron"]._rcm_wake("healthcare_rcm_base.cron_bill_ready")

    def _rcm_hold(self):
        for state in set(self.mapped("state")) - {"on_hold"}:
            held = self.filtered(
                lambda encounter, state=state: encounter.state == state
            )
            held._rcm_set_state("on_hold", hold_state=state, billing_due=False)

    def _rcm_release(self):
        held = self.filtered(lambda encounter: encounter.state == "on_hold")
        for state in set(held.mapped("hold_state")):
            some = held.filtered(lambda item, state=state: item.hold_state == state)
            some._rcm_set_state(
                state or "registered", hold_state=False, billing_due=state == "ready"
            )
        held.write({"hold_reason": False})
        held._rcm_wake_billing()

    def _rcm_mark_billed(self):
        """Ready encounters whose charges are all on cleared claims are billed."""
        self.filtered(
            lambda encounter: encounter.state == "ready"
            and not any(charge.state == "captured" for charge in encounter.charge_ids)
            and not any(
                claim.state in ("draft", "validated") for claim in encounter.claim_ids
            )
        )._rcm_set_state("billed", billing_due=False)

    def _rcm_reprocess(self, case):
        """Bill again; a problem that persists raises its case again."""
        ready = self.filtered(lambda encounter: encounter.state == "ready")
        ready._rcm_bill()
        return bool(ready) and all(encounter.state == "billed" for encounter in ready)

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _rcm_diagnoses(self):
        """The diagnosis codes as a list, in pointer order."""
        self.ensure_one()
        return [
            code.strip()
            for code in (self.diagnosis_codes or "").split(",")
            if code.strip()
        ]

    def _rcm_coverages_in_order(self):
        """The encounter's coverages in coordination order; none when self-pay."""
        self.ensure_one()
        if self.self_pay:
            return self.env["rcm.coverage"]
        return self.coverage_ids.sorted(lambda item: (item.sequence, item.id))

    def _rcm_unbilled_charges(self):
        """Captured charges that are on no live claim."""
        self.ensure_one()
        return self.charge_ids.filtered(
            lambda charge: charge.state == "captured"
            and not charge.claim_line_ids.filtered(
                lambda line: line.claim_id.state not in ("void", "superseded")
            )
        )

    def _rcm_audit_name(self):
        return self.number
