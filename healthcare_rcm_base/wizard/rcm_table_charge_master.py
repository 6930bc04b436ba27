from collections import defaultdict
from decimal import Decimal

from odoo import api, models

from ..core import table
from ..core.effective import Row, settle
from ..core.money import from_decimal, to_decimal

COLUMNS = (
    table.Column("code", "Code", "code", required=True, longest=16, example="99213"),
    table.Column(
        "facility",
        "Facility",
        "code",
        longest=64,
        aliases=("Facility code",),
        example="MAIN",
    ),
    table.Column(
        "amount",
        "Charge",
        "number",
        required=True,
        minimum=Decimal(0),
        maximum=Decimal("9999999.99"),
        aliases=("Amount", "Price", "Charge a unit"),
        example="150.00",
    ),
    table.Column(
        "date_from",
        "Valid from",
        "date",
        required=True,
        aliases=("From",),
        example="2026-01-01",
    ),
    table.Column("date_to", "Valid until", "date", aliases=("Until", "To")),
)


class RcmTableChargeMaster(models.AbstractModel):
    """Charge master prices: a new price ends the one before it."""

    _name = "rcm.table.charge_master"
    _inherit = "rcm.table.kind"
    _description = "Import File: Charge Master"

    @api.model
    def _rcm_columns(self, wizard):
        return COLUMNS

    @api.model
    def _rcm_plan(self, wizard, sheet):
        services = self.env["rcm.service.code"]._rcm_by_code(
            {record["code"] for _row, record in sheet.records}, self.env.company
        )
        facilities = {
            facility.code.upper(): facility
            for facility in self.env["rcm.facility"].search(
                [("company_id", "=", self.env.company.id)]
            )
        }
        code, facility = COLUMNS[:2]
        faults = [
            *self._rcm_look_up(sheet, code, services, self.env._("Service Codes")),
            *self._rcm_look_up(sheet, facility, facilities, self.env._("Facilities")),
            *self._rcm_repeated(
                sheet,
                lambda item: (item["code"], item.get("facility"), item["date_from"]),
            ),
            *(
                table.Fault(row, "Valid until", str(record["date_to"]), "order")
                for row, record in sheet.records
                if record.get("date_to") and record["date_to"] < record["date_from"]
            ),
        ]
        if faults:
            return None, faults
        return self._rcm_settle(sheet, services, facilities), []

    @api.model
    def _rcm_settle(self, sheet, services, facilities):
        """[(key, changed rows, new rows)] by service and facility."""
        incoming = defaultdict(list)
        for _row, record in sheet.records:
            service = services[record["code"]]
            where = facilities.get(record.get("facility"))
            row = Row(
                None, record["date_from"], record.get("date_to"), record["amount"]
            )
            incoming[service.id, where.id if where else False].append(row)
        known = self.env["rcm.service.charge"]._rcm_find(
            self.env["rcm.service.code"].union(*services.values()), self.env.company
        )
        plan = []
        for key, rows in incoming.items():
            standing = [
                Row(item.id, item.date_from, item.date_to or None, _exact(item.amount))
                for item in known.get(key, ())
            ]
            _all, changed, new = settle(standing, rows)
            plan.append((key, changed, new))
        return plan

    @api.model
    def _rcm_apply(self, wizard, plan):
        Charge = self.env["rcm.service.charge"]
        touched, vals_list = Charge, []
        for key, changed, new in plan:
            # Those that end make room for those that stay longer.
            for row in sorted(changed, key=lambda item: item.start):
                price = Charge.browse(row.ref)
                price.write(
                    {"amount": from_decimal(row.data), "date_to": row.end or False}
                )
                touched |= price
            vals_list += [
                {
                    "service_code_id": key[0],
                    "facility_id": key[1],
                    "company_id": self.env.company.id,
                    "amount": from_decimal(row.data),
                    "date_from": row.start,
                    "date_to": row.end or False,
                }
                for row in new
            ]
        added = Charge.create(vals_list)
        summary = self.env._(
            "%(added)s prices added, %(changed)s changed or ended.",
            added=len(added),
            changed=len(touched),
        )
        action = self.env["ir.actions.actions"]._for_xml_id(
            "healthcare_rcm_base.rcm_service_charge_action"
        )
        # Prices of days to come as well, which the list hides at first.
        action["domain"] = [("id", "in", (added | touched).ids)]
        action["context"] = {}
        return summary, action

    @api.model
    def _rcm_rows(self, prices):
        """The sheet of ``prices``; imported again it changes nothing."""
        rows = [table.header(COLUMNS)]
        for price in prices:
            record = {
                "code": price.service_code_id.code,
                "facility": price.facility_id.code,
                "amount": _exact(price.amount),
                "date_from": price.date_from,
                "date_to": price.date_to,
            }
            rows.append(table.cells(record, COLUMNS))
        return rows


class RcmServiceCharge(models.Model):
    """Charge master to and from a file."""

    _inherit = "rcm.service.charge"

    def action_export(self):
        """Download these prices in the format of the import."""
        self.check_access("read")
        prices = self or self.search([("company_id", "in", self.env.companies.ids)])
        rows = self.env["rcm.table.charge_master"]._rcm_rows(prices)
        return self.env["rcm.table.download"]._rcm_offer("charge-master", rows, "xlsx")


def _exact(amount):
    return to_decimal(amount or 0.0)
