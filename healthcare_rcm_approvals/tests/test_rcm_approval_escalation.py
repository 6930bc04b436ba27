"""The clock: business hours, reminder, alternate, supervisors, waiting."""

from dataclasses import replace
from datetime import datetime, timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tests import BaseCase, freeze_time, tagged
from odoo.tools import mute_logger

from ..policy import waiting
from .requests_common import RequestCase

MONDAY = "2026-03-02 08:00:00"


@tagged("post_install", "-at_install")
class TestWaitingRules(BaseCase):
    """Pure: which marks are due."""

    START = datetime(2026, 3, 2, 8)

    def planned(self, reminder=6, overdue=8, supervisor=16):
        return {
            mark: None if hours is None else self.START + timedelta(hours=hours)
            for mark, hours in zip(
                waiting.MARKS, (reminder, overdue, supervisor), strict=True
            )
        }

    def test_table(self):
        at = {hours: self.START + timedelta(hours=hours) for hours in range(0, 30)}
        cases = [
            (5, (), ()),
            (6, (), ("reminder",)),
            (7, ("reminder",), ()),
            (8, ("reminder",), ("overdue",)),
            (8, (), ("overdue",)),
            (16, ("reminder", "overdue"), ("supervisor",)),
            (20, (), ("overdue", "supervisor")),
            (20, ("overdue",), ("supervisor",)),
            (20, ("reminder", "overdue", "supervisor"), ()),
        ]
        for hours, done, expected in cases:
            with self.subTest(hours=hours, done=done):
                found = waiting.due(self.planned(), frozenset(done), at[hours])
                self.assertEqual(found, expected)

    def test_the_next_mark_is_the_first_one_not_set(self):
        planned = self.planned(reminder=None)
        follow = waiting.following
        self.assertEqual(follow(planned, frozenset()), planned["overdue"])
        self.assertEqual(follow(planned, frozenset({"overdue"})), planned["supervisor"])
        self.assertIsNone(follow(planned, frozenset({"supervisor"})))

    def test_without_a_limit_nothing_is_ever_due(self):
        self.assertEqual(waiting.hours_of(0, 75, 8), waiting.Hours())
        self.assertEqual(waiting.hours_of(8, 75, 8), waiting.Hours(6, 8, 16))
        self.assertIsNone(waiting.hours_of(8, 0, 8).reminder)


class ClockCase(RequestCase):
    """Monday, eight working hours a day; each test moves the clock itself."""

    def setUp(self):
        super().setUp()
        frozen = freeze_time(MONDAY)
        self.clock = frozen.start()
        self.addCleanup(frozen.stop)
        self.company.resource_calendar_id = self.env["resource.calendar"].create(
            {"name": "Weekdays 8-12, 13-17", "tz": "UTC", "company_id": self.company.id}
        )

    def watch(self, moment):
        self.clock.move_to(moment)
        self.env["rcm.approval.request"]._cron_watch()


