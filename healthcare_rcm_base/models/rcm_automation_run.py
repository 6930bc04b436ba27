import time
import traceback
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

from odoo import api, fields, models
from odoo.tools import SQL

from .rcm_audit_log import RUNNING_RULE

KEEP_DAYS = "healthcare_rcm_base.automation_run_days"
TRIM_ROWS = 10_000


class RcmAutomationRun(models.Model):
    """How the runs went: when, on how many, how long, and why one failed.

    One line for a run of a scheduled action (those that found nothing to do share
    one line an hour), and one for what a rule or server action did in a transaction.
    """

    _name = "rcm.automation.run"
    _inherit = "rcm.append.only.mixin"
    _description = "Automation Run"
    _order = "id desc"
    _log_access = False
    _rec_name = "automation_id"

    automation_id = fields.Many2one(
        "rcm.automation", required=True, readonly=True, index=True, ondelete="cascade"
    )
    started_at = fields.Datetime(string="Started", readonly=True, index=True)
    seconds = fields.Float(readonly=True, digits=(12, 3))
    processed = fields.Integer(string="Records", readonly=True)
    runs = fields.Integer(readonly=True, help="Runs that share this line.")
    outcome = fields.Selection(
        [("ok", "Done"), ("failed", "Failed")], readonly=True, index=True
    )
    error = fields.Char(
        string="Why",
        readonly=True,
        help="Kind of failure and place in the software. Texts of errors may quote "
        "patients and stay out.",
    )

    # ------------------------------------------------------------------
    # Writing lines
    # ------------------------------------------------------------------
    @api.model
    def _rcm_find(self, link, id_):
        """Return the id of the register's entry for this record, or None."""
        self.env.cr.execute(
            SQL(
                "SELECT id FROM rcm_automation WHERE %s = %s", SQL.identifier(link), id_
            )
        )
        found = self.env.cr.fetchone()
        return found and found[0]

    @api.model
    def _rcm_note(self, automation_id, seconds, processed, runs=1, error=None):
        """Add a line; a scheduled run that found nothing adds to this hour's.

        A rule that was made in a transaction that failed has nowhere to write to.
        """
        if not processed and not error and self._rcm_add_idle(automation_id, seconds):
            return
        started = datetime.now(timezone.utc).replace(tzinfo=None)
        self.env.cr.execute(
            SQL(
                """INSERT INTO rcm_automation_run (automation_id, started_at, seconds,
                          processed, runs, outcome, error)
                   SELECT id, %s, %s, %s, %s, %s, %s
                     FROM rcm_automation WHERE id = %s""",
                started - timedelta(seconds=seconds),
                round(seconds, 3),
                processed,
                runs,
                "failed" if error else "ok",
                error and failure_text(error),
                automation_id,
            )
        )

    @api.model
    def _rcm_add_idle(self, automation_id, seconds):
        # Only the scheduled action itself writes its idle line: no two wait here.
        self.env.cr.execute(
            SQL(
                """UPDATE rcm_automation_run SET runs = runs + 1,
                          seconds = seconds + %s
                    WHERE id = (SELECT id FROM rcm_automation_run
                                 WHERE automation_id = %s ORDER BY id DESC LIMIT 1)
                      AND outcome = 'ok' AND processed = 0 AND started_at
                          >= date_trunc('hour', now() AT TIME ZONE 'UTC')""",
                round(seconds, 3),
                automation_id,
            )
        )
        return bool(self.env.cr.rowcount)

    @api.model
    def _rcm_note_failure(self, automation_id, seconds, error):
        """Write the line of a failure past the transaction that is rolled back."""
        with self.pool.cursor() as cr:
            self.with_env(self.env(cr=cr))._rcm_note(
                automation_id, seconds, 0, error=error
            )

    @api.model
    def _rcm_collect(self, automation_id, seconds, processed):
        """Count a rule's work until the transaction ends: one line for all of it."""
        precommit = self.env.cr.precommit
        first = "rcm_automation_runs" not in precommit.data
        totals = precommit.data.setdefault("rcm_automation_runs", {})
        total = totals.setdefault(automation_id, [0.0, 0, 0])
        total[0] += seconds
        total[1] += processed
        total[2] += 1
        if first:
            precommit.add(self._rcm_write_collected)

    @api.model
    def _rcm_write_collected(self):
        totals = self.env.cr.precommit.data.pop("rcm_automation_runs", {})
        for automation_id, (seconds, processed, runs) in totals.items():
            self._rcm_note(automation_id, seconds, processed, runs)

    # ------------------------------------------------------------------
    # Keeping it small
    # ------------------------------------------------------------------
    @api.model
    def _rcm_trim(self):
        """Drop lines older than the days set (90), batch by batch."""
        days = int(self.env["ir.config_parameter"].get_param(KEEP_DAYS, "90"))
        cutoff = fields.Datetime.now() - timedelta(days=days)
        in_cron = bool(self.env.context.get("ir_cron_progress_id"))
        while True:
            self.env.cr.execute(
                SQL(
                    """DELETE FROM rcm_automation_run WHERE id IN (
                           SELECT id FROM rcm_automation_run WHERE started_at < %s
                            ORDER BY id LIMIT %s)""",
                    cutoff,
                    TRIM_ROWS,
                )
            )
            dropped = self.env.cr.rowcount
            if in_cron and not self.env["ir.cron"]._commit_progress(dropped):
                break
            if dropped < TRIM_ROWS:
                break
        self.invalidate_model()


