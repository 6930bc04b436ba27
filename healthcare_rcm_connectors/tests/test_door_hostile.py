"""What no honest client sends: each is answered by a problem document, never by a
failure of ours, and nothing of a body comes back or reaches the log."""

import gzip
import json
import logging
import socket
from http.client import HTTPResponse

from odoo.tests import tagged

from .door_common import BusyDoorCase

EVENTS, RPC, FILES = "/rcm/v1/events", "/rcm/v1/jsonrpc", "/rcm/v1/files"
CANARY = "Quillfeather"
SECONDS = 30


class HostileCase(BusyDoorCase):
    def raw(self, method, path, headers=(), body=b"", key=True, shut=False):
        """Send these very bytes; return (status, {header: value}, body)."""
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
        if key:
            lines.append(f"Authorization: Bearer {self.key}")
        lines += [f"{name}: {value}" for name, value in headers]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.cr.flush()
        self.cr.clear()
        with self.allow_requests(all_requests=True):
            address = ("127.0.0.1", self.http_port())
            with socket.create_connection(address, SECONDS) as wire:
                wire.sendall(head + body)
                if shut:
                    wire.shutdown(socket.SHUT_WR)
                answer = HTTPResponse(wire, method=method)
                answer.begin()
                content = answer.read()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, content

    def post(self, path, body, headers=()):
        length = ("Content-Length", len(body))
        return self.raw("POST", path, [length, *headers], body)

    def assertProblem(self, answer, *statuses):
        status, headers, content = answer
        self.assertIn(status, statuses, content[:300])
        media = headers["content-type"].split(";")[0]
        self.assertEqual(media, "application/problem+json", content[:300])
        body = json.loads(content)
        self.assertEqual(body["status"], status)
        self.assertTrue(body["title"] and body["detail"] and body["help"])
        self.assertEqual(body["instance"], headers["x-request-id"])
        self.assertNotIn(CANARY.encode(), content)
        return body

    def count(self):
        return self.env["rcm.event"].search_count([])


