from dateutil.relativedelta import relativedelta

from odoo import api, fields, models

from ..core import ledger_client
from ..core.money import from_decimal, to_decimal
from ..tools import differing

PERIOD = relativedelta(months=1)


class RcmClient(models.Model):
    """The month's services of a client, gathered on one invoice."""

    _inherit = "rcm.client"

    # ------------------------------------------------------------------
    # Scheduled action
    # ------------------------------------------------------------------
    @api.model
    def _cron_client_invoices(self):
        """Make each ordering client's invoice of the month before, once a month."""
        self._rcm_run_batches(
            [("next_invoice_date", "<=", fields.Date.context_today(self))],
            "_rcm_invoice_due",
            20,
            "client_invoice_failed",
        )

    def _rcm_invoice_due(self):
        """Invoice every month these clients are behind, the oldest first."""
        today = fields.Date.context_today(self)
        for client in self:
            client._rcm_settle_drafts()
            while client.next_invoice_date <= today:
                month = client.next_invoice_date.replace(day=1) - PERIOD
                invoice = client._rcm_invoice_month(month)
                client.next_invoice_date += PERIOD
                if invoice and client.auto_post and invoice.state == "draft":
                    invoice._rcm_post()
            client._rcm_resolve_cases(
                ["client_invoice_failed"], self.env._("Invoiced.")
            )

    def _rcm_settle_drafts(self):
        """Bring open drafts up to date: a correction stays in its month.

        The oldest first, so that no later month takes what belongs to them. A draft
        that came to nothing is given up.
        """
        self.ensure_one()
        drafts = self.env["rcm.client.invoice"].search(
            [("client_id", "=", self.id), ("state", "=", "draft")],
            order="period_start, id",
        )
        for draft in drafts:
            draft._rcm_refresh()
        drafts.filtered(lambda item: not item.line_ids)._rcm_give_up()

    def _rcm_invoice_month(self, month):
        """The draft of the month that begins on ``month``, made or brought up to date.

        The month's invoice is made once: when it is posted, what comes later goes on
        the next one. Empty when there is nothing to ask for.
        """
        self.ensure_one()
        Invoice = self.env["rcm.client.invoice"]
        invoice = Invoice.search(
            [
                ("client_id", "=", self.id),
                ("period_start", "=", month),
                ("state", "in", ("draft", "posted")),
            ]
        )
        if not invoice:
            end = month + PERIOD - relativedelta(days=1)
            if not self._rcm_due_charges(end) and not self._rcm_due_credits():
                return invoice
            invoice = Invoice._rcm_create(
                [
                    {
                        "name": f"{self.code}/{month:%Y-%m}",
                        "client_id": self.id,
                        "company_id": self.company_id.id,
                        "period_start": month,
                        "period_end": end,
                    }
                ]
            )
            invoice._rcm_emit("rcm.client.invoice.created")
        if invoice.state == "draft":
            invoice._rcm_refresh()
        return invoice

    def _rcm_reprocess(self, case):
        """Invoice again what is due."""
        self._rcm_invoice_due()
        return True

    # ------------------------------------------------------------------
    # What is due
    # ------------------------------------------------------------------
    def _rcm_due_charges(self, until, invoice=None):
        """Priced charges of ready encounters this client pays for, to that day.

        Those on another invoice's draft are not due again; its own are.
        """
        self.ensure_one()
        encounters = self.env["rcm.encounter"].search(
            [("client_id", "=", self.id), ("state", "=", "ready")], order="id"
        )
        charges = encounters.filtered(
            lambda item: item._rcm_invoice_rule() == "client"
        ).charge_ids.filtered(
            lambda item: item.state == "captured"
            and item.is_current
            and item.service_date <= until
        )
        taken = self._rcm_taken_lines(
            [("charge_id", "in", charges.ids), ("is_credit", "=", False)], invoice
        ).charge_id
        prices = self._rcm_prices()
        return (
            (charges - taken)
            .filtered(lambda item: self._rcm_price_charge(item, prices) is not None)
            .sorted(lambda item: (item.service_date, item.encounter_id.id, item.id))
        )

    def _rcm_taken_lines(self, domain, invoice):
        """Live lines of other invoices than ``invoice``."""
        Line = self.env["rcm.client.invoice.line"]
        found = Line.search([*domain, ("live", "=", True)])
        return found.filtered(lambda line: line.invoice_id != invoice)

    def _rcm_due_credits(self, invoice=None):
        """Posted lines of charges that were replaced or taken back since."""
        self.ensure_one()
        Line = self.env["rcm.client.invoice.line"]
        gone = Line.search(
            [
                ("invoice_id.client_id", "=", self.id),
                ("invoice_id.state", "=", "posted"),
                ("is_credit", "=", False),
                ("live", "=", True),
                ("charge_id.is_current", "=", False),
            ]
        )
        taken = self._rcm_taken_lines([("origin_id", "in", gone.ids)], invoice)
        return gone - taken.origin_id


