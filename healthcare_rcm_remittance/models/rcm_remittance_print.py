from odoo import models


class RcmRemittanceClaim(models.Model):
    """The printed explanation of one claim."""

    _inherit = "rcm.remittance.claim"

    def _rcm_print_patient(self):
        """The patient's name, for readers who may know it; else a mask.

        Asks the reader's own rights, whatever the report is rendered with.
        """
        self.ensure_one()
        if not self.env.user._rcm_sees_patients():
            return "•••"
        return self.patient_name or "–"
