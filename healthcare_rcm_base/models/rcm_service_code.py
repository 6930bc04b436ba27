from collections import defaultdict

from odoo import api, fields, models


class RcmServiceCode(models.Model):
    """A billable service by its code, described in our own short words."""

    _name = "rcm.service.code"
    _inherit = "rcm.audit.mixin"
    _description = "Service Code"
    _order = "code, id"
    _rec_names_search = ["code", "name"]
    _rcm_audit_fields = (
        "code",
        "kind",
        "standard_charge",
        "authorization_required",
        "charge_on_completion",
        "category_id",
        "active",
    )

    code = fields.Char(required=True, index="trigram")
    name = fields.Char(
        string="Description",
        required=True,
        help="Your own short words; the official texts of some code sets are licensed.",
    )
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [
            ("procedure", "Procedure (CPT/HCPCS)"),
            ("supply", "Drug or supply"),
            ("room", "Room and board"),
            ("package", "Package"),
            ("other", "Other"),
        ],
        required=True,
        default="procedure",
    )
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: shared by all companies."
    )
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_currency_id", string="Currency"
    )
    standard_charge = fields.Monetary(
        help="Gross charge per unit, the same for every payer, where the charge "
        "master has no price of its own for the facility and day."
    )
    charge_ids = fields.One2many(
        "rcm.service.charge", "service_code_id", string="Charge Master"
    )
    authorization_required = fields.Boolean(
        help="Claims with this service wait until an authorization covers it."
    )
    charge_on_completion = fields.Boolean(
        help="A completed order of this service is charged at once from the charge "
        "master. Leave off where the source system sends the charge itself.",
    )
    category_id = fields.Many2one(
        "rcm.charge.category", string="Charge Category", index="btree_not_null"
    )
    revenue_code = fields.Char(
        size=4, help="Default revenue code on institutional claims."
    )
    max_units = fields.Float(
        string="Units at Most",
        digits=(12, 3),
        help="Units usual on one line at most; 0 for no limit.",
    )
    date_from = fields.Date(string="Valid From")
    date_to = fields.Date(string="Valid Until")

    _code_company_uniq = models.UniqueIndex(
        "(code, COALESCE(company_id, 0))", "This service code exists already."
    )
    _charge_not_negative = models.Constraint(
        "CHECK(standard_charge >= 0)", "The standard charge cannot be negative."
    )
    _units_not_negative = models.Constraint(
        "CHECK(max_units >= 0)", "The unit limit cannot be negative."
    )
    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_from IS NULL OR date_to >= date_from)",
        "A service code cannot end before it begins.",
    )

    @api.depends_context("company")
    @api.depends("company_id")
    def _compute_currency_id(self):
        for service in self:
            company = service.company_id or self.env.company
            service.currency_id = company.currency_id

    @api.depends("code", "name")
    def _compute_display_name(self):
        for service in self:
            service.display_name = f"{service.code} {service.name or ''}".strip()

    @api.model
    def _rcm_by_code(self, codes, company):
        """Return {code: service code}; the company's own comes before the shared."""
        found = self.search(
            [("code", "in", list(codes)), ("company_id", "in", [False, company.id])]
        )
        ordered = found.sorted(lambda service: bool(service.company_id))
        return {service.code: service for service in ordered}

    # ------------------------------------------------------------------
    # Charge master
    # ------------------------------------------------------------------
    def _rcm_standard_charge(self, facility, date):
        """The gross charge of one unit at ``facility`` on ``date``; 0.0 for none."""
        self.ensure_one()
        return self._rcm_standard_charges([(self, facility, date)])[0]

    @api.model
    def _rcm_standard_charges(self, wanted):
        """The gross charge of one unit of each (service, facility, date), in order.

        The facility's own price comes first, then the company's, then the service's
        standard charge. One query whatever the number.
        """
        prices = {}
        by_company = defaultdict(lambda: self.browse())
        for service, facility, _day in wanted:
            by_company[facility.company_id or self.env.company] |= service
        Charge = self.env["rcm.service.charge"]
        for company, services in by_company.items():
            prices[company] = Charge._rcm_find(services, company)
        found = []
        for service, facility, day in wanted:
            known = prices[facility.company_id or self.env.company]
            candidates = known.get((service.id, facility.id), Charge)
            if facility:
                candidates += known.get((service.id, False), Charge)
            price = next(
                (item for item in candidates if item._span().covers(day)), None
            )
            found.append(price.amount if price else service.standard_charge)
        return found
