from unittest.mock import patch

from odoo.tests import BaseCase, TransactionCase, tagged

from ..models import ir_cron
from ..tools.wake_pace import WakePace

JOB = "healthcare_rcm_base.cron_seal_audit_log"


class Alarms:
    """A clock that is set, and alarms that ring when they are told to."""

    def __init__(self):
        self.now, self.waiting = 100.0, []

    def __call__(self, seconds, function, arguments):
        self.waiting.append((seconds, function, arguments))
        return self

    def start(self):
        """They wait until :meth:`ring`."""

    def ring(self):
        waiting, self.waiting = self.waiting, []
        for seconds, function, arguments in waiting:
            self.now += seconds
            function(*arguments)


@tagged("post_install", "-at_install")
class TestWakePace(BaseCase):
    def setUp(self):
        super().setUp()
        self.alarms, self.wakes = Alarms(), []
        self.pace = WakePace(0.2, lambda: self.alarms.now, self.alarms)

    def later(self, key="a"):
        self.pace.later(key, lambda: self.wakes.append((key, self.alarms.now)))

    def test_quiet_until_woken_and_again_afterwards(self):
        self.assertTrue(self.pace.is_quiet("a"))
        self.pace.woken("a")
        self.assertFalse(self.pace.is_quiet("a"))
        self.assertTrue(self.pace.is_quiet("b"), "each by itself")
        self.alarms.now += 0.21
        self.assertTrue(self.pace.is_quiet("a"))

    def test_many_who_ask_are_woken_for_once_when_the_time_is_over(self):
        self.pace.woken("a")
        for _time in range(50):
            self.alarms.now += 0.001
            self.later()
        self.assertEqual(len(self.alarms.waiting), 1)
        self.alarms.ring()
        [(_key, moment)] = self.wakes
        self.assertAlmostEqual(moment, 100.25, 2)
        self.assertFalse(self.pace.is_quiet("a"), "this was a wake too")

    def test_who_asks_while_it_wakes_gets_a_wake_of_his_own(self):
        self.pace.woken("a")
        asked = []

        def wake():
            self.wakes.append("first")
            if not asked:
                asked.append(True)
                self.pace.later("a", lambda: self.wakes.append("second"))

        self.pace.later("a", wake)
        self.alarms.ring()
        self.assertEqual(self.wakes, ["first"])
        self.alarms.ring()
        self.assertEqual(self.wakes, ["first", "second"])

    def test_keys_do_not_share_their_wakes(self):
        for key in ("a", "b"):
            self.pace.woken(key)
            self.later(key)
        self.alarms.ring()
        self.assertEqual([key for key, _moment in self.wakes], ["a", "b"])


@tagged("post_install", "-at_install")
class TestWakeOften(TransactionCase):
    """What a step asks for, and what is left when its transaction is undone."""

    def setUp(self):
        super().setUp()
        self.alarms = Alarms()
        pace = WakePace(0.2, lambda: self.alarms.now, self.alarms)
        self.pace = self.startPatcher(patch.object(ir_cron, "_pace", pace))
        self.woken = []
        self.startPatcher(
            patch.object(ir_cron, "_wake_now", lambda *key: self.woken.append(key))
        )
        self.job = self.env.ref(JOB)

    def triggers(self):
        self.env.cr.flush()
        domain = [("cron_id", "=", self.job.id)]
        return self.env["ir.cron.trigger"].search_count(domain)

    def ask(self):
        self.env["ir.cron"]._rcm_wake_often(JOB)

    def commit(self):
        """What a commit of this transaction would run."""
        self.env.cr.flush()
        self.env.cr.postcommit.run()

    def test_the_first_writes_its_trigger_with_its_transaction(self):
        before = self.triggers()
        self.ask()
        self.assertEqual(self.triggers(), before + 1)

    def test_those_right_after_share_one_that_comes_after_their_commits(self):
        self.ask()
        self.commit()
        before = self.triggers()
        for _time in range(3):
            self.ask()
            self.assertFalse(self.alarms.waiting and self.woken, "not before commit")
            self.commit()
        self.assertEqual(self.triggers(), before)
        self.assertEqual(len(self.alarms.waiting), 1)
        self.alarms.ring()
        self.assertEqual(self.woken, [(self.env.cr.dbname, JOB)])

    def test_a_transaction_that_is_undone_asks_for_nothing(self):
        self.ask()
        self.env.cr.postcommit.clear()  # as a roll-back does
        self.env.cr.precommit.clear()
        self.ask()
        self.assertTrue(self.triggers(), "it was still quiet")
        self.commit()
        self.ask()
        self.env.cr.postcommit.clear()
        self.assertFalse(self.alarms.waiting)

    def test_a_savepoint_that_is_undone_takes_no_later_wake_along(self):
        before = self.triggers()
        try:
            with self.env.cr.savepoint():
                self.ask()
                raise ZeroDivisionError
        except ZeroDivisionError:
            self.ask()
        self.assertEqual(self.triggers(), before + 1)