class RcmClientInvoice(models.Model):
    """Keeping a draft equal to what is due."""

    _inherit = "rcm.client.invoice"

    def _rcm_refresh(self):
        """Bring drafts up to date; return those that changed."""
        changed = self.browse()
        for invoice in self.filtered(lambda item: item.state == "draft"):
            if invoice._rcm_refresh_lines():
                invoice._rcm_refresh_totals()
                changed |= invoice
        return changed

    def _rcm_refresh_lines(self):
        """Make the lines equal what is due; whether anything changed."""
        self.ensure_one()
        wanted = {
            (vals["charge_id"], vals["is_credit"]): vals
            for vals in self._rcm_wanted_lines()
        }
        changed = False
        for line in self.line_ids:
            vals = wanted.pop((line.charge_id.id, line.is_credit), None)
            if vals is None:
                line.unlink()
                changed = True
            elif different := differing(line, vals):
                line._rcm_write(different)
                changed = changed or bool(set(different) - {"sequence"})
        if wanted:
            self.env["rcm.client.invoice.line"]._rcm_create(
                [{**vals, "invoice_id": self.id} for vals in wanted.values()]
            )
            changed = True
        return changed

    def _rcm_wanted_lines(self):
        """Values of the lines this invoice should have now."""
        client, prices = self.client_id, self.client_id._rcm_prices()
        position = client.fiscal_position_id
        wanted = []
        for charge in client._rcm_due_charges(self.period_end, self):
            taxes = self.env["rcm.direct.invoice"]._rcm_taxes(
                charge.service_code_id, self.company_id, position
            )
            price = client._rcm_price_charge(charge, prices)
            wanted.append(self._rcm_line_vals(charge, price, taxes))
        for origin in client._rcm_due_credits(self):
            wanted.append(
                {
                    "charge_id": origin.charge_id.id,
                    "is_credit": True,
                    "origin_id": origin.id,
                    "gross_amount": -origin.gross_amount,
                    "price": -origin.price,
                    "amount": -origin.amount,
                    "tax_ids": [fields.Command.set(origin.tax_ids.ids)],
                    "tax_amount": -origin.tax_amount,
                }
            )
        return [
            {**vals, "sequence": place * 10} for place, vals in enumerate(wanted, 1)
        ]

    def _rcm_line_vals(self, charge, price, taxes):
        item = self.env["rcm.direct.invoice"]._rcm_item(
            charge.id, price, taxes, self.currency_id
        )
        return {
            "charge_id": charge.id,
            "is_credit": False,
            "origin_id": False,
            "gross_amount": charge.amount,
            "price": from_decimal(price),
            "amount": from_decimal(item.amount),
            "tax_ids": [fields.Command.set(taxes.ids)],
            "tax_amount": from_decimal(ledger_client.total([item]) - item.amount),
        }

    def _rcm_refresh_totals(self):
        self.ensure_one()
        digits = self.currency_id.decimal_places
        untaxed = sum(to_decimal(line.amount, digits) for line in self.line_ids)
        tax = sum(to_decimal(line.tax_amount, digits) for line in self.line_ids)
        self._rcm_write_logged(
            {
                self.id: {
                    "amount_untaxed": from_decimal(untaxed or to_decimal(0)),
                    "amount_tax": from_decimal(tax or to_decimal(0)),
                    "amount_total": from_decimal((untaxed + tax) or to_decimal(0)),
                }
            },
            "rcm.client.invoice.refreshed",
        )
