import errno
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.healthcare_rcm_base.models import ir_cron
from odoo.addons.healthcare_rcm_base.tools.work_marks import MOST_CRASHES, WorkMarks

from .common import ConnectorMixin

QUARANTINE = "odoo.addons.healthcare_rcm_connectors.models.rcm_event_quarantine"
VERDICT = "odoo.addons.healthcare_rcm_connectors.models.rcm_event_verdict"


@tagged("post_install", "-at_install")
class TestEventQuarantine(ConnectorMixin, TransactionCase):
    """Events that always fail, and events that take their worker with them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()

    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())
        self.handled = []
        handler = type(self.env["rcm.event.handler.claim.submitted"])
        self.startPatcher(patch.object(handler, "_rcm_handle", self.handle))
        self.fails = set()

    def handle(self, event, data):
        self.handled.append(event.external_id)
        if event.external_id in self.fails:
            raise ZeroDivisionError
        return event.connector_id

    def lane(self):
        """The lane as a scheduled action runs it."""
        context = {"ir_cron_progress_id": -1}
        cron = self.registry["ir.cron"]
        with patch.object(cron, "_commit_progress", lambda *args, **kwargs: 60):
            self.env["rcm.event"].with_context(**context)._cron_process_events()

    def crash(self, events):
        """A worker that begins with these events and dies over them; long ago."""
        marks = WorkMarks(events)
        marks.begin(*marks.admit(events))
        self.env.cr.execute(
            "UPDATE rcm_work_mark SET begun_at = begun_at - interval '1 hour'"
        )

    def marked(self):
        self.env.cr.execute("SELECT count(*) FROM rcm_work_mark")
        return self.env.cr.fetchone()[0]

    def three(self):
        return [self.receive(self.submitted(f"RTEST000000{n}")) for n in range(1, 4)]

    def test_an_event_that_kills_its_workers_is_set_aside_with_a_case(self):
        first, killer, last = self.three()
        for _time in range(MOST_CRASHES):
            self.crash(killer)
        with mute_logger(QUARANTINE):
            self.lane()
        self.assertEqual((first.state, last.state), ("done", "done"))
        self.assertEqual((killer.state, killer.error_code), ("dead", "crashed"))
        self.assertEqual(killer.error_class, "bug")
        self.assertEqual(killer.attempt_count, MOST_CRASHES)
        self.assertNotIn(killer.external_id, self.handled)
        self.assertEqual(killer.rcm_case_ids.type_code, "event_failed")
        self.assertFalse(self.marked())

    def test_neighbours_of_a_crash_are_done_before_who_caused_it(self):
        first, killer, last = self.three()
        self.crash(first | killer | last)  # all of one batch
        self.crash(killer)
        self.lane()
        order = [first.external_id, last.external_id, killer.external_id]
        self.assertEqual(self.handled, order)
        self.assertEqual(killer.state, "done", "two crashes are no proof")

    def test_an_event_that_killed_three_rests_and_its_neighbours_do_not(self):
        first, killer, last = self.three()
        for _time in range(3):
            self.crash(killer)
        self.env.cr.execute(
            "UPDATE rcm_work_mark SET begun_at = begun_at + '1 hour'::interval"
        )
        self.lane()
        self.assertEqual((first.state, last.state), ("done", "done"))
        self.assertEqual((killer.state, killer.error_code), ("retry", "crashed"))
        self.assertEqual(killer.attempt_count, 3)
        self.assertTrue(killer.next_attempt_at)
        self.assertFalse(killer.rcm_case_ids, "three crashes are no proof")
        killer.next_attempt_at = fields.Datetime.now() - timedelta(minutes=1)
        self.env.cr.execute(
            "UPDATE rcm_work_mark SET begun_at = begun_at - '1 hour'::interval"
        )
        self.lane()
        self.assertEqual((killer.state, killer.error_code), ("done", False))
        self.assertFalse(self.marked())

    def test_a_replayed_event_begins_anew(self):
        [killer] = self.three()[:1]
        for _time in range(MOST_CRASHES):
            self.crash(killer)
        with mute_logger(QUARANTINE):
            self.lane()
        killer._rcm_replay()
        self.lane()
        self.assertEqual(killer.state, "done")

    def test_an_event_whose_handler_always_fails_is_given_up_and_stops_no_other(self):
        first, bad, last = self.three()
        self.fails.add(bad.external_id)
        with mute_logger(VERDICT):
            for _time in range(5):
                self.lane()
                if bad.next_attempt_at:
                    bad.next_attempt_at = fields.Datetime.now() - timedelta(minutes=1)
        self.assertEqual((first.state, last.state), ("done", "done"))
        self.assertEqual(bad.state, "dead")
        self.assertEqual(self.handled.count(bad.external_id), 3)
        self.assertEqual(bad.attempt_ids.mapped("outcome").count("dead"), 1)
        self.assertTrue(bad.rcm_case_ids)

    def test_a_full_disk_is_not_the_fault_of_an_event(self):
        [event] = self.three()[:1]
        full = OSError(errno.ENOSPC, "No space left on device")
        handler = type(self.env["rcm.event.handler.claim.submitted"])
        with patch.object(handler, "_rcm_handle", side_effect=full):
            for _time in range(4):  # one more than an unforeseen error is tried
                self.lane()
                self.assertEqual(event.state, "retry")
                self.assertEqual(
                    (event.error_class, event.error_code), ("transient", "storage")
                )
                event.next_attempt_at = fields.Datetime.now() - timedelta(minutes=1)
        self.lane()
        self.assertEqual(event.state, "done")


@tagged("post_install", "-at_install")
class TestWaking(TransactionCase):
    """Work that is due soon, or late, does not wait for the minute."""

    CRON = "healthcare_rcm_connectors.cron_process_events"

    def setUp(self):
        super().setUp()
        self.cron = self.env.ref(self.CRON)
        self.env.cr.execute("DELETE FROM ir_cron_trigger")
        self.env.cr.execute("UPDATE ir_cron SET nextcall = now() + interval '1 day'")
        self.rung = []
        self.startPatcher(patch.object(ir_cron, "_ring", self.rung.append))

    def test_a_retry_rings_when_it_is_due(self):
        later = []
        self.startPatcher(
            patch.object(ir_cron, "_ring_later", lambda *args: later.append(args))
        )
        now = self.env["ir.cron"]._rcm_database_clock()
        self.env["ir.cron"]._rcm_wake_at(self.CRON, now + timedelta(seconds=7))
        self.env["ir.cron"]._rcm_wake_at(self.CRON, now + timedelta(hours=1))
        self.env.cr.postcommit.run()
        self.assertEqual(len(later), 1)
        self.assertAlmostEqual(later[0][1], 7, delta=2)
        self.assertEqual(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", self.cron.id)]),
            2,
        )

    def test_health_wakes_what_is_overdue_and_nothing_else(self):
        Cron = self.env["ir.cron"]
        self.assertFalse(Cron._rcm_wake_overdue())
        late = fields.Datetime.now() - timedelta(seconds=30)
        self.env["ir.cron.trigger"].create({"cron_id": self.cron.id, "call_at": late})
        self.env.flush_all()
        self.assertTrue(Cron._rcm_wake_overdue())
        self.assertEqual(self.rung, [self.env.cr.dbname])

    def test_a_wake_counts_by_the_clock_of_the_database(self):
        """On a node whose clock is off, work neither waits nor is kept a secret."""
        for minutes in (-10, 10):
            with self.subTest(minutes=minutes):
                self.assertTrue(self.told_with_clock_off(minutes))
                last = self.env["ir.cron.trigger"].search([], limit=1, order="id desc")
                clock = self.env["ir.cron"]._rcm_database_clock()
                self.assertLess(abs(last.call_at - clock), timedelta(minutes=5))

    def told_with_clock_off(self, minutes):
        """Ask for a turn on a node whose clock is off; how often workers are told."""
        told = []
        off = fields.Datetime.now() + timedelta(minutes=minutes)
        cron = self.registry["ir.cron"]
        with (
            patch.object(fields.Datetime, "now", lambda *args: off),
            patch.object(cron, "_notifydb", lambda record: told.append(record)),
        ):
            self.env["ir.cron"]._rcm_wake(self.CRON)
            self.env.cr.flush()
            self.env.cr.postcommit.run()
        return len(told)
