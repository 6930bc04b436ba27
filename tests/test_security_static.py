"""Rules of security, read from the sources of the suite."""

import ast
import re

from odoo.http import Controller
from odoo.tests import tagged

from . import sudo_list
from .test_repository import MODULES, PREFIX, REPO, RuleCase, name_of, trees, where

# Every route of the suite, how it authenticates, and why that is right.
ROUTES = {
    # opened from a mail, after the login; decides nothing by itself
    "/rcm/approval/<string:token>": "user",
    "/rcm/v1/jsonrpc": "rcm",
    "/rcm/v1/documents/encounter/<rcm_path:number>": "rcm",
    "/rcm/v1/documents/claim/<rcm_path:number>": "rcm",
    "/rcm/v1/documents/remittance/<rcm_path:event>": "rcm",
    "/rcm/v1/events": "rcm",
    "/rcm/v1/files": "rcm",
    "/rcm/v1/events/<rcm_path:event_id>": "rcm",
    "/rcm/v1/openapi.json": "rcm",
    "/rcm/v1/docs": "rcm",
    "/rcm/v1/metrics": "rcm_monitor",  # a token of its own, which opens only this
    "/rcm/v1/health": "none",  # whether the service is up, and nothing else
    "/rcm/v1/health/live": "none",
    "/rcm/v1/health/ready": "none",
    "/rcm/docs": "user",  # asks for a role
    "/rcm/runbooks/<string:name>": "user",  # asks for a role
    "/rcm/v1/problems/<code>": "none",  # what an error code means
    "/rcm": "none",  # 404 and 405 in the form of the interface
    "/rcm/<rcm_rest:rest>": "none",
}
# What asks for a right before all rights are taken.
CHECKS = re.compile(
    r"_rcm_require|_rcm_as\(|check_access|_rcm_has_role|_rcm_sees_patients|has_group\b"
)
# Overrides that every caller comes through anyway: what they do with all rights is
# said in the reviewed list.
CRUD = ("create", "write", "unlink", "run", "migrate")
DANGEROUS = {"eval", "exec", "compile", "__import__"}
UNSAFE_MODULES = ("pickle", "marshal", "shelve", "yaml", "xml.sax", "xml.dom")
XML_READERS = {
    "parse",
    "fromstring",
    "fromstringlist",
    "XML",
    "iterparse",
    "XMLPullParser",
}


def product_trees():
    """(path, syntax tree) of the modules' own code, without tests."""
    for name in MODULES:
        for path, tree in trees(REPO / (PREFIX + name)):
            if "tests" not in path.relative_to(REPO).parts:
                yield path, tree


@tagged("post_install", "-at_install")
class TestAllRights(RuleCase):
    """`tests/sudo_reviewed.csv` lists where the suite acts with all rights."""

    def test_every_use_is_reviewed(self):
        problems = sudo_list.problems()
        self.assertEqual(
            "\n".join(problems),
            "",
            "`python3 tests/sudo_list.py --write` proposes rows: look at what was "
            "checked before each call, then empty the last column",
        )

    def test_the_finder_finds(self):
        code = (
            "def f(self):\n"
            "    a = self.sudo()  # why\n"
            "    b = self.with_user(SUPERUSER_ID)\n"
            "    c = self.env(su=True)\n"
            "    d = self.sudo(False)\n"
            "    def g():\n"
            "        return self.sudo()\n"
        )
        counts = {
            name: sum(map(sudo_list._is_sudo, sudo_list._own_nodes(node)))
            for name, node in sudo_list._functions(ast.parse(code))
        }
        self.assertEqual(counts, {"f": 3, "f.g": 1})

    def test_public_methods_ask_first(self):
        """A method that clients call asks for role or access before all rights."""
        offences = []
        for path, tree in product_trees():
            if "controllers" in path.parts or "cli" in path.parts:
                continue
            source = path.read_text()
            for name, node in sudo_list._functions(tree):
                last = name.rpartition(".")[2]
                if last.startswith("_") or last in CRUD or name.count(".") != 1:
                    continue
                calls = [
                    item for item in sudo_list._own_nodes(node)
                    if sudo_list._is_sudo(item)
                ]  # fmt: skip
                if not calls or name.startswith("_"):
                    continue
                first = min(call.lineno for call in calls)
                before = source.splitlines()[node.lineno - 1 : first]
                if not CHECKS.search("\n".join(before)):
                    offences.append(f"{where(path, first)}: {name}")
        self.assertNone(offences)


