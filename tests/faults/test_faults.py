import os
import subprocess
from pathlib import Path

from odoo.tests import BaseCase, tagged

from . import lock_watch, lock_ways, locks

REPO = Path(__file__).resolve().parents[2]
MOST_SECONDS = 900


@tagged("post_install", "-at_install")
class TestFaults(BaseCase):
    """The short form of ``./setup/faults``: every place of the work, and a crash."""

    def test_nothing_is_lost_or_doubled(self):
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in ("PYTHONPATH", "ODOO_RC") and not name.startswith("PG")
        }
        done = subprocess.run(
            [str(REPO / "setup" / "faults"), "--short"],
            env=kept,
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
        )
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, said[-6000:])
        self.assertIn(" 0 failed", done.stdout)


@tagged("post_install", "-at_install")
class TestLocks(BaseCase):
    """No lock is forgotten: ``./setup/faults --mutate`` races each."""

    def test_every_lock_in_the_source_has_a_race(self):
        sites = locks.sites()
        self.assertGreater(len(sites), 25)
        self.assertEqual([site for site in sites if lock_ways.way_to(site) is None], [])

    def test_a_statement_loses_its_lock_and_nothing_else(self):
        bare = lock_watch.Watch.without_lock
        for text, want in (
            ("SELECT id FROM a WHERE b FOR NO KEY UPDATE", "SELECT id FROM a WHERE b"),
            ("SELECT 1 FOR UPDATE OF d SKIP LOCKED) AS mine", "SELECT 1) AS mine"),
            ("SELECT pg_try_advisory_xact_lock(7)", "SELECT (7 IS NOT NULL)"),
        ):
            with self.subTest(text=text):
                self.assertEqual(bare(text), want)
