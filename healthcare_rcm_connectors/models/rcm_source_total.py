from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core.money import from_decimal, to_decimal

from ..protocol.totals import Total, compare
from .rcm_event_processing import BATCH_SIZE

CASE = "source_totals"
CRON = "healthcare_rcm_connectors.cron_compare_totals"
# How long late events may still make or mend a difference.
WATCHED_DAYS = 35
OPEN_DAYS = 180
# Flow → (model, field of the day, field of the amount or None, what counts).
MEASURES = {
    "encounters": (
        "rcm.encounter",
        "service_date",
        "total_charge",
        [("state", "!=", "cancelled")],
    ),
    "charges": ("rcm.charge", "service_date", "amount", [("is_current", "=", True)]),
    "orders": (
        "rcm.service.order",
        "placed_at",
        None,
        [("state", "!=", "cancelled")],
    ),
    "claims": (
        "rcm.claim",
        "service_date",
        "total_charge",
        [("state", "not in", ("void", "superseded"))],
    ),
    "remittances": (
        "rcm.remittance",
        "payment_date",
        "amount",
        [("state", "!=", "duplicate")],
    ),
}
FLOWS = [
    ("encounters", "Encounters by service date"),
    ("charges", "Charges by service date"),
    ("orders", "Orders by day placed"),
    ("claims", "Claims by service date"),
    ("remittances", "Remittances by payment date"),
]


