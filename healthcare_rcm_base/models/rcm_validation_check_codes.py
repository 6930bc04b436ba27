from collections import defaultdict

from odoo import api, models

from ..core.charge_key import modifier_set

# Evaluation and management, and surgery, by CPT's own sections.
VISITS, SURGERY = ("99202", "99499"), ("10004", "69990")
BLOOD_DRAWS = ("36400", "36416")  # stand in the section of surgery, and are none
SEPARATE_VISIT = {"25", "57"}
# Field of a claim: kind of its code, or of its codes with commas.
CLAIM_CODES = {
    "admitting_diagnosis": "diagnosis",
    "visit_reason_codes": "diagnosis",
    "external_cause_codes": "diagnosis",
    "drg_code": "drg",
    "type_of_bill": "bill_type",
    "point_of_origin": "point_of_origin",
    "patient_status": "patient_status",
}
CONTENT_KINDS = ("condition", "occurrence", "value")
# What a code of these says about a patient is not told in a case: its kind is.
TOLD = {"procedure", "revenue", "place_of_service", "modifier", "bill_type"}


class RcmValidationCheck(models.AbstractModel):
    """Checks of the codes on a claim against tables and against each other."""

    _inherit = "rcm.validation.check"

    @api.model
    def _check_modifier_needed(self, claims):
        """A modifier the service asks for, or a visit asks for beside surgery."""
        wrong = self.env["rcm.claim.line"]
        for line in self._rcm_lines(claims):
            wanted = modifier_set(line.service_code_id.required_modifiers)
            if wanted and not wanted & modifier_set(line.modifiers):
                wrong |= line
        for claim in claims:
            surgery = {
                line.service_date
                for line in claim.line_ids
                if _within(line.code, SURGERY) and not _within(line.code, BLOOD_DRAWS)
            }
            if surgery:
                wrong |= self._rcm_lines(claim).filtered(
                    lambda line, days=surgery: _within(line.code, VISITS)
                    and line.service_date in days
                    and not SEPARATE_VISIT & modifier_set(line.modifiers)
                )
        return self._rcm_places(wrong)

    @api.model
    def _check_code_validity(self, claims):
        """Codes of every table against the day of the service."""
        asked = defaultdict(lambda: defaultdict(set))
        for line in self._rcm_lines(claims):
            for kind, code in self._rcm_codes_of(line):
                asked[kind][code, line.service_date].add(line.claim_id.id)
        for claim in claims:
            for kind, code in self._rcm_codes_of_claim(claim):
                asked[kind][code, claim.service_date].add(claim.id)
        kinds = dict(
            self.env["rcm.code"]._fields["kind"]._description_selection(self.env)
        )
        wrong = defaultdict(set)
        for kind, pairs in asked.items():
            for pair in self.env["rcm.code"]._rcm_invalid_pairs(kind, list(pairs)):
                for claim_id in pairs[pair]:
                    wrong[claim_id].add(
                        f"{kinds[kind]} {pair[0]}" if kind in TOLD else kinds[kind]
                    )
        return {
            claim_id: f"({', '.join(sorted(words))})"
            for claim_id, words in wrong.items()
        }

    @api.model
    def _rcm_codes_of_claim(self, claim):
        """(kind, code) of everything a claim says that stands in a table."""
        codes = [("diagnosis", code) for code in claim.encounter_id._rcm_diagnoses()]
        for name, kind in CLAIM_CODES.items():
            codes += [(kind, code.strip()) for code in (claim[name] or "").split(",")]
        codes += [
            (item["kind"], item["code"])
            for item in claim.content_codes or ()
            if item["kind"] in CONTENT_KINDS
        ]
        return [(kind, code) for kind, code in codes if code]

    @api.model
    def _rcm_codes_of(self, line):
        """(kind, code) of everything on a line that stands in a table."""
        codes = [("procedure", line.code), ("revenue", line.revenue_code)]
        codes.append(("place_of_service", line.place_of_service))
        codes += [("modifier", item) for item in modifier_set(line.modifiers)]
        return [(kind, code) for kind, code in codes if code]

    @api.model
    def _check_pair_edit(self, claims):
        """Codes of one patient, day and provider that may not stand side by side."""
        return self.env["rcm.edit.pair"]._rcm_check(claims, self._rcm_lines(claims))

    @api.model
    def _check_unit_edit(self, claims):
        """Units above a limit by line, or by day where policy sets it."""
        return self.env["rcm.edit.unit.limit"]._rcm_check(
            claims, self._rcm_lines(claims), ("1", "2")
        )

    @api.model
    def _check_unit_edit_clinical(self, claims):
        """Units above a limit by day that records may justify."""
        return self.env["rcm.edit.unit.limit"]._rcm_check(
            claims, self._rcm_lines(claims), ("3",)
        )


def _within(code, span):
    code = code or ""
    return len(code) == 5 and span[0] <= code <= span[1]
