"""Random walks over documents: Hypothesis chooses the steps, the test the rules."""

from hypothesis import HealthCheck, Phase, settings

from odoo.exceptions import AccessError, UserError, ValidationError

from ..core.errors import RcmError

REFUSED = (UserError, AccessError, ValidationError, RcmError)


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


class WalkMixin:
    """Steps that either happen whole or leave everything as it was."""

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
