from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import claim_content

CLINICAL = "healthcare_rcm_base.group_clinical"
CLAIM_FORMS = [("professional", "Professional"), ("institutional", "Institutional")]
ACCIDENT_TYPES = [
    ("auto", "Automobile"),
    ("employment", "Employment"),
    ("other", "Other"),
]
UNIT_CODES = [("UN", "Units"), ("MJ", "Minutes")]
NDC_UNITS = [
    ("UN", "Unit"),
    ("ML", "Millilitre"),
    ("GR", "Gram"),
    ("F2", "International unit"),
    ("ME", "Milligram"),
]
PROVIDER_FIELDS = tuple(f"{role}_id" for role in claim_content.ROLES)
# What an encounter and each version of its claim say alike.
CONTENT_FIELDS = (
    "claim_form",
    *PROVIDER_FIELDS,
    "rendering_npi",
    "place_of_service",
    "diagnosis_codes",
    "diagnosis_poa",
    "admitting_diagnosis",
    "visit_reason_codes",
    "external_cause_codes",
    "onset_date",
    "accident_type",
    "accident_date",
    "accident_state",
    "admission_at",
    "admission_type",
    "point_of_origin",
    "discharge_at",
    "patient_status",
    "type_of_bill",
    "drg_code",
    "clia_number",
)
LINE_CONTENT_FIELDS = (
    "unit_code",
    "ndc_code",
    "ndc_unit",
    "ndc_quantity",
    "anesthesia_start",
    "anesthesia_end",
    "clia_number",
    "rendering_npi",
)


class RcmClaimContent(models.AbstractModel):
    """What a professional or institutional claim says besides lines and amounts.

    Written on the encounter; each version of a claim keeps its own copy.
    """

    _name = "rcm.claim.content"
    _description = "Claim Content"

    claim_form = fields.Selection(
        CLAIM_FORMS,
        string="Claim Type",
        default="professional",
        help="Professional: the services of people (837P, CMS-1500). Institutional: "
        "those of a facility (837I, UB-04).",
    )
    rendering_id = fields.Many2one(
        "rcm.provider",
        string="Rendering Provider",
        help="Who gave the care, where lines do not say otherwise.",
    )
    rendering_npi = fields.Char(string="Rendering NPI", size=10)
    referring_id = fields.Many2one(
        "rcm.provider", string="Referring Provider", help="Who sent the patient."
    )
    ordering_id = fields.Many2one(
        "rcm.provider",
        string="Ordering Provider",
        help="Who ordered tests, imaging or equipment.",
    )
    supervising_id = fields.Many2one("rcm.provider", string="Supervising Provider")
    attending_id = fields.Many2one(
        "rcm.provider",
        string="Attending Provider",
        help="Who answers for the stay; institutional claims name one.",
    )
    operating_id = fields.Many2one("rcm.provider", string="Operating Provider")
    service_facility_id = fields.Many2one(
        "rcm.provider",
        string="Service Facility",
        domain="[('provider_type', '=', 'organisation')]",
        help="Where care was given when that is not our own facility.",
    )
    place_of_service = fields.Char(
        string="Place of Service",
        size=2,
        help="Of lines that name none, e.g. 11 office.",
    )
    diagnosis_codes = fields.Char(
        string="Diagnoses",
        groups=CLINICAL,
        help="ICD-10 codes in order, with commas; charges point at their places. Up "
        "to 12 on a professional claim, 25 on an institutional one.",
    )
    diagnosis_poa = fields.Char(
        string="Present On Admission",
        groups=CLINICAL,
        help="Y, N, U, W or 1 for each diagnosis in order, with commas.",
    )
    admitting_diagnosis = fields.Char(size=10, groups=CLINICAL)
    visit_reason_codes = fields.Char(
        string="Reasons For Visit", groups=CLINICAL, help="Up to three, with commas."
    )
    external_cause_codes = fields.Char(
        string="External Causes", groups=CLINICAL, help="Up to twelve, with commas."
    )
    onset_date = fields.Date(string="Onset", help="When the illness or symptoms began.")
    accident_type = fields.Selection(ACCIDENT_TYPES, string="Accident")
    accident_date = fields.Date()
    accident_state = fields.Char(size=2, help="Two letters; for automobile accidents.")
    admission_at = fields.Datetime(string="Admitted")
    admission_type = fields.Char(size=1, help="Priority of the admission, 1 to 9.")
    point_of_origin = fields.Char(
        string="Point of Origin", size=1, help="Where the patient came from."
    )
    discharge_at = fields.Datetime(string="Discharged")
    patient_status = fields.Char(size=2, help="Discharge status, e.g. 01 home.")
    type_of_bill = fields.Char(
        string="Type of Bill",
        size=4,
        help="Facility type, care and frequency, e.g. 0131; the last digit follows "
        "the version.",
    )
    drg_code = fields.Char(string="DRG", size=4, groups=CLINICAL)
    clia_number = fields.Char(
        string="CLIA Number", size=10, help="Certificate of the laboratory."
    )

    @api.constrains("diagnosis_poa", "visit_reason_codes", "external_cause_codes")
    def _check_code_lists(self):
        for record in self.sudo():  # clinical values are checked whoever writes
            poa = _split(record.diagnosis_poa)
            if any(item not in claim_content.POA_INDICATORS for item in poa):
                raise ValidationError(
                    self.env._("Present on admission is Y, N, U, W or 1.")
                )
            for name, most in (
                ("visit_reason_codes", claim_content.MAX_VISIT_REASONS),
                ("external_cause_codes", claim_content.MAX_EXTERNAL_CAUSES),
            ):
                if len(_split(record[name])) > most:
                    raise ValidationError(
                        self.env._(
                            "%(field)s: at most %(count)s.",
                            field=record._fields[name].string,
                            count=most,
                        )
                    )

    @api.constrains("admission_at", "discharge_at", "accident_date", "accident_type")
    def _check_content_dates(self):
        for record in self:
            if (
                record.admission_at
                and record.discharge_at
                and record.discharge_at < record.admission_at
            ):
                raise ValidationError(
                    self.env._("The discharge cannot come before the admission.")
                )
            if record.accident_date and not record.accident_type:
                raise ValidationError(self.env._("Say what kind of accident it was."))

    def _rcm_content_vals(self):
        """The content in the form in which another record takes it over."""
        self.ensure_one()
        return {
            name: self._fields[name].convert_to_write(self[name], self)
            for name in CONTENT_FIELDS
        }


