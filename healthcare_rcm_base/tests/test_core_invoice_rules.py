from datetime import date
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..core.client_price import ClientPrice, price
from ..core.invoice_rules import Case, InvoiceRule, pick
from ..core.ledger_client import Item, lines, total
from ..core.ledger_entries import EntryError, Tax, totals

D = Decimal
DAY = date(2026, 3, 2)


@tagged("post_install", "-at_install")
class TestInvoiceRules(BaseCase):
    """The rule that says most counts; what cannot be carried out does not."""

    def outcome(self, rules, payer=1, facility=7, client=None, self_pay=False):
        return pick(rules, Case(payer, facility, client, self_pay))

    def test_without_a_rule_it_is_now(self):
        self.assertEqual(self.outcome([]), "now")

    def test_the_more_specific_rule_counts(self):
        everyone = InvoiceRule("adjudicated")
        payer = InvoiceRule("now", payer=1)
        place = InvoiceRule("patient", facility=7)
        both = InvoiceRule("adjudicated", payer=1, facility=7)
        client = InvoiceRule("client", client=9)
        table = (
            ([everyone], {}, "adjudicated"),
            ([everyone, payer], {}, "now"),
            ([everyone, payer], {"payer": 2}, "adjudicated"),
            ([place, payer], {}, "now"),
            ([place, payer, both], {}, "adjudicated"),
            ([both, client], {"client": 9}, "client"),
            ([both, client], {"client": 8}, "adjudicated"),
        )
        for rules, case, wanted in table:
            with self.subTest(wanted=wanted, case=case):
                self.assertEqual(self.outcome(rules, **case), wanted)
                self.assertEqual(self.outcome(rules[::-1], **case), wanted)

    def test_ties_go_to_the_first_in_order(self):
        rules = [
            InvoiceRule("patient", payer=1, place=(20, 1)),
            InvoiceRule("adjudicated", payer=1, place=(10, 2)),
        ]
        self.assertEqual(self.outcome(rules), "adjudicated")

    def test_client_rules_need_a_client(self):
        self.assertEqual(self.outcome([InvoiceRule("client", payer=1)]), "now")

    def test_self_pay_has_no_payer_to_wait_for(self):
        rules = [InvoiceRule("adjudicated"), InvoiceRule("patient", facility=7)]
        self.assertEqual(self.outcome(rules, payer=None, self_pay=True), "now")
        rules.append(InvoiceRule("client", who="self_pay"))
        self.assertEqual(
            self.outcome(rules, payer=None, client=9, self_pay=True), "client"
        )
        self.assertEqual(self.outcome(rules, client=9), "patient")


@tagged("post_install", "-at_install")
class TestClientPrice(BaseCase):
    """What was agreed with a client, and nothing that was not."""

    def price(self, prices=(), percent="0", code="80053", units="1", charge="60.00"):
        return price(code, DAY, D(units), D(charge), prices, D(percent))

    def test_list_before_percentage_before_nothing(self):
        listed = (ClientPrice("80053", D("12.50")),)
        self.assertEqual(self.price(listed, "50", units="3"), D("37.50"))
        self.assertEqual(self.price((), "50"), D("30.00"))
        self.assertIsNone(self.price())
        self.assertIsNone(self.price(listed, code="85025"))

    def test_price_in_force_on_the_day(self):
        old = ClientPrice("80053", D(10), date(2025, 1, 1), date(2025, 12, 31))
        new = ClientPrice("80053", D(11), date(2026, 1, 1))
        later = ClientPrice("80053", D(12), date(2027, 1, 1))
        self.assertEqual(self.price((old, new, later)), D("11.00"))
        self.assertIsNone(self.price((old, later)))

    def test_half_cents_are_rounded_up(self):
        self.assertEqual(self.price((), "33.33", charge="10.50"), D("3.50"))
        self.assertEqual(self.price((ClientPrice("80053", D("0.01")),), units="0.5"),
                         D("0.01"))  # fmt: skip

    def test_free_services_are_a_price(self):
        self.assertEqual(self.price((ClientPrice("80053", D(0)),)), D("0.00"))


@tagged("post_install", "-at_install")
class TestLedgerClient(BaseCase):
    """Entries of invoices at an agreed price."""

    def test_revenue_and_each_tax_once(self):
        tax = Tax(5, D("2.10"), D("10.00"))
        items = [
            Item(1, D("10.00"), (tax,)),
            Item(2, D("20.00")),
            Item(3, D("10.00"), (tax,)),
        ]
        entry = lines(items, "receivable_client")
        self.assertEqual(
            totals(entry),
            {
                "receivable_client": D("44.20"),
                "revenue": D("-40.00"),
                "tax": D("-4.20"),
            },
        )
        self.assertEqual([line.role for line in entry].count("tax"), 1)

    def test_credits_may_prevail(self):
        items = [Item(1, D("10.00")), Item(2, D("-25.00"))]
        self.assertEqual(total(items), D("-15.00"))
        self.assertEqual(
            totals(lines(items, "receivable_client")),
            {"receivable_client": D("-15.00"), "revenue": D("15.00")},
        )

    def test_an_invoice_without_lines_is_refused(self):
        with self.assertRaises(EntryError):
            lines([], "receivable_client")
