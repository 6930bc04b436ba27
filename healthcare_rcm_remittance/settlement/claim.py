"""Planning one claim (CLP) of a remittance against our claim."""

from dataclasses import dataclass, field
from decimal import Decimal

from ..x12.model import Claim
from . import actions, reversal
from .adjustments import cap_contractual, decide, without_posting
from .booking import amounts_by_line, credit_of, entry_lines, moved_by
from .facts import ClaimFacts, LegFacts, Options, Override
from .matching import match_lines
from .outcome import (
    HOLD,
    NOTHING,
    PARK,
    POST,
    ClaimOutcome,
    LineAction,
    Variance,
)
from .patient import compare_patient
from .reasons import HOLDS, park, warn
from .rules import RuleBook
from .variances import find_variances

ZERO = Decimal(0)

PROCESSED = {"1": 1, "2": 2, "3": 3, "19": 1, "20": 2, "21": 3}
FORWARDED = frozenset({"19", "20", "21"})
DENIED = "4"
REVERSAL = "22"
NOT_OURS_FORWARDED = "23"
PREDETERMINATION = "25"
SPLIT_CLAIM_REMARK = "MA15"
WRONG_PAYER_REASON = "22"


@dataclass
class Context:
    """What the claims of one ST share while they are planned.

    ``open`` is the open receivable by (control number, payer) as the plan goes on:
    a reversal opens what the correction beside it uses.
    """

    options: Options
    rules: RuleBook
    claims: dict
    day: object
    open: dict = field(default_factory=dict)
    reversed: set = field(default_factory=set)
    local_back: set = field(default_factory=set)
    seen: dict = field(default_factory=dict)
    charged: dict = field(default_factory=dict)

    def open_of(self, facts: ClaimFacts, payer_id: int) -> Decimal:
        """What this payer still owes on this claim at this point of the plan."""
        key = (facts.control_number, payer_id)
        return self.open.get(key, facts.open_by_payer.get(payer_id, ZERO))

    def move(self, facts: ClaimFacts, payer_id: int, amount: Decimal):
        """Add a debit (positive) to a payer's receivable of this claim."""
        self.open[facts.control_number, payer_id] = (
            self.open_of(facts, payer_id) + amount
        )


def plan_claim(claim: Claim, context: Context) -> ClaimOutcome:
    """Decide one claim: post, park (with reasons), hold, or nothing to do."""
    override = context.options.overrides.get(claim.index, Override())
    number = override.control_number or claim.control_number
    facts = context.claims.get(number)
    builder = _Builder(claim, facts, override, context)
    return builder.run()


