from odoo import api, fields, models
from odoo.tools import SQL


class RcmValidationCheck(models.AbstractModel):
    """Checks against what was billed before, and against the payer's clock."""

    _inherit = "rcm.validation.check"

    @api.model
    def _check_duplicate_charge(self, claims):
        """The same service of the same patient and provider would be billed twice."""
        lines = self._rcm_lines(claims)
        repeated = lines.charge_id._rcm_find_duplicates()
        return self._rcm_places(lines.filtered(lambda line: line.charge_id in repeated))

    @api.model
    def _rcm_other_charges(self, lines):
        """Charges that count of the same patient, day, provider and company: one query.

        :return: (line id, code, modifiers, other code, other modifiers, other units)
        """
        self.env.flush_all()
        return self.env.execute_query(
            SQL(
                """
                SELECT line.id, charge.code, charge.modifiers,
                       other.code, other.modifiers, other.units
                  FROM rcm_claim_line line
                  JOIN rcm_charge charge ON charge.id = line.charge_id
                  JOIN rcm_encounter encounter ON encounter.id = charge.encounter_id
                  JOIN rcm_charge other
                    ON other.patient_id = charge.patient_id
                   AND other.service_date = charge.service_date
                   AND other.id != charge.id
                   AND other.is_current
                  JOIN rcm_encounter elsewhere ON elsewhere.id = other.encounter_id
                 WHERE line.id = ANY(%s)
                   AND elsewhere.company_id = encounter.company_id
                   AND elsewhere.state != 'cancelled'
                   AND COALESCE(other.rendering_npi, elsewhere.rendering_npi, '')
                     = COALESCE(charge.rendering_npi, encounter.rendering_npi, '')
                """,
                lines.ids,
            )
        )

    @api.model
    def _check_timely_filing(self, claims):
        """The clock that runs for each claim is near its end, or past it."""
        today, near = fields.Date.context_today(self), claims._rcm_filing_near_days()
        labels = dict(claims._fields["filing_kind"]._description_selection(self.env))
        found = {}
        for claim in claims.filtered("filing_deadline"):
            left = (claim.filing_deadline - today).days
            if left <= near:
                found[claim.id] = self.env._(
                    "(%(what)s due by %(day)s, %(days)s days left)",
                    what=labels[claim.filing_kind],
                    day=claim.filing_deadline,
                    days=left,
                )
        return found
