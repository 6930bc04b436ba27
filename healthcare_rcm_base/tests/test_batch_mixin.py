from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..core.errors import RcmRetryable
from . import common_ground as ground

BATCH_LOGGER = "odoo.addons.healthcare_rcm_base.models.rcm_batch_mixin"


@tagged("post_install", "-at_install")
class TestBatches(TransactionCase):
    """The queue here: open sample documents; the step takes them in hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Case = cls.env["rcm.exception.case"]
        cls.documents = cls.Case.union(
            *(ground.make_case(cls.env, f"B{n}", res_id=n) for n in range(1, 13))
        )
        cls.domain = [("id", "in", cls.documents.ids), ("state", "=", "open")]

    def run_batches(self, step, **options):
        """Run ``step(records)`` over the queue; return what came in, batch by batch."""
        seen = []

        def recorded(records):
            seen.append(records.ids)
            step(records)

        with (
            patch.object(
                self.registry["rcm.exception.case"],
                "_rcm_test_step",
                recorded,
                create=True,
            ),
            mute_logger(BATCH_LOGGER),
        ):
            done = self.Case._rcm_run_batches(
                self.domain, "_rcm_test_step", batch_size=5, **options
            )
        return done, seen

    def take(self, records):
        records._rcm_set_state("in_progress")

    def test_everything_is_done_in_batches(self):
        done, seen = self.run_batches(self.take)
        self.assertEqual(done, 12)
        self.assertEqual([len(ids) for ids in seen], [5, 5, 2])
        self.assertEqual(set(self.documents.mapped("state")), {"in_progress"})

    def test_a_bad_record_does_not_stop_the_others(self):
        bad = self.documents[3]

        def step(records):
            self.take(records)
            if bad in records:
                raise UserError(self.env._("no rate"))

        done, seen = self.run_batches(step)
        self.assertEqual(done, 11)
        self.assertEqual(bad.state, "open", "its work was undone")
        self.assertEqual(len([ids for ids in seen if bad.id in ids]), 2)
        case = bad.rcm_case_ids
        self.assertEqual((case.type_code, case.message), ("event_failed", "no rate"))

    def test_what_has_a_case_is_left_alone_until_it_is_resolved(self):
        bad = self.documents[0]

        def step(records):
            if bad in records:
                raise UserError(self.env._("no rate"))
            self.take(records)

        self.run_batches(step)
        done, seen = self.run_batches(step)
        self.assertEqual((done, seen), (0, []))
        bad._rcm_resolve_cases()
        done, seen = self.run_batches(self.take)
        self.assertEqual((done, seen), (1, [bad.ids]))

    def test_an_unforeseen_error_does_not_quote_its_values(self):
        def step(records):
            raise KeyError("CANARY patient name")

        self.run_batches(step)
        case = self.documents[0].rcm_case_ids
        self.assertIn("KeyError", case.message)
        self.assertNotIn("CANARY", case.message)

    def test_a_passing_obstacle_is_no_case(self):
        late = self.documents[1]

        def step(records):
            if late in records:
                raise RcmRetryable(5)
            self.take(records)

        done, _seen = self.run_batches(step)
        self.assertEqual(done, 11)
        self.assertFalse(late.rcm_case_ids)
        done, _seen = self.run_batches(self.take)
        self.assertEqual(done, 1)

    def test_outside_a_job_a_conflict_reaches_the_caller(self):
        def step(records):
            raise SerializationFailure()

        with self.assertRaises(SerializationFailure):
            self.run_batches(step)

    def test_in_a_job_each_batch_is_committed(self):
        commits = []

        def committed(self, processed=0, *, remaining=None, deactivate=False):
            commits.append((processed, remaining))
            return 10.0

        with patch.object(self.registry["ir.cron"], "_commit_progress", committed):
            Case = self.Case.with_context(ir_cron_progress_id=1, cron_id=1)
            with patch.object(self, "Case", Case):
                done, _seen = self.run_batches(self.take)
        self.assertEqual(done, 12)
        self.assertEqual(commits, [(0, 12), (5, None), (5, None), (2, None)])

    def test_a_job_out_of_time_stops_after_its_batch(self):
        with patch.object(
            self.registry["ir.cron"], "_commit_progress", lambda *a, **k: 0.0
        ):
            Case = self.Case.with_context(ir_cron_progress_id=1, cron_id=1)
            with patch.object(self, "Case", Case):
                done, _seen = self.run_batches(self.take)
        self.assertEqual(done, 5)

    def test_in_a_job_a_conflict_starts_from_a_new_snapshot(self):
        tries = []

        def step(records):
            tries.append(records.ids)
            if len(tries) == 1:
                raise SerializationFailure()
            self.take(records)

        with (
            patch.object(
                self.registry["ir.cron"], "_commit_progress", lambda *a, **k: 10.0
            ),
            patch.object(self.env.cr, "rollback") as rollback,
        ):
            Case = self.Case.with_context(ir_cron_progress_id=1, cron_id=1)
            with patch.object(self, "Case", Case):
                done, _seen = self.run_batches(step)
        self.assertEqual(done, 12)
        rollback.assert_called_once()

    def test_rows_locked_elsewhere_are_skipped(self):
        statements = []
        execute_query = type(self.env).execute_query

        def recorded(env, query):
            statements.append(query.code)
            return execute_query(env, query)

        with patch.object(type(self.env), "execute_query", recorded):
            self.run_batches(self.take)
        locking = [code for code in statements if "SKIP LOCKED" in code]
        self.assertEqual(len(locking), 4)
        self.assertTrue(all("FOR NO KEY UPDATE OF" in code for code in locking))
