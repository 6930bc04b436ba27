from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from ..core import ledger_client
from ..core.ledger_entries import EntryError
from ..core.money import to_decimal
from ..core.spreadsheet import plain_cell

RECEIVABLE = "receivable_client"


class RcmClientInvoice(models.Model):
    """Ledger effect of client invoices."""

    _inherit = "rcm.client.invoice"

    def _rcm_post(self):
        """Post drafts as customer invoices; their charges are billed from then on.

        Private: the caller has checked the role.
        """
        for invoice in self.filtered(lambda item: item.state == "draft"):
            invoice._rcm_lock()
            if not invoice.line_ids:
                raise UserError(
                    self.env._("%s has no lines; cancel it.", invoice.display_name)
                )
            invoice.company_id._rcm_require_accounting()
            invoice._rcm_post_one()

    def _rcm_lock(self):
        """Two people who post at once: the second one finds it posted."""
        self.ensure_one()
        self.lock_for_update()

    def _rcm_post_one(self):
        self.ensure_one()
        items, marks = self._rcm_items(1)
        today = fields.Date.context_today(self)
        move = self._rcm_post_items(
            items,
            marks,
            invoice_date=today,
            due=today + timedelta(days=self.client_id.due_days),
        )
        billed = self.line_ids.filtered(lambda line: not line.is_credit).charge_id
        billed._rcm_move("billed")
        self._rcm_set_state("posted", move_id=move.id)
        self.detail_id = self._rcm_make_detail()
        billed.encounter_id._rcm_mark_billed()

    def _rcm_credit(self):
        """Credit posted invoices in full; what they asked for is due again."""
        for invoice in self.filtered(lambda item: item.state == "posted"):
            invoice._rcm_lock()
            items, marks = invoice._rcm_items(-1)
            today = fields.Date.context_today(invoice)
            move = invoice._rcm_post_items(items, marks, invoice_date=today, due=today)
            invoice._rcm_match(move)
            charges = invoice.line_ids.filtered(
                lambda line: not line.is_credit
            ).charge_id
            invoice.line_ids._rcm_write({"live": False})
            invoice._rcm_set_state("credited")
            charges._rcm_move("captured")
            again = charges.encounter_id
            again._rcm_open_for_charges()
            for encounter in again:
                encounter._rcm_bill_changes()

    def _rcm_match(self, credit):
        """Match the credit note with what is open of the invoice."""
        lines = (self.move_id | credit).sudo().line_ids  # the role was checked
        self.env["rcm.claim"]._rcm_match(
            [lines.filtered(lambda line: line.rcm_purpose == RECEIVABLE)]
        )

    def _rcm_post_items(self, items, marks, invoice_date, due):
        self.ensure_one()
        Direct = self.env["rcm.direct.invoice"]
        vals = Direct._rcm_direct_vals(
            self,
            items,
            marks,
            RECEIVABLE,
            partner_id=self.client_id.sudo().partner_id.commercial_partner_id.id,
            invoice_date=invoice_date,
            date=invoice_date,
            invoice_date_due=due,
            ref=self.name,
            payment_reference=self.name,
            rcm_kind="client_invoice",
            rcm_facility_id=self._rcm_one_facility().id,
        )
        try:
            return Direct._rcm_post_direct(vals, items, RECEIVABLE)
        except EntryError as error:
            raise UserError(
                self.env._(
                    "The invoice would be wrong and was not made: %s.", str(error)
                )
            ) from error

    def _rcm_one_facility(self):
        """The facility of all lines, when they share one."""
        facilities = self.line_ids.facility_id
        return facilities if len(facilities) == 1 else facilities.browse()

    def _rcm_items(self, sign):
        """Lines as values of the ledger, and what each is marked with.

        Labels carry the encounter's number and the place on the invoice: nothing
        clinical. What was done stands in the detail file.
        """
        Direct = self.env["rcm.direct.invoice"]
        currency = self.currency_id
        refund = sign * to_decimal(self.amount_total) < 0
        items, marks = [], {}
        for place, line in enumerate(self.line_ids, start=1):
            price = sign * to_decimal(line.price)
            item = Direct._rcm_item(line.id, price, line.tax_ids, currency, refund)
            tax = ledger_client.total([item]) - item.amount
            shown = to_decimal(line.amount), to_decimal(line.tax_amount)
            if (sign * item.amount, sign * tax) != shown:
                raise UserError(
                    self.env._("The taxes of %s changed: refresh it.", self.name)
                )
            items.append(item)
            marks[line.id] = (
                f"{line.encounter_id.number} · {place}",
                line.tax_ids,
                line.encounter_id,
                line.facility_id,
            )
        return items, marks

    # ------------------------------------------------------------------
    # Detail file
    # ------------------------------------------------------------------
    def _rcm_make_detail(self):
        """The services of this invoice as a CSV file, without who the patients are."""
        self.ensure_one()
        titles = [
            self.env._("Line"),
            self.env._("Date of service"),
            self.env._("Encounter"),
            self.env._("Order"),
            self.env._("Charge"),
            self.env._("Code"),
            self.env._("Modifiers"),
            self.env._("Units"),
            self.env._("Price"),
            self.env._("Tax"),
        ]
        rows = [
            [
                place,
                line.service_date.isoformat(),
                plain_cell(line.encounter_id.number),
                plain_cell(line.order_id.number),
                plain_cell(line.charge_id.external_ref),
                plain_cell(line.code),
                plain_cell(line.modifiers),
                f"{line.units:g}",
                to_decimal(line.amount),
                to_decimal(line.tax_amount),
            ]
            for place, line in enumerate(self.line_ids, start=1)
        ]
        return self._rcm_keep_csv(titles, rows)


class RcmEncounter(models.Model):
    """Encounters that a client is invoiced for make no claim."""

    _inherit = "rcm.encounter"

    def _rcm_for_client(self):
        return self.filtered(
            lambda item: item.client_id and item._rcm_invoice_rule() == "client"
        )

    def _rcm_wait_for_client_invoice(self):
        """Leave ready encounters to the client's next invoice.

        Drafts of claims that were built under another rule are withdrawn. What the
        client has no price for becomes a case; the rest of it is invoiced.
        """
        self.claim_ids.filtered(lambda claim: claim.state == "draft")._rcm_void()
        for encounter in self:
            prices = encounter.client_id._rcm_prices()
            missing = encounter.charge_ids.filtered(
                lambda item, client=encounter.client_id, prices=prices: (
                    item.state == "captured"
                    and client._rcm_price_charge(item, prices) is None
                )
            )
            if missing:
                encounter._rcm_raise_case(
                    "client_price_missing",
                    self.env._(
                        "%(client)s has no price for: %(codes)s.",
                        client=encounter.client_id.display_name,
                        codes=", ".join(
                            sorted(set(filter(None, missing.mapped("code"))))
                        ),
                    ),
                    amount=sum(missing.mapped("amount")),
                )
            else:
                encounter._rcm_resolve_cases(
                    ["client_price_missing"], self.env._("Every service has a price.")
                )

    def _compute_waiting_for(self):
        """Nothing is missing: the month is not over."""
        result = super()._compute_waiting_for()
        for encounter in self.filtered(lambda item: item.state == "ready"):
            if encounter._rcm_for_client():
                encounter.waiting_for = self.env._(
                    "the monthly invoice of %s", encounter.client_id.display_name
                )
        return result
