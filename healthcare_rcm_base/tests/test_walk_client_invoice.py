from datetime import date
from decimal import Decimal
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from odoo import Command, fields
from odoo.tests import tagged

from . import builders
from .ledger_common import LedgerCase, difference
from .walk_common import NothingToDo, WalkMixin, profile, surely

STEPS = ("serve", "correct", "withdraw", "gather", "post", "credit", "next_month")
CENT = Decimal("0.01")


@tagged("post_install", "-at_install")
class TestWalkClientInvoice(WalkMixin, LedgerCase):
    """A client pays for every service once, whatever is corrected in between."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = builders.service_code(cls.env)
        builders.invoice_rule(cls.env, "client")

    def begin(self):
        self.customer = self.env["rcm.client"].create(
            {
                "name": "Walk Hospital",
                "code": builders.number("CL"),
                "next_invoice_date": "2026-04-03",
                "price_ids": [
                    Command.create({"service_code_id": self.service.id, "amount": 40.0})
                ],
            }
        )
        self.today = date(2026, 4, 3)
        self.encounters = self.env["rcm.encounter"]
        self.start = self.trial_balance()

    def test_every_service_is_paid_once(self):
        self.walk()
        self.assert_reached(
            *(f"{step} done" for step in STEPS),
            "draft",
            "posted",
            "credited",
            "credit line",
            "two months",
        )

    @profile(14)
    @surely("well_begun", (3,), steps=[("credit", 0)])
    @surely(
        "well_begun", (3,), steps=[("correct", 1), ("next_month", 0), ("gather", 0)]
    )
    @given(
        st.integers(0, 3),
        st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 9)), max_size=12),
    )
    def walk(self, well_begun, steps):
        self.begin()
        # some walks start from an invoice, so that what follows it is walked too
        begun = (("serve", 0), ("gather", 0), ("post", 0))[:well_begun]
        for step, figure in (*begun, *steps):
            changed = self.attempt(self.take, step, figure)
            self.reach(f"{step} {'done' if changed else 'refused'}")
            self.check()
        self.attempt(self.settle)
        self.check()
        self.assertEqual(self.owed(), self.agreed(), "all of it, once all is posted")

    def invoices(self):
        return self.env["rcm.client.invoice"].search(
            [("client_id", "=", self.customer.id)]
        )

    def take(self, step, figure):
        current = self.encounters.charge_ids.filtered("is_current")
        charge = current[figure % len(current)] if current else current
        invoices = self.invoices()
        if step == "serve":
            self.serve()
        elif step == "correct" and charge:
            ref = charge.encounter_id._rcm_free_ref(charge.external_ref)
            charge._rcm_replace(
                {"external_ref": ref, "units": 1.0 + figure % 3}, "units"
            )
        elif step == "withdraw" and charge:
            charge._rcm_withdraw("other")
        elif step == "gather":
            self.gather()
        elif step == "post" and "draft" in invoices.mapped("state"):
            drafts = invoices.filtered(lambda item: item.state == "draft")
            drafts._rcm_refresh()
            drafts[:1]._rcm_post()
        elif step == "credit" and "posted" in invoices.mapped("state"):
            posted = invoices.filtered(lambda item: item.state == "posted")
            posted[:1]._rcm_credit()
        elif step == "next_month":
            self.pass_month()
        else:
            raise NothingToDo

    def serve(self):
        encounter = builders.encounter(self.env, ("100",), client_id=self.customer.id)
        for state in ("completed", "coded", "ready"):
            encounter._rcm_set_state(state)
        encounter.coding_signed_off = True
        encounter._rcm_bill()
        self.encounters |= encounter

    def pass_month(self):
        year, month = divmod(self.today.year * 12 + self.today.month, 12)
        self.today = date(year, month + 1, 3)

    def gather(self):
        with patch.object(
            fields.Date,
            "context_today",
            staticmethod(lambda *_arguments, **_values: self.today),
        ):
            self.encounters._rcm_bill_again()
            self.customer._rcm_invoice_due()

    def settle(self):
        """Two more months and everything posted."""
        for _month in range(2):
            self.pass_month()
            self.gather()
            drafts = self.invoices().filtered(lambda item: item.state == "draft")
            drafts._rcm_refresh()
            drafts._rcm_post()

    def owed(self):
        """What the books say the client owes."""
        ledger = difference(self.trial_balance(), self.start)
        return ledger.get("receivable_client", Decimal(0))

    def agreed(self):
        """What the price list says of every service that counts."""
        charges = self.encounters.charge_ids.filtered("is_current")
        return sum(
            (Decimal(str(item.units)) * 40 for item in charges), Decimal(0)
        ).quantize(CENT)

    def check(self):
        self.env.flush_all()
        ledger = difference(self.trial_balance(), self.start)
        self.assertEqual(sum(ledger.values(), Decimal(0)), 0)
        invoices = self.invoices()
        self.reach(*invoices.mapped("state"))
        if any(invoices.line_ids.mapped("is_credit")):
            self.reach("credit line")
        if len(set(invoices.mapped("period_start"))) > 1:
            self.reach("two months")
        posted = invoices.filtered(lambda item: item.state == "posted")
        total = sum((Decimal(str(item.amount_total)) for item in posted), Decimal(0))
        self.assertEqual(
            ledger.get("receivable_client", Decimal(0)), total.quantize(CENT)
        )
        live = invoices.line_ids.filtered(lambda line: line.live)
        asked = live.filtered(lambda line: not line.is_credit)
        self.assertEqual(len(asked.charge_id), len(asked), "a service once")
        self.assertFalse(self.encounters.claim_ids, "and nobody else pays")
