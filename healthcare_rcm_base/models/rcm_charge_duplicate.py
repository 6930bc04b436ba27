from odoo import fields, models
from odoo.tools import SQL

from ..core.charge_key import is_deliberate, modifier_key


class ResCompany(models.Model):
    """How far apart two charges may be and still look like one."""

    _inherit = "res.company"

    rcm_duplicate_window_days = fields.Integer(
        string="Duplicate Charge Window",
        help="Days within which the same service of the same patient and provider "
        "counts as billed twice. 0: the same day only.",
    )

    _rcm_duplicate_window_range = models.Constraint(
        "CHECK(rcm_duplicate_window_days BETWEEN 0 AND 365)",
        "The window for duplicate charges is 0 to 365 days.",
    )


class RcmCharge(models.Model):
    """Finding services that would be billed twice."""

    _inherit = "rcm.charge"

    def _rcm_find_duplicates(self):
        """``{charge: earlier charges it repeats}`` of those of these that repeat one.

        Same patient, code, modifiers and rendering provider within the company's
        window; charges that count only, and of the billed or earlier ones. A modifier
        that says the repetition is deliberate lifts it. One query for any number.
        """
        asked = self.filtered(
            lambda item: item.is_current
            and item.code
            and not is_deliberate(item.modifiers)
        )
        if not asked:
            return {}
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT charge.id, other.id
                  FROM rcm_charge charge
                  JOIN rcm_encounter encounter ON encounter.id = charge.encounter_id
                  JOIN res_company company ON company.id = encounter.company_id
                  JOIN rcm_charge other
                    ON other.patient_id = charge.patient_id
                   AND other.code = charge.code
                   AND other.service_date
                       BETWEEN charge.service_date
                               - COALESCE(company.rcm_duplicate_window_days, 0)
                           AND charge.service_date
                               + COALESCE(company.rcm_duplicate_window_days, 0)
                   AND other.id != charge.id
                   AND other.is_current
                  JOIN rcm_encounter elsewhere ON elsewhere.id = other.encounter_id
                 WHERE charge.id = ANY(%s)
                   AND elsewhere.company_id = encounter.company_id
                   AND elsewhere.state != 'cancelled'
                   AND COALESCE(other.rendering_npi, elsewhere.rendering_npi, '')
                     = COALESCE(charge.rendering_npi, encounter.rendering_npi, '')
                   AND ((other.state = 'billed' AND charge.state != 'billed')
                        OR other.id < charge.id)
                 ORDER BY charge.id, other.id
                """,
                asked.ids,
            )
        )
        found = {}
        for charge_id, other_id in rows:
            charge, other = self.browse(charge_id), self.browse(other_id)
            if modifier_key(charge.modifiers) == modifier_key(other.modifiers):
                found[charge] = found.get(charge, self.browse()) | other
        return found
