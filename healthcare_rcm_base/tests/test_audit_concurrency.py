import random
import threading
import time

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged

WRITERS = 4
TRANSACTIONS = 12


@tagged("post_install", "-at_install")
class TestFourWriters(BaseCase):
    """Real connections: what commits late is sealed late, and never skipped."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.marker = f"test.writer.{time.time_ns()}"

    def append(self, cr, count=1):
        env = api.Environment(cr, SUPERUSER_ID, {})
        env["rcm.audit.log"]._rcm_append(
            [{"event": self.marker, "changes": {"n": [None, n]}} for n in range(count)]
        )

    def seal(self):
        """Seal once in a connection of its own; return the rows sealed."""
        with self.registry.cursor() as cr:
            return api.Environment(cr, SUPERUSER_ID, {})[
                "rcm.audit.seal"
            ]._rcm_seal_block()

    def seal_all(self):
        while self.seal():
            pass

    def read(self, query, *values):
        with self.registry.cursor() as cr:
            cr.execute(query, values)
            return cr.fetchall()

    def outcome(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            return env["rcm.audit.verification"]._rcm_verify()

    def test_a_row_that_commits_after_its_successors_were_sealed_is_sealed_next(self):
        self.seal_all()
        with self.registry.cursor() as late:
            self.append(late)
            with self.registry.cursor() as early:
                self.append(early)
            self.seal_all()
            sealed = (
                "SELECT count(*) FROM rcm_audit_seal s WHERE ids && ARRAY(SELECT id"
            )
            sealed += " FROM rcm_audit_log WHERE event = %s)"
            self.assertEqual(self.read(sealed, self.marker), [(1,)])
        self.assertEqual(self.seal(), 1)
        self.assertEqual(self.read(sealed, self.marker), [(2,)])
        self.assertTrue(
            self.outcome()["ok"], "blocks that reach into each other verify"
        )

    def test_four_writers_and_a_sealer(self):
        seed = random.randrange(10**9)
        done, errors = threading.Event(), []

        def write(number):
            pick = random.Random(seed + number)
            try:
                for turn in range(TRANSACTIONS):
                    with self.registry.cursor() as cr:
                        self.append(cr, pick.randrange(1, 6))
                        time.sleep(pick.random() / 50)
                        self.append(cr)
                        if turn % 5 == 4:
                            cr.rollback()
            except Exception as error:  # of a thread; the test shows it
                errors.append(error)

        def keep_sealing():
            try:
                while not done.is_set():
                    self.seal()
                    time.sleep(0.003)
            except Exception as error:  # of a thread; the test shows it
                errors.append(error)

        sealer = threading.Thread(target=keep_sealing)
        writers = [
            threading.Thread(target=write, args=[number]) for number in range(WRITERS)
        ]
        for thread in (sealer, *writers):
            thread.start()
        for thread in writers:
            thread.join()
        done.set()
        sealer.join()
        self.assertEqual(errors, [], f"seed {seed}")
        self.seal_all()
        [[rows, times]] = self.read(
            """SELECT count(*), sum(z.times) FROM rcm_audit_log l LEFT JOIN LATERAL (
                   SELECT count(*) AS times FROM rcm_audit_seal s
                    WHERE s.first_id <= l.id AND s.last_id >= l.id AND l.id = ANY(s.ids)
               ) z ON true WHERE l.event = %s AND z.times = 1""",
            self.marker,
        )
        [[written]] = self.read(
            "SELECT count(*) FROM rcm_audit_log WHERE event = %s", self.marker
        )
        self.assertGreater(written, WRITERS * TRANSACTIONS)
        self.assertEqual((rows, times), (written, written), f"seed {seed}")
        outcome = self.outcome()
        self.assertTrue(outcome["ok"], (seed, outcome["findings"]))
