"""The verification of a long log takes no more memory than that of a short one."""

import tracemalloc
from pathlib import Path

from odoo.tests import TransactionCase, tagged

FEW, MANY = 20_000, 200_000
CHUNK = 10_000
MEGABYTE = 2**20


def append(env, count):
    """``count`` rows with a detail each, as a claim's life makes them."""
    log = env["rcm.audit.log"]
    for start in range(0, count, CHUNK):
        log._rcm_append(
            [
                {
                    "event": "rcm.claim.state_changed",
                    "model": "rcm.claim",
                    "res_id": number + 1,
                    "record_name": f"R{number:07d}",
                    "correlation_id": f"{number // 20:032x}",
                    "changes": {"state": ["draft", "validated"]},
                }
                for number in range(start, min(start + CHUNK, count))
            ]
        )


def most_memory():
    """Most memory this process ever held since it was last asked to forget."""
    [line] = [
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM")
    ]
    return int(line.split()[1]) * 1024


@tagged("post_install", "-at_install")
class TestVerificationMemory(TransactionCase):
    def seal_all(self):
        sealed = 0
        while block := self.env["rcm.audit.seal"]._rcm_seal_block(CHUNK):
            sealed += bool(block)
        return sealed

    def peaks(self):
        """(objects of Python, the process with its database client), in bytes."""
        self.env.invalidate_all()
        Path("/proc/self/clear_refs").write_text("5")  # forget the high water mark
        before = most_memory()
        tracemalloc.start()
        try:
            outcome = self.env["rcm.audit.verification"]._rcm_verify()
            objects = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        self.assertTrue(outcome["ok"], outcome["findings"])
        return outcome["rows"], objects, most_memory() - before

    def test_ten_times_the_rows_in_the_same_memory(self):
        append(self.env, FEW)
        self.seal_all()
        few, *small = self.peaks()
        append(self.env, MANY - FEW)
        self.assertGreater(self.seal_all(), 10)
        many, *large = self.peaks()
        self.assertGreaterEqual(many - few, MANY - FEW)
        for what, short, long in zip(("objects", "process"), small, large, strict=True):
            with self.subTest(what=what, short=short, long=long):
                self.assertLess(long, short + 8 * MEGABYTE)
                self.assertLess(long, 64 * MEGABYTE)
