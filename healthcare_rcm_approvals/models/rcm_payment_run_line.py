from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.money import to_decimal


class RcmPaymentRunLine(models.Model):
    """One bill of a payment run and how much of it is paid, or a credit note that is
    taken off."""

    _name = "rcm.payment.run.line"
    _inherit = "rcm.requested.line.mixin"
    _description = "Bill In A Payment Run"
    _order = "run_id, date_due, id"
    _rcm_protected = ("payment_id",)
    _rcm_audit_edits = ("move_id", "amount")
    _rcm_asked_field = "run_id"
    _rcm_asked_values = frozenset({"move_id", "amount"})

    run_id = fields.Many2one(
        "rcm.payment.run", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="run_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    move_id = fields.Many2one(
        "account.move", string="Bill", required=True, index=True, ondelete="restrict"
    )
    bill_name = fields.Char(related="move_id.name", string="Number")
    bill_ref = fields.Char(related="move_id.ref", string="Reference")
    is_credit = fields.Boolean(
        "Credit Note",
        compute="_compute_is_credit",
        store=True,
        precompute=True,
        help="Taken off what the vendor is paid.",
    )
    partner_id = fields.Many2one(
        related="move_id.commercial_partner_id", string="Vendor", store=True
    )
    partner_bank_id = fields.Many2one(
        related="move_id.partner_bank_id", string="Bank Account"
    )
    date_due = fields.Date(related="move_id.invoice_date_due", string="Due", store=True)
    bill_currency_id = fields.Many2one(
        related="move_id.currency_id", string="Bill Currency"
    )
    residual = fields.Monetary(
        "Open",
        related="move_id.amount_residual",
        currency_field="bill_currency_id",
    )
    amount = fields.Monetary("To Pay", required=True, currency_field="bill_currency_id")
    company_amount = fields.Monetary(
        "In Company Currency", compute="_compute_company_amount", store=True
    )
    payment_id = fields.Many2one("account.payment", readonly=True, index=True)

    _amount_positive = models.Constraint(
        "CHECK(amount > 0)", "What is paid must be above zero."
    )
    _once_in_a_run = models.UniqueIndex(
        "(run_id, move_id)", "The bill is in this run already."
    )

    @api.depends("move_id.move_type")
    def _compute_is_credit(self):
        for line in self:
            line.is_credit = line.move_id.move_type == "in_refund"

    @api.depends("amount", "is_credit", "bill_currency_id", "run_id.payment_date")
    def _compute_company_amount(self):
        """Below zero for a credit note."""
        for line in self:
            line.company_amount = line.bill_currency_id._convert(
                -line.amount if line.is_credit else line.amount,
                line.company_id.currency_id,
                line.company_id,
                line.run_id.payment_date or fields.Date.context_today(line),
            )

    def _rcm_audit_name(self):
        return f"{self.run_id.name} · {self.move_id.name}"

    def _rcm_check(self):
        """Refuse what is not a posted, open, unblocked bill of this company."""
        self.ensure_one()
        bill = self.move_id
        if bill.move_type not in ("in_invoice", "in_receipt", "in_refund"):
            raise UserError(self.env._("%s is not a vendor bill.", bill.name))
        if bill.company_id != self.company_id:
            raise UserError(self.env._("%s belongs to another company.", bill.name))
        if bill.state != "posted" or bill.payment_state not in ("not_paid", "partial"):
            raise UserError(
                self.env._("%s is not open any more: take it out.", bill.name)
            )
        rest = bill.currency_id.compare_amounts(bill.amount_residual, self.amount)
        if rest < 0:
            raise UserError(
                self.env._("%s: that is more than is open of it.", bill.name)
            )
        if rest and self.is_credit:
            raise UserError(
                self.env._(
                    "%s: a credit note is taken off whole, or not at all.", bill.name
                )
            )
        if self.run_id._rcm_taken(bill):
            raise UserError(self.env._("%s is in another payment run.", bill.name))

    # ------------------------------------------------------------------
    # What it says of the run
    # ------------------------------------------------------------------
    def _rcm_signed(self):
        """What is paid of it, exact; below zero for a credit note."""
        self.ensure_one()
        amount = to_decimal(self.amount, self.bill_currency_id.decimal_places)
        return -amount if self.is_credit else amount

    def _rcm_payable(self):
        """The account its vendor's debt stands on."""
        return self.move_id.line_ids.filtered(
            lambda line: line.account_type == "liability_payable"
        ).account_id[:1]

    def _rcm_part_scopes(self):
        """Scopes of the parts of its bill, with the tags of its vendor."""
        tags = frozenset(self.partner_id.category_id.ids)
        return [
            {**part, "vendor_categories": tags}
            for part in self.move_id._rcm_parts_paid()
        ]
