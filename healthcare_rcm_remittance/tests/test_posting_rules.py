"""Each posting rule has a test, and the test fails when the rule is gone."""

import os
from pathlib import Path

from odoo.tests import BaseCase, tagged

from .posting_rules import RULES
from .rule_switches import find_test, run_pure

DOCUMENT = Path(__file__).parents[1] / "readme" / "POSTING_RULES.md"
SECTIONS = [f"3.{number}" for number in range(1, 14)]
WRITE = "RCM_WRITE_RULES"


def as_table():
    """The rules as the document shows them."""
    rows = ["| section | rule | test |", "|---|---|---|"]
    for rule in RULES:
        file, _class, method = rule.test.split(".")
        rows.append(f"| {rule.section} | {rule.text} | `{file}`: `{method}` |")
    return "\n".join(rows) + "\n"


@tagged("post_install", "-at_install")
class TestPostingRules(BaseCase):
    """Short form: rules without a database. `./setup/bench rules` takes them all."""

    def test_every_section_has_rules_with_tests(self):
        self.assertEqual(sorted({rule.section for rule in RULES}), sorted(SECTIONS))
        for rule in RULES:
            with self.subTest(rule=rule.text):
                cls, method = find_test(rule.test)
                self.assertTrue(callable(getattr(cls, method)))

    def test_each_test_fails_without_its_rule(self):
        for rule in RULES:
            if rule.needs_database:
                continue
            with self.subTest(section=rule.section, rule=rule.text):
                self.assertIsNone(run_pure(rule.test), "fails with the rule on")
                with rule.off():
                    noticed = run_pure(rule.test)
                self.assertIsNotNone(noticed, f"{rule.test} does not need this rule")
                self.assertIsNone(run_pure(rule.test), "the switch stayed off")

    def test_document_shows_the_table(self):
        head, mark, _table = DOCUMENT.read_text().partition("| section |")
        if os.environ.get(WRITE):
            DOCUMENT.write_text(head + as_table())
        self.assertEqual(mark, "| section |")
        self.assertEqual(DOCUMENT.read_text(), head + as_table(), f"set {WRITE}=1")
