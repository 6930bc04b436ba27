from odoo import api, models

from ..policy import FIELD, MANAGER, ROLE, Decider, may_decide


class RcmApprovalPolicy(models.Model):
    """Whom a step names, and who of them may not decide on a document."""

    _inherit = "rcm.approval.policy"

    @api.model
    def _rcm_named_users(self, step, requester, document=None):
        """Active users a step names, whether or not they may decide.

        :param step: :class:`~.policy.Step`
        :param requester: user who asks
        :param document: the record, for the person named on it
        """
        # who is asked is part of the rules, whoever looks
        users = self.env["res.users"].sudo()
        if step.kind == ROLE:
            return users.browse(step.role and self._rcm_holders(step.role).ids)
        if step.kind == MANAGER:
            return self._rcm_manager(requester).filtered("active")
        if step.kind == FIELD:
            person = document and document.sudo()[step.field_name]
            return users.browse(person.ids if person else []).filtered("active")
        return users.browse(sorted(step.users)).exists().filtered("active")

    @api.model
    def _rcm_manager(self, requester):
        """The requester's manager."""
        manager = requester.sudo()["rcm_manager_id"]  # part of the rules
        return self.env["res.users"].sudo().browse(manager.ids)

    @api.model
    def _rcm_holders(self, group_id):
        """Active people of the house who hold a role."""
        group = self.env["res.groups"].sudo().browse(group_id)  # part of the rules
        return group.all_user_ids.filtered(lambda user: user.active and not user.share)

    @api.model
    def _rcm_judge_people(self, step, users, facts, done, decided=()):
        """{user: why he may not decide, or None} for the ``users`` a step names.

        :param facts: :class:`~.policy.Facts` of the document
        :param dict done: {duty: users who did it} of the document
        """
        conflicts = self.env["rcm.duty.conflict"]._rcm_pairs()
        earlier = {name: frozenset(people) for name, people in done.items()}
        candidates = frozenset(users.ids)
        answers = {}
        for user in users:
            answers[user] = self._rcm_out_of_reach(user, facts) or may_decide(
                Decider(user.id, frozenset(user.all_group_ids.ids)),
                step.role,
                earlier.get("create", frozenset()),
                frozenset(decided),
                candidates=candidates,
                done=earlier,
                conflicts=conflicts,
            )
        return answers

    @api.model
    def _rcm_out_of_reach(self, user, facts):
        """Whether the person works for neither the company nor the facility."""
        if facts.company not in user.company_ids.ids:
            return "other_company"
        facilities = user.rcm_facility_ids.ids
        if facts.facility and facilities and facts.facility not in facilities:
            return "other_facility"
        return None

    @api.model
    def _rcm_say_person(self, reason):
        """Why somebody may not decide, in words."""
        return {
            "other_company": self.env._("does not work in the company"),
            "other_facility": self.env._("does not work for the facility"),
            "own_document": self.env._("prepared or requested the document"),
            "decided_before": self.env._("already decided"),
            "duty_conflict": self.env._("did a duty that excludes approving"),
            "delegation_loop": self.env._("delegates to himself"),
            "missing_role": self.env._("does not hold the role"),
        }[reason]