def failure_text(error):
    """Kind and place of a failure, without the text it may quote a patient in."""
    while error.__cause__ or error.__context__:
        # the evaluation of an action's code wraps what the code raised
        error = error.__cause__ or error.__context__
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "healthcare_rcm" in frame.filename] or frames
    code = getattr(error, "code", None)
    kind = type(error).__name__
    kind = f"{kind} {code}" if isinstance(code, str) else kind
    if not ours:
        return kind
    return f"{kind} ({Path(ours[-1].filename).name}:{ours[-1].lineno}, {ours[-1].name})"


@contextmanager
def acting(cr, rule):
    """Log what happens meanwhile as ``rule``'s work; the actor stays the person.

    The cursor's cache holds it: no caller's context can claim to be a rule.
    """
    outer = cr.cache.get(RUNNING_RULE)
    cr.cache[RUNNING_RULE] = rule or outer
    try:
        yield
    finally:
        cr.cache[RUNNING_RULE] = outer


class IrCron(models.Model):
    """Each run of a scheduled action of the suite leaves a line."""

    _inherit = "ir.cron"

    def _callback(self, cron_name, server_action_id):
        Run = self.env["rcm.automation.run"]
        automation_id = Run._rcm_find("cron_id", self.id)
        if not automation_id:
            return super()._callback(cron_name, server_action_id)
        started = time.monotonic()
        try:
            result = super()._callback(cron_name, server_action_id)
        except Exception as error:  # noted for the run log, and raised again
            Run._rcm_note_failure(automation_id, time.monotonic() - started, error)
            raise
        Run._rcm_note(automation_id, time.monotonic() - started, self._rcm_done())
        return result

    def _rcm_done(self):
        """Records that the present run has reported as done."""
        progress_id = self.env.context.get("ir_cron_progress_id")
        if not progress_id:
            return 0
        self.env.cr.execute(
            SQL("SELECT done FROM ir_cron_progress WHERE id = %s", progress_id)
        )
        found = self.env.cr.fetchone()
        return (found and found[0]) or 0


class IrActionsServer(models.Model):
    """What rules and server actions of the suite did leaves a line a transaction."""

    _inherit = "ir.actions.server"

    def run(self):
        action = self.sudo()  # its rule, kind and model, whoever runs it
        with acting(self.env.cr, action.base_automation_id[:1]):
            return self._rcm_run_noted(action, super().run)

    def _rcm_run_noted(self, action, run):
        """Call ``run``; what the suite's own automation does leaves a line."""
        if len(self) != 1 or action.usage not in (
            "base_automation",
            "ir_actions_server",
        ):
            return run()
        if not (action.model_id.model or "").startswith("rcm."):
            return run()
        automation_id = self._rcm_automation_id()
        if not automation_id:
            return run()
        Run = self.env["rcm.automation.run"]
        started = time.monotonic()
        try:
            result = run()
        except Exception as error:  # noted for the run log, and raised again
            Run._rcm_note_failure(automation_id, time.monotonic() - started, error)
            raise
        count = len(self.env.context.get("active_ids") or [1])
        Run._rcm_collect(automation_id, time.monotonic() - started, count)
        return result

    def _rcm_automation_id(self):
        """The register's entry of this action or its rule, remembered a transaction."""
        known = self.env.cr.cache.setdefault("rcm_automation_ids", {})
        if self.id not in known:
            # Finding the entry is no right of the person whose save runs the rule.
            rule = self.sudo().base_automation_id
            known[self.id] = self.env["rcm.automation.run"]._rcm_find(
                *(("rule_id", rule.id) if rule else ("action_id", self.id))
            )
        return known[self.id]
