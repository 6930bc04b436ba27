from decimal import Decimal

from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..policy.three_way import Tolerance


class RcmMatchTolerance(models.Model):
    """How far a bill may go beyond what was ordered and received."""

    _name = "rcm.match.tolerance"
    _description = "Match Tolerance"
    _inherit = ["rcm.second.admin.mixin", "rcm.audit.mixin"]
    _order = "sequence, id"
    _rcm_new_rule = {"name": "–"}
    _rcm_rules = _rcm_audit_fields = (
        "name",
        "active",
        "sequence",
        "company_id",
        "vendor_category_ids",
        "quantity_percent",
        "price_percent",
        "amount",
        "receipt_needed",
        "order_needed",
    )

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(
        default=10, help="The first one that speaks of the vendor holds."
    )
    company_id = fields.Many2one("res.company", help="Empty: every company.")
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    vendor_category_ids = fields.Many2many(
        "res.partner.category",
        string="Vendor Tags",
        help="Vendors with one of these tags. Empty: every vendor.",
    )
    quantity_percent = fields.Float(
        "Quantity (%)", help="More than received or ordered, in percent."
    )
    price_percent = fields.Float("Price (%)", help="Above the ordered price.")
    amount = fields.Monetary(
        help="What a line may cost more in all, in the company's currency. Percent "
        "and amount both have to hold."
    )
    receipt_needed = fields.Boolean(
        "Received",
        default=True,
        help="What was received is compared too. Off: order and bill only.",
    )
    order_needed = fields.Boolean(help="Bills of these vendors have to name an order.")

    _not_negative = models.Constraint(
        "CHECK(quantity_percent >= 0 AND price_percent >= 0 AND amount >= 0)",
        "A tolerance cannot be below zero.",
    )

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_currency_id(self):
        for tolerance in self:
            company = tolerance.company_id or self.env.company
            tolerance.currency_id = company.currency_id

    @api.model
    def _rcm_for(self, company, partner):
        """The tolerance of bills of ``partner``; without any, nothing is tolerated."""
        # how exact a bill has to be does not depend on who looks
        rows = self.sudo().search(
            [("active", "=", True), ("company_id", "in", (False, company.id))]
        )
        tags = partner.commercial_partner_id.category_id | partner.category_id
        for row in rows:
            if not row.vendor_category_ids or row.vendor_category_ids & tags:
                return row._rcm_facts(company)
        return Tolerance()

    def _rcm_facts(self, company):
        self.ensure_one()
        return Tolerance(
            quantity_percent=Decimal(repr(self.quantity_percent)),
            price_percent=Decimal(repr(self.price_percent)),
            amount=to_decimal(self.amount, company.currency_id.decimal_places),
            receipt=self.receipt_needed,
            order_needed=self.order_needed,
        )
