from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..policy.order_change import Order, OrderLine, is_within
from .approval_parts import spread_scope
from .rcm_spending_document import EXCEED

CONFIRM = "confirm"
EFFECTS = (CONFIRM, EXCEED)
OPEN_STATES = ("draft", "sent", "to approve")
LOCKED = frozenset(
    {
        "partner_id",
        "currency_id",
        "company_id",
        "date_order",
        "order_line",
        "fiscal_position_id",
        "rcm_facility_id",
    }
)
# Computed from the lines: Odoo takes a written value all the same.
COMPUTED = frozenset(
    {
        "amount_untaxed",
        "amount_tax",
        "amount_total",
        "amount_total_cc",
        "currency_rate",
        "rcm_budget_date",
    }
)


class PurchaseOrder(models.Model):
    """Purchase orders stand under the policies and bind money of budgets and funds.

    The gate is where the state becomes ``purchase``, whoever writes it. Odoo's own
    double validation comes after it.
    """

    _name = "purchase.order"
    _inherit = [
        "rcm.spending.document.mixin",
        "rcm.own.thread.mixin",
        "purchase.order",
    ]

    rcm_facility_id = fields.Many2one(
        "rcm.facility",
        "Facility",
        check_company=True,
        index="btree_not_null",
        help="The facility it is bought for: its budget lines and policies apply.",
    )
    rcm_budget_date = fields.Date(
        "Budget Date",
        compute="_compute_rcm_budget_date",
        store=True,
        precompute=True,
        help="The day in whose budget the order falls: the order's own.",
    )
    rcm_evidence_ids = fields.One2many(
        "rcm.fund.evidence", "order_id", string="Documents for Funds"
    )

    @api.depends("date_order", "company_id")
    def _compute_rcm_budget_date(self):
        for order in self:
            ordered = order.date_order or fields.Datetime.now()
            order.rcm_budget_date = order.company_id._rcm_day_of(ordered)

    # ------------------------------------------------------------------
    # What the order says
    # ------------------------------------------------------------------
    def _rcm_approval_facts(self, effect):
        self.ensure_one()
        if effect != CONFIRM:
            return super()._rcm_approval_facts(effect)
        approved = self._rcm_approved_values()
        amount = abs(self._rcm_company_amount())
        return self._rcm_approval_item("purchase_order", effect, approved, amount)

    def _rcm_approval_scope(self):
        """What policies ask besides the amount."""
        partner, company = self.partner_id.commercial_partner_id, self.company_id
        lines, place = self._rcm_spending_lines(), self.rcm_facility_id
        whole, parts = spread_scope(lines, "price_subtotal", company, place)
        scope = {
            **whole,
            "company": company.id,
            "vendor_categories": frozenset(partner.category_id.ids),
            "risk_factors": partner._rcm_vendor_factors(),
        }
        return self._rcm_with_parts(scope, parts)

    def _rcm_company_amount(self):
        """The total in the company's currency at the order's date, from its lines."""
        day = self.rcm_budget_date or fields.Date.context_today(self)
        amount = self.currency_id._convert(
            self.amount_total, self.company_id.currency_id, self.company_id, day
        )
        return to_decimal(amount, self.company_id.currency_id.decimal_places)

    def _rcm_approved_values(self):
        """What must not change once somebody agreed to it, in the order's currency."""
        return {
            "company": self.company_id.id,
            "vendor": self.partner_id.id,
            "currency": self.currency_id.name,
            "date": str(self.rcm_budget_date),
            "facility": self.rcm_facility_id.id or 0,
            "total": str(
                to_decimal(self.amount_total, self.currency_id.decimal_places)
            ),
            "lines": sorted(
                [*line._rcm_fixed(), repr(line.product_qty), repr(line.price_unit)]
                for line in self._rcm_spending_lines()
            ),
        }

    @api.model
    def _rcm_approval_columns(self):
        names = ["product_id", "product_uom_id", "discount", "tax_ids"]
        names += ["analytic_distribution", "rcm_fund_id", "rcm_outsourced_id"]
        names += ["product_qty", "price_unit"]
        own = {"lines": ("purchase.order.line", names)}
        return {**super()._rcm_approval_columns(), **own}

    @api.model
    def _rcm_approval_locked_fields(self):
        return super()._rcm_approval_locked_fields() | LOCKED

    def _rcm_approval_is_done(self, effect):
        return self.state not in OPEN_STATES or super()._rcm_approval_is_done(effect)

    def _rcm_audit_name(self):
        """Its number; partners are not named."""
        self.ensure_one()
        return self.name or ""

    @api.model
    def _rcm_approval_how(self, effect):
        return self.env._(
            "Open it and press Confirm Order: that asks for the approval."
        )

    def _rcm_duties_done(self):
        done = super()._rcm_duties_done()
        order = self.sudo()  # who did it, nothing else
        done["vendor_create"] |= (
            order.partner_id.commercial_partner_id._rcm_vendor_makers()
        )
        return done

    # What the spending check asks
    def _rcm_spending_lines(self):
        return self.order_line.filtered(lambda line: not line.display_type)

    def _rcm_spending_day(self):
        return self.rcm_budget_date

    def _rcm_spending_facility(self):
        return self.rcm_facility_id

    def _rcm_evidence(self):
        return self.rcm_evidence_ids

    @api.model
    def _rcm_spending_key(self):
        return "orders"

    def _rcm_is_bound(self):
        return self.state in ("purchase", "cancel")

    # ------------------------------------------------------------------
    # The effect: confirming
    # ------------------------------------------------------------------
    def button_confirm(self):
        """Ask where a policy wants it, confirm the rest, and say which is which."""
        self.check_access("write")
        drafts = self.filtered(lambda order: order.state in ("draft", "sent"))
        waiting = drafts - drafts._rcm_ask_to_confirm()
        result = super(PurchaseOrder, self - waiting).button_confirm()
        return waiting._rcm_approval_notice() if waiting else result

    def _rcm_ask_to_confirm(self):
        """These without the ones that wait for an approval now."""
        # before people are asked: what funds, contracts or a budget refuse anyway
        for order in self:
            order.sudo()._rcm_refuse_hopeless()
        allowed = self._rcm_approval_ask(CONFIRM)
        return allowed & self._rcm_approval_ask(EXCEED)

    def _rcm_refuse_hopeless(self):
        """Ask nobody for what would be refused afterwards."""
        blocks = self._rcm_spending_blocks()
        refused = [
            item for item in self._rcm_excesses() if item[0].on_excess == "refuse"
        ]
        if refused:
            blocks.append(self._rcm_excess_text(refused))
        if blocks:
            raise UserError("\n".join(dict.fromkeys(blocks)))

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create([drop_computed(vals, COMPUTED) for vals in vals_list])
        orders.filtered(lambda order: order.state == "purchase")._rcm_assert_confirm()
        return orders

    def write(self, vals):
        vals = drop_computed(vals, COMPUTED)
        confirming = self.browse()
        if vals.get("state") == "purchase":
            confirming = self.filtered(lambda order: order.state != "purchase")
        before = (self - confirming)._rcm_confirmed(vals.keys())
        states = confirming._rcm_states()
        result = super().write(vals)
        if confirming:
            confirming._rcm_assert_confirm(states)
        self._rcm_check_change(before)
        return result

    def _rcm_assert_confirm(self, states=None):
        """The one place every way of confirming comes through.

        :param dict states: {id: state it was in} of those that were not confirmed
        """
        if not self:
            return
        self._rcm_approval_assert(CONFIRM)
        self._rcm_check_spending()
        self._rcm_emit(
            "purchase.order.confirmed",
            changes_by_id={
                id_: {"state": [state, "purchase"]}
                for id_, state in (states or {}).items()
            },
        )

    def _rcm_approval_done(self, effect):
        """Confirm in the name of who asked, once nothing else is waited for."""
        result = super()._rcm_approval_done(effect)
        if effect not in EFFECTS:
            return result
        for order in self.filtered(lambda item: item.state in ("draft", "sent")):
            others = [item for item in EFFECTS if item != effect]
            if all(order._rcm_approval_sort(item).allowed for item in others):
                order._rcm_approval_run(effect, "_rcm_confirm_approved")
        return result

    def _rcm_confirm_approved(self):
        if not self.env.user.has_group("purchase.group_purchase_user"):
            raise AccessError(
                self.env._(
                    "Who asked may not order any more; somebody else confirms it."
                )
            )
        self.button_confirm()

    # ------------------------------------------------------------------
    # A confirmed order
    # ------------------------------------------------------------------
    def _rcm_confirmed(self, names):
        """``{order: what it asks for}`` of confirmed ones, when ``names`` matter."""
        if not LOCKED & set(names):
            return {}
        return {
            order: order._rcm_order_facts()
            for order in self.sudo()  # compared, not shown
            if order.state == "purchase"
        }

    def _rcm_order_facts(self):
        return Order(
            fixed=(
                self.partner_id.id,
                self.currency_id.id,
                self.company_id.id,
                self.rcm_facility_id.id,
                self.rcm_budget_date,
            ),
            lines={
                line.id: OrderLine(
                    fixed=line._rcm_fixed(),
                    quantity=Decimal(repr(line.product_qty)),
                    price=Decimal(repr(line.price_unit)),
                )
                for line in self._rcm_spending_lines()
            },
        )

    def _rcm_check_change(self, before):
        """Refuse a change of confirmed orders that asks for more than was agreed to.

        Unless the order as it is now goes through the gate and the budgets again.
        """
        changed = self.browse()
        for order, facts in before.items():
            if order.exists() and order.state == "purchase":
                if not is_within(order._rcm_order_facts(), facts):
                    changed += self.browse(order.id)
        if changed:
            changed._rcm_assert_confirm()

    def action_rcm_create_bill(self):
        """A draft bill of what is to be billed of these orders."""
        self.env.user._rcm_require("payables")
        self.check_access("read")
        # the role and the order are checked above; a draft binds nothing
        return self.sudo().action_create_invoice()

    def _prepare_invoice(self):
        return {
            **super()._prepare_invoice(),
            "rcm_spending_facility_id": self.rcm_facility_id.id,
        }


def drop_computed(vals, names):
    """``vals`` without what is computed: nobody hands it in."""
    if names & vals.keys():
        return {key: value for key, value in vals.items() if key not in names}
    return vals
