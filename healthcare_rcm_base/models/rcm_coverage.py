from odoo import api, fields, models

from .rcm_patient_account import PATIENT

# Who holds the policy: identity of a person, like the patient's.
SUBSCRIBER_FIELDS = (
    "subscriber_first_name",
    "subscriber_last_name",
    "subscriber_birth_date",
    "subscriber_sex",
    "subscriber_street",
    "subscriber_city",
    "subscriber_state_id",
    "subscriber_zip",
)
ORDER_WORDS = [(1, "Primary"), (2, "Secondary"), (3, "Tertiary")]


class RcmCoverage(models.Model):
    """Insurance of a patient: which payer, in which order, from when until when."""

    _name = "rcm.coverage"
    _inherit = "rcm.audit.mixin"
    _description = "Coverage"
    _order = "patient_id, sequence, date_from desc, id"
    _check_company_auto = True
    _rcm_audit_fields = (
        "patient_id",
        "payer_id",
        "sequence",
        "order_fixed",
        "member_id",
        "subscriber_relationship",
        *SUBSCRIBER_FIELDS,
        "basis",
        "employer_size",
        "court_ordered",
        "medicare_reason",
        "esrd_from",
        "date_from",
        "date_to",
        "eligibility_state",
        "copay_amount",
        "deductible_left",
        "out_of_pocket_left",
        "coinsurance_percent",
        "out_of_pocket_left",
        "active",
    )
    _rcm_audit_masked = (
        "member_id",
        *SUBSCRIBER_FIELDS,
        "medicare_reason",
        "esrd_from",
    )

    patient_id = fields.Many2one(
        "rcm.patient.account",
        required=True,
        index=True,
        check_company=True,
        ondelete="restrict",
    )
    payer_id = fields.Many2one(
        "rcm.payer", required=True, index=True, check_company=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="patient_id.company_id", store=True, index=True, precompute=True
    )
    facility_id = fields.Many2one(related="patient_id.facility_id", store=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(
        string="Order",
        default=1,
        help="As the source or a person entered it. The coordination rules decide who "
        "pays first, unless the order is set by hand.",
    )
    order_label = fields.Char(string="Entered As", compute="_compute_order_label")
    member_id = fields.Char(
        string="Member ID", groups=PATIENT, copy=False, help="As on the insurance card."
    )
    group_number = fields.Char(groups=PATIENT, copy=False)
    plan_name = fields.Char()
    subscriber_relationship = fields.Selection(
        [
            ("self", "Self"),
            ("spouse", "Spouse"),
            ("child", "Child"),
            ("other", "Other"),
        ],
        required=True,
        default="self",
        help="What the patient is to the person who holds the policy.",
    )
    date_from = fields.Date(string="From")
    date_to = fields.Date(string="Until", help="Last day; empty for an open end.")
    eligibility_state = fields.Selection(
        string="Eligibility",
        selection=[
            ("unknown", "Not checked"),
            ("active", "Confirmed"),
            ("inactive", "Not eligible"),
        ],
        required=True,
        default="unknown",
        help="What the payer last answered. Not eligible stops claims.",
    )
    eligibility_date = fields.Date(string="Checked On")
    currency_id = fields.Many2one(related="company_id.currency_id")
    copay_amount = fields.Monetary(string="Copay", help="A visit, as the plan says.")
    deductible_left = fields.Monetary(help="Still to be met this year when checked.")
    coinsurance_percent = fields.Float(string="Coinsurance", digits=(5, 2))
    is_current = fields.Boolean(
        string="In Force Today",
        compute="_compute_is_current",
        search="_search_is_current",
    )
    overlap_warning = fields.Char(compute="_compute_overlap_warning")

    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_from IS NULL OR date_to >= date_from)",
        "A coverage cannot end before it begins.",
    )
    _sequence_in_range = models.Constraint(
        "CHECK(sequence BETWEEN 1 AND 9)", "The order is a number from 1 to 9."
    )
    _values_not_negative = models.Constraint(
        "CHECK(copay_amount >= 0 AND deductible_left >= 0"
        " AND coinsurance_percent BETWEEN 0 AND 100)",
        "Copay and deductible are not negative; coinsurance is a percentage.",
    )
    _member_uniq = models.UniqueIndex(
        "(patient_id, payer_id, member_id, COALESCE(date_from, '-infinity'))"
        " WHERE active AND member_id IS NOT NULL",
        "The patient has this coverage already.",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("payer_id", "plan_name")
    def _compute_display_name(self):
        """Payer and plan; who pays first depends on the other coverages too."""
        for coverage in self:
            parts = (coverage.payer_id.name, coverage.plan_name)
            coverage.display_name = " · ".join(filter(None, parts))

    @api.depends("sequence")
    def _compute_order_label(self):
        for coverage in self:
            coverage.order_label = coverage._order_word()

    def _order_word(self):
        return dict(ORDER_WORDS).get(self.sequence, str(self.sequence))

    @api.depends("date_from", "date_to", "active")
    def _compute_is_current(self):
        today = fields.Date.context_today(self)
        for coverage in self:
            coverage.is_current = coverage._rcm_is_effective(today)

    def _search_is_current(self, operator, value):
        if operator != "in" or True not in value:
            return NotImplemented
        today = fields.Date.context_today(self)
        return [
            ("active", "=", True),
            "|",
            ("date_from", "=", False),
            ("date_from", "<=", today),
            "|",
            ("date_to", "=", False),
            ("date_to", ">=", today),
        ]

    @api.depends(
        "sequence", "date_from", "date_to", "active", "patient_id.coverage_ids"
    )
    def _compute_overlap_warning(self):
        """Sources send what they know; a person sorts two first payers out."""
        for coverage in self:
            clash = coverage.patient_id.coverage_ids.filtered(
                lambda other, mine=coverage: other != mine
                and other.active
                and mine.active
                and other.sequence == mine.sequence
                and other._overlaps(mine)
            )
            coverage.overlap_warning = bool(clash) and self.env._(
                "%(other)s has the same order in the same time.",
                other=clash[0].display_name,
            )

    def _overlaps(self, other):
        return not (
            (self.date_to and other.date_from and self.date_to < other.date_from)
            or (other.date_to and self.date_from and other.date_to < self.date_from)
        )

    # ------------------------------------------------------------------
    # Domain
    # ------------------------------------------------------------------
    def _rcm_is_effective(self, day):
        """Whether this coverage is in force on ``day``."""
        self.ensure_one()
        return bool(
            self.active
            and (not self.date_from or self.date_from <= day)
            and (not self.date_to or self.date_to >= day)
        )

    def _rcm_audit_name(self):
        return f"{self.patient_id.name} {self.payer_id.code} {self.sequence}"
