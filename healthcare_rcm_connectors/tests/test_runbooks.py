"""The set of runbooks: each is followed in a test, and what names one finds it.

Each is followed in ``test_runbooks_*.py``: a failure is made, the steps mend it.
"""

from pathlib import Path

from odoo.tests import tagged

from ..models.rcm_exception_type import RUNBOOKS
from ..protocol import markdown
from .runbook_common import FOLDER, RunbookCase


@tagged("post_install", "-at_install")
class TestRunbooks(RunbookCase):
    def test_each_is_followed_and_each_link_leads_somewhere(self):
        here = "".join(
            path.read_text(encoding="utf-8")
            for path in Path(__file__).parent.glob("test_runbooks*.py")
        )
        names = {path.stem for path in FOLDER.glob("*.md")}
        self.assertGreaterEqual(len(names), 15)
        for name in names:
            with self.subTest(name):
                self.assertIn(f'"{name}",', here, "followed in a test")
                text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
                self.assertIn("**You see**", text)
                for target in markdown._LINK.findall(text):
                    if target[1].endswith(".md"):
                        self.assertIn(target[1].removesuffix(".md"), names)

    def test_exception_types_lead_to_their_runbook(self):
        for code, name in RUNBOOKS.items():
            with self.subTest(code):
                kind = self.env["rcm.exception.type"]._rcm_get(code)
                self.assertEqual(kind.runbook_url, f"/rcm/runbooks/{name}")
                self.assertTrue((FOLDER / f"{name}.md").is_file())
        plain = self.env["rcm.exception.type"]._rcm_get("overpaid")
        self.assertFalse(plain.runbook_url)

    def test_every_technical_failure_of_the_interfaces_has_one(self):
        from ..models.rcm_event import CASE_OF_CLASS

        own = {
            *CASE_OF_CLASS.values(),
            "webhook_failed",
            "source_totals",
            "feed_missing",
        }
        own |= {"interface_down", "pull_failed"}
        self.assertLessEqual(own, set(RUNBOOKS))

    def test_alert_rules_name_runbooks_that_exist(self):
        names = {path.stem for path in FOLDER.glob("*.md")}
        rules = self.env["rcm.alert.rule"].search([("company_id", "=", False)])
        named = [
            rule.what_to_do.split()[1].rstrip(":.")
            for rule in rules
            if rule.what_to_do.startswith("Runbook ")
        ]
        self.assertGreater(len(named), 15)
        self.assertLessEqual(set(named), names)
