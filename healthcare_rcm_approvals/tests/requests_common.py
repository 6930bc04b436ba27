"""A clinic whose claims of 200 and more wait for people, and the people."""

from datetime import timedelta

from odoo import Command, fields

from .test_rcm_approval_request import ApprovalCase


class RequestCase(ApprovalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.make_role_user("finance_manager")
        cls.administrator = cls.make_role_user("administrator")
        cls.numbers = iter(range(1, 999))

    def steps(self, *specs):
        """Give the policy for large claims these steps instead of its own."""
        self.high.step_ids = [Command.clear(), *map(Command.create, specs)]

    @property
    def approvers(self):
        return self.env.ref("healthcare_rcm_base.group_approver")

    @property
    def managers(self):
        return self.env.ref("healthcare_rcm_base.group_finance_manager")

    def ask(self, amount="300.00", user=None):
        """The request of a new claim, asked for by ``user`` (the biller)."""
        claim = self.make_claim(amount, number=f"R{next(self.numbers)}")
        claim.with_user(user or self.biller).sudo()._rcm_gate("clear")
        request = self.request_of(claim)
        self.assertEqual(request.state, "pending")
        return request

    def claim_of(self, request):
        return self.env["rcm.claim"].browse(request.res_id)

    def delegate(self, person, to, kind="delegation", user=None, **values):
        now = fields.Datetime.now()
        return (
            self.env["rcm.approval.delegation"]
            .with_user(user or person)
            .create(
                {
                    "delegator_id": person.id,
                    "delegate_id": to.id if to else False,
                    "kind": kind,
                    "date_from": now - timedelta(hours=1),
                    "date_to": now + timedelta(days=3),
                    "company_id": self.company.id,
                    "reason": "leave",
                    **values,
                }
            )
        )

    def dialog(self, request, user, kind, **values):
        """Confirm one of the dialogs as ``user``."""
        wizard = (
            self.env["rcm.approval.decide"]
            .with_user(user)
            .create({"kind": kind, "request_ids": request.ids, **values})
        )
        return wizard.action_confirm()

    def logged(self, request):
        return request.log_ids.sorted("id").mapped("kind")
