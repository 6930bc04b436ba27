import json

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..protocol import field_path
from ..protocol.field_rules import (
    DROP,
    HIDE,
    MASK,
    SHOWN,
    FieldRule,
    digest_paths,
    dropped,
    is_digest,
    masked,
    only,
)

DATA = {
    "patient": {"ssn": "900-12-3456", "name": "Zacharias"},
    "lines": [{"note": "private", "ssn": "900-12-3456"}, {"note": ""}],
}
NESTED = st.recursive(
    st.text(max_size=5) | st.integers() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["ssn", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=15,
)


@tagged("post_install", "-at_install")
class TestFieldRules(BaseCase):
    """Hidden from some, hidden from all, never stored."""

    def test_what_is_never_stored_leaves_a_keyed_digest(self):
        rules = [FieldRule("**.ssn", DROP)]
        kept = dropped(DATA, rules, "key")
        text = json.dumps(kept)
        self.assertNotIn("3456", text)
        self.assertTrue(is_digest(kept["patient"]["ssn"]))
        self.assertEqual(kept["patient"]["ssn"], kept["lines"][0]["ssn"])
        other = dropped(DATA, rules, "another key")
        self.assertNotEqual(kept["patient"]["ssn"], other["patient"]["ssn"])
        self.assertEqual(kept["patient"]["name"], "Zacharias")
        self.assertEqual(digest_paths(kept), {"$.patient.ssn", "$.lines[0].ssn"})
        self.assertEqual(DATA["patient"]["ssn"], "900-12-3456")

    def test_dropping_twice_is_dropping_once(self):
        rules = [FieldRule("patient", DROP)]
        once = dropped(DATA, rules, "key")
        self.assertEqual(dropped(once, rules, "key"), once)

    def test_without_a_rule_that_fits_it_is_the_same_object(self):
        self.assertIs(dropped(DATA, [FieldRule("no.such", DROP)], "key"), DATA)
        self.assertIs(dropped(DATA, [FieldRule("patient.ssn", MASK)], "key"), DATA)

    def test_masks_depend_on_who_looks_hiding_does_not(self):
        rules = [FieldRule("patient.name", MASK), FieldRule("lines[].note", HIDE)]
        stranger, carer = masked(DATA, rules, False), masked(DATA, rules, True)
        self.assertEqual(stranger["patient"]["name"], SHOWN)
        self.assertEqual(carer["patient"]["name"], "Zacharias")
        for seen in (stranger, carer):
            self.assertEqual([line["note"] for line in seen["lines"]], [SHOWN, ""])

    def test_only_named_single_values_are_shown(self):
        seen = only(DATA, ["lines[].note", "patient"])
        self.assertEqual(seen["lines"][0], {"note": "private", "ssn": SHOWN})
        self.assertEqual(seen["patient"], {"ssn": SHOWN, "name": SHOWN})

    @settings(max_examples=200, deadline=None)
    @given(NESTED)
    def test_no_value_below_the_name_survives_at_any_depth(self, data):
        kept = dropped({"x": data}, [FieldRule("**.ssn", DROP)], "key")
        stack = [kept]
        while stack:
            node = stack.pop()
            if isinstance(node, dict):
                if "ssn" in node:
                    self.assertTrue(node["ssn"] is None or is_digest(node["ssn"]))
                stack.extend(node.values())
            elif isinstance(node, list):
                stack.extend(node)

    def test_paths_that_are_none(self):
        for text in ("", "a..b", "a.**", "**", "a[x]", "[]", "a" * 300, "a.[0]"):
            with self.subTest(text), self.assertRaises(field_path.InvalidPath):
                field_path.parse(text)
