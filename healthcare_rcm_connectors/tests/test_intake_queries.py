import threading
from contextlib import contextmanager
from unittest.mock import patch

from odoo import sql_db
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.models import ir_cron
from odoo.addons.healthcare_rcm_base.tools.wake_pace import WakePace

from .door_common import EVENTS, DoorCase, SignedCase

# What Odoo asks at the begin of every request, and what the tests' cursor adds.
NOT_OURS = (
    "SAVEPOINT",
    "RELEASE",
    "ROLLBACK",
    "SELECT ( SELECT max(id) FROM",
    "select datname from pg_database",
)


class CountedMixin:
    """Statements of the requests, in the order they were sent."""

    @contextmanager
    def statements(self):
        found, here = [], threading.current_thread()
        execute = sql_db.Cursor.execute

        def listed(cursor, query, params=None, log_exceptions=True):
            text = " ".join(str(getattr(query, "code", query)).split())
            if threading.current_thread() is not here:
                if not text.startswith(NOT_OURS):
                    found.append(text[:60])
            return execute(cursor, query, params, log_exceptions)

        # An event came a moment ago: the lane is awake.
        pace = WakePace(60)
        pace.woken(
            (self.env.cr.dbname, "healthcare_rcm_connectors.cron_process_events")
        )
        with (
            patch.object(ir_cron, "_pace", pace),
            patch.object(sql_db.Cursor, "execute", listed),
        ):
            yield found

    def assertStatements(self, found, *beginnings):
        self.assertEqual(len(found), len(beginnings), "\n".join(found))
        for text, beginning in zip(found, beginnings, strict=True):
            self.assertTrue(text.startswith(beginning), text)


STORED = "WITH stored AS ( INSERT INTO rcm_event ("
KEY = "SELECT k.id, k.user_id, k.key"


@tagged("post_install", "-at_install")
class TestSignedQueries(CountedMixin, SignedCase):
    def test_a_signed_event_is_one_statement(self):
        self.assertEqual(self.send(self.submitted()).status_code, 202)
        with self.statements() as found:
            self.assertEqual(self.send(self.submitted()).status_code, 202)
        self.assertStatements(found, STORED)

    def test_one_that_came_before_is_looked_up(self):
        event = self.submitted()
        self.assertEqual(self.send(event).status_code, 202)
        with self.statements() as found:
            self.assertEqual(self.send(event).status_code, 200)
        self.assertStatements(found, STORED, "SELECT external_id, payload_hash")

    def test_a_wrong_signature_of_a_known_sender_reads_nothing_of_it(self):
        event = self.submitted()
        self.send(event)
        with self.statements() as found:
            answer = self.send(event, secret="whsec_" + "QUJD" * 11)
        self.assertEqual(answer.status_code, 401)
        self.assertFalse([text for text in found if "rcm_auth_failure" not in text])


@tagged("post_install", "-at_install")
class TestKeyQueries(CountedMixin, DoorCase):
    def test_an_event_with_a_key_is_two_statements(self):
        self.assertEqual(self.send(EVENTS, self.submitted()).status_code, 202)
        with self.statements() as found:
            self.assertEqual(self.send(EVENTS, self.submitted()).status_code, 202)
        self.assertStatements(found, KEY, STORED)

    def test_an_event_that_names_its_facility_asks_no_more(self):
        self.assertEqual(self.send(EVENTS, self.completed("E-1")).status_code, 202)
        with self.statements() as found:
            self.assertEqual(self.send(EVENTS, self.completed("E-2")).status_code, 202)
        self.assertStatements(found, KEY, STORED)

    def test_a_batch_asks_no_more_than_one_event(self):
        self.send(EVENTS, self.submitted())
        self.send(EVENTS, self.completed())
        for size in (1, 100):
            batch = [
                self.submitted() if number % 2 else self.completed(f"B-{number}")
                for number in range(size)
            ]
            with self.subTest(size), self.statements() as found:
                answers = self.rpc("submit_batch", {"events": batch})["result"]
                self.assertEqual({one["status"] for one in answers}, {"received"})
                self.assertStatements(found, KEY, STORED)