@tagged("post_install", "-at_install")
class TestHostileBodies(HostileCase):
    def event(self, **changes):
        data = {"control_number": CANARY, "submitted_at": "2026-11-03T08:00:00Z"}
        return json.dumps(self.envelope("claim.submitted", data, **changes))

    def broken(self):
        """{what is wrong: body}: none of them is an event."""
        good = self.event()
        deep = 100_000
        return {
            "nothing": b"",
            "spaces": b"  \r\n\t",
            "null": b"null",
            "a number": b"0",
            "a text": f'"{CANARY}"'.encode(),
            "an array": b"[]",
            "an event in an array": f"[{good}]".encode(),
            "an empty object": b"{}",
            "UTF-16": good.encode("utf-16"),
            "UTF-32": good.encode("utf-32"),
            "Latin-1": good.replace(CANARY, CANARY + "é").encode("latin-1"),
            "a byte order mark": good.encode("utf-8-sig"),
            "compressed, unsaid": gzip.compress(good.encode()),
            "cut off": good[:-2].encode(),
            "two of them": (good + good).encode(),
            "single quotes": good.replace('"', "'").encode(),
            "a comment": ("/**/" + good).encode(),
            "a comma too many": good.replace("}}", ",}}").encode(),
            "the same key twice": good.replace("{", '{"id": "a", ', 1).encode(),
            "the same key twice, deep": good.replace(
                '"control_number"', '"control_number": "x", "control_number"'
            ).encode(),
            "NaN": good.replace(f'"{CANARY}"', "NaN").encode(),
            "Infinity": good.replace(f'"{CANARY}"', "-Infinity").encode(),
            "a number out of range": good.replace(f'"{CANARY}"', "1e999").encode(),
            "a very long number": good.replace(f'"{CANARY}"', "9" * 50_000).encode(),
            "a long number": good.replace(f'"{CANARY}"', "9" * 4_000).encode(),
            "half a pair": good.replace(CANARY, CANARY + r"\ud800").encode(),
            "NUL, escaped": good.replace(CANARY, CANARY + r"\u0000").encode(),
            "NUL, raw": good.replace(CANARY, CANARY + "\0").encode(),
            "a control character": good.replace(CANARY, CANARY + "\x1b").encode(),
            "deep arrays": b"[" * deep + b"]" * deep,
            "deep objects": b'{"a":' * deep + b"1" + b"}" * deep,
            "deep data": good.replace(
                f'"{CANARY}"', "[" * 70 + "]" * 70
            ).encode(),
            "a patient as key": good.replace("control_number", CANARY).encode(),
            "a patient as type": self.event(type=CANARY).encode(),
            "a patient as known type": self.event(type=CANARY.lower() + ".x").encode(),
            "a patient as version": self.event(version=CANARY).encode(),
            "a patient as time": self.event(occurred_at=CANARY).encode(),
            "a patient as id": self.event(id=CANARY + " \x7f").encode(),
            "a patient beside": good.replace("{", f'{{"{CANARY}": 1, ', 1).encode(),
            "many keys": json.dumps({f"{CANARY}{i}": i for i in range(deep)}).encode(),
            "a long text": json.dumps(CANARY * 500_000).encode(),
        }  # fmt: skip

    def test_what_is_no_event_is_refused_and_not_repeated(self):
        before = self.count()
        logs = []
        watch = logging.Handler()
        watch.emit = lambda record: logs.append(record.getMessage())
        logging.getLogger().addHandler(watch)
        self.addCleanup(logging.getLogger().removeHandler, watch)
        for name, body in self.broken().items():
            with self.subTest(name):
                self.assertProblem(self.post(EVENTS, body), 400, 404, 422)
        self.assertEqual(self.count(), before)
        self.assertNotIn(CANARY, "".join(logs))

    def test_no_call_is_answered_as_json_rpc_says(self):
        for name, body in self.broken().items():
            with self.subTest(name):
                status, _headers, content = self.post(RPC, body)
                self.assertEqual(status, 200, content[:300])
                if name != "a patient as id":  # that an answer must repeat
                    self.assertNotIn(CANARY.encode(), content)
                answer = json.loads(content)
                answers = answer if isinstance(answer, list) else [answer]
                codes = {item["error"]["code"] for item in answers}
                self.assertLessEqual(codes, {-32700, -32600})

    def test_an_event_that_is_refused_names_place_rule_and_remedy(self):
        body = json.loads(self.event())
        body["data"]["control_number"] = 7
        problem = self.assertProblem(self.post(EVENTS, json.dumps(body).encode()), 422)
        [error] = problem["errors"]
        self.assertEqual(error["pointer"], "#/data/control_number")
        self.assertEqual((error["rule"], error["expected"]), ("type", "string"))
        envelope = self.event(version="1").encode()
        problem = self.assertProblem(self.post(EVENTS, envelope), 400)
        self.assertEqual(problem["errors"][0]["pointer"], "#/version")

    def test_a_compressed_body_is_never_unpacked(self):
        bomb = gzip.compress(b"[" * 50_000_000)
        for path in (EVENTS, RPC, f"{FILES}?filename=a.835"):
            for coding in ("gzip", "deflate", "br", "x, gzip"):
                with self.subTest(path, coding=coding):
                    answer = self.post(path, bomb, [("Content-Encoding", coding)])
                    self.assertProblem(answer, 415)
                    self.assertEqual(answer[1]["accept-encoding"], "identity")
        event = self.event().encode()
        answer = self.post(EVENTS, event, [("Content-Encoding", "identity")])
        self.assertEqual(answer[0], 202)


@tagged("post_install", "-at_install")
class TestHostileHeaders(HostileCase):
    def setUp(self):
        super().setUp()
        self.body = json.dumps(self.submitted()).encode()

    def length(self, value):
        return ("Content-Length", value)

    def test_the_label_of_the_content_does_not_matter(self):
        kinds = (
            [],
            [("Content-Type", "")],
            [("Content-Type", "application/json"), ("Content-Type", "text/html")],
            [("Content-Type", "multipart/form-data; boundary=x")],
            [("Content-Type", "multipart/form-data")],
            [("Content-Type", "application/json; charset=utf-16")],
            [("Content-Type", ";;;=\x80")],
        )
        for headers in kinds:
            with self.subTest(headers):
                status, _headers, content = self.post(EVENTS, self.body, headers)
                self.assertIn(status, (200, 202), content)

    def test_a_wish_that_cannot_be_read_is_left_aside(self):
        for value in ("a; *=1", "en;q=0.1,; *=2", ";=", "*;q=many", "\x80"):
            for path in (EVENTS, "/rcm/v1/health"):
                with self.subTest(value, path=path):
                    headers = [("Accept-Language", value)]
                    if path == EVENTS:
                        status = self.post(path, self.body, headers)[0]
                    else:
                        status = self.raw("GET", path, headers)[0]
                    self.assertIn(status, (200, 202))

    def test_a_body_without_its_length_is_refused(self):
        chunk = f"{len(self.body):x}\r\n".encode() + self.body + b"\r\n0\r\n\r\n"
        chunked = ("Transfer-Encoding", "chunked")
        for name, headers, body in (
            ("none", [], self.body),
            ("chunks", [chunked], chunk),
            ("chunks and a length", [chunked, self.length(len(chunk))], chunk),
            ("no number", [self.length("many")], self.body),
            ("negative", [self.length(-5)], self.body),
            ("hexadecimal", [self.length("0x10")], self.body),
        ):
            for path in (EVENTS, RPC, f"{FILES}?filename=a.835"):
                with self.subTest(name, path=path):
                    answer = self.raw("POST", path, headers, body, shut=True)
                    if path == RPC and answer[0] == 200:  # read as an empty body
                        error = json.loads(answer[2])["error"]
                        self.assertEqual(error["code"], -32700)
                    else:
                        self.assertProblem(answer, 400, 411)

    def test_a_length_that_is_not_true(self):
        before = self.count()
        for name, length in (("longer", len(self.body) + 9), ("shorter", 5)):
            with self.subTest(name):
                headers = [self.length(length)]
                answer = self.raw("POST", EVENTS, headers, self.body, shut=True)
                self.assertProblem(answer, 400)
        self.assertEqual(self.count(), before)

    def test_a_length_beyond_the_limit_is_refused_before_the_body_is_sent(self):
        for path in (EVENTS, RPC, f"{FILES}?filename=a.835"):
            for length in (2**30, 10**18, 10**40):
                with self.subTest(path, length=length):
                    headers = [self.length(length)]
                    self.assertProblem(self.raw("POST", path, headers), 413)

    def test_two_keys_are_none(self):
        headers = [("Authorization", "Bearer " + "f" * 40), self.length(0)]
        status, _headers, _content = self.raw("POST", EVENTS, headers)
        self.assertIn(status, (400, 401))

    def test_keys_that_are_none(self):
        for value in ("", "Bearer", "Bearer ", "Basic Zjpm", "Bearer \xff", "x" * 9000):
            with self.subTest(value[:20]):
                headers = [("Authorization", value), self.length(0)]
                answer = self.raw("POST", EVENTS, headers, key=False)
                self.assertProblem(answer, 401)
                self.assertIn("www-authenticate", answer[1])


@tagged("post_install", "-at_install")
class TestHostileAddresses(HostileCase):
    ADDRESSES = {
        EVENTS: "POST",
        RPC: "POST",
        FILES: "POST",
        f"{EVENTS}/x": "GET",
        "/rcm/v1/documents/claim/x": "GET",
        "/rcm/v1/documents/encounter/x": "GET",
        "/rcm/v1/documents/remittance/x": "GET",
        "/rcm/v1/openapi.json": "GET",
        "/rcm/v1/docs": "GET",
        "/rcm/v1/metrics": "GET",
        "/rcm/v1/health": "GET",
        "/rcm/v1/health/live": "GET",
        "/rcm/v1/health/ready": "GET",
        "/rcm/v1/problems/conflict": "GET",
        "/rcm/docs": "GET",
        "/rcm/runbooks/connector-down": "GET",
    }

    def test_a_method_an_address_does_not_take(self):
        for path, method in self.ADDRESSES.items():
            others = {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO"}
            for other in sorted(others - {method}):
                with self.subTest(path, method=other):
                    answer = self.raw(other, path, [("Content-Length", 0)])
                    self.assertProblem(answer, 405)
                    self.assertIn(method, answer[1]["allow"].split(", "))
                    self.assertNotIn(other, answer[1]["allow"].split(", "))

    def test_options_say_what_an_address_takes(self):
        before = self.count()
        for path, method in self.ADDRESSES.items():
            if path.startswith("/rcm/v1/") and not path.endswith("metrics"):
                with self.subTest(path):
                    status, headers, content = self.raw("OPTIONS", path)
                    self.assertEqual((status, content), (204, b""))
                    self.assertIn(method, headers["allow"].split(", "))
        self.assertProblem(self.raw("OPTIONS", EVENTS, key=False), 401)
        self.assertProblem(self.raw("OPTIONS", "/rcm/v1/nothing"), 404)
        self.assertEqual(self.count(), before)

    def test_head_is_get_without_a_body(self):
        for path in ("/rcm/v1/openapi.json", "/rcm/v1/health/live"):
            with self.subTest(path):
                status, headers, content = self.raw("HEAD", path)
                self.assertEqual((status, content), (200, b""))
                self.assertEqual(
                    headers["content-type"].split(";")[0], "application/json"
                )
        for path, expected in ((EVENTS, 405), ("/rcm/v1/nothing", 404)):
            with self.subTest(path):
                status, headers, content = self.raw("HEAD", path)
                self.assertEqual((status, content), (expected, b""))

    def test_where_nothing_is(self):
        for path in (
            "/rcm",
            "/rcm/",
            "/rcm/v1",
            "/rcm/v1/",
            "/rcm/v2/events",
            "/rcm//v1/events",
            "/rcm/v1//events",
            "/rcm/nothing",
            "/rcm/v1/nothing",
            "/rcm/v1/problems/nothing",
            "/rcm/v1/problems/a/b",
            f"{EVENTS}/a/b",
            f"{EVENTS}/%2e%2e/x",
            f"{EVENTS}/..%2f..%2fetc%2fpasswd",
            f"{EVENTS}/%ff%fe",
            f"{EVENTS}/%ed%a0%80",
            f"{EVENTS}/%0d%0aX-Injected:%20yes",
            f"{EVENTS}/%F0%9F%92%A9",
            f"{EVENTS}/" + "x" * 5000,
            f"/rcm/v1/documents/claim/{'x' * 5000}",
            "/rcm/v1/documents/invoice/1",
            "/rcm/v1/documents/encounter/",
            "/rcm/runbooks/",
        ):
            for method in ("GET", "POST"):
                with self.subTest(path[:60], method=method):
                    answer = self.raw(method, path, [("Content-Length", 0)])
                    self.assertProblem(
                        answer, 404, *([405] if method == "POST" else [])
                    )
                    self.assertNotIn("x-injected", answer[1])

    def test_a_nul_in_the_address(self):
        for path in (
            f"{EVENTS}/a%00b",
            "/rcm/v1/documents/claim/%00",
            "/rcm/v1/documents/encounter/%00",
            "/rcm/v1/documents/encounter/x?facility=%00",
            "/rcm/v1/documents/remittance/%00",
        ):
            with self.subTest(path):
                self.assertProblem(self.raw("GET", path), 400)

    def test_parameters_nobody_would_look_at_are_refused(self):
        for path in (
            "/rcm/v1/documents/encounter/x?facilty=A",
            "/rcm/v1/documents/encounter/x?facility=A&facility=B",
            "/rcm/v1/documents/encounter/x?number=y",
            f"{EVENTS}/x?event_id=y",
            f"/rcm/v1/openapi.json?{CANARY}=1",
            "/rcm/v1/docs?connector=2",
        ):
            with self.subTest(path):
                self.assertProblem(self.raw("GET", path), 400)
        for path in (f"{EVENTS}?a=1", f"{RPC}?a=1", f"{FILES}?fromat=charges_csv"):
            with self.subTest(path):
                self.assertProblem(self.post(path, b"{}"), 400)
        status, _headers, _body = self.raw("GET", "/rcm/v1/health/live?probe=1")
        self.assertEqual(status, 200, "probes add parameters of their own")
