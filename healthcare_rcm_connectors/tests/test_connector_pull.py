import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch
from urllib.parse import parse_qs, unquote, urlsplit

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from ..models.adapters.rcm_adapter_roles import SourceUnavailable
from ..models.rcm_connector_pull import CASE
from .common import ConnectorMixin


@contextmanager
def source(answer):
    """A source on this machine; ``answer(path, query, headers)`` → (status, bytes)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            status, body = answer(
                unquote(parts.path), parse_qs(parts.query), self.headers
            )
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/events"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@tagged("post_install", "-at_install")
class TestConnectorPull(ConnectorMixin, TransactionCase):
    """Asking a source: what is new, one document, and what happens when it is away."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.support = cls.make_user("support-pull", "integration_support")
        cls.administrator = cls.make_user("admin-pull", "administrator")

    def make_pull(self, address="http://127.0.0.1:9/events"):
        return self.env["rcm.connector.pull"].create(
            {
                "name": "Gateway",
                "connector_id": self.connector.id,
                "address": address,
                "private_allowed": True,
            }
        )

    def events(self):
        return self.env["rcm.event"].search(
            [("connector_id", "=", self.connector.id)], order="id"
        )

    def cases(self, pull):
        return self.env["rcm.exception.case"].search(
            [("res_model", "=", pull._name), ("res_id", "=", pull.id)]
        )

    def test_polling_takes_everything_once_and_remembers_where_it_was(self):
        pages = {
            None: {"events": [self.submitted("RTEST0000001")], "cursor": 1},
            "1": {"events": [self.submitted("RTEST0000002")], "cursor": 2},
            "2": {"events": [], "cursor": 2},
        }
        pages[None]["more"] = True
        asked = []

        def answer(path, query, headers):
            asked.append((query.get("cursor"), headers.get("Authorization")))
            page = pages[(query.get("cursor") or [None])[0]]
            return 200, json.dumps(page).encode()

        with source(answer) as address:
            pull = self.make_pull(address)
            self.env["rcm.secret"]._rcm_keep(pull, "s3cret")
            pull.with_user(self.support).action_poll()
            pull.action_poll()
        self.assertEqual(asked, [(c, "Bearer s3cret") for c in (None, ["1"], ["2"])])
        self.assertEqual(len(self.events()), 2)
        self.assertEqual((pull.cursor, pull.failures), ("2", 0))
        self.assertTrue(pull.last_success_at)

    def test_one_document_is_fetched_and_taken_in_like_a_file(self):
        content = b"ISA*00*~ raw bytes"

        def answer(path, query, headers):
            known = path == "/events/remit 7"
            return (200, content) if known else (404, b"")

        with source(answer) as address:
            pull = self.make_pull(address)
            dialog = (
                self.env["rcm.connector.pull.fetch"]
                .with_user(self.support)
                .create({"pull_id": pull.id, "reference": "remit 7"})
            )
            action = dialog.action_fetch()
            dialog.reference = "remit 8"
            with self.assertRaisesRegex(UserError, "error"):
                dialog.action_fetch()
        event = self.events()
        self.assertEqual(action["domain"], [("id", "in", event.ids)])
        self.assertEqual(event.type_id.name, "remittance.received")
        self.assertEqual(json.loads(event.payload)["data"]["filename"], "remit 7")

    def test_a_source_that_is_away_rests_longer_and_has_one_case(self):
        pull = self.make_pull()
        adapter = type(self.env["rcm.adapter.http_json"])
        with patch.object(
            adapter, "_rcm_poll", side_effect=SourceUnavailable("timeout")
        ):
            for _try in range(6):
                pull._rcm_poll()
        self.assertEqual((pull.failures, pull.last_error), (6, "timeout"))
        self.assertGreater(pull.next_at, fields.Datetime.now())
        self.assertEqual(self.cases(pull).type_code, CASE)
        with patch.object(adapter, "_rcm_poll", return_value=([], "9", False)):
            self.cases(pull).action_reprocess()
        self.assertEqual(pull.failures, 0)
        self.assertEqual(self.cases(pull).state, "resolved")

    def test_an_adapter_that_fails_stops_no_other_source(self):
        bad, good = self.make_pull(), self.make_pull()
        adapter = type(self.env["rcm.adapter.http_json"])

        def poll(this, pull, cursor):
            if pull == bad:
                raise KeyError("Quillfeather")
            return [self.submitted()], "7", False

        name = "odoo.addons.healthcare_rcm_connectors.models.rcm_connector_pull"
        with patch.object(adapter, "_rcm_poll", poll), self.assertLogs(name) as logs:
            self.env["rcm.connector.pull"]._cron_pull()
        self.assertNotIn("Quillfeather", str(logs.output))
        self.assertEqual((bad.failures, bad.last_error), (1, "adapter"))
        self.assertGreater(bad.next_at, fields.Datetime.now())
        self.assertEqual((good.failures, good.cursor), (0, "7"))
        self.assertEqual(len(self.events()), 1)

    def test_the_cursor_stays_before_what_was_refused(self):
        bad = self.submitted("RTEST0000001")
        bad["data"] = {}
        page = {"events": [self.submitted("RTEST0000002"), bad], "cursor": "5"}
        with source(lambda *asked: (200, json.dumps(page).encode())) as address:
            pull = self.make_pull(address)
            pull._rcm_poll()
        self.assertEqual((pull.cursor, pull.last_error), (False, "refused_events"))
        self.assertEqual(len(self.events()), 1)

    def test_what_is_not_understood_is_a_failure(self):
        for body, error in ((b"<html>", "content"), (b"[]", "content")):
            with source(lambda *asked, body=body: (200, body)) as address:
                pull = self.make_pull(address)
                pull._rcm_poll()
            self.assertEqual(pull.last_error, error)

    def test_only_due_pulls_of_working_connectors_are_asked(self):
        pull = self.make_pull()
        adapter = type(self.env["rcm.adapter.http_json"])
        with patch.object(adapter, "_rcm_poll", return_value=([], "", False)) as asked:
            self.env["rcm.connector.pull"]._cron_pull()
            self.env["rcm.connector.pull"]._cron_pull()
            self.assertEqual(asked.call_count, 1)
            pull._rcm_write({"next_at": fields.Datetime.now()})
            self.connector.state = "disabled"
            self.env["rcm.connector.pull"]._cron_pull()
            self.assertEqual(asked.call_count, 1)

    def test_private_addresses_need_leave(self):
        with self.assertRaises(ValidationError):
            self.make_pull().private_allowed = False
        pull = self.make_pull("https://source.example.com/x")
        pull.private_allowed = False
        with self.assertRaises(ValidationError):
            pull.address = "https://169.254.169.254/latest"

    def test_the_credential_is_never_read_back(self):
        pull = self.make_pull()
        dialog = (
            self.env["rcm.connector.pull.token"]
            .with_user(self.administrator)
            .create({"pull_id": pull.id, "token": "very-secret"})
        )
        dialog.action_keep()
        self.env.flush_all()
        self.assertEqual(pull._rcm_token(), "very-secret")
        dialog.invalidate_recordset()
        self.assertFalse(dialog.token)
        rows = self.env["rcm.audit.log"].search([("model", "=", "rcm.secret")])
        self.assertNotIn("very-secret", str(rows.mapped("changes_json")))
        with self.assertRaises(AccessError):
            dialog.with_user(self.support).action_keep()

    def test_who_may_ask(self):
        pull = self.make_pull()
        clerk = self.make_user("biller-pull", "biller")
        auditor = self.make_user("auditor-pull", "auditor")
        for user in (clerk, auditor):
            with self.assertRaises(AccessError):
                pull.with_user(user).action_poll()
        with self.assertRaises(AccessError):
            pull.with_user(self.support).write({"address": "https://x.example.com"})
        with self.assertRaises(AccessError):
            pull.with_user(self.administrator).write({"cursor": "0"})
