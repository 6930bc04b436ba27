from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import table
from ..core.effective import Span, overlapping
from ..core.money import from_decimal, to_decimal
from ..models.rcm_payer_contract import PERCENT_DIGITS

MOST = Decimal("9999999.99")
MOST_PERCENT = Decimal(999)
# Columns that decide which charges a rate fits; the others say what it is worth.
CRITERIA = (
    "code",
    "code_to",
    "modifier",
    "place_of_service",
    "facility",
    "revenue_code",
    "sequence",
)


class RcmTableContractRates(models.AbstractModel):
    """The fee schedule of a contract: into a draft, or as the next version."""

    _name = "rcm.table.contract_rates"
    _inherit = "rcm.table.kind"
    _description = "Import File: Contract Rates"

    @api.model
    def _rcm_columns(self, wizard):
        return self._columns()

    @api.model
    def _columns(self):
        Rate = self.env["rcm.payer.contract.rate"]
        methods = Rate._fields["method"]._description_selection(self.env)
        code, number = table.Column, _number
        return (
            code("code", "Code", "code", longest=16, example="99213"),
            code("code_to", "To code", "code", longest=16, aliases=("Code to",)),
            code(
                "modifier",
                "Modifiers",
                "code",
                longest=20,
                aliases=("Modifier",),
                example="25",
            ),
            code(
                "place_of_service",
                "Place of service",
                "code",
                longest=2,
                zero_fill=2,
                aliases=("POS",),
                example="11",
            ),
            code("facility", "Facility", "code", longest=64, example="MAIN"),
            code("revenue_code", "Revenue code", "code", longest=4, zero_fill=4),
            code(
                "method",
                "Method",
                "choice",
                required=True,
                choices=tuple(methods),
                example=dict(methods)["per_unit"],
            ),
            number("amount", "Amount", 2, MOST, ("Rate", "Fee"), "92.00"),
            number("percent", "Percent", PERCENT_DIGITS, MOST_PERCENT, ("%",)),
            number(
                "charge_cap_percent",
                "Cap % of charge",
                PERCENT_DIGITS,
                MOST_PERCENT,
                ("Cap", "Lesser of %"),
                "100",
            ),
            code("multiple_procedure", "Reducible", "flag", example="no"),
            code("carve_out", "Carve out", "flag", example="no"),
            code("date_from", "From", "date", aliases=("Valid from",)),
            code("date_to", "Until", "date", aliases=("Valid until",)),
            number("sequence", "Order", 0, Decimal(9999), ("Sequence",), "10"),
        )

    # ------------------------------------------------------------------
    # Plan
    # ------------------------------------------------------------------
    @api.model
    def _rcm_plan(self, wizard, sheet):
        contract = wizard.contract_id
        wizard._rcm_check_contract()
        facilities = {
            facility.code.upper(): facility.id
            for facility in self.env["rcm.facility"].search(
                [("company_id", "=", contract.company_id.id)]
            )
        }
        services = self.env["rcm.service.code"]._rcm_by_code(
            {record.get("code") for _row, record in sheet.records} - {None},
            contract.company_id,
        )
        column = next(item for item in self._columns() if item.name == "facility")
        faults = self._rcm_look_up(
            sheet, column, facilities, self.env._("Configuration → Facilities")
        )
        faults += [
            fault for row, record in sheet.records for fault in _row_faults(row, record)
        ]
        faults += _clashes(sheet.records)
        if faults:
            return None, sorted(faults, key=lambda fault: fault.row)
        return [
            _rate_vals(record, facilities, services) for _row, record in sheet.records
        ], []

    @api.model
    def _rcm_fault_words(self):
        return {
            "range": (
                self.env._("A range needs two codes of the same length, in order."),
                self.env._("Correct “Code” and “To code”."),
            ),
            "percent_missing": (
                self.env._("A percent of charge needs its percent."),
                self.env._("Fill in “Percent”."),
            ),
            "amount_missing": (
                self.env._("The rate has no amount."),
                self.env._("Fill in “Amount”."),
            ),
            "modifier": (
                self.env._("A modifier has two letters or digits."),
                self.env._("Write them with commas between: 25, 59."),
            ),
            "clash": (
                self.env._("Another row has the same conditions in that time."),
                self.env._("Change the dates, or take one out: see row %s."),
            ),
        }

    # ------------------------------------------------------------------
    # Apply
    # ------------------------------------------------------------------
    @api.model
    def _rcm_apply(self, wizard, plan):
        contract = wizard.contract_id
        if wizard.contract_mode == "version":
            contract = contract._rcm_new_version(wizard.version_date, rates=False)
        removed = changed = 0
        if wizard.contract_mode == "add":
            plan, changed = self._rcm_update(contract, plan)
        else:
            removed = len(contract.rate_ids)
            contract.rate_ids.unlink()
        added = self.env["rcm.payer.contract.rate"].create(
            [{**vals, "contract_id": contract.id} for vals in plan]
        )
        contract._rcm_emit(
            "rcm.payer.contract.rates_imported",
            {
                "added": [None, len(added)],
                "changed": [None, changed],
                "removed": [None, removed],
            },
        )
        summary = self.env._(
            "%(contract)s: %(added)s rates added, %(changed)s changed, "
            "%(removed)s removed.",
            contract=contract.name,
            added=len(added),
            changed=changed,
            removed=removed,
        )
        return summary, {
            "type": "ir.actions.act_window",
            "res_model": contract._name,
            "res_id": contract.id,
            "views": [(False, "form")],
        }

    @api.model
    def _rcm_update(self, contract, plan):
        """Change the rates that stand with the same conditions and start.

        :return: (values of rates that are new, number of changed ones)
        """
        standing = {
            (rate._criteria(), rate.date_from or None): rate
            for rate in contract.rate_ids
        }
        fresh, changed = [], 0
        Rate = self.env["rcm.payer.contract.rate"]
        for vals in plan:
            probe = Rate.new({**vals, "contract_id": contract.id})
            key = (contract.id, *probe._criteria()[1:]), probe.date_from or None
            if rate := standing.get(key):
                rate.write(vals)
                changed += 1
            else:
                fresh.append(vals)
        return fresh, changed

    # ------------------------------------------------------------------
    # Export
    # ------------------------------------------------------------------
    @api.model
    def _rcm_rows(self, rates):
        """The sheet of ``rates``; imported again it gives the same rates."""
        columns = self._columns()
        return [
            table.header(columns),
            *(table.cells(_record(rate), columns) for rate in rates),
        ]


