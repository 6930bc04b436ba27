from odoo import api, models

from ..core.claim_content import MAX_DIAGNOSES_OF

# Bill types of stays (UB-04 form locator 4, without the leading zero).
STAYS = ("11", "12", "18", "21", "22", "41")
ALWAYS_NEEDED = ("type_of_bill", "attending_id")
NEEDED_OF_STAYS = ("admission_at", "admission_type", "patient_status")


class RcmValidationCheck(models.AbstractModel):
    """Checks of what a professional or institutional claim has to say."""

    _inherit = "rcm.validation.check"

    @api.model
    def _check_diagnosis_count(self, claims):
        """More diagnoses than the claim type has places for (837P 12, 837I 25)."""
        found = {}
        for claim in claims:
            count = len(claim.encounter_id._rcm_diagnoses())
            most = MAX_DIAGNOSES_OF[claim._rcm_claim_type()]
            if count > most:
                found[claim.id] = f"({count} > {most})"
        return found

    @api.model
    def _check_institutional_content(self, claims):
        """What an institutional claim (837I) cannot go without."""
        found = {}
        for claim in claims:
            if claim._rcm_claim_type() != "institutional":
                continue
            needed = list(ALWAYS_NEEDED)
            if (claim.type_of_bill or "").lstrip("0").startswith(STAYS):
                needed += NEEDED_OF_STAYS
            missing = [name for name in needed if not claim[name]]
            if missing:
                labels = [
                    claim._fields[name]._description_string(self.env)
                    for name in missing
                ]
                found[claim.id] = f"({', '.join(labels)})"
        return found
