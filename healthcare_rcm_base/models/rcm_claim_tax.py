from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core import ledger_client
from ..core.ledger_entries import ZERO, Base, Tax, taxes_between
from ..core.money import from_decimal, to_decimal

# Excluded by law: Medicare's own modifier for what is no benefit.
STATUTORILY_EXCLUDED = "GY"


class RcmClaim(models.Model):
    """Taxes that guarantors are asked for beside the charge.

    Payers never are: a claim carries charges alone. Which service bears a tax is said
    by its code or its charge category, mapped by the guarantor's fiscal position.
    """

    _inherit = "rcm.claim"

    tax_amount = fields.Monetary(
        string="Tax",
        readonly=True,
        help="What the self-pay invoice asks for on top of the charge.",
    )

    @api.model
    def _rcm_protected_fields(self):
        return super()._rcm_protected_fields() | {"tax_amount"}

    # -- what is due ---------------------------------------------------------------

    def _rcm_with_taxes(self, amounts):
        """The amounts of a self-pay claim with the taxes of its services.

        A tax that is in the price comes out of the charge, any other on top.
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        shares = {
            line: to_decimal(line.charge_amount, digits) for line in self.line_ids
        }
        bases, taxes, included = self._rcm_taxes_of(shares)
        return amounts._replace(
            charge=amounts.charge - included, bases=bases, taxes=taxes
        )

    def _rcm_patient_taxes(self):
        """``(bases, taxes, included)`` the next patient invoice has to carry.

        Of what payers left to the patient because they do not cover it, less what the
        patient invoices so far carry.
        """
        self.ensure_one()
        shares = self._rcm_noncovered_shares()
        bases, taxes, included = self._rcm_taxes_of(shares)
        # versions of a claim share one patient's account
        versions = self._rcm_chain() | self
        old = versions._rcm_taxes_invoiced(["patient_invoice"], "patient_unbilled")
        return (
            *taxes_between((bases, taxes), old[:2]),
            included - old[2],
        )

    def _rcm_noncovered_shares(self):
        """``{claim line: Decimal}`` the patient owes because no payer covers it.

        Here those billed as excluded by law; remittances add what payers decided.
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        return {
            line: to_decimal(line.patient_amount, digits)
            for line in self.line_ids
            if line.patient_amount
            and STATUTORILY_EXCLUDED in (line.modifiers or "").split(",")
        }

    def _rcm_taxes_of(self, shares):
        """``(bases, taxes, included)`` of ``{claim line: amount}``, exactly."""
        Direct = self.env["rcm.direct.invoice"]
        position = self._rcm_tax_position()
        items, taxes_of, gross = [], {}, ZERO
        for line, amount in shares.items():
            taxes = Direct._rcm_taxes(line.service_code_id, self.company_id, position)
            if taxes and amount:
                items.append(Direct._rcm_item(line.id, amount, taxes, self.currency_id))
                taxes_of[line.id] = tuple(sorted(taxes.ids))
                gross += amount
        net = sum((item.amount for item in items), ZERO)
        totals = ledger_client.tax_totals(items)
        return (
            ledger_client.bases(items, taxes_of),
            tuple(Tax(key, *both) for key, both in totals.items()),
            gross - net if items else ZERO,
        )

    def _rcm_tax_position(self):
        """The fiscal position of the guarantor; none for most."""
        partner = self._rcm_guarantor_partner()
        # taxes belong to accounting, whoever bills
        Position = self.env["account.fiscal.position"].sudo()
        return Position.with_company(self.company_id)._get_fiscal_position(partner)

    # -- what was asked for --------------------------------------------------------

    def _rcm_taxes_invoiced(self, kinds, purpose):
        """``(bases, taxes, included)`` on posted invoices of these claims."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.tax_repartition_line_id,
                       ARRAY(SELECT rel.account_tax_id
                               FROM account_move_line_account_tax_rel rel
                              WHERE rel.account_move_line_id = line.id
                              ORDER BY 1),
                       line.rcm_purpose, line.balance::text,
                       line.tax_base_amount::text, line.price_total::text,
                       move.move_type = 'out_refund'
                  FROM account_move_line line
                  JOIN account_move move ON move.id = line.move_id
                 WHERE line.rcm_claim_id IN %s
                   AND move.rcm_kind IN %s
                   AND move.state = 'posted'
                   AND line.rcm_purpose IN ('tax', 'revenue', %s)
                """,
                self._ids or (0,),
                tuple(kinds),
                purpose,
            )
        )
        bases, taxes, included = [], [], ZERO
        for key, tax_ids, said, balance, base, total, refund in rows:
            amount, sign = -Decimal(balance), -1 if refund else 1
            if key:
                base = sign * Decimal(base or 0)
                taxes.append(Tax(self._rcm_invoice_repartition(key), amount, base))
            elif tax_ids:
                bases.append(Base(tuple(tax_ids), amount, sign * Decimal(total or 0)))
            elif said == "revenue" and purpose != "revenue":
                included -= amount
        return (*taxes_between((bases, taxes), ((), ())), included)

    def _rcm_invoice_repartition(self, key):
        return self._rcm_repartition(key, refund=False).id

    def _rcm_repartition(self, key, refund):
        """How a tax is shared out on an invoice, or its twin on a credit note."""
        # repartition of taxes belongs to accounting, whoever bills
        line = self.env["account.tax.repartition.line"].sudo().browse(key)
        own = "refund" if line.document_type == "refund" else "invoice"
        wanted = "refund" if refund else "invoice"
        if own == wanted:
            return line
        tax = line.tax_id
        place = tax[f"{own}_repartition_line_ids"].ids.index(line.id)
        return tax[f"{wanted}_repartition_line_ids"][place]

    # -- items ---------------------------------------------------------------------

    def _rcm_taxed_vals(self, base, refund):
        """What a product item says of the taxes it bears."""
        # taxes belong to accounting, whoever bills
        taxes = self.env["account.tax"].sudo().browse(base.taxes)
        inside = all(taxes.mapped("price_include"))
        sign = -1 if refund else 1
        return {
            "tax_ids": [fields.Command.set(taxes.ids)],
            "price_unit": from_decimal(sign * (base.total if inside else base.amount)),
            "price_subtotal": from_decimal(sign * base.amount),
            "price_total": from_decimal(sign * base.total),
        }

    def _rcm_tax_item_vals(self, line, partner, refund):
        """Values of the item of one tax."""
        self.ensure_one()
        repartition = self._rcm_repartition(line.mark.key, refund)
        if not repartition.account_id:
            raise UserError(
                self.env._(
                    "Tax %(tax)s has no account: give it one in Accounting, then "
                    "go on.",
                    tax=repartition.tax_id.name,
                )
            )
        amount = from_decimal(line.amount)
        return {
            "name": repartition.tax_id.name,
            "account_id": repartition.account_id.id,
            "partner_id": partner.id,
            "currency_id": self.company_id.currency_id.id,
            "balance": amount,
            "amount_currency": amount,
            "display_type": "tax",
            "sequence": 10000,
            "quantity": 1.0,
            "product_uom_id": False,
            "price_unit": 0.0,
            "price_subtotal": 0.0,
            "price_total": 0.0,
            "tax_repartition_line_id": repartition.id,
            "tax_base_amount": from_decimal(abs(line.mark.base)),
            "tax_tag_ids": [fields.Command.set(repartition.tag_ids.ids)],
            "tax_ids": [fields.Command.clear()],
            "rcm_purpose": "tax",
            "rcm_claim_id": self.id,
            "rcm_encounter_id": self.encounter_id.id,
            "rcm_facility_id": self.facility_id.id,
        }
