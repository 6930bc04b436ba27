from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..policy.spending import Charge
from .purchase_order_line import category_ids, exact
from .rcm_spending_document import EXCEED

BILLS = ("in_invoice", "in_receipt")


class AccountMove(models.Model):
    """Vendor bills spend: they are measured when they are posted."""

    _name = "account.move"
    _inherit = ["rcm.spending.document.mixin", "account.move"]

    rcm_spending_facility_id = fields.Many2one(
        "rcm.facility",
        "Spending Facility",
        check_company=True,
        copy=True,
        index="btree_not_null",
        help="The facility a vendor bill is for: its budget lines apply.",
    )
    rcm_evidence_ids = fields.One2many(
        "rcm.fund.evidence", "move_id", string="Documents for Funds"
    )

    def _rcm_bills(self):
        """The vendor bills among these; credit notes only give back."""
        return self.filtered(lambda move: move.move_type in BILLS)

    # What the spending check asks
    def _rcm_spending_lines(self):
        return self._rcm_bills().invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        )

    def _rcm_spending_day(self):
        return self.date or fields.Date.context_today(self)

    def _rcm_spending_facility(self):
        return self.rcm_spending_facility_id

    def _rcm_evidence(self):
        return (
            self.rcm_evidence_ids
            | self.invoice_line_ids.purchase_line_id.order_id.rcm_evidence_ids
        )

    @api.model
    def _rcm_spending_key(self):
        return "moves"

    def _rcm_is_bound(self):
        return self.state != "draft"

    # ------------------------------------------------------------------
    # The effect: posting
    # ------------------------------------------------------------------
    def _rcm_ask_to_post(self):
        """Hold what does not agree; ask for what goes beyond a budget."""
        if not self.env.su and not self._rcm_may_post(self.env.user):
            return super()._rcm_ask_to_post()  # stock Odoo refuses them
        drafts = self._rcm_bills().filtered(lambda move: move.state == "draft")
        held = drafts._rcm_hold()
        going = super(AccountMove, self - held)._rcm_ask_to_post()
        beyond = going & drafts
        return going - (beyond - beyond._rcm_approval_ask(EXCEED))

    def _rcm_may_post(self, user):
        """Payables post vendor bills and credit notes, and nothing else."""
        return super()._rcm_may_post(user) or bool(
            self
            and all(move.is_purchase_document(include_receipts=True) for move in self)
            and user._rcm_has_role("payables")
        )

    def action_rcm_post_bill(self):
        """Post these bills, or ask for what they need first.

        For payables, who need no accounting rights of Odoo's for it.
        """
        self.env.user._rcm_require("payables")
        self.check_access("write")
        if not self._rcm_may_post(self.env.user):
            raise UserError(self.env._("Only vendor bills are posted here."))
        # the role and the record are checked above; the gates are in the posting
        return self.sudo().action_post()

    def _rcm_assert_posting(self):
        result = super()._rcm_assert_posting()
        bills = self._rcm_bills().filtered(lambda move: move.state != "posted")
        if bills:
            bills._rcm_assert_match()
            bills._rcm_check_spending()
        return result

    def _rcm_approval_done(self, effect):
        """Post once nothing else is waited for."""
        result = super()._rcm_approval_done(effect)
        if effect in (EXCEED, "accept_mismatch"):
            for move in self.filtered(lambda item: item.state == "draft"):
                move._rcm_match_recheck()
                if move._rcm_is_cleared():
                    move._rcm_approval_run(effect, "_rcm_post_approved")
        return result

    def _rcm_is_cleared(self):
        """Whether every effect that posting asks for is allowed now."""
        return all(
            self._rcm_approval_sort(effect).allowed
            for effect in ("post", EXCEED, "accept_mismatch")
        )


class AccountMoveLine(models.Model):
    """A bill line: the fund that bears it, the contract it is under."""

    _name = "account.move.line"
    _inherit = ["account.move.line", "rcm.spending.line.mixin"]

    def _rcm_owner(self):
        return self.move_id

    def _rcm_line_label(self):
        return self.product_id.display_name or (self.name or "").split("\n")[0]

    def _rcm_find_contract(self):
        move = self.move_id
        if not self.product_id or not move.partner_id:
            return self.env["rcm.outsourced.contract"]
        return self.env["rcm.outsourced.contract"]._rcm_find(
            move.company_id, move.partner_id, self.product_id, self._rcm_service_day()
        )

    def _rcm_service_day(self):
        """The day it was ordered for, else the bill's: a bill may come later."""
        order = self.purchase_line_id.order_id
        if order:
            return order._rcm_spending_day()
        return self.move_id.invoice_date or self.move_id._rcm_spending_day()

    def _rcm_charge(self, contract=None):
        """This line as funds and contracts look at it."""
        move, company = self.move_id, self.move_id.company_id
        price = self.price_unit * (1 - (self.discount or 0.0) / 100)
        quantity, day = self.quantity, self._rcm_service_day()
        if contract:
            unit, own = contract.uom_id, self.product_uom_id or contract.uom_id
            price = own._compute_price(price, unit)
            price = self.currency_id._convert(
                price, contract.contract_currency_id, company, day, round=False
            )
            quantity = own._compute_quantity(quantity, unit, round=False)
        partner = move.commercial_partner_id
        return Charge(
            ref=self.id,
            amount=to_decimal(self.balance, company.currency_id.decimal_places),
            day=day,
            vendor=partner.id,
            categories=category_ids(self.product_id.categ_id),
            vendor_categories=frozenset(partner.category_id.ids),
            accounts=frozenset(self.distribution_analytic_account_ids.ids),
            product=self.product_id.id or None,
            quantity=exact(quantity),
            price=exact(price),
        )
