from contextlib import suppress

from psycopg2.errors import DivisionByZero

from odoo.tests import TransactionCase, tagged

from ..tools.steps import Steps


@tagged("post_install", "-at_install")
class TestSteps(TransactionCase):
    """Each step is undone alone; what lies between two steps is kept."""

    def setUp(self):
        super().setUp()
        self.tags = self.env["res.partner.category"]
        self.steps = Steps(self.env.cr)

    def made(self, names):
        """Which of ``names`` the database holds."""
        self.env.flush_all()
        found = self.tags.search([("name", "in", list(names))], order="id")
        return "".join(found.mapped("name"))

    def step(self, name, fails=False):
        """One step that makes a record, and fails after it or not."""
        # assertRaises would open a savepoint of its own around the step
        with suppress(ValueError), self.steps.step():
            self.tags.create({"name": name})
            if fails:
                raise ValueError(name)

    def test_a_failed_step_takes_nothing_else_with_it(self):
        self.step("A")
        self.step("B", fails=True)
        self.step("C")
        self.steps.end()
        self.assertEqual(self.made("ABC"), "AC")

    def test_what_is_done_between_two_steps_is_kept(self):
        self.step("A")
        self.tags.create({"name": "B"})
        self.step("C", fails=True)
        self.tags.create({"name": "D"})
        self.step("E", fails=True)
        self.steps.end()
        self.assertEqual(self.made("ABCDE"), "ABD")

    def test_a_value_that_waits_to_be_written_goes_with_its_step(self):
        [tag] = self.tags.create({"name": "A"})
        with suppress(ValueError), self.steps.step():
            tag.name = "B"
            raise ValueError
        self.steps.end()
        self.assertEqual((tag.name, self.made("AB")), ("A", "A"))

    def test_a_statement_that_fails_ends_its_step_only(self):
        self.step("A")
        with suppress(DivisionByZero), self.steps.step():
            self.env.cr.execute("SELECT 1 / 0", log_exceptions=False)
        self.step("B")
        self.steps.end()
        self.assertEqual(self.made("AB"), "AB")

    def test_steps_within_a_step_are_undone_with_it(self):
        with suppress(ValueError), self.steps.step():
            inner = Steps(self.env.cr)
            with inner.step():
                self.tags.create({"name": "A"})
            with inner.step():
                self.tags.create({"name": "B"})
                raise ValueError
        self.step("C")
        self.steps.end()
        self.assertEqual(self.made("ABC"), "C")

    def test_the_error_of_a_step_is_told(self):
        told = None
        try:
            with self.steps.step():
                raise ValueError("A")
        except ValueError as error:
            told = str(error)
        self.assertEqual(told, "A")

    def test_an_end_without_steps_says_nothing(self):
        with self.assertQueryCount(0):
            self.steps.end()

    def test_a_step_costs_one_statement(self):
        with self.assertQueryCount(4):
            for _number in range(3):
                with self.steps.step():
                    pass
            self.steps.end()
