from types import SimpleNamespace
from unittest.mock import patch

from odoo import http
from odoo.tests import BaseCase, tagged
from odoo.tools import config

from ..controllers import dispatcher, no_database
from ..controllers.problems import ProblemDoor

MODULE = "healthcare_rcm_connectors"


@tagged("post_install", "-at_install")
class TestNoDatabase(BaseCase):
    """A server with several databases, and a request that names none."""

    def serve(self, path, databases=("one", "two")):
        """Answer ``path`` while no database is chosen."""
        environ = {"HTTP_HOST": "clinic.example"}
        request = SimpleNamespace(
            httprequest=SimpleNamespace(path=path, environ=environ)
        )
        with (
            patch.object(http, "db_list", lambda **_kwargs: list(databases)),
            patch.object(dispatcher, "request", SimpleNamespace()),
            patch.object(no_database, "_serve_nodb", lambda _request: "Odoo's own"),
        ):
            return no_database.serve_nodb(request)

    def test_the_table_of_addresses_without_a_database_can_be_built(self):
        """Odoo builds it for every page of such a server, the log-in page too."""
        with patch.dict(config.options, server_wide_modules=["base", "web", MODULE]):
            table = http.Application().nodb_routing_map
        doors = [
            rule.rule
            for rule in table.iter_rules()
            if rule.endpoint.func.__func__.__qualname__
            == ProblemDoor.nothing_here.__qualname__
        ]
        self.assertIn("/rcm/<rcm_rest:rest>", doors)

    def test_a_sender_hears_what_is_missing(self):
        for path in ("/rcm/v1/events", "/rcm/v1/health", "/rcm/v1/no/such/place"):
            with self.subTest(path=path):
                answer = self.serve(path)
                self.assertEqual(answer.status_code, 400)
                self.assertEqual(answer.content_type, "application/problem+json")
                self.assertIn("X-Odoo-Database", answer.get_data(as_text=True))

    def test_a_server_that_sees_no_database_is_not_ready(self):
        answer = self.serve("/rcm/v1/events", databases=())
        self.assertEqual(answer.status_code, 503)
        self.assertEqual(answer.headers["Retry-After"], "5")

    def test_a_supervisor_needs_no_database(self):
        answer = self.serve("/rcm/v1/health/live", databases=())
        self.assertEqual(answer.status_code, 200)

    def test_other_addresses_are_left_to_odoo(self):
        self.assertEqual(self.serve("/web/login"), "Odoo's own")
