from uuid import uuid4

from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core.canonical import digest
from odoo.addons.healthcare_rcm_base.core.money import to_decimal
from odoo.addons.healthcare_rcm_base.models.readable import readable_ids

from .rcm_approval_policy import document_types

OPEN_STATES = ("pending", "info_requested")
# Nobody follows a request by having caused it, and its log is its own.
QUIET = {"mail_create_nolog": True, "mail_create_nosubscribe": True}


class RcmApprovalRequest(models.Model):
    """A document that waits for a decision, with the facts to be approved.

    This file: what a request is and how it begins and ends. Who is asked, who may
    decide, and what people do with it stand in the files beside this one.
    """

    _name = "rcm.approval.request"
    _description = "Approval Request"
    _inherit = [
        "rcm.document.mixin",
        "rcm.batch.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "id desc"
    _rcm_state_machine = "request"
    _rcm_reprocess_roles = ("approver", "finance_manager", "administrator")
    _rcm_protected = (
        "name",
        "state",
        "document_type",
        "res_model",
        "res_id",
        "effect",
        "company_id",
        "facility_id",
        "amount",
        "risk",
        "risk_parts",
        "facts",
        "facts_hash",
        "policy_id",
        "policy_version",
        "policy_version_id",
        "why",
        "requester_id",
        "reason",
        "closed_at",
        "due_at",
        "breached",
        "auto_at",
        "expires_at",
        "asked_ids",
        "asked_checked_at",
        "decision_count",
        "question",
        "questioner_id",
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
        string="Status",
        default="pending",
        required=True,
        readonly=True,
        index=True,
        group_expand="_group_expand_states",
    )
    document_type = fields.Selection(document_types, readonly=True, index=True)
    res_model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        "Document ID", model_field="res_model", required=True, readonly=True
    )
    can_open_document = fields.Boolean(
        compute="_compute_can_open_document",
        help="The document is there and the reader may see it.",
    )
    effect = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    facility_id = fields.Many2one("rcm.facility", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary(readonly=True)
    risk = fields.Integer(
        readonly=True,
        aggregator="max",
        help="From 0 to 100, when the request was made.",
    )
    risk_parts = fields.Json("What the risk is made of", readonly=True)
    facts = fields.Json("Facts to be approved", readonly=True)
    facts_hash = fields.Char(readonly=True, help="SHA-256 of the approved facts.")
    policy_id = fields.Many2one(
        "rcm.approval.policy", readonly=True, ondelete="restrict", index=True
    )
    policy_version = fields.Integer(readonly=True, aggregator=None)
    policy_version_id = fields.Many2one(
        "rcm.approval.policy.version",
        "Under the Rules",
        readonly=True,
        ondelete="restrict",
        help="The policy as it stood when the request was made: it is decided by "
        "these steps, whatever becomes of the policy.",
    )
    why = fields.Char("Why it came here", readonly=True)
    requester_id = fields.Many2one("res.users", "Requested by", readonly=True)
    reason = fields.Char("Reason of the outcome", readonly=True)
    closed_at = fields.Datetime(readonly=True)
    age_days = fields.Integer(
        "Age (days)", compute="_compute_age_days", aggregator=None
    )
    step_ids = fields.One2many(
        "rcm.approval.request.step", "request_id", "Steps", readonly=True
    )
    decision_ids = fields.One2many("rcm.approval.decision", "request_id")
    log_ids = fields.One2many("rcm.approval.log", "request_id", "History")
    decision_count = fields.Integer(
        readonly=True,
        aggregator=None,
        help="Counted up with every decision, so that two at once cannot overlook each "
        "other.",
    )

    _one_open = models.UniqueIndex(
        "(res_model, res_id, effect) WHERE state IN ('pending', 'info_requested')",
        "This document already waits for a decision.",
    )
    _by_document = models.Index("(res_model, res_id, effect)")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("create_date", "closed_at")
    def _compute_age_days(self):
        now = fields.Datetime.now()
        for request in self:
            end = request.closed_at or now
            request.age_days = (end - (request.create_date or end)).days

    @api.model
    def _group_expand_states(self, states, domain):
        """The open columns always, the closed ones when they hold something."""
        order = [code for code, _label in self._fields["state"].selection]
        return [code for code in order if code in OPEN_STATES or code in states]

    def _rcm_audit_name(self):
        return self.name

    # ------------------------------------------------------------------
    # Asking
    # ------------------------------------------------------------------
    @api.model
    def _rcm_make(self, effect, questions):
        """Requests for documents a policy sends to people.

        :param questions: (record, facts dict, facts hash, routing) each.
        """
        policies = self.env["rcm.approval.policy"]
        versions = {
            ref: policies.browse(ref)._rcm_current_version()
            for ref in {routing.policy.ref for *_rest, routing in questions}
        }
        now = fields.Datetime.now()
        vals_list = [
            self._rcm_prepare_vals(effect, question, versions, now)
            for question in questions
        ]
        requests = self.with_context(**QUIET)._rcm_create(vals_list)
        requests = requests.with_env(self.env)
        requests._rcm_emit("approval.requested")
        self.env["rcm.approval.request.step"]._rcm_make(requests)
        self.env["rcm.approval.log"]._rcm_append(
            [
                {"request": request, "kind": "asked", "text": request.why}
                for request in requests
            ]
        )
        requests._rcm_open_next_steps(now)
        requests._rcm_refresh_asked()
        return requests

    def _rcm_prepare_vals(self, effect, question, versions, now):
        """Values of one request."""
        record, item, facts_hash, routing = question
        version = versions[routing.policy.ref]
        facts = routing.facts or item["facts"]
        company = self.env["res.company"].browse(facts.company)
        return {
            "name": self._rcm_title(effect, record._rcm_audit_name()),
            "document_type": facts.document_type,
            "res_model": record._name,
            "res_id": record.id,
            "effect": effect,
            "company_id": facts.company,
            # the document's own: which part of it was judged narrows nobody's sight
            "facility_id": item["facts"].facility,
            "amount": float(facts.amount),
            "risk": facts.risk,
            "risk_parts": [[code, points] for code, points in facts.risk_parts],
            "facts": item["approved"],
            "facts_hash": facts_hash,
            "policy_id": version.policy_id.id,
            "policy_version": version.number,
            "policy_version_id": version.id,
            "why": version.sentence,
            "requester_id": self.env.uid,
            **self._rcm_waiting_ends(version, company, now),
            "correlation_id": record._rcm_correlation_id() or uuid4().hex,
        }

    @api.model
    def _rcm_title(self, effect, document):
        """What is asked for, as an approver reads it."""
        titles = {
            "clear": self.env._("Clear %s", document),
            "post": self.env._("Post %s", document),
            "pay": self.env._("Pay %s", document),
            "confirm": self.env._("Confirm %s", document),
            "apply": self.env._("Apply %s", document),
            "credit": self.env._("Credit %s", document),
            "unpost": self.env._("Take back %s", document),
            "undo": self.env._("Take back a decision on %s", document),
            "exceed_budget": self.env._("Exceed the budget with %s", document),
            "accept_mismatch": self.env._("Accept the difference of %s", document),
        }
        # an effect may be of a day: ``post:2026-01-01``
        name, _colon, about = effect.partition(":")
        title = titles.get(name) or f"{document}: {name}"
        return f"{title} ({about})" if about else title

    def _rcm_document(self):
        """The document, or nothing when it is gone."""
        self.ensure_one()
        if self.res_model not in self.env:
            return self.browse()
        return self.env[self.res_model].browse(self.res_id).exists()

    # ------------------------------------------------------------------
    # Is it still the same question?
    # ------------------------------------------------------------------
    def _rcm_changed(self):
        """Whether the document is gone or its facts are not those of the request."""
        document = self._rcm_document()
        item = document._rcm_approval_facts(self.effect) if document else None
        return item is None or digest(item["approved"]) != self.facts_hash

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

    # ------------------------------------------------------------------
    # Ending
    # ------------------------------------------------------------------
    def _rcm_close(self, state, reason):
        """End these requests; nobody is asked any more."""
        if not self:
            return
        now = fields.Datetime.now()
        self._rcm_set_state(
            state, reason=reason or False, closed_at=now, question=False
        )
        self.step_ids._rcm_end(now)
        self._rcm_write({"asked_ids": [fields.Command.clear()], "due_at": False})
        self.activity_ids.unlink()
        labels = dict(self._fields["state"]._description_selection(self.env))
        self.env["rcm.approval.log"]._rcm_append(
            [
                {
                    "request": request,
                    "kind": "closed",
                    "text": f"{labels[state]}: {reason}" if reason else labels[state],
                }
                for request in self
            ]
        )
        self._rcm_resolve_cases(["approval_stalled"])
        if state != "approved":
            for request in self:
                request._rcm_document()._rcm_approval_closed(request.effect, state)

    def _rcm_void(self, reason):
        """The facts changed: what was asked or approved no longer counts."""
        self._rcm_close("voided", reason)
        # the requester learns that the question is open again
        self._rcm_tell_requester(self.env._("The approval is void: %s", reason))

    def _rcm_reprocess(self, case):
        """Ask again: who may decide now is told; solved once it is decided."""
        self._rcm_refresh_asked()
        self._rcm_remind()
        return self.state not in OPEN_STATES

    # ------------------------------------------------------------------
    # Ways to and from
    # ------------------------------------------------------------------
    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_can_open_document(self):
        for model, requests in self.grouped("res_model").items():
            readable = readable_ids(self.env, model, requests.mapped("res_id"))
            for request in requests:
                request.can_open_document = request.res_id in readable

    def action_open_document(self):
        """Open what is to be approved."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
            "views": [[False, "form"]],
        }

    def _rcm_case_amount(self) -> float:
        """What waits for the decision."""
        return self.amount
