from odoo.tests import tagged

from .door_common import EVENTS, RPC, DoorCase


@tagged("post_install", "-at_install")
class TestDoorsJsonRpc(DoorCase):
    """JSON-RPC 2.0: every method, batches, notifications, errors."""

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
