"""Random walks over documents: Hypothesis chooses the steps, the test the rules."""

from hypothesis import HealthCheck, Phase, example, settings

from odoo.exceptions import AccessError, UserError, ValidationError

from ..core.errors import RcmError


class NothingToDo(Exception):
    """The step a walk chose has nothing to work on just then."""


REFUSED = (UserError, AccessError, ValidationError, RcmError, NothingToDo)


def profile(examples):
    """Settings of a walk over the database: few examples, no deadline.

    Failures are shrunk, so that the shortest course that breaks a rule is shown.
    """
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )


def surely(name, values, **others):
    """Take each of ``values`` once for sure, beside what Hypothesis draws."""

    def decorate(test):
        for value in values:
            test = example(**{name: value}, **others)(test)
        return test

    return decorate


class WalkMixin:
    """Steps that either happen whole or leave everything as it was.

    What a walk meets on its way is noted with ``reach``; a walk that never comes to its
    interesting states proves nothing, and ``assert_reached`` says so.
    """

    def setUp(self):
        super().setUp()
        self.met = set()

    def reach(self, *names):
        """Note that the walk came by these states or events."""
        self.met.update(names)

    def assert_reached(self, *names):
        """Fail, naming them, for what the walk never came by."""
        self.assertEqual(set(names) - self.met, set(), "never reached")

    def attempt(self, step, *arguments, **values):
        """Whether ``step`` was done; what it refuses is rolled back."""
        try:
            with self.env.cr.savepoint():
                step(*arguments, **values)
                self.env.flush_all()
        except REFUSED:
            self.env.invalidate_all()
            return False
        return True
