from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core.person import CONTACT

PATIENT = "healthcare_rcm_base.group_patient_data"
# Fields that tell who a patient is: closed to everyone without that right.
IDENTITY_FIELDS = (
    "mrn",
    "first_name",
    "middle_name",
    "last_name",
    "birth_date",
    "sex",
    *CONTACT,
)


class RcmPatientAccount(models.Model):
    """A patient as billing knows one: an account number, and behind it a person.

    Everyone in the revenue cycle works by the account number. Who it is stands in
    fields of the patient-data group, kept to what claims need.
    """

    _name = "rcm.patient.account"
    _inherit = "rcm.audit.mixin"
    _description = "Patient Account"
    _order = "name, id"
    _check_company_auto = True
    _rcm_audit_fields = (
        "name",
        "facility_id",
        "guarantor_id",
        "active",
    ) + IDENTITY_FIELDS
    _rcm_audit_masked = IDENTITY_FIELDS

    name = fields.Char(
        string="Account Number",
        required=True,
        copy=False,
        default=lambda self: self._default_name(),
        help="Identifies the patient everywhere without naming them.",
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    facility_id = fields.Many2one(
        "rcm.facility",
        string="Home Facility",
        check_company=True,
        index="btree_not_null",
        help="Facility whose medical record number this is.",
    )
    guarantor_id = fields.Many2one(
        "res.partner",
        string="Guarantor",
        domain=[("rcm_is_guarantor", "=", True)],
        check_company=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        help="Who owes what insurance does not pay. Left empty, the patient is.",
    )
    guarantor_relationship = fields.Selection(
        [
            ("self", "Patient is guarantor"),
            ("spouse", "Spouse"),
            ("parent", "Parent"),
            ("other", "Other"),
        ],
        default="self",
        required=True,
    )

    mrn = fields.Char(
        string="MRN", groups=PATIENT, copy=False, help="Medical record number."
    )
    first_name = fields.Char(groups=PATIENT, copy=False)
    middle_name = fields.Char(groups=PATIENT, copy=False)
    last_name = fields.Char(groups=PATIENT, copy=False, index="trigram")
    birth_date = fields.Date(groups=PATIENT, copy=False)
    sex = fields.Selection(
        [("F", "Female"), ("M", "Male"), ("U", "Unknown")],
        groups=PATIENT,
        copy=False,
        help="As payers hold it on the member's record.",
    )
    phone = fields.Char(groups=PATIENT, copy=False)
    email = fields.Char(groups=PATIENT, copy=False)
    street = fields.Char(groups=PATIENT, copy=False)
    street2 = fields.Char(groups=PATIENT, copy=False)
    city = fields.Char(groups=PATIENT, copy=False)
    state_id = fields.Many2one(
        "res.country.state", string="State", groups=PATIENT, copy=False
    )
    zip = fields.Char(string="ZIP", groups=PATIENT, copy=False)
    country_id = fields.Many2one("res.country", groups=PATIENT, copy=False)
    patient_name = fields.Char(
        string="Patient",
        compute="_compute_patient_name",
        search="_search_patient_name",
        help="Hidden from people without access to patient identity.",
    )
    identity_visible = fields.Boolean(compute="_compute_patient_name")

    coverage_ids = fields.One2many(
        "rcm.coverage", "patient_id", string="Coverages", context={"active_test": False}
    )
    authorization_ids = fields.One2many(
        "rcm.authorization", "patient_id", string="Authorizations"
    )
    identifier_ids = fields.One2many(
        "rcm.identifier",
        "res_id",
        string="Known As",
        domain=[("res_model", "=", "rcm.patient.account")],
        readonly=True,
        groups=PATIENT,
        help="What source systems call this patient, and numbers of merged accounts.",
    )
    merged_into_id = fields.Many2one(
        "rcm.patient.account", compute="_compute_merged_into_id", string="Merged Into"
    )
    coverage_count = fields.Integer(compute="_compute_counts")
    authorization_count = fields.Integer(compute="_compute_counts")

    _account_company_uniq = models.UniqueIndex(
        "(company_id, name)", "This account number is taken."
    )
    _mrn_facility_uniq = models.UniqueIndex(
        "(company_id, COALESCE(facility_id, 0), mrn) WHERE mrn IS NOT NULL",
        "Another patient of the facility has this medical record number.",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.model
    def _default_name(self):
        return self._rcm_next_account(self.env.company)

    @api.model
    def _rcm_next_account(self, company):
        """The next account number of ``company``."""
        # Numbering is not a right of who registers patients.
        sequence = self.env["ir.sequence"].sudo().with_company(company)
        return sequence.next_by_code(self._name)

    @api.model
    def _rcm_number_for(self, vals):
        company = self.env["res.company"].browse(vals.get("company_id"))
        return self._rcm_next_account(company or self.env.company)

    @api.depends("first_name", "last_name")
    @api.depends_context("uid")
    def _compute_patient_name(self):
        visible = self.env.user._rcm_sees_patients()
        hidden = self.env._("Hidden")
        for patient in self:
            patient.identity_visible = visible
            patient.patient_name = patient._rcm_full_name() if visible else hidden

    def _rcm_full_name(self):
        """The patient's name; for callers that have checked who asks."""
        self.ensure_one()
        person = self.sudo()  # the caller has checked; computes run under any user
        return ", ".join(part for part in (person.last_name, person.first_name) if part)

    def _search_patient_name(self, operator, value):
        """Find by name for those who may; for everyone else nobody has a name."""
        if operator not in ("ilike", "=", "=ilike"):
            return NotImplemented
        if not self.env.user._rcm_sees_patients():
            return fields.Domain.FALSE
        return self._rcm_name_domain(operator, value)

    @api.model
    def _rcm_name_domain(self, operator, value):
        """Domain for "Last", "First", "Last, First" and "First Last"."""
        words = (value or "").replace(",", " ").split()
        return fields.Domain.AND(
            fields.Domain("last_name", operator, word)
            | fields.Domain("first_name", operator, word)
            for word in words
        )

    @api.model
    def _search_display_name(self, operator, value):
        domain = super()._search_display_name(operator, value)
        if operator != "ilike" or not value or not self.env.user._rcm_sees_patients():
            return domain
        return (
            fields.Domain(domain)
            | fields.Domain("mrn", "=", value)
            | fields.Domain("identifier_ids.value", "=", value)
            | self._rcm_name_domain(operator, value)
        )

    @api.depends("coverage_ids", "authorization_ids")
    def _compute_counts(self):
        for patient in self:
            patient.coverage_count = len(patient.coverage_ids)
            patient.authorization_count = len(patient.authorization_ids)

    @api.depends("active")
    def _compute_merged_into_id(self):
        """Where the documents of a merged account are now."""
        # account numbers are everyone's
        merges = (
            self.env["rcm.merge"]
            .sudo()
            .search(
                [
                    ("merged_patient_id", "in", self.ids),
                    ("action", "=", "merge"),
                    ("undo_ids", "=", False),
                ],
                order="id",
            )
        )
        into = {merge.merged_patient_id: merge.patient_id for merge in merges}
        for patient in self:
            gone = not patient.active and into.get(patient)
            patient.merged_into_id = gone.id if gone else False

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [
            vals if vals.get("name") else {**vals, "name": self._rcm_number_for(vals)}
            for vals in vals_list
        ]
        patients = super().create(vals_list)
        patients._rcm_ensure_guarantor()
        return patients

    def write(self, vals):
        result = super().write(vals)
        if set(vals) & set(IDENTITY_FIELDS):
            self._rcm_refresh_guarantor()
        return result

    # ------------------------------------------------------------------
    # Guarantor
    # ------------------------------------------------------------------
    def _rcm_ensure_guarantor(self):
        """Make patients without a guarantor their own."""
        Partner = self.env["res.partner"]
        for patient in self.filtered(lambda p: not p.guarantor_id):
            guarantor = Partner._rcm_register_guarantor(
                patient.company_id, patient.name, patient._prepare_guarantor_vals()
            )
            # patients' keepers hold no rights on contacts
            patient.sudo().write(
                {"guarantor_id": guarantor.id, "guarantor_relationship": "self"}
            )

    def _rcm_refresh_guarantor(self):
        """A patient who is the guarantor moves house once, not twice."""
        Partner = self.env["res.partner"]
        for patient in self.filtered(lambda p: p.guarantor_relationship == "self"):
            number = patient.guarantor_id.sudo().rcm_account_number
            if number:
                Partner._rcm_register_guarantor(
                    patient.company_id, number, patient._prepare_guarantor_vals()
                )

    def _prepare_guarantor_vals(self):
        """Values of the patient's own guarantor contact."""
        self.ensure_one()
        person = self.sudo()  # read for the contact only, never shown from here
        return {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "phone": person.phone,
            "email": person.email,
            "street": person.street,
            "street2": person.street2,
            "city": person.city,
            "state_id": person.state_id.id,
            "zip": person.zip,
            "country_id": person.country_id.id,
        }

    def action_rcm_merge(self):
        """Open the merge of two accounts picked from the list."""
        self.env.user._rcm_require("biller")
        self.check_access("read")
        if len(self) != 2:
            raise UserError(self.env._("Pick exactly two patients to merge."))
        keep, drop = self.sorted("id")
        return self.env["rcm.patient.merge"]._rcm_open(keep, drop)

    def action_rcm_edit_guarantor(self):
        """Open the guarantor's details for those who may see them."""
        self.ensure_one()
        if not self.env.user._rcm_sees_patients():
            raise AccessError(self.env._("Patient identity is hidden from you."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Guarantor"),
            "res_model": "rcm.guarantor.edit",
            "view_mode": "form",
            "target": "new",
            "context": {"default_patient_id": self.id},
        }

    # ------------------------------------------------------------------
    # Domain
    # ------------------------------------------------------------------
    def _rcm_coverages_on(self, day):
        """Coverages in force on ``day``, the first to pay first."""
        self.ensure_one()
        return self.coverage_ids.filtered(lambda c: c._rcm_is_effective(day)).sorted(
            lambda c: (c.sequence, c.id)
        )
