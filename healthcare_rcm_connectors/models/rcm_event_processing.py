import logging
from time import perf_counter

from psycopg2 import InterfaceError, OperationalError

from odoo import api, fields, models
from odoo.tools import SQL, mute_logger

from odoo.addons.healthcare_rcm_base.core.errors import PredecessorMissing
from odoo.addons.healthcare_rcm_base.tools.work_marks import WorkMarks

from ..protocol.place import place_of
from ..tools.steps import Steps
from .rcm_event import LANE
from .rcm_event_verdict import LOCK_CLASHES, EventIgnored, Outcome

_logger = logging.getLogger(__name__)

BATCH_SIZE = 100
CLASHES_IN_A_ROW = 20
# Key in the cursor's cache: environments that handlers work in.
SERVICE_ENVS = "rcm_service_envs"


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
                    cron._rcm_wake_often(LANE)
                batch = batch._rcm_share_time()
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
                     WHERE c.state = 'active' AND c.active AND (
                           -- from the end: at the front lie those that are done
                           (SELECT e.id FROM rcm_event e
                             WHERE e.connector_id = c.id AND e.state = 'received'
                             ORDER BY e.priority DESC, e.id DESC LIMIT 1) IS NOT NULL
                           OR EXISTS (
                              SELECT 1 FROM rcm_event e
                               WHERE e.connector_id = c.id
                                 AND e.state IN ('retry', 'waiting_predecessor')
                                 AND e.next_attempt_at <= %(now)s)))
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

    def _rcm_is_behind_another(self):
        """Whether an earlier event of its business key is still in line, as above."""
        self.ensure_one()
        if not self.business_key:
            return False
        earlier = fields.Domain("occurred_at", "<", self.occurred_at) | (
            fields.Domain("occurred_at", "=", self.occurred_at)
            & fields.Domain("id", "<", self.id)
        )
        in_line = (
            fields.Domain("company_id", "=", self.company_id.id)
            & fields.Domain("business_key", "=", self.business_key)
            & fields.Domain("state", "in", ("received", "processing", "retry"))
        )
        return bool(self.search_count(in_line & earlier, limit=1))

    # ------------------------------------------------------------------
    # One batch
    # ------------------------------------------------------------------
    def _rcm_process_batch(self):
        """Try each of these locked events once and record what came of it."""
        for count, events in self.grouped("attempt_count").items():
            events._rcm_set_state("processing")
            events.write({"attempt_count": count + 1})
        now = self._rcm_clock()
        steps = Steps(self.env.cr)
        outcomes = {event: event._rcm_attempt(now, steps) for event in self}
        steps.end()
        self._rcm_note_pace(outcomes)
        self._rcm_settle(outcomes, now)

    def _rcm_attempt(self, now, steps):
        """Run the handler of one event as a step of its own; return the outcome."""
        self.ensure_one()
        start = perf_counter()
        try:
            # A failing statement must not reach the log with its values.
            with mute_logger("odoo.sql_db"), steps.step():
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
        service = self.with_env(self._rcm_service_env())
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

    def _rcm_service_env(self):
        """The environment the handler of this event works in, made once for many."""
        made = self.env.cr.cache.setdefault(SERVICE_ENVS, {})
        key = self.env, self.connector_id.user_id.id, self.company_id.id
        if key not in made:
            service = self.with_user(self.connector_id.user_id)
            # The service user is the actor of everything that follows; its steps are
            # the suite's own and need rights that the user itself does not have.
            made[key] = service.sudo().with_company(self.company_id).env
        return made[key]

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

    def _rcm_give_up(self, error):
        """Record a failure outside the event's own savepoint (after a rollback)."""
        now = self._rcm_clock()
        for event in self:
            event._rcm_set_state("processing")
            event.write({"attempt_count": event.attempt_count + 1})
            outcome = event._rcm_judge(error, now)
            event._rcm_settle({event: outcome}, now)
