import json

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..protocol import field_path, mapping
from ..protocol.mapping import DEFAULT, MISSING, REFUSE, REMOVE, Rule, evaluate

NAMES = st.sampled_from(["a", "b", "c", "lines", "code"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4)
    ),
    max_leaves=20,
)
WORDS = st.text("ab[]01.*_ ", max_size=12) | st.lists(
    NAMES.map(str) | NAMES.map(lambda name: f"{name}[]"), min_size=1, max_size=4
).map(".".join)
CONVERSIONS = st.sampled_from(
    ["", "text", "upper", "lower", "digits", "number", "integer", "boolean", "list"]
    + ["split", "no_such", *mapping.DATE_FORMATS]
)
CHOICES = st.sampled_from([mapping.KEEP, REFUSE, DEFAULT])
RULES = st.lists(
    st.builds(
        Rule,
        target=WORDS,
        source=WORDS,
        action=st.sampled_from([mapping.SET, REMOVE]),
        default=JSON | st.just(MISSING),
        required=st.booleans(),
        values=st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
        unmapped=CHOICES,
        convert=CONVERSIONS,
        crosswalk=st.none() | st.just(("", "facility")),
        unknown=CHOICES,
    ),
    max_size=6,
)


def nowhere(_system, _kind, _value):
    return None


def run(rules, source, lookup=nowhere, **options):
    return evaluate([Rule(**rule) for rule in rules], source, lookup, **options)


