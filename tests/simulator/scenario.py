"""The payers' side of a period: which payments they make of the claims they got."""

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from . import world
from .adjudication import (
    Decision,
    SubmittedClaim,
    SubmittedLine,
    correct,
    decide_primary,
    decide_revised,
    decide_secondary,
)
from .era import Payment, ProviderAdjustment, interchange
from .knobs import Knobs

INTEREST = Decimal("5.00")
CAPITATION = Decimal("500.00")


@dataclass(frozen=True, slots=True)
class RemittanceFile:
    """A file a payer sends; ``payments`` is what it truly says (a broken file is
    refused whole, a duplicate says nothing new)."""

    name: str
    content: bytes
    payments: tuple[Payment, ...]
    fate: str = "posted"


@dataclass(frozen=True, slots=True)
class Deposit:
    """What the bank shows for one payment."""

    day: date
    trace: str
    payer_trace_id: str
    amount: Decimal


def _unknown_claim(knobs: Knobs, claim: SubmittedClaim, index: int) -> SubmittedClaim:
    """A claim of some other system: same shape, a number we never issued."""
    lines = tuple(
        SubmittedLine(f"X{position}", line.code, line.charge, line.units)
        for position, line in enumerate(claim.lines, start=1)
    )
    return replace(
        claim, control_number=f"OTHER{knobs.seed:02d}{index:04d}", lines=lines
    )


def _first_decisions(knobs: Knobs, claims: list[SubmittedClaim]) -> list[Decision]:
    decisions = [
        decide_primary(knobs, claim, position)
        for position, claim in enumerate(claims, start=1)
    ]
    for index in range(min(knobs.unknown_claims, len(claims))):
        stranger = _unknown_claim(knobs, claims[index], index)
        calm = replace(knobs, denial_rate=0.0)
        decisions.append(decide_primary(calm, stranger, 900_000 + index))
    return decisions


def _by_payer(decisions: list[Decision]) -> dict[str, list[Decision]]:
    grouped: dict[str, list[Decision]] = {}
    for decision in decisions:
        grouped.setdefault(decision.payer, []).append(decision)
    return dict(sorted(grouped.items()))


def _with_interest(decisions: list[Decision]) -> list[Decision]:
    """The first paid claim is late: 5.00 interest."""
    for position, decision in enumerate(decisions):
        if decision.paid > 0:
            decisions[position] = replace(decision, interest=INTEREST)
            break
    return decisions


def _extras(knobs: Knobs, decisions: list[Decision]) -> list[ProviderAdjustment]:
    extras = []
    interest = sum((item.interest for item in decisions), Decimal(0))
    if interest:
        extras.append(ProviderAdjustment("L6", "INTEREST", -interest))
    if knobs.capitation and decisions[0].payer == "ACME":
        extras.append(ProviderAdjustment("CT", "CAPITATION", -CAPITATION))
    return extras


def first_payments(knobs: Knobs, claims: list[SubmittedClaim], day: date):
    """One payment a payer for the first decisions."""
    payments = []
    decisions = _first_decisions(knobs, claims)
    for payer, group in _by_payer(decisions).items():
        if knobs.interest and payer == "ACME":
            group = _with_interest(group)
        payments.append(
            Payment(
                payer,
                f"{payer[:3]}{knobs.seed:02d}{day:%m%d}01",
                day,
                tuple(group),
                tuple(_extras(knobs, group)),
            )
        )
    return payments


def follow_up_payments(
    knobs: Knobs,
    first: list[Payment],
    revised: list[SubmittedClaim],
    day: date,
    voided: frozenset[str] = frozenset(),
) -> list[Payment]:
    """Takebacks with their correction, and what secondary payers decide."""
    payments = []
    again = {claim.control_number: claim for claim in revised}
    for payment in first:
        known = [
            item
            for item in payment.decisions
            if not item.claim.control_number.startswith("OTHER")
            and item.claim.control_number not in {*again, *voided}
        ]
        payments += _reversals(knobs, payment, known, day)
        payments += _revisions(payment, again, day)
    secondary = [
        decide_secondary(decision, position)
        for payment in first
        for position, decision in enumerate(payment.decisions, start=1)
        if len(decision.claim.payers) > 1
        and decision.patient_share > 0
        and not decision.denied
        and not decision.claim.control_number.startswith("OTHER")
    ]
    for payer, group in _by_payer(secondary).items():
        trace = f"{payer[:3]}{knobs.seed:02d}{day:%m%d}02"
        payments.append(Payment(payer, trace, day, tuple(group)))
    return payments


