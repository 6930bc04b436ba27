from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..settlement import plan as make_plan
from ..settlement.outcome import HOLD, PARK, POST
from ..settlement.reasons import case_type

PLANNABLE = ("balanced", "matched", "held", "approval")
HOLD_CASES = (
    "remittance_held",
    "remittance_plb_unmapped",
    "claim_not_submitted",
    "accounting_setup",
)


class RcmRemittance(models.Model):
    """Matching and planning: what posting would do, kept for people to see."""

    _inherit = "rcm.remittance"

    # ------------------------------------------------------------------
    # Scheduled action
    # ------------------------------------------------------------------
    @api.model
    def _cron_post(self):
        """Match, ask and post what has been read (several may run side by side)."""
        self._rcm_run_batches(
            ["|", ("state", "in", ("balanced", "matched")), ("retry", "=", True)],
            "_rcm_process",
            batch_size=1,
            case_type="remittance_post_failed",
        )

    def _rcm_process(self):
        """All that can be done now: match, ask for approval, post."""
        for remittance in self:
            if remittance.retry:
                remittance._rcm_write({"retry": False})
                if remittance._rcm_unpost_approved():
                    continue
                if remittance.state == "posted_with_parked":
                    remittance._rcm_retry_parked()
            if remittance.state not in PLANNABLE:
                continue
            plan = remittance._rcm_match()
            if plan is None:
                continue
            if remittance._rcm_gate("post"):
                remittance._rcm_post(plan)
            elif remittance.state != "approval":
                remittance._rcm_set_state("approval")

    def _rcm_gate_approved(self, effect):
        """Approved: the scheduled action checks the plan again and posts."""
        if effect == "post":
            self._rcm_wake_again()
        return super()._rcm_gate_approved(effect)

    # ------------------------------------------------------------------
    # Matching
    # ------------------------------------------------------------------
    def _rcm_match(self):
        """Plan this remittance and move it to matched, or hold it.

        :return: the plan when it may be posted, else None
        """
        self.ensure_one()
        if self.state == "held" and self.duplicate_of_id:
            return None  # its trace number was used before: a person decides
        if not self._rcm_resolve_parties() or not self._rcm_check_books():
            self._rcm_hold()
            return None
        plan = self._rcm_plan()
        self._rcm_store_plan(plan)
        if plan.decision != POST:
            self._rcm_hold()
            self._rcm_stop_cases(plan.stops)
            return None
        if self.state == "held":
            self._rcm_set_state("balanced")
        if self.state in ("balanced", "unposted"):
            self._rcm_set_state("matched")
        self._rcm_end_hold()
        self._rcm_resolve_cases(HOLD_CASES, self.env._("What it waited for is there."))
        return plan

    def _rcm_plan(self, only=None, cash_purpose=None):
        """The posting plan from what is known now; nothing is written."""
        self.ensure_one()
        transaction = self._rcm_transaction()
        options = self._rcm_options(only, cash_purpose)
        self._rcm_lock_claims(transaction, options)
        facts = self._rcm_claim_facts(transaction, options.overrides)
        rules = self.env["rcm.posting.rule"]._rcm_book(self.company_id)
        plan = make_plan(transaction, facts, rules, options)
        self._rcm_mark_awaited(plan)
        return plan

    def _rcm_lock_claims(self, transaction, options):
        """Nobody else posts on these claims until this transaction ends."""
        numbers = {claim.control_number for claim in transaction.claims}
        numbers |= {item.control_number for item in options.overrides.values()}
        numbers = sorted(numbers - {None, ""})
        if numbers:
            self.env.execute_query(
                SQL(
                    """
                    SELECT id FROM rcm_claim WHERE company_id = %s AND name = ANY(%s)
                     ORDER BY id FOR NO KEY UPDATE
                    """,
                    self.company_id.id,
                    numbers,
                )
            )

    def _rcm_mark_awaited(self, plan):
        """Have whoever changes a claim that keeps something waiting start over.

        A step on the claim that began before this one ended cannot see what waits,
        so it would wake nothing. After a changed row it begins anew, and sees it.
        A decision without an amount changes no claim by itself: whoever looks at the
        claim at the same moment would not see it, and wait for it for ever.
        """
        awaited = {
            outcome.claim_id
            for outcome in plan.outcomes
            if outcome.claim_id
            and (
                outcome.decision in (HOLD, PARK)
                or (outcome.decision == POST and not outcome.kinds)
            )
        }
        if awaited:
            self.env.execute_query(
                SQL(
                    "UPDATE rcm_claim SET id = id WHERE id = ANY(%s) RETURNING id",
                    sorted(awaited),
                )
            )

    def _rcm_check_books(self):
        """Accounts, journals and period are there; otherwise a case says what not."""
        missing = self.company_id._rcm_accounting_ready()
        if missing:
            self._rcm_raise_case(
                "accounting_setup",
                self.env._("Accounting is not set up for remittances."),
                actual=", ".join(str(item) for item in missing[:5]),
                amount=self.amount,
            )
            return False
        return True

    def _rcm_posting_date(self):
        """Today, as the company counts days; lock dates are checked when posting."""
        return self.company_id._rcm_today()

    def _rcm_stop_cases(self, stops):
        """One case per exception type, naming the first place and how many more."""
        by_type = {}
        for finding in stops:
            by_type.setdefault(case_type(finding.code), []).append(finding)
        gone = set(HOLD_CASES) - set(by_type)
        self._rcm_resolve_cases(list(gone), self.env._("Another reason now."))
        for code, findings in by_type.items():
            first = findings[0]
            message = self._rcm_reason_text(first.code)
            place = f" ({first.location})" if first.location else ""
            more = f" +{len(findings) - 1}" if len(findings) > 1 else ""
            self._rcm_raise_case(
                code,
                f"{message}{place}{more}",
                expected=first.expected,
                actual=first.actual,
                amount=self.amount,
            )

    def _rcm_reprocess(self, case):
        """Try the whole way again from where it stands."""
        if self.state == "rejected" and case.type_code == "remittance_test_file":
            self._rcm_set_state("received")
            self._rcm_admit()
            if self.state == "balanced":
                self._rcm_process()
            return self.state != "rejected"
        if self.state == "rejected":
            raise UserError(
                self.env._(
                    "A remittance that does not balance is never posted. Ask the payer "
                    "to send it again."
                )
            )
        if self.state == "held" and self.duplicate_of_id:
            raise UserError(
                self.env._(
                    "The trace number was used before. Open the remittance and accept "
                    "it as another payment, or dismiss the case."
                )
            )
        self._rcm_process()
        return self.state not in ("held", "balanced", "matched")

    # ------------------------------------------------------------------
    # Keeping the plan
    # ------------------------------------------------------------------
    def _rcm_store_plan(self, plan):
        """Write the plan to the remittance and its parts, unless it is the same."""
        if plan.digest == self.plan_digest:
            return
        proofs = plan.proofs
        totals = {}
        for line in plan.lines:
            key = (line.purpose, line.payer_id or 0)
            totals[key] = totals.get(key, 0) + line.balance
        parked = plan.with_decision("park")
        self._rcm_write(
            {
                "plan_digest": plan.digest,
                "planned_at": fields.Datetime.now(),
                "plan": {
                    "decision": plan.decision,
                    "lines": [
                        [purpose, payer, format(amount, "f")]
                        for (purpose, payer), amount in sorted(totals.items())
                        if amount
                    ],
                    "stops": [_finding(item) for item in plan.stops],
                    "findings": [_finding(item) for item in plan.findings],
                },
                "posted_total": self._rcm_money(proofs.posted),
                "parked_total": self._rcm_money(proofs.parked),
                "parked_count": len(parked),
            }
        )
        self._rcm_store_outcomes(plan.outcomes)
        self._rcm_store_provider(plan.provider)
        self._rcm_emit(
            "remittance.planned",
            {
                "digest": [None, plan.digest],
                "decision": [None, plan.decision],
                "parked": [None, len(parked)],
            },
        )

    def _rcm_store_outcomes(self, outcomes):
        """Decisions of claims, matches of services, actions of adjustments: three
        updates, however many there are."""
        self.env["rcm.remittance.claim"]._rcm_store_outcomes(
            self._rcm_claim_index(), outcomes
        )

    def _rcm_claim_index(self):
        """``{index: id}`` of this remittance's claims.

        Asked in SQL: walking ``claim_ids`` while stored fields are recomputed reads
        the claims one by one.
        """
        self.ensure_one()
        self.env["rcm.remittance.claim"].flush_model(["remittance_id", "index"])
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT index, id FROM rcm_remittance_claim"
                    " WHERE remittance_id = %s ORDER BY index",
                    self.id,
                )
            )
        )

    def _rcm_claims_by_index(self, claims=None):
        """``{index: claim}`` of ``claims``, by default of all of this remittance."""
        index = self._rcm_claim_index()
        records = self.env["rcm.remittance.claim"].browse(
            claims.ids if claims else index.values()
        )
        by_id = {record.id: record for record in records}
        return {key: by_id[id_] for key, id_ in index.items() if id_ in by_id}

    def _rcm_store_provider(self, provider):
        records = {item.index: item for item in self.provider_adjustment_ids}
        for outcome in provider:
            records[outcome.index]._rcm_write(
                {
                    "treatment": outcome.treatment,
                    "rule_id": outcome.rule_id,
                    "settlements": [
                        [part.overpayment_id, format(part.amount, "f")]
                        for part in outcome.settlements
                    ],
                }
            )


def _finding(item):
    return {
        "code": item.code,
        "severity": item.severity,
        "location": item.location,
        "expected": item.expected,
        "actual": item.actual,
    }
