from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import pricing
from ..core.expectation import Shares, expect
from ..core.money import from_decimal, to_decimal


class RcmPriceCheck(models.TransientModel):
    """What would this service be worth under a contract, and why?"""

    _name = "rcm.price.check"
    _description = "Price Check"

    contract_id = fields.Many2one("rcm.payer.contract", required=True)
    currency_id = fields.Many2one(related="contract_id.currency_id")
    company_id = fields.Many2one(related="contract_id.company_id")
    service_code_id = fields.Many2one("rcm.service.code", string="Service")
    code = fields.Char(
        compute="_compute_from_service", store=True, readonly=False, precompute=True
    )
    units = fields.Float(default=1.0, digits=(12, 3))
    amount = fields.Monetary(
        string="Charge",
        compute="_compute_amount",
        store=True,
        readonly=False,
        precompute=True,
        help="Gross charge of the line, all units together.",
    )
    modifiers = fields.Char(help="With commas between them, e.g. 25, 59.")
    service_date = fields.Date(
        required=True, default=lambda self: fields.Date.context_today(self)
    )
    facility_id = fields.Many2one(
        "rcm.facility", domain="[('company_id', '=', company_id)]"
    )
    place_of_service = fields.Char(string="Place of Service", size=2)
    revenue_code = fields.Char(size=4)
    is_priced = fields.Boolean(compute="_compute_price")
    has_answer = fields.Boolean(compute="_compute_price")
    expected_amount = fields.Monetary(string="Expected", compute="_compute_price")
    contractual_amount = fields.Monetary(
        string="Contractual Allowance", compute="_compute_price"
    )
    patient_amount = fields.Monetary(
        string="Expected from Patient", compute="_compute_price"
    )
    sequestration_amount = fields.Monetary(
        string="Sequestration", compute="_compute_price"
    )
    trace = fields.Html(
        string="How It Got There", compute="_compute_price", sanitize=False
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("service_code_id")
    def _compute_from_service(self):
        for check in self:
            check.code = check.service_code_id.code or check.code

    @api.depends("code", "units", "facility_id", "service_date")
    def _compute_amount(self):
        """Start from the charge master; whoever asks may type another charge."""
        Service = self.env["rcm.service.code"]
        for check in self:
            company = check.company_id or self.env.company
            known = Service._rcm_by_code([check.code], company) if check.code else {}
            if service := known.get(check.code):
                day = check.service_date or fields.Date.context_today(check)
                price = service._rcm_standard_charge(check.facility_id, day)
                check.amount = check.currency_id.round(price * check.units)

    @api.depends(
        "contract_id",
        "code",
        "units",
        "amount",
        "modifiers",
        "service_date",
        "facility_id",
        "place_of_service",
        "revenue_code",
    )
    def _compute_price(self):
        for check in self:
            check._clear_answer()
            if check.contract_id and check.code and check.service_date:
                facts = check.contract_id._rcm_facts()
                charge = check._charge_facts()
                check._show_answer(pricing.price(charge, facts), charge, facts)

    def _clear_answer(self):
        self.update(
            {
                "has_answer": False,
                "is_priced": False,
                "expected_amount": 0,
                "contractual_amount": 0,
                "patient_amount": 0,
                "sequestration_amount": 0,
                "trace": False,
            }
        )

    def _show_answer(self, result, charge, facts):
        self.has_answer = True
        self.is_priced = result.is_priced
        self.trace = self._trace_html(result.trace)
        if not result.is_priced:
            return
        shares = Shares(
            patient=facts.expected_patient_percent,
            sequestration=facts.sequestration_percent,
            concession=facts.concession_percent,
        )
        parts = expect([(charge.amount, result.expected)], shares)
        self.expected_amount = from_decimal(parts.expected, facts.digits)
        self.contractual_amount = from_decimal(parts.contractual, facts.digits)
        self.patient_amount = from_decimal(parts.patient, facts.digits)
        self.sequestration_amount = from_decimal(parts.sequestration, facts.digits)

    @api.model
    def _trace_html(self, trace):
        rows = Markup().join(Markup("<li>%s</li>") % step.text for step in trace)
        return Markup("<ol class='mb-0'>%s</ol>") % rows

    def _charge_facts(self):
        self.ensure_one()
        modifiers = (self.modifiers or "").replace(" ", ",").upper().split(",")
        return pricing.ChargeFacts(
            code=self.code.strip(),
            amount=to_decimal(self.amount or 0.0, self.currency_id.decimal_places),
            service_date=self.service_date,
            units=to_decimal(self.units or 0.0, 3),
            modifiers=tuple(part for part in modifiers if part),
            place_of_service=self.place_of_service or "",
            facility=self.facility_id.id or None,
            revenue_code=self.revenue_code or "",
        )

    @api.constrains("units", "amount")
    def _check_not_negative(self):
        if any(check.units < 0 or check.amount < 0 for check in self):
            raise ValidationError(self.env._("Units and charge are not negative."))
