"""Who prepared something never approves it: every path that we know of, over HTTP."""

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.healthcare_rcm_base.tests.wire_common import WireCase

from .documents_common import PASSWORD, DocumentCase


@tagged("post_install", "-at_install")
class TestSeparationPaths(DocumentCase, WireCase):
    """A bill of the clerk's that waits for an approver."""

    def setUp(self):
        super().setUp()
        self.bill = self.move(5000)
        self.bill.with_user(self.clerk).action_post()
        self.request = self.requests(self.bill)
        self.assertEqual(self.request.state, "pending")

    def assertStillWaits(self):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual((self.request.state, self.bill.state), ("pending", "draft"))
        approved = self.request.decision_ids.filtered(
            lambda item: item.decision == "approved"
        )
        self.assertFalse(approved)

    @mute_logger("odoo.http", "odoo.sql_db")
    def over_http(self, user, context=None):
        """Whatever a client can call to decide: buttons, the dialog, the fields."""
        self.authenticate(user.login, PASSWORD)
        ids = self.request.ids
        context = {"allowed_company_ids": user.company_ids.ids, **(context or {})}

        def call(model, method, *args):
            return self.call(model, method, *args, context=context).get("result")

        call("rcm.approval.request", "action_approve", ids)
        call("account.move", "action_post", self.bill.ids)
        dialog = {
            "kind": "approve",
            "request_ids": [Command.set(ids)],
            "reason": "Mine",
        }
        made = call("rcm.approval.decide", "create", dialog)
        if made:
            call("rcm.approval.decide", "action_confirm", [made])
        decision = {"request_id": self.request.id, "decision": "approved"}
        call("rcm.approval.decision", "create", decision)
        call("rcm.approval.request", "write", ids, {"state": "approved"})

    def test_as_the_clerk(self):
        self.over_http(self.clerk)
        self.assertStillWaits()

    def test_after_the_role_was_given(self):
        """By a group, by a group that implies it, and by being named for the step."""
        approver = self.env.ref("healthcare_rcm_base.group_approver")
        around = self.env["res.groups"].create(
            {"name": "Around", "implied_ids": [Command.link(approver.id)]}
        )
        self.clerk.group_ids |= approver
        self.over_http(self.clerk)
        self.assertStillWaits()
        self.clerk.group_ids = self.clerk.group_ids - approver | around
        self.over_http(self.clerk)
        self.assertStillWaits()
        self.clerk.group_ids |= self.env.ref("base.group_system")
        self.over_http(self.clerk)
        self.assertStillWaits()

    def test_through_a_delegation_either_way(self):
        """An approver's right handed to the clerk, or the clerk's to another."""
        self.clerk.group_ids |= self.env.ref("healthcare_rcm_base.group_approver")
        Delegation = self.env["rcm.approval.delegation"]
        for giver, taker in (
            (self.approver, self.clerk),
            (self.clerk, self.second_clerk),
        ):
            values = {
                "delegator_id": giver.id,
                "delegate_id": taker.id,
                "date_to": fields.Datetime.add(fields.Datetime.now(), days=3),
                "reason": "Away",
            }
            with self.subTest(giver=giver.login):
                try:
                    with self.env.cr.savepoint():
                        Delegation.with_user(giver).create(values)
                except UserError:
                    continue  # refused when it was to be given already
                self.over_http(taker)
                self.assertStillWaits()

    def test_with_all_rights(self):
        """Server code in the clerk's name, with the superuser's rights."""
        self.clerk.group_ids |= self.env.ref("healthcare_rcm_base.group_approver")
        action = self.env["ir.actions.server"].create(
            {
                "name": "Approve mine",
                "model_id": self.env["ir.model"]._get_id("rcm.approval.request"),
                "state": "code",
                "code": "records.sudo().action_approve()",
            }
        )
        for attempt in (
            lambda: self.request.with_user(self.clerk).sudo().action_approve(),
            lambda: self.request.with_user(self.clerk)
            .sudo()
            .write({"state": "approved"}),
            lambda: action.with_user(self.clerk)
            .sudo()
            .with_context(active_model=self.request._name, active_ids=self.request.ids)
            .run(),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                attempt()
            self.assertStillWaits()

    def test_in_another_company_of_his(self):
        """The role is held, the company switched: the document stays where it is."""
        other = self.env["res.company"].create({"name": "Second clinic"})
        self.clerk.company_ids |= other
        self.clerk.group_ids |= self.env.ref("healthcare_rcm_base.group_approver")
        for companies in (
            other.ids,
            [other.id, self.company.id],
            [self.company.id, other.id],
        ):
            with self.subTest(companies=len(companies)):
                self.over_http(self.clerk, {"allowed_company_ids": companies})
                self.assertStillWaits()
        self.clerk.company_id = other
        self.over_http(self.clerk)
        self.assertStillWaits()

    def test_a_second_person_then_approves_it(self):
        """So it is the separation that refuses, and not a mistake in the attempt."""
        self.over_http(self.approver)
        self.env.invalidate_all()
        self.assertEqual(self.request.state, "approved")
