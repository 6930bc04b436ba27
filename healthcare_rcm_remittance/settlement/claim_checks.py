"""Whether a claim (CLP) of a remittance can be posted on ours at all."""

from . import reversal
from .context import HELD, PARKED, Context
from .facts import ClaimFacts, LegFacts, Options, Override
from .matching import match_lines
from .outcome import (
    HOLD,
    NOTHING,
    PARK,
    ClaimOutcome,
    LineAction,
)
from .patient import compare_patient
from .reasons import AWAITED, HOLDS, SET_ASIDE, park, warn

PROCESSED = {"1": 1, "2": 2, "3": 3, "19": 1, "20": 2, "21": 3}
DENIED = "4"
REVERSAL = "22"
NOT_OURS_FORWARDED = "23"
PREDETERMINATION = "25"
SPLIT_CLAIM_REMARK = "MA15"


class ClaimChecks:
    """The checks of one claim; each adds reasons to park or hold it, or warnings."""

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

    def _without_posting(self) -> ClaimOutcome | None:
        """Statuses that never post: estimates, forwarded strangers, leftovers."""
        claim = self.claim
        if self.override.park:
            self._park(SET_ASIDE)
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

    def _await_prior(self):
        """A later payer settles what the payers before leave (RFI 2143)."""
        if (
            self.facts.awaits
            and self.facts.undecided_before(self.options.payer_id)
            and not self.override.posts_alone
        ):
            self._park(AWAITED, None, self.facts.awaits)

    def _await_reversal(self):
        """What corrects a decision is posted after its reversal (RFI 1733).

        Without the reversal it would stand beside what it replaces. Held, the whole ST
        waits; parked, the two do, unless a person posts this one alone.
        """
        if self.override.posts_alone:
            return
        known = self.context.reversals.get(self.facts.control_number, ())
        for back, fate in reversal.before_correction(self.claim, known):
            if fate == HELD:
                self._park(AWAITED, None, self.facts.awaits)
            elif fate == PARKED:
                self._park("correction_waits", None, f"CLP {back.index}")

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

    def _park(self, code, expected=None, actual=None):
        self.reasons.append(park(code, self.place, _text(expected), _text(actual)))

    def _warn(self, code, expected=None, actual=None):
        self.warnings.append(warn(code, self.place, _text(expected), _text(actual)))


def _text(value):
    return None if value is None else str(value)
