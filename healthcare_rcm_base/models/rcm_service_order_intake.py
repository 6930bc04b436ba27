from odoo import api, models

from ..core.errors import PredecessorMissing, RcmPermanent
from .rcm_service_order import OPEN_STATES


class RcmServiceOrder(models.Model):
    """Orders as clinical systems tell of them, each step repeatable."""

    _inherit = "rcm.service.order"

    @api.model
    def _rcm_take_placed(self, data, correlation_id, source):
        """``order.placed``: what shall be done; the encounter may come later."""
        facility = self._rcm_event_facility(data["facility"])
        vals = self._rcm_order_vals(facility, data["order"])
        order = self._rcm_find(facility, vals["number"])
        if not order:
            return self._rcm_register(vals, correlation_id, source)
        if order.state in OPEN_STATES:
            order._rcm_bring_up_to_date(vals, source)
        return order

    @api.model
    def _rcm_take_specimen(self, data, moment, source):
        """``specimen.received``: the test can be done."""
        order = self._rcm_event_order(data)
        if order.state == "placed":
            order.write({"specimen_at": moment.replace(microsecond=0)})
            order._rcm_set_state("received")
        return order

    @api.model
    def _rcm_take_test(self, data, moment, correlation_id, source):
        """``test.completed``: the result is final; charge it or wait for its charge."""
        order = self._rcm_event_order(data)
        if order.state == "cancelled":
            raise RcmPermanent("order_cancelled", "the order was cancelled")
        charge = order._rcm_complete_with(data, moment, correlation_id, source)
        return (order, charge) if charge else order

    @api.model
    def _rcm_take_procedure(self, data, moment, correlation_id, source):
        """``procedure.completed``: done, with or without an order before it."""
        facility = self._rcm_event_facility(data["facility"])
        item = {"kind": "procedure", **data["procedure"]}
        item.update(number=item.pop("id"), encounter=data["encounter"])
        vals = self._rcm_order_vals(facility, item)
        order = self._rcm_find(facility, vals["number"]) or self._rcm_register(
            vals, correlation_id, source
        )
        if order.state == "cancelled":
            raise RcmPermanent("order_cancelled", "the order was cancelled")
        if order.state in OPEN_STATES:
            order._rcm_bring_up_to_date(vals, source)
        charge = order._rcm_complete_with(data, moment, correlation_id, source)
        return (order, charge) if charge else order

    def _rcm_complete_with(self, data, moment, correlation_id, source):
        """Complete, and charge what came along or what the charge master says."""
        self._rcm_complete(moment.replace(microsecond=0))
        charge = self._rcm_take_given_charge(data.get("charge"), correlation_id, source)
        self._rcm_charge_automatically()
        return charge

    def _rcm_take_given_charge(self, item, correlation_id, source):
        """The charge that came with the news of completion, if any."""
        self.ensure_one()
        Charge = self.env["rcm.charge"]
        if not item or not self.encounter_id:
            if item:
                raise PredecessorMissing(
                    f"encounter:{self.facility_id.code}:{self.encounter_number}"
                )
            return Charge
        known = self.encounter_id._rcm_find_charge(item.get("id"))
        if not known and self.charge_ids.filtered("is_current"):
            raise RcmPermanent(
                "charge_exists", "the service has a charge already; send a correction"
            )
        return self.encounter_id._rcm_add_charge(
            item, correlation_id, source, order=self
        )

    @api.model
    def _rcm_event_facility(self, code):
        return self.env["rcm.encounter"]._rcm_intake_reference(
            "rcm.facility", code, self.env.company
        )

    @api.model
    def _rcm_event_order(self, data):
        facility = self._rcm_event_facility(data["facility"])
        order = self._rcm_find(facility, data["order"])
        if not order:
            raise PredecessorMissing(f"order:{data['facility']}:{data['order']}")
        return order

    @api.model
    def _rcm_order_vals(self, facility, item):
        """Values of an order from its canonical dict."""
        code = (item.get("code") or "").upper()
        service = self.env["rcm.service.code"]._rcm_by_code([code], facility.company_id)
        return {
            "number": item["number"],
            "facility_id": facility.id,
            "encounter_number": item.get("encounter") or False,
            "kind": item.get("kind") or "other",
            "code": code or False,
            "service_code_id": service[code].id if code in service else False,
            "modifiers": ",".join(item.get("modifiers") or ()).upper() or False,
            "units": float(item.get("units") or 1),
            "ordering_npi": item.get("ordering_npi") or False,
            "rendering_npi": item.get("rendering_npi") or False,
            "placed_at": item.get("placed_at") or False,
            "billable": item.get("billable", True),
            "client_id": self._rcm_event_client(item.get("client"), facility).id,
        }

    @api.model
    def _rcm_event_client(self, code, facility):
        Client = self.env["rcm.client"]
        if not code:
            return Client
        return self.env["rcm.encounter"]._rcm_intake_reference(
            "rcm.client", code, facility.company_id
        )

    @api.model
    def _rcm_register(self, vals, correlation_id, source):
        order = self._rcm_create(
            [
                {
                    **vals,
                    "correlation_id": correlation_id,
                    "encounter_id": self._rcm_known_encounter(vals).id,
                }
            ]
        )
        order._rcm_emit("rcm.service.order.placed", source=source)
        order._rcm_pass_on()
        order._rcm_match_waiting()
        return order

    def _rcm_pass_on(self):
        """Client and ordering provider become the encounter's, unless it has them."""
        for order in self:
            encounter = order.encounter_id
            if not encounter or encounter._rcm_is_frozen():
                continue
            vals = {}
            if not encounter.client_id and order.client_id:
                vals["client_id"] = order.client_id.id
            if not encounter.ordering_id and (provider := order._rcm_orderer()):
                vals["ordering_id"] = provider.id
            if vals:
                before = encounter._rcm_audit_snapshot(list(vals))
                encounter.write(vals)
                encounter._rcm_emit_difference(
                    "rcm.encounter.corrected", before, list(vals)
                )

    def _rcm_orderer(self):
        """The person on file who ordered; claims name no organisation there."""
        self.ensure_one()
        Provider = self.env["rcm.provider"]
        if not self.ordering_npi:
            return Provider
        known = Provider._rcm_find_by_npi([self.ordering_npi], self.company_id)
        found = known.get(self.ordering_npi, Provider)
        return found.filtered(lambda item: item.provider_type == "person")

    @api.model
    def _rcm_known_encounter(self, vals):
        if not vals["encounter_number"]:
            return self.env["rcm.encounter"]
        return self.env["rcm.encounter"].search(
            [
                ("facility_id", "=", vals["facility_id"]),
                ("number", "=", vals["encounter_number"]),
            ],
            limit=1,
        )

    def _rcm_bring_up_to_date(self, vals, source):
        """Take over what the source says anew, without blanking what it leaves out."""
        self.ensure_one()
        given = {
            name: value
            for name, value in vals.items()
            if value
            and name != "number"
            and (self._fields[name].convert_to_write(self[name], self) or False)
            != value
        }
        if not given:
            return
        before = self._rcm_audit_snapshot(list(given))
        self.write(given)
        if not self.encounter_id:
            self._rcm_write({"encounter_id": self._rcm_known_encounter(vals).id})
        self._rcm_pass_on()
        self._rcm_emit_difference("rcm.service.order.changed", before, list(given))
