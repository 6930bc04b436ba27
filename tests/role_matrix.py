"""The table of who may do what: `docs/role-matrix.csv`.

One row a model and operation (create, read, write, unlink, or the name of a public
method). `who` lists the roles that get past the check of rights; `all` stands for
every role of the revenue cycle. What lies behind the check (state, amounts, missing
values) may still refuse.
"""

import csv
import inspect
from pathlib import Path

from odoo.exceptions import AccessError
from odoo.service.model import get_public_method

FILE = Path(__file__).resolve().parents[1] / "docs" / "role-matrix.csv"
HEADER = ("model", "operation", "who", "review")
OPERATIONS = ("create", "read", "write", "unlink")
# The field to write where most fields of a model are fixed.
OPEN_FIELDS = {"rcm.claim.note": "follow_up_date"}
MAGIC = ("id", "create_uid", "create_date", "write_uid", "write_date")
PROPOSED = "proposed"
# A rule of the model stops everyone, whatever their rights.
NEVER = "never"
ROLES = (
    "front_desk",
    "biller",
    "coder",
    "cash_poster",
    "denial_analyst",
    "collector",
    "payables",
    "approver",
    "finance_manager",
    "executive",
    "auditor",
    "integration_support",
    "integration",
    "administrator",
)
# People without a role of ours, who must get in nowhere unless a row says so.
OUTSIDERS = {
    "employee": "base.group_user",
    "invoicing": "account.group_account_invoice",
    "settings": "base.group_system",
    "portal": "base.group_portal",
}


INHERITED = FILE.with_name("inherited-methods.csv")


def load_inherited():
    """{(mixin, method)} of what our models get from Odoo and clients may call."""
    if not INHERITED.exists():
        return set()
    with INHERITED.open(newline="") as file:
        return {(row["mixin"], row["method"]) for row in csv.DictReader(file)}


def store_inherited(pairs):
    """Write the declared list anew."""
    with INHERITED.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("mixin", "method"))
        writer.writerows(sorted(pairs))


def inherited(env, models):
    """{(mixin, method)} that clients may call on ``models`` and the suite has not
    defined."""
    pairs = set()
    for name in models:
        cls = env.registry[name]
        for method in public_methods(env[name]):
            if not _ours_for(cls, method, True):
                owner = next(
                    getattr(base, "_name", None) or "base"
                    for base in reversed(cls.mro())
                    if method in vars(base)
                )
                pairs.add((owner, method))
    return pairs


def load():
    """{(model, operation): set of people} and the keys of rows not reviewed yet."""
    table, open_rows = {}, []
    if not FILE.exists():
        return table, open_rows
    with FILE.open(newline="") as file:
        for row in csv.DictReader(file):
            key = row["model"], row["operation"]
            table[key] = parse(row["who"])
            if row["review"]:
                open_rows.append(key)
    return table, open_rows


def parse(text):
    """The people a cell names."""
    names = set(text.split())
    if "all" in names:
        names = (names - {"all"}) | set(ROLES)
    return names


def render(names):
    """The shortest cell that names these people."""
    words = []
    if names >= set(ROLES):
        words.append("all")
        names = names - set(ROLES)
    order = (*ROLES, *OUTSIDERS, NEVER)
    return " ".join([*words, *sorted(names, key=order.index)])


def store(table, proposed):
    """Write the table; the rows in ``proposed`` are marked for review."""
    with FILE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for key in sorted(table, key=_order):
            review = PROPOSED if key in proposed else ""
            writer.writerow([*key, render(table[key]), review])


def propose(table, open_rows, seen):
    """Write what was seen; rows that are new or differ are marked for review."""
    changed = {key for key in seen if table.get(key) != seen[key]}
    store(seen, changed | set(open_rows))


def _order(key):
    model, operation = key
    place = OPERATIONS.index(operation) if operation in OPERATIONS else len(OPERATIONS)
    return model, place, operation


def public_methods(model):
    """Names of what a client may call on ``model``."""
    found = []
    cls = type(model)
    for name in dir(cls):
        if name.startswith("_") or not inspect.isroutine(getattr(cls, name, None)):
            continue
        try:
            get_public_method(model, name)
        except AccessError:
            continue
        found.append(name)
    return found


def expected_keys(env, models):
    """Every (model, operation) that must have a row."""
    keys = {(name, operation) for name in models for operation in OPERATIONS}
    for name, cls in env.registry.items():
        if cls._abstract:
            continue
        for method in public_methods(env[name]):
            if method == "read" or not _ours_for(cls, method, name in models):
                continue
            keys.add((name, method))
    return keys


def _ours_for(cls, method, suite_model):
    """Whether the suite defines ``method``: anywhere above a model of its own, or in
    an extension of this very model of Odoo's."""
    return any(
        method in vars(base)
        and base.__module__.startswith("odoo.addons.healthcare_rcm")
        and (suite_model or getattr(base, "_name", None) == cls._name)
        for base in cls.mro()
    )


def arguments(method):
    """A value for each argument a method cannot do without."""
    values = {}
    for name, parameter in list(inspect.signature(method).parameters.items())[1:]:
        if parameter.default is parameter.empty and parameter.kind in (
            parameter.POSITIONAL_OR_KEYWORD,
            parameter.KEYWORD_ONLY,
        ):
            values[name] = _argument(name)
    return values


def harmless(record):
    """A value of a plain field, as it is already: writing it changes nothing."""
    if record._name in OPEN_FIELDS:
        name = OPEN_FIELDS[record._name]
        return {name: record._fields[name].convert_to_write(record[name], record)}
    protected = getattr(record, "_rcm_protected_fields", frozenset)()
    for name, field in record._fields.items():
        if (
            field.type in ("char", "integer", "boolean", "selection", "date")
            and field.store
            and not (field.compute or field.related or field.groups)
            and not field.readonly
            and name not in MAGIC
            and name not in protected
        ):
            value = record[name]
            return {name: field.convert_to_write(value, record)}
    return {}


def _argument(name):
    if name.endswith(("ids", "list", "fields", "names")):
        return []
    if name in ("vals", "values", "specification", "fields_spec", "options"):
        return {}
    if name.endswith(("id", "limit", "offset", "count")):
        return 1
    return "x"
