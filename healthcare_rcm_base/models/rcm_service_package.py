from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core.allocation import allocate
from ..core.money import from_decimal, to_decimal


class RcmServicePackage(models.Model):
    """Several services sold at one price, for example a surgery all included."""

    _name = "rcm.service.package"
    _inherit = "rcm.audit.mixin"
    _description = "Service Package"
    _order = "code, id"
    _rec_names_search = ["code", "name"]
    _rcm_audit_fields = ("code", "name", "price", "date_from", "date_to", "active")

    name = fields.Char(required=True)
    code = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    price = fields.Monetary(required=True, help="Gross charge of the whole package.")
    date_from = fields.Date(string="Valid From")
    date_to = fields.Date(string="Valid Until")
    component_ids = fields.One2many(
        "rcm.service.package.component", "package_id", string="Components", copy=True
    )
    standard_total = fields.Monetary(
        compute="_compute_standard_total",
        string="Components Alone",
        help="What the components cost one by one in the charge master.",
    )

    _code_company_uniq = models.UniqueIndex(
        "(company_id, code)", "A package with this code exists already."
    )
    _price_positive = models.Constraint(
        "CHECK(price > 0)", "The price of a package is above zero."
    )
    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_from IS NULL OR date_to >= date_from)",
        "A package cannot end before it begins.",
    )

    @api.depends("component_ids.standard_amount")
    def _compute_standard_total(self):
        for package in self:
            package.standard_total = sum(
                package.component_ids.mapped("standard_amount")
            )

    @api.depends("code", "name")
    def _compute_display_name(self):
        for package in self:
            package.display_name = f"[{package.code}] {package.name}"

    @api.constrains("component_ids", "active")
    def _check_components(self):
        if any(package.active and not package.component_ids for package in self):
            raise ValidationError(self.env._("A package has at least one component."))

    def _rcm_is_valid_on(self, day):
        self.ensure_one()
        return (
            self.active
            and (not self.date_from or self.date_from <= day)
            and (not self.date_to or day <= self.date_to)
        )

    def _rcm_shares(self, facility, day):
        """The price shared out over the components, to the cent, in their order.

        In proportion to what ``facility`` charges for them on ``day``.
        """
        self.ensure_one()
        return allocate(
            to_decimal(self.price),
            [
                to_decimal(amount)
                for amount in self.component_ids._rcm_standard_amounts(facility, day)
            ],
        )


class RcmServicePackageComponent(models.Model):
    """One service of a package."""

    _name = "rcm.service.package.component"
    _inherit = "rcm.audit.mixin"
    _description = "Package Component"
    _order = "package_id, sequence, id"
    _rcm_audit_fields = ("package_id", "service_code_id", "units", "modifiers")

    package_id = fields.Many2one(
        "rcm.service.package", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="package_id.company_id", store=True)
    currency_id = fields.Many2one(related="package_id.currency_id")
    sequence = fields.Integer(default=10)
    service_code_id = fields.Many2one(
        "rcm.service.code", string="Service", required=True
    )
    units = fields.Float(digits=(12, 3), default=1.0, required=True)
    modifiers = fields.Char()
    standard_amount = fields.Monetary(
        compute="_compute_standard_amount",
        string="Alone",
        help="At the company's charge today. A package's price is shared out in the "
        "proportion of what the facility charges on the day of service.",
    )

    _units_positive = models.Constraint(
        "CHECK(units > 0)", "The units of a component are above zero."
    )

    @api.depends("service_code_id.standard_charge", "units")
    def _compute_standard_amount(self):
        today = fields.Date.context_today(self)
        nowhere = self.env["rcm.facility"]
        for company, items in self.grouped("company_id").items():
            own = items.with_company(company) if company else items
            amounts = own._rcm_standard_amounts(nowhere, today)
            for item, amount in zip(items, amounts, strict=True):
                item.standard_amount = amount

    def _rcm_standard_amounts(self, facility, day):
        """What each component alone is charged at, by the charge master."""
        priced = self.filtered("service_code_id")
        prices = self.env["rcm.service.code"]._rcm_standard_charges(
            [(item.service_code_id, facility, day) for item in priced]
        )
        price_of = dict(zip(priced, prices, strict=True))
        return [
            item.currency_id.round(price_of.get(item, 0.0) * item.units)
            for item in self
        ]


