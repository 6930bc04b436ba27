from collections import defaultdict

from odoo import api, fields, models

from ..core.npi import is_valid

CHECKS = [
    ("lines_missing", "Claim without lines"),
    ("diagnosis_missing", "Diagnosis missing"),
    ("service_code", "Service code missing or unknown"),
    ("coverage_missing", "Coverage missing"),
    ("coverage_inactive", "Coverage not active on the date of service"),
    ("authorization_missing", "Authorization missing"),
    ("authorization_mismatch", "Authorization does not fit"),
    ("authorization_exhausted", "Authorized units used up"),
    ("price_missing", "Price missing or zero"),
    ("pointer_range", "Diagnosis pointer out of range"),
    ("units_limit", "More units than usual"),
    ("future_date", "Date of service in the future"),
    ("duplicate_charge", "Charge billed before"),
    ("npi", "NPI check digit"),
    ("manual_amount", "Charge differs from the charge master"),
    ("timely_filing", "Timely filing limit near or passed"),
]
FILING_NEAR_DAYS = 14


class RcmValidationCheck(models.AbstractModel):
    """The built-in checks: each takes claims and returns {claim id: where}.

    They read everything through the recordset's prefetch or in one query, so their
    cost in queries is the same for one claim and for hundreds.
    """

    _name = "rcm.validation.check"
    _description = "Built-in Validation Checks"

    @api.model
    def _rcm_checks(self):
        """(code, label) of every check; modules add theirs with ``_check_<code>``."""
        return list(CHECKS)

    # ------------------------------------------------------------------
    # Content
    # ------------------------------------------------------------------
    @api.model
    def _check_lines_missing(self, claims):
        return dict.fromkeys(claims.filtered(lambda item: not item.line_ids).ids, "")

    @api.model
    def _check_diagnosis_missing(self, claims):
        return dict.fromkeys(
            claims.filtered(lambda item: not item.encounter_id._rcm_diagnoses()).ids, ""
        )

    @api.model
    def _check_service_code(self, claims):
        return self._rcm_places(
            claims.line_ids.filtered(
                lambda line: not line.code
                or not line.service_code_id
                or not line.service_code_id.active
                or not _valid_on(line.service_code_id, line.service_date)
            )
        )

    @api.model
    def _check_units_limit(self, claims):
        return self._rcm_places(
            claims.line_ids.filtered(
                lambda line: 0 < line.service_code_id.max_units < line.units
            )
        )

    @api.model
    def _check_pointer_range(self, claims):
        wrong = self.env["rcm.claim.line"]
        for claim in claims:
            highest = len(claim.encounter_id._rcm_diagnoses())
            wrong |= claim.line_ids.filtered(
                lambda line, highest=highest: any(
                    not 1 <= place <= highest for place in _pointers(line)
                )
            )
        return self._rcm_places(wrong)

    @api.model
    def _check_future_date(self, claims):
        today = fields.Date.context_today(self)
        return self._rcm_places(
            claims.line_ids.filtered(
                lambda line: line.service_date and line.service_date > today
            )
        )

    @api.model
    def _check_npi(self, claims):
        found = {}
        for claim in claims:
            numbers = {
                self.env._("facility"): claim.facility_id.npi,
                self.env._("billing provider"): claim.provider_group_id.npi,
                self.env._("rendering provider"): claim.encounter_id.rendering_npi,
            }
            wrong = [name for name, npi in numbers.items() if npi and not is_valid(npi)]
            if wrong:
                found[claim.id] = f"({', '.join(wrong)})"
        return found

    # ------------------------------------------------------------------
    # Coverage and authorization
    # ------------------------------------------------------------------
    @api.model
    def _check_coverage_missing(self, claims):
        return dict.fromkeys(
            claims.filtered(lambda item: not item.self_pay and not item.payer_id).ids,
            "",
        )

    @api.model
    def _check_coverage_inactive(self, claims):
        return dict.fromkeys(
            claims.filtered(
                lambda item: item.coverage_id
                and not item.coverage_id._rcm_is_covered(item.service_date)
            ).ids,
            "",
        )

    @api.model
    def _check_authorization_missing(self, claims):
        return self._rcm_places(
            self._rcm_lines_to_authorize(claims).filtered(
                lambda line: not self._rcm_authorization(line)
            )
        )

    @api.model
    def _check_authorization_mismatch(self, claims):
        return self._rcm_places(
            self._rcm_lines_to_authorize(claims).filtered(
                lambda line: self._rcm_authorization(line)
                and not self._rcm_authorization_fits(line)
            )
        )

    @api.model
    def _check_authorization_exhausted(self, claims):
        """Units asked of each authorization by these lines against what is left."""
        found = self.env["rcm.claim.line"]
        for claim in claims:
            asked = defaultdict(float)
            used = claim.replaces_id.line_ids.charge_id
            for line in self._rcm_lines_to_authorize(claim):
                if line.charge_id in used:
                    continue  # the version before has used these units
                authorization = self._rcm_authorization(line)
                if not authorization or not authorization.units_authorized:
                    continue
                asked[authorization] += line.units
                if asked[authorization] > authorization.units_left:
                    found |= line
        return self._rcm_places(found)

    @api.model
    def _rcm_lines_to_authorize(self, claims):
        return claims.line_ids.filtered(
            lambda line: line.service_code_id.authorization_required
            and not line.claim_id.self_pay
        )

    @api.model
    def _rcm_authorization(self, line):
        """The charge's own authorization, or the encounter's."""
        return (
            line.charge_id.authorization_id
            or line.claim_id.encounter_id.authorization_id
        )

    @api.model
    def _rcm_authorization_fits(self, line):
        authorization, claim = self._rcm_authorization(line), line.claim_id
        return authorization.patient_id == claim.patient_id and (
            authorization._rcm_refusal(
                line.service_date, code=line.code, payer=claim.payer_id
            )
            in (False, "units")
        )

    # ------------------------------------------------------------------
    # Money
    # ------------------------------------------------------------------
    @api.model
    def _check_price_missing(self, claims):
        """No price, or a price of zero for a service that is charged."""
        return self._rcm_places(
            claims.line_ids.filtered(
                lambda line: line.claim_id.payer_id
                and not line.claim_id.self_pay
                and (
                    not line.is_priced
                    or (line.charge_amount and not line.expected_amount)
                )
            )
        )

    @api.model
    def _check_manual_amount(self, claims):
        """Charges that are not units times the standard charge."""
        return self._rcm_places(
            claims.line_ids.filtered(
                lambda line: line.service_code_id.standard_charge
                and line.currency_id.compare_amounts(
                    line.charge_amount,
                    line.service_code_id.standard_charge * line.units,
                )
                != 0
            )
        )

    # ------------------------------------------------------------------
    # History
    # ------------------------------------------------------------------
    @api.model
    def _check_duplicate_charge(self, claims):
        """The same service of the same patient and provider would be billed twice."""
        repeated = claims.line_ids.charge_id._rcm_find_duplicates()
        return self._rcm_places(
            claims.line_ids.filtered(lambda line: line.charge_id in repeated)
        )

    @api.model
    def _check_timely_filing(self, claims):
        today = fields.Date.context_today(self)
        found = {}
        for claim in claims:
            limit = claim.payer_id.timely_filing_days
            if not limit or not claim.service_date:
                continue
            left = limit - (today - claim.service_date).days
            if left <= FILING_NEAR_DAYS:
                found[claim.id] = self.env._("(%(days)s days left)", days=left)
        return found

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    @api.model
    def _rcm_places(self, lines):
        """{claim id: "(lines 1, 3)"} of these lines."""
        numbers = defaultdict(list)
        for line in lines:
            numbers[line.claim_id.id].append(line.sequence)
        return {
            claim_id: self.env._(
                "(lines %(numbers)s)", numbers=", ".join(map(str, sorted(found)))
            )
            for claim_id, found in numbers.items()
        }


def _valid_on(code, day):
    return (not code.date_from or code.date_from <= day) and (
        not code.date_to or day <= code.date_to
    )


def _pointers(line):
    return [
        int(part)
        for part in (line.diagnosis_pointers or "").replace(" ", "").split(",")
        if part
    ]
