"""Switching one posting rule off, and asking its test whether it notices.

A rule without a test that fails when the rule is gone is a rule by hope. Each switch
replaces the piece of code that is the rule, for the time of one test.
"""

from contextlib import ExitStack, contextmanager, nullcontext
from importlib import import_module
from unittest.mock import patch

from odoo.tests.case import _Outcome

MODULE = "odoo.addons.healthcare_rcm_remittance"


def resolve(path):
    """(owner, name) of "package.module:Class.attribute"."""
    module, _, names = path.partition(":")
    owner = import_module(f"{MODULE}.{module}")
    *outer, name = names.split(".")
    for part in outer:
        owner = getattr(owner, part)
    return owner, name


def value(path, new):
    """The rule is a constant or a function: another one in its place."""

    @contextmanager
    def switch():
        owner, name = resolve(path)
        with patch.object(owner, name, new):
            yield

    return switch


def wrapped(path, make):
    """The rule is in a function: ``make(original)`` in its place."""

    @contextmanager
    def switch():
        owner, name = resolve(path)
        with patch.object(owner, name, make(getattr(owner, name))):
            yield

    return switch


def nothing(path, result=None):
    """The rule is a step: it does nothing."""
    return value(path, lambda *args, **kwargs: result)


def both(*switches):
    """The rule stands in several places."""

    @contextmanager
    def switch():
        with ExitStack() as stack:
            for item in switches:
                stack.enter_context(item())
            yield

    return switch


class _Deaf(list):
    """A list that does not hear findings of one code."""

    def __init__(self, code):
        super().__init__()
        self.code = code

    def append(self, item):
        return super().append(item) if item.code != self.code else None

    def __iadd__(self, items):
        for item in items:
            self.append(item)
        return self


def reason_off(code):
    """A claim is not parked, held or warned about for this reason."""

    def make(original):
        def init(self, *args):
            original(self, *args)
            self.reasons, self.warnings = _Deaf(code), _Deaf(code)

        return init

    return wrapped("settlement.claim:_Builder.__init__", make)


def stop_off(code):
    """Nothing holds a remittance for this reason, and no plan says it."""

    def without(items):
        return [item for item in items if item.code != code]

    def make(original):
        return lambda *args: without(original(*args))

    def make_provider(original):
        def plan_provider(*args):
            outcomes, findings = original(*args)
            return outcomes, without(findings)

        return plan_provider

    return both(
        wrapped("settlement.plan:_hard_stops", make),
        wrapped("settlement.plan:_assumptions", make),
        wrapped("settlement.plan:_from_claims", make),
        wrapped("settlement.plan:plan_provider", make_provider),
    )


def finding_off(*codes):
    """The reader does not find this."""

    def make(original):
        def append(self, finding):
            if finding.code not in codes:
                original(self, finding)

        return append

    def make_balance(original):
        return lambda *args, **kwargs: [
            item for item in original(*args, **kwargs) if item.code not in codes
        ]

    def make_odd(original):
        def add(self, code, *args, **kwargs):
            if code not in codes:
                original(self, code, *args, **kwargs)

        return add

    return both(
        wrapped("x12.findings:Findings.append", make),
        wrapped("x12.envelope:_Oddities.add", make_odd),
        wrapped("x12.transaction:check_claim", make_balance),
        wrapped("x12.transaction:check_payment", make_balance),
        wrapped("x12.balance:check_claim", make_balance),
        wrapped("x12.balance:check_payment", make_balance),
        wrapped("x12.balance:check_line", make_balance),
    )


def without_rules(*codes):
    """The shipped posting rules of these reason codes are not there."""

    def make(position):
        def make_find(original):
            def find(*args):
                return None if args[position] in codes else original(*args)

            return find

        return make_find

    return both(
        wrapped("settlement.rules:RuleBook.find", make(3)),
        wrapped("settlement.rules:RuleBook.find_provider", make(2)),
    )


def effect(action, purpose=None, kind=None, sign=1):
    """An action goes to another account, or to none."""

    @contextmanager
    def switch():
        actions = import_module(f"{MODULE}.settlement.actions")
        changed = dict(actions.EFFECTS)
        changed.pop(action, None)
        if purpose:
            changed[action] = actions.Effect(purpose, kind, sign)
        with ExitStack() as stack:
            stack.enter_context(patch.object(actions, "EFFECTS", changed))
            reversal = import_module(f"{MODULE}.settlement.reversal")
            stack.enter_context(patch.object(reversal, "EFFECTS", changed))
            yield

    return switch


def stored_with(**changed):
    """Remittances are stored with these values instead of their own."""

    def make(original):
        def vals(self, file, transaction, envelope_errors=()):
            found = original(self, file, transaction, envelope_errors)
            return {
                **found,
                **{
                    key: new(transaction) if callable(new) else new
                    for key, new in changed.items()
                },
            }

        return vals

    return wrapped("models.rcm_remittance_read:RcmRemittance._rcm_vals", make)


# -- running one test ----------------------------------------------------------------


def find_test(path):
    """(class, method) of "test_file.Class.method"."""
    file, class_name, method = path.split(".")
    module = import_module(f"{MODULE}.tests.{file}")
    return getattr(module, class_name), method


def run_pure(path):
    """Run a test that needs no database; the exception it ends with, or None."""
    cls, method = find_test(path)
    return run_once(cls, method)


def run_once(cls, method, around=nullcontext):
    """Run one test as a runner does; its first exception, or None.

    :param around: context manager factory for the test itself (a time limit)
    """
    test, faults = cls(method), []
    outcome = _Outcome(test, None)
    test._outcome = outcome
    test._addError = lambda result, part, info: faults.append(info[1])
    whole = patch.object(cls, "subTest", lambda *args, **kwargs: nullcontext())
    with outcome.testPartExecutor(test), around(), whole:
        test.setUp()
        getattr(test, method)()
    with outcome.testPartExecutor(test):
        test.tearDown()
    test.doCleanups()
    return faults[0] if faults else None
