from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core.money import to_decimal
from ..core.pricing import ChargeFacts

# What is billed is never overwritten; a correction is a new charge.
BILLED_FIELDS = (
    "encounter_id",
    "external_ref",
    "service_code_id",
    "code",
    "modifiers",
    "units",
    "amount",
    "service_date",
    "place_of_service",
    "revenue_code",
    "diagnosis_pointers",
    "rendering_npi",
    "authorization_id",
    "authorization_number",
)
ORIGINS = [
    ("encounter", "With its encounter"),
    ("event", "Charge event"),
    ("completion", "Completed service"),
    ("package", "Service package"),
    ("manual", "Entered by a person"),
]
CORRECTION_REASONS = [
    ("coding", "Coding changed"),
    ("price", "Wrong price"),
    ("units", "Wrong units"),
    ("date", "Wrong date of service"),
    ("patient", "Wrong patient"),
    ("duplicate", "Charged twice"),
    ("not_rendered", "Not rendered"),
    ("late", "Late charge"),
    ("other", "Other"),
]


class RcmCharge(models.Model):
    """One chargeable service of an encounter, at its gross price."""

    _name = "rcm.charge"
    _inherit = "rcm.document.mixin"
    _description = "Charge"
    _rec_name = "external_ref"
    _order = "encounter_id, sequence, id"
    _check_company_auto = True

    _rcm_audit_edits = BILLED_FIELDS
    _rcm_protected = (
        "state",
        "expected_amount",
        "rate_id",
        "pricing_trace",
        "replaces_id",
        "replaced_by_id",
        "withdrawn",
        "order_id",
    )

    encounter_id = fields.Many2one(
        "rcm.encounter", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(related="encounter_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    facility_id = fields.Many2one(
        related="encounter_id.facility_id", store=True, index=True
    )
    patient_id = fields.Many2one(
        related="encounter_id.patient_id", store=True, index=True
    )
    external_ref = fields.Char(
        string="Charge ID", required=True, help="The charge's own id at its source."
    )
    service_code_id = fields.Many2one(
        "rcm.service.code", string="Service", index="btree_not_null"
    )
    code = fields.Char(index=True, help="As the source system sent it.")
    modifiers = fields.Char(help="Up to four, in order, separated by commas.")
    units = fields.Float(digits=(12, 3), default=1.0, required=True)
    amount = fields.Monetary(string="Charge", required=True, help="Gross, whole line.")
    service_date = fields.Date(
        compute="_compute_service_date",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
        help="As on the encounter unless said otherwise.",
    )
    place_of_service = fields.Char(string="Place of Service", size=2)
    revenue_code = fields.Char(size=4)
    diagnosis_pointers = fields.Char(
        string="Pointers", help="Places in the encounter's list of diagnoses, e.g. 1,2."
    )
    rendering_npi = fields.Char(string="Rendering NPI", size=10)
    authorization_id = fields.Many2one("rcm.authorization", index="btree_not_null")
    authorization_number = fields.Char()
    state = fields.Selection(
        [("captured", "Captured"), ("billed", "Billed"), ("void", "Void")],
        string="Status",
        required=True,
        readonly=True,
        default="captured",
        copy=False,
        index=True,
    )
    expected_amount = fields.Monetary(
        string="Expected", readonly=True, copy=False, help="Payer and patient together."
    )
    rate_id = fields.Many2one("rcm.payer.contract.rate", readonly=True, copy=False)
    pricing_trace = fields.Json(readonly=True, copy=False)
    claim_line_ids = fields.One2many(
        "rcm.claim.line", "charge_id", string="Claim Lines"
    )
    origin = fields.Selection(
        ORIGINS, string="Came From", required=True, readonly=True, default="manual"
    )
    category_id = fields.Many2one(
        "rcm.charge.category",
        string="Category",
        compute="_compute_category_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        help="As on the service unless said otherwise.",
    )
    order_id = fields.Many2one(
        "rcm.service.order",
        string="Order",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The completed order or procedure this charge is for.",
    )
    replaces_id = fields.Many2one(
        "rcm.charge", readonly=True, copy=False, index="btree_not_null"
    )
    replaced_by_id = fields.Many2one(
        "rcm.charge", readonly=True, copy=False, index="btree_not_null"
    )
    withdrawn = fields.Boolean(
        readonly=True,
        copy=False,
        help="Taken back after it was billed; a corrected claim leaves it out.",
    )
    correction_reason = fields.Selection(
        CORRECTION_REASONS, string="Why Corrected", readonly=True, copy=False
    )
    is_current = fields.Boolean(
        string="Counts",
        compute="_compute_is_current",
        store=True,
        help="Neither void nor replaced nor withdrawn.",
    )

    _ref_uniq = models.Constraint(
        "UNIQUE(encounter_id, external_ref)",
        "A charge with this id is already on the encounter.",
    )
    _amount_positive = models.Constraint(
        "CHECK(amount >= 0)", "A charge cannot be negative."
    )
    _units_positive = models.Constraint(
        "CHECK(units > 0)", "The units of a charge must be above zero."
    )
    _duplicate_idx = models.Index(
        "(patient_id, service_date, code) WHERE state != 'void'"
    )

    # ------------------------------------------------------------------
    # Computes, onchange, checks
    # ------------------------------------------------------------------
    @api.depends("encounter_id")
    def _compute_service_date(self):
        """Only a charge without a date takes the encounter's, and only once."""
        for charge in self:
            if not charge.service_date:
                charge.service_date = charge.encounter_id.service_date

    @api.depends("service_code_id")
    def _compute_category_id(self):
        for charge in self:
            category = charge.service_code_id.category_id
            charge.category_id = category or charge.category_id

    @api.depends("state", "replaced_by_id", "withdrawn")
    def _compute_is_current(self):
        for charge in self:
            charge.is_current = (
                charge.state != "void"
                and not charge.replaced_by_id
                and not charge.withdrawn
            )

    @api.onchange("service_code_id", "units")
    def _onchange_service_code_id(self):
        """A picked service brings its code and standard charge."""
        if self.service_code_id:
            self.code = self.service_code_id.code
            day = self.service_date or self.encounter_id.service_date
            price = self.service_code_id._rcm_standard_charge(
                self.encounter_id.facility_id, day or fields.Date.context_today(self)
            )
            self.amount = self.currency_id.round(price * self.units)

    @api.constrains("modifiers")
    def _check_modifiers(self):
        for charge in self:
            found = charge._rcm_modifiers()
            if len(found) > 4 or any(
                len(item) != 2 or not item.isalnum() for item in found
            ):
                raise ValidationError(
                    self.env._(
                        "A charge has at most four modifiers of two letters or digits, "
                        "separated by commas."
                    )
                )

    @api.constrains("diagnosis_pointers")
    def _check_diagnosis_pointers(self):
        for charge in self:
            places = (charge.diagnosis_pointers or "").replace(" ", "")
            if places and not all(part.isdigit() for part in places.split(",")):
                raise ValidationError(
                    self.env._("Diagnosis pointers are numbers separated by commas.")
                )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        charges = super().create(vals_list)
        charges._rcm_check_addable()
        self.env["rcm.service.order"]._rcm_match_charges(charges)
        return charges

    def write(self, vals):
        self.check_access("write")
        if any(name in vals for name in self._rcm_billed_fields()) and any(
            charge.state != "captured" for charge in self
        ):
            raise UserError(
                self.env._(
                    "A billed or void charge is never overwritten. Add a charge for "
                    "the correction."
                )
            )
        result = super().write(vals)
        if "encounter_id" in vals:
            self._rcm_check_addable()
        return result

    def _rcm_check_addable(self):
        """Refuse charges that came to an encounter which takes none any more."""
        if any(
            charge.encounter_id._rcm_standing() in ("billed", "closed", "cancelled")
            for charge in self
        ):
            raise UserError(
                self.env._(
                    "Reopen the encounter before adding a charge: it is billed, closed "
                    "or cancelled."
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_captured(self):
        if any(charge.state != "captured" or charge.claim_line_ids for charge in self):
            raise UserError(
                self.env._("Only a charge that is on no claim can be deleted; void it.")
            )

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_void(self):
        """Take a captured charge out of billing; it stays on record."""
        self.env.user._rcm_require("biller", "coder")
        self.check_access("write")
        self.sudo()._rcm_void()  # role and record rules were checked above

    # ------------------------------------------------------------------
    # Domain steps
    # ------------------------------------------------------------------
    def _rcm_void(self):
        """Void captured charges; a billed one needs its claim corrected instead."""
        if any(charge.state == "billed" for charge in self):
            raise UserError(self.env._("A billed charge cannot be voided."))
        captured = self.filtered(lambda charge: charge.state == "captured")
        captured._rcm_move("void")

    def _rcm_move(self, state):
        """Set the state of charges and log it; the callers decide what is allowed.

        A charge that was replaced or withdrawn is never free to be billed again.
        """
        if state == "captured":
            gone = self.filtered(lambda item: item.replaced_by_id or item.withdrawn)
            gone._rcm_move("void")
            self = self - gone
        moving = self.filtered(lambda charge: charge.state != state)
        if not moving:
            return
        changes = {charge.id: {"state": [charge.state, state]} for charge in moving}
        moving._rcm_write({"state": state})
        moving._rcm_emit("rcm.charge.state_changed", changes_by_id=changes)
        if state == "void":
            moving.order_id._rcm_check_charged()

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _rcm_billed_fields(self):
        """Fields that are never overwritten once the charge is billed (hook)."""
        return BILLED_FIELDS

    def _rcm_modifiers(self):
        """The modifiers as a list, in order."""
        self.ensure_one()
        return [
            item.strip() for item in (self.modifiers or "").split(",") if item.strip()
        ]

    def _rcm_pricing_facts(self):
        """This charge as the pricing core takes it."""
        self.ensure_one()
        return ChargeFacts(
            code=self.code or "",
            amount=to_decimal(self.amount),
            service_date=self.service_date,
            units=to_decimal(self.units, 3),
            modifiers=tuple(self._rcm_modifiers()),
            place_of_service=self.place_of_service or "",
            facility=self.facility_id.id,
            revenue_code=self.revenue_code or "",
            ref=self.id,
        )

    def _rcm_claim_line_vals(self):
        """What a claim line takes over from its charge."""
        self.ensure_one()
        return {
            "charge_id": self.id,
            "service_code_id": self.service_code_id.id,
            "code": self.code,
            "modifiers": self.modifiers,
            "units": self.units,
            "charge_amount": self.amount,
            "diagnosis_pointers": self.diagnosis_pointers,
            "service_date": self.service_date,
            "place_of_service": self.place_of_service,
            "revenue_code": self.revenue_code,
        }

    def _rcm_audit_names(self):
        return [
            f"{charge.encounter_id.number} {charge.external_ref}" for charge in self
        ]
