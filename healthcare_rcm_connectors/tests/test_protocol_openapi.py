import json

from jsonschema import Draft202012Validator

from odoo.tests import BaseCase, tagged

from ..protocol import openapi, problem

KIND = {
    "type": "thing.happened",
    "version": 2,
    "description": "A thing happened.",
    "state": "deprecated",
    "schema": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"$ref": "#/$defs/number"}},
        "$defs": {"number": {"type": "integer"}},
    },
    "example": {"a": 1},
}


@tagged("post_install", "-at_install")
class TestOpenApi(BaseCase):
    def setUp(self):
        super().setUp()
        self.document = openapi.build([KIND])

    def look_up(self, reference):
        node = self.document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        return node

    def references(self, node):
        if isinstance(node, dict):
            for key, value in node.items():
                if key == "$ref":
                    yield value
                else:
                    yield from self.references(value)
        elif isinstance(node, list):
            for item in node:
                yield from self.references(item)

    def test_every_reference_leads_somewhere(self):
        found = list(self.references(self.document))
        self.assertGreater(len(found), 10)
        for reference in found:
            self.assertTrue(self.look_up(reference), reference)

    def test_events_are_checked_by_their_contract(self):
        example = self.document["paths"]["/rcm/v1/events"]["post"]["requestBody"]
        example = example["content"]["application/json"]["examples"]
        event = example["thing.happened.v2"]["value"]
        schema = {"$ref": "#/components/schemas/Event", **self.document}
        validator = Draft202012Validator(schema)
        self.assertTrue(validator.is_valid(event))
        self.assertFalse(validator.is_valid({**event, "data": {"a": "x"}}))
        self.assertFalse(validator.is_valid({**event, "version": 1}))

    def test_every_schema_is_one(self):
        for name, schema in self.document["components"]["schemas"].items():
            with self.subTest(name):
                Draft202012Validator.check_schema(schema)

    def test_every_problem_is_named_where_it_may_come(self):
        text = json.dumps(self.document["paths"])
        missing = [code for code in problem.KINDS if f"`{code}`" not in text]
        self.assertEqual(missing, ["method-not-allowed"])

    def test_deprecated_versions_say_so(self):
        schemas = self.document["components"]["schemas"]
        self.assertTrue(schemas["Event.thing.happened.v2"]["deprecated"])
