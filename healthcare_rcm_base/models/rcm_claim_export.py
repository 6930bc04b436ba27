from odoo import models

from ..core.claim_content import ROLES
from ..core.claim_export import without_empty


class RcmClaim(models.Model):
    """A claim as whoever sends it on needs it, in full."""

    _inherit = "rcm.claim"

    def _rcm_export_dict(self, leg=None):
        """Everything the claim says to the payer of ``leg`` (default: the first)."""
        self.ensure_one()
        claim = self.sudo()  # the batch checked who may have patients' claims
        leg = leg or claim.leg_ids[:1]
        group = claim.provider_group_id
        lines = claim.line_ids
        if claim.correction_mode == "line":
            lines = lines.filtered("is_changed") or lines
        return without_empty(
            {
                "control_number": claim.name,
                "version": claim.version,
                "frequency": claim.frequency_code,
                "payer_number_replaced": claim.original_reference,
                "claim_form": claim.claim_form,
                "encounter": claim.encounter_id.number,
                "total_charge": _money(claim.total_charge),
                "patient": _person(claim.patient_id),
                "subscriber": _coverage(leg.coverage_id or claim.coverage_id),
                "payer": _payer(leg.payer_id or claim.payer_id),
                "payer_sequence": leg.sequence or 1,
                "other_payers": [
                    other._rcm_export_dict(before=leg)
                    for other in claim.leg_ids
                    if other != leg
                ],
                "billing_provider": group._rcm_export_dict(),
                "service_facility": claim._rcm_export_facility(),
                "providers": {
                    role: claim[f"{role}_id"]._rcm_export_dict()
                    for role in ROLES
                    if role != "service_facility"
                }
                | (
                    {"rendering": {"npi": claim.rendering_npi}}
                    if claim.rendering_npi and not claim.rendering_id
                    else {}
                ),
                "authorization": claim.encounter_id.authorization_number
                or claim.encounter_id.authorization_id.number,
                "diagnoses": _split(claim.diagnosis_codes),
                "diagnosis_poa": _split(claim.diagnosis_poa),
                "admitting_diagnosis": claim.admitting_diagnosis,
                "visit_reasons": _split(claim.visit_reason_codes),
                "external_causes": _split(claim.external_cause_codes),
                "onset_date": claim.onset_date,
                "accident": {
                    "type": claim.accident_type,
                    "date": claim.accident_date,
                    "state": claim.accident_state,
                },
                "stay": {
                    "type_of_bill": claim._rcm_type_of_bill(),
                    "admitted_at": claim.admission_at,
                    "admission_type": claim.admission_type,
                    "point_of_origin": claim.point_of_origin,
                    "discharged_at": claim.discharge_at,
                    "patient_status": claim.patient_status,
                    "drg": claim.drg_code,
                },
                "clia_number": claim.clia_number,
                "codes": claim.content_codes or [],
                "lines": [line._rcm_export_dict() for line in lines],
            }
        )

    def _rcm_type_of_bill(self):
        """The last digit is the frequency of this version."""
        self.ensure_one()
        bill = self.type_of_bill or ""
        return (
            f"{bill[:-1]}{self.frequency_code}" if bill and self.version > 1 else bill
        )

    def _rcm_export_facility(self):
        """The outside facility where care was given, or our own."""
        self.ensure_one()
        if self.service_facility_id:
            return self.service_facility_id._rcm_export_dict()
        facility = self.facility_id
        return {
            "name": facility.name,
            "npi": facility.npi,
            "code": facility.code,
            "address": _address(facility),
        }


class RcmClaimLeg(models.Model):
    """The other payers of a claim, for the one it goes to."""

    _inherit = "rcm.claim.leg"

    def _rcm_export_dict(self, before=None):
        """Another payer of the claim, and whether it has decided.

        What it decided is told to the payers after it: ``before`` is the leg of the
        payer the claim goes to.
        """
        self.ensure_one()
        tells = before and self.sequence < before.sequence
        return {
            "sequence": self.sequence,
            "payer": _payer(self.payer_id),
            "subscriber": _coverage(self.coverage_id),
            "state": self.state,
            "adjudication": self._rcm_export_adjudication() if tells else None,
        }

    def _rcm_export_adjudication(self):
        """What this payer paid and adjusted, of the claim and of its lines; or None.

        Remittances know it. The keys are those of ``core.claim_export``:
        ``adjudication``, made by the module that reads them.
        """
        self.ensure_one()
        return None


