from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core import ledger_client
from ..core.ledger_entries import ZERO, EntryError, Tax, totals
from ..core.money import from_decimal, to_decimal

TAX_HELP = (
    "Of each company that taxes it. Empty: exempt, as medical services are. Used on "
    "invoices to self-pay patients, to patients for what their payer does not cover, "
    "to ordering clients and of service contracts. Payers are never charged tax. A "
    "service's own taxes come before those of its category."
)


class RcmDirectInvoice(models.AbstractModel):
    """Invoices at an agreed price: to ordering clients, and of recurring contracts.

    No allowance is expected, so there is no reserve. Taxes are those of the service,
    mapped by the debtor's fiscal position; medical services have none by default.
    Claims are not made here; what guarantors are taxed is in ``rcm_claim_tax``.
    """

    _name = "rcm.direct.invoice"
    _description = "Invoice at an Agreed Price"

    @api.model
    def _rcm_taxes(self, service, company, fiscal_position=None):
        """The taxes of ``service`` for this debtor; exempt services have none.

        Those of its code, or else those of its charge category.
        """
        # taxes belong to accounting, whoever bills
        service = service.sudo()
        own = service.tax_ids._filter_taxes_by_company(company)
        taxes = own or service.category_id.tax_ids._filter_taxes_by_company(company)
        return fiscal_position.sudo().map_tax(taxes) if fiscal_position else taxes

    @api.model
    def _rcm_item(self, ref, amount, taxes, currency, refund=False):
        """One line as a value: ``amount`` split into price and taxes, exactly."""
        if not taxes or not amount:
            return ledger_client.Item(ref, amount)
        result = taxes.compute_all(
            from_decimal(amount),
            currency=currency,
            is_refund=refund,
            rounding_method="round_per_line",
        )
        digits = currency.decimal_places
        return ledger_client.Item(
            ref,
            to_decimal(result["total_excluded"], digits),
            tuple(
                Tax(
                    tax["tax_repartition_line_id"],
                    to_decimal(tax["amount"], digits),
                    to_decimal(tax["base"], digits),
                )
                for tax in result["taxes"]
            ),
        )

    @api.model
    def _rcm_direct_vals(self, document, items, marks, receivable, **values):
        """Complete values of the invoice, or credit note of a negative total.

        :param document: record with ``company_id`` and ``correlation_id``
        :param list items: ``ledger_client.Item``; ``ref`` is the key of its mark
        :param dict marks: ``{ref: (label, taxes, encounter, facility)}``
        :param values: partner, dates, reference and kind of the entry
        """
        company = document.company_id
        accounts = company._rcm_accounts()
        entry = ledger_client.lines(items, receivable)
        refund = ledger_client.total(items) < ZERO
        common = {
            "partner_id": values["partner_id"],
            "currency_id": company.currency_id.id,
        }
        products = [line for line in entry if line.role == "product"]
        commands = [
            {
                **common,
                **_money(entry[0].amount),
                "name": values["payment_reference"],
                "account_id": accounts[receivable].id,
                "display_type": "payment_term",
                "date_maturity": values["invoice_date_due"],
                "quantity": 1.0,
                "price_unit": 0.0,
                "tax_ids": [fields.Command.clear()],
                "rcm_purpose": receivable,
            }
        ]
        for line, item in zip(products, items, strict=True):
            label, taxes, encounter, facility = marks[item.ref]
            commands.append(
                {
                    **common,
                    **_money(line.amount),
                    "name": label,
                    "account_id": accounts["revenue"].id,
                    "display_type": "product",
                    "quantity": 1.0,
                    "price_unit": from_decimal(line.amount if refund else -line.amount),
                    "tax_ids": [fields.Command.set(taxes.ids)],
                    "analytic_distribution": _analytic(facility),
                    "rcm_purpose": "revenue",
                    "rcm_encounter_id": encounter.id if encounter else False,
                    "rcm_facility_id": facility.id if facility else False,
                }
            )
        commands += self._rcm_tax_commands(items, common)
        return {
            "move_type": "out_refund" if refund else "out_invoice",
            "journal_id": company._rcm_journal("claims").id,
            "company_id": company.id,
            "currency_id": company.currency_id.id,
            "invoice_payment_term_id": False,
            "fiscal_position_id": False,
            "invoice_user_id": False,
            "partner_bank_id": False,
            "narration": False,
            "rcm_correlation_id": document.correlation_id,
            **values,
            "line_ids": [fields.Command.create(vals) for vals in commands],
        }

    @api.model
    def _rcm_tax_commands(self, items, common):
        # repartition of taxes belongs to accounting, whoever bills
        Repartition = self.env["account.tax.repartition.line"].sudo()
        commands = []
        for key, (amount, base) in ledger_client.tax_totals(items).items():
            repartition = Repartition.browse(key)
            if not amount:
                continue
            if not repartition.account_id:
                raise UserError(
                    self.env._(
                        "Tax %(tax)s has no account: give it one in Accounting, then "
                        "go on.",
                        tax=repartition.tax_id.name,
                    )
                )
            commands.append(
                {
                    **common,
                    **_money(-amount),
                    "name": repartition.tax_id.name,
                    "account_id": repartition.account_id.id,
                    "display_type": "tax",
                    "tax_repartition_line_id": repartition.id,
                    "tax_base_amount": from_decimal(abs(base)),
                    "tax_tag_ids": [fields.Command.set(repartition.tag_ids.ids)],
                    "tax_ids": [fields.Command.clear()],
                    "rcm_purpose": "tax",
                }
            )
        return commands

    @api.model
    def _rcm_post_direct(self, vals, items, receivable):
        """Post one such invoice and compare it with what was planned, to the cent."""
        [move] = self.env["account.move"]._rcm_post_entries([vals])
        planned = totals(ledger_client.lines(items, receivable))
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.rcm_purpose, SUM(line.balance)::text
                  FROM account_move_line line
                 WHERE line.move_id = %s
                 GROUP BY line.rcm_purpose
                """,
                move.id,
            )
        )
        posted = {key: Decimal(amount) for key, amount in rows if Decimal(amount)}
        asked = to_decimal(move.sudo().amount_total)
        if posted != planned or asked != abs(ledger_client.total(items)):
            raise EntryError(
                f"posted {sorted(map(str, posted.values()))} differs from planned "
                f"{sorted(map(str, planned.values()))}"
            )
        return move


class RcmServiceCode(models.Model):
    """Whether a service is taxed where its debtor is no payer."""

    _inherit = "rcm.service.code"

    tax_ids = fields.Many2many(
        "account.tax",
        "rcm_service_code_tax_rel",
        "service_code_id",
        "tax_id",
        string="Taxes",
        domain="[('type_tax_use', '=', 'sale')]",
        groups="healthcare_rcm_base.group_administrator,"
        "account.group_account_readonly,account.group_account_invoice",
        help=TAX_HELP,
    )


class RcmChargeCategory(models.Model):
    """Taxes of all services of a category that have none of their own."""

    _inherit = "rcm.charge.category"

    tax_ids = fields.Many2many(
        "account.tax",
        "rcm_charge_category_tax_rel",
        "category_id",
        "tax_id",
        string="Taxes",
        domain="[('type_tax_use', '=', 'sale')]",
        groups="healthcare_rcm_base.group_administrator,"
        "account.group_account_readonly,account.group_account_invoice",
        help=TAX_HELP,
    )


def _money(amount):
    value = from_decimal(amount)
    return {"balance": value, "amount_currency": value}


def _analytic(facility):
    account = facility.sudo().analytic_account_id if facility else False
    return {str(account.id): 100.0} if account else False
