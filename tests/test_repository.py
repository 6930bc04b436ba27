"""Rules that hold for every file of the suite, read from the sources."""

import ast
import re
import subprocess
from importlib import import_module
from pathlib import Path

from odoo.tests import BaseCase, tagged

from odoo.addons.healthcare_rcm_base.tests.neighbour import Neighbour

REPO = Path(__file__).resolve().parents[1]
MODULES = ("base", "approvals", "remittance", "connectors")
PREFIX = "healthcare_rcm_"

TOP_LEVEL = {
    "__init__.py",
    "__manifest__.py",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "pyproject.toml",
    "eslint.config.cjs",
    "setup",
    "tests",
    "docs",
    *(PREFIX + name for name in MODULES),
}

PURE = (
    ("base", "core"),
    ("approvals", "policy"),
    ("remittance", "x12"),
    ("remittance", "settlement"),
    ("connectors", "protocol"),
)
# a clock, chance, the network or a database: nothing that pure code may see
IMPURE_MODULES = {
    "asyncio", "http", "multiprocessing", "paramiko", "psycopg2", "random",
    "requests", "secrets", "socket", "sqlite3", "subprocess", "tempfile",
    "time", "urllib", "uuid",
}  # fmt: skip
CATCH_ALL = ("Exception", "BaseException")
# What puts entries into books, or amounts onto claims.
POSTS = re.compile(
    r"_rcm_create_invoices|invoiced_claim|_rcm_invoice\(|_rcm_post\(|action_post\("
    r"|\._post\(\)|_rcm_process\(|_rcm_credit|_rcm_unpost|_rcm_apply_posting"
    r"|_rcm_bill\(|_rcm_bill_periods|action_bill_now|_rcm_pay\("
)
# Cases that stand beside a second company with documents, and check it.
SECOND = re.compile(
    r"\b(Ledger|Billing|Remittance|Resolution|Document|Spending|Suite|ClaimFlow"
    r"|ClientInvoice|Submission|RemittanceLedgers|Onboarding)Case\b"
    r"|\bNeighbour\b"
)
COMPANY = re.compile(
    r"make_company\(|builders\.company\(|\"res\.company\"\]\s*\.create\("
)
# What is pure of a package that otherwise is not.
PURE_PARTS = ("urllib.parse",)
IMPURE_CALLS = {"now", "utcnow", "today", "time", "monotonic", "uuid1", "uuid4"}

# written by people for people: no machine's own paths, no registry's host name
PRIVATE_PLACES = re.compile(
    r"/work/|/home/\w|deb\.debian\.org|security\.debian\.org|pypi\.org/simple"
    r"|registry\.npmjs\.org|files\.pythonhosted\.org"
)


def sources(*patterns, folder=REPO):
    """Files of the suite, without what provisioning or Python put there."""
    for pattern in patterns:
        for path in sorted(folder.rglob(pattern)):
            parts = path.relative_to(REPO).parts
            if not any(p.startswith(".") or p == "__pycache__" for p in parts):
                yield path


def trees(folder=REPO):
    """(path, syntax tree) of every Python file."""
    for path in sources("*.py", folder=folder):
        yield path, ast.parse(path.read_text(), str(path))


def imported(tree):
    """(dotted name, level of a relative import, line) of every import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, 0, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield base, node.level, node.lineno
            for alias in node.names:
                yield f"{base}.{alias.name}".strip("."), node.level, node.lineno


def name_of(node):
    """Dotted name of an expression such as `self.env.cr.execute`."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def where(path, line):
    return f"{path.relative_to(REPO)}:{line}"


class RuleCase(BaseCase):
    """A rule finds offences; each is named with file and line."""

    maxDiff = None

    def assertNone(self, offences):
        self.assertEqual("\n".join(offences), "")


@tagged("post_install", "-at_install")
class TestLayout(RuleCase):
    def test_top_level_holds_nothing_unexpected(self):
        listed = subprocess.run(
            ["git", "ls-files"], cwd=REPO, capture_output=True, text=True
        )
        names = listed.stdout.splitlines() or [p.name for p in REPO.iterdir()]
        top = {name.split("/")[0] for name in names}
        self.assertNone(
            sorted(n for n in top - TOP_LEVEL if not n.startswith(".")),
        )

    def test_modules_depend_one_way(self):
        for position, name in enumerate(MODULES):
            manifest = ast.literal_eval(
                (REPO / (PREFIX + name) / "__manifest__.py").read_text()
            )
            ours = {d for d in manifest["depends"] if d.startswith(PREFIX)}
            below = {PREFIX + lower for lower in MODULES[:position]}
            self.assertLessEqual(ours, below, name)

    def test_every_data_file_is_in_its_manifest(self):
        offences = []
        for name in MODULES:
            module = REPO / (PREFIX + name)
            manifest = ast.literal_eval((module / "__manifest__.py").read_text())
            listed = {*manifest.get("data", ()), *manifest.get("demo", ())}
            there = {
                str(path.relative_to(module))
                for folder in ("security", "data", "views", "wizard", "report", "demo")
                for path in sources("*.xml", "*.csv", folder=module / folder)
            }
            offences += [f"{module.name}: {file} not in manifest" for file in
                         sorted(there - listed)]  # fmt: skip
            offences += [f"{module.name}: {file} is missing" for file in
                         sorted(listed) if not (module / file).exists()]  # fmt: skip
        self.assertNone(offences)

    def test_no_private_place_is_named(self):
        kinds = ("*.py", "*.xml", "*.csv", "*.js", "*.md", "*.toml", "*.txt", "*.in")
        own = Path(__file__).resolve()
        self.assertNone(
            f"{where(path, number)}: {line.strip()}"
            for path in sources(*kinds)
            if path != own
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if PRIVATE_PLACES.search(line)
        )


