"""pytest plugin of `./setup/test`: import names, and failures pytest would not see.

- Test files are imported as `odoo.addons.<module>.tests.…`, whatever the clone's
  folder is called.
- An ERROR or CRITICAL record that reaches Odoo's log is a failure, unless the test
  expected it (`mute_logger`, `assertLogs`): then it never gets here.
- A module of the suite that is not installed or not loaded is a failure.
- Under `./setup/test` the browser and the HTTP server are there: a test that skips
  for want of them is a failure.
- Workers (pytest-xdist) hand what they found to the process that reports.
- Each worker has a filestore of its own: at the end of a test class Odoo collects what
  no committed attachment names, and would take the files of another worker's test.
"""

import contextlib
import logging
import os
import shutil
from pathlib import Path

import _pytest.pathlib
import pytest
import pytest_odoo

REPO = Path(__file__).resolve().parents[1]
MARKED_TAGS = {"long", "install"}
MISSING = ("chrome", "chromium", "websocket-client", "--odoo-http", "HttpCase")


class ErrorLog(logging.Handler):
    """Collects ERROR records that nobody expected, with the test they fell into."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.records = []
        self.test = "outside of any test"

    def emit(self, record):
        text = logging.Formatter().format(record)
        self.records.append((self.test, f"{record.levelname} {record.name}: {text}"))


ERRORS = ErrorLog()
PROBLEMS = []


def pytest_addoption(parser):
    parser.addini(
        "rcm_expected_errors", "texts of errors that no test can expect", "linelist"
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "long: minutes long; only with --long")
    config.addinivalue_line("markers", "install: installs modules into databases")
    config.addinivalue_line("markers", "pure: needs no database")
    logging.getLogger().addHandler(ERRORS)
    _import_as_addons()
    pytest_odoo._shared_filestore = _own_filestore


@contextlib.contextmanager
def _own_filestore(original, name):
    """The filestore of a worker's database: hard links, as files never change."""
    if original == name:
        yield
        return
    from odoo.tools import config

    root = Path(config["data_dir"]) / "filestore"
    if (root / original).exists():
        shutil.copytree(root / original, root / name, copy_function=os.link)
    try:
        yield
    finally:
        shutil.rmtree(root / name, ignore_errors=True)


def _import_as_addons():
    original = _pytest.pathlib.resolve_pkg_root_and_module_name

    def resolve(path, **options):
        real = Path(path).resolve()
        if REPO not in real.parents:
            return original(path, **options)
        addon = next(p for p in real.parents if (p / "__manifest__.py").exists())
        name = "healthcare_rcm" if addon == REPO else addon.name
        parts = list(real.relative_to(addon).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        return Path(__file__).parent, ".".join(["odoo.addons", name, *parts])

    _pytest.pathlib.resolve_pkg_root_and_module_name = resolve


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Odoo's tags become markers; quick tests answer first."""
    for item in items:
        for tag in MARKED_TAGS & getattr(item.cls, "test_tags", set()):
            item.add_marker(tag)
        if not _needs_database(item):
            item.add_marker("pure")
    # workers share the long ones first, so that none of them is left at the end
    items.sort(key=_slowness, reverse="PYTEST_XDIST_WORKER" in os.environ)


def _slowness(item):
    if item.get_closest_marker("pure"):
        return 0
    return 2 if item.get_closest_marker("install") else 1


def _needs_database(item):
    from odoo.tests.common import TransactionCase

    tags = getattr(item.cls, "test_tags", set())
    return bool(MARKED_TAGS & tags) or issubclass(item.cls or object, TransactionCase)


def pytest_runtest_logstart(nodeid):
    ERRORS.test = nodeid


def pytest_runtest_logfinish():
    ERRORS.test = "outside of any test"


def pytest_runtest_logreport(report):
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2]
        if any(word.lower() in reason.lower() for word in MISSING):
            PROBLEMS.append(f"{report.nodeid} was skipped: {reason}")


def _not_loaded():
    """Modules of the suite that the registry under test does not hold."""
    import odoo.tests.common
    from odoo.modules.registry import Registry

    database = odoo.tests.common.get_db_name()
    if database not in Registry.registries:
        return
    registry = Registry.registries[database]
    modules = [
        path.parent.name for path in REPO.glob("healthcare_rcm_*/__manifest__.py")
    ]
    for name in [*modules, "healthcare_rcm"]:
        if name not in registry._init_modules:
            yield f"module {name} is not loaded"


def _unexpected_errors(config):
    expected = tuple(config.getini("rcm_expected_errors"))
    for test, text in ERRORS.records:
        if not any(word in text for word in expected):
            yield f"{test}\n    {text}"


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """A worker has ended: what it found is ours to report."""
    PROBLEMS.extend(getattr(node, "workeroutput", {}).get("rcm_problems", []))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session, exitstatus):
    """Report what failed besides the tests as errors that the last line counts."""
    if session.config.option.collectonly:
        return
    found = [*_not_loaded(), *_unexpected_errors(session.config)]
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["rcm_problems"] = found
        return
    problems = [*PROBLEMS, *found]
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    for problem in problems:
        where = problem.splitlines()[0]
        report = pytest.TestReport(
            where, (where, None, where), {}, "failed", problem, "teardown"
        )
        reporter.stats.setdefault("error", []).append(report)
    if problems and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
