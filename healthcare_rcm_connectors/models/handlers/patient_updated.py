from odoo import models


class RcmEventHandlerPatientUpdated(models.AbstractModel):
    """Patient, guarantor or coverage data changed upstream."""

    _name = "rcm.event.handler.patient.updated"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: patient updated"

    def _rcm_handle(self, event, data):
        patient = self.env["rcm.encounter"]._rcm_intake_patient_updated(
            data, event.connector_id.code
        )
        self._rcm_check_facility(event, patient)
        return patient
