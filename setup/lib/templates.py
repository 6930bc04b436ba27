"""Template databases: one per state of the modules, copied for each run.

First a template with only the modules that the suite depends on; from it, or from
the nearest older state by upgrading what changed, the suite's own. Templates are
shared by all clones with the same code, and old ones are pruned.
"""

import os
import re
import time

from . import database, odoo_source, paths, suite
from .odoo_server import apply
from .progress import SetupError, say
from .steps import hash_of, lock

KEPT = 12
KEPT_SECONDS = 3600


def ensure(demo=False):
    """The template with the whole suite as it is in this clone; returns its name."""
    prints = suite.fingerprints()
    deps = dependencies_digest(demo)
    name = f"rcm_template_{_kind(demo)}_{hash_of([prints, deps])[:12]}"
    if name in database.names():
        return name
    with lock(name):
        if name in database.names():
            return name
        note = {"modules": prints, "deps": deps, "demo": demo, "made": time.time()}
        building = f"rcm_building_{os.getpid()}"
        if not _from_nearest(building, note):
            database.copy(ensure_dependencies(demo), building, throw_away=True)
            say(f"Installing the suite ({_kind(demo)} data) into a template database")
            apply(building, f"install suite {_kind(demo)}", "-i", suite.UMBRELLA)
        database.set_note(building, note)
        database.rename(building, name)
    prune(keep=name)
    return name


def ensure_dependencies(demo=False):
    """The template with Odoo's modules only; returns its name."""
    name = f"rcm_template_odoo_{_kind(demo)}_{dependencies_digest(demo)[:12]}"
    if name in database.names():
        return name
    with lock(name):
        if name in database.names():
            return name
        modules = ",".join(suite.dependencies())
        say(f"Installing {modules} ({_kind(demo)} data) into a template database")
        building = f"rcm_building_{os.getpid()}"
        database.drop(building)
        flags = ["--with-demo"] if demo else ["--without-demo"]
        apply(building, f"install odoo {_kind(demo)}", "-i", modules, *flags)
        note = {"modules": {}, "deps": dependencies_digest(demo), "demo": demo}
        database.set_note(building, {**note, "made": time.time()})
        database.rename(building, name)
    return name


def dependencies_digest(demo):
    odoo = odoo_source.find()
    place = [str(odoo.python_path), str(paths.DATA)]  # the filestore goes with it
    return hash_of([place, odoo.version, suite.dependencies(), demo])


def changes(note):
    """(modules to upgrade, can an upgrade do it) from a noted state to this one."""
    now = suite.fingerprints()
    before = note["modules"]
    if set(now) != set(before):
        return sorted(now), False
    changed = [name for name in now if now[name]["code"] != before[name]["code"]]
    upgradable = all(now[name]["fixed"] == before[name]["fixed"] for name in changed)
    return changed, upgradable


def _from_nearest(building, note):
    """Copy the nearest older template and upgrade; False when that cannot do."""
    candidates = []
    for name, old in database.notes().items():
        if not name.startswith("rcm_template_") or old["deps"] != note["deps"]:
            continue
        changed, upgradable = changes(old)
        if upgradable:
            candidates.append((len(changed), -old["made"], name, changed))
    if not candidates:
        return False
    _count, _made, name, changed = min(candidates)
    say(f"Upgrading {', '.join(changed)} in a copy of an earlier template")
    try:
        database.copy(name, building, throw_away=True)
        apply(building, f"upgrade suite {_kind(note['demo'])}", "-u", ",".join(changed))
    except SetupError as error:
        say(f"  the upgrade failed, installing afresh ({str(error).splitlines()[0]})")
        return False
    return True


def prune(keep):
    """Drop old templates, and leftovers of runs that were killed."""
    for name in database.names():
        found = re.fullmatch(r"rcm_(?:building|test)_(\d+)\w*", name)
        if found and not os.path.exists(f"/proc/{found.group(1)}"):
            database.drop(name)
    old = sorted(
        (note["made"], name)
        for name, note in database.notes().items()
        if name.startswith("rcm_template_") and name != keep
    )
    for made, name in old[:-KEPT]:
        if time.time() - made > KEPT_SECONDS:
            database.drop(name)


def _kind(demo):
    return "demo" if demo else "test"