@tagged("post_install", "-at_install")
class TestDirection(RuleCase):
    """base ← approvals ← remittance ← connectors: nothing looks upwards."""

    def test_python_does_not_import_upwards(self):
        self.assertNone(
            f"{where(path, line)}: {name}"
            for module, above in self._modules()
            for path, tree in trees(REPO / module)
            for name, _level, line in imported(tree)
            if any(f"addons.{upper}" in name for upper in above)
        )

    def test_data_does_not_refer_upwards(self):
        self.assertNone(
            f"{path.relative_to(REPO)}: {upper}"
            for module, above in self._modules()
            for path in sources("*.xml", "*.csv", "*.py", folder=REPO / module)
            for upper in above
            if re.search(rf"\b{upper}\.\w", path.read_text())
        )

    def _modules(self):
        for position, name in enumerate(MODULES):
            yield PREFIX + name, [PREFIX + upper for upper in MODULES[position + 1 :]]


@tagged("post_install", "-at_install")
class TestPureRooms(RuleCase):
    """The rules that must never be wrong: no Odoo, clock, chance or network."""

    def test_the_pure_rooms_are_there(self):
        self.assertNone(
            f"{folder} has no modules"
            for folder in self._folders()
            if len(list(folder.glob("*.py"))) < 2
        )

    def test_imports(self):
        self.assertNone(
            f"{where(path, line)}: {name}"
            for folder in self._folders()
            for path, tree in trees(folder)
            for name, level, line in imported(tree)
            if not self._is_pure(folder, path, name, level)
        )

    def test_nothing_of_the_operating_system_but_paths(self):
        self.assertNone(
            f"{where(path, node.lineno)}: {name_of(node)}"
            for folder in self._folders()
            for path, tree in trees(folder)
            if path.name != "__main__.py"  # the command line of a room
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and name_of(node.value) == "os"
            and node.attr not in ("path", "PathLike")
        )

    def test_no_clock_no_chance(self):
        self.assertNone(
            f"{where(path, node.lineno)}: {name_of(node.func)}()"
            for folder in self._folders()
            for path, tree in trees(folder)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and name_of(node.func).split(".")[-1] in IMPURE_CALLS
            and name_of(node.func).split(".")[0] in ("date", "datetime", "time", "uuid")
        )

    def _folders(self):
        return [REPO / (PREFIX + name) / room for name, room in PURE]

    def _is_pure(self, folder, path, name, level):
        alone = folder.name == "x12"  # runs from the shell, without Odoo at all
        depth = len(path.relative_to(folder).parts)
        root = name.split(".")[0]
        if level == depth + 1:  # another pure room of the same module
            return not alone and (folder.parent / root) in self._siblings(folder)
        if level:
            return level <= depth
        if root == "odoo":  # a pure room of another module: its path goes through Odoo
            rooms = [f"odoo.addons.{PREFIX}{module}.{room}" for module, room in PURE]
            return not alone and any(name.startswith(room) for room in rooms)
        return root not in IMPURE_MODULES or name.startswith(PURE_PARTS)

    def _siblings(self, folder):
        return [room for room in self._folders() if room.parent == folder.parent]


