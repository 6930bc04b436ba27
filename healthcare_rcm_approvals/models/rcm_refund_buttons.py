from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.ledger_entries import ZERO
from odoo.addons.healthcare_rcm_base.core.money import from_decimal

from .rcm_refund import ROLES, SOURCES


class RcmPatientAccount(models.Model):
    """Credits of a patient are refunded by a document."""

    _inherit = "rcm.patient.account"

    def action_refund(self):
        """A draft for the credit that is open."""
        self.ensure_one()
        self.env.user._rcm_require(*ROLES)
        self.check_access("read")
        context = self._rcm_refund_defaults()
        if not context:
            raise UserError(self.env._("This account has no credit to give back."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refund"),
            "res_model": "rcm.refund",
            "view_mode": "form",
            "context": context,
        }

    def _rcm_refund_defaults(self):
        """The first credit there is, as defaults of a draft."""
        claims = self.env["rcm.claim"].search([("patient_id", "=", self.id)])
        for claim in (claims.browse(), *claims):
            for source in SOURCES["patient"]:
                draft = self.env["rcm.refund"].new(
                    {
                        "kind": "patient",
                        "patient_id": self.id,
                        "claim_id": claim.id,
                        "source": source,
                        "company_id": self.company_id.id,
                    }
                )
                available = draft._rcm_available()
                if available > ZERO:
                    return {
                        "default_kind": "patient",
                        "default_company_id": self.company_id.id,
                        "default_patient_id": self.id,
                        "default_claim_id": claim.id,
                        "default_source": source,
                        "default_amount": from_decimal(available),
                    }
        return None


class RcmClaim(models.Model):
    """A claim with a patient's credit can give it back."""

    _inherit = "rcm.claim"

    rcm_has_patient_credit = fields.Boolean(
        "Has A Credit Of The Patient", compute="_compute_rcm_has_patient_credit"
    )

    def _compute_rcm_has_patient_credit(self):
        balances = self.sudo()._rcm_balances()  # yes or no, of claims the reader sees
        for claim in self:
            own = balances[claim.id]
            claim.rcm_has_patient_credit = any(
                own.get(purpose, ZERO) < ZERO for purpose in SOURCES["patient"]
            )

    def action_refund(self):
        """A draft for the credit of this claim's patient."""
        self.ensure_one()
        return self.patient_id.action_refund()
