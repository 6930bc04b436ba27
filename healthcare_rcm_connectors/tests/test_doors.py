import base64
import json
from time import monotonic
from unittest.mock import patch

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..controllers import dispatcher
from ..models import ir_http, rcm_event_intake
from .common import ConnectorMixin

EVENTS = "/rcm/v1/events"
RPC = "/rcm/v1/jsonrpc"


@tagged("post_install", "-at_install")
class TestDoors(ConnectorMixin, HttpCase):
    """Every door and every error, over HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.key = cls.make_key(cls.service_user)
        cls.other_user = cls.make_user("svc-two", "integration")
        cls.other = cls.make_connector(cls.other_user, "two")
        cls.other_key = cls.make_key(cls.other_user)

    def setUp(self):
        super().setUp()
        for memory in (dispatcher._rates, ir_http._failures):
            memory._by_key.clear()
        rcm_event_intake._queue_depth.clear()

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def send(self, path, body=None, key=None, method=None, headers=None):
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **(headers or {})}
        if key is not False:
            headers["Authorization"] = f"Bearer {key or self.key}"
        method = method or ("POST" if body is not None else "GET")
        return self.url_open(path, data=body, headers=headers, method=method)

    def rpc(self, method, params=None, key=None):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
        response = self.send(RPC, body, key)
        self.assertEqual(response.status_code, 200)
        return response.json()

    def assertProblem(self, response, status, code):
        self.assertEqual(response.status_code, status, response.text[:300])
        content_type = response.headers["Content-Type"]
        self.assertEqual(content_type.split(";")[0], "application/problem+json")
        body = response.json()
        self.assertEqual(body["type"], f"/rcm/v1/problems/{code}")
        self.assertEqual(body["status"], status)
        self.assertTrue(body["title"] and body["detail"])
        self.assertEqual(body["instance"], response.headers["X-Request-Id"])
        self.assertNotIn("Traceback", response.text)
        return body

    def count(self):
        return self.env["rcm.event"].search_count([])

    # ------------------------------------------------------------------
    # Taking events
    # ------------------------------------------------------------------
    def test_event_is_taken_and_told_about(self):
        event = self.completed()
        response = self.send(EVENTS, event)
        self.assertEqual(response.status_code, 202)
        body = response.json()
        self.assertEqual(body["id"], event["id"])
        self.assertEqual((body["status"], body["duplicate"]), ("received", False))
        self.assertEqual(response.headers["Location"], f"{EVENTS}/{event['id']}")
        status = self.send(f"{EVENTS}/{event['id']}").json()
        self.assertEqual(status["correlation_id"], body["correlation_id"])
        self.assertEqual(status["status"], "received")
        self.assertEqual(status["occurred_at"], "2026-11-02T10:30:00Z")
        self.assertEqual(status["error"], None)

    def test_raw_body_is_kept_and_shown_without_the_patient(self):
        event = self.completed()
        raw = json.dumps(event, indent=3).encode()
        self.send(EVENTS, raw)
        stored = self.env["rcm.event"].search([("external_id", "=", event["id"])])
        self.assertEqual(stored.payload, raw.decode())
        self.assertIn('"code": "99213"', stored.payload_shown)
        for secret in ("Quillfeather", "MEMBER-77", "1980-01-01", "M-E-1", "E119"):
            self.assertNotIn(secret, stored.payload_shown)

    def test_same_event_again_gets_the_first_answer(self):
        event = self.submitted()
        first = self.send(EVENTS, event)
        again = self.send(EVENTS, json.dumps(event, indent=2).encode())
        by_rpc = self.rpc("submit_event", {"event": event})["result"]
        self.assertEqual((first.status_code, again.status_code), (202, 200))
        self.assertEqual(again.json(), {**first.json(), "duplicate": True})
        self.assertEqual(by_rpc, again.json())
        found = self.env["rcm.event"].search([("external_id", "=", event["id"])])
        self.assertEqual(len(found), 1)

    def test_same_id_with_other_content_is_a_conflict(self):
        event = self.submitted()
        self.send(EVENTS, event)
        changed = self.submitted("RTEST0000002", id=event["id"])
        body = self.assertProblem(self.send(EVENTS, changed), 409, "conflict")
        self.assertEqual(body["id"], event["id"])
        stored = self.env["rcm.event"].search([("external_id", "=", event["id"])])
        self.assertIn("RTEST0000001", stored.payload)

    def test_same_id_of_another_connector_is_another_event(self):
        event = self.submitted()
        self.assertEqual(self.send(EVENTS, event).status_code, 202)
        self.assertEqual(self.send(EVENTS, event, self.other_key).status_code, 202)

    def test_event_of_another_connector_is_invisible(self):
        event = self.submitted()
        self.send(EVENTS, event)
        path = f"{EVENTS}/{event['id']}"
        self.assertProblem(self.send(path, key=self.other_key), 404, "not-found")
        error = self.rpc("get_event", {"id": event["id"]}, self.other_key)["error"]
        self.assertEqual(error["data"]["status"], 404)

    def test_intake_is_on_the_timeline(self):
        event = self.submitted()
        thread = self.send(EVENTS, event).json()["correlation_id"]
        rows = self.env["rcm.audit.log"].search([("correlation_id", "=", thread)])
        self.assertEqual(rows.mapped("event"), ["event.received"])
        self.assertEqual(rows.actor_login, "svc-one")
        self.assertEqual(rows.actor_kind, "integration")
        self.assertEqual(rows.source, "one")

    def test_taking_an_event_wakes_the_scheduled_action(self):
        cron = self.env.ref("healthcare_rcm_connectors.cron_process_events")
        Trigger = self.env["ir.cron.trigger"]
        before = Trigger.search_count([("cron_id", "=", cron.id)])
        self.send(EVENTS, self.submitted())
        after = Trigger.search_count([("cron_id", "=", cron.id)])
        self.assertEqual(after, before + 1)

    # ------------------------------------------------------------------
    # Refusing
    # ------------------------------------------------------------------
    def test_broken_json(self):
        before = self.count()
        for raw in (b"", b"{", b'{"id": "a", "id": "b"}', b"\xff"):
            with self.subTest(raw=raw):
                response = self.send(EVENTS, raw, method="POST")
                self.assertProblem(response, 400, "invalid-json")
        self.assertEqual(self.count(), before)

    def test_form_body_is_not_taken_for_an_event(self):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        response = self.send(EVENTS, b"id=1&type=x", headers=headers)
        self.assertProblem(response, 400, "invalid-json")
        # curl -d says so by default: the content counts, not the label.
        event = json.dumps(self.submitted()).encode()
        self.assertEqual(self.send(EVENTS, event, headers=headers).status_code, 202)

    def test_broken_envelope(self):
        event = self.submitted(version="1")
        body = self.assertProblem(self.send(EVENTS, event), 400, "invalid-envelope")
        self.assertEqual(body["errors"][0]["path"], "$.version")

    def test_unknown_type_names_the_known(self):
        for change in ({"type": "encounter.vanished"}, {"version": 99}):
            with self.subTest(change):
                response = self.send(EVENTS, self.submitted(**change))
                body = self.assertProblem(response, 404, "unknown-event-type")
                self.assertIn("encounter.completed v1", body["known_types"])

    def test_retired_type_is_unknown(self):
        kind = self.env["rcm.event.type"].search([("name", "=", "claim.submitted")])
        kind.state = "retired"
        response = self.send(EVENTS, self.submitted())
        self.assertProblem(response, 404, "unknown-event-type")

    def test_type_that_is_not_allowed(self):
        kind = self.env["rcm.event.type"].search([("name", "=", "claim.submitted")])
        self.connector.event_type_ids -= kind
        response = self.send(EVENTS, self.submitted())
        body = self.assertProblem(response, 403, "event-type-not-allowed")
        self.assertNotIn("claim.submitted v1", body["allowed_types"])

    def test_facility_that_is_not_allowed(self):
        elsewhere = self.env["rcm.facility"].create(
            {"name": "Elsewhere", "code": "ELSE", "npi": "1245319599"}
        )
        self.connector.facility_ids = elsewhere
        response = self.send(EVENTS, self.completed())
        self.assertProblem(response, 403, "facility-not-allowed")

    def test_schema_errors_name_paths_and_no_values(self):
        event = self.completed()
        event["data"]["patient"]["birth_date"] = "Quillfeather"
        del event["data"]["charges"][0]["code"]
        before = self.count()
        response = self.send(EVENTS, event)
        body = self.assertProblem(response, 422, "schema")
        found = {(item["path"], item["rule"]) for item in body["errors"]}
        self.assertEqual(
            found,
            {
                ("$.patient.birth_date", "format"),
                ("$.charges[0].code", "required"),
            },
        )
        self.assertNotIn("Quillfeather", response.text)
        self.assertEqual(self.count(), before)

    def test_wrong_key(self):
        keys = {
            "none": False,
            "unknown": "f" * 40,
            "empty": " ",
            "without scope": self.make_key(self.service_user, scope=None),
            "other scope": self.make_key(self.service_user, scope="rpc"),
            "expired": self.make_key(self.service_user, days=-1),
        }
        for name, key in keys.items():
            with self.subTest(name):
                for path, body in ((EVENTS, self.submitted()), (RPC, {})):
                    response = self.send(path, body, key)
                    self.assertProblem(response, 401, "unauthenticated")
                    self.assertIn("Bearer", response.headers["WWW-Authenticate"])

    def test_session_of_a_person_opens_nothing(self):
        self.authenticate("admin", "admin")
        response = self.send(EVENTS, self.submitted(), key=False)
        self.assertProblem(response, 401, "unauthenticated")

    def test_key_does_not_open_other_doors_of_odoo(self):
        response = self.send("/json/2/res.users/search_read", {"domain": []})
        self.assertEqual(response.status_code, 401)

    def test_used_key_stops_when_revoked(self):
        event = self.submitted()
        self.assertEqual(self.send(EVENTS, event).status_code, 202)
        self.env["res.users.apikeys"].search(
            [("user_id", "=", self.service_user.id)]
        ).unlink()
        self.assertProblem(self.send(EVENTS, event), 401, "unauthenticated")

    def test_used_key_stops_with_its_user(self):
        self.assertEqual(self.send(EVENTS, self.submitted()).status_code, 202)
        self.service_user.active = False
        response = self.send(EVENTS, self.submitted())
        self.assertProblem(response, 401, "unauthenticated")

    def test_user_without_role_or_connector(self):
        stranger = self.make_user("svc-three", "integration")
        key = self.make_key(stranger)
        self.assertProblem(self.send(EVENTS, {}, key), 403, "forbidden")
        biller = self.make_user("some-biller", "biller")
        key = self.make_key(biller)
        self.assertProblem(self.send(EVENTS, {}, key), 403, "forbidden")

    def test_switched_off_connector_is_refused(self):
        self.connector.state = "disabled"
        response = self.send(EVENTS, self.submitted())
        self.assertProblem(response, 403, "connector-disabled")

    def test_paused_connector_is_heard(self):
        self.connector.state = "paused"
        self.assertEqual(self.send(EVENTS, self.submitted()).status_code, 202)

    def test_too_large(self):
        before = self.count()
        content = base64.b64encode(b"x" * (10 * 1024 * 1024)).decode()
        data = {"filename": "a.835", "content_base64": content}
        big = self.envelope("remittance.received", data)
        for path in (EVENTS, RPC):
            with self.subTest(path):
                body = self.assertProblem(self.send(path, big), 413, "too-large")
                self.assertEqual(body["limit_bytes"], 8 * 1024 * 1024)
        self.assertEqual(self.count(), before)

    def test_large_within_the_limit(self):
        content = base64.b64encode(b"x" * (5 * 1024 * 1024)).decode()
        data = {"filename": "a.835", "content_base64": content}
        event = self.envelope("remittance.received", data)
        self.assertEqual(self.send(EVENTS, event).status_code, 202)

    def test_length_is_required(self):
        def chunks():
            yield json.dumps(self.submitted()).encode()

        response = self.opener.post(
            self.base_url() + EVENTS,
            data=chunks(),
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=10,
        )
        self.assertProblem(response, 411, "length-required")

    def _stop_the_clock(self, module):
        """A slow machine must not refill a bucket while the test empties it."""
        self.startPatcher(patch.object(module, "monotonic", return_value=monotonic()))

    def test_too_many_requests(self):
        self._stop_the_clock(dispatcher)
        self.connector.rate_limit_per_minute = 2
        for _round in range(2):
            self.assertEqual(self.send(EVENTS, self.submitted()).status_code, 202)
        response = self.send(EVENTS, self.submitted())
        self.assertProblem(response, 429, "too-many-requests")
        self.assertGreater(int(response.headers["Retry-After"]), 0)

    def test_many_wrong_keys_lock_the_address_but_not_a_known_key(self):
        self._stop_the_clock(ir_http)
        self.assertEqual(self.send(EVENTS, self.submitted()).status_code, 202)
        for _round in range(ir_http.FAILURES_PER_MINUTE):
            self.send(EVENTS, {}, key="f" * 40)
        response = self.send(EVENTS, {}, key="f" * 40)
        self.assertProblem(response, 429, "too-many-requests")
        self.assertEqual(self.send(EVENTS, self.submitted()).status_code, 202)

    def test_full_queue_pushes_back(self):
        self.connector.queue_limit = 1
        self.assertEqual(self.send(EVENTS, self.submitted()).status_code, 202)
        rcm_event_intake._queue_depth.clear()
        response = self.send(EVENTS, self.submitted())
        self.assertProblem(response, 503, "overloaded")
        self.assertIn("Retry-After", response.headers)

    def test_addresses_that_do_not_exist(self):
        self.assertProblem(self.send("/rcm/v1/nothing"), 404, "not-found")
        self.assertProblem(self.send("/rcm/v1"), 404, "not-found")
        self.assertProblem(self.send(f"{EVENTS}/nothing"), 404, "not-found")

    def test_methods_that_do_not_exist(self):
        response = self.send(EVENTS)
        self.assertProblem(response, 405, "method-not-allowed")
        self.assertEqual(response.headers["Allow"], "POST")
        response = self.send(f"{EVENTS}/x", method="DELETE")
        self.assertProblem(response, 405, "method-not-allowed")

    def test_unforeseen_error_tells_and_logs_no_text(self):
        secret = "Quillfeather 1980"

        def explode(*args, **kwargs):
            raise ValueError(secret)

        self.patch(type(self.env["rcm.event"]), "_rcm_prepare_row", explode)
        name = "odoo.addons.healthcare_rcm_connectors.controllers"
        with self.assertLogs(name, "ERROR") as logs:
            response = self.send(EVENTS, self.submitted())
        body = self.assertProblem(response, 500, "internal")
        self.assertNotIn("Quillfeather", response.text + str(logs.output))
        self.assertIn(body["instance"], str(logs.output))
        self.assertIn("ValueError", str(logs.output))
        with self.assertLogs(name, "ERROR") as logs:
            error = self.rpc("submit_event", {"event": self.submitted()})["error"]
        self.assertEqual(error["code"], -32603)
        self.assertNotIn("Quillfeather", str(error) + str(logs.output))

    # ------------------------------------------------------------------
    # JSON-RPC
    # ------------------------------------------------------------------
    def test_rpc_takes_an_event(self):
        event = self.submitted()
        result = self.rpc("submit_event", {"event": event})["result"]
        self.assertEqual((result["status"], result["duplicate"]), ("received", False))
        status = self.rpc("get_event", {"id": event["id"]})["result"]
        self.assertEqual(status["type"], "claim.submitted")

    def test_rpc_batch_of_events_has_a_result_each(self):
        good, bad = self.submitted(), self.submitted(type="no.such")
        again = dict(good)
        other = {**good, "version": 1, "occurred_at": "2026-11-02T10:30:01Z"}
        result = self.rpc("submit_batch", {"events": [good, bad, again, other, 5]})
        first, unknown, second, conflict, no_object = result["result"]
        self.assertFalse(first["duplicate"])
        self.assertEqual(unknown["error"]["status"], 404)
        self.assertTrue(second["duplicate"])
        self.assertEqual(conflict["error"]["status"], 409)
        self.assertEqual(no_object["error"]["status"], 400)

    def test_rpc_errors(self):
        self.assertEqual(self.rpc("nothing")["error"]["code"], -32601)
        self.assertEqual(self.rpc("get_event")["error"]["code"], -32602)
        self.assertEqual(self.send(RPC, b"{").json()["error"]["code"], -32700)
        self.assertEqual(self.send(RPC, []).json()["error"]["code"], -32600)
        error = self.rpc("submit_event", {"event": self.submitted(type="no.such")})
        self.assertEqual(error["error"]["code"], -32007)
        self.assertIn("known_types", error["error"]["data"])

    def test_rpc_notification_stores_and_says_nothing(self):
        event = self.submitted()
        body = {"jsonrpc": "2.0", "method": "submit_event", "params": {"event": event}}
        response = self.send(RPC, body)
        self.assertEqual((response.status_code, response.content), (204, b""))
        self.assertEqual(self.send(f"{EVENTS}/{event['id']}").status_code, 200)

    def test_rpc_batch_of_calls(self):
        event = self.submitted()
        calls = [
            {"jsonrpc": "2.0", "id": 1, "method": "submit_event", "params": [event]},
            {"jsonrpc": "2.0", "id": 2, "method": "get_event", "params": ["nothing"]},
            {"jsonrpc": "2.0", "method": "get_event", "params": ["nothing"]},
            {"jsonrpc": "2.0", "id": 3, "method": "get_event", "params": [event["id"]]},
        ]
        answers = self.send(RPC, calls).json()
        self.assertEqual([item["id"] for item in answers], [1, 2, 3])
        self.assertEqual(answers[1]["error"]["data"]["status"], 404)
        self.assertEqual(answers[2]["result"]["id"], event["id"])

    def test_rpc_lists_what_may_be_sent(self):
        types = self.rpc("list_event_types")["result"]
        by_name = {(item["type"], item["version"]): item for item in types}
        self.assertIn(("encounter.completed", 1), by_name)
        self.assertEqual(by_name["claim.submitted", 1]["schema"]["type"], "object")

    def test_description_covers_what_the_connector_may_send(self):
        response = self.send("/rcm/v1/openapi.json")
        self.assertEqual(response.status_code, 200)
        schemas = response.json()["components"]["schemas"]
        self.assertIn("encounter.completed.v1", schemas)
        kind = self.env["rcm.event.type"].search([("name", "=", "claim.submitted")])
        self.connector.event_type_ids -= kind
        schemas = self.send("/rcm/v1/openapi.json").json()["components"]["schemas"]
        self.assertNotIn("claim.submitted.v1", schemas)
        response = self.send("/rcm/v1/openapi.json", key=False)
        self.assertProblem(response, 401, "unauthenticated")

    # ------------------------------------------------------------------
    # Health and problems
    # ------------------------------------------------------------------
    def test_health_needs_no_key(self):
        response = self.send("/rcm/v1/health", key=False)
        self.assertEqual(response.status_code, 200)
        # nobody runs scheduled actions in a test: what is behind it may be late
        self.assertIn(response.json()["status"], ("ok", "degraded"))
        self.assertNotIn("Set-Cookie", response.headers)

    def test_an_address_with_a_line_break_is_answered_as_any_other(self):
        for path in ("events/a%0Ab", "documents/claim/%0A", "nothing%0A", "events/%0A"):
            with self.subTest(path):
                response = self.send(f"/rcm/v1/{path}")
                self.assertProblem(response, 404, "not-found")

    def test_problem_types_can_be_read(self):
        response = self.send("/rcm/v1/problems/conflict", key=False)
        self.assertEqual(response.json()["status"], 409)
        response = self.send("/rcm/v1/problems/nothing", key=False)
        self.assertProblem(response, 404, "not-found")

    @mute_logger("odoo.http")
    def test_key_use_is_noted(self):
        apikey = self.env["res.users.apikeys"].search(
            [("user_id", "=", self.service_user.id)], limit=1
        )
        entry = self.connector.key_ids.filtered(lambda key: key.apikey_id == apikey.id)
        self.assertFalse(entry.last_used_at)
        self.env.flush_all()
        self.env["rcm.connector.key"]._rcm_touch(apikey.id)
        entry.invalidate_recordset()
        self.assertTrue(entry.last_used_at)
