from decimal import Decimal, InvalidOperation

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import pricing
from ..core.money import to_decimal

IN_EFFECT = ("active", "expired")
MOVES = {"draft": {"active"}, "active": {"expired"}, "expired": {"active"}}
# What an active contract may still change; everything else needs a new version.
OPEN_FIELDS = {"state", "date_to", "note", "active", "tolerance_amount", "name"}
PERCENT_DIGITS = 4


class RcmPayerContract(models.Model):
    """Effective-dated terms with a payer: what its services are worth to us.

    A contract in effect is history in the making: its terms are not rewritten. New
    terms are a new version, which ends the old one the day before it begins.
    """

    _name = "rcm.payer.contract"
    _inherit = "rcm.audit.mixin"
    _description = "Payer Contract"
    _order = "payer_id, date_from desc, id desc"
    _check_company_auto = True
    _rcm_audit_fields = (
        "state",
        "network",
        "date_from",
        "date_to",
        "facility_ids",
        "default_method",
        "default_percent",
        "charge_cap_percent",
        "multiple_procedure_percents",
        "expected_patient_percent",
        "concession_percent",
        "sequestration_percent",
        "tolerance_amount",
        "active",
    )

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    state = fields.Selection(
        [("draft", "Draft"), ("active", "In effect"), ("expired", "Ended")],
        string="Status",
        required=True,
        default="draft",
        copy=False,
        help="A draft prices nothing. A contract that has ended still prices services "
        "of its time.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    payer_id = fields.Many2one(
        "rcm.payer", required=True, index=True, check_company=True, ondelete="restrict"
    )
    network = fields.Selection(
        [("in_network", "In network"), ("out_of_network", "Out of network")],
        required=True,
        default="in_network",
        help="Out-of-network terms price charges of facilities that no in-network "
        "contract with the payer covers.",
    )
    facility_ids = fields.Many2many(
        "rcm.facility",
        string="Facilities",
        check_company=True,
        help="Facilities the contract covers. Empty: all of the company.",
    )
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="Until", help="Last day; empty for an open end.")
    previous_id = fields.Many2one(
        "rcm.payer.contract",
        string="Previous Version",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    rate_ids = fields.One2many(
        "rcm.payer.contract.rate", "contract_id", string="Rates", copy=True
    )
    rate_count = fields.Integer(compute="_compute_rate_count")

    default_method = fields.Selection(
        [("none", "No price"), ("percent_of_charge", "Percent of charge")],
        string="Services Without a Rate",
        required=True,
        default="none",
        help="What a service is worth when no rate fits. With no price the claim "
        "waits with an exception.",
    )
    default_percent = fields.Float(digits=(7, PERCENT_DIGITS))
    charge_cap_percent = fields.Float(
        string="Never More Than % of Charge",
        digits=(7, PERCENT_DIGITS),
        help="100 makes every rate the lesser of the rate and the charge; 0 for no "
        "limit. A rate may say otherwise.",
    )
    multiple_procedure_percents = fields.Char(
        string="Multiple Procedures",
        required=True,
        default="100, 50",
        help="Percentages of the first, second, … procedure of a day, by falling "
        "price, among rates subject to the reduction. The last one repeats.",
    )
    expected_patient_percent = fields.Float(
        string="Expected Patient Share",
        digits=(7, PERCENT_DIGITS),
        help="Part of the allowed amount that patients usually owe.",
    )
    concession_percent = fields.Float(
        string="Implicit Concession",
        digits=(7, PERCENT_DIGITS),
        help="Part of the patient share not expected to be collected.",
    )
    sequestration_percent = fields.Float(
        string="Sequestration",
        digits=(7, PERCENT_DIGITS),
        help="Part of the payer's share the government withholds (Medicare: 2).",
    )
    tolerance_amount = fields.Monetary(
        string="Variance Tolerance",
        help="Differences between expected and paid up to this amount a line are "
        "not reported as variances.",
    )
    note = fields.Text(string="Internal Notes")

    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_to >= date_from)",
        "A contract cannot end before it begins.",
    )
    _percents_in_range = models.Constraint(
        "CHECK(default_percent >= 0 AND charge_cap_percent >= 0"
        " AND expected_patient_percent BETWEEN 0 AND 100"
        " AND concession_percent BETWEEN 0 AND 100"
        " AND sequestration_percent BETWEEN 0 AND 100)",
        "Percentages lie between 0 and 100.",
    )
    _tolerance_not_negative = models.Constraint(
        "CHECK(tolerance_amount >= 0)", "The tolerance cannot be negative."
    )

    # ------------------------------------------------------------------
    # Computes and checks
    # ------------------------------------------------------------------
    @api.depends("rate_ids")
    def _compute_rate_count(self):
        for contract in self:
            contract.rate_count = len(contract.rate_ids)

    @api.constrains("multiple_procedure_percents")
    def _check_multiple_procedure_percents(self):
        for contract in self:
            contract._multiple_procedure_percents()

    @api.constrains("default_method", "default_percent")
    def _check_default_percent(self):
        for contract in self:
            if contract.default_method != "none" and not contract.default_percent:
                raise ValidationError(
                    self.env._(
                        "Say which percent of charge services without a rate get."
                    )
                )

    @api.constrains(
        "state",
        "payer_id",
        "network",
        "facility_ids",
        "date_from",
        "date_to",
        "active",
        "company_id",
    )
    def _check_overlap(self):
        for contract in self.filtered(lambda c: c.state in IN_EFFECT and c.active):
            other = contract._find_overlapping()[:1]
            if other:
                raise ValidationError(
                    self.env._(
                        "%(contract)s overlaps with %(other)s, which is in effect with "
                        "the same payer and facility in that time.",
                        contract=contract.name,
                        other=other.name,
                    )
                )

    def _find_overlapping(self):
        """Contracts in effect that would price the same charges as this one."""
        self.ensure_one()
        others = self.search(
            [
                ("id", "!=", self.id),
                ("state", "in", IN_EFFECT),
                ("company_id", "=", self.company_id.id),
                ("payer_id", "=", self.payer_id.id),
                ("network", "=", self.network),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", self.date_from),
                ("date_from", "<=", self.date_to or fields.Date.to_date("9999-12-31")),
            ]
        )
        return others.filtered(
            lambda c: not c.facility_ids
            or not self.facility_ids
            or c.facility_ids & self.facility_ids
        )

    def action_price_check(self):
        """Ask what a service would be worth under this contract."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Price Check"),
            "res_model": "rcm.price.check",
            "view_mode": "form",
            "target": "new",
            "context": {"default_contract_id": self.id},
        }

    def action_rates(self):
        """Open the rates in a list of their own."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Rates of %(name)s", name=self.name),
            "res_model": "rcm.payer.contract.rate",
            "view_mode": "list",
            "domain": [("contract_id", "=", self.id)],
            "context": {"default_contract_id": self.id},
        }

    # ------------------------------------------------------------------
    # Domain
    # ------------------------------------------------------------------
    @api.model
    def _rcm_find(self, payer, facility, day):
        """Return the contract in effect with ``payer`` that covers both, maybe empty.

        In-network terms come first; out-of-network terms apply only where there are
        none.
        """
        contracts = self.search(
            [
                ("company_id", "=", payer.company_id.id),
                ("payer_id", "=", payer.id),
                ("state", "in", IN_EFFECT),
                ("date_from", "<=", day),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", day),
            ]
        )
        covering = contracts.filtered(
            lambda c: not c.facility_ids or facility in c.facility_ids
        )
        return covering.sorted(lambda c: (c.network != "in_network", c.id))[:1]

    def _rcm_facts(self):
        """Return this contract as the pure pricing rules want it."""
        self.ensure_one()
        return pricing.ContractFacts(
            ref=self.id,
            name=self.name,
            rates=tuple(rate._rcm_facts() for rate in self.rate_ids),
            date_from=self.date_from,
            date_to=self.date_to or None,
            network=self.network,
            facilities=frozenset(self.facility_ids.ids),
            default_method=self.default_method,
            default_percent=_percent(self.default_percent),
            charge_cap_percent=_percent(self.charge_cap_percent) or None,
            multiple_procedure_percents=self._multiple_procedure_percents(),
            expected_patient_percent=_percent(self.expected_patient_percent),
            concession_percent=_percent(self.concession_percent),
            sequestration_percent=_percent(self.sequestration_percent),
            digits=self.currency_id.decimal_places,
        )

    def _multiple_procedure_percents(self):
        """Return the percentages as decimals, refusing what is none."""
        self.ensure_one()
        try:
            percents = tuple(
                Decimal(part.strip())
                for part in (self.multiple_procedure_percents or "").split(",")
            )
        except InvalidOperation:
            percents = ()
        if not percents or not all(0 <= percent <= 100 for percent in percents):
            raise ValidationError(
                self.env._(
                    "Multiple procedures are percentages from 0 to 100 with commas "
                    "between them, such as 100, 50, 25."
                )
            )
        return percents


def _percent(value):
    return to_decimal(value or 0.0, PERCENT_DIGITS)
