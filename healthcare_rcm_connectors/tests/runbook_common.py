"""A written runbook, followed step by step; the people who follow one."""

from pathlib import Path

from odoo.tests import TransactionCase

from ..protocol import markdown
from .common import ConnectorMixin

FOLDER = Path(__file__).resolve().parents[1] / "runbooks"


class Follower:
    """``follow`` runs one function a step and holds it against the written text."""

    def follow(self, name, *steps):
        """Follow the runbook ``name``.

        :param steps: (words the written step must hold, function or None to read)
        """
        written = markdown.steps((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
        self.assertEqual(len(written), len(steps), f"steps of {name}")
        for number, (text, (words, act)) in enumerate(
            zip(written, steps, strict=True), 1
        ):
            with self.subTest(runbook=name, step=number):
                self.assertIn(words, text)
            if act:
                act()
                self.env.invalidate_all()


class RunbookMixin(Follower, ConnectorMixin):
    """People at the connectors."""

    @classmethod
    def make_runbook_world(cls):
        cls.make_world()
        cls.support = cls.make_user("run-support", "integration_support")
        cls.admin = cls.make_user("run-admin", "administrator")

    def case_of(self, record, code):
        return self.env["rcm.exception.case"].search(
            [
                ("res_model", "=", record._name),
                ("res_id", "=", record.id),
                ("type_code", "=", code),
            ]
        )

    def as_support(self, records):
        return records.with_user(self.support)

    def as_admin(self, records):
        return records.with_user(self.admin)


class RunbookCase(RunbookMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_runbook_world()

    def setUp(self):
        super().setUp()
        self.keep_one_clock()
