from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from .common import ConnectorMixin

# A Monday; the company of the tests has no time zone of its own: UTC.
MONDAY = datetime(2026, 11, 2)


@tagged("post_install", "-at_install")
class TestExpectedFeed(ConnectorMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.company.partner_id.tz = "UTC"
        cls.arrivals = cls.env["rcm.expected.arrival"]
        cls.support = cls.make_user("feed-support", "integration_support")

    def setUp(self):
        super().setUp()
        self.keep_one_clock()

    def feed(self, **vals):
        return self.env["rcm.expected.feed"].create(
            {
                "name": "Claims sent",
                "connector_id": self.connector.id,
                "event_name": "claim.submitted",
                "frequency": "daily",
                "due_hour": 7,
                "grace_minutes": 60,
                "saturday": True,
                "sunday": True,
                "watched_from": MONDAY,
                "calendar_id": False,
                **vals,
            }
        )

    def at(self, day, hour, minute=0):
        return freeze_time(MONDAY + timedelta(days=day, hours=hour, minutes=minute))

    def watch(self):
        self.env["rcm.expected.feed"]._cron_watch()
        self.env.invalidate_all()

    def states(self, feed):
        return self.arrivals.search([("feed_id", "=", feed.id)], order="due_at").mapped(
            "state"
        )

    def cases(self, feed):
        ids = self.arrivals.search([("feed_id", "=", feed.id)]).ids
        return self.env["rcm.exception.case"].search(
            [("res_model", "=", "rcm.expected.arrival"), ("res_id", "in", ids)]
        )

    def test_what_comes_in_time_raises_nothing(self):
        feed = self.feed()
        with self.at(0, 6, 50):
            self.receive(self.submitted())
        with self.at(0, 9):
            self.watch()
            self.assertEqual(self.states(feed), ["arrived"])
            self.assertFalse(self.cases(feed))
            self.assertEqual(feed.status, "ok")
            self.assertEqual(feed.last_arrived_at, datetime(2026, 11, 2, 6, 50))
            self.assertEqual(feed.next_expected_at, datetime(2026, 11, 3, 7))

    def test_patience_is_kept_before_anybody_is_told(self):
        feed = self.feed()
        with self.at(0, 7, 59):
            self.watch()
            self.assertEqual(self.states(feed)[0], "expected")
            self.assertEqual(feed.status, "due")
            self.assertFalse(self.cases(feed))

    def test_what_does_not_come_raises_one_case_and_closes_it_when_it_comes(self):
        feed = self.feed(note="Ask the night shift.")
        with self.at(0, 8, 1):
            self.watch()
            self.watch()
        [case] = self.cases(feed)
        self.assertEqual((case.state, case.occurrence_count), ("open", 1))
        self.assertIn("Ask the night shift.", case.message)
        self.assertEqual(feed.status, "missing")
        with self.at(0, 9, 30):
            self.receive(self.submitted())
            self.watch()
        self.assertEqual(case.state, "resolved")
        self.assertEqual(self.states(feed)[0], "late")
        self.assertEqual(feed.late_count, 0)

    def test_processing_events_wakes_the_watch_while_something_is_missing(self):
        feed = self.feed()
        with self.at(0, 8, 1):
            self.watch()
            self.assertEqual(feed.late_count, 1)
            self.receive(self.submitted())
            self.process()
            woken = self.env.cr.precommit.data.get("rcm_wake", set())
        self.assertIn("healthcare_rcm_connectors.cron_watch_feeds", woken)

    def test_a_day_that_never_comes_does_not_make_the_next_days_late(self):
        feed = self.feed()
        with self.at(0, 8, 1):
            self.watch()
        with self.at(1, 6, 30):
            self.receive(self.submitted("RTEST0000001"))
            self.watch()
        with self.at(1, 9):
            self.watch()
        self.assertEqual(self.states(feed)[:2], ["missing", "arrived"])
        # yesterday's comes with today's
        with self.at(2, 6, 30):
            self.receive(self.submitted("RTEST0000002"), self.submitted("RTEST0000003"))
            self.watch()
        self.assertEqual(self.states(feed)[:3], ["late", "arrived", "arrived"])

    def test_what_closed_one_day_is_not_given_away_again(self):
        feed = self.feed()
        with self.at(1, 9):
            self.watch()
        self.assertEqual(self.states(feed), ["missing", "missing"])
        with self.at(2, 6):
            self.receive(self.submitted("RTEST0000001"), self.submitted("RTEST0000002"))
            for _again in range(3):
                self.watch()
        self.assertEqual(self.states(feed)[:3], ["late", "missing", "arrived"])

    def test_a_minimum_number_must_be_reached(self):
        feed = self.feed(minimum_count=2)
        with self.at(0, 6):
            self.receive(self.submitted("RTEST0000001"))
        with self.at(0, 8, 1):
            self.watch()
        [case] = self.cases(feed)
        self.assertEqual((case.expected, case.actual), ("2", "1"))

    def test_others_events_do_not_count(self):
        other = self.make_connector(self.make_user("svc-b", "integration"), "b")
        feed = self.feed()
        with self.at(0, 6):
            self.receive(self.submitted(), connector=other)
            self.receive(self.completed())
        with self.at(0, 8, 1):
            self.watch()
        self.assertEqual(self.states(feed)[0], "missing")

    def test_files_are_told_apart_by_name(self):
        feed = self.feed(event_name="remittance.received", file_pattern="ACME_*.835")
        with self.at(0, 6):
            self.receive(
                self.envelope(
                    "remittance.received",
                    {"filename": "ACMEX1.835", "content_base64": "QQ=="},
                )
            )
            self.watch()
            self.assertEqual(self.states(feed), ["expected"])
            self.receive(
                self.envelope(
                    "remittance.received",
                    {"filename": "ACME_1.835", "content_base64": "QUE="},
                )
            )
            self.watch()
        self.assertEqual(self.states(feed), ["arrived"])

    def test_only_what_is_for_the_facility_counts(self):
        feed = self.feed(event_name="encounter.completed", facility_id=self.facility.id)
        elsewhere = self.env["rcm.facility"].create(
            {"name": "Elsewhere", "code": "ELSE", "npi": "1245319599"}
        )
        other = self.completed("E-9")
        other["data"]["encounter"]["facility"] = elsewhere.code
        with self.at(0, 6):
            self.receive(other)
            self.watch()
            self.assertEqual(self.states(feed), ["expected"])
            self.receive(self.completed("E-1"))
            self.watch()
        self.assertEqual(self.states(feed), ["arrived"])

    def test_holidays_and_the_zone_of_the_calendar_hold(self):
        calendar = self.env["resource.calendar"].create(
            {"name": "Clinic", "tz": "America/New_York", "company_id": self.company.id}
        )
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": calendar.id,
                "date_from": "2026-11-03 00:00:00",
                "date_to": "2026-11-04 04:59:59",
            }
        )
        feed = self.feed(calendar_id=calendar.id)
        self.assertEqual(feed.zone, "America/New_York")
        found = feed._rcm_due_times(MONDAY, MONDAY + timedelta(days=7))
        # 07:00 Eastern Standard Time; no Tuesday (holiday), no weekend
        self.assertEqual(
            [(one.day, one.hour) for one in found], [(2, 12), (4, 12), (5, 12), (6, 12)]
        )

    def test_the_companys_working_days_are_taken_unless_others_are_chosen(self):
        feed = self.env["rcm.expected.feed"].create(
            {
                "name": "By the company's calendar",
                "connector_id": self.connector.id,
                "event_name": "claim.submitted",
            }
        )
        self.assertEqual(feed.calendar_id, self.company.resource_calendar_id)
        self.assertEqual(feed.zone, "UTC", "where the company is")
        self.company.partner_id.tz = False
        feed.invalidate_recordset()
        self.assertEqual(feed.zone, feed.calendar_id.tz)

    def test_nothing_is_missed_before_it_is_watched_or_after_a_long_pause(self):
        feed = self.feed(watched_from=MONDAY + timedelta(days=3))
        with self.at(3, 9):
            self.watch()
        self.assertEqual(len(self.states(feed)), 1)
        with self.at(60, 9):
            self.watch()
        self.assertLessEqual(len(self.states(feed)), 12)

    def test_support_says_that_it_will_not_come(self):
        feed = self.feed()
        with self.at(0, 8, 1):
            self.watch()
            arrival = self.arrivals.search([("feed_id", "=", feed.id)], limit=1)
            arrival.with_user(self.support).action_waive("Closed that day")
        self.assertEqual((arrival.state, arrival.waived_reason), (
            "waived", "Closed that day"
        ))  # fmt: skip
        self.assertEqual(self.cases(feed).state, "resolved")
        with self.assertRaises(UserError):
            arrival.with_user(self.support).action_waive()

    def test_reprocessing_the_case_looks_again(self):
        feed = self.feed()
        with self.at(0, 8, 1):
            self.watch()
        case = self.cases(feed)
        with self.at(0, 9):
            self.receive(self.submitted())
            case.with_user(self.support).action_reprocess()
        self.assertEqual(case.state, "resolved")

    def test_who_may_what(self):
        feed = self.feed()
        with self.at(0, 8, 1):
            self.watch()
        arrival = self.arrivals.search([("feed_id", "=", feed.id)], limit=1)
        for role in ("auditor", "biller", "integration"):
            user = self.make_user(f"feed-{role}", role)
            with self.subTest(role):
                with self.assertRaises(AccessError):
                    feed.with_user(user).action_watch()
                with self.assertRaises(AccessError):
                    arrival.with_user(user).action_waive()
                with self.assertRaises(AccessError):
                    feed.with_user(user).write({"grace_minutes": 5})
        feed.with_user(self.support).grace_minutes = 30
        with self.assertRaises(AccessError):
            arrival.with_user(self.support).write({"state": "arrived"})
        with self.assertRaises(AccessError):
            arrival.sudo().write({"state": "arrived"})

    def test_another_company_sees_none_of_it(self):
        feed = self.feed()
        with self.at(0, 8, 1):
            self.watch()
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        user = self.make_user("feed-far", "integration_support")
        user.write({"company_ids": [(6, 0, elsewhere.ids)], "company_id": elsewhere.id})
        self.assertFalse(self.env["rcm.expected.feed"].with_user(user).search([]))
        self.assertFalse(self.arrivals.with_user(user).search([]))
        with self.assertRaises(AccessError):
            feed.with_user(user).read(["name"])

    def test_settings_that_make_no_sense_are_refused(self):
        with self.assertRaises(ValidationError):
            self.feed(event_name="no.such")
        days = dict.fromkeys(
            (
                "monday",
                "tuesday",
                "wednesday",
                "thursday",
                "friday",
                "saturday",
                "sunday",
            ),
            False,
        )
        with self.assertRaises(ValidationError):
            self.feed(frequency="weekly", **days)
