"""./setup/run: a running suite with demo data, from nothing.

    ./setup/run                      database healthcare_rcm on http://127.0.0.1:8069
    ./setup/run --port 8100          another port (one in use is skipped anyway)
    ./setup/run --no-demo            an empty database, healthcare_rcm_empty
    ./setup/run --fresh              start over with a new database
    ./setup/run --database NAME      another database
    ./setup/run --check              bring up, feed the demo day, compare, stop
    ./setup/run --check --corrupt    the same with one cent altered: must fail

Ctrl-C stops everything that was started. `--check` uses a database of its own
(healthcare_rcm_check), ends with one line of JSON and exits 0 or 1.
"""

import argparse
import signal
import sys

from . import database, demo_day, odoo_server, paths, provision, suite, templates
from .progress import STARTED_AT, SetupError, say
from .steps import lock

PORT = 8069
SERVICE_USER = "integration"  # calls the controllers with a key, nobody logs in
LOOK_AT = {
    "biller": "Billing › Encounters and Claims: a patient's money, with its timeline",
    "cash_poster": "Remittances: upload an 835; what was posted, and what was not",
    "approver": "Approvals › My Approvals: two large claims wait for a decision",
    "denial_analyst": "Remittances › Denials, Payment Variances",
    "coder": "Billing › Charges; My Work: what stops for want of a code",
    "collector": "Billing › Claims by open balance; Patients",
    "front_desk": "Patients: accounts, coverages, authorizations",
    "payables": "Payables: orders, budgets, bills that do not agree, payment runs",
    "finance_manager": "Reporting; Billing › Invoices & Entries; Accounting Set-up",
    "executive": "Reporting › Claims Analysis; Exceptions › Throughput",
    "auditor": "Audit › Audit Log, Timeline, Verify",
    "integration_support": "Integration › Events and Connectors; Exceptions",
    "administrator": "Configuration: approval policies, posting and validation rules",
}


def main(arguments):
    options = _options(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with provision.environment():
        if options.check:
            name = options.database or f"{suite.UMBRELLA}_check"
            with lock(f"database-{name}"):
                return _check(name, options)
        name = options.database or suite.UMBRELLA + "_empty" * options.no_demo
        refusal = (
            f"Another ./setup/run serves the database {name}.\n"
            "What to do: stop it, or choose one with --database NAME."
        )
        with lock(f"database-{name}", refusal):
            return _stay_up(name, options)


def _options(arguments):
    parser = argparse.ArgumentParser(prog="setup/run", add_help=False)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--corrupt", action="store_true")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--database")
    parser.add_argument("--no-demo", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    options = parser.parse_args(arguments)
    if options.corrupt and not options.check:
        parser.error("--corrupt goes with --check")
    return options


def _check(name, options):
    _create(name, demo=True)
    access = demo_day.make_access(name)
    with odoo_server.serving(name, options.port) as url:
        if not demo_day.feed(url, name, access["api_key"]):
            raise SetupError("Nothing was fed, so nothing can be checked.")
    return demo_day.check(name, STARTED_AT, options.corrupt)


def _stay_up(name, options):
    demo = not options.no_demo
    _bring_up_to_date(name, demo, options.fresh)
    note = database.notes()[name]
    api_key = None
    if demo and not note.get("fed"):
        access = demo_day.make_access(name)
        note["logins"], api_key = access["logins"], access["api_key"]
    with odoo_server.serving(name, options.port) as url:
        if demo and not note.get("fed"):
            database.set_note(name, {**note, "fed": False})  # until it is complete
            note["fed"] = demo_day.feed(url, name, api_key) or None
        database.set_note(name, note)
        _show(url, name, note.get("logins", {}))
        odoo_server.wait_for_end()
    return 0


def _bring_up_to_date(name, demo, fresh):
    """Create the database, or upgrade the modules that changed since."""
    note = database.notes().get(name)
    if note is None and name in database.names() and not fresh:
        raise SetupError(
            f"There is a database {name} that was not made here.\n"
            "What to do: ./setup/run --fresh replaces it."
        )
    interrupted = bool(note) and note.get("fed") is False
    if fresh or note is None or interrupted:
        return _create(name, demo)
    changed, upgradable = templates.changes(note)
    if not changed:
        return say(f"Database {name} is up to date")
    if not upgradable:
        say("Initial data or hooks changed: ./setup/run --fresh shows them")
    say(f"Upgrading {', '.join(changed)} in {name}")
    odoo_server.apply(name, f"upgrade {name}", "-u", ",".join(changed))
    database.set_note(name, {**note, "modules": suite.fingerprints()})


def _create(name, demo):
    template = templates.ensure(demo)
    note = database.notes()[template]
    database.copy(template, name)
    database.set_note(name, note)
    say(f"Database {name} created")


def _show(url, name, logins):
    lines = [
        "",
        f"  Healthcare RCM is running: {url}/odoo",
        f"  Database {name}; log {odoo_server.server_log(name)}",
        "",
        "  Log in (the password is the login):" if logins else "  Log in: admin, admin",
    ]
    known = [*LOOK_AT, *(role for role in logins if role not in LOOK_AT)]
    for role in known:
        if role in logins and role != SERVICE_USER:
            lines.append(f"    {logins[role]:22s}{LOOK_AT.get(role, '')}".rstrip())
    if logins:
        lines.append(f"    {'admin':22s}everything, and Odoo's own settings")
    lines += ["", "  Ctrl-C stops everything that was started.", ""]
    print("\n".join(lines), flush=True)
    if not sys.stdout.isatty():
        say(f"Home of everything: {paths.HOME}")
