"""Each lock of the suite: are two who come at once ever inside together?

The locks are found in the source. For each there is a way to get at it; a lock without
one is told as such, so that a new lock cannot be forgotten.

``python -m faults.locks DATABASE``, in the folder ``tests``, races all of them, with
the lock and without it, and prints a JSON object for each.
"""

import ast
import json
import os
import sys
import traceback
from pathlib import Path

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

from .lock_watch import IN, MARKS, Watch, attempt
from .lock_ways import way_to

REPO = Path(__file__).resolve().parents[2]
LOCK_TIMEOUT = "400ms"


def sites():
    """{(file, function)} of every lock in the suite's source."""
    found = set()
    for path in sorted(REPO.glob("healthcare_rcm_*/**/*.py")):
        name = str(path.relative_to(REPO))
        if "/tests/" in name or "/migrations/" in name:
            continue
        source = path.read_text()
        if not MARKS.search(source):
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and MARKS.search(_code(node, source)):
                found.add((name, node.name))
    return sorted(found)


def _code(node, source):
    """The function without its docstring, which may speak of locks."""
    statements = node.body[1:] if ast.get_docstring(node) else node.body
    return "\n".join(ast.get_source_segment(source, item) for item in statements)


def race(registry, call, site, mutated):
    """What becomes of the second while the first holds the lock."""
    with Watch(site, mutated), registry.cursor() as first, registry.cursor() as second:
        outcome = attempt(_env(first), call)
        if outcome != IN:
            raise RuntimeError(f"the first one {outcome}: nothing is raced")
        second.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        outcome = attempt(_env(second), call)
        second.rollback()
        first.rollback()
    return outcome


def _env(cursor):
    return api.Environment(cursor, SUPERUSER_ID, {})


def race_site(registry, site):
    """{site, with, without, noticed} or why it could not be raced."""
    name = f"{site[0]}:{site[1]}"
    way = way_to(site)
    if way is None:
        return {"site": name, "problem": "there is no race for this lock"}
    try:
        with registry.cursor() as cursor:
            import record_factory  # needs Odoo to be there

            env = _env(cursor)
            company = env.ref("base.main_company")
            factory = record_factory.RecordFactory(env, company)
            call = way(factory)
            env.flush_all()
            cursor.commit()
        locked, free = (race(registry, call, site, flag) for flag in (False, True))
    except Exception as error:  # told, and counted as not noticed
        text = f"{type(error).__name__}: {error}".strip()[:300]
        return {"site": name, "problem": text, "trace": traceback.format_exc(limit=-3)}
    return {"site": name, "with": locked, "without": free, "noticed": locked != free}


def declared(registry):
    """Names of the unique constraints and indexes that the models declare."""
    for model in registry.values():
        for item in model._table_objects.values():
            if not item._module.startswith("healthcare_rcm"):
                continue
            text = str(item.get_definition(registry)).upper()
            if text.startswith("UNIQUE") or "UNIQUE" in text[:40]:
                yield item.full_name(model)


def main(database):
    """Race every lock; one JSON object a line."""
    odoo.tools.config.parse_config(
        ["-c", os.environ["ODOO_RC"], "-d", database, "--log-level", "critical"]
        + os.environ["RCM_FAULTS_OPTIONS"].split()
    )
    registry = Registry(database)
    print(json.dumps({"declared": sorted(set(declared(registry)))}), flush=True)
    for site in sites():
        print(json.dumps(race_site(registry, site)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
