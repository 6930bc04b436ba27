"""Every role that may read a document can open its screens, with data in them."""

from lxml import etree

from odoo import Command
from odoo.tests import tagged

from .documents_common import DocumentCase

READERS = {
    "rcm.write.off": (
        "biller",
        "cash_poster",
        "collector",
        "denial_analyst",
        "approver",
        "finance_manager",
        "auditor",
        "administrator",
    ),
    "rcm.refund": (
        "biller",
        "cash_poster",
        "collector",
        "approver",
        "finance_manager",
        "auditor",
        "administrator",
    ),
    "rcm.payment.run": (
        "payables",
        "approver",
        "finance_manager",
        "auditor",
        "administrator",
    ),
    "rcm.override": (
        "biller",
        "coder",
        "denial_analyst",
        "approver",
        "finance_manager",
        "auditor",
        "administrator",
    ),
}


@tagged("post_install", "-at_install")
class TestDocumentScreens(DocumentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        claim = cls.claim_open(cls, charge="500", expected="500")
        own = {"company_id": cls.company.id, "reason": "Shown to everyone"}
        write_off = cls.env["rcm.write.off"].create(
            {
                **own,
                "line_ids": [Command.create({"claim_id": claim.id, "amount": 20})],
            }
        )
        write_off.action_request()
        bill = cls.move(cls, 100)
        bill.action_post()
        run = cls.env["rcm.payment.run"].create(
            {
                **own,
                "journal_id": cls.bank().id,
                "bill_journal_ids": bill.journal_id.ids,
                "partner_ids": cls.vendor.ids,
            }
        )
        run.action_propose()
        rule = cls.env["rcm.validation.rule"].search(
            [("severity", "=", "block")], limit=1
        )
        cls.documents = {
            "rcm.write.off": write_off,
            "rcm.refund": cls.env["rcm.refund"].create(
                {
                    **own,
                    "patient_id": claim.patient_id.id,
                    "claim_id": claim.id,
                    "amount": 5,
                    "journal_id": cls.bank().id,
                }
            ),
            "rcm.payment.run": run,
            "rcm.override": cls.env["rcm.override"].create(
                {**own, "claim_id": claim.id, "rule_id": rule.id}
            ),
        }

    def specification(self, model, node):
        """What the web client asks for, of the fields in a view."""
        asked = {}
        for item in node.xpath(".//field[not(ancestor::field)]"):
            field = model._fields[item.get("name")]
            if not field.relational:
                asked[field.name] = {}
                continue
            nested = {}
            for view in item.xpath("./list|./kanban|./form"):
                inner = etree.fromstring(etree.tostring(view))
                nested |= self.specification(self.env[field.comodel_name], inner)
            asked[field.name] = {"fields": nested or {"display_name": {}}}
        return asked

    def test_each_reader_opens_form_list_and_kanban(self):
        for name, roles in READERS.items():
            for role in roles:
                user = self.person(role, groups=None)
                record = self.documents[name].with_user(user)
                for kind in ("form", "list", "kanban"):
                    with self.subTest(model=name, role=role, view=kind):
                        record.env.invalidate_all()
                        arch = record.get_view(view_type=kind)["arch"]
                        asked = self.specification(record, etree.fromstring(arch))
                        [shown] = record.web_read(asked)
                        self.assertEqual(shown["id"], record.id)

    def test_accounting_opens_bills_and_payments_without_our_roles(self):
        accountant = self.person(None)
        bill = self.move(5000)
        bill.action_post()
        payment = self.payment(5000)
        payment.action_post()
        for record in (bill.with_user(accountant), payment.with_user(accountant)):
            with self.subTest(model=record._name):
                record.env.invalidate_all()
                arch = record.get_view(view_type="form")["arch"]
                asked = self.specification(record, etree.fromstring(arch))
                [shown] = record.web_read(asked)
                self.assertEqual(shown["rcm_approval_state"], "pending")
