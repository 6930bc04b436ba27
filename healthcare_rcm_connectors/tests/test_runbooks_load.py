"""Runbooks of queues, the scheduler and traffic that is not as ever."""

from odoo import fields
from odoo.tests import tagged

from .runbook_common import RunbookCase


@tagged("post_install", "-at_install")
class TestRunbooksLoad(RunbookCase):
    def test_queue_backlog(self):
        other = self.make_connector(self.make_user("svc-calm", "integration"), "calm")
        flood = self.receive(*(self.submitted(f"RTEST000{n:04}") for n in range(30)))
        calm = self.receive(self.completed("E-CALM"), connector=other)

        def pause():
            self.as_support(self.connector).action_pause()
            self.process()
            self.assertEqual(calm.state, "done")
            self.assertEqual(set(flood.mapped("state")), {"received"})

        def resume():
            self.as_support(self.connector).action_resume()
            self.process()
            self.assertNotIn("received", flood.mapped("state"))

        self.follow(
            "queue-backlog",
            (
                "**Dashboard**",
                lambda: self.assertEqual(self.connector.waiting_count, 30),
            ),
            ("scheduler-late", None),
            ("**Pause**", pause),
            (
                "*Hourly Traffic*",
                lambda: self.as_admin(self.connector).write(
                    {"rate_limit_per_minute": 600}
                ),
            ),
            ("**Resume**", resume),
        )

    def test_scheduler_late(self):
        cron = self.env.ref("healthcare_rcm_connectors.cron_process_events")
        cron.active = False
        event = self.receive(self.submitted())

        def look():
            measure = self.env["rcm.alert.measure"]
            off = measure._rcm_measure("cron_off", self.company, 15, self.now())
            self.assertEqual(off["cron:cron_process_events"][1], 1)

        def activate():
            cron.active = True

        def run():
            self.process()
            self.assertNotEqual(event.state, "received")

        self.follow(
            "scheduler-late",
            ("is it active", look),
            ("activate it", activate),
            ("log has the place", None),
            ("max_cron_threads", None),
            ("**Run Manually**", run),
        )

    def now(self):
        self.env.flush_all()
        return fields.Datetime.now()

    def test_unusual_traffic(self):
        rule = self.env["rcm.alert.rule"].create(
            {
                "name": "Much",
                "company_id": self.company.id,
                "measure": "waiting_events",
                "threshold": 1,
                "clear_threshold": 1,
            }
        )
        event = self.receive(self.submitted())
        self.env["rcm.alert"]._rcm_evaluate(self.company, self.now())
        alert = self.env["rcm.alert"].search([("rule_id", "=", rule.id)])
        self.make_key(self.service_user)
        self.connector._rcm_list_keys()
        key = self.connector.key_ids[:1]

        def explained():
            self.as_support(alert).action_take_note()
            self.as_support(self.connector).action_resume()

        self.follow(
            "unusual-traffic",
            (
                "**Events**",
                lambda: self.assertEqual(
                    alert.with_user(self.support).action_open_connector()["res_id"],
                    self.connector.id,
                ),
            ),
            ("Ask the sender's owner", None),
            ("**Pause**", lambda: self.as_support(self.connector).action_pause()),
            ("**Revoke**", lambda: self.as_admin(key).action_revoke()),
            ("**Take Note**", explained),
        )
        self.assertEqual(key.state, "revoked")
        self.assertEqual(alert.noted_by_id, self.support)
        self.assertEqual((self.connector.state, event.state), ("active", "received"))
