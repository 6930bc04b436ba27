"""Who is told, one after the other, of what stays overdue."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from . import builders
from . import common_ground as ground
from .exception_common import ExceptionCase


@tagged("post_install", "-at_install")
class TestEscalationChain(ExceptionCase):
    def setUp(self):
        super().setUp()
        self.people = [
            ground.role_user(self.env, role)
            for role in ("biller", "finance_manager", "approver")
        ]
        self.queue.escalation_ids = [
            fields.Command.create({"sequence": place, "user_id": user.id, **vals})
            for place, (user, vals) in enumerate(
                zip(
                    self.people,
                    ({}, {"after_hours": 8}, {"after_hours": 8}),
                    strict=True,
                )
            )
        ]

    def test_every_level_is_told_once_and_in_order(self):
        case = self.document._rcm_raise_case("price_missing", "x")
        moment = case.due_at + timedelta(minutes=1)
        for _level in self.people:
            for _time in range(2):
                with freeze_time(moment):
                    self.Case._cron_watch()
            moment = case.next_escalation_at or moment + timedelta(days=9)
        with freeze_time(moment):
            self.Case._cron_watch()
        notices = case.escalation_notice_ids
        self.assertEqual(notices.mapped("level"), [1, 2, 3])
        self.assertEqual(list(notices.mapped("user_id")), self.people)
        self.assertEqual(case.activity_ids.user_id, notices.user_id)
        self.assertEqual(len(case.activity_ids), 3)
        self.assertFalse(case.next_escalation_at)
        self.assertEqual(self.queue.escalation_ids.mapped("level"), [1, 2, 3])

    def test_a_closed_or_waiting_case_is_not_escalated(self):
        case = self.document._rcm_raise_case("price_missing", "x")
        with freeze_time(case.due_at + timedelta(minutes=1)):
            self.Case._cron_watch()
            case._rcm_wait(fields.Datetime.now() + timedelta(days=30), "payer")
        with freeze_time(case.next_escalation_at + timedelta(days=1)):
            self.Case._cron_watch()
        self.assertEqual(len(case.escalation_notice_ids), 1)

    def test_notifications_hold_no_patient_data(self):
        encounter = builders.encounter(self.env, [])
        patient = encounter.patient_id
        patient.write({"first_name": "CANARYFIRST", "last_name": "CANARYLAST"})
        patient.guarantor_id.name = "CANARYGUARANTOR"
        case = encounter._rcm_raise_case("price_missing", "No rate")
        with freeze_time(case.due_at + timedelta(minutes=1)):
            self.Case._cron_watch()
        self.assertTrue(case.activity_ids)
        texts = [
            *case.activity_ids.mapped("summary"),
            *case.activity_ids.mapped("note"),
            *case.message_ids.mapped("body"),
            *self.env["mail.mail"].search([]).mapped("body_html"),
            *case.mapped("record_name"),
            *case.mapped("message"),
        ]
        for word in ("CANARY", patient.mrn):
            self.assertNotIn(word, str(texts))