class RcmTableImport(models.TransientModel):
    """What an import of contract rates needs to be told."""

    _inherit = "rcm.table.import"

    contract_id = fields.Many2one("rcm.payer.contract")
    contract_state = fields.Selection(
        string="Contract Status", related="contract_id.state"
    )
    contract_mode = fields.Selection(
        [
            ("replace", "Replace all rates of the draft"),
            ("add", "Add to the draft, changing rates that are there"),
            ("version", "Make the next version of the contract"),
        ],
        string="What To Do",
        compute="_compute_contract_mode",
        store=True,
        readonly=False,
        help="A contract in effect is not rewritten: its rates go into a new version, "
        "a draft until it is put into effect.",
    )
    version_date = fields.Date(
        string="Version From",
        default=lambda self: fields.Date.context_today(self),
        help="First day of the new version.",
    )

    @api.depends("contract_id")
    def _compute_contract_mode(self):
        for wizard in self:
            draft = wizard.contract_id.state in (False, "draft")
            wizard.contract_mode = "replace" if draft else "version"

    def _rcm_check_contract(self):
        """Refuse what would rewrite a contract in effect."""
        self.ensure_one()
        if not self.contract_id:
            raise UserError(self.env._("Choose the contract."))
        self.contract_id.check_access("write")
        if self.contract_mode == "version":
            if not self.version_date:
                raise UserError(self.env._("Say from when the new version holds."))
        elif self.contract_id.state != "draft":
            raise UserError(
                self.env._(
                    "This contract is in effect and is not rewritten. Make the next "
                    "version of it."
                )
            )


class RcmPayerContract(models.Model):
    """Fee schedules to and from files."""

    _inherit = "rcm.payer.contract"

    def action_import_rates(self):
        """Bring a fee schedule in from a file."""
        self.ensure_one()
        return self.env["rcm.table.import"]._rcm_open(
            "contract_rates", contract_id=self.id
        )

    def action_export_rates(self):
        """Download the rates as XLSX, in the format of the import."""
        return self._rcm_export_rates("xlsx")

    def action_export_rates_csv(self):
        """Download the rates as CSV, in the format of the import."""
        return self._rcm_export_rates("csv")

    def _rcm_export_rates(self, extension):
        self.ensure_one()
        self.check_access("read")
        rows = self.env["rcm.table.contract_rates"]._rcm_rows(self.rate_ids)
        name = "".join(
            character if character.isalnum() else "-" for character in self.name
        )
        return self.env["rcm.table.download"]._rcm_offer(name, rows, extension)