@tagged("post_install", "-at_install")
class TestEscalation(ClockCase):
    """Eight business hours: a working day of the standard calendar."""

    def setUp(self):
        super().setUp()
        self.alternate = self.make_role_user("finance_manager")
        self.steps(
            {
                "group_id": self.approvers.id,
                "sla_hours": 8,
                "escalate_to_id": self.alternate.id,
            }
        )
        self.request = self.ask()
        self.step = self.request.step_ids

    def test_the_clock_counts_business_hours(self):
        self.assertEqual(str(self.step.due_at), "2026-03-02 17:00:00")
        self.assertEqual(str(self.step.remind_at), "2026-03-02 15:00:00")
        self.assertEqual(str(self.step.supervisor_at), "2026-03-03 17:00:00")
        self.assertEqual(self.request.due_at, self.step.due_at)

    def test_reminder_then_alternate_then_supervisors_each_once(self):
        self.approver.email = "approver@example.com"
        Mail = self.env["mail.mail"].search([]).browse()
        self.watch("2026-03-02 14:59:00")
        self.assertFalse(self.step.reminded_at)
        for _time in range(2):
            self.watch("2026-03-02 15:01:00")
        reminders = Mail.search([("subject", "like", "Reminder")])
        self.assertEqual(
            len(reminders.filtered(lambda m: "approver@" in m.email_to)), 1
        )
        with self.assertRaises(UserError):
            self.request.with_user(self.alternate).action_approve()
        for _time in range(2):
            self.watch("2026-03-02 17:01:00")
        self.assertTrue(self.request.breached)
        self.assertIn(self.alternate, self.request.asked_ids)
        self.assertIn("escalated", self.request.with_user(self.alternate).why_me)
        self.assertFalse(self.request.rcm_case_ids)
        for _time in range(2):
            self.watch("2026-03-03 17:01:00")
        self.request.invalidate_recordset(["rcm_case_ids"])
        case = self.request.rcm_case_ids
        self.assertEqual(case.type_code, "approval_stalled")
        self.assertEqual(case.occurrence_count, 1)
        kinds = self.logged(self.request)
        for kind in ("reminder", "overdue", "alternate", "supervisor"):
            self.assertEqual(kinds.count(kind), 1, kind)
        self.request.with_user(self.alternate).action_approve()
        self.assertEqual(self.request.state, "approved")
        self.assertEqual(case.state, "resolved")

    def test_after_a_night_of_standstill_the_marks_come_together(self):
        self.watch("2026-03-05 09:00:00")
        self.assertFalse(self.step.reminded_at)
        self.assertTrue(self.step.breached_at)
        self.assertTrue(self.step.supervised_at)
        self.assertFalse(self.step.next_at)

    def test_the_clock_stands_still_while_information_is_asked_for(self):
        self.clock.move_to("2026-03-02 10:00:00")
        self.dialog(self.request, self.approver, "ask", reason="why?")
        self.watch("2026-03-04 10:00:00")
        self.assertFalse(self.step.breached_at)
        self.dialog(self.request, self.biller, "answer", reason="so")
        self.assertEqual(str(self.step.due_at), "2026-03-04 17:00:00")
        self.assertEqual(str(self.step.remind_at), "2026-03-04 15:00:00")
        self.watch("2026-03-04 17:01:00")
        self.assertTrue(self.step.breached_at)

    def test_decided_in_time_nothing_happens(self):
        self.clock.move_to("2026-03-02 09:30:00")
        self.request.with_user(self.approver).action_approve()
        self.assertEqual(self.step.hours_taken, 1.5)
        self.watch("2026-03-05 09:00:00")
        self.assertFalse(self.request.breached)

    def test_the_report_shows_turnaround_and_misses(self):
        self.watch("2026-03-03 09:00:00")
        self.request.with_user(self.approver).action_approve()
        self.env.flush_all()
        row = (
            self.env["rcm.approval.report"]
            .with_user(self.manager)
            .search([("request_id", "=", self.request.id)])
        )
        self.assertEqual(row.hours_taken, 9)
        self.assertEqual((row.breach_count, row.breach_share), (1, 100))
        self.assertEqual(row.group_id, self.approvers)
        self.assertEqual(row.outcome, "approved")
        other = self.make_company("Elsewhere")
        stranger = self.make_role_user("finance_manager", other)
        self.assertFalse(
            self.env["rcm.approval.report"]
            .with_user(stranger)
            .with_context(allowed_company_ids=other.ids)
            .search([("request_id", "=", self.request.id)])
        )

    def test_the_times_are_the_companys_to_tune(self):
        self.company.rcm_approval_remind_percent = 0
        self.company.rcm_approval_supervisor_hours = 1
        step = self.ask("400.00").step_ids
        self.assertFalse(step.remind_at)
        self.assertEqual(str(step.supervisor_at), "2026-03-03 09:00:00")

    def test_reprocess_of_the_supervisors_asks_again(self):
        self.watch("2026-03-05 09:00:00")
        case = self.request.rcm_case_ids
        case.with_user(self.manager).action_reprocess()
        self.assertIn(case.state, ("open", "in_progress"))


