from dataclasses import dataclass, field

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.healthcare_rcm_base.core.canonical import digest

from ..policy import Facts

OPEN = ("pending", "info_requested")
STANDING = (*OPEN, "approved", "refused")
PREPARED = "approval.prepared"
# The duty that having an effect is.
DUTIES = {"post": "post", "pay": "pay"}


@dataclass
class Sorted:
    """What policies and requests say about documents that want an effect."""

    allowed: models.BaseModel
    waiting: models.BaseModel
    refused: models.BaseModel
    unrouted: models.BaseModel
    stale: models.BaseModel  # requests whose facts are not those of today
    through: dict = field(default_factory=dict)  # {id: name of the policy}
    ask: list = field(default_factory=list)  # (record, item, facts hash, routing)

    @property
    def asking(self):
        """The documents a policy sends to people, not asked for yet."""
        return self.allowed.browse(record.id for record, *_rest in self.ask)


class RcmApprovalMixin(models.AbstractModel):
    """A document whose effects are subject to the approval policies.

    Any model takes it up by returning facts from :meth:`_rcm_approval_facts` and by
    asking :meth:`_rcm_approval_gate` or :meth:`_rcm_approval_assert` in the method
    that has the effect. No key of any context opens it.
    """

    _name = "rcm.approval.mixin"
    _inherit = "rcm.audit.mixin"
    _description = "Document Under Approval Policies"

    rcm_approval_state = fields.Selection(
        [
            ("pending", "Waiting for approval"),
            ("approved", "Approved"),
            ("refused", "Refused"),
        ],
        string="Approval",
        compute="_compute_rcm_approval_state",
    )
    rcm_approval_request_ids = fields.Many2many(
        "rcm.approval.request",
        string="Approval Requests",
        compute="_compute_rcm_approval_state",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    def _compute_rcm_approval_state(self):
        Request = self.env["rcm.approval.request"]
        requests = Request.sudo().search(  # that it waits is no secret of the request
            [("res_model", "=", self._name), ("res_id", "in", self._origin.ids)],
            order="id",
        )
        visible = Request.browse(requests.ids)
        visible = (
            visible._filtered_access("read") if Request.has_access("read") else Request
        )
        states = {
            request.res_id: "pending" if request.state in OPEN else request.state
            for request in requests
            if request.state in STANDING
        }
        own = {}
        for request in requests:
            own.setdefault(request.res_id, []).append(request.id)
        for record in self:
            record.rcm_approval_state = states.get(record._origin.id, False)
            # with sudo: assigning even nothing asks for access to the model
            record.sudo().rcm_approval_request_ids = (
                visible.browse(own.get(record._origin.id, [])) & visible
            )

    # ------------------------------------------------------------------
    # What a document says
    # ------------------------------------------------------------------
    def _rcm_approval_facts(self, effect):
        """What a policy looks at and an approver approves; overridden by documents.

        :param str effect: the effect that is asked for, for example ``clear``.
        :return: None when this effect needs no approval for this record; else a dict
            with ``facts`` (:class:`~.policy.Facts`) and ``approved`` (JSON-able: what
            must not change after the approval).
        """
        return None

    @api.model
    def _rcm_approval_locked_fields(self):
        """Fields that approved facts are made of: a change is checked at once.

        What else changes the facts is found when the effect is asked for.
        """
        return frozenset()

    def _rcm_approval_is_done(self, effect):
        """Whether the effect was had: later changes void nothing any more."""
        self.ensure_one()
        return False

    def _rcm_approval_done(self, effect):
        """Called after the last approval: have the effect, or be ready for it.

        Overridden by documents; the approver's rights and name are not to be used for
        it, see :meth:`_rcm_approval_requester`.
        """

    def _rcm_approval_closed(self, effect, state):
        """Called when a request ended without approval: ``refused``, ``withdrawn``,
        ``voided`` or ``expired``."""

    @api.model
    def _rcm_facts_for(self, document_type, effect, amount, **scope) -> Facts:
        """Shorthand for documents that state their facts."""
        return Facts(document_type, effect, amount, **scope)

    # ------------------------------------------------------------------
    # The gate
    # ------------------------------------------------------------------
    def _rcm_approval_gate(self, effect):
        """The records on which ``effect`` may go ahead now; the rest is asked for.

        For methods that can do some and leave some. What goes straight through is
        logged with the policy that let it.
        """
        found = self._rcm_approval_sort(effect)
        self._rcm_approval_void(found.stale)
        self._rcm_approval_log(found)
        self._rcm_approval_request(effect, found)
        return found.allowed

    def _rcm_approval_ask(self, effect):
        """As the gate, for effects that assert themselves: nothing is logged twice."""
        found = self._rcm_approval_sort(effect)
        self._rcm_approval_void(found.stale)
        self._rcm_approval_request(effect, found)
        return found.allowed

    def _rcm_approval_assert(self, effect):
        """Refuse unless ``effect`` may go ahead on every one of these records.

        For methods that cannot be split. Nothing is asked for here, as the refusal
        undoes everything; it says where to ask.
        """
        found = self._rcm_approval_check(effect)
        self._rcm_approval_void(found.stale)
        self._rcm_approval_log(found)

    def _rcm_approval_check(self, effect):
        """Refuse as ``_rcm_approval_assert`` does, but write nothing."""
        found = self._rcm_approval_sort(effect)
        if blocked := self - found.allowed:
            raise UserError(blocked._rcm_approval_way_out(effect, found))
        self._rcm_check_duties(effect)
        return found

    def _rcm_approval_sort(self, effect):
        """Sort these records by what policies and standing requests say."""
        none = self.browse()
        requests = self.env["rcm.approval.request"].sudo()  # the gate must see all
        found = Sorted(none, none, none, none, requests)
        asking = []
        for record in self:
            # facts are complete whoever asks
            item = record.sudo()._rcm_approval_facts(effect)
            if item is None:
                found.allowed += record
            else:
                asking.append((record, item))
        if not asking:
            return found
        # the policies are the administrator's, not the document's user's, to read
        policies = self.env["rcm.approval.policy"].sudo()
        routings = policies._rcm_route(
            [item["facts"] for _record, item in asking],
            [record for record, _item in asking],
        )
        standing = self._rcm_standing_requests(effect)
        for (record, item), routing in zip(asking, routings, strict=True):
            request = standing.get(record.id, requests)
            record._rcm_approval_sort_one(found, request, item, routing)
        return found

    def _rcm_approval_sort_one(self, found, request, item, routing):
        facts_hash = digest(item["approved"])
        if request and not request._rcm_still_for(item["facts"], facts_hash, routing):
            if request.state != "refused":
                found.stale += request
            request = request.browse()
        if request.state == "approved":
            found.allowed += self
        elif request.state == "refused":
            found.refused += self
        elif request:
            found.waiting += self
        elif routing.policy is None:
            found.unrouted += self
        elif routing.straight_through:
            found.allowed += self
            found.through[self.id] = routing.policy.name
        else:
            found.ask.append((self, item, facts_hash, routing))

    def _rcm_approval_void(self, requests):
        """What was asked for or approved is not what the documents are any more."""
        if not requests:
            return
        requests._rcm_void(self.env._("The document changed."))
        requests.flush_recordset(["state"])  # the place of the next one is free
        self.browse(requests.mapped("res_id"))._rcm_emit("approval.voided")

    def _rcm_approval_log(self, found):
        """Why documents went through without anybody."""
        self.browse(found.through)._rcm_emit(
            "approval.straight_through",
            changes_by_id={
                id_: {"approval": [None, f"straight through: {name}"]}
                for id_, name in found.through.items()
            },
        )

    def _rcm_approval_request(self, effect, found):
        """Ask for what the policies send to people; say what no policy covers."""
        if found.ask:
            requests = self.env["rcm.approval.request"].sudo()  # for the document
            requests._rcm_make(effect, found.ask)
        found.unrouted._rcm_no_policy()

    def _rcm_standing_requests(self, effect):
        """Newest request of each record that still counts, by record id."""
        requests = self.env["rcm.approval.request"].sudo()  # the gate must see all
        found = requests.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("effect", "=", effect),
                ("state", "in", STANDING),
            ],
            order="id",
        )
        return {request.res_id: request for request in found}

    def _rcm_no_policy(self):
        for record in self:
            self.env["rcm.exception.case"]._rcm_raise(
                "approval_stalled", record, self._rcm_no_policy_text()
            )

    def _rcm_no_policy_text(self):
        return self.env._(
            "No approval policy covers this document, so it is not let through. Add a "
            "policy (Revenue Cycle → Configuration → Controls → Approval Policies), "
            "then reprocess."
        )

    def _rcm_approval_way_out(self, effect, found):
        """Why these are refused and what to do, a line for each reason."""

        def names(records):
            # numbers of documents the caller wants the effect on
            return ", ".join(records.sudo()._rcm_audit_names()[:5])

        lines = []
        if asking := found.asking & self:
            lines.append(
                self.env._(
                    "%(documents)s: an approval is needed first. %(step)s",
                    documents=names(asking),
                    step=self._rcm_approval_how(effect),
                )
            )
        if waiting := found.waiting & self:
            lines.append(self.env._("%s: waits for its approval.", names(waiting)))
        if refused := found.refused & self:
            lines.append(
                self.env._(
                    "%s: the approval was refused. Change it, then ask again.",
                    names(refused),
                )
            )
        if unrouted := found.unrouted & self:
            lines.append(f"{names(unrouted)}: {self._rcm_no_policy_text()}")
        return "\n".join(lines)

    @api.model
    def _rcm_approval_how(self, effect):
        """How a person asks for the approval of ``effect``; overridden by documents."""
        return self.env._("Open it and ask for the approval there.")

    # ------------------------------------------------------------------
    # Changes after the question
    # ------------------------------------------------------------------
    def write(self, vals):
        result = super().write(vals)
        if self._rcm_approval_locked_fields() & vals.keys():
            self._rcm_approval_touched()
        return result

    def unlink(self):
        if self._rcm_approval_locked_fields():
            self._rcm_open_requests()._rcm_void(self.env._("The document was deleted."))
        return super().unlink()

    def _rcm_open_requests(self):
        """Requests of these records that are asked for or granted."""
        requests = self.env["rcm.approval.request"].sudo()  # of the document's own
        return requests.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("state", "in", (*OPEN, "approved")),
            ]
        )

    def _rcm_approval_touched(self):
        """What matters was changed: void what was asked for, and keep who did it."""
        self._rcm_approval_recheck()
        self._rcm_note_preparer()

    def _rcm_note_preparer(self):
        """Keep in the audit log, once, that somebody else than its maker prepared it.

        The last writer is a field; that there was one before is not.
        """
        user = self.env.user
        if user._is_superuser():
            return
        # who made it, nothing else
        others = self.sudo().filtered(lambda record: record.create_uid != user)
        if not others:
            return
        known = (
            self.env["rcm.audit.log"]
            .sudo()
            .search_fetch(  # who, not what
                [
                    ("model", "=", self._name),
                    ("res_id", "in", others.ids),
                    ("event", "=", PREPARED),
                    ("actor_uid", "=", user.id),
                ],
                ["res_id"],
            )
        )
        self.browse(set(others.ids) - set(known.mapped("res_id")))._rcm_emit(PREPARED)

    def _rcm_approval_recheck(self):
        """Void requests whose document is not what was asked for any more."""
        requests = self._rcm_open_requests()
        changed = requests.browse()
        for request in requests:
            record = self.browse(request.res_id).sudo()  # facts, whoever changed them
            if record._rcm_approval_is_done(request.effect):
                continue
            item = record._rcm_approval_facts(request.effect)
            if item is None or digest(item["approved"]) != request.facts_hash:
                changed += request
        self._rcm_approval_void(changed)

    # ------------------------------------------------------------------
    # Who did what
    # ------------------------------------------------------------------
    def _rcm_duties_done(self):
        """Who did each earlier step of this document: ``{duty: {user ids}}``.

        Duties are ``create`` (made or changed it), ``approve``, ``post``, ``pay``,
        ``vendor_create``. Extended by documents; read from the audit log and the
        decisions, never from what somebody could set.
        """
        self.ensure_one()
        record = self.sudo()  # who did it, nothing else
        decisions = record._rcm_open_requests().decision_ids
        approvals = decisions.filtered(lambda item: item.decision == "approved")
        return {
            "create": set(record.create_uid.ids) | record._rcm_actors(PREPARED),
            "approve": set((approvals.user_id | approvals.on_behalf_of_id).ids),
            "post": set(),
            "pay": set(),
            "vendor_create": set(),
        }

    def _rcm_check_duties(self, effect):
        """Refuse a step that someone may not do who did an earlier one."""
        duty = DUTIES.get(effect)
        if not duty:
            return
        conflicts = self.env["rcm.duty.conflict"]
        for record in self:
            conflicts._rcm_check(record, duty, record._rcm_duties_done())

    def _rcm_actors(self, *events):
        """Ids of the users who did one of ``events`` to these records."""
        rows = (
            self.env["rcm.audit.log"]
            .sudo()
            .search_fetch(  # who, not what
                [
                    ("model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("event", "in", events),
                ],
                ["actor_uid"],
            )
        )
        return set(rows.mapped("actor_uid"))

    def _rcm_approval_requester(self, effect):
        """These records as the one who asked for ``effect``, with all rights.

        Empty when that person may not act any more: the document is then ready for
        whoever may.
        """
        self.ensure_one()
        request = self._rcm_standing_requests(effect).get(self.id)
        user = request.requester_id if request else self.env["res.users"]
        if not user or not (user.active or user._is_superuser()):
            return self.browse()
        # the effect was approved; it is had in the name of who asked for it
        return self.with_user(user).sudo()

    def _rcm_approval_run(self, effect, method):
        """Have the approved effect in the name of who asked.

        What stands in the way leaves the document approved and ready, with a case.
        """
        self.ensure_one()
        record = self._rcm_approval_requester(effect)
        try:
            if not record:
                raise UserError(self.env._("Who asked for it is no longer active."))
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                getattr(record, method)()
        except UserError:
            self.env["rcm.exception.case"]._rcm_raise(
                "approval_stalled",
                self,
                self.env._(
                    "It was approved, but the step itself was refused. Open the "
                    "document and do it by hand: Odoo then says what is in the way."
                ),
            )

    @api.model
    def _rcm_approval_notice(self):
        """Tell the person at the button that approval was asked for."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": False,
                "message": self.env._(
                    "Approval is needed and was asked for. It goes on by itself once "
                    "it is approved."
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
