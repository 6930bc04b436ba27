"""The place where runs are made: a prepared database, and copies of it."""

import contextlib
import json
import os
import shutil
import subprocess
import time

from lib import database, odoo_server, odoo_source, paths, templates
from lib.progress import SetupError, say
from lib.steps import hash_of, lock

from .cluster import Cluster, home
from .ledger import last_audit_row
from .server import HERE, stop_leftovers

KEY_SECONDS = 20 * 3600
PREPARE = HERE / "prepare.py"
VERIFY = HERE / "verify.py"


class Lab:
    """The cluster of the faults with a database that is ready to be copied."""

    def __init__(self):
        self.cluster = Cluster()
        self.folder = paths.HOME / "faults" / paths.CLONE
        self.data = self.folder / "data"
        self.note = {}

    @contextlib.contextmanager
    def open(self):
        """Ready for runs; one process at a time uses the cluster."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with lock(f"faults-{paths.CLONE}"):
            template = templates.ensure()
            self.cluster.ensure()
            try:
                self._prepare(template)
                self._drop_leftovers()
                yield self
            finally:
                self._drop_leftovers()
                self.cluster.stop()

    @property
    def api_key(self):
        """The key of the simulated clinic."""
        return self.note["api_key"]

    @property
    def ready(self):
        """The database that is copied for each run."""
        return self.note["database"]

    # -- the prepared database -----------------------------------------------------

    def _prepare(self, template):
        name = "faults_ready_" + hash_of([template, PREPARE.read_text()])[:12]
        file = home() / "ready.json"
        with contextlib.suppress(OSError, ValueError):
            self.note = json.loads(file.read_text())
        fresh = time.time() - self.note.get("made", 0) < KEY_SECONDS
        if fresh and self.note["database"] == name and name in self.cluster.names():
            return
        say("Preparing the database of the faults")
        for old in self.cluster.names():
            if old.startswith("faults_ready_"):
                self.drop(old)
        building = "faults_building"
        self.cluster.restore(template, building)
        self._copy_files(database.FILESTORE / template, building)
        access = self._run_prepare(building)
        self.cluster.rename(building, name)
        with contextlib.suppress(FileNotFoundError):
            self._files(building).rename(self._files(name))
        self.note = {
            **access,
            "database": name,
            "made": time.time(),
            "last_audit_row": last_audit_row(self.cluster, name),
        }
        file.write_text(json.dumps(self.note))
        file.chmod(0o600)

    def _run_prepare(self, name):
        access = self.folder / "access.json"
        with open(PREPARE) as source:
            done = subprocess.run(
                odoo_server.command("shell", "-d", name, "--no-http", *self.options()),
                env=odoo_server.environment(RCM_FAULTS_ACCESS=str(access)),
                stdin=source,
                cwd=paths.REPO,
                capture_output=True,
                text=True,
            )
        if not access.exists():
            raise SetupError(f"The demo company was not made:\n{done.stderr[-3000:]}")
        value = json.loads(access.read_text())
        access.unlink()
        return value

    def options(self):
        """Odoo's options for a process on the cluster of the faults."""
        addons = [*odoo_source.find().addons, paths.LINKS, paths.REPO]
        return [
            "--db_host", self.cluster.host,
            "--db_port", "5432",
            "--db_user", self.cluster.user,
            "--data-dir", str(self.data),
            "--addons-path", ",".join(map(str, addons)),
        ]  # fmt: skip

    # -- copies ----------------------------------------------------------------------

    def copy(self, name):
        """A fresh copy of the prepared database."""
        self.cluster.copy(self.ready, name)
        self._copy_files(self._files(self.ready), name)

    def drop(self, name):
        """Remove a database and its files."""
        self.cluster.drop(name)
        shutil.rmtree(self._files(name), ignore_errors=True)

    def verify(self, name):
        """What the suite's own checks find wrong in a database."""
        done = subprocess.run(
            [str(paths.PYTHON), str(VERIFY), name],
            env=odoo_server.environment(RCM_FAULTS_OPTIONS=" ".join(self.options())),
            capture_output=True,
            text=True,
        )
        lines = done.stdout.strip().splitlines()
        if done.returncode or not lines:
            return [f"the checks could not be run: {done.stderr[-1500:]}"]
        return json.loads(lines[-1])["wrong"]

    def _files(self, name):
        return self.data / "filestore" / name

    def _copy_files(self, source, name):
        target = self._files(name)
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.exists():
            try:
                shutil.copytree(source, target, copy_function=os.link)
            except shutil.Error:  # another file system
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(source, target)

    def _drop_leftovers(self):
        stop_leftovers(self.folder / "runs")
        for name in self.cluster.names():
            if name.startswith("faults_run_"):
                self.drop(name)
