import logging

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.tools import SQL, mute_logger

from odoo.addons.healthcare_rcm_base.core.canonical import digest
from odoo.addons.healthcare_rcm_base.core.errors import RcmError

from .rcm_approval_request import OPEN_STATES

_logger = logging.getLogger(__name__)


class RcmApprovalRequest(models.Model):
    """Deciding: one door for buttons, bulk, activities and links."""

    _inherit = "rcm.approval.request"

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_approve(self):
        """Approve as the person logged in, one result for each request."""
        self.check_access("read")
        if self._rcm_wants_reason():
            return self._rcm_dialog("approve", self.env._("Approve"))
        return self._rcm_decide_many("approved", None)

    def action_refuse(self):
        """Ask for the reason, then refuse."""
        self.check_access("read")
        return self._rcm_dialog("refuse", self.env._("Refuse"))

    def _rcm_wants_reason(self):
        """Whether a step the person may decide asks for a reason."""
        for request in self.sudo():  # the rule of the step, not the document
            if request.state in OPEN_STATES:
                step, _found = request._rcm_find_step(self.env.user)
                if step and step.require_reason:
                    return True
        return False

    def _rcm_dialog(self, kind, title):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "rcm.approval.decide",
            "view_mode": "form",
            "views": [[False, "form"]],
            "target": "new",
            "context": {
                "default_request_ids": [(6, 0, self.ids)],
                "default_kind": kind,
            },
        }

    # ------------------------------------------------------------------
    # One result each
    # ------------------------------------------------------------------
    def _rcm_decide_many(self, decision, reason):
        """Decide each request by itself; one that fails never stops the others."""
        results = self._rcm_decide_each(decision, reason)
        if len(results) > 1:
            return self._rcm_show_results(results)
        request, done, message = results[0]
        if done:
            return True
        # raising would undo what did happen, a void request included
        if request.state != "voided":
            raise UserError(message)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _rcm_decide_each(self, decision, reason):
        """[(request, whether decided, what to tell)], locked in one order."""
        return [
            request._rcm_decide_one(decision, reason) for request in self.sorted("id")
        ]

    def _rcm_decide_one(self, decision, reason):
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                message = self._rcm_decide(decision, reason)
        except (OperationalError, ConcurrencyError):
            raise  # the server runs the whole call again
        except (UserError, RcmError) as error:
            message = str(error)
        except Exception as error:  # told to the person, beside the others
            kind = type(error).__name__
            # unforeseen errors may quote values: the log names the kind only
            _logger.warning("decision on request %s failed: %s", self.id, kind)
            message = self.env._("Unexpected failure (%(kind)s).", kind=kind)
        self.invalidate_recordset()
        if message:
            return self, False, message
        request = self.sudo()  # the person decided it: its state is theirs
        if request.state in OPEN_STATES:
            who = ", ".join(request._rcm_open_steps().mapped("name"))
            return self, True, self.env._("Recorded; now it waits for: %s", who)
        state = dict(self._fields["state"]._description_selection(self.env))
        return self, True, state[request.state]

    def _rcm_show_results(self, results):
        """The screen with what came of each."""
        wizard = self.env["rcm.approval.decide"].create(
            {
                "kind": "result",
                "request_ids": [fields.Command.set(self.ids)],
                "line_ids": [
                    fields.Command.create(
                        {"request_id": request.id, "done": done, "message": message}
                    )
                    for request, done, message in results
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What came of it"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "views": [[False, "form"]],
            "target": "new",
        }

    # ------------------------------------------------------------------
    # The one door
    # ------------------------------------------------------------------
    def _rcm_decide(self, decision, reason):
        """Record one decision of the current user; returns why not, or None."""
        self.ensure_one()
        self.check_access("read")
        request = self.sudo()  # the role and duty checks below replace access rows
        request._rcm_lock()
        if request.state not in OPEN_STATES:
            return self.env._("It is no longer waiting for a decision.")
        step, decider = request._rcm_find_step(self.env.user)
        if step is None:
            return self._rcm_refusal(decider)
        if request._rcm_changed():
            request._rcm_void(self.env._("The document changed."))
            return self.env._("The document changed; the request is void.")
        if missing := request._rcm_missing(step, decision, reason):
            return missing
        request._rcm_record(step, decider, decision, reason)
        request._rcm_conclude(step, decision, reason)
        return None

    def _rcm_lock(self):
        """Wait for the row, so that two at once follow one another.

        Whoever comes second started from an older state: the database refuses, and
        the server runs the call again on what the first one left.
        """
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "SELECT id FROM rcm_approval_request WHERE id = %s FOR NO KEY UPDATE",
                self.id,
            )
        )
        self.invalidate_recordset()

    def _rcm_missing(self, step, decision, reason):
        """What the step wants besides the decision, or None."""
        given = (reason or "").strip()
        if self.env.uid == SUPERUSER_ID and not given:
            return self.env._("The system's user decides with a reason only.")
        if decision == "refused" and not given:
            return self.env._("Say why you refuse.")
        if decision == "approved" and step.require_reason and not given:
            return self.env._("This step wants a reason.")
        if (
            decision == "approved"
            and step.require_attachment
            and not self._rcm_attachments()
        ):
            return self.env._(
                "This step wants a file: attach it to the document or to the request."
            )
        return None

    def _rcm_attachments(self):
        """Files of the document and of the request."""
        files = self.env["ir.attachment"].sudo()  # that there are, not what is in them
        return files.search(
            [
                "|",
                "&",
                ("res_model", "=", self.res_model),
                ("res_id", "=", self.res_id),
                "&",
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("res_field", "=", False),
            ],
            order="id",
        )

    def _rcm_record(self, step, decider, decision, reason):
        """Write the decision with its evidence, and sign it into the audit log."""
        principal = decider.on_behalf[-1] if decider.on_behalf else None
        evidence = self._rcm_evidence(step, principal)
        evidence_hash = digest(evidence)
        now = fields.Datetime.now()
        # the person was found entitled; nobody else makes decisions
        made = (
            self.env["rcm.approval.decision"]
            .sudo()
            ._rcm_create(
                [
                    {
                        "request_id": self.id,
                        "step_id": step.id,
                        "user_id": self.env.uid,
                        "on_behalf_of_id": principal,
                        "group_id": step.group_id.id,
                        "decision": decision,
                        "reason": reason,
                        "decided_at": now,
                        "facts_hash": self.facts_hash,
                        "evidence": evidence,
                        "evidence_hash": evidence_hash,
                        "correlation_id": self.correlation_id,
                    }
                ]
            )
        )
        made.flush_recordset()
        self._rcm_write({"decision_count": self.decision_count + 1})
        self.invalidate_recordset(["decision_ids"])
        step.invalidate_recordset(["decision_ids", "taken", "progress"])
        self._rcm_emit(
            f"approval.{decision}",
            changes={
                "decision_id": [None, made.id],
                "step": [None, step.name],
                "facts_hash": [None, self.facts_hash],
                "evidence_hash": [None, evidence_hash],
                "policy_version_id": [None, self.policy_version_id.id],
                "on_behalf_of_id": [None, principal],
            },
        )
        self.env["rcm.approval.log"]._rcm_append(
            [
                {
                    "request": self,
                    "kind": decision,
                    "at": now,
                    "step": step.name,
                    "to_user": self.env["res.users"].browse(principal or []),
                    "text": reason,
                }
            ]
        )
        if self.env.uid == SUPERUSER_ID:
            # no person: an override, whoever is behind the system's user
            self.env["rcm.duty.conflict"]._rcm_mark_override(self, "approve", reason)
        self._rcm_activity_decided(reason)

    def _rcm_evidence(self, step, principal):
        """What the person saw and under which rules, as plain data."""
        return {
            "request": self.name,
            "document": [self.res_model, self.res_id],
            "effect": self.effect,
            "facts": self.facts,
            "facts_hash": self.facts_hash,
            "amount": str(self.currency_id.round(self.amount)),
            "currency": self.currency_id.name,
            "risk": self.risk,
            "risk_parts": self.risk_parts or [],
            "policy": self.policy_id.id,
            "policy_version": self.policy_version,
            "policy_hash": self.policy_version_id.snapshot_hash or None,
            "step": [step.ref, step.name],
            "on_behalf_of": principal,
            "files": [
                [file.name, file.checksum or None] for file in self._rcm_attachments()
            ],
        }

    def _rcm_refusal(self, why):
        """Why the person may not decide, in words."""
        texts = {
            "missing_role": self.env._(
                "This step is not for you: neither your role nor a delegation gives it "
                "to you."
            ),
            "own_document": self.env._(
                "You, or the person you stand in for, prepared or requested this "
                "document: someone else decides."
            ),
            "decided_before": self.env._(
                "You, or the person you stand in for, already decided on this request."
            ),
            "delegation_loop": self.env._("This delegation runs in a circle."),
            "duty_conflict": self.env._(
                "You, or the person you stand in for, did another step of this "
                "document that excludes approving it."
            ),
        }
        return texts[why]

    # ------------------------------------------------------------------
    # What follows
    # ------------------------------------------------------------------
    def _rcm_conclude(self, step, decision, reason):
        now = fields.Datetime.now()
        if decision == "refused":
            self._rcm_close("refused", reason)
            self._rcm_tell_requester(self.env._("Refused: %s", reason))
            return
        if self.state == "info_requested" and self.questioner_id == self.env.user:
            self._rcm_drop_question()
        if step.taken >= step.needed:
            step._rcm_done(now)
        if self._rcm_open_steps():
            self._rcm_set_due()
            self._rcm_refresh_asked()
        elif self.step_ids.filtered(lambda item: item.state == "waiting"):
            self._rcm_open_next_steps(now)
            self._rcm_refresh_asked()
        else:
            self._rcm_go_on(reason)

    def _rcm_go_on(self, reason):
        """Everybody agreed: close, and let the document have its effect.

        The approval stands also when the effect fails: that is the document's
        exception, and its step can be run again.
        """
        self._rcm_close("approved", reason)
        self._rcm_tell_approved(reason)
        document = self._rcm_document()
        try:
            with self.env.cr.savepoint():
                document._rcm_approval_done(self.effect)
        except (OperationalError, ConcurrencyError):
            raise  # the server runs the whole call again
        except (UserError, RcmError) as error:
            message = self.env._("Approved, but the step failed: %s", error)
            self.env["rcm.approval.log"]._rcm_append(
                [{"request": self, "kind": "effect_failed", "text": message}]
            )
            self.env["rcm.exception.case"]._rcm_raise(
                "approval_stalled", document, message, amount=self.amount
            )
