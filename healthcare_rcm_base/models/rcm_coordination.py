from markupsafe import Markup

from odoo import api, fields, models

from ..core import coordination
from .rcm_patient_account import PATIENT

CASE = "crossover_missing"
CROSSOVERS_A_RUN = 500
# A leg in one of these has had its turn or has it now.
HAS_TURN = ("ready", "submitted", "crossover_pending", "accepted", "pended")


class RcmCoverage(models.Model):
    """What decides in which order coverages pay."""

    _inherit = "rcm.coverage"

    plan_type = fields.Selection(related="payer_id.plan_type")
    order_fixed = fields.Boolean(
        string="Order Set by Hand",
        help="A person gave this coverage its place: the rules leave it there, and "
        "sources no longer change it.",
    )
    basis = fields.Selection(
        [
            ("active_job", "Present job"),
            ("former_job", "Former job, retiree"),
            ("cobra", "Continued (COBRA)"),
            ("individual", "Bought individually"),
        ],
        string="Plan Comes From",
        help="The subscriber's job decides whether the plan pays before Medicare.",
    )
    employer_size = fields.Selection(
        [
            ("small", "Under 20 employees"),
            ("middle", "20 to 99 employees"),
            ("large", "100 employees and more"),
        ],
        help="From 20 on the plan of somebody working pays before Medicare for age, "
        "from 100 on before Medicare for disability.",
    )
    subscriber_birth_date = fields.Date(
        groups=PATIENT,
        copy=False,
        help="For a child covered by both parents: the birthday that comes earlier in "
        "the year pays first.",
    )
    court_ordered = fields.Boolean(
        help="A court made this parent responsible: pays before the other's plan."
    )
    medicare_reason = fields.Selection(
        [("age", "Age"), ("disability", "Disability"), ("esrd", "Kidney disease")],
        string="Entitled By",
        groups=PATIENT,
        help="Why the patient has Medicare.",
    )
    esrd_from = fields.Date(
        string="Kidney Disease Since",
        groups=PATIENT,
        help="First month of entitlement: a group plan pays first for 30 months.",
    )
    coordination_warning = fields.Char(compute="_compute_coordination_warning")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends(
        "subscriber_relationship",
        "subscriber_birth_date",
        "plan_type",
        "medicare_reason",
        "esrd_from",
    )
    def _compute_coordination_warning(self):
        words = self._rcm_warning_words()
        today = fields.Date.context_today(self)
        for coverage in self:
            born = coverage.sudo().patient_id.birth_date  # compared, not shown
            codes = coordination.warnings(
                coverage._rcm_coordination_facts(today), born, today
            )
            coverage.coordination_warning = " ".join(words[code] for code in codes)

    def _rcm_warning_words(self):
        return {
            "government_plan_not_self": self.env._(
                "Medicare and Medicaid cover the patient alone: the relationship is "
                "Self."
            ),
            "child_too_old": self.env._("A child is covered until the age of 26."),
            "subscriber_younger_than_child": self.env._(
                "The subscriber is younger than the child."
            ),
            "subscriber_is_patient": self.env._(
                "The patient is the subscriber, and the birth dates differ."
            ),
            "medicare_reason_missing": self.env._(
                "Say why the patient has Medicare: the order of payers depends on it."
            ),
            "esrd_month_missing": self.env._(
                "Say since when: for 30 months a group plan pays first."
            ),
        }

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    def write(self, vals):
        """A place changed by a person is fixed; a source does not move it again."""
        by_person = not self.env.su and "order_fixed" not in vals
        if by_person and "sequence" in vals and self._rcm_moves(vals["sequence"]):
            vals = {**vals, "order_fixed": True}
        return super().write(vals)

    def _rcm_moves(self, sequence):
        return any(coverage.sequence != sequence for coverage in self)

    @api.onchange("sequence")
    def _onchange_sequence(self):
        if self._origin and self.sequence != self._origin.sequence:
            self.order_fixed = True

    def _rcm_take_over(self, vals, source):
        """A place that a person gave is not the source's to change."""
        if self.order_fixed:
            vals = {name: vals[name] for name in vals if name != "sequence"}
        return super()._rcm_take_over(vals, source)

    # ------------------------------------------------------------------
    # Domain
    # ------------------------------------------------------------------
    def _rcm_coordination_facts(self, day):
        """The coverage as ``core.coordination`` takes it, on ``day``."""
        self.ensure_one()
        coverage = self.sudo()  # what of it is shown are places and reasons
        return coordination.CoverageFacts(
            key=self.id or self._origin.id or 0,
            plan_type=coverage.payer_id.plan_type or "",
            sequence=coverage.sequence,
            fixed=coverage.order_fixed,
            in_force=not day or coverage._rcm_is_effective(day),
            relationship=coverage.subscriber_relationship or "self",
            basis=coverage.basis or "",
            employer_size=coverage.employer_size or "",
            medicare_reason=coverage.medicare_reason or "",
            esrd_from=coverage.esrd_from or None,
            subscriber_birth_date=coverage.subscriber_birth_date or None,
            court_ordered=coverage.court_ordered,
            date_from=coverage.date_from or None,
        )

    @api.model
    def _rcm_reason_words(self):
        """Why a payer has its place, in words."""
        return {
            "workers_comp": self.env._("workers' compensation pays first"),
            "auto": self.env._("automobile insurance pays first"),
            "medicare": self.env._("Medicare"),
            "working_aged": self.env._(
                "plan of a present job with 20 or more employees, before Medicare"
            ),
            "disabled_large_group": self.env._(
                "plan of a present job with 100 or more employees, before Medicare"
            ),
            "small_employer": self.env._("small employer: after Medicare"),
            "medicare_before_former_job": self.env._(
                "plan of a former job: after Medicare"
            ),
            "medicare_before_plan": self.env._(
                "no group plan of a job: after Medicare"
            ),
            "esrd_first_30_months": self.env._(
                "group plan in the first 30 months of kidney disease, before Medicare"
            ),
            "esrd_after_30_months": self.env._(
                "more than 30 months of kidney disease: after Medicare"
            ),
            "facts_missing": self.env._(
                "as entered: what decides before or after Medicare is not known"
            ),
            "medicaid_last": self.env._("Medicaid pays last"),
            "self_pay_last": self.env._("self-pay comes last"),
            "own_plan": self.env._("the patient's own plan before the family's"),
            "plan_of_family": self.env._("plan of a family member"),
            "court_order": self.env._("a court made this parent responsible"),
            "after_court_order": self.env._("after the parent a court named"),
            "birthday_rule": self.env._("birthday rule"),
            "birthday_missing": self.env._(
                "as entered: a parent's birth date is missing for the birthday rule"
            ),
            "active_job": self.env._("present job before a former one"),
            "former_job": self.env._("after the plan of a present job"),
            "only_plan": self.env._("the only one of its kind"),
            "sequence": self.env._("as entered"),
            "by_person": self.env._("set by a person"),
            "not_in_force": self.env._("not in force on the date of service"),
        }