@tagged("post_install", "-at_install")
class TestMappingRules(BaseCase):
    """What a line of a mapping does with a value, and what it says when it cannot."""

    def one(self, value, **rule):
        outcome = run([{"target": "x", "source": "v", **rule}], {"v": value})
        if outcome.faults:
            return outcome.faults[0].code
        return outcome.data.get("x", "nothing")

    def test_a_field_goes_where_it_belongs(self):
        outcome = run(
            [
                {"target": "encounter.number", "source": "visit.id"},
                {"target": "charges[].code", "source": "visit.lines[].cpt"},
                {"target": "charges[].units", "default": "1"},
                {"target": "encounter.facility", "source": "sites[1]"},
            ],
            {
                "visit": {"id": "V7", "lines": [{"cpt": "1"}, {}, {"cpt": "3"}]},
                "sites": ["A", "B"],
            },
        )
        self.assertEqual(outcome.faults, ())
        self.assertEqual(
            outcome.data,
            {
                "encounter": {"number": "V7", "facility": "B"},
                "charges": [
                    {"code": "1", "units": "1"},
                    {"units": "1"},
                    {"code": "3", "units": "1"},
                ],
            },
        )
        self.assertEqual(
            [(step.what, step.count) for step in outcome.steps],
            [("copied", 1), ("copied", 2), ("default", 3), ("copied", 1)],
        )

    def test_conversions(self):
        for value, convert, expected in (
            (" x ", "text", "x"),
            (5, "text", "5"),
            ("ab", "upper", "AB"),
            ("AB", "lower", "ab"),
            ("(555) 12", "digits", "55512"),
            ("1.50", "number", "1.50"),
            (1.5, "number", "1.5"),
            ("1e3", "number", "1000"),
            ("x", "number", "not_a_number"),
            ("1e999999", "number", "not_a_number"),
            ("1e-999999", "number", "not_a_number"),
            ("nan", "number", "not_a_number"),
            ("9" * 50, "number", "not_a_number"),
            ("12.0", "integer", 12),
            ("12.5", "integer", "not_a_whole_number"),
            ("Y", "boolean", True),
            (False, "boolean", False),
            ("perhaps", "boolean", "not_yes_or_no"),
            ("20261130", "date_compact", "2026-11-30"),
            ("11/30/2026", "date_us", "2026-11-30"),
            ("30.11.2026", "date_german", "2026-11-30"),
            ("2026-02-30", "date_iso", "not_a_date"),
            ("a", "list", ["a"]),
            (["a"], "list", ["a"]),
            ("25, 59;LT", "split", ["25", "59", "LT"]),
            ({"a": 1}, "text", "not_a_single_value"),
        ):
            with self.subTest(value=value, convert=convert):
                self.assertEqual(self.one(value, convert=convert), expected)

    def test_value_maps_and_what_is_not_in_them(self):
        values = {"M": "male", "true": "yes"}
        for value, unmapped, expected in (
            ("M", REFUSE, "male"),
            (" M ", REFUSE, "male"),
            (True, REFUSE, "yes"),
            ("X", mapping.KEEP, "X"),
            ("X", DEFAULT, "unknown"),
            ("X", REFUSE, "unmapped_value"),
        ):
            with self.subTest(value=value, unmapped=unmapped):
                got = self.one(
                    value, values=values, unmapped=unmapped, default="unknown"
                )
                self.assertEqual(got, expected)

    def test_what_the_crosswalk_is_asked_is_known_beforehand(self):
        rules = [
            Rule("a[].code", "v[].code", crosswalk=("lab", "test"), unknown=REFUSE),
            Rule("b", "w", crosswalk=("", "site"), unknown=DEFAULT),
            Rule("c", "x", values={"1": "one"}, crosswalk=("", "site")),
            Rule("d", "y"),
        ]
        source = {"v": [{"code": "1"}, {}, {"code": 2}, {"code": "1"}], "x": "1"}
        expected = {("lab", "test", "1"), ("lab", "test", "2"), ("", "site", "one")}
        self.assertEqual(mapping.asked(rules, source), expected)
        self.assertEqual(mapping.asked(rules[3:], source), frozenset())
        asked = set()
        evaluate(rules, source, lambda *names: asked.add(names))
        self.assertEqual(asked, expected, "by the evaluation, though nothing is known")

    def test_the_crosswalk_gives_our_own_code(self):
        asked = []

        def lookup(system, kind, value):
            asked.append((system, kind, value))
            return {"17": "MAIN"}.get(value)

        rule = {"target": "x", "source": "v", "crosswalk": ("lab", "facility")}
        self.assertEqual(run([rule], {"v": 17}, lookup).data, {"x": "MAIN"})
        self.assertEqual(run([rule], {"v": "18"}, lookup).data, {"x": "18"})
        refusing = run([{**rule, "unknown": REFUSE}], {"v": "18"}, lookup)
        self.assertEqual(refusing.faults[0].code, "not_in_crosswalk")
        self.assertEqual(run([rule], {"v": {}}, lookup).faults[0].code, "not_text")
        self.assertEqual(asked[0], ("lab", "facility", "17"))

    def test_silence_of_the_source(self):
        for value in (None, "", [], "absent"):
            source = {} if value == "absent" else {"v": value}
            with self.subTest(value=value):
                rule = {"target": "x", "source": "v"}
                self.assertEqual(run([rule], source).data, {})
                given_ = run([{**rule, "default": "d"}], source)
                self.assertEqual(given_.data, {"x": "d"})
                needed = run([{**rule, "required": True}], source)
                self.assertEqual(
                    (needed.faults[0].code, needed.faults[0].location),
                    ("missing", "$.v"),
                )

    def test_a_fault_names_its_element_and_no_value(self):
        outcome = run(
            [{"target": "l[].d", "source": "l[].day", "convert": "date_iso"}],
            {"l": [{"day": "2026-11-30"}, {"day": "Quillfeather"}]},
        )
        [fault] = outcome.faults
        self.assertEqual(fault.location, "$.l[1].day")
        self.assertNotIn("Quillfeather", repr(outcome.faults))

    def test_other_fields_stay_or_go(self):
        source = {"keep": 1, "gone": {"deep": 2, "stays": 3}, "l": [{"x": 1}]}
        outcome = run(
            [
                {"target": "gone.deep", "action": REMOVE},
                {"target": "l[].x", "action": REMOVE},
                {"target": "new", "source": "keep"},
            ],
            source,
            keep_rest=True,
        )
        self.assertEqual(
            outcome.data, {"keep": 1, "gone": {"stays": 3}, "l": [{}], "new": 1}
        )
        self.assertEqual(source["gone"], {"deep": 2, "stays": 3})

    def test_what_stands_in_the_way_is_a_fault(self):
        outcome = run(
            [{"target": "a", "source": "v"}, {"target": "a.b", "source": "v"}],
            {"v": "x"},
        )
        self.assertEqual(outcome.faults[0].code, "no_room")
        self.assertEqual(outcome.data, {"a": "x"})

    def test_rules_that_cannot_work_are_named(self):
        for rule, code in (
            ({"target": "a..b", "source": "v"}, "path"),
            ({"target": "", "source": "v"}, "path"),
            ({"target": "a", "source": "**.v"}, "path"),
            ({"target": "a[0]", "source": "v"}, "target_index"),
            ({"target": "a"}, "nothing"),
            ({"target": "a[]", "source": "x[].y[]"}, "arrays"),
            ({"target": "a", "source": "x[]"}, "arrays"),
        ):
            with self.subTest(rule=rule):
                self.assertEqual(mapping.check(Rule(**rule))[0], code)
                self.assertEqual(run([rule], {}).faults[0].code, f"rule_{code}")


