from odoo import models

from odoo.addons.healthcare_rcm_base.core.errors import (
    PredecessorMissing,
    RcmPermanent,
    ReferenceMissing,
)

from ...protocol.envelope import parse_time


class RcmEventHandlerCreditHoldPlaced(models.AbstractModel):
    """Billing of a patient account or a client stops."""

    _name = "rcm.event.handler.credit_hold.placed"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: credit hold placed"

    def _rcm_handle(self, event, data):
        if data.get("client"):
            debtor = {"client_id": self._rcm_find_client(event, data["client"]).id}
        else:
            patient = self.env["rcm.authorization"]._rcm_find_patient(
                data["patient_account"], event.company_id
            )
            self._rcm_check_facility(event, patient)
            debtor = {"patient_id": patient.id}
        return self.env["rcm.credit.hold"]._rcm_place(
            {
                **debtor,
                "name": data["hold_reference"],
                "reason": data["reason"],
                "placed_at": parse_time(data["placed_at"]),
                "connector_id": event.connector_id.id,
                "company_id": event.company_id.id,
                "correlation_id": event.correlation_id,
            }
        )

    def _rcm_find_client(self, event, code):
        """The client; a connector of some facilities speaks for no whole client."""
        if event.connector_id.facility_ids:
            raise RcmPermanent(
                "facility_not_allowed",
                self.env._("The connector may not speak for a client as a whole."),
            )
        client = self.env["rcm.client"].search(
            [("code", "=", code), ("company_id", "=", event.company_id.id)], limit=1
        )
        if not client:
            raise ReferenceMissing("client", code)
        return client


class RcmEventHandlerCreditHoldReleased(models.AbstractModel):
    """A credit hold ended."""

    _name = "rcm.event.handler.credit_hold.released"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: credit hold released"

    def _rcm_handle(self, event, data):
        # A connector ends only what it placed itself.
        hold = self.env["rcm.credit.hold"].search(
            [
                ("name", "=", data["hold_reference"]),
                ("connector_id", "=", event.connector_id.id),
            ],
            limit=1,
        )
        if not hold:
            raise PredecessorMissing(event.business_key)
        hold._rcm_release(parse_time(data["released_at"]))
        return hold
