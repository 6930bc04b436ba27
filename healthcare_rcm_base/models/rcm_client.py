from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import client_price
from ..core.money import to_decimal


class RcmClient(models.Model):
    """A hospital, practice or employer that orders services and pays for them."""

    _name = "rcm.client"
    _inherit = ["rcm.debtor.mixin", "rcm.document.mixin", "rcm.batch.mixin"]
    _description = "Ordering Client"
    _order = "name, id"
    _rec_names_search = ["name", "code"]
    _check_company_auto = True
    _rcm_reprocess_roles = ("biller", "finance_manager")
    _rcm_audit_fields = (
        "name",
        "code",
        "partner_id",
        "kind",
        "charge_percent",
        "invoice_day",
        "due_days",
        "auto_post",
        "next_invoice_date",
        "fiscal_position_id",
        "active",
    )

    name = fields.Char(required=True)
    code = fields.Char(
        required=True, help="Our own short code; source systems send it in orders."
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner",
        string="Contact",
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        help="Customer on its invoices. Made automatically.",
    )
    kind = fields.Selection(
        [
            ("hospital", "Hospital"),
            ("physician", "Physician or practice"),
            ("laboratory", "Laboratory"),
            ("employer", "Employer"),
            ("other", "Other"),
        ],
        required=True,
        default="hospital",
    )
    price_ids = fields.One2many("rcm.client.price", "client_id", string="Price List")
    charge_percent = fields.Float(
        string="Others at % of Charge",
        digits=(5, 2),
        help="Price of services that are not on the list, as a percentage of the gross "
        "charge. 0: such a service waits until it has a price.",
    )
    invoice_day = fields.Integer(
        string="Day of Invoicing",
        default=3,
        required=True,
        help="Day of the month on which the month before is invoiced. What is charged "
        "later goes on the next invoice.",
    )
    due_days = fields.Integer(string="Due After (days)", default=30, required=True)
    auto_post = fields.Boolean(
        string="Post Without Review",
        help="Off: the scheduled action leaves a draft, and a person posts it.",
    )
    next_invoice_date = fields.Date(
        compute="_compute_next_invoice_date",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
    )
    fiscal_position_id = fields.Many2one(
        "account.fiscal.position",
        check_company=True,
        help="Taxes of taxable services are mapped by it.",
    )
    invoice_ids = fields.One2many(
        "rcm.client.invoice", "client_id", string="Client Invoices"
    )
    invoice_count = fields.Integer(compute="_compute_invoice_count")
    note = fields.Text(string="Internal Notes")

    _code_company_uniq = models.UniqueIndex(
        "(company_id, code)", "A client with this code exists already."
    )
    _invoice_day_range = models.Constraint(
        "CHECK(invoice_day BETWEEN 1 AND 28)", "The day of invoicing is 1 to 28."
    )
    _terms_positive = models.Constraint(
        "CHECK(due_days >= 0 AND charge_percent >= 0)",
        "Days and percentages cannot be negative.",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("invoice_day")
    def _compute_next_invoice_date(self):
        """The coming day of invoicing; another day of the month keeps the month."""
        today = fields.Date.context_today(self)
        for client in self:
            day = client.invoice_day if 1 <= client.invoice_day <= 28 else 1
            if client.next_invoice_date:
                client.next_invoice_date = client.next_invoice_date.replace(day=day)
            else:
                first = today.replace(day=day)
                client.next_invoice_date = (
                    first if first > today else first + relativedelta(months=1)
                )

    def _compute_invoice_count(self):
        counts = dict(
            self.env["rcm.client.invoice"]._read_group(
                [("client_id", "in", self.ids)], ["client_id"], ["__count"]
            )
        )
        for client in self:
            client.invoice_count = counts.get(client, 0)

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    def _rcm_ensure_partner(self):
        """Every client's contact owes on the clients' receivable."""
        result = super()._rcm_ensure_partner()
        # accounts of contacts are not the right of whoever maintains clients
        self.sudo().partner_id._rcm_set_receivable("receivable_client")
        return result

    # ------------------------------------------------------------------
    # Prices
    # ------------------------------------------------------------------
    def _rcm_prices(self):
        """The price list as values."""
        self.ensure_one()
        return tuple(
            client_price.ClientPrice(
                code=item.code,
                amount=to_decimal(item.amount),
                date_from=item.date_from or None,
                date_to=item.date_to or None,
            )
            for item in self.price_ids
        )

    def _rcm_price_charge(self, charge, prices=None):
        """The client's price of ``charge`` as a Decimal, or None."""
        self.ensure_one()
        return client_price.price(
            code=charge.code or "",
            day=charge.service_date,
            units=to_decimal(charge.units, 3),
            charge=to_decimal(charge.amount),
            prices=self._rcm_prices() if prices is None else prices,
            percent=to_decimal(self.charge_percent, 4),
        )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_rcm_invoices(self):
        """Open the invoices of this client."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.actions"]._for_xml_id(
            "healthcare_rcm_base.rcm_client_invoice_action"
        )
        return {**action, "domain": [("client_id", "=", self.id)], "context": {}}


class RcmClientPrice(models.Model):
    """One price of an ordering client's list."""

    _name = "rcm.client.price"
    _inherit = "rcm.audit.mixin"
    _description = "Client Price"
    _order = "code, date_from desc, id"
    _rcm_audit_fields = ("client_id", "code", "amount", "date_from", "date_to")

    client_id = fields.Many2one(
        "rcm.client", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="client_id.company_id", store=True)
    currency_id = fields.Many2one(related="client_id.currency_id")
    service_code_id = fields.Many2one("rcm.service.code", string="Service")
    code = fields.Char(
        compute="_compute_code",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
    )
    amount = fields.Monetary(string="Price per Unit", required=True)
    date_from = fields.Date(string="Valid From")
    date_to = fields.Date(string="Valid Until")

    _amount_positive = models.Constraint(
        "CHECK(amount >= 0)", "A price cannot be negative."
    )
    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_from IS NULL OR date_to >= date_from)",
        "A price cannot end before it begins.",
    )

    @api.depends("service_code_id")
    def _compute_code(self):
        for item in self:
            item.code = item.service_code_id.code or item.code

    @api.constrains("client_id", "code", "date_from", "date_to")
    def _check_overlap(self):
        for item in self:
            for other in item.client_id.price_ids - item:
                if other.code == item.code and _overlap(item, other):
                    raise ValidationError(
                        self.env._(
                            "Two prices of %(code)s are in force at the same time.",
                            code=item.code,
                        )
                    )


class RcmEncounter(models.Model):
    """Encounters and orders that a client ordered."""

    _inherit = "rcm.encounter"

    client_id = fields.Many2one(
        "rcm.client",
        string="Ordering Client",
        index="btree_not_null",
        check_company=True,
        help="Who ordered it. An invoice rule says whether the client pays.",
    )


class RcmServiceOrder(models.Model):
    """The client that ordered."""

    _inherit = "rcm.service.order"

    client_id = fields.Many2one(
        "rcm.client",
        string="Ordering Client",
        index="btree_not_null",
        check_company=True,
    )


def _overlap(one, other):
    return (
        not one.date_to or not other.date_from or other.date_from <= one.date_to
    ) and (not other.date_to or not one.date_from or one.date_from <= other.date_to)
