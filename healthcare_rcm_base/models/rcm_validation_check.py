from collections import defaultdict

from odoo import api, fields, models

CHECKS = [
    ("lines_missing", "Claim without lines"),
    ("diagnosis_missing", "Diagnosis missing"),
    ("service_code", "Service code missing or unknown"),
    ("coverage_missing", "Coverage missing"),
    ("coverage_inactive", "Coverage not active on the date of service"),
    ("subscriber_missing", "Subscriber's name or birth date missing"),
    ("authorization_missing", "Authorization missing"),
    ("authorization_mismatch", "Authorization does not fit"),
    ("authorization_exhausted", "Authorized units used up"),
    ("price_missing", "Price missing or zero"),
    ("pointer_range", "Diagnosis pointer out of range"),
    ("diagnosis_count", "More diagnoses than the claim type takes"),
    ("institutional_content", "Institutional claim incomplete"),
    ("units_limit", "More units than usual"),
    ("future_date", "Date of service in the future"),
    ("duplicate_charge", "Charge billed before"),
    ("modifier_needed", "Modifier missing"),
    ("code_validity", "Codes not valid on the date of service"),
    ("pair_edit", "Procedure pairs not billed together"),
    ("unit_edit", "Units above the payer's limit"),
    ("unit_edit_clinical", "Units above the payer's clinical limit"),
    ("npi", "NPI check digit"),
    ("billing_address", "Billing provider without address"),
    ("provider_inactive", "Provider not practising on the date of service"),
    ("provider_enrollment", "Provider not enrolled with the payer"),
    ("manual_amount", "Charge differs from the charge master"),
    ("timely_filing", "Timely filing limit near or passed"),
]
POINTERS_PER_LINE = 4


class CodeRange:
    """The service codes a rule is about, both ends included."""

    KEY = "rcm_code_range"

    def __init__(self, first, last):
        self._first, self._last = (first or "").upper(), (last or "").upper()

    def holds(self, code):
        """Whether ``code`` lies in the range; an open end holds everything."""
        code = (code or "").upper()
        return bool(code) and (
            self._first <= code and (not self._last or code <= self._last)
        )


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
            self._rcm_lines(claims).filtered(
                lambda line: not line.code
                or not line.service_code_id
                or not line.service_code_id.active
                or not _valid_on(line.service_code_id, line.service_date)
            )
        )

    @api.model
    def _check_units_limit(self, claims):
        return self._rcm_places(
            self._rcm_lines(claims).filtered(
                lambda line: 0 < line.service_code_id.max_units < line.units
            )
        )

    @api.model
    def _check_pointer_range(self, claims):
        wrong = self.env["rcm.claim.line"]
        for claim in claims:
            highest = len(claim.encounter_id._rcm_diagnoses())
            wrong |= self._rcm_lines(claim).filtered(
                lambda line, highest=highest: len(_pointers(line)) > POINTERS_PER_LINE
                or any(not 1 <= place <= highest for place in _pointers(line))
            )
        return self._rcm_places(wrong)

    @api.model
    def _check_future_date(self, claims):
        today = fields.Date.context_today(self)
        return self._rcm_places(
            self._rcm_lines(claims).filtered(
                lambda line: line.service_date and line.service_date > today
            )
        )

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
        return self._rcm_lines(claims).filtered(
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
            self._rcm_lines(claims).filtered(
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
        """Charges that are not units times the charge master of facility and day."""
        lines = self._rcm_lines(claims).filtered(
            lambda line: line.service_code_id and line.service_date
        )
        prices = self.env["rcm.service.code"]._rcm_standard_charges(
            [
                (line.service_code_id, line.claim_id.facility_id, line.service_date)
                for line in lines
            ]
        )
        wrong = self.env["rcm.claim.line"]
        for line, price in zip(lines, prices, strict=True):
            standard = line.currency_id.round(price * line.units)
            if price and line.currency_id.compare_amounts(line.charge_amount, standard):
                wrong |= line
        return self._rcm_places(wrong)

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    @api.model
    def _rcm_lines(self, claims):
        """The lines of ``claims`` that the rule is about (all, or a range of codes)."""
        scope = self.env.context.get(CodeRange.KEY)
        if not isinstance(scope, CodeRange):
            return claims.line_ids
        return claims.line_ids.filtered(lambda line: scope.holds(line.code))

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

    @api.model
    def _rcm_places_with(self, lines, words_by_line):
        """{claim id: "(line 2: 80053)"}: lines and what each is at odds with."""
        places = defaultdict(list)
        for line in lines.sorted("sequence"):
            words = ", ".join(sorted(words_by_line[line.id]))
            places[line.claim_id.id].append(
                self.env._(
                    "line %(number)s: %(words)s", number=line.sequence, words=words
                )
            )
        return {claim_id: f"({'; '.join(found)})" for claim_id, found in places.items()}


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
