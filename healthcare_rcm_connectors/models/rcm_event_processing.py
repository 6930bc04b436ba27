import errno
import json
import logging
import random
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter

from psycopg2 import IntegrityError, InterfaceError, OperationalError
from psycopg2.errors import (
    DeadlockDetected,
    LockNotAvailable,
    SerializationFailure,
    UniqueViolation,
)

from odoo import api, models
from odoo.exceptions import ConcurrencyError, LockError, UserError
from odoo.tools import SQL, mute_logger

from odoo.addons.healthcare_rcm_base.core.errors import (
    PredecessorMissing,
    RcmPermanent,
    RcmRetryable,
    ReferenceMissing,
)
from odoo.addons.healthcare_rcm_base.tools.work_marks import WorkMarks

from ..protocol import retry, scrub
from ..protocol.place import place_of
from .rcm_event import CASE_OF_CLASS, CRON, LANE

_logger = logging.getLogger(__name__)

BATCH_SIZE = 50
MESSAGE_LENGTH = 500
CLASHES_IN_A_ROW = 20
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
    """Working on events: in order per business key, a few at a time."""

    _inherit = "rcm.event"

    # ------------------------------------------------------------------
    # Scheduled action
    # ------------------------------------------------------------------
    @api.model
    def _cron_process_events(self, batch_size=BATCH_SIZE):
        """Work on everything that is due, batch by batch, each in a transaction.

        Several scheduled actions may run this side by side: batches are locked with
        SKIP LOCKED, and of each business key only the first open event is taken.
        """
        cron = self.env["ir.cron"]
        in_cron = bool(self.env.context.get("ir_cron_progress_id"))
        if in_cron:
            cron._commit_progress(remaining=self._rcm_due_count())
        size, clashes = batch_size, 0
        marks = WorkMarks(self)
        while True:
            batch = self.browse()
            try:
                batch = self._rcm_lock_next(size)
                if not batch:
                    break
                if len(batch) == size > 1:
                    cron._rcm_wake(LANE)
                if in_cron:
                    batch = self._rcm_admit(batch, marks)
                if batch:
                    batch._rcm_process_batch()
                self.env.flush_all()
                if in_cron and not cron._commit_progress(len(batch)):
                    break
                marks.end()
                clashes = 0
            except LOCK_CLASHES:
                # Another lane changed a row after our snapshot: look again.
                clashes += 1
                if not in_cron or clashes > CLASHES_IN_A_ROW:
                    raise
                self.env.cr.rollback()
                marks.end()
            except (OperationalError, InterfaceError):
                raise  # the connection itself is in doubt
            except Exception as error:  # one event must not stop the lane
                if not in_cron:
                    raise
                self.env.cr.rollback()
                if size > 1:
                    # Something failed outside the events' savepoints (for example at
                    # commit): find the culprit by taking them singly.
                    _logger.warning(
                        "Batch of %s events failed: %s", len(batch), place_of(error)
                    )
                    size = 1
                    continue
                batch._rcm_give_up(error)
                cron._commit_progress(1)
        marks.end()

    @api.model
    def _rcm_due_count(self):
        [[count]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM rcm_event WHERE state = 'received' OR (state IN"
                " ('retry', 'waiting_predecessor') AND next_attempt_at <= %s)",
                self._rcm_clock(),
            )
        )
        return count

    @api.model
    def _rcm_lock_next(self, limit):
        """Lock and return the next events, with a fair share for each connector.

        An event is next when no earlier one of its business key is open. Waiting
        ones do not count: what they wait for comes after them.
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH busy AS (
                    SELECT c.id FROM rcm_connector c
                     WHERE c.state = 'active' AND c.active AND EXISTS (
                           SELECT 1 FROM rcm_event e
                            WHERE e.connector_id = c.id
                              AND (e.state = 'received'
                                   OR (e.state IN ('retry', 'waiting_predecessor')
                                       AND e.next_attempt_at <= %(now)s))))
                SELECT mine.id
                  FROM busy
                  CROSS JOIN LATERAL (
                      SELECT e.id, e.priority
                        FROM rcm_event e
                       WHERE e.connector_id = busy.id
                         AND (e.state = 'received'
                              OR (e.state IN ('retry', 'waiting_predecessor')
                                  AND e.next_attempt_at <= %(now)s))
                         AND (e.business_key IS NULL OR NOT EXISTS (
                              SELECT 1 FROM rcm_event p
                               WHERE p.company_id = e.company_id
                                 AND p.business_key = e.business_key
                                 AND p.state IN ('received', 'processing', 'retry')
                                 AND (p.occurred_at, p.id) < (e.occurred_at, e.id)))
                       ORDER BY e.priority, e.id
                       LIMIT (SELECT greatest(1, %(limit)s / count(*)) FROM busy)
                         FOR NO KEY UPDATE OF e SKIP LOCKED) AS mine
                 ORDER BY mine.priority, mine.id
                """,
                now=self._rcm_clock(),
                limit=limit,
            )
        )
        return self.browse(id_ for [id_] in rows)

    # ------------------------------------------------------------------
    # One batch
    # ------------------------------------------------------------------
    def _rcm_process_batch(self):
        """Try each of these locked events once and record what came of it."""
        for count, events in self.grouped("attempt_count").items():
            events._rcm_set_state("processing")
            events.write({"attempt_count": count + 1})
        now = self._rcm_clock()
        outcomes = {event: event._rcm_attempt(now) for event in self}
        self._rcm_settle(outcomes, now)

    def _rcm_attempt(self, now):
        """Run the handler of one event in a savepoint; return the outcome."""
        self.ensure_one()
        start = perf_counter()
        try:
            # A failing statement must not reach the log with its values.
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                documents = self._rcm_handle_now()
            outcome = Outcome("done", documents=documents)
        except EventIgnored as error:
            outcome = Outcome("ignored", error_code=error.code, message=error.message)
        except (OperationalError, InterfaceError) as error:
            if not isinstance(error, LOCK_CLASHES):
                raise
            outcome = self._rcm_judge(error, now)
        except Exception as error:  # judged: tried again, or dead with a case
            outcome = self._rcm_judge(error, now)
        outcome.duration_ms = round((perf_counter() - start) * 1000)
        return outcome

    def _rcm_handle_now(self):
        """Call the handler; return ({model, id, name}, …) of its documents."""
        handler = self.type_id._rcm_handler()
        if handler is None:
            raise PredecessorMissing("no_handler")
        self._rcm_refuse_stale()
        # The service user is the actor of everything that follows; its steps are
        # the suite's own and need rights that the user itself does not have.
        service = self.with_user(self.connector_id.user_id).sudo()
        service = service.with_company(self.company_id)
        data = service._rcm_data()
        handler = handler.with_env(service.env)
        documents = handler._rcm_handle(service, data) or ()
        references = []
        for records in documents if isinstance(documents, tuple) else (documents,):
            names = records._rcm_audit_names()
            for record, name in zip(records, names, strict=True):
                references.append(
                    {"model": record._name, "id": record.id, "name": name}
                )
                self._rcm_link_timeline(record)
        return tuple(references)

    def _rcm_link_timeline(self, record):
        """Show the event on the thread of a document that began before it."""
        thread = record._rcm_correlation_id()
        if thread and thread != self.correlation_id:
            self._rcm_emit(
                "event.applied", correlation_id=thread, source=self.connector_id.code
            )

    def _rcm_refuse_stale(self):
        """Ignore an event that is older than what its key already knows."""
        if not (self.type_id.latest_wins and self.business_key):
            return
        newer = self.search_count(
            [
                ("company_id", "=", self.company_id.id),
                ("business_key", "=", self.business_key),
                ("type_id.name", "=", self.type_id.name),
                ("state", "=", "done"),
                ("occurred_at", ">", self.occurred_at),
            ],
            limit=1,
        )
        if newer:
            raise EventIgnored("stale", self.env._("A newer event was applied before."))

    # ------------------------------------------------------------------
    # Judging a failure
    # ------------------------------------------------------------------
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

    # ------------------------------------------------------------------
    # Recording the outcome
    # ------------------------------------------------------------------
    def _rcm_settle(self, outcomes, now):
        """Write states, attempts, cases and wake-ups of one batch."""
        by_state = {}
        for event, outcome in outcomes.items():
            by_state.setdefault(outcome.state, []).append(event.id)
        self._rcm_insert_attempts(outcomes, now)
        for event, outcome in outcomes.items():
            if outcome.documents:
                event._rcm_write({"document_refs": list(outcome.documents)})
        if finished := self.browse(by_state.pop("done", ())):
            finished._rcm_set_done(now)
        for state, ids in by_state.items():
            for event in self.browse(ids):
                event._rcm_set_unfinished(state, outcomes[event], now)

    def _rcm_set_done(self, now):
        """Close these events and let those that waited for them go on."""
        self._rcm_set_state("done", done_at=now, next_attempt_at=False)
        troubled = self.filtered("error_code")
        if troubled:
            troubled._rcm_write(
                {"error_class": False, "error_code": False, "error_message": False}
            )
            troubled._rcm_resolve_cases()
        self._rcm_release_followers()

    def _rcm_release_followers(self):
        """Put events back in line that wait for what these brought."""
        keys = [key for key in self.mapped("business_key") if key]
        keys += self._rcm_patient_keys()
        if not keys:
            return
        waiting = [
            ("company_id", "in", self.company_id.ids),
            ("state", "=", "waiting_predecessor"),
        ]
        found = self.search([*waiting, ("business_key", "in", keys)])
        found |= self.search([*waiting, ("awaited_key", "in", keys)])
        found.write({"next_attempt_at": self._rcm_clock()})

    def _rcm_patient_keys(self):
        """Keys of the patients whose encounters these events brought."""
        encounters = {
            reference["id"]
            for event in self
            for reference in event.document_refs or ()
            if reference["model"] == "rcm.encounter"
        }
        patients = self.env["rcm.encounter"].browse(encounters).patient_id
        return [f"patient:{patient.name}" for patient in patients]

    def _rcm_set_unfinished(self, state, outcome, now):
        """Record a failed, postponed or ignored attempt of one event."""
        values = {
            "error_class": outcome.error_class or False,
            "error_code": outcome.error_code or False,
            "error_message": outcome.message or False,
            "next_attempt_at": False,
            "awaited_key": outcome.awaited_key or False,
        }
        if outcome.delay_seconds is not None and state in (
            "retry",
            "waiting_predecessor",
        ):
            values["next_attempt_at"] = now + timedelta(seconds=outcome.delay_seconds)
            if state == "waiting_predecessor":
                values["deadline_at"] = self._rcm_deadline(now)
        if state in ("dead", "ignored"):
            values["done_at"] = now
        self._rcm_set_state(state, **values)
        if values["next_attempt_at"]:
            self._rcm_wake_at(values["next_attempt_at"])
        if state == "dead":
            self._rcm_raise_case(CASE_OF_CLASS[outcome.error_class], outcome.message)
        elif state == "ignored":
            self._rcm_resolve_cases()

    @api.model
    def _rcm_wake_at(self, moment):
        """Ask for a run when a retry is due; the minute tick is the safety net."""
        self.env["ir.cron"]._rcm_wake_at(CRON, moment + timedelta(seconds=1))

    def _rcm_insert_attempts(self, outcomes, now):
        rows = SQL(", ").join(
            SQL(
                "(%s, %s, %s, %s, %s, %s, %s, %s)",
                event.id,
                event.attempt_count,
                now,
                outcome.duration_ms,
                outcome.state,
                outcome.error_class,
                outcome.error_code,
                outcome.message,
            )
            for event, outcome in outcomes.items()
        )
        self.env.cr.execute(
            SQL(
                "INSERT INTO rcm_event_attempt (event_id, number, started_at,"
                " duration_ms, outcome, error_class, error_code, message) VALUES %s",
                rows,
            )
        )
        self.invalidate_recordset(["attempt_ids"])

    def _rcm_give_up(self, error):
        """Record a failure outside the event's own savepoint (after a rollback)."""
        now = self._rcm_clock()
        for event in self:
            event._rcm_set_state("processing")
            event.write({"attempt_count": event.attempt_count + 1})
            outcome = event._rcm_judge(error, now)
            event._rcm_settle({event: outcome}, now)
