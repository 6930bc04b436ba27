from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core.effective import Span, overlapping


class RcmServiceCharge(models.Model):
    """One price of the charge master: what a unit of a service is charged at, where
    and from when. The charge is the same for every payer."""

    _name = "rcm.service.charge"
    _inherit = "rcm.audit.mixin"
    _description = "Charge Master Price"
    _order = "service_code_id, facility_id, date_from desc, id"
    _rec_name = "service_code_id"
    _check_company_auto = True
    _rcm_audit_fields = (
        "service_code_id",
        "facility_id",
        "amount",
        "date_from",
        "date_to",
    )

    service_code_id = fields.Many2one(
        "rcm.service.code",
        string="Service",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    facility_id = fields.Many2one(
        "rcm.facility",
        index="btree_not_null",
        check_company=True,
        help="Empty: every facility that has no price of its own.",
    )
    amount = fields.Monetary(
        string="Charge a Unit", required=True, help="Gross, before any contract."
    )
    date_from = fields.Date(
        string="From", required=True, default=fields.Date.context_today
    )
    date_to = fields.Date(string="Until", help="Last day; empty for an open end.")

    _amount_not_negative = models.Constraint(
        "CHECK(amount >= 0)", "A charge cannot be negative."
    )
    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_to >= date_from)",
        "A price cannot end before it begins.",
    )
    _key_idx = models.Index("(company_id, service_code_id, facility_id, date_from)")

    @api.constrains(
        "service_code_id", "company_id", "facility_id", "date_from", "date_to"
    )
    def _check_overlap(self):
        """Two prices for one day leave the charge open."""
        siblings = self.search(
            [
                ("service_code_id", "in", self.service_code_id.ids),
                ("company_id", "in", self.company_id.ids),
            ]
        )
        mine = set(self._keys())
        by_key = defaultdict(list)
        for price, key in zip(siblings, siblings._keys(), strict=True):
            by_key[key].append(price._span())
        for key in mine:
            if overlapping(by_key[key]):
                service = self.env["rcm.service.code"].browse(key[1])
                raise ValidationError(
                    self.env._(
                        "%(code)s would have two prices on one day. End the one that "
                        "stands before the new one begins.",
                        code=service.code,
                    )
                )

    @api.depends("service_code_id", "facility_id")
    def _compute_display_name(self):
        for price in self:
            where = price.facility_id.code or self.env._("all facilities")
            price.display_name = f"{price.service_code_id.code} ({where})"

    def _keys(self):
        return [
            (price.company_id.id, price.service_code_id.id, price.facility_id.id)
            for price in self
        ]

    def _span(self):
        return Span(self.id, self.date_from, self.date_to or None)

    @api.model
    def _rcm_find(self, services, company):
        """{(service id, facility id or False): prices} of ``services``."""
        found = self.sudo().search(  # what is charged is no secret
            [
                ("service_code_id", "in", services.ids),
                ("company_id", "=", company.id),
            ]
        )
        by_key = defaultdict(lambda: self.browse())
        for price in found:
            by_key[price.service_code_id.id, price.facility_id.id] |= price
        return by_key
