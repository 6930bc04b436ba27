"""Takes away each unique constraint and each lock in turn: is it noticed?

For a constraint two sessions write the same key at once; for a lock two come to the
same place at once. Without what keeps them apart, both are in.
"""

import json
import subprocess

from lib import odoo_server, paths
from lib.progress import say

from .unique import Race

DATABASE = "faults_run_mutate"
# What takes away nothing, and why.
REDUNDANT = {
    "rcm_claim_number_uniq": "number and version are unique together, and a first "
    "version is version 1; this one only makes the search for it quick",
}


def main(lab, options):
    """Race everything; the exit code."""
    lab.copy(DATABASE)
    try:
        wanted = options.only
        locks, declared = _locks(lab)
        rows = _constraints(lab, declared) + locks
    finally:
        lab.drop(DATABASE)
    rows = [row for row in rows if not wanted or any(w in row[1] for w in wanted)]
    for kind, name, noticed, detail in rows:
        state = "noticed" if noticed else "REDUNDANT" if name in REDUNDANT else "MISSED"
        print(f"{state:10s}{kind:8s}{name}  {REDUNDANT.get(name, detail)}")
    missed = [row for row in rows if not row[2] and row[1] not in REDUNDANT]
    for kind in ("unique", "lock"):
        mine = [row for row in rows if row[0] == kind]
        print(f"{kind}: {sum(row[2] for row in mine)} of {len(mine)} noticed")
    print(
        f"{len(rows)} mutations: {sum(row[2] for row in rows)} noticed, "
        f"{len(missed)} missed",
        flush=True,
    )
    return 1 if missed or not rows else 0


def _constraints(lab, declared):
    """(kind, name, noticed, detail) of each unique constraint."""
    race = Race(lab.cluster.dsn(DATABASE, admin=True))
    rows = [
        ("unique", name, False, "declared by a model and not in the database")
        for name in race.missing(declared)
    ]
    found = race.all()
    say(f"{len(found)} unique constraints")
    for unique in found:
        try:
            race.prepare(unique)
            kept = race.kept_out(unique)
            free = race.without(unique)
        except Exception as error:  # told, and counted as missed
            text = " ".join(str(error).split())[:200]
            rows.append(("unique", unique.name, False, text))
            continue
        detail = f"with it {_word(kept)}, without it {_word(free)}"
        rows.append(("unique", unique.name, kept and not free, detail))
    return rows


def _word(kept):
    return "kept out" if kept else "in"


def _locks(lab):
    """The same of each lock, and the names of the declared constraints."""
    say("racing the locks")
    env = odoo_server.environment(RCM_FAULTS_OPTIONS=" ".join(lab.options()))
    env["PYTHONPATH"] += f":{paths.REPO / 'tests'}"
    done = subprocess.run(
        [str(paths.PYTHON), "-m", "faults.locks", DATABASE],
        env=env,
        capture_output=True,
        text=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line[:1] == "{"]
    if done.returncode or not lines:
        return [("lock", "locks.py", False, done.stderr[-1500:])], []
    rows = [
        (
            "lock",
            row["site"],
            row.get("noticed", False),
            row.get("problem") or f"with it {row['with']}, without it {row['without']}",
        )
        for row in lines[1:]
    ]
    return rows, lines[0]["declared"]
