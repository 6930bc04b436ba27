from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core.estimate import (
    Benefits,
    EstimateLine,
    estimate,
    estimate_self_pay,
)
from ..core.money import from_decimal, to_decimal
from ..core.pricing import ChargeFacts, price_lines

ROLES = ("front_desk", "biller")


class RcmEstimate(models.TransientModel):
    """What will the patient owe? Asked at the desk, before anything is billed.

    Prices come from the contract of the first payer, the patient's part from what the
    payer last answered about the coverage. Nothing of it is booked.
    """

    _name = "rcm.estimate"
    _description = "Patient Estimate"

    encounter_id = fields.Many2one("rcm.encounter", readonly=True)
    patient_id = fields.Many2one("rcm.patient.account", string="Patient Account")
    coverage_id = fields.Many2one(
        "rcm.coverage", domain="[('patient_id', '=', patient_id)]"
    )
    payer_id = fields.Many2one(
        "rcm.payer",
        compute="_compute_from_coverage",
        store=True,
        readonly=False,
        help="Empty: the patient pays without insurance.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    facility_id = fields.Many2one(
        "rcm.facility",
        required=True,
        domain="[('company_id', '=', company_id)]",
        default=lambda self: self._default_facility_id(),
    )
    service_date = fields.Date(
        required=True, default=lambda self: fields.Date.context_today(self)
    )
    place_of_service = fields.Char(string="Place of Service", size=2)
    line_ids = fields.One2many("rcm.estimate.line", "estimate_id", string="Services")
    copay_amount = fields.Monetary(
        string="Copay", compute="_compute_from_coverage", store=True, readonly=False
    )
    deductible_left = fields.Monetary(
        compute="_compute_from_coverage", store=True, readonly=False
    )
    coinsurance_percent = fields.Float(
        string="Coinsurance",
        digits=(5, 2),
        compute="_compute_from_coverage",
        store=True,
        readonly=False,
    )
    out_of_pocket_known = fields.Boolean(
        string="Has an Out-of-Pocket Limit",
        compute="_compute_from_coverage",
        store=True,
        readonly=False,
    )
    out_of_pocket_left = fields.Monetary(
        compute="_compute_from_coverage", store=True, readonly=False
    )
    warning = fields.Char(compute="_compute_estimate")
    contract_id = fields.Many2one("rcm.payer.contract", compute="_compute_estimate")
    charge_amount = fields.Monetary(string="Charge", compute="_compute_estimate")
    allowed_amount = fields.Monetary(string="Plan Allows", compute="_compute_estimate")
    discount_amount = fields.Monetary(
        string="Contract Discount", compute="_compute_estimate"
    )
    payer_amount = fields.Monetary(string="Plan Pays", compute="_compute_estimate")
    patient_amount = fields.Monetary(string="Patient Owes", compute="_compute_estimate")
    unknown_amount = fields.Monetary(
        string="Without a Price", compute="_compute_estimate"
    )
    steps = fields.Html(
        string="How It Got There", compute="_compute_estimate", sanitize=False
    )

    # ------------------------------------------------------------------
    # Defaults and computes
    # ------------------------------------------------------------------
    @api.model
    def _default_facility_id(self):
        """The one facility the person works for, when there is one."""
        facilities = self.env["rcm.facility"].search(
            [("company_id", "=", self.env.company.id)], limit=2
        )
        return facilities if len(facilities) == 1 else facilities.browse()

    @api.depends("coverage_id")
    def _compute_from_coverage(self):
        for wizard in self:
            coverage = wizard.coverage_id
            wizard.payer_id = coverage.payer_id or wizard.payer_id
            wizard.copay_amount = coverage.copay_amount
            wizard.deductible_left = coverage.deductible_left
            wizard.coinsurance_percent = coverage.coinsurance_percent
            wizard.out_of_pocket_known = coverage.out_of_pocket_known
            wizard.out_of_pocket_left = coverage.out_of_pocket_left

    @api.onchange("patient_id", "service_date")
    def _onchange_patient_id(self):
        """The patient's first coverage of that day."""
        if not self.patient_id:
            self.coverage_id = False
        elif self.coverage_id.patient_id != self.patient_id:
            day = self.service_date or fields.Date.context_today(self)
            self.coverage_id = self.patient_id._rcm_coverages_on(day)[:1]

    @api.depends(
        "line_ids.code",
        "line_ids.units",
        "line_ids.charge_amount",
        "line_ids.modifiers",
        "payer_id",
        "facility_id",
        "service_date",
        "place_of_service",
        "copay_amount",
        "deductible_left",
        "coinsurance_percent",
        "out_of_pocket_known",
        "out_of_pocket_left",
    )
    def _compute_estimate(self):
        for wizard in self:
            result = wizard._rcm_estimate()
            digits = wizard.currency_id.decimal_places
            wizard.update(
                {
                    f"{name}_amount": from_decimal(getattr(result, name), digits)
                    for name in (
                        "charge",
                        "allowed",
                        "discount",
                        "payer",
                        "patient",
                        "unknown",
                    )
                }
            )
            wizard.contract_id = wizard._rcm_contract()
            wizard.warning = wizard._rcm_warning(result)
            wizard.steps = wizard._steps_html(result.steps)

    @api.constrains(
        "copay_amount", "deductible_left", "coinsurance_percent", "out_of_pocket_left"
    )
    def _check_not_negative(self):
        for wizard in self:
            amounts = (
                wizard.copay_amount,
                wizard.deductible_left,
                wizard.coinsurance_percent,
                wizard.out_of_pocket_left,
            )
            if min(amounts) < 0 or wizard.coinsurance_percent > 100:
                raise ValidationError(
                    self.env._(
                        "Copay, deductible and limit are not negative; coinsurance is "
                        "a percentage."
                    )
                )

    # ------------------------------------------------------------------
    # Estimate
    # ------------------------------------------------------------------
    def _rcm_contract(self):
        payer = self.payer_id._filtered_access("read")
        facility = self.facility_id._filtered_access("read")
        # The desk says what the plan allows and need not read the contract for it.
        Contract = self.env["rcm.payer.contract"].sudo()
        if not (payer and facility and self.service_date):
            return Contract
        return Contract._rcm_find(payer, facility, self.service_date)

    def _rcm_estimate(self):
        """Price the services and split what is allowed."""
        self.ensure_one()
        lines = self.line_ids.filtered("code")
        charges = [to_decimal(line.charge_amount or 0.0) for line in lines]
        if not self.payer_id:
            return estimate_self_pay([EstimateLine(item, item) for item in charges])
        allowed = [item for _line, item in self._rcm_allowed()]
        return estimate(
            [
                EstimateLine(charge, item)
                for charge, item in zip(charges, allowed, strict=True)
            ],
            Benefits(
                copay=to_decimal(self.copay_amount or 0.0),
                deductible_left=to_decimal(self.deductible_left or 0.0),
                coinsurance_percent=to_decimal(self.coinsurance_percent or 0.0),
                out_of_pocket_left=to_decimal(self.out_of_pocket_left or 0.0)
                if self.out_of_pocket_known
                else None,
            ),
        )

    def _rcm_allowed(self):
        """[(line, what the contract allows or None)] of the services."""
        self.ensure_one()
        lines = self.line_ids.filtered("code")
        contract = self._rcm_contract()
        if not contract:
            return [(line, None) for line in lines]
        facts = [line._charge_facts(self) for line in lines]
        priced = price_lines(facts, contract._rcm_facts())
        return [
            (line, result.expected if result.is_priced else None)
            for line, result in zip(lines, priced, strict=True)
        ]

    def _rcm_warning(self, result):
        """What the person at the desk has to know before saying a number."""
        if not self.payer_id:
            return False
        coverage, day = self.coverage_id, self.service_date
        if coverage and day and not coverage._rcm_is_covered(day):
            return self.env._("The coverage is not in force on that day.")
        if not self._rcm_contract():
            return self.env._(
                "No contract in force with this payer: nothing can be estimated."
            )
        if result.unknown:
            return self.env._(
                "Some services have no price: the patient may owe more than this."
            )
        if coverage and coverage.eligibility_state == "unknown":
            return self.env._("The payer was not asked about this coverage yet.")
        return False

    @api.model
    def _steps_html(self, steps):
        rows = Markup().join(
            Markup("<tr><td>%s</td><td class='text-end'>%s</td></tr>")
            % (step.text, step.amount)
            for step in steps
        )
        return Markup("<table class='table table-sm mb-0'>%s</table>") % rows

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_print(self):
        """Print it for the patient; that it was given is in the audit log."""
        self.ensure_one()
        self.env.user._rcm_require(*ROLES)
        if not self.line_ids.filtered("code"):
            raise UserError(self.env._("Add the services first."))
        subject = self.encounter_id or self.patient_id
        subject._rcm_emit(
            "rcm.estimate.printed",
            {
                "patient_amount": [None, self.patient_amount],
                "charge_amount": [None, self.charge_amount],
            },
        )
        report = self.env.ref("healthcare_rcm_base.rcm_estimate_report")
        return report.report_action(self, config=False)

    def _rcm_print_lines(self):
        """[(code, words, units, charge, allowed or None)] for the print."""
        allowed = dict(self._rcm_allowed()) if self.payer_id else {}
        return [
            (
                line.code,
                line.service_code_id.name or "",
                line.units,
                line.charge_amount,
                allowed.get(line),
            )
            for line in self.line_ids.filtered("code")
        ]


