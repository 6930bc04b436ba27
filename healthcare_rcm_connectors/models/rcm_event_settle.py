from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from .rcm_event import CASE_OF_CLASS, CRON


class RcmEvent(models.Model):
    """Recording what came of an attempt: states, attempts, cases and wake-ups."""

    _inherit = "rcm.event"

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