class RcmEncounter(models.Model):
    """The order of payers of an encounter."""

    _inherit = "rcm.encounter"

    payer_order = fields.Html(
        string="Order of Payers", compute="_compute_payer_order", sanitize=False
    )

    @api.depends("coverage_ids", "self_pay", "service_date")
    def _compute_payer_order(self):
        """Who pays first, and why; for people to check."""
        words = self.env["rcm.coverage"]._rcm_reason_words()
        for encounter in self:
            rows = Markup().join(
                Markup("<li>%s <span class='text-muted'>· %s</span></li>")
                % (coverage.sudo().payer_id.name, words[reason])  # payers are no secret
                for coverage, reason in encounter._rcm_coordination()
            )
            encounter.payer_order = (
                rows and Markup("<ol class='mb-0 ps-3'>%s</ol>") % rows
            )

    def _rcm_coordination(self):
        """[(coverage, reason code)] in the order in which they pay; none: self-pay."""
        self.ensure_one()
        if self.self_pay:
            return []
        day = self.service_date
        by_key = {
            coverage.id or coverage._origin.id: coverage
            for coverage in self.coverage_ids
        }
        facts = [
            coverage._rcm_coordination_facts(day) for coverage in self.coverage_ids
        ]
        return [
            (by_key[turn.key], turn.reason) for turn in coordination.order(facts, day)
        ]

    def _rcm_coverages_in_order(self):
        """The encounter's coverages in coordination order; none when self-pay."""
        self.ensure_one()
        return self.env["rcm.coverage"].union(
            *(coverage for coverage, _reason in self._rcm_coordination())
        )


