from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.errors import RcmPermanent
from .rcm_service_order import OPEN_STATES

DEFAULT_CHARGE_HOURS = 48


class RcmServiceOrder(models.Model):
    """From completed services to their charges, and which have none."""

    _inherit = "rcm.service.order"

    # ------------------------------------------------------------------
    # Domain steps
    # ------------------------------------------------------------------
    def _rcm_complete(self, moment):
        """The service was rendered; its charge may be here already."""
        for order in self.filtered(lambda item: item.state in OPEN_STATES):
            order._rcm_set_state("completed", completed_at=moment)
            if not order.billable:
                order._rcm_set_not_billable("no_charge")
        self._rcm_match_waiting()
        self._rcm_check_charged()

    def _rcm_set_not_billable(self, reason):
        due = self.filtered(lambda item: item.state == "completed")
        due._rcm_set_state("not_billable")
        due.write({"not_billable_reason": reason})
        due._rcm_resolve_cases(["charge_missing"], self.env._("Not billable."))

    def _rcm_check_charged(self):
        """Completed services with a charge that counts are charged, and only those."""
        for order in self:
            charged = any(order.charge_ids.mapped("is_current"))
            if charged and order.state in ("completed", "not_billable"):
                order._rcm_set_state("charged")
                order._rcm_resolve_cases(["charge_missing"], self.env._("Charged."))
            elif not charged and order.state == "charged":
                order._rcm_set_state("completed")

    def _rcm_charge_automatically(self):
        """Charge what is completed and set to be charged from the charge master."""
        for order in self.filtered(
            lambda item: item.state == "completed"
            and item.encounter_id
            and item.service_code_id.charge_on_completion
        ):
            try:
                with self.env.cr.savepoint():
                    order._rcm_charge_from_master()
            except RcmPermanent as error:
                order._rcm_raise_case("charge_missing", error.message)

    def _rcm_charge_from_master(self):
        """Make the charge of this completed service, at the charge master's price."""
        self.ensure_one()
        day = self.company_id._rcm_day_of(self.completed_at)
        return self.encounter_id._rcm_add_charge(
            {
                "id": self.number,
                "code": self.code,
                "modifiers": [
                    part.strip()
                    for part in (self.modifiers or "").split(",")
                    if part.strip()
                ],
                "units": _plain_units(self.units),
                "service_date": day.isoformat(),
                "rendering_npi": self.rendering_npi or None,
            },
            self.correlation_id,
            None,
            origin="completion",
            order=self,
        )

    def _rcm_master_price(self):
        """What a unit of the ordered service is charged at, by the charge master."""
        self.ensure_one()
        if not self.service_code_id:
            return 0.0
        done = self.completed_at or fields.Datetime.now()
        day = self.company_id._rcm_day_of(done)
        return self.service_code_id._rcm_standard_charge(
            self.encounter_id.facility_id or self.facility_id, day
        )

    def _rcm_require_chargeable(self):
        self.ensure_one()
        if not self.encounter_id:
            raise UserError(
                self.env._(
                    "Order %s has no encounter yet: it comes from the source system.",
                    self.number,
                )
            )
        if not self._rcm_master_price():
            raise UserError(
                self.env._(
                    "The charge master has no price for %(code)s. Add it under "
                    "Configuration → Service Codes, or enter the charge on the "
                    "encounter.",
                    code=self.code
                    or self.env._("the service of order") + f" {self.number}",
                )
            )

    # ------------------------------------------------------------------
    # Meeting encounters and charges
    # ------------------------------------------------------------------
    @api.model
    def _rcm_match_charges(self, charges):
        """Link new charges to the open or completed orders they are for.

        Same encounter and code, one charge for each order, the oldest order first;
        a charge that names its order is linked already.
        """
        free = charges.filtered(lambda item: not item.order_id and item.code)
        if not free:
            return
        # The charge was written under its own rights; orders only take note of it.
        orders = self.sudo().search(
            [
                ("encounter_id", "in", free.encounter_id.ids),
                ("code", "in", list(set(free.mapped("code")))),
                ("state", "in", (*OPEN_STATES, "completed")),
                ("billable", "=", True),
            ],
            order="id",
        )
        if orders:
            orders._rcm_take_charges(free.sudo())

    def _rcm_match_waiting(self):
        """Link charges that were there before the order was."""
        waiting = self.filtered(lambda item: not item.charge_ids and item.billable)
        charges = waiting.encounter_id.charge_ids.filtered(
            lambda item: item.is_current and not item.order_id
        )
        waiting._rcm_take_charges(charges)

    def _rcm_take_charges(self, charges):
        free = list(charges)
        for order in self.filtered(lambda item: not item.charge_ids):
            found = next(
                (
                    charge
                    for charge in free
                    if charge.encounter_id == order.encounter_id
                    and charge.code == order.code
                ),
                None,
            )
            if found:
                free.remove(found)
                found._rcm_write({"order_id": order.id})
        self._rcm_check_charged()

    # ------------------------------------------------------------------
    # Scheduled action: completeness
    # ------------------------------------------------------------------
    @api.model
    def _rcm_charge_hours(self):
        """How long a completed service may be without a charge."""
        return int(
            self.env["ir.config_parameter"]
            .sudo()  # a tuning value
            .get_param("healthcare_rcm_base.charge_missing_hours", DEFAULT_CHARGE_HOURS)
        )

    @api.model
    def _cron_charge_completeness(self):
        """Completed services that are overdue for their charge become cases."""
        limit = fields.Datetime.now() - timedelta(hours=self._rcm_charge_hours())
        self._rcm_run_batches(
            [
                ("state", "=", "completed"),
                ("completed_at", "<=", limit),
                ("rcm_open_case_count", "=", 0),
            ],
            "_rcm_charge_overdue",
            200,
            "charge_missing",
        )

    def _rcm_charge_overdue(self):
        """Try once more to charge; what still has none gets its case."""
        self._rcm_match_waiting()
        self._rcm_charge_automatically()
        missing = self.filtered(lambda item: item.state == "completed")
        for order in missing.filtered(lambda item: not item.rcm_open_case_count):
            order._rcm_raise_case(
                "charge_missing",
                self.env._(
                    "Completed on %(day)s and not charged.",
                    day=order.company_id._rcm_day_of(order.completed_at),
                ),
                amount=order._rcm_master_price() * order.units,
            )

    def _rcm_reprocess(self, case):
        """Look for the charge again, or make it."""
        self._rcm_match_waiting()
        self._rcm_charge_automatically()
        return all(order.state != "completed" for order in self)