# ----------------------------------------------------------------------
# Helpers
# ----------------------------------------------------------------------
def _number(name, label, digits, maximum, aliases=(), example=""):
    return table.Column(
        name,
        label,
        "number",
        digits=digits,
        minimum=Decimal(0),
        maximum=maximum,
        aliases=aliases,
        example=example,
    )


def _modifiers(record):
    parts = (record.get("modifier") or "").replace(" ", ",").split(",")
    return tuple(dict.fromkeys(part for part in parts if part))


def _row_faults(row, record):
    """What one row gets wrong by itself."""
    code, last = record.get("code") or "", record.get("code_to")
    if last and (len(code) != len(last) or last < code):
        yield table.Fault(row, "To code", last, "range")
    if record["method"] == "percent_of_charge":
        if not record.get("percent"):
            yield table.Fault(row, "Percent", "", "percent_missing")
    elif record.get("amount") is None:
        yield table.Fault(row, "Amount", "", "amount_missing")
    if any(len(item) != 2 or not item.isalnum() for item in _modifiers(record)):
        yield table.Fault(row, "Modifiers", record["modifier"], "modifier")
    start, end = record.get("date_from"), record.get("date_to")
    if start and end and end < start:
        yield table.Fault(row, "Until", str(end), "order")


def _clashes(records):
    """Rows that would price the same charges on the same day."""
    groups = defaultdict(list)
    for row, record in records:
        key = tuple(
            frozenset(_modifiers(record)) if name == "modifier" else record.get(name)
            for name in CRITERIA
        )
        groups[key].append(Span(row, record.get("date_from"), record.get("date_to")))
    for spans in groups.values():
        if pair := overlapping(spans):
            first, second = sorted(span.ref for span in pair)
            yield table.Fault(second, "Code", "", "clash", str(first))


def _rate_vals(record, facilities, services):
    code, last = record.get("code"), record.get("code_to")
    service = services.get(code) if code and not last else None
    return {
        "service_code_id": service.id if service else False,
        "code": code or False,
        "code_to": last or False,
        "modifier": ",".join(_modifiers(record)) or False,
        "place_of_service": record.get("place_of_service") or False,
        "facility_id": facilities.get(record.get("facility")) or False,
        "revenue_code": record.get("revenue_code") or False,
        "method": record["method"],
        "amount": from_decimal(record.get("amount") or 0),
        "percent": from_decimal(record.get("percent") or 0, PERCENT_DIGITS),
        "charge_cap_percent": from_decimal(
            record.get("charge_cap_percent") or 0, PERCENT_DIGITS
        ),
        "multiple_procedure": bool(record.get("multiple_procedure")),
        "carve_out": bool(record.get("carve_out")),
        "date_from": record.get("date_from") or False,
        "date_to": record.get("date_to") or False,
        "sequence": 10 if record.get("sequence") is None else int(record["sequence"]),
    }


def _record(rate):
    """A rate as a row of the sheet; what is not set is empty."""
    percent = to_decimal(rate.percent or 0.0, PERCENT_DIGITS).normalize()
    cap = to_decimal(rate.charge_cap_percent or 0.0, PERCENT_DIGITS).normalize()
    amount = to_decimal(rate.amount or 0.0, rate.currency_id.decimal_places)
    needs_amount = rate.method != "percent_of_charge"
    return {
        "code": rate.code,
        "code_to": rate.code_to,
        "modifier": ",".join(rate._modifiers()),
        "place_of_service": rate.place_of_service,
        "facility": rate.facility_id.code,
        "revenue_code": rate.revenue_code,
        "method": rate.method,
        "amount": amount if amount or needs_amount else None,
        "percent": percent or None,
        "charge_cap_percent": cap or None,
        "multiple_procedure": rate.multiple_procedure,
        "carve_out": rate.carve_out,
        "date_from": rate.date_from,
        "date_to": rate.date_to,
        "sequence": Decimal(rate.sequence),
    }
