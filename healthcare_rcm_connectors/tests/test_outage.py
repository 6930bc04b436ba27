from types import SimpleNamespace
from unittest.mock import patch

from psycopg2 import DatabaseError, InterfaceError, OperationalError

from odoo import http
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..controllers import outage


@tagged("post_install", "-at_install")
class TestOutage(HttpCase):
    """While the database is away a sender is told to come back."""

    def serve(self, path, cause):
        """Answer ``path`` while Odoo cannot use the database because of ``cause``."""

        def fail(_request):
            raise http.RegistryError("unusable") from cause

        request = SimpleNamespace(httprequest=SimpleNamespace(path=path))
        with patch.object(outage, "_serve_db", fail):
            return outage.serve_db(request)

    def test_a_door_says_that_it_is_not_ready(self):
        away = OperationalError("the database system is starting up")
        stand_in = SimpleNamespace()
        with patch("odoo.addons.healthcare_rcm_connectors.controllers.dispatcher"
                   ".request", stand_in):  # fmt: skip
            answer = self.serve("/rcm/v1/events", away)
        self.assertEqual(answer.status_code, 503)
        self.assertEqual(answer.headers["Retry-After"], "5")
        self.assertEqual(answer.content_type, "application/problem+json")

    def test_everything_else_is_left_to_odoo(self):
        away = OperationalError("the database system is starting up")
        unknown = OperationalError('FATAL: database "nobody" does not exist')
        for path, cause in (
            ("/web/login", away),
            ("/rcm/v1/events", unknown),
            ("/rcm/v1/events", AttributeError("half loaded")),
        ):
            with self.subTest(path=path), self.assertRaises(http.RegistryError):
                self.serve(path, cause)

    def test_a_connection_lost_in_the_middle_is_no_error_of_the_sender(self):
        def lose(*_args, **_kwargs):
            raise OperationalError("server closed the connection unexpectedly")

        with (
            patch.object(self.registry["ir.cron"], "_rcm_wake_overdue", lose),
            mute_logger("odoo.http"),
        ):
            answer = self.url_open("/rcm/v1/health")
        self.assertEqual(answer.status_code, 503, answer.text)
        self.assertEqual(answer.headers["Retry-After"], "5")

    def test_a_key_is_not_wrong_because_the_database_is_away(self):
        """Odoo turns every failure of signing in into a refusal; a sender gives up."""
        for error in (
            DatabaseError("server closed the connection unexpectedly"),
            OperationalError("terminating connection due to administrator command"),
            InterfaceError("connection already closed"),
        ):
            ir_http = self.registry["ir.http"]
            with (
                self.subTest(error=type(error).__name__),
                patch.object(ir_http, "_rcm_open_door", side_effect=error),
                mute_logger("odoo.http"),
            ):
                answer = self.url_open("/rcm/v1/events", data=b"{}", method="POST")
                self.assertEqual(answer.status_code, 503, answer.text)
                self.assertEqual(answer.headers["Retry-After"], "5")
