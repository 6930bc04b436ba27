from odoo import api, fields, models

IDENTITY = "healthcare_rcm_base.group_patient_data"


class RcmPatientAccount(models.Model):
    """A patient as billing needs one: an account number, a guarantor, coverages.

    Who the patient is lies behind the patient-data group; everyone else meets the
    account number, which is also the display name for all.
    """

    _name = "rcm.patient.account"
    _inherit = "rcm.audit.mixin"
    _description = "Patient Account"
    _order = "name, id"
    _check_company_auto = True
    _rcm_audit_fields = ("name", "facility_id", "guarantor_id", "active")

    name = fields.Char(
        string="Account Number",
        required=True,
        copy=False,
        default=lambda self: self._default_name(),
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    facility_id = fields.Many2one(
        "rcm.facility", string="Home Facility", check_company=True, index=True
    )
    mrn = fields.Char(
        string="MRN",
        copy=False,
        index="btree_not_null",
        groups=IDENTITY,
        help="Medical record number at the home facility.",
    )
    first_name = fields.Char(groups=IDENTITY)
    last_name = fields.Char(groups=IDENTITY)
    full_name = fields.Char(
        string="Patient", compute="_compute_full_name", groups=IDENTITY
    )
    birth_date = fields.Date(groups=IDENTITY)
    sex = fields.Selection(
        [("F", "Female"), ("M", "Male"), ("X", "Other")], groups=IDENTITY
    )
    phone = fields.Char(groups=IDENTITY)
    email = fields.Char(groups=IDENTITY)
    street = fields.Char(groups=IDENTITY)
    city = fields.Char(groups=IDENTITY)
    zip = fields.Char(string="ZIP", groups=IDENTITY)
    guarantor_id = fields.Many2one(
        "res.partner",
        domain="[('rcm_is_guarantor', '=', True)]",
        ondelete="restrict",
        index="btree_not_null",
        help="Who pays what no payer pays.",
    )
    coverage_ids = fields.One2many("rcm.coverage", "patient_id", string="Coverages")
    authorization_ids = fields.One2many(
        "rcm.authorization", "patient_id", string="Authorizations"
    )

    _name_company_uniq = models.UniqueIndex(
        "(company_id, name)", "This account number is in use."
    )
    _mrn_facility_uniq = models.UniqueIndex(
        "(facility_id, mrn) WHERE mrn IS NOT NULL",
        "This medical record number belongs to another account of the facility.",
    )

    @api.model
    def _default_name(self):
        # numbering is not a right of whoever registers patients
        return self.env["ir.sequence"].sudo().next_by_code("rcm.patient.account")

    @api.depends("first_name", "last_name")
    def _compute_full_name(self):
        for patient in self:
            names = filter(None, [patient.first_name, patient.last_name])
            patient.full_name = " ".join(names)

    @api.model
    def _search_display_name(self, operator, value):
        """Find by account number; by name too for those who may see it."""
        domain = super()._search_display_name(operator, value)
        if not value or not self.env.user._rcm_sees_patients():
            return domain
        if operator in ("ilike", "like", "=", "in"):
            name = fields.Domain("last_name", operator, value)
            return fields.Domain(domain) | name | fields.Domain("mrn", operator, value)
        return domain

    def _rcm_audit_name(self):
        return self.name
