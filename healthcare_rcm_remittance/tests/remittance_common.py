"""A clinic whose claims wait for their remittances."""

from itertools import count

from odoo import fields
from odoo.tests import new_test_user

from odoo.addons.healthcare_rcm_base.tests import builders
from odoo.addons.healthcare_rcm_base.tests.ledger_common import LedgerCase

from . import era


class RemittanceCase(LedgerCase):
    """Claims submitted to a payer, and 835s that answer them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.rcm_tax_id = era.TAX_ID
        cls.numbers = count(1)
        cls.payer = builders.payer(cls.env, payer_identifier="1512345678")
        cls.second = builders.payer(cls.env, payer_identifier="1523456789")

    # -- people ----------------------------------------------------------------

    @classmethod
    def person(cls, role, company=None):
        """A person with one role in one company."""
        company = company or cls.company
        return new_test_user(
            cls.env,
            f"remittance_{role}_{company.id}",
            groups=f"healthcare_rcm_base.group_{role}",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )

    # -- claims ----------------------------------------------------------------

    @classmethod
    def contract(cls, payer=None, percent=40, **values):
        """A contract of the payer that allows ``percent`` of the charge."""
        return builders.contract(cls.env, payer or cls.payer, percent=percent, **values)

    @classmethod
    def claim(cls, charge="1000", payers=None, submitted=True, **values):
        """A claim with its invoice, submitted to its first payer."""
        made = builders.claim(
            cls.env, charge=charge, payers=payers or (cls.payer,), **values
        )
        made._rcm_create_invoices()
        if submitted:
            made._rcm_mark_submitted(fields.Datetime.now())
        return made

    # -- remittances -----------------------------------------------------------

    def era(self, amount, *claims, **values):
        """Bytes of one payment with a trace number of its own."""
        values.setdefault("trace", f"T{next(self.numbers)}")
        control = values.pop("control", None) or next(self.numbers)
        usage = values.pop("usage", "P")
        version = values.pop("version", "005010X221A1")
        return era.interchange(
            era.st(amount, *claims, **values),
            control=control,
            usage=usage,
            version=version,
        )

    def receive(self, content, **values):
        """The file, received and read."""
        values.setdefault("company", self.company)
        file = self.env["rcm.remittance.file"]._rcm_receive(
            content, "test.835", "test", **values
        )
        file._rcm_read()
        return file

    def post(self, amount, *claims, **values):
        """Receive one payment and do all that can be done with it."""
        remittance = self.receive(self.era(amount, *claims, **values)).remittance_ids
        remittance._rcm_process()
        return remittance

    def answer(self, claim, paid, *codes, **values):
        """A CLP for a claim of one line."""
        charge = values.pop("charge", claim.total_charge)
        values.setdefault(
            "patient",
            sum(amount for code, amount in codes if code.startswith("PR-")),
        )
        service = era.svc(
            charge, paid, *codes, number=claim.line_ids[:1].line_control_number
        )
        return era.clp(claim.name, charge, paid, services=[service], **values)

    def reversal(self, claim, paid, *codes, **values):
        """Status 22: the negated answer."""
        negative = [(code, -amount) for code, amount in codes]
        return self.answer(
            claim,
            -paid,
            *negative,
            charge=-claim.total_charge,
            status="22",
            patient=0,
            **values,
        )

    # -- what is asserted ------------------------------------------------------

    def assertPosted(self, remittance, parked=0):
        """Posted, with so many claims parked; otherwise show why not."""
        reasons = (
            remittance.rcm_case_ids.mapped("message"),
            remittance.claim_ids.mapped("reason_text"),
        )
        states = ("posted", "reconciled") if not parked else ("posted_with_parked",)
        self.assertIn(remittance.state, states, reasons)
        self.assertEqual(remittance.parked_count, parked, reasons)

    def assertBooksHold(self):
        """The invariants of the nightly check hold (I1 to I8)."""
        run = self.env["rcm.reconciliation.run"]._rcm_check_company(self.company)
        found = run.break_ids.mapped(
            lambda item: (
                item.code,
                item.record_name,
                item.what,
                item.expected,
                item.actual,
            )
        )
        self.assertEqual(found, [])

    def open_receivable(self, claim, payer=None):
        """Open receivable of a claim with a payer."""
        lines = claim._rcm_receivable_lines(payer or self.payer)[claim]
        return sum(lines.mapped("amount_residual"))

    def case_types(self, records):
        """Types of the open exception cases of records."""
        records.invalidate_recordset(["rcm_case_ids"])
        return sorted(records.rcm_case_ids.mapped("type_code"))