@tagged("post_install", "-at_install")
class TestApprovedByWaiting(ClockCase):
    """Only where the version of the policy says so."""

    def ask_waiting(self):
        """A request under a version that lets it through after a working day."""
        Policy = type(self.high)
        rules = Policy._rcm_facts

        def lenient(policy):
            hours = 8 if policy == self.high else 0
            return replace(rules(policy), auto_after_hours=hours)

        with patch.object(Policy, "_rcm_facts", lenient):
            return self.ask()

    def test_nothing_approves_itself_otherwise(self):
        request = self.ask()
        self.assertFalse(request.auto_at)
        self.watch("2026-04-01 09:00:00")
        self.assertEqual(request.state, "pending")

    def test_it_goes_through_when_nobody_objected(self):
        request = self.ask_waiting()
        self.assertEqual(str(request.auto_at), "2026-03-02 17:00:00")
        self.watch("2026-03-02 16:59:00")
        self.assertEqual(request.state, "pending")
        self.watch("2026-03-02 17:01:00")
        self.assertEqual(request.state, "approved")
        self.assertEqual(self.claim_of(request).state, "cleared")
        self.assertFalse(request.decision_ids, "nobody decided")
        self.assertIn("Nobody objected", request.reason)
        row = self.env["rcm.audit.log"].search(
            [
                ("event", "=", "approval.approved_by_waiting"),
                ("res_id", "=", request.id),
            ]
        )
        self.assertEqual(len(row), 1)

    def test_a_question_or_a_refusal_stops_it(self):
        asked, refused = self.ask_waiting(), self.ask_waiting()
        self.dialog(asked, self.approver, "ask", reason="why?")
        self.dialog(refused, self.approver, "refuse", reason="no")
        self.watch("2026-03-03 17:01:00")
        self.assertEqual(asked.state, "info_requested")
        self.assertEqual(refused.state, "refused")

    def test_a_changed_document_is_void_instead(self):
        request = self.ask_waiting()
        self.claim_of(request).line_ids._rcm_write({"charge_amount": 301})
        self.watch("2026-03-02 17:01:00")
        self.assertEqual(request.state, "voided")


@tagged("post_install", "-at_install")
class TestLapsed(ClockCase):
    """A request nobody decides lapses where its policy says so, and only there."""

    def test_nothing_lapses_otherwise(self):
        request = self.ask()
        self.assertFalse(request.expires_at)
        self.watch("2026-06-01 09:00:00")
        self.assertEqual(request.state, "pending")

    def test_it_lapses_on_time_tells_who_asked_and_can_be_asked_again(self):
        self.high.expire_after_hours = 16
        self.assertIn("lapses after 16 business hours", self.high.sentence)
        self.biller.email = "biller@example.com"
        request = self.ask()
        self.assertEqual(str(request.expires_at), "2026-03-03 17:00:00")
        self.watch("2026-03-03 16:59:00")
        self.assertEqual(request.state, "pending")
        self.watch("2026-03-03 17:01:00")
        self.assertEqual(request.state, "expired")
        self.assertFalse(request.asked_ids | request.activity_ids.user_id)
        self.assertIn("16 business hours", request.reason)
        mail = self.env["mail.mail"].search(
            [("email_to", "like", "biller@example.com")], limit=1
        )
        self.assertIn("Lapsed", mail.body_html)
        self.assertTrue(
            self.env["rcm.audit.log"].search_count(
                [("event", "=", "approval.expired"), ("res_id", "=", request.id)]
            )
        )
        with self.assertRaisesRegex(UserError, "no longer waiting"):
            request.with_user(self.approver).action_approve()
        claim = self.claim_of(request)
        self.assertEqual(claim.state, "validated")
        claim.with_user(self.biller).sudo()._rcm_gate("clear")
        self.assertEqual(self.request_of(claim).sorted("id")[-1].state, "pending")

    def test_a_question_does_not_keep_it_alive_for_ever(self):
        self.high.expire_after_hours = 8
        request = self.ask()
        self.dialog(request, self.approver, "ask", reason="why?")
        self.watch("2026-03-02 17:01:00")
        self.assertEqual(request.state, "expired")

    def test_what_was_decided_does_not_lapse(self):
        self.high.expire_after_hours = 8
        request = self.ask()
        request.with_user(self.approver).action_approve()
        self.watch("2026-03-09 09:00:00")
        self.assertEqual(request.state, "approved")

    def test_a_request_keeps_the_limit_of_its_version(self):
        request = self.ask()
        self.high.expire_after_hours = 8
        self.watch("2026-03-09 09:00:00")
        self.assertEqual(request.state, "pending")

    @mute_logger("odoo.sql_db")
    def test_it_cannot_lapse_before_waiting_approves_it(self):
        for values in (
            {"expire_after_hours": -1},
            {
                "expire_after_hours": 8,
                "auto_after_hours": 8,
                "auto_reason": "Small and frequent",
                "owner_id": self.administrator.id,
                "amount_to": 500,
                "risk_to": 20,
            },
        ):
            with self.subTest(values), self.assertRaises(IntegrityError):
                with self.env.cr.savepoint():
                    self.high.write(values)
                    self.high.flush_recordset()
