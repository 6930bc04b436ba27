from odoo import api, fields, models

from ..policy import Decider, may_decide
from .rcm_approval_request import OPEN_STATES


class RcmApprovalRequest(models.Model):
    """Who is asked, who may decide, and why it came to whom."""

    _inherit = "rcm.approval.request"

    asked_ids = fields.Many2many(
        "res.users",
        "rcm_approval_request_asked_rel",
        "request_id",
        "user_id",
        "Waiting for",
        readonly=True,
        help="The people who are asked now. What they may do is checked again when "
        "they decide.",
    )
    asked_checked_at = fields.Datetime(readonly=True)
    can_decide = fields.Boolean(
        "I can decide", compute="_compute_can_decide", search="_search_can_decide"
    )
    why_me = fields.Char(
        "Why it came to me",
        compute="_compute_can_decide",
        help="Your role, a delegation, a forward, or an escalation.",
    )
    is_requester = fields.Boolean(compute="_compute_is_requester")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("state", "decision_ids", "step_ids.state", "asked_ids")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        for request in self:
            step, chain = request.step_ids, ()
            found = None
            if request.state in OPEN_STATES and isinstance(request.id, int):
                system = request.sudo()  # the rules look at more than the person may
                step, found = system._rcm_find_step(self.env.user)
            request.can_decide = bool(step) and isinstance(found, Decider)
            chain = found if request.can_decide else None
            request.why_me = request.sudo()._rcm_why_me(step, chain) if chain else False

    @api.model
    def _search_can_decide(self, operator, value):
        """Those asked of me; whether I still may is checked for each."""
        if operator != "in":
            return NotImplemented
        asked = self.search(
            [("state", "in", OPEN_STATES), ("asked_ids", "in", self.env.uid)]
        )
        mine = asked.filtered("can_decide")
        return [("id", "in" if True in value else "not in", mine.ids)]

    @api.depends("requester_id")
    @api.depends_context("uid")
    def _compute_is_requester(self):
        for request in self:
            request.is_requester = request.requester_id == self.env.user

    def _rcm_why_me(self, step, decider):
        """One line: why this came to the person."""
        if decider.on_behalf:
            person = self.env["res.users"].browse(decider.source)
            return self.env._("You stand in for %s", person.name)
        if step.forwarded_to_id.id == decider.user:
            return self.env._("It was forwarded to you")
        named = self._rcm_named(step)
        if decider.user not in named.ids:
            return self.env._("It is overdue and was escalated to you")
        texts = {
            "role": self.env._("Your role: %s", step.name),
            "users": self.env._("The policy names you"),
            "manager": self.env._("You are the manager of %s", self.requester_id.name),
            "field": self.env._("The document names you"),
        }
        return texts[step.approver_kind]

    # ------------------------------------------------------------------
    # Whom a step is for
    # ------------------------------------------------------------------
    def _rcm_named(self, step, memo=None):
        """Users the rule of ``step`` names."""
        rule = step._rcm_rule()
        memo = {} if memo is None else memo
        key = (rule, self.company_id, self.facility_id)
        if rule.kind in ("manager", "field"):
            key = (*key, self.id)
        if key not in memo:
            document = self._rcm_document() if rule.kind == "field" else None
            memo[key] = self.env["res.users"]._rcm_step_people(
                rule, self.company_id, self.facility_id, self.requester_id, document
            )
        return memo[key]

    def _rcm_entitled(self, step, memo=None):
        """Users who may decide ``step``: those it names, and the alternates once the
        time is over."""
        people = self._rcm_named(step, memo)
        if not step.alternate_at:
            return people
        rule = step._rcm_rule()
        users = self.env["res.users"]
        alternates = users.browse(rule.escalate_to or []).exists()
        alternates |= users._rcm_role_holders(rule.escalate_role)
        return people | alternates._rcm_within_reach(self.company_id, self.facility_id)

    def _rcm_situation(self):
        """What the rules of separation look at: preparers, who decided, duties."""
        document = self._rcm_document()
        duties = document.sudo()._rcm_duties_done() if document else {}
        if self.policy_version_id:
            # nobody decides under a rule that he made
            duties = {
                **duties,
                "policy_change": self.policy_version_id._rcm_changed_by(),
            }
        decided = self.decision_ids
        return {
            "preparers": frozenset(self.requester_id.ids)
            | frozenset(duties.get("create", ())),
            "decided": frozenset((decided.user_id | decided.on_behalf_of_id).ids),
            "done": {duty: frozenset(people) for duty, people in duties.items()},
            "conflicts": self._rcm_conflicts(),
        }

    @api.model
    def _rcm_conflicts(self):
        """Pairs of duties that one person must not do both."""
        # the rules are the administrator's, not the approver's, to read
        return self.env["rcm.duty.conflict"].sudo()._rcm_pairs()

    def _rcm_why_not(self, decider, entitled, situation):
        """The pure rules' answer: None when ``decider`` may decide."""
        return may_decide(
            decider,
            None,
            situation["preparers"],
            situation["decided"],
            candidates=frozenset(entitled.ids),
            done=situation["done"],
            conflicts=situation["conflicts"],
        )

    def _rcm_find_step(self, user):
        """(step, :class:`~.policy.Decider`) the user may decide now, else (None, code).

        As oneself first, then in somebody's stead.
        """
        self.ensure_one()
        situation = self._rcm_situation()
        delegations = self.env["rcm.approval.delegation"]._rcm_in_force(
            fields.Datetime.now()
        )
        mine = delegations.filtered(
            lambda item: item.delegate_id == user and item._rcm_fits(self)
        )
        roles = frozenset(user.all_group_ids.ids)
        deciders = [Decider(user.id, roles)]
        deciders += [Decider(user.id, roles, (d.delegator_id.id,)) for d in mine]
        reachable = user._rcm_within_reach(self.company_id, self.facility_id)
        why = "missing_role"
        for step in self._rcm_open_steps() if reachable else ():
            entitled = self._rcm_entitled(step)
            for decider in deciders:
                found = self._rcm_why_not(decider, entitled, situation)
                if found is None:
                    return step, decider
                if found != "missing_role":
                    why = found
        return None, why

    # ------------------------------------------------------------------
    # Who is asked
    # ------------------------------------------------------------------
    def _rcm_refresh_asked(self):
        """Bring up to date who is asked; tell those who are asked newly."""
        now = fields.Datetime.now()
        delegations = self.env["rcm.approval.delegation"]._rcm_in_force(now)
        memo, fresh = {}, {}
        for request in self.filtered(lambda one: one.state in OPEN_STATES):
            situation = request._rcm_situation()
            fitting = delegations.filtered(lambda d, r=request: d._rcm_fits(r))
            everybody = self.env["res.users"]
            for step in request._rcm_open_steps():
                asked = request._rcm_asked(step, situation, fitting, memo)
                if asked != step.asked_ids:
                    step._rcm_write({"asked_ids": [fields.Command.set(asked.ids)]})
                everybody |= asked
            fresh[request] = everybody - request.asked_ids
            vals = {"asked_checked_at": now}
            if everybody != request.asked_ids:
                vals["asked_ids"] = [fields.Command.set(everybody.ids)]
            request._rcm_write(vals)
        self._rcm_tell_asked(fresh)

    def _rcm_asked(self, step, situation, delegations, memo):
        """Whom to ask about one step: who may decide it and is there, else who stands
        in; one only, once it was forwarded."""
        entitled = self._rcm_entitled(step, memo)
        people = step.forwarded_to_id & entitled or entitled
        asked = self.env["res.users"]
        for person in people:
            given = delegations.filtered(lambda d, p=person: d.delegator_id == p)
            own = Decider(person.id, frozenset())
            if self._rcm_why_not(own, entitled, situation) is None and not any(
                item.kind == "away" for item in given
            ):
                asked |= person
            for delegate in given.delegate_id._rcm_within_reach(
                self.company_id, self.facility_id
            ):
                chain = Decider(delegate.id, frozenset(), (person.id,))
                if self._rcm_why_not(chain, entitled, situation) is None:
                    asked |= delegate
        return asked.sorted("id")