@tagged("post_install", "-at_install")
class TestDoors(RuleCase):
    """Every route is known, with the way it authenticates."""

    def test_routes_are_in_the_allow_list(self):
        found = {}
        for controllers in Controller.children_classes.values():
            for controller in controllers:
                if controller.__module__.startswith(f"odoo.addons.{PREFIX}"):
                    found.update(self._routes_of(controller))
        self.assertEqual(found, ROUTES)

    def _routes_of(self, controller):
        for name in dir(controller):
            routing = getattr(getattr(controller, name), "original_routing", None)
            for route in (routing or {}).get("routes", ()):
                yield route, routing.get("auth")


@tagged("post_install", "-at_install")
class TestDangerousCode(RuleCase):
    def test_nothing_is_evaluated_or_unpickled(self):
        self.assertNone(
            f"{where(path, node.lineno)}: {name_of(node.func)}"
            for path, tree in product_trees()
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and name_of(node.func) in DANGEROUS
        )
        self.assertNone(
            f"{where(path, node.lineno)}: {alias}"
            for path, tree in product_trees()
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in self._imports(node)
            if alias.startswith(UNSAFE_MODULES)
        )

    def test_no_shell(self):
        self.assertNone(
            f"{where(path, node.lineno)}: {name_of(node.func)}"
            for path, tree in product_trees()
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and name_of(node.func).startswith(("os.system", "os.popen", "subprocess."))
        )

    def test_xml_is_read_with_a_hardened_parser(self):
        """No entities, no network, no huge trees: a parser says so where it is made,
        and every reader is given one."""
        offences = []
        for path, tree in product_trees():
            source = path.read_text()
            if "etree" not in source:
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and "etree" in name_of(node.func):
                    offences += self._xml_offences(path, node)
        self.assertNone(offences)

    def _xml_offences(self, path, node):
        name = name_of(node.func).rpartition(".")[2]
        words = {word.arg: getattr(word.value, "value", word) for word in node.keywords}
        if name in ("XMLParser", "HTMLParser", "iterparse", "XMLPullParser"):
            if (
                words.get("resolve_entities") is not False
                or words.get("no_network") is not True
                or words.get("huge_tree") not in (None, False)
            ):
                return [f"{where(path, node.lineno)}: {name} is not hardened"]
        elif name in XML_READERS and "parser" not in words and len(node.args) < 2:
            return [f"{where(path, node.lineno)}: {name} without a hardened parser"]
        return []

    def test_uploads_are_not_trusted_to_be_small(self):
        """Reading an archive asks for its unpacked size first."""
        for path, tree in product_trees():
            opens = [
                node for node in ast.walk(tree)
                if isinstance(node, ast.Call) and name_of(node.func).endswith("ZipFile")
                and not any(getattr(arg, "value", "") == "w" for arg in node.args)
            ]  # fmt: skip
            if opens:
                self.assertIn("file_size", path.read_text(), str(path))

    def test_no_context_key_is_a_guard(self):
        """What a client may send opens nothing: tickets do."""
        self.assertNone(
            f"{path.relative_to(REPO)}: {match}"
            for path, _tree in product_trees()
            for match in re.findall(
                r"context\.get\(\s*[\"'](rcm_(?:allow|skip|force|bypass)\w*)",
                path.read_text(),
            )
        )

    def _imports(self, node):
        if isinstance(node, ast.ImportFrom):
            return [f"{node.module or ''}.{alias.name}" for alias in node.names]
        return [alias.name for alias in node.names]
