import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from psycopg2.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from odoo import api, fields, models
from odoo.tools import SQL

from ..protocol import outbound
from ..tools.http_sender import Answer
from .rcm_webhook import FAILED_CASE

ENDPOINTS_AT_ONCE = 8
MESSAGES_AT_ONCE = 20
# A round ends with its slowest endpoint: so long may one take before its last try.
ROUND_SECONDS = 5
CLASHES = (DeadlockDetected, LockNotAvailable, SerializationFailure)
CLASHES_IN_A_ROW = 20


@dataclass(frozen=True, slots=True)
class Job:
    """One message on its way, without anything of the database."""

    delivery_id: int
    url: str
    private_allowed: bool
    body: str
    headers: dict | None
    send: Callable


class RcmDelivery(models.Model):
    """Sending: a few endpoints at a time, none of which can hold up the others."""

    _inherit = "rcm.delivery"

    @api.model
    def _cron_deliver(self):
        """Send everything that is due, a round at a time, each in a transaction.

        A kill between sending and commit sends a message again, under the same id.
        """
        cron = self.env["ir.cron"]
        in_cron = bool(self.env.context.get("ir_cron_progress_id"))
        clashes = 0
        while True:
            try:
                batch = self._rcm_lock_due()
                if not batch:
                    break
                batch._rcm_send_round()
                self.env.flush_all()
                if in_cron and not cron._commit_progress(len(batch)):
                    break
                clashes = 0
            except CLASHES:
                # Someone changed the webhook meanwhile: look again.
                clashes += 1
                if not in_cron or clashes > CLASHES_IN_A_ROW:
                    raise
                self.env.cr.rollback()

    @api.model
    def _rcm_lock_due(self):
        """Lock the next messages of a few endpoints, one of those that failed last."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH due AS (
                    SELECT w.id, w.failures
                      FROM rcm_webhook w
                     WHERE w.active AND w.state = 'active'
                       AND (w.rest_until IS NULL OR w.rest_until <= %(now)s)
                       AND EXISTS (
                           SELECT 1 FROM rcm_delivery d
                            WHERE d.webhook_id = w.id
                              AND d.state IN ('pending', 'retry')
                              AND d.next_attempt_at <= %(now)s)
                     ORDER BY w.failures, w.last_success_at NULLS FIRST, w.id
                     LIMIT %(endpoints)s)
                SELECT mine.id
                  FROM due CROSS JOIN LATERAL (
                      SELECT d.id FROM rcm_delivery d
                       WHERE d.webhook_id = due.id AND d.state IN ('pending', 'retry')
                         AND d.next_attempt_at <= %(now)s
                       ORDER BY d.next_attempt_at, d.id
                       LIMIT CASE WHEN due.failures > 0 THEN 1 ELSE %(messages)s END
                         FOR NO KEY UPDATE OF d SKIP LOCKED) AS mine
                 ORDER BY mine.id
                """,
                now=fields.Datetime.now(),
                endpoints=ENDPOINTS_AT_ONCE,
                messages=MESSAGES_AT_ONCE,
            )
        )
        return self.browse(id_ for [id_] in rows)

    def _rcm_send_round(self):
        """Send these messages, endpoints side by side, and record what came back."""
        jobs = self._rcm_jobs()
        with ThreadPoolExecutor(ENDPOINTS_AT_ONCE) as pool:
            rounds = pool.map(_send_all, jobs)
            answers = {id_: answer for part in rounds for id_, answer in part}
        for webhook, deliveries in self.grouped("webhook_id").items():
            for delivery in deliveries:
                # not reached, as the endpoint failed before or is slow: stays due
                if delivery.id in answers:
                    delivery._rcm_settle(webhook, answers[delivery.id])

    def _rcm_jobs(self):
        """A list of :class:`Job` per endpoint."""
        webhooks = self.webhook_id
        # to sign with, nothing else
        secrets = (
            self.env["rcm.secret"].sudo()._rcm_texts_of(webhooks._name, webhooks.ids)
        )
        now = fields.Datetime.now()
        jobs = {}
        for delivery in self:
            webhook = delivery.webhook_id
            own = secrets.get(webhook.id)
            jobs.setdefault(webhook.id, []).append(
                Job(
                    delivery.id,
                    webhook.url,
                    webhook.private_allowed,
                    delivery.body,
                    webhook._rcm_adapter("encode")._rcm_sign(
                        own, delivery.message_id, now, delivery.body
                    )
                    if own
                    else None,
                    webhook._rcm_adapter("send")._rcm_sender(),
                )
            )
        return list(jobs.values())

    def _rcm_settle(self, webhook, answer):
        """Record one try and decide what comes next."""
        now = fields.Datetime.now()
        number = self.attempt_count + 1
        asked = outbound.read_retry_after(answer.retry_after, now)
        verdict = outbound.judge(answer.status, number, random.random, asked)
        self.env["rcm.delivery.attempt"].create(
            {
                "delivery_id": self.id,
                "number": number,
                "tried_at": now,
                "duration_ms": answer.duration_ms,
                "status": answer.status or 0,
                "error": answer.error,
            }
        )
        vals = {
            "attempt_count": number,
            "last_status": answer.status or 0,
            "last_error": answer.error,
            "next_attempt_at": False,
            "state": verdict.state,
        }
        if verdict.state == outbound.DELIVERED:
            vals["delivered_at"] = now
        elif verdict.state == outbound.RETRY:
            vals["next_attempt_at"] = now + timedelta(seconds=verdict.delay_seconds)
        else:
            vals["state"] = "dead"
        self.write(vals)
        self._rcm_tell_webhook(webhook, verdict, now)

    def _rcm_tell_webhook(self, webhook, verdict, now):
        if verdict.state == outbound.DELIVERED:
            webhook._rcm_note_success(now)
            return
        if verdict.state == outbound.GONE:
            webhook._rcm_note_gone()
            return
        webhook._rcm_note_failure(now)
        if verdict.state == outbound.DEAD:
            webhook._rcm_raise_case(
                FAILED_CASE,
                self.env._(
                    "A message was given up after %s tries. Mend the receiver, then "
                    "reprocess: everything given up is sent again.",
                    self.attempt_count,
                ),
            )


def _send_all(jobs):
    """Send the messages of one endpoint in turn; stop when it fails, or is slow."""
    results, start = [], monotonic()
    for job in jobs:
        if results and monotonic() - start > ROUND_SECONDS:
            break
        if job.headers is None:
            results.append((job.delivery_id, Answer(None, "no_secret", None, 0)))
            break
        answer = job.send(job.url, job.body, job.headers, job.private_allowed)
        results.append((job.delivery_id, answer))
        if answer.error:
            break
    return results
