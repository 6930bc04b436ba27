from odoo import api, fields, models


class RcmAuditLog(models.Model):
    """The thread of an event shows every try at it, between the steps it made."""

    _inherit = "rcm.audit.log"

    def _rcm_thread(self, domain):
        rows = super()._rcm_thread(domain)
        logged = self.sudo().browse([row["id"] for row in rows])  # checked by super
        entries = dict(zip(logged.ids, logged, strict=True))
        events = {log.res_id for log in logged if log.model == "rcm.event"}
        attempts = self._rcm_attempts_of(events)
        if not attempts:
            return rows
        result, seen = [], {}
        for row in rows:
            result.append(row)
            log = entries[row["id"]]
            if log.model != "rcm.event" or not self._rcm_begins_attempt(row):
                continue
            seen[log.res_id] = number = seen.get(log.res_id, 0) + 1
            attempt = attempts.pop((log.res_id, number), None)
            if attempt:
                result.append(self._rcm_attempt_row(attempt, row))
        return result

    @api.model
    def _rcm_event_words(self):
        return {
            **super()._rcm_event_words(),
            "event.applied": self.env._("applied to this document"),
            "event.mapped_again": self.env._("mapped again"),
        }

    @api.model
    def _rcm_attempts_of(self, event_ids):
        """{(event id, number): attempt}"""
        # what came of tries at events of a thread that the reader may see
        attempts = self.env["rcm.event.attempt"].sudo()
        found = attempts.search([("event_id", "in", list(event_ids))], order="id")
        return {(one.event_id.id, one.number): one for one in found}

    @api.model
    def _rcm_begins_attempt(self, row):
        field = self.env["rcm.event"]._fields["state"]
        labels = dict(field._description_selection(self.env))
        return bool(row["state"]) and row["state"]["after"] == labels["processing"]

    @api.model
    def _rcm_attempt_row(self, attempt, row):
        """One try as a row of the timeline; its words for those who read events."""
        outcomes = dict(attempt._fields["outcome"]._description_selection(self.env))
        classes = dict(attempt._fields["error_class"]._description_selection(self.env))
        details = [
            (self.env._("Took"), self.env._("%s ms", attempt.duration_ms)),
            (self.env._("Kind of Error"), classes.get(attempt.error_class)),
        ]
        if self.env["rcm.event.attempt"].has_access("read"):
            details.append((self.env._("Message"), attempt.message))
        return {
            "id": f"attempt-{attempt.id}",
            "time": fields.Datetime.to_string(attempt.started_at),
            "model": row["model"],
            "res_id": row["res_id"],
            "document": "",
            "actor": row["actor"],
            "kind": "integration",
            "source": row["source"],
            "title": self.env._("Attempt %s", attempt.number),
            "state": {
                "label": self.env._("Outcome"),
                "masked": False,
                "before": "",
                "after": outcomes.get(attempt.outcome, ""),
            },
            "changes": [
                {"label": label, "masked": False, "before": "", "after": value}
                for label, value in details
                if value
            ],
            "more": 0,
        }
