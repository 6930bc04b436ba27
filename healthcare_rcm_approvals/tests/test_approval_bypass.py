"""Every way past an approval that we know of, tried: none leaves an entry.

Calls a client can make go over HTTP, as the person; what server code can do is done in
code. After each attempt nothing is posted, paid, written off or refunded.
"""

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.healthcare_rcm_base.tests import builders
from odoo.addons.healthcare_rcm_base.tests.wire_common import WireCase

from .documents_common import PASSWORD, DocumentCase

# What opens doors elsewhere: base_tier_validation, stock accounting, our own tickets.
CONTEXTS = (
    {},
    {"skip_validation_check": True, "skip_check_state_condition": True},
    {"check_move_validity": False, "skip_readonly_check": True, "force_post": True},
    {"rcm_ticket": True, "rcm_approval": "approved", "bypass_approval": True},
    {"rcm_ticket": {"_model": "account.move", "_ids": None, "_fields": ["state"]}},
    {"default_state": "posted", "tracking_disable": True, "su": True, "uid": 1},
)


@tagged("post_install", "-at_install")
class TestApprovalBypass(DocumentCase, WireCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant = cls.person(
            "payables", groups="account.group_account_manager,base.group_user"
        )
        cls.biller = cls.person("biller", groups=None)

    # -- what must not happen --------------------------------------------------

    def entries(self):
        """Posted entries, payments on their way and balances of the company."""
        self.env.flush_all()
        self.env.invalidate_all()
        return (
            self.env["account.move"].search_count(
                [("company_id", "=", self.company.id), ("state", "=", "posted")]
            ),
            self.env["account.payment"].search_count(
                [
                    ("company_id", "=", self.company.id),
                    ("state", "in", ("in_process", "paid")),
                ]
            ),
            self.trial_balance(),
        )

    def assert_refused_over_http(self, attempts, user):
        """Each of ``attempts`` in each context, as ``user``, changes nothing."""
        self.authenticate(user.login, PASSWORD)
        before = self.entries()
        for name, model, method, arguments in attempts:
            for context in CONTEXTS:
                with self.subTest(attempt=name, context=context, user=user.login):
                    self.call(model, method, *arguments, context=context)
                    self.assertEqual(self.entries(), before)

    # -- over the wire ---------------------------------------------------------

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_a_bill_over_http(self):
        bill = self.move(5000, user=self.accountant)
        line, ids = bill.invoice_line_ids, bill.ids
        move = "account.move"
        attempts = [
            ("state", move, "write", (ids, {"state": "posted"})),
            ("save", move, "web_save", (ids, {"state": "posted"}, {})),
            ("import", move, "load", ([".id", "state"], [[str(bill.id), "posted"]])),
            ("private", move, "_post", (ids,)),
            ("button", move, "action_post", (ids,)),
            ("confirm", move, "action_validate_moves_with_confirmation", (ids,)),
            (
                "make it posted",
                move,
                "create",
                ({"move_type": "in_invoice", "state": "posted"},),
            ),
            (
                "in parts",
                move,
                "web_save",
                (ids, {"invoice_line_ids": [[1, line.id, {"price_unit": 1}]]}, {}),
            ),
            ("and back", move, "write", (ids, {"state": "posted"})),
        ]
        bill.action_post()
        # the amount is put back before it would count, so only the gate can refuse
        self.assert_refused_over_http(attempts[:7], self.accountant)

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_a_request_over_http(self):
        """The request itself is no way around: neither its state nor its hash."""
        bill = self.move(5000, user=self.accountant)
        bill.action_post()
        request = self.requests(bill)
        ids, model = request.ids, request._name
        attempts = [
            ("state", model, "write", (ids, {"state": "approved"})),
            ("hash", model, "write", (ids, {"facts_hash": "x"})),
            ("approve", model, "action_approve", (ids,)),
            ("decide", model, "_rcm_decide", (ids, "approved", None)),
            ("close", model, "_rcm_close", (ids, "approved", "x")),
            (
                "decision",
                "rcm.approval.decision",
                "create",
                ({"request_id": request.id, "decision": "approved"},),
            ),
            (
                "request",
                model,
                "create",
                (
                    {
                        "name": "mine",
                        "res_model": "account.move",
                        "res_id": bill.id,
                        "effect": "post",
                        "state": "approved",
                        "company_id": self.company.id,
                    },
                ),
            ),
            ("done", "account.move", "_rcm_approval_done", (bill.ids, "post")),
            ("run", "account.move", "_rcm_post_approved", (bill.ids,)),
        ]
        self.assert_refused_over_http(attempts, self.accountant)
        self.assertEqual(request.state, "pending")

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_a_payment_over_http(self):
        payment = self.payment(5000, user=self.accountant)
        ids, model = payment.ids, payment._name
        attempts = [
            ("state", model, "write", (ids, {"state": "in_process"})),
            ("paid", model, "write", (ids, {"state": "paid"})),
            ("save", model, "web_save", (ids, {"state": "paid"}, {})),
            ("import", model, "load", ([".id", "state"], [[str(ids[0]), "paid"]])),
            ("button", model, "action_post", (ids,)),
            ("validate", model, "action_validate", (ids,)),
            (
                "for a run",
                model,
                "write",
                (ids, {"rcm_source_model": "rcm.payment.run", "rcm_source_id": 1}),
            ),
            ("entry", model, "_generate_journal_entry", (ids,)),
        ]
        self.assert_refused_over_http(attempts, self.accountant)

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_our_documents_over_http(self):
        claim = self.claim_open(charge="3000", expected="3000")
        write_off = (
            self.env["rcm.write.off"]
            .with_user(self.biller)
            .create(
                {
                    "reason": "Large",
                    "company_id": self.company.id,
                    "line_ids": [
                        Command.create({"claim_id": claim.id, "amount": 2000})
                    ],
                }
            )
        )
        write_off.action_request()
        ids, model = write_off.ids, write_off._name
        attempts = [
            ("state", model, "write", (ids, {"state": "done"})),
            ("approved", model, "write", (ids, {"state": "approved"})),
            ("import", model, "load", ([".id", "state"], [[str(ids[0]), "done"]])),
            ("apply", model, "action_apply", (ids,)),
            ("again", model, "action_request", (ids,)),
            ("effect", model, "_rcm_take_effect", (ids,)),
            ("line", "rcm.write.off.line", "_rcm_post", (write_off.line_ids.ids,)),
            ("engine", "rcm.claim", "_rcm_small_balance", (claim.ids, "x")),
        ]
        self.assert_refused_over_http(attempts, self.biller)
        self.assertEqual(write_off.state, "requested")

    # -- in code ---------------------------------------------------------------

    def server_action(self, code, records, user):
        """Run ``code`` as a server action does: the person's name, all rights."""
        action = self.env["ir.actions.server"].create(
            {
                "name": "Helpful",
                "model_id": self.env["ir.model"]._get_id(records._name),
                "state": "code",
                "code": code,
            }
        )
        context = {
            "active_model": records._name,
            "active_ids": records.ids,
            "active_id": records[:1].id,
        }
        return action.with_user(user).sudo().with_context(**context).run()

    def test_a_server_action_with_all_rights(self):
        plain = self.person(None, groups="base.group_user")
        codes = (
            "records.sudo().write({'state': 'posted'})",
            "records.sudo()._post()",
            "records.sudo().action_post()",
            "records.sudo().with_context(bypass=True, rcm_ticket=1)._post(soft=False)",
            "[move.write({'state': 'posted'}) for move in records.sudo()]",
        )
        for code in codes:
            for user in (plain, self.env.user):
                with self.subTest(code=code, user=user.login):
                    bill = self.move(5000)
                    before = self.entries()
                    try:
                        with self.env.cr.savepoint():
                            self.server_action(code, bill, user)
                    except (UserError, ValueError) as error:
                        self.assertIn("approval", str(error))
                    self.assertEqual(self.entries(), before)
                    self.assertEqual(bill.state, "draft")

    def test_what_an_unprivileged_person_asked_for_is_not_done_for_him(self):
        plain = self.person(None, groups="base.group_user")
        bill = self.move(5000)
        self.server_action("records.sudo().action_post()", bill, plain)
        self.assertEqual(self.requests(bill).requester_id, plain)
        self.approve(bill)
        self.assertEqual(bill.state, "draft", "somebody who may post it does")
        bill.with_user(self.clerk).action_post()
        self.assertEqual(bill.state, "posted")

    def test_an_automation_rule(self):
        bill = self.move(5000)
        rule = self.env["base.automation"].create(
            {
                "name": "Post at once",
                "model_id": self.env["ir.model"]._get_id("account.move"),
                "trigger": "on_write",
                "trigger_field_ids": [
                    Command.set(
                        self.env["ir.model.fields"]._get("account.move", "ref").ids
                    )
                ],
            }
        )
        self.env["ir.actions.server"].create(
            {
                "name": "Post",
                "model_id": rule.model_id.id,
                "usage": "base_automation",
                "base_automation_id": rule.id,
                "state": "object_write",
                "update_path": "state",
                "value": "posted",
            }
        )
        with self.assertRaises(UserError), self.env.cr.savepoint():
            bill.write({"ref": "go"})
        self.assertEqual(bill.state, "draft")

    def test_edited_after_the_approval(self):
        bill = self.move(5000)
        bill.action_post()
        request = self.requests(bill)
        # approved but not posted: the clerk lost the right meanwhile
        staff = self.env.ref("base.group_user")
        self.clerk.sudo().group_ids = [Command.set(staff.ids)]
        self.approve(bill)
        self.assertEqual((bill.state, request.state), ("draft", "approved"))
        bill.sudo().invoice_line_ids.price_unit = 50000
        self.assertEqual(request.state, "voided")
        with self.assertRaisesRegex(UserError, "approval is needed"):
            bill.with_user(self.second_clerk)._post()

    def test_edited_in_sql_after_the_approval(self):
        """What no field notices the hash does, when the effect is had."""
        bill = self.move(5000)
        bill.action_post()
        staff = self.env.ref("base.group_user")
        self.clerk.sudo().group_ids = [Command.set(staff.ids)]
        self.approve(bill)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move SET commercial_partner_id = %s WHERE id = %s",
            [self.partner("Thief").id, bill.id],
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "approval is needed"):
            bill.with_user(self.second_clerk)._post()

    def test_nobody_approves_his_own_whatever_he_holds(self):
        both = self.person(
            "payables",
            groups="account.group_account_invoice,healthcare_rcm_base.group_approver",
        )
        bill = self.move(5000, user=both)
        bill.with_user(both).action_post()
        with self.assertRaisesRegex(UserError, "someone else"):
            self.requests(bill).with_user(both).action_approve()
        # who only asked for it neither
        other = self.move(5000)
        other.with_user(both).action_post()
        with self.assertRaises(UserError):
            self.requests(other).with_user(both).action_approve()
        self.assertEqual((bill.state, other.state), ("draft", "draft"))

    def test_split_and_merged_back(self):
        """A bill made small, asked for, and made large again."""
        bill = self.move(500)
        bill.invoice_line_ids.price_unit = 5000
        bill.action_post()
        self.assertEqual(bill.state, "draft")
        small = self.move(999)
        small.action_post()
        small.button_draft()
        small.invoice_line_ids.price_unit = 9999
        small.action_post()
        self.assertEqual(small.state, "draft")

    def test_a_copy_is_not_approved(self):
        bill = self.move(5000)
        bill.action_post()
        self.approve(bill)
        copied = bill.copy({"invoice_date": fields.Date.today()})
        copied.action_post()
        self.assertEqual((bill.state, copied.state), ("posted", "draft"))

    def test_another_type_after_the_approval(self):
        """A small customer credit turned into a large vendor bill and the like."""
        self.set_policy("credit_note", 100000)
        move = self.move(5000, "in_refund")
        self.assertEqual(len(move._rcm_approval_ask("post")), 1)
        move.action_switch_move_type()
        if move.move_type == "in_invoice":
            move.action_post()
            self.assertEqual(move.state, "draft")

    def test_the_portal_posts_and_pays_nothing(self):
        self.env["res.users"].search([("login", "=", "bypass_portal")]).unlink()
        portal = self.env["res.users"].create(
            {
                "name": "Portal",
                "login": "bypass_portal",
                "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
                "partner_id": self.vendor.id,
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        bill, small = self.move(5000), self.move(5)
        for move in (bill, small):
            for attempt in (
                lambda move=move: move.with_user(portal).action_post(),
                lambda move=move: move.with_user(portal)._post(),
                lambda move=move: move.with_user(portal).write({"state": "posted"}),
            ):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    attempt()
            self.assertEqual(move.state, "draft")

    def test_scheduled_payments_of_customers_need_no_approval(self):
        """What comes in is not stopped: a patient's payment posts as before."""
        claim = self.claim_open(charge="5000", self_pay=True)
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": claim._rcm_guarantor_partner().id,
                "amount": 5000,
                "journal_id": self.bank().id,
            }
        )
        payment.action_post()
        self.assertIn(payment.state, ("in_process", "paid"))

    def test_what_the_suite_books_itself_is_not_asked_for_twice(self):
        claim = builders.invoiced_claim(self.env, charge="90000", expected="90000")
        self.assertEqual(claim.invoice_id.state, "posted")
        self.assertFalse(self.requests(claim.invoice_id))
