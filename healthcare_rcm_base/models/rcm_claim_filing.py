from datetime import timedelta

from odoo import api, fields, models

from ..core.timely_filing import FilingFacts, Limits, clocks

SWEEP_BATCH = 200
NEAR_DAYS = 14
CASE_TYPE = "timely_filing"


class RcmClaimLeg(models.Model):
    """When each payer decided: where corrections and appeals count from."""

    _inherit = "rcm.claim.leg"

    adjudicated_date = fields.Date(
        string="Decided On",
        readonly=True,
        copy=False,
        help="Day its remittance posted.",
    )

    @api.model
    def _rcm_protected_fields(self):
        return super()._rcm_protected_fields() | {"adjudicated_date"}

    def _rcm_set_state(self, new_state, **vals):
        if new_state == "adjudicated":
            company = self.company_id[:1] or self.env.company
            vals.setdefault("adjudicated_date", company._rcm_today())
        return super()._rcm_set_state(new_state, **vals)


class RcmClaim(models.Model):
    """Timely filing: which clock runs for a claim, and until when."""

    _inherit = "rcm.claim"

    filing_kind = fields.Selection(
        [
            ("original", "Original claim"),
            ("corrected", "Corrected claim"),
            ("secondary", "Next payer"),
            ("appeal", "Appeal"),
        ],
        string="Filing Clock",
        compute="_compute_filing",
        store=True,
        help="What has to reach the payer next. Nothing runs while a payer decides.",
    )
    filing_deadline = fields.Date(
        compute="_compute_filing",
        store=True,
        index="btree_not_null",
        help="Last day on which it is in time, by the payer's own limits.",
    )
    filing_days_left = fields.Integer(
        string="Days To File", compute="_compute_filing_days_left"
    )
    filing_status = fields.Selection(
        [("open", "In time"), ("near", "Near"), ("passed", "Passed")],
        string="Timely Filing",
        compute="_compute_filing_days_left",
        search="_search_filing_status",
    )

    @api.depends(
        "state",
        "hold_state",
        "service_date",
        "encounter_id.service_end",
        "frequency_code",
        "replaces_id.leg_ids.adjudicated_date",
        "payer_id.timely_filing_days",
        "payer_id.timely_filing_corrected_days",
        "payer_id.timely_filing_secondary_days",
        "payer_id.appeal_days",
        "self_pay",
        "leg_ids.state",
        "leg_ids.adjudicated_date",
        "payment_status",
    )
    def _compute_filing(self):
        for claim in self:
            nearest = clocks(claim._rcm_filing_facts())[:1]
            claim.filing_kind = nearest[0].kind if nearest else False
            claim.filing_deadline = nearest[0].deadline if nearest else False

    @api.depends("filing_deadline")
    def _compute_filing_days_left(self):
        today, near = fields.Date.context_today(self), self._rcm_filing_near_days()
        for claim in self:
            deadline = claim.filing_deadline
            left = (deadline - today).days if deadline else 0
            claim.filing_days_left = left
            claim.filing_status = bool(deadline) and (
                "passed" if left < 0 else "near" if left <= near else "open"
            )

    @api.model
    def _search_filing_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = fields.Date.context_today(self)
        limit = today + timedelta(days=self._rcm_filing_near_days())
        field = "filing_deadline"
        domains = {
            "passed": fields.Domain(field, "<", today),
            "near": fields.Domain(field, ">=", today)
            & fields.Domain(field, "<=", limit),
            "open": fields.Domain(field, ">", limit),
            False: fields.Domain(field, "=", False),
        }
        return fields.Domain.OR(domains[item] for item in value if item in domains)

    @api.model
    def _rcm_filing_near_days(self):
        """From how many days before a deadline on somebody is told."""
        parameters = self.env["ir.config_parameter"].sudo()  # a tuning value
        key = "healthcare_rcm_base.filing_near_days"
        return int(parameters.get_param(key, NEAR_DAYS))

    def _rcm_filing_facts(self):
        self.ensure_one()
        claim = self.sudo()  # payers and legs, whoever sees the claim
        if claim.self_pay or not claim.payer_id:
            return FilingFacts("none", None, Limits())
        decided = _decided(claim)
        ready = claim.leg_ids.filtered(lambda leg: leg.state == "ready")[:1]
        return FilingFacts(
            state=claim._rcm_standing() or claim.state,
            service_end=claim.service_date and claim._rcm_service_end() or None,
            limits=_limits(decided.payer_id or claim.payer_id),
            is_correction=claim.frequency_code != "1",
            replaced_on=_decided_on(claim.replaces_id),
            decided_on=_decided_on(claim),
            next_limits=_limits(ready.payer_id) if ready and decided else None,
            denied=claim.payment_status in ("denied", "partially_denied"),
        )

    @api.model
    def _cron_filing_deadlines(self):
        """Claims whose deadline is near or passed get a case; others lose theirs."""
        near = fields.Domain("filing_status", "in", ["near", "passed"])
        self._rcm_run_batches(near, "_rcm_note_deadline", SWEEP_BATCH, CASE_TYPE)
        Case = self.env["rcm.exception.case"]
        cases = Case.search(
            Case._rcm_open_domain()
            & fields.Domain("res_model", "=", self._name)
            & fields.Domain("type_code", "=", CASE_TYPE)
        )
        known = cases.mapped("res_id")
        for start in range(0, len(known), SWEEP_BATCH):
            page = self.browse(known[start : start + SWEEP_BATCH]).exists()
            done = page - page.filtered_domain(near)
            done._rcm_resolve_cases([CASE_TYPE], self.env._("Filed in time."))

    def _rcm_note_deadline(self):
        """Open a case that names the deadline on each of these claims."""
        labels = dict(self._fields["filing_kind"]._description_selection(self.env))
        groups = self.grouped(
            lambda claim: (claim.company_id, claim.filing_kind, claim.filing_deadline)
        )
        for (_company, kind, deadline), claims in groups.items():
            claims._rcm_raise_case(
                CASE_TYPE,
                self.env._(
                    "%(what)s: due by %(day)s.", what=labels[kind], day=deadline
                ),
                amount={claim.id: claim.open_balance for claim in claims},
            )


def _decided(claim):
    """The leg of the payer that decided last."""
    return claim.leg_ids.filtered("adjudicated_date").sorted("sequence")[-1:]


def _decided_on(claim):
    return _decided(claim).adjudicated_date or None


def _limits(payer):
    return Limits(
        original=payer.timely_filing_days,
        corrected=payer.timely_filing_corrected_days,
        secondary=payer.timely_filing_secondary_days,
        appeal=payer.appeal_days,
    )
