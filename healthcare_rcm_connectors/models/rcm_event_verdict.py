import errno
import json
import logging
import random
from dataclasses import dataclass
from datetime import timedelta

from psycopg2 import IntegrityError
from psycopg2.errors import (
    DeadlockDetected,
    LockNotAvailable,
    SerializationFailure,
    UniqueViolation,
)

from odoo import api, models
from odoo.exceptions import ConcurrencyError, LockError, UserError

from odoo.addons.healthcare_rcm_base.core.errors import (
    PredecessorMissing,
    RcmPermanent,
    RcmRetryable,
    ReferenceMissing,
)

from ..protocol import retry, scrub
from ..protocol.place import place_of

_logger = logging.getLogger(__name__)

MESSAGE_LENGTH = 500
CLASHES_AT_ONCE = 2
LOCK_CLASHES = (
    ConcurrencyError,
    DeadlockDetected,
    LockNotAvailable,
    SerializationFailure,
)
# The disk is full or away: room comes back, the event is not at fault.
STORAGE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE)
SCHEMA_CODES = ("schema", "invalid_payload")


class EventIgnored(Exception):
    """The handler decides that an event has nothing to say any more."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(slots=True)
class Outcome:
    """What came of one attempt."""

    state: str
    duration_ms: int = 0
    error_class: str | None = None
    error_code: str | None = None
    message: str | None = None
    delay_seconds: float | None = None
    awaited_key: str | None = None
    documents: tuple = ()


class RcmEvent(models.Model):
    """Judging a failed attempt: which kind it is, what it says, and what comes next."""

    _inherit = "rcm.event"

    def _rcm_judge(self, error, now):
        """Return the outcome of a failed attempt: which kind, and what next."""
        if isinstance(error, PredecessorMissing) and error.business_key == "no_handler":
            return Outcome(
                "waiting_predecessor",
                error_class=retry.SEQUENCE,
                error_code="no_handler",
                message=self.env._("No installed part works on this event type yet."),
            )
        error_class, code, message = self._rcm_classify(error)
        verdict = retry.decide(
            error_class,
            self.attempt_count,
            self.type_id.max_attempts,
            random.random,
            getattr(error, "seconds", 0),
        )
        outcome = Outcome(
            verdict.state,
            error_class=error_class,
            error_code=code,
            message=self._rcm_scrub(message),
            delay_seconds=verdict.delay_seconds,
            awaited_key=getattr(error, "awaits", None),
        )
        if isinstance(error, LOCK_CLASHES) and self.attempt_count <= CLASHES_AT_ONCE:
            outcome.delay_seconds = 0  # whoever held the rows is done by now
        if verdict.state == "waiting_predecessor" and self._rcm_deadline(now) <= now:
            outcome.state = "dead"
        return outcome

    def _rcm_deadline(self, now):
        """Until when this event waits for its predecessor."""
        return self.deadline_at or now + timedelta(hours=self.type_id.wait_hours)

    @api.model
    def _rcm_classify(self, error):
        """Return (class, code, message) of an exception."""
        if isinstance(error, PredecessorMissing):
            message = self.env._(
                "What must come before it is not here yet (%s).", error.business_key
            )
            return retry.SEQUENCE, "predecessor_missing", message
        if isinstance(error, ReferenceMissing):
            message = self.env._(
                "The %(kind)s %(value)s is not known here.",
                kind=error.kind.replace("_", " "),
                value=error.value,
            )
            return retry.REFERENCE, error.code, message
        if isinstance(error, RcmPermanent):
            schema = error.code in SCHEMA_CODES
            kind = retry.SCHEMA if schema else retry.BUSINESS
            return kind, error.code, error.message
        if isinstance(error, (RcmRetryable, LockError, *LOCK_CLASHES)):
            message = self.env._("Another process held what this event needs.")
            return retry.TRANSIENT, type(error).__name__, message
        if isinstance(error, OSError) and error.errno in STORAGE:
            message = self.env._("The file store takes nothing: %s", error.strerror)
            return retry.TRANSIENT, "storage", message
        if isinstance(error, UniqueViolation):
            message = self.env._("The same record was made at the same moment.")
            return retry.TRANSIENT, "unique_violation", message
        if isinstance(error, IntegrityError):
            constraint = error.diag.constraint_name or type(error).__name__
            message = self.env._("The database refused a value (%s).", constraint)
            return retry.BUG, "integrity", message
        if isinstance(error, UserError):
            return retry.BUSINESS, type(error).__name__, str(error)
        place = place_of(error)
        # The text of an unforeseen error may hold anything: only its place is kept.
        _logger.error("Event %s failed: %s", self.ids, place)
        message = self.env._("Unexpected failure: %s", place)
        return retry.BUG, type(error).__name__, message

    def _rcm_scrub(self, message):
        """Take everything the payload says of the patient out of ``message``."""
        payload = json.loads(self.sudo().payload)  # read to hide it, never to show it
        hidden = scrub.sensitive_values(payload.get("data"), self._rcm_is_sensitive())
        return scrub.scrub(message, hidden)[:MESSAGE_LENGTH]