class RcmEstimateLine(models.TransientModel):
    """One service of an estimate."""

    _name = "rcm.estimate.line"
    _description = "Estimated Service"

    estimate_id = fields.Many2one(
        "rcm.estimate", required=True, index=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="estimate_id.currency_id")
    service_code_id = fields.Many2one("rcm.service.code", string="Service")
    code = fields.Char(
        compute="_compute_code", store=True, readonly=False, precompute=True
    )
    modifiers = fields.Char(help="With commas between them, e.g. 25, 59.")
    units = fields.Float(digits=(12, 3), default=1.0)
    charge_amount = fields.Monetary(
        string="Charge",
        compute="_compute_charge_amount",
        store=True,
        readonly=False,
        help="Gross, all units; from the charge master of the facility.",
    )

    _not_negative = models.Constraint(
        "CHECK(units > 0 AND charge_amount >= 0)",
        "Units are above zero, a charge is not negative.",
    )

    @api.depends("service_code_id")
    def _compute_code(self):
        for line in self:
            line.code = line.service_code_id.code or line.code

    @api.depends("code", "units", "estimate_id.facility_id", "estimate_id.service_date")
    def _compute_charge_amount(self):
        Service = self.env["rcm.service.code"]
        for line in self:
            facility, day = line.estimate_id.facility_id, line.estimate_id.service_date
            company = line.estimate_id.company_id or self.env.company
            known = Service._rcm_by_code([line.code], company) if line.code else {}
            service = known.get(line.code)
            if service and day:
                price = service._rcm_standard_charge(facility, day)
                line.charge_amount = line.currency_id.round(price * line.units)

    def _charge_facts(self, wizard):
        self.ensure_one()
        modifiers = (self.modifiers or "").replace(" ", ",").upper().split(",")
        return ChargeFacts(
            code=self.code.strip().upper(),
            amount=to_decimal(self.charge_amount or 0.0),
            service_date=wizard.service_date,
            units=to_decimal(self.units or 0.0, 3),
            modifiers=tuple(part for part in modifiers if part),
            place_of_service=wizard.place_of_service
            or wizard.facility_id.place_of_service
            or "",
            facility=wizard.facility_id.id or None,
            revenue_code=self.service_code_id.revenue_code or "",
        )


class RcmEncounter(models.Model):
    """The estimate of an encounter."""

    _inherit = "rcm.encounter"

    def action_estimate(self):
        """Estimate what the patient will owe for this encounter."""
        self.ensure_one()
        self.env.user._rcm_require(*ROLES)
        self.check_access("read")
        coverage = self._rcm_coverages_in_order()[:1]
        # Role and access were checked; the desk reads no other charge than these.
        charges = self.sudo().charge_ids.filtered(lambda one: one.state != "void")
        wizard = self.env["rcm.estimate"].create(
            {
                "encounter_id": self.id,
                "patient_id": self.patient_id.id,
                "coverage_id": coverage.id,
                "company_id": self.company_id.id,
                "facility_id": self.facility_id.id,
                "service_date": self.service_date,
                "place_of_service": self.place_of_service,
                "line_ids": [
                    fields.Command.create(
                        {
                            "service_code_id": charge.service_code_id.id,
                            "code": charge.code,
                            "modifiers": charge.modifiers,
                            "units": charge.units,
                            "charge_amount": charge.amount,
                        }
                    )
                    for charge in charges
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Estimate"),
            "res_model": "rcm.estimate",
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }
