import json

from odoo.tests import BaseCase, tagged

from ..protocol import jsonrpc
from ..protocol.problem import ProblemError


def add(first, second=0):
    return first + second


def fail():
    raise ProblemError("conflict", id="e-1")


METHODS = {"add": add, "fail": fail}


def call(value, methods=None):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return jsonrpc.respond(raw, methods or METHODS, "urn:test")


@tagged("post_install", "-at_install")
class TestJsonRpc(BaseCase):
    """The examples of the specification and what lies beside them."""

    def request(self, **members):
        return {"jsonrpc": "2.0", "id": 1, **members}

    def code(self, value):
        return call(value)["error"]["code"]

    def test_parameters_by_position_and_name(self):
        for params in (
            [19, 23],
            {"first": 19, "second": 23},
            {"second": 23, "first": 19},
        ):
            with self.subTest(params=params):
                answer = call(self.request(method="add", params=params))
                self.assertEqual(answer, {"jsonrpc": "2.0", "id": 1, "result": 42})

    def test_id_comes_back_as_it_was(self):
        for call_id in ("abc", 7, None, 1.5):
            with self.subTest(call_id=call_id):
                answer = call({**self.request(method="add", params=[1]), "id": call_id})
                self.assertEqual(answer["id"], call_id)

    def test_notification_is_never_answered(self):
        for method, params in (
            ("add", [1]),
            ("fail", []),
            ("nothing", []),
            ("add", {}),
        ):
            with self.subTest(method):
                message = {"jsonrpc": "2.0", "method": method, "params": params}
                self.assertIsNone(call(message))

    def test_parse_error(self):
        answer = call(b'{"jsonrpc": "2.0", "method": "add", "params": [1')
        self.assertEqual(answer["error"]["code"], -32700)
        self.assertIsNone(answer["id"])
        self.assertEqual(call(b'[{"jsonrpc": "2.0"')["error"]["code"], -32700)

    def test_invalid_request(self):
        for value in (
            [],
            1,
            "x",
            {"method": "add", "id": 1},
            self.request(method=1),
            self.request(method="add", params="x"),
            self.request(method="add", id=True),
            self.request(method="add", id={}),
            self.request(method="add", extra=1),
            {"jsonrpc": "1.0", "method": "add", "id": 1},
            [self.request(method="add", params=[1])] * (jsonrpc.MAX_BATCH + 1),
        ):
            with self.subTest(value=str(value)[:60]):
                self.assertEqual(self.code(value), -32600)

    def test_unknown_method(self):
        answer = call(self.request(method="nothing"))
        self.assertEqual(answer["error"]["code"], -32601)
        self.assertEqual(answer["error"]["data"]["methods"], ["add", "fail"])

    def test_parameters_that_do_not_fit(self):
        for params in ([], [1, 2, 3], {"third": 1}, {"first": 1, "x": 2}):
            with self.subTest(params=params):
                self.assertEqual(
                    self.code(self.request(method="add", params=params)), -32602
                )

    def test_problem_becomes_application_error_with_the_same_document(self):
        error = call(self.request(method="fail"))["error"]
        self.assertEqual(error["code"], -32008)
        self.assertEqual(error["data"]["status"], 409)
        self.assertEqual(error["data"]["instance"], "urn:test")
        self.assertEqual(error["data"]["id"], "e-1")

    def test_batch_answers_each_call_but_no_notification(self):
        answers = call(
            [
                {**self.request(method="add", params=[1, 2]), "id": "1"},
                {"jsonrpc": "2.0", "method": "add", "params": [7]},
                {"foo": "boo"},
                {**self.request(method="fail"), "id": "5"},
            ]
        )
        self.assertEqual([item["id"] for item in answers], ["1", None, "5"])
        self.assertEqual(answers[0]["result"], 3)
        self.assertEqual(answers[1]["error"]["code"], -32600)

    def test_batch_of_notifications_has_no_answer(self):
        self.assertIsNone(
            call([{"jsonrpc": "2.0", "method": "add", "params": [1]}] * 2)
        )

    def test_unforeseen_error_is_not_swallowed(self):
        with self.assertRaises(ZeroDivisionError):
            call(self.request(method="crash"), {"crash": lambda: 1 / 0})
