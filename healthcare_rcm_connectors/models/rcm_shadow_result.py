from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core.money import from_decimal, to_decimal

from ..protocol.totals import Total
from .rcm_event_attempt import ERROR_CLASSES

OUTCOMES = [
    ("done", "Would have been booked"),
    ("waiting_predecessor", "Would have waited"),
    ("retry", "Would have been tried again"),
    ("ignored", "Would have been ignored"),
    ("dead", "Would have failed"),
]
# Flow of a source's totals → (field with the count, with the amount or None).
FLOW_FIELDS = {
    "encounters": ("encounter_count", "encounter_amount"),
    "charges": ("charge_count", "charge_amount"),
    "orders": ("order_count", None),
    "claims": ("claim_count", "claim_amount"),
    "remittances": ("remittance_count", "remittance_amount"),
}


class RcmShadowResult(models.Model):
    """What an event would have done, had its facility been live: numbers only.

    One row for each day the event counts for: a remittance file may hold payments of
    several days, a stay has charges of several.
    """

    _name = "rcm.shadow.result"
    _inherit = ["rcm.audit.mixin"]
    _description = "Shadow Result"
    _order = "id desc"
    _rcm_audit_fields = (
        "facility_id",
        "outcome",
        "error_code",
        "charge_amount",
        "claim_amount",
        "handed_over",
    )

    event_id = fields.Many2one(
        "rcm.event", required=True, readonly=True, index=True, ondelete="cascade"
    )
    facility_id = fields.Many2one(
        "rcm.facility", required=True, readonly=True, index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    connector_id = fields.Many2one(related="event_id.connector_id", store=True)
    type_id = fields.Many2one(related="event_id.type_id", store=True)
    occurred_at = fields.Datetime(related="event_id.occurred_at", store=True)
    business_key = fields.Char(readonly=True)
    day = fields.Date(readonly=True, index=True, help="The day it counts for.")
    outcome = fields.Selection(OUTCOMES, required=True, readonly=True)
    error_class = fields.Selection(ERROR_CLASSES, string="Kind of Error", readonly=True)
    error_code = fields.Char(readonly=True)
    message = fields.Char(string="What Would Have Gone Wrong", readonly=True)
    encounter_count = fields.Integer(string="Encounters", readonly=True)
    encounter_amount = fields.Monetary(string="Charged in Encounters", readonly=True)
    charge_count = fields.Integer(string="Charges", readonly=True)
    charge_amount = fields.Monetary(string="Charged", readonly=True)
    order_count = fields.Integer(string="Orders", readonly=True)
    claim_count = fields.Integer(string="Claims", readonly=True)
    claim_amount = fields.Monetary(string="Claimed", readonly=True)
    remittance_count = fields.Integer(string="Remittances", readonly=True)
    remittance_amount = fields.Monetary(string="Remitted", readonly=True)
    stopped_count = fields.Integer(
        string="Claims Stopped",
        readonly=True,
        help="Claims that validation would have stopped.",
    )
    case_codes = fields.Char(
        string="Exceptions", readonly=True, help="Kinds of exceptions it would raise."
    )
    superseded = fields.Boolean(
        readonly=True, help="A later event of the same thing says more."
    )
    handed_over = fields.Boolean(
        readonly=True, help="Booked for real when the facility went live."
    )

    _count_idx = models.Index("(facility_id, day) WHERE superseded IS NOT TRUE")
    _key_idx = models.Index("(facility_id, business_key)")

    def _rcm_audit_name(self):
        return self.event_id._rcm_audit_name()

    def _rcm_correlation_id(self):
        """The rehearsal stands on the thread of its event."""
        return self.event_id.correlation_id

    # ------------------------------------------------------------------
    # Keeping
    # ------------------------------------------------------------------
    @api.model
    def _rcm_keep(self, event, facility, days, outcome):
        """Store what a rehearsal of ``event`` found; it stands for its business key.

        :param days: the numbers of each day, a dict each
        """
        if event.business_key:
            self.search(
                [
                    ("facility_id", "=", facility.id),
                    ("business_key", "=", event.business_key),
                    ("superseded", "=", False),
                ]
            ).write({"superseded": True})
        found = {
            "event_id": event.id,
            "facility_id": facility.id,
            "company_id": event.company_id.id,
            "business_key": event.business_key,
            "outcome": outcome.state,
            "error_class": outcome.error_class,
            "error_code": outcome.error_code,
            "message": outcome.message,
        }
        return self.create([{**found, **facts} for facts in days or [{}]])

    @api.model
    def _rcm_measure(self, facility, flow, day, digits):
        """Our :class:`Total` of a shadow facility: what would have been booked."""
        names = FLOW_FIELDS.get(flow)
        if not names:
            return Total(0, to_decimal(0, digits))
        count_field, amount_field = names
        # Numbers only; the comparison is the suite's own.
        found = self.sudo().search(
            [
                ("facility_id", "=", facility.id),
                ("day", "=", day),
                ("superseded", "=", False),
            ]
        )
        count = sum(found.mapped(count_field))
        amount = sum(
            (to_decimal(value, digits) for value in found.mapped(amount_field or "id"))
            if amount_field
            else (),
            to_decimal(0, digits),
        )
        return Total(count, amount)


class RcmSourceTotal(models.Model):
    """A source's totals of a shadow facility are compared with the rehearsal."""

    _inherit = "rcm.source.total"

    def _rcm_measure(self, digits):
        self.ensure_one()
        facility = self._rcm_rehearsed_facility()
        if facility:
            results = self.env["rcm.shadow.result"]
            return results._rcm_measure(facility, self.flow, self.day, digits)
        return super()._rcm_measure(digits)

    def _rcm_rehearsed_facility(self):
        """The facility this total is about, when its day was only rehearsed."""
        # Whether a facility is live decides what is compared, for whoever looks.
        facility = self.facility_id.sudo()
        if not facility and len(self.connector_id.sudo().facility_ids) == 1:
            facility = self.connector_id.sudo().facility_ids
        if not facility:
            return facility
        before = facility.live_since and self.day < facility.live_since.date()
        return facility if facility.intake_mode == "shadow" or before else facility[:0]


def amount_of(records, name, digits):
    """The exact sum of a money field, as Odoo stores it."""
    total = sum(
        (to_decimal(value, digits) for value in records.mapped(name)),
        to_decimal(0, digits),
    )
    return from_decimal(total, digits)
