from datetime import timedelta
from decimal import Decimal

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .billing_common import BillingCase

SENT = "2026-03-10 08:00:00"


@tagged("post_install", "-at_install")
class TestClaimCollection(BillingCase):
    """A status that comes in puts the claim where it belongs in the worklist."""

    def setUp(self):
        super().setUp()
        clock = freeze_time(SENT)
        clock.start()
        self.addCleanup(clock.stop)

    def submitted(self, number="E1", **values):
        claim = self.intake(number=number, **values)._rcm_bill()
        claim._rcm_write({"invoice_state": "posted"})
        claim._rcm_mark_submitted(fields.Datetime.now())
        return claim

    def worklist(self):
        action = self.env.ref("healthcare_rcm_base.rcm_claim_action_collection")
        self.assertEqual(
            action.domain, "[('collection_priority', 'in', ['1', '2', '3'])]"
        )
        self.env.flush_all()
        return self.env["rcm.claim"].search(
            [
                ("collection_priority", "in", ["1", "2", "3"]),
                ("company_id", "=", self.company.id),
            ],
            order="collection_priority desc, open_balance desc, id",
        )

    def test_days_to_answer_count_from_the_clinics_own_day(self):
        self.company.partner_id.tz = "America/New_York"
        for sent, due in (
            ("2026-03-08 04:30:00", "2026-04-06"),  # still Saturday, winter time
            ("2026-03-09 04:30:00", "2026-04-08"),  # Monday, by summer time
        ):
            with self.subTest(sent=sent), freeze_time(sent):
                claim = self.submitted(number=sent)
                self.assertEqual(str(claim.answer_due), due)

    def test_each_answer_moves_it_at_once(self):
        claim = self.submitted()
        self.assertEqual(claim.collection_priority, "0")
        for status, rank in (("accepted", "0"), ("pended", "2"), ("rejected", "3")):
            claim._rcm_apply_status(status)
            with self.subTest(status=status):
                self.assertEqual(claim.collection_priority, rank)
        self.assertIn("Rejected", claim.collection_reason)
        claim._rcm_mark_submitted(fields.Datetime.now())
        self.assertEqual(claim.collection_priority, "0", "sent again")
        claim._rcm_mark_adjudicated()
        self.assertEqual(claim.collection_priority, "1", "something is left open")
        claim.line_ids._rcm_set_state("denied")
        self.assertEqual(claim.collection_priority, "3")
        claim._rcm_apply_posting(
            [(claim.id, claim.line_ids.id, "paid", Decimal("150.00"))]
        )
        self.assertEqual(claim.collection_priority, "0")
        self.assertFalse(claim.collection_reason)

    def test_the_most_pressing_comes_first_then_the_larger_amount(self):
        small, large, rejected = (
            self.submitted(f"E{place}", charges=charges)
            for place, charges in enumerate(
                (
                    (("80053", "60.00"),),
                    (("99213", "150.00"),),
                    (("36415", "25.00"),),
                ),
                start=1,
            )
        )
        (small | large)._rcm_mark_adjudicated()
        rejected._rcm_apply_status("rejected")
        self.assertEqual(list(self.worklist()), [rejected, large, small])

    def test_no_answer_in_time_is_found_by_the_daily_watch(self):
        self.clinic["payer"].answer_days = 20
        claim = self.submitted()
        self.assertEqual(str(claim.answer_due), "2026-03-30")
        for days, overdue in ((20, False), (21, True), (40, True)):
            day = fields.Datetime.to_datetime(SENT) + timedelta(days=days)
            with freeze_time(day):
                self.env["rcm.claim"]._cron_filing_deadlines()
                self.assertEqual(claim.answer_overdue, overdue, days)
        self.assertEqual(claim.collection_priority, "2")
        with freeze_time(day):
            self.assertIn("without an answer", claim.next_step)
        claim._rcm_mark_adjudicated()
        self.assertFalse(claim.answer_overdue or claim.answer_due)

    def test_the_next_payers_own_days_count_for_it(self):
        self.clinic["second"].answer_days = 5
        claim = self.submitted(
            coverages=[self.coverage(1, "ACME"), self.coverage(2, "AID")]
        )
        claim._rcm_mark_adjudicated()
        claim._rcm_open_next_leg()
        self.assertEqual(claim.collection_priority, "0", "to be sent, not asked for")
        self.assertEqual(claim.ask_payer_id, self.clinic["payer"], "it decided")
        claim._rcm_mark_submitted(fields.Datetime.now(), payer="AID")
        self.assertEqual(str(claim.answer_due), "2026-03-15")
        self.assertEqual(claim.ask_payer_id, self.clinic["second"])

    def test_self_pay_has_no_payer_to_ask_and_days_are_not_negative(self):
        claim = self.intake(number="E7", self_pay=True)._rcm_bill()
        self.assertEqual(claim.collection_priority, "0")
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            self.clinic["payer"].answer_days = -1
            self.env.flush_all()

    def test_another_company_sees_none_of_it(self):
        self.submitted()._rcm_apply_status("rejected")
        theirs = self.env["rcm.claim"].with_user(
            self.make_user("biller", company=self.neighbour)
        )
        theirs = theirs.with_context(allowed_company_ids=self.neighbour.ids)
        found = theirs.search([("collection_priority", "!=", "0")])
        self.assertNotIn(self.company, found.company_id)
