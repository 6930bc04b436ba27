from unittest.mock import patch

from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..tools.work_marks import MOST_CRASHES, REST_SECONDS, WorkMarks
from . import common_ground as ground

BATCH_LOGGER = "odoo.addons.healthcare_rcm_base.models.rcm_batch_mixin"


@tagged("post_install", "-at_install")
class TestWorkMarks(TransactionCase):
    """Work that takes its worker with it is found out by the mark it leaves."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Case = cls.env["rcm.exception.case"]
        cls.cases = cls.Case.union(
            *(ground.make_case(cls.env, f"M{n}", res_id=n) for n in range(1, 5))
        )

    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())

    def marked(self):
        self.env.cr.execute("SELECT res_id, crashes FROM rcm_work_mark ORDER BY 1")
        return dict(self.env.cr.fetchall())

    def crash(self, batch):
        """A worker that begins and does not live to the end; long ago."""
        marks = WorkMarks(batch)
        marks.begin(*marks.admit(batch))
        self.wait(3600)

    def wait(self, seconds):
        self.env.cr.execute(
            "UPDATE rcm_work_mark SET begun_at = begun_at - make_interval(secs => %s)",
            [seconds],
        )

    def test_a_mark_goes_when_the_work_is_done(self):
        marks = WorkMarks(self.cases)
        self.assertEqual(marks.admit(self.cases), (self.cases, 0))
        marks.begin(self.cases)
        self.assertEqual(self.marked(), dict.fromkeys(self.cases.ids, 0))
        marks.end()
        self.assertEqual(self.marked(), {})

    def test_after_a_crash_some_are_tried_then_each_alone(self):
        """The least suspicious first."""
        admit = WorkMarks(self.cases).admit
        self.crash(self.cases)
        self.assertEqual(admit(self.cases), (self.cases[:2], 1))
        self.crash(self.cases)  # it was one of the first two
        self.assertEqual(list(self.marked().values()), [1, 1, 0, 0])
        self.assertEqual(admit(self.cases), (self.cases[2], 1))
        self.assertEqual(admit(self.cases[:2]), (self.cases[0], 2))
        self.crash(self.cases[:2])  # it was the first, alone
        self.assertEqual(admit(self.cases[:2]), (self.cases[1], 2))

    def test_a_crash_of_the_database_is_nobodys_fault(self):
        for _time in range(MOST_CRASHES):
            self.crash(self.cases)
            self.restart()
        self.assertEqual(WorkMarks(self.cases).admit(self.cases), (self.cases, 0))
        self.crash(self.cases[1])
        self.crash(self.cases[1])
        self.restart()  # what was known before stays known
        self.assertEqual(WorkMarks(self.cases).admit(self.cases), (self.cases[1], 1))

    def test_what_killed_three_rests_for_a_while_and_longer_each_time(self):
        killer = self.cases[0]
        marks = WorkMarks(self.cases)
        for crashes in range(1, MOST_CRASHES):
            marks.begin(*marks.admit(killer))
            self.assertEqual(marks.ids, killer.ids)
            if rest := REST_SECONDS.get(crashes):
                neighbours = self.cases - killer
                self.assertEqual(marks.admit(self.cases), (neighbours, 0))
                [(died, left)] = marks.resting.values()
                self.assertEqual(died, crashes)
                self.assertTrue(rest - 5 < left <= rest, left)
                self.wait(rest)
            self.assertEqual(marks.admit(self.cases), (killer, crashes))
            self.assertFalse(marks.resting)

    def test_a_resting_record_waits_for_the_next_pass_and_stops_no_other(self):
        resting = self.cases[1]
        marks = WorkMarks(resting)
        for _time in range(3):
            marks.begin(*marks.admit(resting))
        come_back = []
        cron = self.registry["ir.cron"]
        self.startPatcher(
            patch.object(
                cron, "_rcm_come_back_in", lambda _cron, s: come_back.append(s)
            )
        )

        def step(records):
            records._rcm_set_state("in_progress")

        self.assertEqual(self.run_as_job(step), 3)
        self.assertEqual(resting.state, "open")
        self.assertTrue(0 < come_back[0] <= REST_SECONDS[3], come_back)
        self.wait(REST_SECONDS[3])
        self.assertEqual(self.run_as_job(step), 1)
        self.assertEqual(self.marked(), {})

    def restart(self):
        """The marks are of a server that was started earlier than this one."""
        self.env.cr.execute(
            "UPDATE rcm_work_mark SET server_began = server_began - interval '1 hour'"
        )

    def test_marks_of_other_models_do_not_count(self):
        self.crash(self.env["res.partner"].browse(self.cases.ids))
        self.assertEqual(WorkMarks(self.cases).admit(self.cases), (self.cases, 0))

    def run_as_job(self, step):
        """Run ``step`` over the cases as a scheduled action would."""
        domain = [("id", "in", self.cases.ids), ("state", "=", "open")]
        context = {"ir_cron_progress_id": -1, "cron_end_time": float("inf")}
        Case = self.Case.with_context(**context)
        cron = self.registry["ir.cron"]
        with (
            patch.object(self.registry["rcm.exception.case"], "_rcm_test_step", step,
                         create=True),
            patch.object(cron, "_commit_progress", lambda *args, **kwargs: 60),
            mute_logger(BATCH_LOGGER),
        ):  # fmt: skip
            return Case._rcm_run_batches(domain, "_rcm_test_step", batch_size=5)

    def test_a_record_that_kills_its_workers_gets_a_case_and_stops_no_other(self):
        killer = self.cases[1]
        for _time in range(MOST_CRASHES):
            self.crash(killer)
        seen = []

        def step(records):
            seen.extend(records.ids)
            records._rcm_set_state("in_progress")

        self.assertEqual(self.run_as_job(step), 3)
        self.assertEqual(sorted(seen), sorted((self.cases - killer).ids))
        self.assertEqual(killer.state, "open")
        self.assertIn("died", killer.rcm_case_ids.message)
        self.assertEqual(self.marked(), {})

    def test_one_crash_less_and_it_is_tried_again(self):
        for _time in range(MOST_CRASHES - 1):
            self.crash(self.cases[1])

        def step(records):
            records._rcm_set_state("in_progress")

        self.assertEqual(self.run_as_job(step), 4)
        self.assertFalse(self.cases[1].rcm_case_ids)
        self.assertEqual(self.marked(), {})

    def test_old_marks_are_forgotten(self):
        self.crash(self.cases)
        self.env["ir.cron"]._gc_rcm_work_marks()
        self.assertTrue(self.marked())
        self.env.cr.execute("UPDATE rcm_work_mark SET begun_at = '2020-01-01'")
        self.env["ir.cron"]._gc_rcm_work_marks()
        self.assertFalse(self.marked())

    def test_a_job_whose_work_is_marked_skips_no_turn(self):
        cron = self.env["ir.cron"].search([("model_id.model", "=", self.cases._name)])
        job = {"ir_actions_server_id": cron[0].ir_actions_server_id.id}
        has_marks = self.registry["ir.cron"]._rcm_has_marks
        self.assertFalse(has_marks(self.env.cr, job))
        self.crash(self.cases)
        self.assertTrue(has_marks(self.env.cr, job))
