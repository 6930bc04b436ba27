from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core import pricing
from ..core.money import to_decimal
from .rcm_payer_contract import PERCENT_DIGITS

# What may be changed on a rate of a contract in effect.
OPEN_FIELDS = {"date_to", "sequence"}


class RcmPayerContractRate(models.Model):
    """One line of a contract's fee schedule: which services, and how much.

    The most specific rate that fits a charge prices it; see ``core/pricing_facts``
    for the order.
    """

    _name = "rcm.payer.contract.rate"
    _inherit = "rcm.audit.mixin"
    _description = "Contract Rate"
    _order = "contract_id, code, sequence, id"
    _rec_name = "code"
    _check_company_auto = True
    _rcm_audit_fields = (
        "code",
        "code_to",
        "modifier",
        "method",
        "amount",
        "percent",
        "charge_cap_percent",
        "date_from",
        "date_to",
    )

    contract_id = fields.Many2one(
        "rcm.payer.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="contract_id.company_id", store=True)
    currency_id = fields.Many2one(related="contract_id.currency_id")
    contract_state = fields.Selection(related="contract_id.state")
    sequence = fields.Integer(
        default=10, help="Decides between rates that are otherwise equally specific."
    )
    service_code_id = fields.Many2one(
        "rcm.service.code", string="Service", index="btree_not_null"
    )
    code = fields.Char(
        compute="_compute_code",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        help="Service code, or the first of a range. Empty: any service.",
    )
    code_to = fields.Char(
        string="To Code", help="Last code of a range; of the same length."
    )
    modifier = fields.Char(
        string="Modifiers", help="All of these have to be on the charge, e.g. 26 or TC."
    )
    place_of_service = fields.Char(string="POS", size=2, help="Place of service.")
    facility_id = fields.Many2one(
        "rcm.facility", check_company=True, index="btree_not_null"
    )
    revenue_code = fields.Char(size=4)
    method = fields.Selection(
        [
            ("fixed", "Fixed fee a line"),
            ("per_unit", "Fee per unit"),
            ("percent_of_charge", "Percent of charge"),
            ("per_diem", "Fee per day"),
            ("case_rate", "Case rate"),
        ],
        required=True,
        default="per_unit",
        help="Fixed fee: the amount whatever the units. Per unit and per day: times "
        "the units or days. Case rate: one amount for the whole encounter.",
    )
    amount = fields.Monetary()
    percent = fields.Float(digits=(7, PERCENT_DIGITS))
    charge_cap_percent = fields.Float(
        string="Cap % of Charge",
        digits=(7, PERCENT_DIGITS),
        help="100: the lesser of the rate and the charge. 0: as the contract says.",
    )
    multiple_procedure = fields.Boolean(
        string="Reducible",
        help="Subject to the multiple-procedure reduction of the contract.",
    )
    carve_out = fields.Boolean(
        help="Paid on top of a case rate instead of being included in it."
    )
    date_from = fields.Date(string="From", help="Empty: from the contract's start.")
    date_to = fields.Date(
        string="Until", help="Last day; empty: to the contract's end."
    )

    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_from IS NULL OR date_to >= date_from)",
        "A rate cannot end before it begins.",
    )
    _values_not_negative = models.Constraint(
        "CHECK(amount >= 0 AND percent >= 0 AND charge_cap_percent >= 0)",
        "Rates are not negative.",
    )
    _criteria_idx = models.Index("(contract_id, code)")

    # ------------------------------------------------------------------
    # Computes and checks
    # ------------------------------------------------------------------
    @api.depends("service_code_id")
    def _compute_code(self):
        for rate in self:
            if rate.service_code_id:
                rate.code = rate.service_code_id.code

    @api.depends("code", "code_to", "modifier")
    def _compute_display_name(self):
        for rate in self:
            name = rate.code or self.env._("Any service")
            if rate.code_to:
                name = f"{name}–{rate.code_to}"
            rate.display_name = f"{name} {rate.modifier}" if rate.modifier else name

    @api.constrains("code", "code_to")
    def _check_code_range(self):
        for rate in self.filtered("code_to"):
            if len(rate.code or "") != len(rate.code_to) or rate.code_to < rate.code:
                raise ValidationError(
                    self.env._(
                        "A range of codes needs two codes of the same length in order: "
                        "%(first)s–%(last)s.",
                        first=rate.code or "?",
                        last=rate.code_to,
                    )
                )

    @api.constrains("method", "percent")
    def _check_percent(self):
        for rate in self:
            if rate.method == "percent_of_charge" and not rate.percent:
                raise ValidationError(
                    self.env._("A rate by percent of charge needs its percent.")
                )

    @api.constrains(
        "contract_id",
        "code",
        "code_to",
        "modifier",
        "place_of_service",
        "facility_id",
        "revenue_code",
        "date_from",
        "date_to",
        "sequence",
    )
    def _check_ambiguous(self):
        """Two rates for the same services at the same time leave the price open."""
        siblings = self.search([("contract_id", "in", self.contract_id.ids)])
        by_key = siblings.grouped(lambda rate: rate._criteria())
        for rates in by_key.values():
            if len(rates) < 2 or not rates & self:
                continue
            ordered = rates.sorted(lambda rate: str(rate.date_from or ""))
            for earlier, later in zip(ordered, ordered[1:], strict=False):
                end = earlier.date_to
                if not end or not later.date_from or later.date_from <= end:
                    raise ValidationError(
                        self.env._(
                            "There is a rate for %(service)s with the same conditions "
                            "in that time already.",
                            service=later.display_name,
                        )
                    )

    def _criteria(self):
        """What decides which charges this rate fits, dates aside."""
        self.ensure_one()
        return (
            self.contract_id.id,
            self.code or "",
            self.code_to or "",
            frozenset(self._modifiers()),
            self.place_of_service or "",
            self.facility_id.id,
            self.revenue_code or "",
            self.sequence,
        )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    def write(self, vals):
        if set(vals) - OPEN_FIELDS:
            self._refuse_in_effect()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        self._refuse_in_effect()

    def _refuse_in_effect(self):
        if any(rate.contract_id.state != "draft" for rate in self):
            raise UserError(
                self.env._(
                    "Rates of a contract in effect are kept. End the rate by its last "
                    "day and add another one, or make a new version of the contract."
                )
            )

    # ------------------------------------------------------------------
    # Domain
    # ------------------------------------------------------------------
    def _rcm_facts(self):
        """Return this rate as the pure pricing rules want it."""
        self.ensure_one()
        cap = to_decimal(self.charge_cap_percent or 0.0, PERCENT_DIGITS)
        return pricing.RateFacts(
            ref=self.id,
            method=self.method,
            amount=to_decimal(self.amount or 0.0, self.currency_id.decimal_places),
            percent=to_decimal(self.percent or 0.0, PERCENT_DIGITS),
            code=self.code or "",
            code_to=self.code_to or "",
            modifiers=self._modifiers(),
            place_of_service=self.place_of_service or "",
            facility=self.facility_id.id or None,
            revenue_code=self.revenue_code or "",
            charge_cap_percent=cap or None,
            multiple_procedure=self.multiple_procedure,
            carve_out=self.carve_out,
            date_from=self.date_from or None,
            date_to=self.date_to or None,
            sequence=self.sequence,
        )

    def _modifiers(self):
        """Return the modifiers in upper case, in order, each once."""
        self.ensure_one()
        parts = (self.modifier or "").replace(" ", ",").upper().split(",")
        return tuple(dict.fromkeys(part for part in parts if part))
