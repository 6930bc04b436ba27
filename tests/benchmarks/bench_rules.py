"""Switch every posting rule off and see its test fail, those on real postings too.

    ./setup/bench rules
    ./setup/bench rules 3.2 3.13        only these sections

Prints one JSON object: how many rules were switched off and how many tests noticed.
Rules whose test did not are named on the error output, and the exit status is 1.
Takes a few minutes; each rule is bounded by RCM_RULE_SECONDS (60).
"""

import json
import os
import signal
import sys
from contextlib import contextmanager

import odoo
from odoo.modules.registry import Registry

SECONDS = int(os.environ.get("RCM_RULE_SECONDS", "60"))


def say(text):
    """Progress for the person who waits."""
    print(f"  rules: {text}", file=sys.stderr, flush=True)


@contextmanager
def bounded(seconds=SECONDS):
    """A test that hangs without its rule has noticed too."""

    def stop(_number, _frame):
        raise TimeoutError(f"more than {seconds} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


@contextmanager
def class_ready(cls):
    """The class as a test run sets it up."""
    cls.setUpClass()
    try:
        yield
    finally:
        cls.tearDownClass()
        cls.doClassCleanups()


def check(rule, run):
    """What is wrong with the pair of rule and test, or None."""
    error = run()
    if error is not None:
        return f"fails with the rule on: {error!r}"[:300]
    with rule.off():
        if run() is None:
            return "does not notice that the rule is gone"
    return None


def main():
    """Check all rules, tests of records class by class."""
    database = os.environ["RCM_BENCH_DATABASE"]
    arguments = ["-c", os.environ["ODOO_RC"], "-d", database, "--log-level", "critical"]
    odoo.tools.config.parse_config(arguments)
    Registry(database)  # without tests of its own; from here on it is a test run
    odoo.tools.config["test_enable"] = True
    from odoo.addons.healthcare_rcm_remittance.tests.posting_rules import RULES
    from odoo.addons.healthcare_rcm_remittance.tests.rule_switches import (
        find_test,
        run_once,
        run_pure,
    )

    wanted = set(sys.argv[1:])
    rules = [rule for rule in RULES if not wanted or rule.section in wanted]
    wrong, by_class = [], {}
    for rule in rules:
        if rule.needs_database:
            by_class.setdefault(find_test(rule.test)[0], []).append(rule)
        elif fault := check(rule, lambda rule=rule: run_pure(rule.test)):
            wrong.append((rule, fault))
    for cls, own in by_class.items():
        say(f"{cls.__name__}: {len(own)} rules on records")
        with class_ready(cls):
            for rule in own:
                method = find_test(rule.test)[1]
                fault = check(rule, lambda m=method, c=cls: run_once(c, m, bounded))
                if fault:
                    wrong.append((rule, fault))
    for rule, fault in wrong:
        say(f"{rule.section} {rule.text}: {rule.test} {fault}")
    noticed = len(rules) - len(wrong)
    result = {
        "metric": "rules_guarded",
        "value": noticed / len(rules),
        "unit": "of the rules fail their test when switched off",
        "goal": 1,
        "better": "more",
        "against": f"{len(rules)} rules",
        "runs": 1,
    }
    print(json.dumps(result), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
