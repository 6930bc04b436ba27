from odoo import api, fields, models

from ..core.errors import PredecessorMissing, RcmPermanent, ReferenceMissing
from ..core.money import from_decimal, to_decimal

STATE_OF_STATUS = {"active": "active", "inactive": "inactive"}
AMOUNTS = {
    "copay": ("copay_amount", 2),
    "deductible_left": ("deductible_left", 2),
    "coinsurance_percent": ("coinsurance_percent", 2),
    "out_of_pocket_left": ("out_of_pocket_left", 2),
}
NOT_SENT = ("validated", "cleared", "on_hold")
CASE = "coverage_inactive"


class RcmCoverage(models.Model):
    """What the payer last answered about a coverage, and what follows from it."""

    _inherit = "rcm.coverage"

    eligibility_answered_at = fields.Datetime(
        string="Answered At",
        readonly=True,
        copy=False,
        help="When the payer said so; older answers that come later change nothing.",
    )
    out_of_pocket_known = fields.Boolean(
        string="Has an Out-of-Pocket Limit",
        help="The plan limits what the patient pays in a year.",
    )
    out_of_pocket_left = fields.Monetary(
        string="Out-of-Pocket Left",
        help="What the patient still pays at most this year, when checked.",
    )

    _out_of_pocket_not_negative = models.Constraint(
        "CHECK(out_of_pocket_left >= 0)", "The out-of-pocket rest is not negative."
    )

    # ------------------------------------------------------------------
    # Taking an answer in
    # ------------------------------------------------------------------
    @api.model
    def _rcm_apply_eligibility(self, facts, company):
        """Take in a payer's answer and check what hangs on it again.

        :param dict facts: data of ``eligibility.updated``, version 1, ``answered_at``
            as a datetime in UTC; what it does not say stays as it is
        :return: the coverage
        :raise PredecessorMissing: patient or coverage is still to come
        """
        intake = self.sudo()  # the door checked who may report answers
        coverage = intake._rcm_find_answered(facts, company)
        answered = facts["answered_at"]
        known = coverage.eligibility_answered_at
        if known and answered < known:
            coverage._rcm_emit("rcm.coverage.eligibility_ignored")
            return coverage.with_env(self.env)
        vals = intake._rcm_eligibility_vals(facts, company)
        start = vals.get("date_from", coverage.date_from)
        end = vals.get("date_to", coverage.date_to)
        if start and end and fields.Date.to_date(end) < fields.Date.to_date(start):
            raise RcmPermanent("content_invalid", "date_to: is before date_from")
        before = coverage._rcm_audit_snapshot(list(vals))
        coverage.write({**vals, "eligibility_answered_at": answered})
        coverage._rcm_emit_difference(
            "rcm.coverage.eligibility_updated", before, list(vals)
        )
        coverage._rcm_check_again()
        return coverage.with_env(self.env)

    def _rcm_find_answered(self, facts, company):
        """The one coverage the answer is about."""
        payer = self.env["rcm.payer"].search(
            [("code", "=", facts["payer"]), ("company_id", "=", company.id)], limit=1
        )
        if not payer:
            raise ReferenceMissing("payer", facts["payer"])
        awaited = f"patient:{facts['patient_account']}"
        patient = self.env["rcm.patient.account"].search(
            [
                ("name", "=", facts["patient_account"]),
                ("company_id", "=", company.id),
            ],
            limit=1,
        )
        if not patient:
            raise PredecessorMissing("patient account", awaits=awaited)
        found = self.search(
            [("patient_id", "=", patient.id), ("payer_id", "=", payer.id)]
        )
        if member := facts.get("member_id"):
            found = found.filtered(lambda coverage: coverage.member_id == member)
        if len(found) > 1:
            day = company._rcm_day_of(facts["answered_at"])
            found = found.filtered(lambda coverage: coverage._rcm_is_effective(day))
        if not found:
            raise PredecessorMissing("coverage", awaits=awaited)
        if len(found) > 1:
            raise RcmPermanent(
                "coverage_ambiguous",
                "several coverages fit; the answer has to name the member id",
            )
        return found

    @api.model
    def _rcm_eligibility_vals(self, facts, company):
        vals = {
            "eligibility_state": STATE_OF_STATUS[facts["status"]],
            "eligibility_date": company._rcm_day_of(facts["answered_at"]),
        }
        for name in ("date_from", "date_to"):
            if name in facts:
                vals[name] = facts[name] or False
        if facts.get("plan_name"):
            vals["plan_name"] = facts["plan_name"]
        for key, (name, digits) in AMOUNTS.items():
            if facts.get(key) is not None:
                vals[name] = from_decimal(to_decimal(facts[key], digits), digits)
        if "out_of_pocket_left" in facts:
            vals["out_of_pocket_known"] = facts["out_of_pocket_left"] is not None
        return vals

    # ------------------------------------------------------------------
    # What follows
    # ------------------------------------------------------------------
    def _rcm_is_covered(self, day):
        """Whether services of ``day`` are covered, as far as we know.

        A payer that says “not eligible” and since when leaves earlier days covered.
        """
        self.ensure_one()
        if not self._rcm_is_effective(day):
            return False
        return self.eligibility_state != "inactive" or bool(self.date_to)

    def _rcm_check_again(self):
        """Run the checks of open encounters and claims of these coverages again."""
        claims = self.env["rcm.claim"].search(
            [
                ("coverage_id", "in", self.ids),
                ("state", "in", ("draft", *NOT_SENT)),
            ]
        )
        encounters = self.env["rcm.encounter"].search(
            [("coverage_ids", "in", self.ids), ("state", "=", "ready")]
        )
        encounters._rcm_bill_again()
        waiting = claims.filtered(lambda claim: claim.state != "draft")
        lost = waiting.filtered(
            lambda claim: not claim.coverage_id._rcm_is_covered(claim.service_date)
        )
        if lost:
            lost._rcm_raise_case(
                CASE,
                self.env._(
                    "The payer answered that the coverage is not in force on the date "
                    "of service. Take the claim back to draft and correct who pays, "
                    "or check again with the payer."
                ),
            )
        covered = waiting - lost
        covered._rcm_resolve_cases([CASE], self.env._("The payer confirmed it."))
        stopped = (claims - waiting).filtered("rcm_open_case_count")
        stopped._rcm_refresh()._rcm_validate()._rcm_clear()
