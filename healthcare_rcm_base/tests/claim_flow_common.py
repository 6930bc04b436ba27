"""A claim brought to the step that a test is about."""

from datetime import datetime

from .billing_common import BillingCase

SENT = datetime(2026, 3, 5, 12)


class ClaimFlowCase(BillingCase):
    """A clinic with accounts; encounters come in by the usual door."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company._rcm_ensure_chart("generic_coa", "USD")
        cls.company._rcm_ensure_accounting()

    def cleared(self, **keywords):
        claim = self.intake(**keywords)._rcm_bill()
        self.assertEqual(
            claim.state, "cleared", self.open_cases(claim).mapped("message")
        )
        return claim

    def invoiced(self, **keywords):
        claim = self.cleared(**keywords)
        claim._rcm_invoice()
        self.assertEqual(claim.invoice_state, "posted")
        return claim

    def submitted(self, **keywords):
        claim = self.invoiced(**keywords)
        claim._rcm_mark_submitted(SENT, reference="B1")
        return claim
