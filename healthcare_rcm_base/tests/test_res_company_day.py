from datetime import datetime
from decimal import Decimal as D

from odoo.tests import freeze_time, tagged

from . import builders
from .ledger_common import LedgerCase

# Nine in the evening of the last day of March in New York.
EVENING = "2026-04-01 01:00:00"


@tagged("post_install", "-at_install")
class TestCompanyDay(LedgerCase):
    """Deadlines and entries are of the day it is where the company works."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.tz = "America/New_York"

    def test_a_moment_is_of_one_day_in_winter_and_summer_time(self):
        for moment, day in (
            (datetime(2026, 3, 8, 4, 59), "2026-03-07"),
            (datetime(2026, 3, 8, 5, 0), "2026-03-08"),
            (datetime(2026, 3, 9, 3, 59), "2026-03-08"),
            (datetime(2026, 3, 9, 4, 0), "2026-03-09"),
        ):
            with self.subTest(moment=moment):
                self.assertEqual(str(self.company._rcm_day_of(moment)), day)

    def test_without_a_zone_of_its_own_that_of_the_user_counts_then_utc(self):
        self.company.partner_id.tz = False
        self.env.user.tz = "Asia/Tokyo"
        moment = datetime(2026, 3, 8, 20)
        self.assertEqual(str(self.company._rcm_day_of(moment)), "2026-03-09")
        self.env.user.tz = False
        self.assertEqual(str(self.company._rcm_day_of(moment)), "2026-03-08")

    def test_the_settings_say_where_the_company_works(self):
        settings = self.env["res.config.settings"].with_company(self.company)
        settings.create({"rcm_tz": "Asia/Tokyo"}).execute()
        day = self.company._rcm_day_of(datetime(2026, 3, 8, 20))
        self.assertEqual(str(day), "2026-03-09")

    def test_entries_of_an_evening_stay_in_their_month(self):
        claim, void = (
            builders.invoiced_claim(self.env, charge="1000", expected="400")
            for _claim in range(2)
        )
        amounts = {"receivable_payer": D(-10), "small_balance_writeoff": D(10)}
        with freeze_time(EVENING):
            entries = {
                "credit": void._rcm_credit_invoices("Void"),
                "local": claim._rcm_local_entry("small_balance", amounts, "Small"),
            }
        for name, move in entries.items():
            with self.subTest(entry=name):
                self.assertEqual(str(move.date), "2026-03-31")
