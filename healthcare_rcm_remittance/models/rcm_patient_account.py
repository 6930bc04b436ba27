from odoo import models


class RcmPatientAccount(models.Model):
    _inherit = "rcm.patient.account"

    def _rcm_audit_documents(self):
        """Payments, denials and variances of the patient's claims, and their files."""
        documents = super()._rcm_audit_documents()
        claims = next(found for found in documents if found._name == "rcm.claim")
        paid = claims.env["rcm.remittance.claim"].search(
            [("claim_id", "in", claims.ids)]
        )
        return [
            *documents,
            paid,
            paid.remittance_id,
            claims.env["rcm.denial"].search([("claim_id", "in", claims.ids)]),
            claims.env["rcm.payment.variance"].search([("claim_id", "in", claims.ids)]),
        ]
