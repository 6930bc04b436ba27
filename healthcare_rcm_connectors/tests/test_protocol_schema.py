import json

from odoo.tests import BaseCase, tagged

from ..protocol import business_key, problem, schema, scrub

SCHEMA = json.dumps(
    {
        "type": "object",
        "required": ["number"],
        "additionalProperties": False,
        "properties": {
            "number": {"type": "string", "maxLength": 5},
            "day": {"type": "string", "format": "date"},
            "at": {"type": "string", "format": "date-time"},
            "kind": {"enum": ["a", "b"]},
            "amount": {"type": "string", "pattern": "^[0-9]+$"},
            "lines": {"type": "array", "items": {"type": "integer"}},
        },
    }
)


@tagged("post_install", "-at_install")
class TestSchema(BaseCase):
    def rules(self, **data):
        data = {"number": "1", **data}
        return {(item["path"], item["rule"]) for item in schema.errors(SCHEMA, data)}

    def test_fitting_data_has_no_errors(self):
        good = {"day": "2026-11-02", "at": "2026-11-02T10:00:00Z", "lines": [1]}
        self.assertEqual(self.rules(**good), set())

    def test_errors_name_path_and_rule(self):
        self.assertEqual(
            schema.errors(SCHEMA, {}), [{"path": "$.number", "rule": "required"}]
        )
        self.assertEqual(self.rules(day="2026-02-30"), {("$.day", "format")})
        self.assertEqual(self.rules(day="2026-W01-1"), {("$.day", "format")})
        self.assertEqual(self.rules(at="2026-11-02T10:00:00"), {("$.at", "format")})
        self.assertEqual(self.rules(kind="c"), {("$.kind", "enum")})
        self.assertEqual(self.rules(lines=[1, "x"]), {("$.lines[1]", "type")})
        self.assertEqual(self.rules(nonsense=1), {("$", "unknown fields")})

    def test_errors_never_hold_a_value(self):
        secret = "Ann Secret"
        data = {
            "number": secret,
            "day": secret,
            "at": secret,
            "kind": secret,
            "amount": secret,
            "lines": [secret],
            secret: 1,
        }
        text = json.dumps(schema.errors(SCHEMA, data))
        self.assertGreater(len(schema.errors(SCHEMA, data)), 5)
        self.assertNotIn("Secret", text)

    def test_error_list_is_bounded(self):
        found = schema.errors(SCHEMA, {"number": "1", "lines": ["x"] * 1000})
        self.assertEqual(len(found), schema.MAX_ERRORS)

    def test_unusable_schemas_are_refused(self):
        for text in (
            "",
            "[]",
            "{}",
            '{"type": "array"}',
            '{"type": "object", "properties": 1}',
            '{"type": "object", "$schema": "http://json-schema.org/draft-07/schema#"}',
            '{"type": "object", "properties": {"a": {"$ref": "https://example.com/s"}}}',
            '{"type": "object", "properties": {"a": {"$ref": "file:///etc/passwd"}}}',
        ):
            with self.subTest(text), self.assertRaises(schema.InvalidSchema):
                schema.check_schema(text)

    def test_inner_references_work(self):
        text = json.dumps(
            {
                "type": "object",
                "$defs": {"n": {"type": "integer"}},
                "properties": {"a": {"$ref": "#/$defs/n"}},
            }
        )
        schema.check_schema(text)
        self.assertEqual(len(schema.errors(text, {"a": "x"})), 1)


@tagged("post_install", "-at_install")
class TestBusinessKey(BaseCase):
    def test_key_is_filled_from_the_payload(self):
        template = "encounter:{encounter.facility}:{encounter.number}"
        data = {"encounter": {"facility": "MAIN", "number": "E1"}}
        self.assertEqual(business_key.make(template, data), "encounter:MAIN:E1")

    def test_without_a_value_there_is_no_key(self):
        for data in ({}, {"a": None}, {"a": ""}, {"a": {}}, {"a": []}):
            with self.subTest(data=data):
                self.assertIsNone(business_key.make("k:{a}", data))
        self.assertIsNone(business_key.make("", {"a": 1}))

    def test_braces_in_values_are_not_filled_again(self):
        self.assertEqual(business_key.make("k:{a}", {"a": "{b}", "b": 1}), "k:{b}")


@tagged("post_install", "-at_install")
class TestScrub(BaseCase):
    def test_values_below_sensitive_keys_are_found(self):
        data = {
            "patient": {"first_name": "Ann", "n": 12345},
            "code": "99213",
            "mrn": "M1",
        }
        hidden = scrub.sensitive_values(data, {"patient", "mrn"}.__contains__)
        self.assertEqual(hidden, {"Ann", "12345"})

    def test_texts_lose_them_whatever_the_case(self):
        text = scrub.scrub("ANN Meyer and Annabel: ann", {"Ann", "Annabel", "Meyer"})
        self.assertEqual(text, "••• ••• and •••: •••")

    def test_letters_that_change_length_are_safe(self):
        self.assertEqual(scrub.scrub("İnci was here", {"İnci"}), "••• was here")


@tagged("post_install", "-at_install")
class TestProblem(BaseCase):
    def test_body_has_the_members_of_rfc_9457(self):
        item = problem.Problem("conflict", extra={"id": "e-1"})
        body = item.body("urn:x")
        self.assertEqual(body["type"], "/rcm/v1/problems/conflict")
        self.assertEqual(body["status"], 409)
        self.assertEqual(body["instance"], "urn:x")
        self.assertEqual(body["id"], "e-1")
        self.assertTrue(body["title"] and body["detail"])

    def test_what_to_do_is_said_beside_what_is_wrong(self):
        body = problem.Problem("invalid-json", "syntax error at line 1").body("urn:x")
        self.assertEqual(body["detail"], "syntax error at line 1")
        self.assertEqual(body["help"], problem.KINDS["invalid-json"].help)
        for code, kind in problem.KINDS.items():
            with self.subTest(code):
                self.assertTrue(kind.title and kind.help.endswith("."))

    def test_codes_for_json_rpc_are_distinct(self):
        codes = [kind.rpc_code for kind in problem.KINDS.values()]
        own = [code for code in codes if -32099 <= code <= -32000]
        self.assertEqual(len(own), len(set(own)))
