import json

from odoo.tests import tagged

from .door_common import EVENTS, RPC, DoorCase


@tagged("post_install", "-at_install")
class TestDoorsRefusing(DoorCase):
    """Every refusal of what is sent and of who sends it, with its problem."""

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
        body = self.assertProblem(response, 403, "facility-not-allowed")
        self.assertEqual(body["errors"][0]["path"], "$.encounter.facility")

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

    def test_addresses_that_do_not_exist(self):
        self.assertProblem(self.send("/rcm/v1/nothing"), 404, "not-found")
        self.assertProblem(self.send("/rcm/v1"), 404, "not-found")
        self.assertProblem(self.send(f"{EVENTS}/nothing"), 404, "not-found")

    def test_methods_that_do_not_exist(self):
        response = self.send(EVENTS)
        self.assertProblem(response, 405, "method-not-allowed")
        self.assertEqual(response.headers["Allow"], "POST, OPTIONS")
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
