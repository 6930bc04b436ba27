from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.money import from_decimal, to_decimal


class RcmFund(models.Model):
    """Money that came with conditions: a grant, a restricted gift, a regulation."""

    _name = "rcm.fund"
    _description = "Fund"
    _inherit = ["rcm.spending.holder"]
    _order = "date_to, number, id"
    _rec_names_search = ["number", "name"]
    _rcm_state_machine = "fund"
    _rcm_protected = ("spending_number",)
    _rcm_line_field = "rcm_fund_id"
    _rcm_audit_fields = (
        "number",
        "name",
        "kind",
        "funder_id",
        "date_from",
        "date_to",
        "amount",
        "analytic_account_id",
        "category_ids",
        "vendor_ids",
        "vendor_category_ids",
    )

    number = fields.Char(required=True, help="The award or rule number.")
    name = fields.Char(required=True)
    kind = fields.Selection(
        [
            ("grant", "Grant"),
            ("gift", "Restricted gift"),
            ("regulation", "Regulation"),
        ],
        required=True,
        default="grant",
    )
    funder_id = fields.Many2one("res.partner", help="Who gives the money or the rule.")
    owner_id = fields.Many2one("res.users", help="Answers for its use.")
    date_from = fields.Date("From", required=True)
    date_to = fields.Date("To", required=True, help="The last day it may be spent on.")
    amount = fields.Monetary(required=True)
    analytic_account_id = fields.Many2one(
        "account.analytic.account",
        check_company=True,
        help="Lines on this fund have to be charged to this account too.",
    )
    category_ids = fields.Many2many(
        "product.category",
        string="Allowed Categories",
        help="Product categories it may be spent on, with those below. Empty: all.",
    )
    vendor_ids = fields.Many2many(
        "res.partner",
        "rcm_fund_vendor_rel",
        "fund_id",
        "partner_id",
        string="Allowed Vendors",
        help="Empty, and no vendor tags either: every vendor.",
    )
    vendor_category_ids = fields.Many2many(
        "res.partner.category",
        string="Allowed Vendor Tags",
        help="Vendors with one of these tags are allowed as well.",
    )
    requirement_ids = fields.One2many(
        "rcm.fund.requirement", "fund_id", string="Documents Required", copy=True
    )
    spending_number = fields.Integer(readonly=True, copy=False)
    committed = fields.Monetary(
        compute="_compute_used", help="Ordered and not billed yet."
    )
    spent = fields.Monetary(
        "Actual", compute="_compute_used", help="Posted bills less credit notes."
    )
    available = fields.Monetary(compute="_compute_used")
    used_percent = fields.Float("Used", compute="_compute_used")

    _number_company_uniq = models.UniqueIndex(
        "(company_id, number)", "A fund with this number exists already."
    )
    _amount_positive = models.Constraint(
        "CHECK(amount > 0)", "A fund has an amount above zero."
    )
    _dates_ordered = models.Constraint(
        "CHECK(date_to >= date_from)", "A fund cannot end before it begins."
    )

    @api.depends("number", "name")
    def _compute_display_name(self):
        for fund in self:
            fund.display_name = " ".join(filter(None, [fund.number, fund.name]))

    @api.depends("amount")
    def _compute_used(self):
        used = self.env["rcm.spending"]._rcm_of_charges("rcm_fund_id", self._origin)
        for fund in self:
            digits = fund.currency_id.decimal_places or 2
            committed, spent, _quantity = used.get(fund._origin.id, (0, 0, 0))
            left = to_decimal(fund.amount, digits) - committed - spent
            fund.committed = from_decimal(committed, digits)
            fund.spent = from_decimal(spent, digits)
            fund.available = from_decimal(left, digits)
            fund.used_percent = (
                100 * float(committed + spent) / fund.amount if fund.amount else 0.0
            )

    def write(self, vals):
        """The conditions stand while money is spent under them."""
        narrowing = {"amount", "date_from", "date_to", "company_id"}
        if narrowing & vals.keys():
            self.env.user._rcm_require("finance_manager")
        return super().write(vals)


class RcmFundRequirement(models.Model):
    """A document that has to be there before the fund is charged."""

    _name = "rcm.fund.requirement"
    _description = "Document Required by a Fund"
    _inherit = ["rcm.audit.mixin"]
    _order = "sequence, id"
    _rcm_audit_fields = ("fund_id", "name", "amount_from")

    fund_id = fields.Many2one("rcm.fund", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(
        related="fund_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    sequence = fields.Integer(default=10)
    name = fields.Char(
        "Document", required=True, help="For example: three quotes, waiver, award page."
    )
    amount_from = fields.Monetary(
        "From", help="Needed when the lines on the fund are this much or more together."
    )


class RcmFundEvidence(models.Model):
    """A required document as it was attached to an order or a bill."""

    _name = "rcm.fund.evidence"
    _description = "Document for a Fund"
    _inherit = ["rcm.audit.mixin"]
    _order = "id"
    _rcm_audit_fields = ("requirement_id", "order_id", "move_id", "file_name")

    requirement_id = fields.Many2one(
        "rcm.fund.requirement", "Document", required=True, ondelete="restrict"
    )
    fund_id = fields.Many2one(related="requirement_id.fund_id", store=True)
    company_id = fields.Many2one(
        related="requirement_id.company_id", store=True, precompute=True
    )
    order_id = fields.Many2one(
        "purchase.order", index="btree_not_null", ondelete="cascade"
    )
    move_id = fields.Many2one(
        "account.move", index="btree_not_null", ondelete="cascade"
    )
    file = fields.Binary(required=True, attachment=True)
    file_name = fields.Char()

    _one_document = models.Constraint(
        "CHECK((order_id IS NULL) != (move_id IS NULL))",
        "A document belongs to an order or to a bill.",
    )

    @api.ondelete(at_uninstall=False)
    def _keep_what_was_relied_on(self):
        for evidence in self:
            done = (
                evidence.order_id.state == "purchase"
                or evidence.move_id.state == "posted"
            )
            if done:
                raise UserError(
                    self.env._(
                        "“%s” was relied on: it stays with the document.",
                        evidence.requirement_id.name,
                    )
                )

    def write(self, vals):
        if {"file", "requirement_id", "order_id", "move_id"} & vals.keys():
            self._keep_what_was_relied_on()
        return super().write(vals)
