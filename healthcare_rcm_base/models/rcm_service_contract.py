from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core import periods

INTERVALS = [("month", "Month"), ("quarter", "Quarter"), ("year", "Year")]


class RcmServiceContract(models.Model):
    """Services paid for by the period: occupational health, a care programme.

    A scheduled action invoices each period once. The debtor is an ordering client or
    the guarantor of a patient account.
    """

    _name = "rcm.service.contract"
    _inherit = ["rcm.document.mixin", "rcm.batch.mixin"]
    _description = "Service Contract"
    _order = "name, id"
    _check_company_auto = True
    _rcm_state_machine = "service_contract"
    _rcm_protected = ("state", "next_date")
    _rcm_reprocess_roles = ("biller", "finance_manager")
    _rcm_audit_fields = (
        "name",
        "client_id",
        "patient_id",
        "interval",
        "calendar",
        "prorate",
        "date_from",
        "date_to",
        "due_days",
    )

    name = fields.Char(string="Number", required=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    facility_id = fields.Many2one(
        "rcm.facility", required=True, index=True, check_company=True
    )
    client_id = fields.Many2one(
        "rcm.client", check_company=True, index="btree_not_null"
    )
    patient_id = fields.Many2one(
        "rcm.patient.account",
        string="Patient Account",
        check_company=True,
        index="btree_not_null",
        help="Its guarantor is invoiced.",
    )
    interval = fields.Selection(
        INTERVALS, string="Every", required=True, default="month"
    )
    calendar = fields.Boolean(
        string="Calendar Periods",
        default=True,
        help="Periods follow the calendar; the first and last may be parts. Off: they "
        "run from the day the contract begins.",
    )
    prorate = fields.Boolean(
        string="Parts by Days",
        default=True,
        help="A part of a period costs its share of days. Off: it costs all of it.",
    )
    date_from = fields.Date(string="Begins", required=True)
    date_to = fields.Date(string="Ends")
    due_days = fields.Integer(string="Due After (days)", default=30, required=True)
    line_ids = fields.One2many(
        "rcm.service.contract.line", "contract_id", string="Services", copy=True
    )
    period_ids = fields.One2many(
        "rcm.service.contract.period", "contract_id", string="Periods"
    )
    amount = fields.Monetary(compute="_compute_amount", string="Per Period")
    next_date = fields.Date(string="Next Period", readonly=True, copy=False, index=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("active", "Active"),
            ("suspended", "Suspended"),
            ("ended", "Ended"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
    )

    _name_company_uniq = models.UniqueIndex(
        "(company_id, name)", "A service contract with this number exists already."
    )
    _one_debtor = models.Constraint(
        "CHECK((client_id IS NULL) != (patient_id IS NULL))",
        "A service contract is with an ordering client or for a patient account.",
    )
    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_to >= date_from)",
        "A contract cannot end before it begins.",
    )

    @api.depends("line_ids.amount")
    def _compute_amount(self):
        for contract in self:
            contract.amount = sum(contract.line_ids.mapped("amount"))

    def write(self, vals):
        fixed = {"date_from", "interval", "calendar", "client_id", "patient_id"}
        if fixed & vals.keys() and any(item.period_ids for item in self):
            raise UserError(
                self.env._(
                    "Periods were invoiced: debtor, beginning and interval stay. End "
                    "this contract and make another one."
                )
            )
        return super().write(vals)

    @api.constrains("date_to")
    def _check_date_to(self):
        for contract in self:
            last = max(contract._rcm_billed().mapped("date_to"), default=None)
            if contract.date_to and last and contract.date_to < last:
                raise ValidationError(
                    self.env._(
                        "The contract is invoiced until %(day)s. Credit that period "
                        "before ending it earlier.",
                        day=last,
                    )
                )

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_activate(self):
        """Begin to invoice, or go on after a pause that is not invoiced."""
        self._rcm_as("finance_manager")._rcm_activate()

    def action_suspend(self):
        """Invoice nothing until it goes on."""
        self._rcm_as("finance_manager", "biller")._rcm_set_state("suspended")

    def action_end(self):
        """No further period."""
        self._rcm_as("finance_manager")._rcm_set_state("ended", next_date=False)

    def _rcm_as(self, *roles):
        """Check role and record access of the caller, then act with full rights."""
        self.env.user._rcm_require(*roles)
        self.check_access("read")
        return self.sudo()  # role and record rules were checked above

    # ------------------------------------------------------------------
    # Domain
    # ------------------------------------------------------------------
    def _rcm_activate(self):
        today = fields.Date.context_today(self)
        for contract in self:
            if not contract.line_ids:
                raise UserError(self.env._("The contract has no services yet."))
            start = contract.next_date or contract.date_from
            if contract.state == "suspended":
                start = contract._rcm_after_pause(start, today)
            contract._rcm_set_state("active", next_date=start)

    def _rcm_after_pause(self, start, today):
        """The first period that begins after the pause, or the one of today."""
        while start < today:
            period = self._rcm_period(start)
            if not period or period.date_to >= today:
                break
            start = period.date_to + timedelta(days=1)
        return start

    def _rcm_period(self, day):
        """The billing period that begins on ``day``; None after the contract's end."""
        self.ensure_one()
        if self.date_to and day > self.date_to:
            return None
        return periods.period_from(
            day, self.date_from, self.interval, self.calendar, self.date_to or None
        )

    def _rcm_billed(self):
        return self.period_ids.filtered(lambda item: item.state == "billed")

    def _rcm_audit_name(self):
        return self.name


class RcmServiceContractLine(models.Model):
    """One service of a contract and its price a period."""

    _name = "rcm.service.contract.line"
    _inherit = "rcm.audit.mixin"
    _description = "Service Contract Line"
    _order = "contract_id, sequence, id"
    _rcm_audit_fields = ("contract_id", "service_code_id", "quantity", "price")

    contract_id = fields.Many2one(
        "rcm.service.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="contract_id.company_id", store=True)
    facility_id = fields.Many2one(
        related="contract_id.facility_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="contract_id.currency_id")
    sequence = fields.Integer(default=10)
    service_code_id = fields.Many2one("rcm.service.code", string="Service")
    package_id = fields.Many2one("rcm.service.package", string="Package")
    quantity = fields.Float(digits=(12, 3), default=1.0, required=True)
    price = fields.Monetary(
        required=True,
        compute="_compute_price",
        store=True,
        readonly=False,
        precompute=True,
    )
    amount = fields.Monetary(compute="_compute_amount", store=True)

    _one_service = models.Constraint(
        "CHECK(service_code_id IS NOT NULL OR package_id IS NOT NULL)",
        "A contract line names a service or a package.",
    )
    _positive = models.Constraint(
        "CHECK(quantity > 0 AND price >= 0)",
        "Quantities are above zero, prices not below.",
    )

    @api.depends("service_code_id", "package_id")
    def _compute_price(self):
        today = fields.Date.context_today(self)
        for line in self:
            price, service = line.package_id.price, line.service_code_id
            if not price and service:
                contract = line.contract_id
                price = service.with_company(contract.company_id)._rcm_standard_charge(
                    contract.facility_id, contract.date_from or today
                )
            line.price = price

    @api.depends("quantity", "price")
    def _compute_amount(self):
        for line in self:
            line.amount = line.currency_id.round(line.quantity * line.price)