class RcmClaimLeg(models.Model):
    """Why a payer has its place."""

    _inherit = "rcm.claim.leg"

    order_reason = fields.Char(string="Reason Code", readonly=True)
    order_text = fields.Char(string="Why Here", compute="_compute_order_text")
    crossover_from = fields.Date(
        string="Forwarded On",
        readonly=True,
        help="The payer before sent the claim on to this one itself.",
    )

    @api.depends("order_reason")
    def _compute_order_text(self):
        words = self.env["rcm.coverage"]._rcm_reason_words()
        for leg in self:
            leg.order_text = words.get(leg.order_reason, "")


class RcmClaim(models.Model):
    """Turns of payers: made with the claim, opened one after the other."""

    _inherit = "rcm.claim"

    def _rcm_sync_legs(self):
        """One leg per coverage in coordination order, made anew when that changed.

        No payer has a turn on a claim that the patient is invoiced for.
        """
        vals_list = []
        for claim in self:
            payers = claim.invoice_rule != "patient"
            turns = claim.encounter_id._rcm_coordination() if payers else []
            coverages = [coverage.id for coverage, _reason in turns]
            if claim.leg_ids.coverage_id.ids == coverages:
                for leg, (_coverage, reason) in zip(claim.leg_ids, turns, strict=True):
                    if leg.order_reason != reason:
                        leg.order_reason = reason
                continue
            claim.leg_ids.unlink()
            vals_list += [
                {
                    "claim_id": claim.id,
                    "sequence": place,
                    "coverage_id": coverage.id,
                    "payer_id": coverage.payer_id.id,
                    "order_reason": reason,
                    "correlation_id": claim.correlation_id,
                }
                for place, (coverage, reason) in enumerate(turns, start=1)
            ]
        self.env["rcm.claim.leg"]._rcm_create(vals_list)

    def _rcm_open_next_leg(self, payers=None, crossover=False):
        """Give the next payer in order its turn: the one way it is opened.

        :param dict payers: {claim id: payer id} to whom a remittance moved the rest;
            without one it is the next whose coverage is in force on the day
        :param bool crossover: the payer sends the claim on by itself: we wait for the
            answer and send nothing
        :return: the legs whose turn it is; empty for a claim without further payer
        """
        opened = self.env["rcm.claim.leg"]
        for claim in self:
            if any(leg.state in HAS_TURN for leg in claim.leg_ids):
                continue
            waiting = claim.leg_ids.filtered(
                lambda leg: leg.state == "not_due"
                and leg.coverage_id._rcm_is_effective(leg.claim_id.service_date)
            )
            wanted = (payers or {}).get(claim.id)
            named = waiting.filtered(
                lambda leg, wanted=wanted: leg.payer_id.id == wanted
            )
            opened |= (named or waiting)[:1]
        if crossover:
            opened._rcm_set_state(
                "crossover_pending", crossover_from=fields.Date.context_today(self)
            )
        else:
            opened._rcm_set_state("ready")
        return opened

    # ------------------------------------------------------------------
    # Crossovers that never arrive
    # ------------------------------------------------------------------
    @api.model
    def _cron_watch_crossovers(self):
        """Raise a case for forwarded claims that the next payer has not answered."""
        today = fields.Date.context_today(self)
        Case = self.env["rcm.exception.case"].sudo()  # counting, not showing
        asked = Case._search(
            Case._rcm_open_domain()
            & fields.Domain("res_model", "=", self._name)
            & fields.Domain("type_code", "=", CASE)
        ).subselect("res_id")
        for company in self.env["res.company"].search([("rcm_crossover_days", ">", 0)]):
            limit = fields.Date.subtract(today, days=company.rcm_crossover_days)
            late = self.env["rcm.claim.leg"].search(
                [
                    ("company_id", "=", company.id),
                    ("state", "=", "crossover_pending"),
                    ("crossover_from", "<=", limit),
                    ("claim_id", "not in", asked),
                ],
                limit=CROSSOVERS_A_RUN,
            )
            late.claim_id._rcm_raise_case(
                CASE,
                self.env._(
                    "Forwarded %(days)s days ago and not answered.",
                    days=company.rcm_crossover_days,
                ),
            )

    def _rcm_reprocess(self, case):
        """A crossover that never came: the claim is sent to that payer by ourselves."""
        if case and case.sudo().type_code == CASE:
            self.leg_ids.filtered(
                lambda leg: leg.state == "crossover_pending"
            )._rcm_set_state("ready")
            return True
        return super()._rcm_reprocess(case)
