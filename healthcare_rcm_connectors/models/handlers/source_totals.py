from odoo import fields, models

from odoo.addons.healthcare_rcm_base.core.errors import RcmPermanent, ReferenceMissing


class RcmEventHandlerSourceTotals(models.AbstractModel):
    """What a source says it has for a day."""

    _name = "rcm.event.handler.source.totals"
    _inherit = "rcm.event.handler"
    _description = "Event Handler: source totals"

    def _rcm_handle(self, event, data):
        flows = [item["flow"] for item in data["totals"]]
        if len(set(flows)) < len(flows):
            raise RcmPermanent("schema", self.env._("A flow is named twice."))
        code, facility = data.get("facility"), event.facility_id
        if code and not facility:
            facility = self.env["rcm.facility"].search(
                [("code", "=", code), ("company_id", "=", event.company_id.id)],
                limit=1,
            )
            if not facility:
                raise ReferenceMissing("facility", code)
            allowed = event.connector_id.facility_ids
            if allowed and facility not in allowed:
                raise RcmPermanent(
                    "facility_not_allowed",
                    self.env._("The connector may not speak for this facility."),
                )
        return self.env["rcm.source.total"]._rcm_take(
            event, fields.Date.to_date(data["day"]), facility, data["totals"]
        )