class RcmPackageSale(models.Model):
    """A package sold on an encounter: its charges add up to its price."""

    _name = "rcm.package.sale"
    _inherit = "rcm.document.mixin"
    _description = "Package Sale"
    _order = "id desc"
    _rcm_protected = ("encounter_id", "package_id", "price", "external_ref")

    encounter_id = fields.Many2one(
        "rcm.encounter", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="encounter_id.company_id", store=True)
    facility_id = fields.Many2one(
        related="encounter_id.facility_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    package_id = fields.Many2one("rcm.service.package", required=True, readonly=True)
    external_ref = fields.Char(string="Sale ID", required=True, readonly=True)
    price = fields.Monetary(readonly=True)
    charge_ids = fields.One2many(
        "rcm.charge",
        "package_sale_id",
        string="Charges",
        groups="healthcare_rcm_base.group_documents",
    )
    standing = fields.Selection(
        [("sold", "Sold"), ("taken_back", "Taken back")],
        compute="_compute_standing",
        compute_sudo=True,
        string="Status",
        help="Taken back: none of its charges counts any more.",
    )
    amount = fields.Monetary(
        compute="_compute_standing",
        compute_sudo=True,
        string="Charged",
        help="The package's charges that count; its price unless one was corrected.",
    )

    _ref_uniq = models.Constraint(
        "UNIQUE(encounter_id, external_ref)",
        "This package sale is on the encounter already.",
    )

    @api.depends("charge_ids.is_current", "charge_ids.amount")
    def _compute_standing(self):
        for sale in self:
            current = sale._rcm_current_charges()
            sale.standing = "sold" if current else "taken_back"
            sale.amount = sum(current.mapped("amount"))

    def _rcm_current_charges(self):
        return self.charge_ids.filtered("is_current")

    def action_take_back(self):
        """Take the package back: free charges become void, billed ones credited."""
        self.env.user._rcm_require("biller")
        self.check_access("read")
        self.sudo()._rcm_take_back()  # role and record rules were checked above

    def _rcm_take_back(self):
        for sale in self.filtered(lambda item: item.standing == "sold"):
            for charge in sale._rcm_current_charges():
                charge._rcm_withdraw("other")
            sale._rcm_emit("rcm.package.sale.taken_back")

    def _rcm_audit_name(self):
        return f"{self.encounter_id.number} {self.external_ref}"


class RcmCharge(models.Model):
    """Which package a charge was sold in."""

    _inherit = "rcm.charge"

    package_sale_id = fields.Many2one(
        "rcm.package.sale", readonly=True, copy=False, index="btree_not_null"
    )

    def _rcm_carried_fields(self):
        """A corrected charge stays in the package it was sold in."""
        return (*super()._rcm_carried_fields(), "package_sale_id")


class RcmEncounter(models.Model):
    """Selling packages."""

    _inherit = "rcm.encounter"

    package_sale_ids = fields.One2many(
        "rcm.package.sale", "encounter_id", string="Packages"
    )

    def action_sell_package(self):
        """Open the dialog that sells a package on this encounter."""
        self.ensure_one()
        self.env.user._rcm_require("biller", "front_desk")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Sell a Package"),
            "res_model": "rcm.package.sell",
            "view_mode": "form",
            "target": "new",
            "context": {"default_encounter_id": self.id},
        }

    def _rcm_sell_package(self, package, ref=None):
        """Add the charges of ``package``, which come to its price; return the sale.

        :param str ref: the sale's id at its source; the same one again is that sale
        """
        self.ensure_one()
        known = self.package_sale_ids.filtered(lambda sale: sale.external_ref == ref)
        if ref and known:
            return known
        if package.company_id != self.company_id or not package._rcm_is_valid_on(
            self.service_date
        ):
            raise UserError(
                self.env._(
                    "Package %(package)s is not for sale on %(day)s.",
                    package=package.display_name,
                    day=self.service_date,
                )
            )
        if self._rcm_standing() == "cancelled":
            raise UserError(self.env._("The encounter was cancelled."))
        late = self._rcm_standing() in ("billed", "closed")
        self._rcm_open_for_charges()
        shares = package._rcm_shares(self.facility_id, self.service_date)
        ref = ref or f"{package.code}-{len(self.package_sale_ids) + 1}"
        [sale] = self.env["rcm.package.sale"]._rcm_create(
            [
                {
                    "encounter_id": self.id,
                    "package_id": package.id,
                    "external_ref": ref,
                    "price": package.price,
                    "correlation_id": self.correlation_id,
                }
            ]
        )
        self.env["rcm.charge"].create(
            [
                {
                    "encounter_id": self.id,
                    "external_ref": f"{ref}/{place}",
                    "sequence": (len(self.charge_ids) + place) * 10,
                    "service_code_id": item.service_code_id.id,
                    "code": item.service_code_id.code,
                    "modifiers": item.modifiers,
                    "units": item.units,
                    "amount": from_decimal(share),
                    "revenue_code": item.service_code_id.revenue_code,
                    "place_of_service": self.place_of_service,
                    "diagnosis_pointers": "1" if self._rcm_diagnoses() else False,
                    "origin": "package",
                    "package_sale_id": sale.id,
                    "correlation_id": self.correlation_id,
                }
                for place, (item, share) in enumerate(
                    zip(package.component_ids, shares, strict=True), 1
                )
            ]
        )
        sale._rcm_emit("rcm.package.sale.sold", {"price": [None, package.price]})
        if late or self.state in ("reopened", "ready"):
            self._rcm_charges_changed("late")
        return sale
