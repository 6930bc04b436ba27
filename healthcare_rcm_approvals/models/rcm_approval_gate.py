from dataclasses import dataclass, field

from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.canonical import digest

from .rcm_approval_mixin import STANDING


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
    """The gate: which documents may have an effect now, and who is asked for others."""

    _inherit = "rcm.approval.mixin"

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