@tagged("post_install", "-at_install")
class TestMappingProperties(BaseCase):
    """Whatever rules and payload are, the evaluator ends and tells no value."""

    @settings(max_examples=400, deadline=None)
    @given(RULES, JSON, st.booleans())
    def test_total_and_pure(self, rules, source, keep_rest):
        before = json.dumps(source)
        one = evaluate(rules, source, nowhere, keep_rest)
        two = evaluate(rules, source, nowhere, keep_rest)
        self.assertEqual(json.dumps(source), before)
        self.assertEqual(one, two)
        self.assertIsInstance(one.data, dict)
        json.dumps(one.data)
        for fault in one.faults:
            self.assertTrue(fault.location.startswith("$"), fault)
            self.assertIsNone(fault.actual)

    @settings(max_examples=200, deadline=None)
    @given(JSON, st.text("xyz", min_size=6, max_size=9))
    def test_no_text_of_the_payload_is_in_a_fault(self, source, secret):
        whole = {"v": source, "s": secret, "l": [secret, {"k": secret}]}
        faulty = [
            {"target": f"t{n}", "source": path, "convert": kind, "required": True}
            for n, (path, kind) in enumerate(
                (path, kind)
                for path in ("s", "v", "l[0]", "l[1]", "l[1].k")
                for kind in ("number", "date_iso", "boolean", "integer")
            )
        ]
        self.assertNotIn(secret, repr(run(faulty, whole).faults))

    @settings(max_examples=200, deadline=None)
    @given(JSON)
    def test_nothing_in_a_payload_or_rule_is_run(self, value):
        """Code is text like any other."""
        code = "__import__('os').abort()"
        rules = [
            {"target": "x", "source": "v", "default": code, "values": {code: code}},
            {"target": "${7*7}", "source": "v", "default": "{{7*7}}"},
        ]
        outcome = run(rules, {"v": code if value in (None, "", []) else value})
        self.assertIn(outcome.data["x"], (code, value))

    @settings(max_examples=200, deadline=None)
    @given(st.dictionaries(NAMES, JSON, max_size=4))
    def test_copying_every_field_changes_nothing(self, source):
        rules = [
            Rule(target=name, source=name)
            for name, value in source.items()
            if value not in (None, "", [])
        ]
        outcome = evaluate(rules, source, nowhere)
        self.assertEqual(outcome.faults, ())
        self.assertEqual(
            outcome.data,
            {k: v for k, v in source.items() if v not in (None, "", [])},
        )

    @settings(max_examples=300, deadline=None)
    @given(WORDS, JSON)
    def test_reading_and_replacing_agree(self, text, data):
        try:
            steps = field_path.parse(text)
        except field_path.InvalidPath:
            return
        if field_path.ANYWHERE in steps:
            return
        seen = []
        field_path.replaced(data, steps, lambda value: seen.append(value) or value)
        read = [v for _n, v in field_path.read(data, steps) if v is not MISSING]
        self.assertEqual(repr(seen), repr(read))
