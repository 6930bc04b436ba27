"""Targets of cases run in working hours."""

from ast import literal_eval
from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from . import common_ground as ground
from .exception_common import ExceptionCase


@tagged("post_install", "-at_install")
class TestClock(ExceptionCase):
    def test_due_time_counts_working_hours(self):
        company = self.env.company
        company.resource_calendar_id.tz = "UTC"
        case_type = ground.exception_type(self.env)
        case_type.sla_hours = 16
        friday = datetime(2026, 11, 20, 15, 0)
        due = case_type._rcm_due_at(friday, company)
        # two hours on Friday, eight on Monday, six on Tuesday
        self.assertEqual(due.date(), datetime(2026, 11, 24).date())
        company.resource_calendar_id = False
        self.assertEqual(
            case_type._rcm_due_at(friday, company), friday + timedelta(hours=16)
        )

    def test_overdue_cases_are_marked_and_the_queue_owner_told(self):
        owner = ground.role_user(self.env, "finance_manager")
        self.queue.owner_id = owner
        case = self.document._rcm_raise_case("price_missing", "x")
        case._rcm_assign()
        self.Case._cron_watch()
        self.assertFalse(case.breached)
        with freeze_time(case.due_at + timedelta(minutes=1)):
            self.Case._cron_watch()
            self.Case._cron_watch()
        self.assertTrue(case.breached)
        self.assertEqual(case.escalation_level, 1)
        activity = case.activity_ids
        self.assertEqual(activity.user_id, owner)
        self.assertEqual(len(activity), 1, "told once")
        self.assertTrue(ground.audit_rows(self.env, case, "rcm.exception.case.overdue"))

    def test_without_anybody_named_a_finance_manager_is_told(self):
        ground.role_user(self.env, "finance_manager")
        blind = self.env["res.users"].create({"name": "B", "login": "ground_blind"})
        for number, owner in enumerate((blind.browse(), blind)):
            with self.subTest(owner=owner):
                self.queue.write({"owner_id": owner.id, "assignment": "manual"})
                case = ground.make_case(
                    self.env,
                    "T",
                    code="price_missing",
                    res_id=3000 + number,
                    due_at=datetime(2030, 1, 7, 12),
                )
                with freeze_time("2030-01-07 12:01:00"):
                    self.Case._cron_watch()
                told = case.activity_ids.user_id
                self.assertEqual(len(told), 1)
                self.assertEqual(case.escalation_notice_ids.user_id, told)
                self.assertTrue(
                    told.has_group("healthcare_rcm_base.group_finance_manager")
                )

    def test_queue_and_automation_without_people_say_so(self):
        for view, condition in (
            ("rcm_exception_queue_view_form", "owner_id or member_ids"),
            ("rcm_automation_view_form", "owner_id"),
        ):
            with self.subTest(view=view):
                record = self.env.ref(f"healthcare_rcm_base.{view}")
                combined = self.env[record.model].get_view(record.id, "form")["arch"]
                [node] = etree.fromstring(combined).xpath("//div[@name='unattended']")
                self.assertEqual(node.get("invisible"), condition)

    def test_the_level_stays_while_nobody_can_be_told(self):
        self.queue.assignment = "manual"
        case = self.document._rcm_raise_case("price_missing", "x")
        nobody = patch.object(type(case), "_rcm_open_to", lambda *args: False)
        with (
            nobody,
            freeze_time(case.due_at + timedelta(minutes=1)),
            self.assertLogs(
                "odoo.addons.healthcare_rcm_base.models.rcm_exception_clock", "WARNING"
            ),
        ):
            self.Case._cron_watch()
        self.assertTrue(case.breached)
        self.assertEqual(case.escalation_level, 0)
        self.assertFalse(case.escalation_notice_ids)
        ground.role_user(self.env, "finance_manager")
        with freeze_time(case.next_escalation_at + timedelta(minutes=1)):
            self.Case._cron_watch()
        self.assertEqual(case.escalation_level, 1)
        self.assertEqual(len(case.activity_ids), 1)

    def test_the_overdue_filter_leaves_out_what_waits_in_time(self):
        view = self.env.ref("healthcare_rcm_base.rcm_exception_case_view_search")
        arch = etree.fromstring(view.arch)
        [node] = arch.xpath("//filter[@name='overdue']")
        late = self.document._rcm_raise_case("price_missing", "x")
        waits = self.other._rcm_raise_case("price_missing", "y")
        both = late | waits
        waits._rcm_wait(waits.due_at + timedelta(days=30), "payer")
        with freeze_time(waits.due_at + timedelta(hours=1)):
            domain = [("id", "in", both.ids), *literal_eval(node.get("domain"))]
            self.assertEqual(self.Case.search(domain), late)
            late._rcm_write({"breached": True})
            late._rcm_wait(fields.Datetime.now() + timedelta(days=30), "payer")
            self.assertEqual(self.Case.search(domain), late, "missed stays missed")

    def test_what_stays_overdue_goes_further_up_once(self):
        self.queue.write(
            {
                "owner_id": ground.role_user(self.env, "finance_manager").id,
                "escalation_ids": [
                    fields.Command.create({"user_id": user.id, "after_hours": hours})
                    for user, hours in (
                        (ground.role_user(self.env, "finance_manager"), 0),
                        (ground.role_user(self.env, "approver"), 8),
                    )
                ],
            }
        )
        case = self.document._rcm_raise_case("price_missing", "x")
        case._rcm_assign()
        with freeze_time(case.due_at + timedelta(minutes=1)):
            self.Case._cron_watch()
        self.assertTrue(case.next_escalation_at)
        for _time in range(2):
            with freeze_time(case.next_escalation_at or "2030-01-01"):
                self.Case._cron_watch()
        self.assertEqual(case.escalation_level, 2)
        self.assertEqual(len(case.activity_ids), 2)
        case._rcm_close("resolved", "corrected", "")
        self.assertFalse(case.activity_ids)

    def test_waiting_cases_wake_up(self):
        case = self.document._rcm_raise_case("price_missing", "x")
        case._rcm_hand_over(self.biller)
        with self.assertRaises(UserError):
            case._rcm_wait(fields.Datetime.now() - timedelta(hours=1), "payer")
        wake = fields.Datetime.now() + timedelta(days=30)
        case._rcm_wait(wake, "waits for the payer")
        with freeze_time(wake - timedelta(minutes=1)):
            self.Case._cron_watch()
            self.assertEqual((case.state, case.breached), ("waiting", False))
        with freeze_time(wake + timedelta(minutes=1)):
            self.Case._cron_watch()
        self.assertEqual(case.state, "in_progress")
        self.assertFalse(case.wake_at)

    def test_urgency(self):
        case = self.document._rcm_raise_case("price_missing", "x")
        for offset, urgency in ((-1, "late"), (1, "soon"), (100, "on_time")):
            due = fields.Datetime.now() + timedelta(hours=offset)
            case._rcm_write({"due_at": due})
            self.assertEqual(case.urgency, urgency)
        case._rcm_close("resolved", "corrected", "")
        self.assertFalse(case.urgency)


