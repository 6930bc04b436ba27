import logging

from psycopg2 import OperationalError

from odoo import fields, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tools import mute_logger

from ..core.errors import RcmError
from .rcm_document_mixin import CASE_WORKERS
from .rcm_exception_case import OPEN_STATES

_logger = logging.getLogger(__name__)


class RcmExceptionWork(models.Model):
    """What people do with a case: take it, hand it on, wait, run again, close."""

    _inherit = "rcm.exception.case"

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_take(self):
        """Make these cases mine."""
        self._rcm_require_worker()
        self._rcm_hand_over(self.env.user)

    def action_resume(self):
        """Go on with cases that were waiting."""
        self._rcm_require_worker()
        waiting = self.filtered(lambda case: case.state == "waiting")
        waiting.sudo()._rcm_wake_up()  # role checked above; state is protected

    def action_step(self):
        """Open the dialog of the step named in the button (assign, wait, close)."""
        self._rcm_require_worker()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Exception"),
            "res_model": "rcm.exception.step",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_case_ids": self.ids,
                "default_step": self.env.context.get("rcm_step", "resolve"),
            },
        }

    def action_reprocess(self):
        """Run the blocked step of each case again and show what came of each."""
        self.check_access("read")
        self.env.user._rcm_require(*CASE_WORKERS)
        results = self._rcm_reprocess_each()
        if len(results) == 1:
            return self._rcm_notify_result(results[0])
        wizard = self.env["rcm.exception.reprocess"].create(
            {
                "line_ids": [
                    fields.Command.create(
                        {
                            "case_id": result["case"].id,
                            "ok": result["ok"],
                            "message": result["text"],
                        }
                    )
                    for result in results
                ]
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Reprocess"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_open_record(self):
        """Open the document that is blocked."""
        self.ensure_one()
        self.check_access("read")
        record = self._rcm_record()
        if not record:
            raise UserError(self.env._("The document does not exist any more."))
        if not record.has_access("read"):
            # Odoo's own text may name the record: ours does not.
            raise AccessError(self.env._("You may not open this document."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [[False, "form"]],
        }

    def _rcm_notify_result(self, result):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if result["ok"] else "warning",
                "title": self.env._("Reprocess %s", result["case"].name),
                "message": result["text"],
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # ------------------------------------------------------------------
    # Steps (private: the caller checked role and access)
    # ------------------------------------------------------------------
    def _rcm_require_worker(self):
        """Roles that work on exceptions, on cases they may change."""
        self.env.user._rcm_require(*CASE_WORKERS)
        self.check_access("write")

    def _rcm_hand_over(self, user, queue=None):
        """Give open cases to ``user`` (and queue); a taken case is in progress."""
        cases = self.filtered(lambda case: case.state in OPEN_STATES)
        vals = {"owner_id": user.id}
        if queue:
            vals["queue_id"] = queue.id
        # Owner and queue are protected so that every hand-over is logged.
        system = cases.sudo()
        system._rcm_write_logged(
            {case.id: dict(vals) for case in cases}, "rcm.exception.case.assigned"
        )
        if user == self.env.user:
            system.filtered(lambda case: case.state == "open")._rcm_set_state(
                "in_progress"
            )

    def _rcm_wait(self, wake_at, reason):
        """Put cases aside until ``wake_at``; a scheduled action brings them back.

        Waiting is for somebody else's answer, so it stops the target's clock: what
        is left of it is kept and goes on when the case wakes up. A target that is
        missed already stays missed.
        """
        now = fields.Datetime.now()
        if wake_at <= now:
            raise UserError(self.env._("Choose a time in the future to wait until."))
        waiting = self.filtered(lambda case: case.state == "waiting")
        waiting.sudo()._rcm_write_logged(
            {
                case.id: {"wake_at": wake_at, "waiting_reason": reason}
                for case in waiting
            },
            "rcm.exception.case.waiting_changed",
        )
        fresh = (self - waiting).sudo()
        for case in fresh:
            case._rcm_write({"hours_left": case._rcm_working_hours(now, case.due_at)})
        fresh._rcm_set_state("waiting", wake_at=wake_at, waiting_reason=reason)

    def _rcm_wake_up(self):
        """Bring waiting cases back to their owner, or to the open ones."""
        now = fields.Datetime.now()
        for case in self:
            if not case.breached:
                due = case._rcm_later(now, case.hours_left)
                case._rcm_write_logged(
                    {case.id: {"due_at": due, "hours_left": 0.0}},
                    "rcm.exception.case.clock_resumed",
                )
        cleared = {"wake_at": False, "waiting_reason": False}
        owned = self.filtered("owner_id")
        owned._rcm_set_state("in_progress", **cleared)
        (self - owned)._rcm_set_state("open", **cleared)

    def _rcm_later(self, start, hours):
        """``start`` plus working hours of the case's queue, else its company."""
        return self.type_id._rcm_hours_later(
            start, hours, self.company_id, self.queue_id.calendar_id
        )

    def _rcm_working_hours(self, start, end):
        """Working hours from ``start`` to ``end``, 0 when there is no end."""
        if not end:
            return 0.0
        return self.type_id._rcm_hours_left(
            start, end, self.company_id, self.queue_id.calendar_id
        )

    # ------------------------------------------------------------------
    # Assignment by rule
    # ------------------------------------------------------------------
    def _rcm_assign(self):
        """Put these cases in their queue and give them an owner.

        Called by the automation rule "exception created → assign queue".
        """
        for case in self.sudo():  # queues are configuration, whoever raised the case
            queue = case.queue_id or case.queue_id._rcm_find_for(case)
            if not queue:
                continue
            owner = case.owner_id or queue._rcm_pick_owner(case)
            if (queue, owner) == (case.queue_id, case.owner_id):
                continue
            vals = {"queue_id": queue.id, "owner_id": owner.id}
            if queue != case.queue_id and queue.calendar_id and not case.breached:
                # the target runs in the hours of the team that has the case
                vals["due_at"] = case.type_id._rcm_due_at(
                    case.first_seen_at, case.company_id, queue.calendar_id
                )
            case._rcm_write_logged({case.id: vals}, "rcm.exception.case.assigned")

    # ------------------------------------------------------------------
    # Reprocess
    # ------------------------------------------------------------------
    def _rcm_reprocess_each(self):
        """Reprocess case by case; return [{case, ok, text}]."""
        still_open = self.filtered(lambda case: case.state in OPEN_STATES)
        if not still_open:
            raise UserError(self.env._("There is no open exception to run again."))
        return [case._rcm_reprocess_one() for case in still_open]

    def _rcm_reprocess_one(self):
        """Run one blocked step in a savepoint; a failure is one more occurrence."""
        self.ensure_one()
        if self.state not in OPEN_STATES:
            # closed by the step of a case before it
            return self._rcm_result(True, self.env._("resolved"))
        record = self._rcm_record()
        if not record:
            return self._rcm_result(False, self.env._("The document is gone."))
        if not hasattr(record, "_rcm_reprocess"):
            return self._rcm_result(
                False, self.env._("There is no step to run again; close it by hand.")
            )
        try:
            self.env.user._rcm_require(*record._rcm_reprocess_roles)
            record.check_access("read")
        except AccessError:
            # Odoo's own text may name the record: ours does not. Nothing ran, so
            # there is neither an occurrence nor a reprocess to log.
            return {
                "case": self,
                "ok": False,
                "text": self.env._("You may not run this document's step again."),
            }
        seen = self.occurrence_count
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                # The role was checked above; the step itself may post and write.
                gone = record.sudo()._rcm_reprocess(self.sudo())
        except (OperationalError, ConcurrencyError):
            raise  # the server runs the whole request again
        except Exception as error:  # the person is told, and the case keeps it
            text = self._rcm_failure_text(error)
            self.sudo()._rcm_add_occurrence({"message": text}, None)
            return self._rcm_result(False, text)
        self.invalidate_recordset()
        if self.state in OPEN_STATES and gone and self.occurrence_count == seen:
            self.sudo()._rcm_close("resolved", "corrected", False)
        if self.state in OPEN_STATES:
            return self._rcm_result(
                False, self.message or self.env._("It is still blocked.")
            )
        return self._rcm_result(True, self.env._("Done; the exception is resolved."))

    def _rcm_failure_text(self, error):
        """What people read of a failed step; unforeseen errors may quote values."""
        if isinstance(error, (UserError, RcmError)):
            return str(error)
        kind = type(error).__name__
        _logger.warning("reprocess of case %s failed: %s", self.id, kind)
        return self.env._("Unexpected failure (%(kind)s).", kind=kind)

    def _rcm_result(self, ok, text):
        self.sudo()._rcm_emit(
            "rcm.exception.case.reprocessed", {"resolved": [None, ok]}
        )
        return {"case": self, "ok": ok, "text": text}

    def _rcm_record(self):
        """The blocked document, empty when its model or row is gone."""
        self.ensure_one()
        if self.res_model not in self.env:
            return self.browse()
        return self.env[self.res_model].browse(self.res_id).exists()