def _reversals(knobs: Knobs, payment: Payment, known: list[Decision], day: date):
    """Reverse and correct denied ACME claims; the taken-back cash of the first
    one is left with us (WO negative) when ``takeback`` is set."""
    if payment.payer != "ACME" or not knobs.reversals:
        return []
    chosen = [
        item for item in known if item.denied and item.paid > 0 and not item.interest
    ]
    chosen = chosen[: knobs.reversals]
    if not chosen:
        return []
    decisions = [item.reversal() for item in chosen]
    decisions += [correct(item) for item in chosen]
    extras = ()
    if knobs.takeback:
        number = chosen[0].payer_claim_number
        extras = (ProviderAdjustment("WO", number, -chosen[0].paid),)
    trace = f"{payment.payer[:3]}{knobs.seed:02d}{day:%m%d}03"
    return [Payment(payment.payer, trace, day, tuple(decisions), extras)]


def _revisions(payment: Payment, revised: dict, day: date) -> list[Payment]:
    """Take back what was paid on the version before, and pay the one that counts.

    The later version asks for more than the first, and all of it is allowed, so that
    the payment never turns negative.
    """
    decisions = []
    for decided in payment.decisions:
        claim = revised.get(decided.claim.control_number)
        if claim:
            decisions += [decided.reversal(), decide_revised(decided, claim)]
    trace = f"{payment.payer[:3]}{payment.trace[3:5]}{day:%m%d}04"
    return [Payment(payment.payer, trace, day, tuple(decisions))] if decisions else []


def broken(file: RemittanceFile) -> RemittanceFile:
    """The same file with one cent added to the first BPR02: out of balance."""
    payment = file.payments[0]
    right = f"BPR*I*{payment.amount.normalize():f}*".encode()
    wrong = f"BPR*I*{(payment.amount + Decimal('0.01')).normalize():f}*".encode()
    content = file.content.replace(right, wrong, 1)
    content = content.replace(payment.trace.encode(), b"B" + payment.trace.encode())
    if content == file.content:
        raise ValueError("the payment to break was not found in its own file")
    return RemittanceFile(f"broken-{file.name}", content, (), "refused")


def make_files(
    knobs: Knobs, claims: list[SubmittedClaim], today: date
) -> list[RemittanceFile]:
    """Every file of a period in which no paid claim is revised."""
    first = first_files(knobs, claims, today)
    return first + later_files(knobs, first, [], today)


def first_files(
    knobs: Knobs, claims: list[SubmittedClaim], today: date
) -> list[RemittanceFile]:
    """One file a payer with its first decisions."""
    day = today - timedelta(days=1)
    return [
        RemittanceFile(
            f"era-{payment.payer.lower()}-{day:%Y%m%d}.835",
            interchange([payment], 100 + position, day),
            (payment,),
        )
        for position, payment in enumerate(first_payments(knobs, claims, day))
    ]


def later_files(
    knobs: Knobs,
    first: list[RemittanceFile],
    revised: list[SubmittedClaim],
    today: date,
    voided: frozenset[str] = frozenset(),
) -> list[RemittanceFile]:
    """What follows the first files, in the order the payers send it.

    ``revised`` are claims whose replacement came after they were paid: the payer takes
    the old decision back and decides anew. ``voided`` control numbers it leaves alone:
    what it paid on them is still with the clinic when the period ends.
    """
    rng = random.Random(f"files-{knobs.seed}")
    files = list(first)
    payments = [payment for file in first for payment in file.payments]
    later = follow_up_payments(knobs, payments, revised, today, voided)
    if later:
        files.append(
            RemittanceFile(
                f"era-follow-up-{today:%Y%m%d}.835",
                interchange(later, 200, today),
                tuple(later),
            )
        )
    originals = [file for file in files if file.payments[0].amount > 0]
    for index in range(min(knobs.duplicate_files, len(originals))):
        file = originals[index]
        files.append(replace(file, payments=(), fate="duplicate"))
    single = [file for file in originals if len(file.payments) == 1]
    for _ in range(knobs.broken_files if single else 0):
        files.append(broken(rng.choice(single)))
    return files[len(first) :]


def deposits(files: list[RemittanceFile]) -> list[Deposit]:
    """The bank's side: one credit for every payment with money in it."""
    return [
        Deposit(
            payment.payment_date + timedelta(days=1),
            payment.trace,
            world.PAYERS[payment.payer].trace_id,
            payment.amount,
        )
        for file in files
        for payment in file.payments
        if payment.amount
    ]
