from datetime import datetime

from odoo.tests import BaseCase, tagged

from ..protocol import envelope
from ..protocol.problem import ProblemError


def good(**changes):
    value = {
        "id": "e-1",
        "type": "encounter.completed",
        "version": 1,
        "occurred_at": "2026-11-02T10:30:00Z",
        "data": {},
    }
    value.update(changes)
    return value


@tagged("post_install", "-at_install")
class TestEnvelope(BaseCase):
    def test_good_envelope_is_read(self):
        read = envelope.read(good())
        self.assertEqual(read.id, "e-1")
        self.assertEqual(read.type_key, "encounter.completed v1")
        self.assertEqual(read.occurred_at, datetime(2026, 11, 2, 10, 30))

    def test_each_fault_is_named_by_path(self):
        faults = {
            "id": ("", "a b", "é", "x" * 129, 5, None, "line\n"),
            "type": ("", "Encounter.completed", "encounter", "a..b", None, 7),
            "version": (0, -1, "1", True, 1.0, 40000, None),
            "occurred_at": ("", "2026-11-02", "2026-11-02T10:30:00", 5, None),
            "data": ([], "x", None),
        }
        for name, values in faults.items():
            for value in values:
                with self.subTest(name=name, value=value):
                    with self.assertRaises(ProblemError) as caught:
                        envelope.read(good(**{name: value}))
                    problem = caught.exception.problem
                    self.assertEqual(problem.status, 400)
                    paths = [item["path"] for item in problem.extra["errors"]]
                    self.assertEqual(paths, [f"$.{name}"])

    def test_all_faults_come_at_once(self):
        with self.assertRaises(ProblemError) as caught:
            envelope.read({"extra": 1})
        self.assertEqual(len(caught.exception.problem.extra["errors"]), 6)

    def test_not_an_object(self):
        for value in ([], "x", 1, None):
            with self.subTest(value=value), self.assertRaises(ProblemError):
                envelope.read(value)

    def test_times_become_utc(self):
        cases = {
            "2026-11-02T10:30:00Z": datetime(2026, 11, 2, 10, 30),
            "2026-11-02t10:30:00z": datetime(2026, 11, 2, 10, 30),
            "2026-11-02T10:30:00+02:00": datetime(2026, 11, 2, 8, 30),
            "2026-11-02T10:30:00.5-01:30": datetime(2026, 11, 2, 12, 0, 0, 500000),
            "2026-11-02T10:30:00.123456789Z": datetime(2026, 11, 2, 10, 30, 0, 123456),
        }
        for text, moment in cases.items():
            with self.subTest(text):
                self.assertEqual(envelope.parse_time(text), moment)

    def test_what_is_no_time_is_refused(self):
        for text in (
            "2026-13-02T10:30:00Z",
            "2026-11-02 10:30:00Z",
            "2026-11-02T25:30:00Z",
            "0001-01-01T00:00:00+14:00",
            "2026-11-02T10:30:00Zx",
        ):
            with self.subTest(text), self.assertRaises(ValueError):
                envelope.parse_time(text)