class RcmLineContent(models.AbstractModel):
    """What a service line says besides code, units and charge."""

    _name = "rcm.line.content"
    _description = "Claim Line Content"

    unit_code = fields.Selection(
        UNIT_CODES, string="Unit", default="UN", help="Minutes for anesthesia time."
    )
    ndc_code = fields.Char(
        string="NDC", size=11, help="National drug code, eleven digits."
    )
    ndc_unit = fields.Selection(NDC_UNITS, string="NDC Unit")
    ndc_quantity = fields.Float(string="NDC Quantity", digits=(12, 3))
    anesthesia_start = fields.Datetime()
    anesthesia_end = fields.Datetime()
    clia_number = fields.Char(string="CLIA Number", size=10)
    rendering_npi = fields.Char(string="Rendering NPI", size=10)

    @api.constrains("ndc_code", "ndc_unit", "ndc_quantity")
    def _check_ndc(self):
        for line in self:
            code = line.ndc_code or ""
            if code and not (len(code) == 11 and code.isascii() and code.isdigit()):
                raise ValidationError(self.env._("A drug code has eleven digits."))
            given = (code, line.ndc_unit, line.ndc_quantity)
            if any(given) and not all(given):
                raise ValidationError(
                    self.env._("A drug needs its code, unit and quantity.")
                )

    @api.constrains("anesthesia_start", "anesthesia_end")
    def _check_anesthesia(self):
        for line in self:
            start, end = line.anesthesia_start, line.anesthesia_end
            if bool(start) != bool(end) or (start and end <= start):
                raise ValidationError(
                    self.env._("Anesthesia needs a start and a later end.")
                )

    def _rcm_line_content_vals(self):
        self.ensure_one()
        return {
            name: self._fields[name].convert_to_write(self[name], self)
            for name in LINE_CONTENT_FIELDS
        }


def _split(text):
    """The entries of a list kept as text with commas."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]