class RcmEncounter(models.Model):
    """Encounters take up the orders that came before them."""

    _inherit = "rcm.encounter"

    order_ids = fields.One2many("rcm.service.order", "encounter_id", string="Orders")

    @api.model_create_multi
    def create(self, vals_list):
        encounters = super().create(vals_list)
        encounters._rcm_adopt_orders()
        return encounters

    def _rcm_adopt_orders(self):
        """Orders that named these encounters before they were known are theirs."""
        # Who registers an encounter need not have rights on orders.
        waiting = (
            self.env["rcm.service.order"]
            .sudo()
            .search(
                [
                    ("encounter_id", "=", False),
                    ("encounter_number", "in", self.mapped("number")),
                    ("facility_id", "in", self.facility_id.ids),
                ]
            )
        )
        if not waiting:
            return
        known = {(item.facility_id.id, item.number): item for item in self}
        for order in waiting:
            encounter = known.get((order.facility_id.id, order.encounter_number))
            if encounter:
                order._rcm_write({"encounter_id": encounter.id})
                order._rcm_pass_on()
                order._rcm_match_waiting()
                order._rcm_charge_automatically()


def _plain_units(units):
    """Units as text without needless zeros: 1, 2.5."""
    return f"{units:.3f}".rstrip("0").rstrip(".")
