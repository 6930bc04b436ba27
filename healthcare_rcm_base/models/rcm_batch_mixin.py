import logging

from psycopg2 import OperationalError
from psycopg2.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.tools import SQL, mute_logger

from ..core.errors import RcmPermanent, RcmRetryable
from ..tools.work_marks import MOST_CRASHES, WorkMarks

_logger = logging.getLogger(__name__)

TRANSIENT = (
    ConcurrencyError,
    DeadlockDetected,
    LockNotAvailable,
    RcmRetryable,
    SerializationFailure,
)
MAX_TRANSIENT_IN_A_ROW = 5


class RcmBatchMixin(models.AbstractModel):
    """Working through many records in small transactions, side by side with others.

    Each batch is locked with SKIP LOCKED, so several scheduled actions, workers and
    nodes share one queue; it is committed by itself, so a kill loses at most one
    batch, which the next run finds again. A failed batch is tried one by one; what
    still fails gets an exception case and is left alone until that is resolved.
    """

    _name = "rcm.batch.mixin"
    _description = "Work in Batches"

    @api.model
    def _rcm_run_batches(
        self, domain, method, batch_size=50, case_type="event_failed", order="id"
    ):
        """Run ``method`` (a name) on batches of the records in ``domain``.

        A record on which it succeeded must have left the domain. Inside a scheduled
        action every batch is committed; called otherwise it stays in the caller's
        transaction.

        :return: number of records done
        """
        run = _Run(self, domain, method, batch_size, case_type, order)
        done = run.loop()
        if run.failed or run.postponed:
            _logger.info(
                "%s.%s: %s done, %s failed, %s postponed",
                self._name,
                method,
                done,
                len(run.failed),
                len(run.postponed),
            )
        return done

    @api.model
    def _rcm_batch_failed(self, record, case_type, error):
        """Open a case for a record whose step failed for good (hook)."""
        if isinstance(error, (UserError, RcmPermanent)):
            message = str(error)
        else:
            # Unforeseen errors may quote values: the log and the case name the kind.
            message = self.env._(
                "Unexpected failure (%(kind)s).", kind=type(error).__name__
            )
        record._rcm_raise_case(case_type, message)


class _Run:
    """One pass over the queue."""

    def __init__(self, model, domain, method, batch_size, case_type, order):
        self.model = model
        self.env = model.env
        self.domain = fields.Domain(domain)
        self.method = method
        self.batch_size = batch_size
        self.case_type = case_type
        self.order = order
        self.failed = set()
        self.postponed = set()
        self.in_cron = bool(self.env.context.get("ir_cron_progress_id"))
        self.marks = WorkMarks(model)

    def loop(self):
        done = transient = 0
        self.commit(0, remaining=self.model.search_count(self.open_domain()))
        while True:
            before = set(self.failed), set(self.postponed)
            try:
                batch = self.next_batch()
                if not batch:
                    break
                batch = self.admit(batch)
                if batch:
                    done += self.handle(batch)
                transient = 0
            except TRANSIENT:
                transient += 1
                if not self.in_cron or transient >= MAX_TRANSIENT_IN_A_ROW:
                    raise
                # Someone changed a row under our snapshot: start from a new one.
                self.env.cr.rollback()
                self.marks.end()
                self.failed, self.postponed = before
                continue
            more = self.commit(len(batch))
            self.marks.end()
            if not more:
                break
        return done

    def admit(self, batch):
        """Mark the batch before it is worked on; nothing when it was set aside.

        A record over which workers keep dying rests for a while each time; in the end
        it gets a case and is left alone, as one whose step fails.
        """
        if not self.in_cron:
            return batch
        batch, crashes = self.marks.admit(batch)
        if resting := self.marks.resting:
            self.postponed.update(resting)
            soonest = min(seconds for _crashes, seconds in resting.values())
            self.env["ir.cron"]._rcm_come_back_in(soonest)
        self.marks.begin(batch, crashes)
        if crashes < MOST_CRASHES:
            return batch
        self.failed.add(batch.id)
        _logger.error("%s(%s) killed %s workers", batch._name, batch.id, crashes)
        message = self.env._("Whoever worked on it died, %s times.", crashes)
        error = RcmPermanent("crashed", message)
        self.model._rcm_batch_failed(batch, self.case_type, error)
        return batch.browse()

    def open_domain(self):
        """The queue without what failed in this pass or waits for a person."""
        Case = self.env["rcm.exception.case"].sudo()
        blocked = Case._search(
            Case._rcm_open_domain()
            & fields.Domain("res_model", "=", self.model._name)
            & fields.Domain("type_code", "=", self.case_type)
        ).subselect("res_id")
        domain = self.domain & fields.Domain("id", "not in", blocked)
        skip = self.failed | self.postponed
        return domain & fields.Domain("id", "not in", list(skip)) if skip else domain

    def next_batch(self):
        """Lock and return the next records nobody else works on."""
        query = self.model._search(
            self.open_domain(), limit=self.batch_size, order=self.order
        )
        rows = self.env.execute_query(
            SQL(
                "%s FOR NO KEY UPDATE OF %s SKIP LOCKED",
                query.select(),
                SQL.identifier(self.model._table),
            )
        )
        return self.model.browse(id_ for [id_] in rows)

    def handle(self, batch):
        """Run the step on the batch, or on each record when the batch fails."""
        if len(batch) > 1 and self.attempt(batch):
            return len(batch)
        return sum(self.handle_one(record) for record in batch)

    def attempt(self, batch):
        """Whether the step went through for all of ``batch`` at once."""
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                getattr(batch, self.method)()
        except RcmRetryable:
            return False
        except TRANSIENT:
            raise
        except Exception:  # whatever it was: each record is tried by itself next
            _logger.info("%s: batch of %s failed", self.model._name, len(batch))
            return False
        return True

    def handle_one(self, record):
        """Run the step on one record; a failure becomes a case. Return 1 if done."""
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                getattr(record, self.method)()
        except RcmRetryable:
            self.postponed.add(record.id)
            return 0
        except TRANSIENT:
            raise
        except OperationalError:
            # The connection itself is in doubt: nothing can be recorded on it.
            raise
        except Exception as error:  # a bug in one step stops no other record
            self.failed.add(record.id)
            _logger.warning(
                "%s(%s).%s failed: %s",
                self.model._name,
                record.id,
                self.method,
                type(error).__name__,
            )
            self.model._rcm_batch_failed(record, self.case_type, error)
            return 0
        return 1

    def commit(self, processed, remaining=None):
        """Commit in a scheduled action; return whether there is time for more."""
        if not self.in_cron:
            return True
        return self.env["ir.cron"]._commit_progress(processed, remaining=remaining) > 0
