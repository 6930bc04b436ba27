"""What of an installation's configuration is unsafe: facts in, findings out."""

from dataclasses import dataclass

from odoo.addons.healthcare_rcm_base.core.connection_loss import MOST_SECONDS

from .addresses import AddressRefused, check_url

OK, NOTE, WARNING, PROBLEM = "ok", "note", "warning", "problem"
ORDER = (OK, NOTE, WARNING, PROBLEM)
# Loggers that print statements with their values, or requests with their content.
TELLING_LOGGERS = ("odoo.sql_db", "odoo.http", "odoo.http.rpc.request", "odoo.api")
DEBUG = 10
SOON_DAYS = 21


@dataclass(frozen=True, slots=True)
class Finding:
    """One point of the check: how bad, which, and what was seen (no secrets)."""

    code: str
    level: str
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read from odoo.conf, the database and the records."""

    base_url: str
    proxy_mode: bool
    list_db: bool
    workers: int
    dbfilter: str
    database_count: int
    admin_password_default: bool
    log_levels: dict
    log_db: bool
    database_logs_values: bool
    database_host: str
    database_tls: bool
    test_enabled: bool
    cron_threads: int
    keys: tuple = ()  # (name, days left or None, live)
    webhooks: tuple = ()  # (name, url)
    monitors_without_network: tuple = ()
    # (whose end, seconds until it notices that a connection is dead or None: never)
    database_silence: tuple = ()
    loaded_first: bool = True
    company_zone: str = "UTC"  # as its people chose it; "": nobody did
    # whether the server has a key for secrets, and how they lie in the database
    has_secret_key: bool = False
    secret_states: frozenset = frozenset()


def check(facts):
    """Return a :class:`Finding` per point, in a fixed order."""
    found = []
    for rule in (
        _transport,
        _proxy,
        _databases,
        _processes,
        _logging,
        _at_rest,
        _outages,
        _keys,
        _endpoints,
        _days,
    ):
        found += rule(facts)
    return found


def worst(findings):
    """The worst level of these findings."""
    return max((item.level for item in findings), key=ORDER.index, default=OK)


def _transport(facts):
    if facts.base_url.startswith("https://"):
        return [Finding("base_url", OK, facts.base_url)]
    level = NOTE if _is_local(facts.base_url) else PROBLEM
    return [Finding("base_url", level, facts.base_url or "-")]


def _days(facts):
    """Deadlines and entries of scheduled actions count the company's own days."""
    level = OK if facts.company_zone else WARNING
    return [Finding("time_zone", level, facts.company_zone or "UTC")]


def _proxy(facts):
    behind_tls = facts.base_url.startswith("https://")
    if facts.proxy_mode:
        return [Finding("proxy_mode", OK, "True")]
    return [Finding("proxy_mode", WARNING if behind_tls else NOTE, "False")]


def _databases(facts):
    found = [
        Finding("list_db", WARNING if facts.list_db else OK, str(facts.list_db)),
        Finding("admin_passwd", PROBLEM if facts.admin_password_default else OK),
    ]
    several = facts.database_count > 1
    chosen = bool(facts.dbfilter)
    found.append(
        Finding(
            "dbfilter",
            OK if chosen or not several else WARNING,
            facts.dbfilter or str(facts.database_count),
        )
    )
    return found


def _processes(facts):
    return [
        Finding("workers", OK if facts.workers else NOTE, str(facts.workers)),
        Finding(
            "cron_threads",
            OK
            if facts.cron_threads >= 2
            else PROBLEM
            if not facts.cron_threads
            else NOTE,
            str(facts.cron_threads),
        ),
        Finding("test_enable", PROBLEM if facts.test_enabled else OK),
    ]


def _logging(facts):
    telling = sorted(
        name
        for name in TELLING_LOGGERS
        if facts.log_levels.get(name, DEBUG + 1) <= DEBUG
    )
    return [
        Finding("log_level", PROBLEM if telling else OK, ", ".join(telling)),
        Finding("log_db", WARNING if facts.log_db else OK),
        Finding("database_log", PROBLEM if facts.database_logs_values else OK),
    ]


def _at_rest(facts):
    remote = facts.database_host not in ("", "localhost", "127.0.0.1", "::1")
    remote = remote and not facts.database_host.startswith("/")
    safe = facts.database_tls or not remote
    return [
        Finding("database_tls", OK if safe else PROBLEM, facts.database_host),
        # nothing in a database can tell whether its disk is encrypted
        Finding("at_rest", NOTE),
        Finding("secrets", _secrets(facts), ", ".join(sorted(facts.secret_states))),
    ]


def _secrets(facts):
    if "locked" in facts.secret_states:
        return PROBLEM
    if not facts.has_secret_key:
        return NOTE
    return OK if facts.secret_states <= {"sealed"} else WARNING


def _outages(facts):
    slow = ", ".join(
        f"{name}: {'never' if seconds is None else f'{seconds} s'}"
        for name, seconds in facts.database_silence
        if seconds is None or seconds > MOST_SECONDS
    )
    return [
        Finding("database_silence", WARNING if slow else OK, slow),
        Finding("server_wide", OK if facts.loaded_first else WARNING),
    ]


def _keys(facts):
    endless = sorted(name for name, days, live in facts.keys if live and days is None)
    soon = sorted(
        f"{name} ({days})"
        for name, days, live in facts.keys
        if live and days is not None and days <= SOON_DAYS
    )
    return [
        Finding("keys_soon", WARNING if soon else OK, ", ".join(soon)),
        Finding("keys_endless", WARNING if endless else OK, ", ".join(endless)),
    ]


def _endpoints(facts):
    plain = sorted(name for name, url in facts.webhooks if not _is_safe(url))
    open_ = ", ".join(sorted(facts.monitors_without_network))
    return [
        Finding("endpoints", WARNING if plain else OK, ", ".join(plain)),
        Finding("monitors", NOTE if open_ else OK, open_),
    ]


def _is_safe(url):
    try:
        check_url(url)
    except AddressRefused as refused:
        # a private address may be https too
        return refused.code != "scheme"
    return True


def _is_local(url):
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    name = host if host.startswith("[") else host.partition(":")[0]
    return name in ("", "localhost", "127.0.0.1", "[::1]")
