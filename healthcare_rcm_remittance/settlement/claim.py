"""Planning one claim (CLP) of a remittance against our claim."""

from decimal import Decimal

from ..x12.model import Claim
from . import actions, reversal
from .adjustments import cap_contractual, decide, without_posting
from .booking import amounts_by_line, credit_of, entry_lines, moved_by
from .claim_checks import REVERSAL, SPLIT_CLAIM_REMARK, ClaimChecks
from .context import ZERO, Context
from .facts import Override
from .outcome import (
    POST,
    ClaimOutcome,
    Variance,
)
from .reasons import AWAITED, REPEATED, park
from .variances import find_variances

FORWARDED = frozenset({"19", "20", "21"})
WRONG_PAYER_REASON = "22"


def plan_claim(claim: Claim, context: Context) -> ClaimOutcome:
    """Decide one claim: post, park (with reasons), hold, or nothing to do."""
    override = context.options.overrides.get(claim.index, Override())
    number = override.control_number or claim.control_number
    facts = context.claims.get(number)
    builder = _Builder(claim, facts, override, context)
    return builder.run()


class _Builder(ClaimChecks):
    """The steps of one claim; each adds reasons, the first that does ends it."""

    def run(self) -> ClaimOutcome:
        """The outcome, after as many checks as it takes."""
        special = self._without_posting()
        if special:
            return special
        steps = (
            self._check_known,
            self._choose_version,
            self._check_ready,
            self._check_repeated,
            self._find_leg,
            self._check_patient,
            self._match,
        )
        steps += (
            (self._reverse,)
            if self.claim.status == REVERSAL
            else (
                self._await_prior,
                self._await_reversal,
                self._check_charge,
                self._adjust,
                self._guard,
            )
        )
        for step in steps:
            step()
            if self.reasons:
                return self._outcome(self._decision())
        return self._posted()

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------

    # ------------------------------------------------------------------
    # Deciding
    # ------------------------------------------------------------------
    def _reverse(self):
        """Mirror the original by its stored actions, or park with the difference."""
        claim, context = self.claim, self.context
        original = self._find_original()
        if original is None and self.facts.awaits:
            self._park(AWAITED, None, self.facts.awaits)
            return
        if original is None:
            # RFI 1604: what was taken back is not taken back again.
            again = reversal.exact(claim, self.facts.taken_back, self.options.payer_id)
            code = REPEATED if again else "reversal_unmatched"
            self._park(code, None, claim.paid)
            return
        rows = reversal.difference(claim, original, self.matches)
        for place, expected, actual in rows:
            self.reasons.append(
                park("reversal_not_mirror", f"{self.place} / {place}", expected, actual)
            )
        if rows:
            return
        self.original = original
        self.actions = reversal.mirror(claim, original, self.matches)
        for next_payer, amount in moved_by(self.actions).items():
            if context.open_of(self.facts, next_payer) + amount < 0:
                self._park(
                    "reversal_next_payer_posted",
                    -amount,
                    context.open_of(self.facts, next_payer),
                )

    def _take_back_local(self):
        """What we decided ourselves goes back before the payer's decision does."""
        key = self.facts.control_number
        if not self.facts.has_local or key in self.context.local_back:
            return
        self.context.local_back.add(key)
        self.takes_back = True
        for payer_id, amount in self.facts.local_by_payer.items():
            self.context.move(self.facts, payer_id, amount)

    def _adjust(self):
        """An action for every triple."""
        following = self.facts.next_leg(self.leg)
        decided = decide(
            self.claim,
            self.matches,
            self.context.rules,
            self.options.payer_id,
            following.payer_id if following else None,
            self.context.day,
        )
        self.actions = decided.actions
        self.warnings += decided.warnings
        if self.override.cash_only:
            self.actions = without_posting(self.actions)
        else:
            self.reasons += decided.reasons
        self._suggest_primary()

    def _suggest_primary(self):
        """A denial for another payer may name the right one in NM1*PR."""
        other = any(
            item.reason == WRONG_PAYER_REASON and item.action == actions.DENIAL
            for item in self.actions
        )
        if other and self.claim.name("PR"):
            self._warn("coverage_suggested")

    def _guard(self):
        """No payer's receivable goes below zero; prior payers are what we posted."""
        open_ = self.context.open_of(self.facts, self.options.payer_id)
        credit = self._credit()
        if credit > open_ and self.override.cap_contractual:
            self.actions = cap_contractual(self.actions, credit - open_)
            self._warn("contractual_capped", credit, open_)
            credit = self._credit()
        if credit > open_:
            code = "overpaid" if self.leg.sequence == 1 else "secondary_exceeds_open"
            self._park(code, open_, credit)
            return
        self._check_prior(open_)

    def _check_prior(self, open_):
        """OA-23 says what payers before took off; we know that from our own books."""
        said = sum(
            (i.amount for i in self.actions if i.action == actions.PRIOR_PAYER), ZERO
        )
        if not said:
            return
        known = self.facts.charge - open_
        if said > known:
            self._park("prior_payer_exceeds", known, said)
        elif said < known and SPLIT_CLAIM_REMARK not in self.claim.remarks:
            self._warn("prior_payer_differs", known, said)

    # ------------------------------------------------------------------
    # Result
    # ------------------------------------------------------------------
    def _posted(self) -> ClaimOutcome:
        """Book the claim in the running balances and give its outcome."""
        facts, context, payer_id = self.facts, self.context, self.options.payer_id
        if self.original is not None:
            self._take_back_local()
        context.move(facts, payer_id, -self._credit())
        moved = moved_by(self.actions)
        for next_payer, amount in moved.items():
            context.move(facts, next_payer, amount)
        if self.original is not None:
            context.reversed.add(self.original.id)
        return self._outcome(
            POST,
            lines=entry_lines(self.claim, facts, payer_id, self.actions),
            variances=self._variances(),
            next_payer_id=next(iter(moved), None),
            crossover=self.claim.status in FORWARDED,
            reverses=self.original.id if self.original else None,
            takes_back_local=self.takes_back,
            kinds=amounts_by_line(self.claim, self.leg, self.matches, self.actions),
        )

    def _variances(self) -> tuple[Variance, ...]:
        """Only a first payer's whole decision is compared with the contract."""
        split = SPLIT_CLAIM_REMARK in self.claim.remarks or self.override.part
        if self.original is not None or self.leg.sequence != 1 or split:
            return ()
        return find_variances(self.claim, self.facts, self.matches, self.actions)

    def _credit(self) -> Decimal:
        return credit_of(self.claim, self.actions)