class RcmProviderGroup(models.Model):
    """The billing provider as claims name it."""

    _inherit = "rcm.provider.group"

    def _rcm_export_dict(self):
        """Name, numbers and where it bills from; nothing for none."""
        if not self:
            return {}
        return {
            "name": self.name,
            "npi": self.npi,
            "tax_id": self.tax_id or self.company_id.rcm_tax_id,
            "taxonomy": self.taxonomy,
            "address": _address(self._rcm_billing_address()),
        }


class RcmProvider(models.Model):
    """Providers as claims name them."""

    _inherit = "rcm.provider"

    def _rcm_export_dict(self):
        """The provider as claims name it; nothing for none."""
        if not self:
            return {}
        person = self.provider_type == "person"
        return {
            "npi": self.npi,
            "taxonomy": self.taxonomy_code,
            "last_name": (self.last_name or self.name) if person else None,
            "first_name": self.first_name if person else None,
            "organisation": None if person else self.name,
        }


class RcmClaimLine(models.Model):
    """Service lines in full."""

    _inherit = "rcm.claim.line"

    def _rcm_export_dict(self):
        self.ensure_one()
        claim, charge = self.claim_id, self.charge_id
        return {
            "number": self.sequence,
            "control_number": self.line_control_number,
            "service_date": self.service_date,
            "place_of_service": self.place_of_service
            or claim.place_of_service
            or claim.facility_id.place_of_service,
            "revenue_code": self.revenue_code,
            "code": self.code,
            "modifiers": _split(self.modifiers),
            "diagnosis_pointers": _split(self.diagnosis_pointers),
            "unit": self.unit_code,
            "units": f"{self.units:.3f}".rstrip("0").rstrip("."),
            "charge": _money(self.charge_amount),
            "ndc_code": self.ndc_code,
            "ndc_unit": self.ndc_unit,
            "ndc_quantity": f"{self.ndc_quantity:.3f}" if self.ndc_quantity else None,
            "anesthesia_start": self.anesthesia_start,
            "anesthesia_end": self.anesthesia_end,
            "clia_number": self.clia_number,
            "rendering_npi": self.rendering_npi,
            "authorization": charge.authorization_number
            or charge.authorization_id.number,
        }


def _money(amount):
    return f"{amount:.2f}"


def _split(text):
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _address(record):
    return {
        "street": record.street,
        "city": record.city,
        "state": record.state_id.code,
        "zip": record.zip,
    }


def _person(patient):
    return {
        "account_number": patient.name,
        "last_name": patient.last_name,
        "first_name": patient.first_name,
        "middle_name": patient.middle_name,
        "birth_date": patient.birth_date,
        "sex": patient.sex,
        "address": _address(patient),
    }


def _coverage(coverage):
    return {
        "member_id": coverage.member_id,
        "group_number": coverage.group_number,
        "relationship": coverage.subscriber_relationship,
        **_subscriber(coverage),
    }


def _subscriber(coverage):
    """The person who holds the policy; the patient stands in the claim anyway."""
    if coverage.subscriber_relationship == "self":
        return {}
    return {
        "last_name": coverage.subscriber_last_name,
        "first_name": coverage.subscriber_first_name,
        "birth_date": coverage.subscriber_birth_date,
        "sex": coverage.subscriber_sex,
        "address": {
            "street": coverage.subscriber_street,
            "city": coverage.subscriber_city,
            "state": coverage.subscriber_state_id.code,
            "zip": coverage.subscriber_zip,
        },
    }


def _payer(payer):
    return {
        "code": payer.code,
        "name": payer.name,
        "identifier": payer.payer_identifier,
        "filing_indicator": payer.filing_indicator,
    }
