"""For people who run Odoo already: each module installs alone, and leaves again.

Each module is installed with only its own dependencies, from a plain `addons_path`,
into a copy of a database that holds nothing else of the suite; then uninstalled, and
the database compared with the one before: no table, column, function or trigger stays.
Runs under `./setup/test`, which provides databases and configuration.
"""

import importlib.util
import os
import re
import unittest

from odoo.tests import BaseCase, tagged

PROVISIONED = importlib.util.find_spec("lib") and os.environ.get("RCM_TEST_DATABASE")
SERVER_WIDE = re.compile(r"^server_wide_modules = .*$", re.MULTILINE)
CHAIN = (
    "healthcare_rcm_base",
    "healthcare_rcm_approvals",
    "healthcare_rcm_remittance",
    "healthcare_rcm_connectors",
    "healthcare_rcm",
)
TRACES = {
    "tables": "SELECT relname FROM pg_class WHERE relkind IN ('r', 'v', 'm')"
    " AND relnamespace = 'public'::regnamespace",
    "columns": "SELECT table_name || '.' || column_name FROM information_schema.columns"
    " WHERE table_schema = 'public'",
    "functions": "SELECT proname FROM pg_proc"
    " WHERE pronamespace = 'public'::regnamespace",
    "triggers": "SELECT tgrelid::regclass || '.' || tgname FROM pg_trigger"
    " WHERE NOT tgisinternal",
    "models": "SELECT model FROM ir_model",
    "groups": "SELECT name->>'en_US' FROM res_groups",
    "menus": "SELECT name->>'en_US' FROM ir_ui_menu",
    "scheduled actions": "SELECT cron_name FROM ir_cron",
    "automation rules": "SELECT name->>'en_US' FROM base_automation",
}


@tagged("post_install", "-at_install", "install")
@unittest.skipUnless(PROVISIONED, "needs the databases of ./setup/test")
class TestInstall(BaseCase):
    """One database for the way up, one step for each module."""

    def test_each_module_installs_alone_and_leaves_nothing(self):
        before = self._name("empty")
        for module in CHAIN:
            with self.subTest(module=module):
                before = self._with_dependencies(before, module)
                after, copy = self._name(module), self._name("copy")
                self.database.copy(before, after, throw_away=True)
                warnings = self._odoo(after, f"install {module}", "-i", module)
                self.assertInstalled(after, module)
                self.database.copy(after, copy, throw_away=True)
                self._uninstall(copy, module)
                before, previous = after, before  # also when this one fails
                self.assertGone(previous, copy, module)
                self.assertEqual(warnings, [])
        with self.subTest("an upgrade of everything"):
            self._odoo(before, "upgrade everything", "-u", ",".join(CHAIN))

    def assertInstalled(self, name, module):
        states = dict(
            self.database.query(
                name,
                "SELECT name, state FROM ir_module_module WHERE name LIKE %s",
                ["healthcare_rcm%"],
            )
        )
        self.assertEqual(states[module], "installed")
        above = CHAIN[CHAIN.index(module) + 1 :]
        self.assertFalse([m for m in above if states.get(m) == "installed"])

    def assertGone(self, before, after, module):
        """What the uninstalled database holds beyond the one it came from."""
        for what, statement in TRACES.items():
            had = set(self.database.query(before, statement))
            has = set(self.database.query(after, statement))
            own = {row for row in has - had if "_unaccent" not in str(row)}
            self.assertFalse(own, f"{module} leaves {what} behind")

    def _with_dependencies(self, before, module):
        """`before` with what else the module depends on, outside of the suite."""
        needed = set(self.suite.manifest(module)["depends"]) - {*CHAIN}
        if before in self.database.names():
            installed = self.database.query(
                before, "SELECT name FROM ir_module_module WHERE state = 'installed'"
            )
            needed -= {name for (name,) in installed}
            if not needed:
                return before
            name = self._name(f"before_{module}")
            self.database.copy(before, name, throw_away=True)
        else:
            name = before
        self._odoo(name, f"dependencies of {module}", "-i", ",".join(sorted(needed)))
        return name

    def _odoo(self, name, label, *arguments):
        """From a plain addons_path: Odoo's own and the clone (for the umbrella, whose
        folder must bear its name, the link beside it). Returns the warnings."""
        odoo = self.odoo_source.find()
        folders = [*odoo.addons, self.paths.REPO]
        if any(CHAIN[-1] in str(argument).split(",") for argument in arguments):
            folders.append(self.paths.LINKS)
        addons = ",".join(str(folder) for folder in folders)
        self.server.apply(name, label, f"--addons-path={addons}", *arguments)
        log = self.progress.log_path(label).read_text(errors="replace").splitlines()
        return [line.split(" ", 4)[-1] for line in log if " WARNING " in line]

    def _uninstall(self, name, module):
        """Odoo lets no module go that is loaded with the server: its configuration
        names none of ours here, as its administrator has to see to first."""
        label = f"uninstall {module}"
        plain = self.paths.CONF.with_name("uninstall.conf")
        self.addCleanup(plain.unlink, missing_ok=True)
        plain.write_text(
            SERVER_WIDE.sub(
                "server_wide_modules = base,rpc,web", self.paths.CONF.read_text()
            )
        )
        command = self.server.command(
            "module", "uninstall", "-c", plain, "-d", name, module
        )
        self.progress.run(command, label, env=self.server.environment())
        self.server.check_log(label)

    def _name(self, what):
        name = f"{os.environ['RCM_TEST_DATABASE']}_{what}"
        self.addCleanup(self.database.drop, name)
        return name

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        from lib import database, odoo_server, odoo_source, paths, progress, suite

        cls.database, cls.server = database, odoo_server
        cls.odoo_source, cls.paths = odoo_source, paths
        cls.progress, cls.suite = progress, suite