@tagged("post_install", "-at_install")
class TestStatements(RuleCase):
    def test_no_sql_from_pieces_of_text(self):
        """SQL text is a literal; values are parameters, names are identifiers.
        (Tests that tamper with a table as its owner may name it as they like.)"""
        self.assertNone(
            where(path, node.lineno)
            for path, tree in trees()
            if "tests" not in path.relative_to(REPO).parts
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and node.args
            and name_of(node.func).split(".")[-1] in ("execute", "executemany", "SQL")
            and self._is_built(node.args[0])
        )  # fmt: skip

    def _is_built(self, node):
        if isinstance(node, ast.JoinedStr):
            return True
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
            return True
        formatted = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        return (
            formatted
            and node.func.attr == "format"
            and isinstance(node.func.value, ast.Constant)
        )

    def test_no_exception_is_swallowed(self):
        self.assertNone(
            where(path, node.lineno)
            for path, tree in trees()
            for node in ast.walk(tree)
            if isinstance(node, ast.ExceptHandler)
            and (node.type is None or name_of(node.type) in ("Exception", ""))
            and all(isinstance(statement, ast.Pass) for statement in node.body)
        )

    def test_what_is_caught_whatever_it_is_has_a_reason(self):
        """A comment on the line says why every kind of failure is caught there."""
        self.assertNone(
            where(path, node.lineno)
            for path, tree in trees()
            for lines in [path.read_text().splitlines()]
            for node in ast.walk(tree)
            if isinstance(node, ast.ExceptHandler)
            and (node.type is None or name_of(node.type) in CATCH_ALL)
            and len(self._comment(lines[node.lineno - 1]).split()) < 3
        )

    def test_an_exception_passed_over_has_a_reason(self):
        self.assertNone(
            where(path, node.lineno)
            for path, tree in trees()
            for lines in [path.read_text().splitlines()]
            for node in ast.walk(tree)
            if isinstance(node, ast.ExceptHandler)
            and all(isinstance(statement, ast.Pass) for statement in node.body)
            and not self._comment("".join(lines[node.lineno - 1 : node.end_lineno]))
        )

    def _comment(self, line):
        return line.partition("#")[2].replace("noqa: BLE001", "").strip()


@tagged("post_install", "-at_install")
class TestTests(RuleCase):
    """Odoo's loader skips in silence what it does not know: so name it here."""

    def test_every_test_file_is_imported(self):
        self.assertNone(
            f"{path.relative_to(REPO)} is not imported in tests/__init__.py"
            for folder in self._folders()
            for path in folder.glob("test_*.py")
            if path.stem not in self._imported_names(folder)
        )

    def test_every_test_class_is_tagged(self):
        self.assertNone(
            f"{where(path, node.lineno)}: {node.name}"
            for folder in self._folders()
            for path, tree in trees(folder)
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            and self._tests_of(node)
            and not any("tagged" in ast.dump(item) for item in node.decorator_list)
        )

    def test_money_is_tested_in_two_companies(self):
        """A test that posts stands beside a second company's books (the cases of
        ``SECOND`` bring one and check it), or makes two companies itself."""
        self.assertNone(
            f"{path.relative_to(REPO)} posts entries and knows one company"
            for folder in self._folders()
            for path in sorted(folder.glob("test_*.py"))
            for text in [path.read_text()]
            if POSTS.search(text)
            and not SECOND.search(text)
            and len(COMPANY.findall(text)) < 2
        )

    def test_the_second_company_is_checked(self):
        """Each of those cases mixes the check in; a name alone would prove nothing."""
        for module, name in (
            ("healthcare_rcm_base.tests.ledger_common", "LedgerCase"),
            ("healthcare_rcm_base.tests.billing_common", "BillingCase"),
            ("healthcare_rcm_base.tests.claim_flow_common", "ClaimFlowCase"),
            ("healthcare_rcm_base.tests.client_invoice_common", "ClientInvoiceCase"),
            ("healthcare_rcm_base.tests.submission_common", "SubmissionCase"),
            ("healthcare_rcm_remittance.tests.remittance_common", "RemittanceCase"),
            (
                "healthcare_rcm_remittance.tests.remittance_ledgers_common",
                "RemittanceLedgersCase",
            ),
            ("healthcare_rcm_remittance.tests.resolution_common", "ResolutionCase"),
            ("healthcare_rcm_approvals.tests.documents_common", "DocumentCase"),
            ("healthcare_rcm_connectors.tests.onboarding_common", "OnboardingCase"),
            ("healthcare_rcm_approvals.tests.spending_common", "SpendingCase"),
            ("healthcare_rcm.tests.common", "SuiteCase"),
        ):
            with self.subTest(case=name):
                case = getattr(import_module(f"odoo.addons.{module}"), name)
                self.assertTrue(issubclass(case, Neighbour))
                self.assertRegex(name, SECOND)

    def test_no_plain_unittest_case(self):
        self.assertNone(
            where(path, node.lineno)
            for folder in self._folders()
            for path, tree in trees(folder)
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            and any(name_of(base) in ("unittest.TestCase", "TestCase")
                    for base in node.bases)
        )  # fmt: skip

    def test_no_test_outside_of_a_class(self):
        self.assertNone(
            f"{where(path, node.lineno)}: {node.name}"
            for folder in self._folders()
            for path in folder.glob("test_*.py")
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        )

    def _folders(self):
        modules = [REPO / (PREFIX + name) / "tests" for name in MODULES]
        return [REPO / "tests", *modules]

    def _imported_names(self, folder):
        tree = ast.parse((folder / "__init__.py").read_text())
        return {name.split(".")[-1] for name, _level, _line in imported(tree)}

    def _tests_of(self, node):
        return [
            item
            for item in node.body
            if isinstance(item, ast.FunctionDef) and item.name.startswith("test_")
        ]
