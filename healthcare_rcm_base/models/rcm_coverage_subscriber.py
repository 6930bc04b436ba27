from odoo import api, fields, models

from .rcm_patient_account import PATIENT


class RcmCoverage(models.Model):
    """Who holds the policy, when it is not the patient."""

    _inherit = "rcm.coverage"

    subscriber_first_name = fields.Char(groups=PATIENT, copy=False)
    subscriber_last_name = fields.Char(groups=PATIENT, copy=False)
    subscriber_sex = fields.Selection(
        [("F", "Female"), ("M", "Male")],
        groups=PATIENT,
        copy=False,
        help="As the payer holds it.",
    )
    subscriber_street = fields.Char(groups=PATIENT, copy=False)
    subscriber_city = fields.Char(groups=PATIENT, copy=False)
    subscriber_state_id = fields.Many2one(
        "res.country.state", string="Subscriber State", groups=PATIENT, copy=False
    )
    subscriber_zip = fields.Char(string="Subscriber ZIP", groups=PATIENT, copy=False)

    def _rcm_lacks_subscriber(self):
        """Whether we do not know who holds the policy: name or birth date missing."""
        self.ensure_one()
        known = self.sudo()  # whether it is there is told, not what it is
        return self.subscriber_relationship != "self" and not (
            known.subscriber_first_name
            and known.subscriber_last_name
            and known.subscriber_birth_date
        )


class RcmValidationCheck(models.AbstractModel):
    """Checks of the person who holds the policy."""

    _inherit = "rcm.validation.check"

    @api.model
    def _check_subscriber_missing(self, claims):
        """A payer finds a dependant by the subscriber's name and birth date."""
        return dict.fromkeys(
            claims.filtered(
                lambda item: item.coverage_id
                and item.coverage_id._rcm_lacks_subscriber()
            ).ids,
            "",
        )
