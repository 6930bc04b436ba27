from odoo import models

from odoo.addons.healthcare_rcm_base.core.errors import RcmPermanent


class RcmEventHandler(models.AbstractModel):
    """Turns the payload of one event type into steps of the suite.

    The adapter role *handle*. A handler is one file: an AbstractModel that inherits
    this one and is named in the event type's *Handler*. It maps fields and calls domain
    methods; it never writes their tables. What it raises decides what happens to the
    event: ``PredecessorMissing`` waits, ``RcmRetryable`` tries again,
    ``ReferenceMissing`` and ``RcmPermanent`` give up with a case, anything else is a
    defect.
    """

    _name = "rcm.event.handler"
    _inherit = "rcm.adapter.handle"
    _description = "Event Handler"

    def _rcm_check_facility(self, event, record):
        """Refuse a document of a facility the connector does not speak for."""
        allowed = event.connector_id.facility_ids
        if allowed and record.facility_id not in allowed:
            raise RcmPermanent(
                "facility_not_allowed",
                self.env._("The connector may not speak for this facility."),
            )
