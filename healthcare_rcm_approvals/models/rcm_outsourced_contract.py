from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.healthcare_rcm_base.core.money import from_decimal, to_decimal

from ..policy.spending import Contract


class RcmOutsourcedContract(models.Model):
    """A service bought from outside at an agreed rate, up to a ceiling."""

    _name = "rcm.outsourced.contract"
    _description = "Outsourced-Service Contract"
    _inherit = ["rcm.spending.holder", "mail.thread", "mail.activity.mixin"]
    _order = "date_to, name, id"
    _rcm_line_field = "rcm_outsourced_id"
    _rcm_state_machine = "outsourced_contract"
    _rcm_protected = ("spending_number", "reminded_for")
    _rcm_reprocess_roles = ("finance_manager", "payables")
    _rcm_audit_fields = (
        "name",
        "partner_id",
        "product_id",
        "rate",
        "contract_currency_id",
        "date_from",
        "date_to",
        "ceiling_amount",
        "ceiling_quantity",
        "owner_id",
        "notice_days",
    )

    name = fields.Char("Number", required=True)
    partner_id = fields.Many2one(
        "res.partner", "Vendor", required=True, index=True, check_company=True
    )
    product_id = fields.Many2one(
        "product.product",
        "Service",
        required=True,
        index=True,
        check_company=True,
        domain=[("type", "=", "service"), ("purchase_ok", "=", True)],
    )
    uom_id = fields.Many2one(
        "uom.uom",
        "Unit",
        compute="_compute_uom_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    contract_currency_id = fields.Many2one(
        "res.currency",
        "Currency of the Rate",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    rate = fields.Monetary(
        required=True,
        currency_field="contract_currency_id",
        help="The highest price of one unit.",
    )
    date_from = fields.Date("From", required=True)
    date_to = fields.Date("To", required=True, help="The last day of service.")
    ceiling_amount = fields.Monetary(
        help="The most that may be spent, in the company's currency. 0: no ceiling."
    )
    ceiling_quantity = fields.Float(
        digits="Product Unit", help="The most units that may be bought. 0: no ceiling."
    )
    owner_id = fields.Many2one(
        "res.users",
        "Owner",
        required=True,
        default=lambda self: self.env.user,
        help="Is reminded before it ends.",
    )
    notice_days = fields.Integer(
        "Remind Before (days)",
        default=60,
        help="How long before its end the owner is reminded to renew or to stop.",
    )
    reminded_for = fields.Date(
        readonly=True, copy=False, help="The end for which the owner was reminded."
    )
    spending_number = fields.Integer(readonly=True, copy=False)
    used_amount = fields.Monetary(
        compute="_compute_used", help="Ordered and billed so far."
    )
    left_amount = fields.Monetary(compute="_compute_used")
    used_quantity = fields.Float(compute="_compute_used", digits="Product Unit")
    left_quantity = fields.Float(compute="_compute_used", digits="Product Unit")
    used_percent = fields.Float(
        "Used", compute="_compute_used", help="Of the ceiling that is nearer."
    )
    state = fields.Selection(
        selection_add=[("open", "Running"), ("closed", "Ended")],
        ondelete={"open": "cascade", "closed": "cascade"},
    )

    _name_company_uniq = models.UniqueIndex(
        "(company_id, name)", "A contract with this number exists already."
    )
    _dates_ordered = models.Constraint(
        "CHECK(date_to >= date_from)", "A contract cannot end before it begins."
    )
    _not_negative = models.Constraint(
        "CHECK(rate >= 0 AND ceiling_amount >= 0 AND ceiling_quantity >= 0 "
        "AND notice_days >= 0)",
        "Rate, ceilings and days of notice cannot be below zero.",
    )

    @api.depends("product_id")
    def _compute_uom_id(self):
        for contract in self:
            contract.uom_id = contract.product_id.uom_id

    @api.depends("ceiling_amount", "ceiling_quantity")
    def _compute_used(self):
        used = self.env["rcm.spending"]._rcm_of_charges(
            "rcm_outsourced_id", self._origin
        )
        for contract in self:
            digits = contract.currency_id.decimal_places or 2
            committed, spent, quantity = used.get(contract._origin.id, (0, 0, 0))
            quantity = float(quantity) / (contract.uom_id.factor or 1.0)
            amount = committed + spent
            ceiling = to_decimal(contract.ceiling_amount, digits)
            contract.used_amount = from_decimal(amount, digits)
            contract.left_amount = (
                from_decimal(ceiling - amount, digits) if ceiling else 0.0
            )
            contract.used_quantity = quantity
            most = contract.ceiling_quantity
            contract.left_quantity = most - quantity if most else 0.0
            shares = [100 * float(amount / ceiling)] if ceiling else []
            if most:
                shares.append(100 * quantity / most)
            contract.used_percent = max(shares, default=0.0)

    @api.constrains("state", "partner_id", "product_id", "date_from", "date_to")
    def _check_one_running(self):
        """Two running contracts for one service would leave open which rate holds."""
        for contract in self.filtered(lambda item: item.state == "open"):
            twin = self.search(
                [
                    ("id", "!=", contract.id),
                    ("state", "=", "open"),
                    ("company_id", "=", contract.company_id.id),
                    ("partner_id", "=", contract.partner_id.id),
                    ("product_id", "=", contract.product_id.id),
                    ("date_from", "<=", contract.date_to),
                    ("date_to", ">=", contract.date_from),
                ],
                limit=1,
            )
            if twin:
                raise ValidationError(
                    self.env._(
                        "Contract %s runs for this vendor and service on these days.",
                        twin.name,
                    )
                )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def write(self, vals):
        terms = set(self._rcm_audit_fields) - {"owner_id", "notice_days"}
        if terms & vals.keys() and any(item.state != "draft" for item in self):
            self.env.user._rcm_require("finance_manager")
        return super().write(vals)

    # ------------------------------------------------------------------
    # Renewal
    # ------------------------------------------------------------------
    @api.model
    def _cron_remind(self, limit=200):
        """Remind owners of contracts that end soon, once for each end."""
        today = fields.Date.context_today(self)
        running = self.search([("state", "=", "open")], order="date_to, id")
        due = running.filtered(
            lambda item: item.reminded_for != item.date_to
            and item.date_to - timedelta(days=item.notice_days) <= today
        )[:limit]
        for contract in due:
            contract._rcm_remind()
        return len(due)

    def _rcm_remind(self):
        """An activity for the owner, due on the last day to say so."""
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            date_deadline=self.date_to,
            user_id=self.owner_id.id,
            summary=self.env._("Renew or end contract %s", self.name),
            note=self.env._(
                "It ends on %(day)s. Agree on a new term, or let it end and order "
                "nothing more under it.",
                day=self.date_to,
            ),
        )
        self._rcm_write({"reminded_for": self.date_to})
        self._rcm_emit("outsourced_contract.reminded")

    def _rcm_facts(self, committed, spent, quantity):
        """This contract as the pure rules want it, after what is used of it."""
        self.ensure_one()
        amount = quantity_left = None
        if self.ceiling_amount:
            digits = self.currency_id.decimal_places
            amount = to_decimal(self.ceiling_amount, digits) - committed - spent
        if self.ceiling_quantity:
            factor = Decimal(repr(self.uom_id.factor or 1.0))
            quantity_left = Decimal(repr(self.ceiling_quantity)) - quantity / factor
        return Contract(
            open=self.state == "open",
            vendor=self.partner_id.commercial_partner_id.id,
            product=self.product_id.id,
            rate=Decimal(repr(self.rate)),
            date_from=self.date_from,
            date_to=self.date_to,
            left_amount=amount,
            left_quantity=quantity_left,
        )

    # ------------------------------------------------------------------
    # Which contract a line is under
    # ------------------------------------------------------------------
    @api.model
    def _rcm_find(self, company, partner, product, day):
        """The running contract for this vendor and service on ``day``, or none."""
        # a buyer is bound by a contract whoever may read it
        return self.sudo().search(
            [
                ("state", "=", "open"),
                ("company_id", "=", company.id),
                ("partner_id", "in", (partner | partner.commercial_partner_id).ids),
                ("product_id", "=", product.id),
                ("date_from", "<=", day),
                ("date_to", ">=", day),
            ],
            limit=1,
        )