@tagged("post_install", "-at_install")
class TestBusinessTime(ExceptionCase):
    """Targets run in working hours of the team, and stand still while one waits."""

    def setUp(self):
        super().setUp()
        self.company_calendar = self.env.company.resource_calendar_id
        self.company_calendar.tz = "UTC"
        self.type = ground.exception_type(self.env, "price_missing")
        self.type.sla_hours = 8

    def raised_at(self, moment, **vals):
        with freeze_time(moment):
            case = self.document._rcm_raise_case("price_missing", "x", **vals)
        return case

    def test_the_queue_s_calendar_and_time_zone_decide(self):
        tokyo = self.company_calendar.copy({"name": "Tokyo", "tz": "Asia/Tokyo"})
        self.queue.calendar_id = tokyo
        # Monday 00:30 in UTC is Monday 09:30 in Tokyo
        case = self.raised_at("2026-11-23 00:30:00")
        self.assertEqual(case.queue_id, self.queue)
        # 8 working hours from 9:30: to 12:00, 13:00-17:00, next day 8:00-9:30
        self.assertEqual(case.due_at, datetime(2026, 11, 24, 0, 30))

    def test_due_soon_is_near_in_working_hours(self):
        case = self.raised_at("2026-11-20 09:00:00")
        for due, urgency in (
            # 16:00 on Friday: one hour left, then Monday from 8:00
            (datetime(2026, 11, 23, 10, 0), "soon"),
            (datetime(2026, 11, 23, 11, 0), "soon"),
            (datetime(2026, 11, 23, 14, 0), "on_time"),
            (datetime(2026, 11, 20, 15, 0), "late"),
        ):
            case._rcm_write({"due_at": due})
            case.invalidate_recordset(["urgency"])
            with self.subTest(due=due), freeze_time("2026-11-20 16:00:00"):
                self.assertEqual(case.urgency, urgency)

    def test_daylight_saving_does_not_move_the_working_day(self):
        self.company_calendar.tz = "America/New_York"
        # Friday 15:00 in New York before the clocks change on Sunday (UTC-4 → UTC-5)
        case = self.raised_at("2026-10-30 19:00:00")
        # two hours on Friday, then Monday 8:00-12:00 and 13:00-15:00, now UTC-5
        self.assertEqual(case.due_at, datetime(2026, 11, 2, 20, 0))

    def test_leaves_of_the_calendar_are_no_working_time(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": self.company_calendar.id,
                "date_from": "2026-11-24 00:00:00",
                "date_to": "2026-11-24 23:59:59",
            }
        )
        case = self.raised_at("2026-11-23 13:00:00")
        self.assertEqual(case.due_at.date(), datetime(2026, 11, 25).date())

    def test_waiting_stops_the_clock(self):
        case = self.raised_at("2026-11-23 08:00:00")
        self.assertEqual(case.due_at, datetime(2026, 11, 23, 17, 0))
        with freeze_time("2026-11-23 10:00:00"):
            case._rcm_wait(datetime(2026, 11, 30, 9, 0), "payer answers")
        self.assertEqual(case.hours_left, 6.0)
        with freeze_time("2026-11-25 10:00:00"):
            self.Case._cron_watch()
            case.invalidate_recordset(["urgency"])
            self.assertEqual((case.breached, case.urgency), (False, "on_time"))
        with freeze_time("2026-11-30 09:00:00"):
            self.Case._cron_watch()
        self.assertEqual(case.state, "open")
        # six hours from Monday 9:00: to 12:00, then 13:00-16:00
        self.assertEqual(case.due_at, datetime(2026, 11, 30, 16, 0))
        self.assertTrue(
            ground.audit_rows(self.env, case, "rcm.exception.case.clock_resumed")
        )

    def test_waiting_does_not_undo_a_breach(self):
        case = self.raised_at("2026-11-23 08:00:00")
        with freeze_time("2026-11-24 09:00:00"):
            self.Case._cron_watch()
            self.assertTrue(case.breached)
            case._rcm_wait(datetime(2026, 11, 25, 9, 0), "payer answers")
        with freeze_time("2026-11-25 09:00:00"):
            self.Case._cron_watch()
        self.assertTrue(case.breached)
        self.assertEqual(case.due_at, datetime(2026, 11, 23, 17, 0))
