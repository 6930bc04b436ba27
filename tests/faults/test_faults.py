import os
import subprocess
from pathlib import Path

from odoo.tests import BaseCase, tagged

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
