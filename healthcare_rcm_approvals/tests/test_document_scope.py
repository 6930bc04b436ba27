"""What each kind of document says besides its amount, and that mixing helps nobody."""

from odoo import Command
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests import builders

from .spending_common import SpendingCase


@tagged("post_install", "-at_install")
class TestDocumentScope(SpendingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.place = builders.facility(cls.env)
        cls.other_place = builders.facility(cls.env)
        cls.group = cls.env.ref("healthcare_rcm_base.group_finance_manager")

    def facts(self, record, effect):
        return record.sudo()._rcm_approval_facts(effect)["facts"]

    def parts(self, record, effect, name):
        """What the parts of a document say of one fact; its own without parts."""
        facts = self.facts(record, effect)
        if not facts.parts:
            return {getattr(facts, name)}
        return {dict(part)[name] for part in facts.parts}

    def strict(self, kind, **scope):
        """A policy of two people for documents of this scope, whatever the amount."""
        return self.env["rcm.approval.policy"].create(
            {
                "name": "strict",
                "document_type": kind,
                "step_ids": [Command.create({"group_id": self.group.id, "needed": 2})],
                **scope,
            }
        )

    def policy_of(self, record, effect):
        record = record.sudo()
        facts = record._rcm_approval_facts(effect)["facts"]
        (routing,) = self.env["rcm.approval.policy"]._rcm_route([facts], [record])
        return self.env["rcm.approval.policy"].browse(routing.policy.ref)

    def term(self, code):
        return self.env["rcm.approval.term"].search(
            [("kind", "in", ("contract_type", "payer_type")), ("code", "=", code)]
        )

    # -- buying ------------------------------------------------------------------

    def test_an_order_says_every_department_and_its_facility(self):
        account = self.place.analytic_account_id
        order = self.order(100, spread={str(self.ward.id): 60, str(account.id): 40})
        self.assertEqual(
            self.parts(order, "confirm", "department"), {self.ward.id, account.id}
        )
        self.assertEqual(
            self.parts(order, "confirm", "facility"), {None, self.place.id}
        )
        self.assertEqual(self.facts(order, "confirm").department, self.ward.id)

    def test_a_second_plan_routes_as_a_business_unit(self):
        units = self.env["account.analytic.plan"].create({"name": "Units"})
        surgery = self.analytic("Surgery", plan=units)
        strict = self.strict("purchase_order", department_ids=surgery.ids)
        order = self.order(10, spread={f"{self.ward.id},{surgery.id}": 100})
        self.assertEqual(self.policy_of(order, "confirm"), strict)

    def test_a_cheap_line_of_a_kind_department_loosens_nothing(self):
        self.env["rcm.approval.policy"].create(
            {
                "name": "free",
                "document_type": "purchase_order",
                "department_ids": self.lab.ids,
            }
        )
        line = {
            "product_id": self.goods.id,
            "price_unit": 1,
            "tax_ids": [Command.clear()],
            "analytic_distribution": {str(self.lab.id): 100},
        }
        free = self.order(5000, spread={str(self.lab.id): 100})
        self.assertEqual(self.policy_of(free, "confirm").name, "free")
        mixed = self.order(5000)
        mixed.write({"order_line": [Command.create(line)]})
        mixed.button_confirm()
        self.assertEqual(mixed.state, "draft")
        self.assertEqual(mixed.rcm_approval_state, "pending")

    def test_bills_and_orders_say_what_they_are_bought_under(self):
        contract = self.env["rcm.outsourced.contract"].create(
            {
                "name": builders.number("OC"),
                "company_id": self.company.id,
                "partner_id": self.vendor.id,
                "product_id": self.service.id,
                "rate": 100,
                "date_from": "2020-01-01",
                "date_to": "2099-12-31",
            }
        )
        contract.with_user(self.manager).action_open()
        strict = self.strict(
            "purchase_order", contract_type_ids=self.term("outsourced_service").ids
        )
        order = self.order(50, line={"product_id": self.service.id})
        self.assertEqual(order.order_line.rcm_outsourced_id, contract)
        self.assertEqual(
            self.parts(order, "confirm", "contract_type"), {"outsourced_service"}
        )
        self.assertEqual(self.policy_of(order, "confirm"), strict)
        fund = self.env["rcm.fund"].create(
            {
                "number": builders.number("F"),
                "name": "Gift",
                "company_id": self.company.id,
                "date_from": "2020-01-01",
                "date_to": "2099-12-31",
                "amount": 5000,
            }
        )
        bill = self.move(100)
        bill.invoice_line_ids.rcm_fund_id = fund
        self.assertEqual(self.parts(bill, "post", "contract_type"), {"funded"})

    def test_a_payment_says_what_its_bills_are_charged_to(self):
        bill = self.move(100)
        bill.invoice_line_ids.analytic_distribution = {
            str(self.place.analytic_account_id.id): 100
        }
        bill.action_post()
        payment = self.payment(100, invoice_ids=[Command.set(bill.ids)])
        facts = self.facts(payment, "pay")
        self.assertEqual(facts.facility, self.place.id)
        self.assertEqual(facts.department, self.place.analytic_account_id.id)

    def test_one_tagged_vendor_loosens_no_run(self):
        tag = self.env["res.partner.category"].create({"name": "Utilities"})
        utility = self.partner("Utility", category_id=[Command.set(tag.ids)])
        self.set_policy("vendor_bill", 100000)
        self.env["rcm.approval.policy"].create(
            {
                "name": "free",
                "document_type": "payment_run",
                "vendor_category_ids": tag.ids,
            }
        )
        bills = self.move(3000) | self.move(10, partner=utility)
        bills.action_post()
        run = self.env["rcm.payment.run"].create(
            {"company_id": self.company.id, "journal_id": self.bank().id}
        )
        run.action_propose()
        self.assertEqual(run.line_ids.move_id, bills)
        self.assertEqual(self.policy_of(run, "pay").name, "payment_run high")
        run.line_ids.filtered(lambda line: line.move_id == bills[0]).unlink()
        self.assertEqual(self.policy_of(run, "pay").name, "free")

    # -- claims --------------------------------------------------------------------

    def test_a_claim_says_its_department_and_terms(self):
        claim = self.claim_open(charge="500", expected="200")
        facts = self.facts(claim, "clear")
        account = claim.facility_id.analytic_account_id
        self.assertTrue(account)
        self.assertEqual(facts.department, account.id)
        self.assertEqual(facts.contract_type, "in_network")
        claim._rcm_write({"contract_id": False})
        self.assertEqual(self.facts(claim, "clear").contract_type, "no_contract")

    def test_a_self_pay_claim_is_under_no_terms(self):
        claim = self.claim_open(charge="500", self_pay=True)
        self.assertIsNone(self.facts(claim, "clear").contract_type)

    def write_off(self, *claims):
        return self.env["rcm.write.off"].create(
            {
                "reason": "Filing limit missed",
                "company_id": self.company.id,
                "line_ids": [
                    Command.create({"claim_id": claim.id, "amount": 10})
                    for claim in claims
                ],
            }
        )

    def test_another_claim_beside_it_hides_none_from_its_policy(self):
        one = self.claim_open(charge="500", expected="500")
        other = self.claim_open(charge="500", expected="500")
        one.payer_id.plan_type = "medicare"
        self.assertEqual(one.payer_id.plan_type, "medicare")
        strict = self.strict("write_off", payer_type_ids=self.term("medicare").ids)
        self.assertEqual(self.policy_of(self.write_off(one), "apply"), strict)
        self.assertEqual(self.policy_of(self.write_off(other, one), "apply"), strict)
        self.assertNotEqual(self.policy_of(self.write_off(other), "apply"), strict)

    # -- conditions ----------------------------------------------------------------

    def test_a_condition_on_one_kind_of_document_stops_no_other(self):
        """Orders beyond a budget and overrides of claims are of one document type."""
        self.budget(100, on_excess="approval")
        conditional = self.strict("override", domain="[('claim_state', '=', 'draft')]")
        conditional.sequence = 1
        order = self.order(150)
        order.button_confirm()
        self.assertEqual(order.rcm_approval_state, "pending")
        self.assertNotEqual(self.requests(order)[:1].policy_id, conditional)