class _Builder:
    """The steps of one claim; each adds reasons, the first that does ends it."""

    def __init__(self, claim, facts, override, context):
        self.claim = claim
        self.facts: ClaimFacts = facts
        self.override: Override = override
        self.context: Context = context
        self.options: Options = context.options
        self.place = f"CLP {claim.index}"
        self.reasons, self.warnings = [], []
        self.leg: LegFacts | None = None
        self.matches = {}
        self.actions: tuple[LineAction, ...] = ()
        self.original = None
        self.takes_back = False

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
            else (self._check_charge, self._adjust, self._guard)
        )
        for step in steps:
            step()
            if self.reasons:
                return self._outcome(self._decision())
        return self._posted()

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------
    def _without_posting(self) -> ClaimOutcome | None:
        """Statuses that never post: estimates, forwarded strangers, leftovers."""
        claim = self.claim
        if self.override.park:
            self._park("parked_by_hand")
        elif claim.status == PREDETERMINATION:
            if not claim.paid:
                return self._outcome(NOTHING, estimate=True)
            self._park("estimate_with_money", "0", claim.paid)
        elif claim.status == NOT_OURS_FORWARDED:
            if not claim.paid:
                self._warn("forwarded_elsewhere")
                return self._outcome(NOTHING)
            self._park("not_our_claim", "0", claim.paid)
        elif claim.status not in PROCESSED and claim.status not in (DENIED, REVERSAL):
            self._park("status_not_posted", None, claim.status)
        return self._outcome(PARK) if self.reasons else None

    def _check_known(self):
        if self.facts is None:
            self._park("claim_unmatched")

    def _choose_version(self):
        """The version this is about: others than the last sent for what came late.

        A reversal belongs to the version its original was posted on. A decision that
        crossed a replacement in the mail says its frequency (CLP09) and charge.
        """
        claim, facts = self.claim, self.facts
        if not facts.earlier:
            return
        if claim.status == REVERSAL:
            original = self._find_original()
            wanted = original.claim_id if original else None
            found = [item for item in facts.earlier if item.id == wanted]
        else:
            posted_on = {item.claim_id for item in facts.posted}
            same = (claim.charge, claim.frequency or facts.frequency)
            found = [
                item
                for item in facts.earlier
                if item.id not in posted_on
                and item.charge == claim.charge
                and (claim.charge != facts.charge or item.frequency == same[1])
                and same != (facts.charge, facts.frequency)
            ]
        if found:
            self.facts = found[-1]
            self._warn("earlier_version")

    def _find_original(self):
        return reversal.find_original(
            self.claim,
            self.facts,
            self.options.payer_id,
            frozenset(self.context.reversed),
        )

    def _check_ready(self):
        """Nothing is posted on a claim that is void, unsent or undecided."""
        facts = self.facts
        if facts.void and self.claim.status != REVERSAL:
            self._park("claim_void", None, facts.state)
        elif not facts.submitted and not facts.void:
            self._park("claim_not_submitted", "submitted", facts.state)
        elif not facts.invoiced and not facts.void:
            self._park("claim_not_invoiced", "posted", None)
        elif self.options.status_first and not facts.final and not facts.void:
            self._park("claim_not_final", "adjudicated", facts.state)

    def _check_repeated(self):
        """The same claim twice in one ST, unless the payer split it (MA15)."""
        claim = self.claim
        key = (
            claim.control_number,
            claim.payer_claim_number,
            claim.status == REVERSAL,
        )
        count = self.context.seen[key]
        by_hand = bool(self.override.control_number)
        if count > 1 and not by_hand and SPLIT_CLAIM_REMARK not in claim.remarks:
            self._park("claim_repeated", "1", count)
            return
        for item in self.facts.posted:
            if (
                claim.payer_claim_number
                and item.payer_claim_number == claim.payer_claim_number
                and item.status == claim.status
                and item.paid == claim.paid
                and item.charge == claim.charge
            ):
                self._warn("claim_seen_before")
                break

    def _find_leg(self):
        """The payer's place in the coordination order, by payer and not by CLP02."""
        sequence = PROCESSED.get(self.claim.status)
        self.leg = self.facts.leg_of(self.options.payer_id, sequence)
        if self.leg is None:
            self._park("payer_not_on_claim")
        elif sequence and sequence != self.leg.sequence:
            self._warn("sequence_mismatch", self.leg.sequence, sequence)

    def _check_patient(self):
        """Park only when both the member number and the name are someone else's."""
        facts, claim = self.facts, self.claim
        if claim.name("74"):
            self._warn("corrected_name")
        differs, other = compare_patient(claim, facts)
        if differs and other:
            self._park("patient_mismatch")
        elif differs:
            self._warn("patient_name_differs")

    def _match(self):
        self.matches, missing = match_lines(
            self.claim.services, self.facts.lines, self.override.lines
        )
        for index in missing:
            self.reasons.append(park("line_unmatched", f"{self.place} / SVC {index}"))

    def _check_charge(self):
        """CLP03 is what we charged (RFI 2551); a split claim brings it in parts."""
        claim, facts = self.claim, self.facts
        if claim.paid < 0 or claim.charge < 0:
            self._park("negative_claim", None, claim.paid)
        elif self.override.part:
            return
        elif SPLIT_CLAIM_REMARK in claim.remarks:
            together = self.context.charged[claim.control_number]
            if together > facts.charge:
                self._park("charge_mismatch", facts.charge, together)
        elif claim.charge != facts.charge:
            self._park("charge_mismatch", facts.charge, claim.charge)

    # ------------------------------------------------------------------
    # Deciding
    # ------------------------------------------------------------------
    def _reverse(self):
        """Mirror the original by its stored actions, or park with the difference."""
        claim, context = self.claim, self.context
        original = self._find_original()
        if original is None:
            # RFI 1604: what was taken back is not taken back again.
            again = reversal.exact(claim, self.facts.taken_back, self.options.payer_id)
            code = "reversal_repeated" if again else "reversal_unmatched"
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

    def _outcome(self, decision, **values) -> ClaimOutcome:
        facts = self.facts
        return ClaimOutcome(
            index=self.claim.index,
            decision=decision,
            control_number=(
                facts.control_number if facts else self.claim.control_number
            ),
            claim_id=facts.id if facts else None,
            paid=self.claim.paid,
            reasons=tuple(self.reasons),
            warnings=tuple(self.warnings),
            actions=self.actions,
            matches=tuple((index, line.id) for index, line in self.matches.items()),
            leg_sequence=self.leg.sequence if self.leg else None,
            **values,
        )

    def _decision(self) -> str:
        holds = any(reason.code in HOLDS for reason in self.reasons)
        return HOLD if holds and not self.options.park_unready else PARK

    def _credit(self) -> Decimal:
        return credit_of(self.claim, self.actions)

    def _park(self, code, expected=None, actual=None):
        self.reasons.append(park(code, self.place, _text(expected), _text(actual)))

    def _warn(self, code, expected=None, actual=None):
        self.warnings.append(warn(code, self.place, _text(expected), _text(actual)))


def _text(value):
    return None if value is None else str(value)
