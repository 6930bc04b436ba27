"""The cost of posting grows with the claims, and not by much each."""

from odoo.tests import tagged

from .remittance_common import RemittanceCase

SMALL, LARGE = 10, 70
SQL_PER_CLAIM = 6


@tagged("post_install", "-at_install")
class TestRemittanceQueries(RemittanceCase):
    """Marginal SQL statements of one more claim, from reading to reconciled."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract(patient_percent=20)

    def queries(self, count):
        """Statements of planning, posting and reconciling ``count`` claims."""
        claims = [self.claim(charge="100") for _ in range(count)]
        answers = [
            self.answer(claim, 30, ("CO-45", 60), ("PR-2", 10)) for claim in claims
        ]
        remittance = self.receive(self.era(30 * count, *answers)).remittance_ids
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        remittance._rcm_process()
        self.env.flush_all()
        used = self.env.cr.sql_log_count - before
        self.assertPosted(remittance)
        return used

    def test_few_statements_a_claim(self):
        self.queries(2)  # caches that live longer than one posting
        small, large = self.queries(SMALL), self.queries(LARGE)
        per_claim = (large - small) / (LARGE - SMALL)
        self.assertLessEqual(per_claim, SQL_PER_CLAIM, (small, large))
