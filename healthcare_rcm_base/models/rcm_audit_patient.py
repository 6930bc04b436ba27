from odoo import models


class RcmPatientAccount(models.Model):
    """What the audit log may hold about one patient."""

    _inherit = "rcm.patient.account"

    def _rcm_audit_documents(self):
        """Return recordsets of every document of this patient (a legal hold asks).

        Extended by modules whose documents concern a patient.
        """
        self.ensure_one()
        # A hold is complete whoever asks: other facilities' and archived documents too.
        env = self.with_context(active_test=False).sudo().env
        domain = [("patient_id", "=", self.id)]
        encounters = env["rcm.encounter"].search(domain)
        claims = env["rcm.claim"].search([("encounter_id", "in", encounters.ids)])
        return [
            self.sudo(),
            self.sudo().guarantor_id,
            env["rcm.coverage"].search(domain),
            env["rcm.authorization"].search(domain),
            encounters,
            env["rcm.charge"].search([("encounter_id", "in", encounters.ids)]),
            claims,
            claims.invoice_id | claims.move_ids,
        ]
