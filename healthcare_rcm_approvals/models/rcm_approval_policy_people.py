from odoo import api, models

from ..policy import Decider, may_decide


class RcmApprovalPolicy(models.Model):
    """Who of the people a step names may decide on a document, and who not and why."""

    _inherit = "rcm.approval.policy"

    @api.model
    def _rcm_judge_people(self, step, requester, facts, done, document=None):
        """{user: why he may not decide, or None} for everybody a step names.

        :param step: :class:`~.policy.Step`
        :param requester: user who asks
        :param facts: :class:`~.policy.Facts` of the document
        :param dict done: {duty: users who did it} of the document
        :param document: the record, for the person named on it
        """
        users = self.env["res.users"]._rcm_step_named(step, requester, document)
        conflicts = self.env["rcm.duty.conflict"]._rcm_pairs()
        earlier = {name: frozenset(people) for name, people in done.items()}
        candidates = frozenset(users.ids)
        answers = {}
        for user in users.filtered("active"):
            answers[user] = self._rcm_out_of_reach(user, facts) or may_decide(
                Decider(user.id, frozenset(user.all_group_ids.ids)),
                step.role,
                earlier.get("create", frozenset()),
                frozenset(),
                candidates=candidates,
                done=earlier,
                conflicts=conflicts,
            )
        return answers

    @api.model
    def _rcm_out_of_reach(self, user, facts):
        """Whether the person works for neither the company nor the facility."""
        company = self.env["res.company"].browse(facts.company)
        none = self.env["rcm.facility"]
        if not user._rcm_within_reach(company, none):
            return "other_company"
        if not user._rcm_within_reach(company, none.browse(facts.facility or [])):
            return "other_facility"
        return None

    @api.model
    def _rcm_say_person(self, reason):
        """Why somebody may not decide, in words."""
        return {
            "other_company": self.env._("does not work in the company"),
            "other_facility": self.env._("does not work for the facility"),
            "own_document": self.env._("prepared or requested the document"),
            "duty_conflict": self.env._("did a duty that excludes approving"),
        }[reason]