class RcmSourceTotal(models.Model):
    """How many and how much a source says it has of a flow and day, and we have."""

    _name = "rcm.source.total"
    _inherit = ["rcm.document.mixin"]
    _description = "Source Total"
    _order = "day desc, id desc"
    _check_company_auto = True
    _rcm_reprocess_roles = ("integration_support", "biller")
    _rcm_protected = (
        "connector_id",
        "company_id",
        "facility_id",
        "flow",
        "day",
        "expected_count",
        "expected_amount",
        "has_amount",
        "actual_count",
        "actual_amount",
        "count_difference",
        "amount_difference",
        "equal",
        "stated_at",
        "compared_at",
    )

    connector_id = fields.Many2one(
        "rcm.connector", string="Source", required=True, readonly=True, index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    facility_id = fields.Many2one("rcm.facility", readonly=True, index=True)
    flow = fields.Selection(FLOWS, required=True, readonly=True)
    day = fields.Date(required=True, readonly=True, index=True)
    stated_at = fields.Datetime(
        string="As Of", readonly=True, help="When the source counted."
    )
    expected_count = fields.Integer(string="Source Has", readonly=True)
    actual_count = fields.Integer(string="We Have", readonly=True)
    count_difference = fields.Integer(
        string="Difference", readonly=True, help="Negative: something did not reach us."
    )
    has_amount = fields.Boolean(readonly=True)
    expected_amount = fields.Monetary(string="Source Amount", readonly=True)
    actual_amount = fields.Monetary(string="Our Amount", readonly=True)
    amount_difference = fields.Monetary(readonly=True)
    equal = fields.Boolean(string="Agrees", readonly=True)
    compared_at = fields.Datetime(string="Compared", readonly=True)

    _one_each = models.UniqueIndex(
        "(connector_id, day, flow, COALESCE(facility_id, 0))",
        "A source has one total of a flow, day and facility.",
    )
    _open_idx = models.Index("(day) WHERE equal IS NOT TRUE")

    @api.depends("flow", "day")
    def _compute_display_name(self):
        flows = dict(self._fields["flow"]._description_selection(self.env))
        for record in self:
            record.display_name = f"{flows.get(record.flow)} {record.day}"

    def _rcm_audit_name(self):
        return f"{self.connector_id.code} {self.flow} {self.day}"

    def _rcm_case_amount(self):
        return abs(self.amount_difference)

    # ------------------------------------------------------------------
    # Steps
    # ------------------------------------------------------------------
    @api.model
    def _rcm_take(self, event, day, facility, totals):
        """Keep what the source says (a later count replaces an earlier); compare.

        :param list totals: of ``source.totals``, version 1
        """
        known = self.search(
            [
                ("connector_id", "=", event.connector_id.id),
                ("day", "=", day),
                ("facility_id", "=", facility.id),
            ]
        ).grouped("flow")
        records = self.browse()
        digits = event.company_id.currency_id.decimal_places
        for item in totals:
            amount = item.get("amount")
            said = {
                "expected_count": item["count"],
                "has_amount": amount is not None,
                "expected_amount": from_decimal(
                    to_decimal(amount or 0, digits), digits
                ),
                "stated_at": event.occurred_at,
            }
            record = known.get(item["flow"])
            if not record:
                record = self._rcm_create(
                    [
                        {
                            **said,
                            "connector_id": event.connector_id.id,
                            "company_id": event.company_id.id,
                            "facility_id": facility.id,
                            "flow": item["flow"],
                            "day": day,
                            "correlation_id": event.correlation_id,
                        }
                    ]
                )
            elif event.occurred_at >= record.stated_at:
                record._rcm_write_logged({record.id: said}, "source_total.stated")
            records |= record
        records._rcm_compare()
        return records

    def _rcm_compare(self):
        """Compare with what is here now; a case for a difference, none when equal."""
        now = fields.Datetime.now()
        for record in self:
            digits = record.currency_id.decimal_places
            expected = Total(
                record.expected_count,
                to_decimal(record.expected_amount, digits)
                if record.has_amount
                else None,
            )
            actual = record._rcm_measure(digits)
            difference = compare(expected, actual)
            ours = {
                "actual_count": actual.count,
                "actual_amount": from_decimal(actual.amount or 0, digits),
                "count_difference": difference.count,
                "amount_difference": from_decimal(difference.amount, digits),
                "equal": difference.is_none,
            }
            if not record.compared_at or any(
                record[name] != value for name, value in ours.items()
            ):
                record._rcm_write_logged({record.id: ours}, "source_total.compared")
            record._rcm_write({"compared_at": now})
            if difference.is_none:
                record._rcm_resolve_cases([CASE], self.env._("Both sides agree now."))
            else:
                record._rcm_raise_difference(expected, actual, difference)

    def _rcm_raise_difference(self, expected, actual, difference):
        """Open the case, or leave the open one alone while it says the same."""
        words = {
            name: self._rcm_words(total.count, total.amount)
            for name, total in (
                ("expected", expected),
                ("actual", actual),
                ("difference", difference),
            )
        }
        open_cases = self.rcm_case_ids.filtered(
            lambda case: case.type_code == CASE
            and case.expected == words["expected"]
            and case.actual == words["actual"]
        )
        if open_cases:
            return
        self._rcm_raise_case(
            CASE,
            self.env._("The source's own totals differ from what is here."),
            **words,
        )

    def _rcm_words(self, count, amount):
        if not self.has_amount:
            return str(count)
        return f"{count} / {amount:.{self.currency_id.decimal_places}f}"

    def _rcm_measure(self, digits):
        """Our :class:`Total` of this flow, day and facility."""
        self.ensure_one()
        model, day_field, amount_field, counts = MEASURES[self.flow]
        domain = fields.Domain(counts) & fields.Domain(
            "company_id", "=", self.company_id.id
        )
        if self.env[model]._fields[day_field].type == "datetime":
            domain &= fields.Domain(day_field, ">=", self.day)
            domain &= fields.Domain(day_field, "<", self.day + timedelta(days=1))
        else:
            domain &= fields.Domain(day_field, "=", self.day)
        # A source that names no facility speaks for those of its connector.
        facilities = self.facility_id or self.connector_id.sudo().facility_ids
        if facilities:
            domain &= fields.Domain("facility_id", "in", facilities.ids)
        aggregates = ["__count"]
        if amount_field and self.has_amount:
            aggregates.append(f"{amount_field}:sum")
        # Numbers only; the comparison is the suite's own.
        [[count, *sums]] = self.env[model].sudo()._read_group(domain, [], aggregates)
        return Total(count, to_decimal((sums or [0])[0] or 0, digits))

    def _rcm_reprocess(self, case):
        self._rcm_compare()
        return all(record.equal for record in self)

    def action_compare(self):
        """Compare again now."""
        self.env.user._rcm_require("integration_support", "biller", "administrator")
        self.check_access("read")
        self.sudo()._rcm_compare()  # role and record rules were checked

    # ------------------------------------------------------------------
    # Scheduled action
    # ------------------------------------------------------------------
    @api.model
    def _cron_compare(self):
        """Compare open differences and recent days again: late events change both."""
        today = fields.Date.context_today(self)
        domain = fields.Domain("day", ">=", today - timedelta(days=WATCHED_DAYS)) | (
            fields.Domain("equal", "=", False)
            & fields.Domain("day", ">=", today - timedelta(days=OPEN_DAYS))
        )
        self.search(domain)._rcm_compare()

    @api.model
    def _rcm_wake_open(self):
        """Compare soon, when events came while a difference is open."""
        limit = fields.Date.context_today(self) - timedelta(days=OPEN_DAYS)
        open_domain = [("equal", "=", False), ("day", ">=", limit)]
        if self.search_count(open_domain, limit=1):
            self.env["ir.cron"]._rcm_wake(CRON)


class RcmEvent(models.Model):
    """Events that were worked on may close a difference."""

    _inherit = "rcm.event"

    @api.model
    def _cron_process_events(self, batch_size=BATCH_SIZE):
        """Work on the inbox, then compare again what a source counted differently."""
        result = super()._cron_process_events(batch_size)
        self.env["rcm.source.total"]._rcm_wake_open()
        return result
