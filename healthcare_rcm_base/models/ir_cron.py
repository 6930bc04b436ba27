import logging
from datetime import timedelta
from functools import partial
from math import ceil
from threading import Lock, Timer
from time import monotonic

import psycopg2

from odoo import api, fields, models, sql_db
from odoo.modules.registry import Registry
from odoo.tools import SQL

from ..tools import work_marks
from ..tools.wake_pace import WakePace

_logger = logging.getLogger(__name__)

# Odoo's cron workers look for future work once a minute only, and sleep as long after
# one of them died: whoever knows of work that is due sooner wakes them.
TICK_SECONDS = 60
OVERDUE_SECONDS = 2
MOST_ALARMS = 32
# What is asked for many times a second is woken so often by each process.
PACE_SECONDS = 0.5
_pace = WakePace(PACE_SECONDS)
_alarms = set()
_alarms_lock = Lock()


class IrCron(models.Model):
    _inherit = "ir.cron"

    def init(self):
        result = super().init()
        work_marks.create_table(self.env.cr)
        return result

    @api.model
    def _rcm_wake(self, xmlid):
        """Run the scheduled action ``xmlid`` as soon as this transaction commits.

        Asking many times in one transaction triggers it once: the trigger row is
        written before commit, and goes with a savepoint that is rolled back.
        """
        precommit = self.env.cr.precommit
        woken = precommit.data.setdefault("rcm_wake", set())
        if xmlid in woken:
            return
        woken.add(xmlid)

        def trigger():
            woken.discard(xmlid)
            cron = self.env.ref(xmlid, raise_if_not_found=False)
            if cron:
                # Waking a job is not a right of the person whose step asks for it.
                cron.sudo()._rcm_trigger_now()

        precommit.add(trigger)

    @api.model
    def _rcm_wake_often(self, xmlid):
        """Like :meth:`_rcm_wake`, for what is asked for many times a second.

        The first who asks writes the trigger with his transaction. Whoever asks right
        after him leaves it to one trigger that this process writes when
        ``PACE_SECONDS`` are over: after all their commits, so that nothing they stored
        is left lying; a transaction that is rolled back asks for nothing. Should the
        process be killed before that, the job's own interval is the safety net.
        """
        key = self.env.cr.dbname, xmlid
        if _pace.is_quiet(key):
            self._rcm_wake(xmlid)
            self.env.cr.postcommit.add(lambda: _pace.woken(key))
        else:
            wake = partial(_wake_now, *key)
            self.env.cr.postcommit.add(lambda: _pace.later(key, wake))

    def _rcm_trigger_now(self):
        """Trigger by the database's clock, which decides what is due.

        A node whose own clock is fast would ask for a later moment, and one whose
        clock is slow would not tell the workers.
        """
        now = self.env.cr.now().replace(microsecond=0)
        self._trigger(now)
        if now > fields.Datetime.now():
            self.env.cr.postcommit.add(self._notifydb)

    @api.model
    def _rcm_wake_at(self, xmlid, moment):
        """Run the scheduled action ``xmlid`` at ``moment`` (by the database's clock).

        Odoo would notice within a minute; this process wakes the workers when it is
        time, and if it dies before that the minute is the safety net.
        """
        cron = self.env.ref(xmlid, raise_if_not_found=False)
        if cron:
            cron._rcm_trigger_at(moment)

    @api.model
    def _rcm_come_back_in(self, seconds):
        """Run the scheduled action that is at work now again in so many seconds."""
        running = self.env.context.get("ir_cron_progress_id")
        # its own progress is nobody's secret
        progress = self.env["ir.cron.progress"].sudo().browse(running).exists()
        if progress:
            moment = self._rcm_database_clock() + timedelta(seconds=ceil(seconds))
            progress.cron_id._rcm_trigger_at(moment)

    def _rcm_trigger_at(self, moment):
        """Trigger by the database's clock, and wake the workers when it is time."""
        # As with _rcm_wake: whoever works may ask for the next turn.
        self.sudo()._trigger(moment)
        seconds = (moment - self._rcm_database_clock()).total_seconds()
        if seconds < TICK_SECONDS:
            database = self.env.cr.dbname
            self.env.cr.postcommit.add(lambda: _ring_later(database, seconds))

    @api.model
    def _rcm_wake_overdue(self):
        """Wake the workers when a job should have begun seconds ago; say whether.

        After a worker died its job stays due, and the next worker may sleep a minute.
        """
        [[overdue]] = self.env.execute_query(
            SQL(
                """
                SELECT EXISTS (
                    SELECT 1 FROM ir_cron c
                     WHERE c.active AND (c.nextcall < %(late)s OR EXISTS (
                           SELECT 1 FROM ir_cron_trigger t
                            WHERE t.cron_id = c.id AND t.call_at < %(late)s)))
                """,
                late=SQL(
                    "(now() AT TIME ZONE 'UTC') - make_interval(secs => %s)",
                    OVERDUE_SECONDS,
                ),
            )
        )
        if overdue:
            _ring(self.env.cr.dbname)
        return overdue

    @classmethod
    def _process_job(cls, cron_cr, job):
        """Go on at once after workers died, where marks tell over which record.

        Odoo skips a turn after three deaths, as it cannot know what kills its workers.
        """
        if job["timed_out_counter"] and cls._rcm_has_marks(cron_cr, job):
            job["timed_out_counter"] = 0
        return super()._process_job(cron_cr, job)

    @staticmethod
    def _rcm_has_marks(cr, job):
        cr.execute(
            SQL(
                "SELECT EXISTS (SELECT 1 FROM rcm_work_mark mark"
                " JOIN ir_model model ON model.model = mark.model"
                " JOIN ir_act_server action ON action.model_id = model.id"
                " WHERE action.id = %s)",
                job["ir_actions_server_id"],
            )
        )
        return cr.fetchone()[0]

    @api.autovacuum
    def _gc_rcm_work_marks(self):
        """Forget marks of work that was done by somebody who died right after it."""
        work_marks.forget_old(self.env.cr)

    @api.model
    def _rcm_database_clock(self):
        """This moment by the clock that all nodes share."""
        [[now]] = self.env.execute_query(
            SQL("SELECT clock_timestamp() AT TIME ZONE 'UTC'")
        )
        return now.replace(microsecond=0)


def _wake_now(database, xmlid):
    """Trigger a job in a transaction of its own."""
    try:
        with Registry(database).cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            env["ir.cron"]._rcm_wake(xmlid)
    except psycopg2.Error as error:
        # the database went away: the job's interval wakes it
        _logger.warning("%s was not woken: %s", xmlid, type(error).__name__)


def _ring(database):
    """Wake the cron workers of every node."""
    with sql_db.db_connect("postgres").cursor() as cr:
        cr.execute(SQL("SELECT pg_notify('cron_trigger', %s)", database))


def _ring_later(database, seconds):
    """Wake them in ``seconds``; one alarm for each second is enough."""
    seconds = max(0, round(seconds)) + 1
    alarm_of = database, int(monotonic() + seconds)
    with _alarms_lock:
        if alarm_of in _alarms or len(_alarms) >= MOST_ALARMS:
            return
        _alarms.add(alarm_of)

    def ring():
        with _alarms_lock:
            _alarms.discard(alarm_of)
        _ring(database)

    alarm = Timer(seconds, ring)
    alarm.daemon = True
    alarm.start()
