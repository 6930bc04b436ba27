from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import TransactionCase, tagged

from ..models.rcm_alert_measure import MEASURES, RcmAlertMeasure
from ..models.rcm_alert_measure_traffic import HOURS_KNOWN
from .common import ConnectorMixin
from .receiver import Receiver


@tagged("post_install", "-at_install")
class TestAlert(ConnectorMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.env["rcm.alert.rule"].search([]).active = False
        cls.support = cls.make_user("alert-support", "integration_support")
        cls.support.email = "support@example.com"
        cls.alerts = cls.env["rcm.alert"]
        cls.start = fields.Datetime.now().replace(microsecond=0)

    def setUp(self):
        super().setUp()
        self.keep_one_clock()

    def rule(self, **vals):
        return self.env["rcm.alert.rule"].create(
            {
                "name": "Waiting",
                "company_id": self.company.id,
                "measure": "waiting_events",
                "threshold": 3,
                "clear_threshold": 2,
                "quiet_minutes": 0,
                "user_ids": [(6, 0, self.support.ids)],
                **vals,
            }
        )

    def evaluate(self, minute=0):
        with freeze_time(self.start + timedelta(minutes=minute)):
            self.alerts._rcm_evaluate(self.company, fields.Datetime.now())
        self.env.invalidate_all()

    def measured(self, *values):
        """Stand-in for the measure: ``values`` by minute, of one connector."""
        subject = f"connector:{self.connector.id}"
        queue = list(values)

        def measure(model, company, minutes, now):
            return {subject: ("One", queue.pop(0))}

        return patch.object(RcmAlertMeasure, "_rcm_measure_waiting_events", measure)

    def of(self, rule):
        return self.alerts.search([("rule_id", "=", rule.id)], order="id")

    def test_a_real_queue_fires_tells_and_is_over_when_it_is_worked_off(self):
        rule = self.rule(by_mail=True)
        self.receive(*(self.submitted(f"RTEST000{n:04}") for n in range(4)))
        self.evaluate()
        alert = self.of(rule)
        self.assertEqual((alert.state, alert.value), ("firing", 4))
        self.assertEqual(alert.connector_id, self.connector)
        self.assertEqual(alert.activity_ids.user_id, self.support)
        mail = self.env["mail.mail"].search([], limit=1, order="id desc")
        self.assertIn("Waiting", mail.subject)
        self.assertIn("support@example.com", mail.email_to)
        self.process()
        self.evaluate(1)
        self.assertEqual(alert.state, "over")
        self.assertFalse(alert.activity_ids)

    def test_fires_once_however_often_it_is_looked(self):
        rule = self.rule()
        with self.measured(*[9] * 20):
            for minute in range(20):
                self.evaluate(minute)
        alert = self.of(rule)
        self.assertEqual((len(alert), alert.told_count), (1, 1))
        self.assertEqual(len(alert.activity_ids), 1)

    def test_swinging_values_make_one_alert(self):
        rule = self.rule(quiet_minutes=5)
        with self.measured(*[9, 1] * 10):
            for minute in range(20):
                self.evaluate(minute)
        self.assertEqual(len(self.of(rule)), 1)
        self.assertEqual(self.of(rule).state, "firing")

    def test_waits_as_long_as_the_rule_says(self):
        rule = self.rule(hold_minutes=3)
        with self.measured(9, 9, 1, 9, 9, 9, 9):
            for minute in range(7):
                self.evaluate(minute)
                expected = "firing" if minute == 6 else "pending"
                if minute != 2:
                    self.assertEqual(self.of(rule).state, expected, minute)
                else:
                    self.assertFalse(self.of(rule), "a flicker leaves nothing")

    def test_worst_value_is_kept(self):
        rule = self.rule()
        with self.measured(4, 12, 5):
            for minute in range(3):
                self.evaluate(minute)
        self.assertEqual((self.of(rule).value, self.of(rule).worst_value), (5, 12))

    def test_reminds_until_somebody_takes_note(self):
        rule = self.rule(remind_hours=1)
        with self.measured(9, 9, 9, 9):
            self.evaluate()
            self.evaluate(61)
            self.assertEqual(self.of(rule).told_count, 2)
            self.of(rule).with_user(self.support).action_take_note()
            self.evaluate(125)
            self.evaluate(190)
        self.assertEqual(self.of(rule).told_count, 2)
        self.assertEqual(self.of(rule).noted_by_id, self.support)

    def test_many_at_once_are_one_activity_and_one_mail(self):
        rule = self.rule(by_mail=True)
        before = self.env["mail.mail"].search_count([])

        def measure(model, company, minutes, now):
            return {f"webhook:{n}": (f"W{n}", 9) for n in range(40)}

        with patch.object(RcmAlertMeasure, "_rcm_measure_waiting_events", measure):
            self.evaluate()
        self.assertEqual(len(self.of(rule)), 40)
        self.assertEqual(len(self.of(rule).activity_ids), 1)
        self.assertEqual(self.env["mail.mail"].search_count([]) - before, 1)

    def test_webhooks_are_told_and_get_no_content(self):
        with Receiver() as receiver:
            webhook = self.env["rcm.webhook"].create(
                {
                    "name": "Pager",
                    "url": receiver.url,
                    "private_allowed": True,
                    "patterns": "alert.*",
                    "company_id": self.company.id,
                }
            )
            secret = self.env["rcm.secret"]._rcm_rotate(webhook)
            rule = self.rule()
            self.assertEqual(rule.webhook_count, 1)
            with self.measured(9, 0):
                self.evaluate()
                self.evaluate(1)
            with freeze_time(self.start + timedelta(minutes=5)):
                self.env["rcm.delivery"]._cron_deliver()
            bodies = [
                receiver.verified(secret, number) for number in range(len(receiver.got))
            ]
        self.assertEqual(
            [body["type"] for body in bodies], ["alert.fired", "alert.over"]
        )

    def test_what_is_gone_is_over(self):
        rule = self.rule()
        with self.measured(9):
            self.evaluate()
        self.connector.state = "disabled"
        self.evaluate(1)
        self.assertEqual(self.of(rule).state, "over")

    def test_an_archived_rule_ends_its_alerts(self):
        rule = self.rule()
        with self.measured(9):
            self.evaluate()
        rule.active = False
        self.evaluate(1)
        self.assertEqual(self.of(rule).state, "over")

    def test_only_the_connectors_of_the_rule(self):
        other = self.make_connector(self.make_user("svc-b", "integration"), "b")
        rule = self.rule(connector_ids=[(6, 0, other.ids)])
        with self.measured(9):
            self.evaluate()
        self.assertFalse(self.of(rule))

    def test_every_measure_answers_on_an_empty_and_a_used_database(self):
        measure = self.env["rcm.alert.measure"]
        for used in (False, True):
            if used:
                self.receive(self.completed())
                self.process()
            for code in MEASURES:
                with self.subTest(code, used=used):
                    found = measure._rcm_measure(
                        code, self.company, 15, fields.Datetime.now()
                    )
                    for subject, (label, value) in found.items():
                        self.assertTrue(subject and label)
                        self.assertTrue(value is None or value >= 0, value)

    def test_the_shipped_rules_are_complete_and_quiet_when_all_is_well(self):
        rules = (
            self.env["rcm.alert.rule"]
            .with_context(active_test=False)
            .search([("company_id", "=", False)])
        )
        self.assertEqual(set(MEASURES) - set(rules.mapped("measure")), {
            "waiting_events"
        })  # fmt: skip
        rules.active = True
        self.env["ir.cron"].search([]).write(
            {"nextcall": self.start + timedelta(days=1)}
        )
        self.env["ir.cron.trigger"].search([]).unlink()
        quiet = {"configuration", "cron_off", "overdue_cases", "delayed_postings"}
        self.evaluate()
        firing = self.alerts.search([("state", "=", "firing")])
        self.assertFalse(set(firing.rule_id.mapped("measure")) - quiet, firing)

    def test_unusual_volume_and_amount_fire_against_own_history(self):
        now = self.start.replace(minute=30, second=0)
        hour = now.replace(minute=0)
        Traffic = self.env["rcm.traffic"]
        for days in range(1, 29):
            Traffic.create(
                {
                    "kind": "hour",
                    "hour": hour - timedelta(days=days),
                    "connector_id": self.connector.id,
                    "company_id": self.company.id,
                    "received_count": 10,
                    "amount_count": 10,
                    "amount_max": 150.0,
                }
            )
        measure = self.env["rcm.alert.measure"]
        subject = f"connector:{self.connector.id}"

        def value(code):
            return measure._rcm_measure(code, self.company, 15, now)[subject][1]

        with freeze_time(now):
            self.receive(self.completed("E-1"))
            self.assertLess(value("unusual_volume"), 1)
            self.assertEqual(value("unusual_amount"), 1)
            self.assertEqual(value("unusual_hour"), 0)
            charge = self.completed()["data"]["charges"][0]
            self.receive(self.completed("E-2", [{**charge, "amount": "90000.00"}]))
            self.receive(*(self.submitted(f"RTEST000{n:04}") for n in range(70)))
            self.assertGreater(value("unusual_volume"), 3)
            self.assertGreater(value("unusual_amount"), 5)
        with freeze_time(now + timedelta(hours=5)):
            now += timedelta(hours=5)
            self.receive(*(self.submitted(f"RTEST001{n:04}") for n in range(6)))
            self.assertEqual(value("unusual_hour"), 6)

    def test_keys_that_expire_soon_are_told_of(self):
        self.make_key(self.service_user, days=3)
        rule = self.rule(measure="key_days", threshold=14, clear_threshold=14)
        self.evaluate()
        self.assertEqual(self.of(rule).state, "firing")

    def test_the_scheduled_action_goes_through_all_companies(self):
        rule = self.rule(company_id=False)
        rules = self.env["rcm.alert.rule"].with_context(active_test=False).search([])
        rules.filtered(lambda one: one.measure.startswith("unusual")).active = True
        self.receive(*(self.submitted(f"RTEST000{n:04}") for n in range(4)))
        self.alerts._cron_evaluate()
        self.env.invalidate_all()
        self.assertEqual(self.of(rule).company_id, self.company)
        self.assertNotIn(HOURS_KNOWN, self.env.cr.cache)

    def test_when_nothing_runs_it_is_one_alert(self):
        hour = self.start - timedelta(hours=1)
        self.env["ir.cron"].search([]).write({"nextcall": hour})
        self.env.flush_all()
        self.env.cr.execute("UPDATE ir_cron SET write_date = %s", [hour])
        rule = self.rule(measure="cron_lag", threshold=300, clear_threshold=60)
        self.evaluate()
        self.assertEqual(len(self.of(rule)), 1)
        self.assertIn(" more", self.of(rule).subject)

    def test_the_alert_leads_to_the_runbook_it_names(self):
        rule = self.rule(what_to_do="Runbook queue-backlog: look.")
        self.assertEqual(rule.runbook_url, "/rcm/runbooks/queue-backlog")
        rule.what_to_do = "Call somebody."
        self.assertFalse(rule.runbook_url)

    def test_a_rule_that_could_never_end_is_refused(self):
        with self.assertRaises(ValidationError):
            self.rule(threshold=3, clear_threshold=4)

    def test_who_may_what(self):
        rule = self.rule()
        with self.measured(9):
            self.evaluate()
        alert = self.of(rule)
        auditor = self.make_user("alert-auditor", "auditor")
        self.assertEqual(alert.with_user(auditor).state, "firing")
        for role in ("auditor", "biller", "integration"):
            user = self.make_user(f"alert-{role}2", role)
            with self.subTest(role):
                with self.assertRaises(AccessError):
                    alert.with_user(user).action_take_note()
                with self.assertRaises(AccessError):
                    rule.with_user(user).action_measure_now()
                with self.assertRaises(AccessError):
                    rule.with_user(user).write({"threshold": 99})
        with self.assertRaises(AccessError):
            alert.with_user(self.support).write({"state": "over"})
        message = rule.with_user(self.support).action_measure_now()
        self.assertIn("Connector one", message["params"]["message"])

    def test_another_company_sees_and_hears_nothing(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        far = self.make_user("alert-far", "integration_support")
        far.write({"company_ids": [(6, 0, elsewhere.ids)], "company_id": elsewhere.id})
        rule = self.rule(company_id=False, user_ids=[(5,)])
        with self.measured(9):
            self.evaluate()
        self.assertNotIn(far, self.of(rule).activity_ids.user_id)
        self.assertIn(self.support, self.of(rule).activity_ids.user_id)
        self.assertFalse(self.alerts.with_user(far).search([]))
