from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core.canonical import digest

from ..policy import Facts


class RcmDocumentMixin(models.AbstractModel):
    """Puts the gate of ``healthcare_rcm_base`` under the approval policies.

    A document takes part by returning facts from :meth:`_rcm_approval_facts`.
    """

    _inherit = "rcm.document.mixin"

    rcm_approval_state = fields.Selection(
        [("pending", "Waiting for approval"), ("refused", "Refused")],
        string="Approval",
        compute="_compute_rcm_approval_state",
    )

    def _compute_rcm_approval_state(self):
        requests = self.env["rcm.approval.request"].sudo()  # state only, no contents
        states = {
            request.res_id: request.state
            for request in requests.search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("state", "in", ("pending", "refused")),
                ],
                order="id",
            )
        }
        for record in self:
            record.rcm_approval_state = states.get(record.id, False)

    def _rcm_approval_facts(self, effect):
        """What a policy looks at and an approver approves; overridden by documents.

        :param str effect: the effect that is asked for, for example ``clear``.
        :return: None when this effect needs no approval for this model; else a dict
            with ``facts`` (:class:`~.policy.Facts`) and ``approved`` (JSON-able: what
            must not change after the approval).
        """
        return None

    def _rcm_gate(self, effect):
        """Only what a policy lets through, or an approval of these very facts."""
        allowed = super()._rcm_gate(effect)
        if not allowed or allowed[:1]._rcm_approval_facts(effect) is None:
            return allowed
        return allowed._rcm_gate_by_policy(effect)

    def _rcm_gate_by_policy(self, effect):
        facts = [record._rcm_approval_facts(effect) for record in self]
        hashes = [digest(item["approved"]) for item in facts]
        standing = self._rcm_standing_requests(effect)
        # the policies are the administrator's, not the document's user's, to read
        policies = self.env["rcm.approval.policy"].sudo()
        routings = policies._rcm_route([item["facts"] for item in facts])
        allowed = self.browse()
        through, ask, unrouted = {}, [], self.browse()
        for record, item, facts_hash, routing in zip(
            self, facts, hashes, routings, strict=True
        ):
            request = standing.get(record.id)
            if request and request.facts_hash != facts_hash:
                request._rcm_void(self.env._("The document changed."))
                request = None
            if request:
                allowed += record if request.state == "approved" else self.browse()
            elif routing.policy is None:
                unrouted += record
            elif routing.straight_through:
                allowed += record
                through[record.id] = {
                    "approval": [None, f"straight through: {routing.policy.name}"]
                }
            else:
                ask.append((record, item, facts_hash, routing))
        self.browse(through)._rcm_emit(
            "approval.straight_through", changes_by_id=through
        )
        self._rcm_ask(effect, ask)
        unrouted._rcm_no_policy()
        return allowed

    def _rcm_standing_requests(self, effect):
        """Newest request of each record that still counts, by record id."""
        requests = self.env["rcm.approval.request"].sudo()  # the gate must see all
        found = requests.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("effect", "=", effect),
                ("state", "in", ("pending", "info_requested", "approved", "refused")),
            ],
            order="id",
        )
        return {request.res_id: request for request in found}

    def _rcm_ask(self, effect, questions):
        if not questions:
            return
        requests = self.env["rcm.approval.request"].sudo()  # made for the document
        requests._rcm_make(effect, questions)

    def _rcm_no_policy(self):
        for record in self:
            record._rcm_raise_case(
                "approval_stalled",
                self.env._(
                    "No approval policy covers this document, so it is not let "
                    "through. Add a policy (Revenue Cycle → Configuration → Controls "
                    "→ Approval Policies), then reprocess."
                ),
            )

    @api.model
    def _rcm_facts_for(self, document_type, effect, amount, **scope) -> Facts:
        """Shorthand for documents that state their facts."""
        return Facts(document_type, effect, amount, **scope)
