"""When a failed event is tried again: exponential backoff with full jitter."""

from dataclasses import dataclass

# Class of failure → how often it may be tried at all. A data defect is not cured by
# trying again; an unforeseen error sometimes is; an obstacle passes.
SCHEMA = "schema"
REFERENCE = "reference"
BUSINESS = "business"
SEQUENCE = "sequence"
TRANSIENT = "transient"
BUG = "bug"
ERROR_CLASSES = (SCHEMA, REFERENCE, BUSINESS, SEQUENCE, TRANSIENT, BUG)

BASE_SECONDS = 2
CAP_SECONDS = 900
BUG_ATTEMPTS = 3
WAIT_BASE_SECONDS = 30
WAIT_CAP_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to a failed event: its next state and, if any, the delay."""

    state: str
    delay_seconds: float = 0.0


def backoff(attempt, random, base=BASE_SECONDS, cap=CAP_SECONDS):
    """Delay before try ``attempt + 1``: evenly spread over 0 … min(cap, base·2ⁿ).

    ``random`` is a function giving 0 ≤ x < 1. The spread (full jitter) keeps many
    events that failed together from coming back together.
    """
    if attempt < 1:
        raise ValueError("attempts are counted from 1")
    # Doubling past the cap changes nothing and would grow without bound.
    ceiling = min(cap, base * 2 ** min(attempt, 32))
    return random() * ceiling


def decide(error_class, attempt, max_attempts, random, asked_seconds=0):
    """Return the :class:`Verdict` on a failure in try number ``attempt``.

    :param asked_seconds: least delay the failing step itself asks for
    """
    if error_class == SEQUENCE:
        delay = backoff(attempt, random, WAIT_BASE_SECONDS, WAIT_CAP_SECONDS)
        return Verdict("waiting_predecessor", max(delay, WAIT_BASE_SECONDS / 2))
    if error_class == TRANSIENT:
        limit = max_attempts
    elif error_class == BUG:
        limit = min(BUG_ATTEMPTS, max_attempts)
    else:
        limit = 1
    if attempt >= limit:
        return Verdict("dead")
    return Verdict("retry", max(backoff(attempt, random), asked_seconds))
