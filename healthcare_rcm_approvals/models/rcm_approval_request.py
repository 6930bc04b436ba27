from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.canonical import digest
from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..policy import Decider, may_decide
from .rcm_approval_policy import DOCUMENT_TYPES


class RcmApprovalRequest(models.Model):
    """A document that waits for a decision, with the facts to be approved."""

    _name = "rcm.approval.request"
    _description = "Approval Request"
    _inherit = ["rcm.document.mixin", "mail.activity.mixin"]
    _order = "id desc"
    _rcm_state_machine = "request"
    _rcm_protected = (
        "name",
        "state",
        "res_model",
        "res_id",
        "effect",
        "amount",
        "facts",
        "facts_hash",
        "policy_id",
        "policy_version",
        "requester_id",
        "reason",
        "closed_at",
    )

    name = fields.Char(required=True, readonly=True)
    state = fields.Selection(
        [
            ("pending", "Waiting"),
            ("info_requested", "Information asked"),
            ("approved", "Approved"),
            ("refused", "Refused"),
            ("withdrawn", "Withdrawn"),
            ("voided", "Voided"),
            ("expired", "Expired"),
        ],
        default="pending",
        required=True,
        readonly=True,
        index=True,
        group_expand=True,
    )
    document_type = fields.Selection(DOCUMENT_TYPES, readonly=True, index=True)
    res_model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        "Document ID", model_field="res_model", required=True, readonly=True
    )
    effect = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    facility_id = fields.Many2one("rcm.facility", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary(readonly=True)
    facts = fields.Json("Facts to be approved", readonly=True)
    facts_hash = fields.Char(readonly=True, help="SHA-256 of the approved facts.")
    policy_id = fields.Many2one(
        "rcm.approval.policy", readonly=True, ondelete="restrict"
    )
    policy_version = fields.Integer(readonly=True)
    why = fields.Char("Why it came here", readonly=True)
    requester_id = fields.Many2one("res.users", "Requested by", readonly=True)
    reason = fields.Char("Reason of the outcome", readonly=True)
    closed_at = fields.Datetime(readonly=True)
    age_days = fields.Integer("Age (days)", compute="_compute_age_days")
    decision_ids = fields.One2many("rcm.approval.decision", "request_id")
    missing_group_ids = fields.Many2many(
        "res.groups", string="Waiting for", compute="_compute_missing_group_ids"
    )
    can_decide = fields.Boolean(
        compute="_compute_can_decide", search="_search_can_decide"
    )

    _one_open = models.UniqueIndex(
        "(res_model, res_id, effect) WHERE state IN ('pending', 'info_requested')",
        "This document already waits for a decision.",
    )
    _by_document = models.Index("(res_model, res_id, effect)")

    @api.depends("create_date", "closed_at")
    def _compute_age_days(self):
        now = fields.Datetime.now()
        for request in self:
            end = request.closed_at or now
            request.age_days = (end - (request.create_date or end)).days

    @api.depends("state", "decision_ids.decision", "policy_id.step_ids")
    def _compute_missing_group_ids(self):
        for request in self:
            steps = request._rcm_open_steps() if request.state == "pending" else ()
            request.missing_group_ids = self.env["res.groups"].browse(
                step.group_id.id for step in steps
            )

    @api.depends("state", "decision_ids")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        for request in self:
            request.can_decide = (
                request.state == "pending"
                and request._rcm_decidable_step(self.env.user)[0] is not None
            )

    def _search_can_decide(self, operator, value):
        if operator != "in":
            return NotImplemented
        pending = self.search([("state", "=", "pending")])
        mine = pending.filtered("can_decide")
        return [("id", "in" if True in value else "not in", mine.ids)]

    def _rcm_audit_name(self):
        return self.name

    @api.model
    def _rcm_make(self, effect, questions):
        """Requests for documents a policy sends to people.

        :param questions: (record, facts dict, facts hash, routing) each.
        """
        policies = self.env["rcm.approval.policy"]
        vals_list = []
        for record, item, facts_hash, routing in questions:
            policy = policies.browse(routing.policy.ref)
            vals_list.append(
                {
                    "name": self._rcm_title(effect, record._rcm_audit_name()),
                    "document_type": item["facts"].document_type,
                    "res_model": record._name,
                    "res_id": record.id,
                    "effect": effect,
                    "company_id": item["facts"].company,
                    "facility_id": item["facts"].facility,
                    "amount": float(item["facts"].amount),
                    "facts": item["approved"],
                    "facts_hash": facts_hash,
                    "policy_id": policy.id,
                    "policy_version": policy.version,
                    "why": policy.sentence,
                    "requester_id": self.env.uid,
                    "correlation_id": record._rcm_correlation_id() or uuid4().hex,
                }
            )
        requests = self._rcm_create(vals_list)
        requests._rcm_emit("approval.requested")
        return requests

    @api.model
    def _rcm_title(self, effect, document):
        """What is asked for, as an approver reads it."""
        titles = {
            "clear": self.env._("Clear %s", document),
            "post": self.env._("Post %s", document),
            "pay": self.env._("Pay %s", document),
            "confirm": self.env._("Confirm %s", document),
            "apply": self.env._("Apply %s", document),
        }
        return titles.get(effect) or f"{document}: {effect}"

    def _rcm_document(self):
        """The document, or nothing when it is gone."""
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id).exists()

    def _rcm_open_steps(self):
        """Steps of the lowest sequence that still lack approvals."""
        self.ensure_one()
        approvals = self.decision_ids.filtered(lambda d: d.decision == "approved")
        counts: dict[int, int] = {}
        for decision in approvals:
            counts[decision.group_id.id] = counts.get(decision.group_id.id, 0) + 1
        steps = self.policy_id.sudo().step_ids.sorted("sequence")  # rules, not data
        open_steps = steps.browse()
        for step in steps:
            taken = min(step.needed, counts.get(step.group_id.id, 0))
            counts[step.group_id.id] = counts.get(step.group_id.id, 0) - taken
            if taken < step.needed:
                open_steps += step
        lowest = min(open_steps.mapped("sequence"), default=0)
        return open_steps.filtered(lambda step: step.sequence == lowest)

    def _rcm_preparers(self) -> frozenset:
        """Users who made or requested the document."""
        document = self._rcm_document().sudo()  # who made it, nothing else
        return frozenset(self.requester_id.ids) | document._rcm_duties_done()["create"]

    def _rcm_decidable_step(self, user):
        """(step, None) the user may decide now, or (None, why not)."""
        self.ensure_one()
        decider = Decider(user.id, frozenset(user.all_group_ids.ids))
        decided = frozenset(self.decision_ids.user_id.ids)
        why = "missing_role"
        for step in self._rcm_open_steps():
            role = step.group_id.id
            why = may_decide(decider, role, self._rcm_preparers(), decided)
            if why is None:
                return step, None
            if why != "missing_role":
                break
        return None, why

    def action_approve(self):
        """Approve as the person logged in; bulk-safe, one result each."""
        return self._rcm_decide_many("approved", None)

    def action_refuse(self):
        """Ask for the reason, then refuse."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refuse"),
            "res_model": "rcm.approval.decide",
            "view_mode": "form",
            "target": "new",
            "context": {"default_request_ids": [(6, 0, self.ids)]},
        }

    def _rcm_decide_many(self, decision, reason):
        self.check_access("read")
        failed = []
        for request in self:
            if message := request._rcm_decide(decision, reason):
                failed.append(f"{request.name}: {message}")
        # raising would undo what did happen, a void request included
        if len(self) == len(failed) and "voided" not in self.mapped("state"):
            raise UserError("\n".join(failed))
        if failed:
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {
                    "type": "warning",
                    "sticky": True,
                    "message": "\n".join(failed),
                    "next": {"type": "ir.actions.client", "tag": "soft_reload"},
                },
            }
        return True

    def _rcm_decide(self, decision, reason):
        """Record one decision of the current user; returns why not, or None."""
        self.ensure_one()
        self.check_access("read")
        request = self.sudo()  # the role and duty checks below replace access rows
        request.lock_for_update()
        if request.state != "pending":
            return self.env._("It is no longer waiting for a decision.")
        step, why = request._rcm_decidable_step(self.env.user)
        if step is None:
            return self._rcm_refusal(why)
        if request._rcm_changed():
            request._rcm_void(self.env._("The document changed."))
            return self.env._("The document changed; the request is void.")
        self.env["rcm.approval.decision"].sudo()._rcm_create(
            [
                {
                    "request_id": request.id,
                    "user_id": self.env.uid,
                    "group_id": step.group_id.id,
                    "decision": decision,
                    "reason": reason,
                    "decided_at": fields.Datetime.now(),
                    "facts_hash": request.facts_hash,
                }
            ]
        )
        request.invalidate_recordset(["decision_ids"])
        request._rcm_emit(f"approval.{decision}")
        request._rcm_conclude(decision, reason)
        return None

    def _rcm_refusal(self, why):
        """Why the person may not decide, in words."""
        texts = {
            "missing_role": self.env._("You do not hold the role this step asks for."),
            "own_document": self.env._(
                "You prepared or requested this document: someone else decides."
            ),
            "decided_before": self.env._("You already decided on this request."),
        }
        return texts[why]

    def _rcm_changed(self):
        """Whether the document's facts differ from what was requested."""
        facts = self._rcm_document()._rcm_approval_facts(self.effect)
        return digest(facts["approved"]) != self.facts_hash

    def _rcm_still_for(self, facts, facts_hash, routing):
        """Whether this request speaks of the document as it is now.

        A higher amount in the company's currency that another policy would judge is
        another question, even if nobody touched the document (a new rate).
        """
        self.ensure_one()
        if self.facts_hash != facts_hash:
            return False
        digits = self.currency_id.decimal_places
        if abs(facts.amount) <= abs(to_decimal(self.amount, digits)):
            return True
        return bool(routing.policy) and routing.policy.ref == self.policy_id.id

    def _rcm_conclude(self, decision, reason):
        if decision == "refused":
            self._rcm_close("refused", reason)
        elif not self._rcm_open_steps():
            self._rcm_close("approved", reason)
            self._rcm_document()._rcm_approval_done(self.effect)

    def _rcm_close(self, state, reason):
        self._rcm_set_state(state, reason=reason, closed_at=fields.Datetime.now())
        self.activity_ids.unlink()

    def _rcm_void(self, reason):
        """The facts changed: what was asked or approved no longer counts."""
        self._rcm_close("voided", reason)

    def action_withdraw(self):
        """Take a request back; only the requester or an administrator."""
        for request in self:
            if request.requester_id != self.env.user:
                self.env.user._rcm_require("administrator")
            # checked above; the state itself is protected
            request.sudo()._rcm_close("withdrawn", self.env._("Withdrawn"))

    def action_open_document(self):
        """Open what is to be approved."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }
