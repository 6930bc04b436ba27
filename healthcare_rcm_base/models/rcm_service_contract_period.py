from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import periods
from ..core.ledger_client import total
from ..core.ledger_entries import EntryError
from ..core.money import to_decimal


class RcmServiceContractPeriod(models.Model):
    """One invoiced period of a contract; never twice."""

    _name = "rcm.service.contract.period"
    _inherit = "rcm.document.mixin"
    _description = "Contract Period"
    _order = "contract_id, date_from desc, id desc"
    _rcm_protected = (
        "contract_id",
        "date_from",
        "date_to",
        "amount_untaxed",
        "amount_total",
        "move_id",
        "credit_id",
        "state",
    )

    contract_id = fields.Many2one(
        "rcm.service.contract",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="contract_id.company_id", store=True)
    facility_id = fields.Many2one(
        related="contract_id.facility_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="contract_id.currency_id")
    date_from = fields.Date(string="From", required=True, readonly=True)
    date_to = fields.Date(string="To", required=True, readonly=True)
    amount_untaxed = fields.Monetary(string="Without Tax", readonly=True)
    amount_total = fields.Monetary(string="Total", readonly=True)
    move_id = fields.Many2one("account.move", string="Entry", readonly=True)
    move_name = fields.Char(related="move_id.name", string="Invoice")
    payment_state = fields.Selection(related="move_id.payment_state", string="Payment")
    credit_id = fields.Many2one("account.move", string="Credit Note", readonly=True)
    state = fields.Selection(
        [("billed", "Invoiced"), ("credited", "Credited")],
        string="Status",
        required=True,
        readonly=True,
        default="billed",
    )

    _period_uniq = models.UniqueIndex(
        "(contract_id, date_from) WHERE state = 'billed'",
        "This period of the contract is invoiced already.",
    )
    _period_ordered = models.Constraint(
        "CHECK(date_to >= date_from)", "The period ends before it begins."
    )

    def action_credit(self):
        """Credit the invoice of this period in full."""
        self.env.user._rcm_require("finance_manager")
        self.check_access("read")
        self.sudo()._rcm_credit()  # role and record rules were checked above

    def _rcm_credit(self):
        for period in self.filtered(lambda item: item.state == "billed"):
            period.lock_for_update()
            contract = period.contract_id
            today = fields.Date.context_today(period)
            credit = contract._rcm_post_period(
                periods.Period(
                    period.date_from,
                    period.date_to,
                    contract._rcm_period(period.date_from).full_days,
                ),
                today,
                origin=period,
            )
            key = contract._rcm_receivable()
            lines = (period.move_id | credit).line_ids
            owed = lines.filtered(lambda line, key=key: line.rcm_purpose == key)
            self.env["rcm.claim"]._rcm_match([owed])
            period._rcm_write({"state": "credited", "credit_id": credit.id})
            period._rcm_emit(
                "rcm.service.contract.credited", {"state": ["billed", "credited"]}
            )

    def _rcm_audit_name(self):
        return f"{self.contract_id.name} {self.date_from}"


class RcmServiceContract(models.Model):
    """Invoicing the periods of contracts."""

    _inherit = "rcm.service.contract"

    @api.model
    def _cron_bill_contracts(self):
        """Invoice the periods of running service contracts that are due."""
        self._rcm_run_batches(
            self._rcm_due_domain(), "_rcm_bill_periods", 20, "contract_invoice_failed"
        )

    @api.model
    def _rcm_due_domain(self):
        """Contracts with a period to invoice; extended where some have to wait."""
        today = fields.Date.context_today(self)
        return fields.Domain("state", "=", "active") & fields.Domain(
            "next_date", "<=", today
        )

    def _rcm_bill_periods(self):
        """Invoice each period that has begun, the oldest first, each once."""
        today = fields.Date.context_today(self)
        for contract in self.filtered(lambda item: item.state == "active"):
            contract.company_id._rcm_require_accounting()
            while contract.next_date and contract.next_date <= today:
                period = contract._rcm_period(contract.next_date)
                if not contract._rcm_may_bill(period):
                    break
                contract._rcm_bill_period(period)
            else:
                contract._rcm_resolve_cases(
                    ["contract_invoice_failed"], self.env._("Invoiced.")
                )

    def _rcm_may_bill(self, period):
        """Whether ``period`` (None after the last one) may be invoiced now (hook)."""
        return True

    def _rcm_bill_period(self, period):
        """Invoice one period; after the last one the contract has ended."""
        self.ensure_one()
        if period is None:
            self._rcm_set_state("ended", next_date=False)
            return
        billed = self._rcm_billed().filtered(
            lambda item: item.date_from == period.date_from
        )
        if not billed:
            move = self._rcm_post_period(period, period.date_from)
            self.env["rcm.service.contract.period"]._rcm_create(
                [
                    {
                        "contract_id": self.id,
                        "date_from": period.date_from,
                        "date_to": period.date_to,
                        "amount_untaxed": move.amount_untaxed,
                        "amount_total": move.amount_total,
                        "move_id": move.id,
                        "correlation_id": self.correlation_id,
                    }
                ]
            )._rcm_emit("rcm.service.contract.invoiced")
        following = period.date_to + timedelta(days=1)
        if self.date_to and following > self.date_to:
            self._rcm_set_state("ended", next_date=False)
        else:
            self._rcm_write({"next_date": following})

    def _rcm_post_period(self, period, day, origin=None):
        """Post the invoice of ``period``, or the credit note of ``origin``'s."""
        self.ensure_one()
        Direct = self.env["rcm.direct.invoice"]
        receivable = self._rcm_receivable()
        if origin:
            items, marks = self._rcm_credit_items(origin)
        else:
            items, marks = self._rcm_period_items(period)
        reference = f"{self.name}/{period.date_from:%Y-%m-%d}"
        vals = Direct._rcm_direct_vals(
            self,
            items,
            marks,
            receivable,
            partner_id=self._rcm_debtor().id,
            invoice_date=day,
            date=day,
            invoice_date_due=day + timedelta(days=0 if origin else self.due_days),
            ref=reference,
            payment_reference=reference,
            rcm_kind="contract_invoice",
            rcm_facility_id=self.facility_id.id,
        )
        try:
            # the totals of the entry are copied onto the period
            return Direct._rcm_post_direct(vals, items, receivable).sudo()
        except EntryError as error:
            raise UserError(
                self.env._(
                    "The invoice would be wrong and was not made: %s.", str(error)
                )
            ) from error

    def _rcm_period_items(self, period):
        Direct = self.env["rcm.direct.invoice"]
        position = self.client_id.fiscal_position_id
        items, marks = [], {}
        for place, line in enumerate(self.line_ids, start=1):
            amount = to_decimal(line.amount)
            if self.prorate:
                amount = periods.prorate(amount, period)
            taxes = Direct._rcm_taxes(line.service_code_id, self.company_id, position)
            items.append(Direct._rcm_item(line.id, amount, taxes, self.currency_id))
            marks[line.id] = (f"{self.name} · {place}", taxes, False, self.facility_id)
        return items, marks

    def _rcm_credit_items(self, period):
        """What the invoice of ``period`` said, with the sign turned; taxes included."""
        Direct = self.env["rcm.direct.invoice"]
        items, marks = [], {}
        # the role was checked; journal items belong to accounting
        for line in period.move_id.sudo().invoice_line_ids:
            price = to_decimal(line.price_total)
            included = line.tax_ids.filtered("price_include")
            amount = -price if included else to_decimal(line.balance)
            items.append(
                Direct._rcm_item(
                    line.id, amount, line.tax_ids, self.currency_id, refund=True
                )
            )
            marks[line.id] = (line.name, line.tax_ids, False, self.facility_id)
        if -total(items) != to_decimal(period.amount_total):
            raise UserError(
                self.env._(
                    "The taxes of %s changed: credit it in Accounting.",
                    period.move_id.name,
                )
            )
        return items, marks

    def _rcm_receivable(self):
        self.ensure_one()
        return "receivable_client" if self.client_id else "receivable_patient"

    def _rcm_debtor(self):
        """The partner who is invoiced."""
        contract = self.sudo()  # patient accounts are behind their own group
        partner = contract.client_id.partner_id or contract.patient_id.guarantor_id
        if not partner:
            raise UserError(self.env._("The patient account has no guarantor."))
        return partner.commercial_partner_id

    def _rcm_reprocess(self, case):
        """Invoice again what is due."""
        self._rcm_bill_periods()
        return True
