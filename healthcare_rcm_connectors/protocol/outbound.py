"""Outgoing events: which subscription wants one, its body, and what an answer means.

Retry times, the rule "2xx only" and the meaning of 410 are those of the Standard
Webhooks specification 1.0 (https://www.standardwebhooks.com).
"""

import json
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase

# Seconds between tries 1-2, 2-3 …: ten tries over 75 h 35 min.
RETRY_SECONDS = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
MOST_ATTEMPTS = len(RETRY_SECONDS) + 1
JITTER = 0.2
LONGEST_WAIT = 86400

# A breaker opens after so many failures in a row, for a minute, then twice as long
# with each failed probe, up to an hour.
BREAKER_FAILURES = 5
BREAKER_SECONDS = 60
BREAKER_CAP_SECONDS = 3600

DELIVERED, RETRY, DEAD, GONE = "delivered", "retry", "dead", "gone"

# What the sending itself writes to the audit log never goes out: it would feed itself.
OWN_EVENTS = ("rcm.webhook.*", "webhook.*", "rcm.secret.*")
TEST_EVENT = "webhook.test"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a delivery after a try, and how long it rests."""

    state: str
    delay_seconds: float = 0.0


def split_patterns(text):
    """Patterns in ``text``, one a line or separated by commas or blanks."""
    return tuple((text or "").replace(",", " ").split())


def wants(event, patterns):
    """Whether one of ``patterns`` (``claim.*``, ``*``, exact names) fits ``event``."""
    if any(fnmatchcase(event, own) for own in OWN_EVENTS):
        return False
    return any(fnmatchcase(event, pattern) for pattern in patterns)


def body_of(event, moment, document, company, correlation_id, state, url):
    """The text that is sent: names and a link, nothing of a patient.

    :param moment: aware or naive UTC datetime of the change
    :param tuple document: (model, id, name without patient data) or None
    :param tuple state: (before, after) when the event is a change of state
    """
    data = {
        "document": dict(zip(("model", "id", "name"), document, strict=True))
        if document
        else None,
        "company": company,
        "correlation_id": correlation_id,
        "url": url,
    }
    if state:
        data["state"] = {"before": state[0], "after": state[1]}
    value = {
        "type": event,
        "timestamp": moment.replace(tzinfo=None).isoformat() + "Z",
        "data": data,
    }
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def judge(status, attempt, random, asked_seconds=0):
    """Return the :class:`Verdict` on try number ``attempt``.

    :param status: HTTP status, or None when there was no answer
    :param random: function giving 0 ≤ x < 1, for the spread of ± 20 %
    :param asked_seconds: the receiver's Retry-After, at most a day
    """
    if attempt < 1:
        raise ValueError("attempts are counted from 1")
    if status is not None and 200 <= status < 300:
        return Verdict(DELIVERED)
    if status == 410:
        return Verdict(GONE)
    if attempt >= MOST_ATTEMPTS:
        return Verdict(DEAD)
    planned = RETRY_SECONDS[attempt - 1] * (1 - JITTER + 2 * JITTER * random())
    return Verdict(RETRY, max(planned, min(asked_seconds, LONGEST_WAIT)))


def breaker_seconds(failures):
    """How long an endpoint is left alone after ``failures`` in a row; 0: not yet."""
    if failures < BREAKER_FAILURES:
        return 0
    # Doubling past the cap changes nothing and would grow without bound.
    doublings = min(failures - BREAKER_FAILURES, 16)
    return min(BREAKER_SECONDS * 2**doublings, BREAKER_CAP_SECONDS)


def read_retry_after(value, now):
    """Seconds asked for by a Retry-After header: a number or a date; else 0."""
    text = (value or "").strip()
    if text.isdecimal():
        return min(int(text), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text).replace(tzinfo=None)
    except (TypeError, ValueError):
        return 0
    return max(0, min((moment - now).total_seconds(), LONGEST_WAIT))
