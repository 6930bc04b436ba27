"""./setup/lint [--fix] [folder …]: every linter, pinned, in an own environment.

ruff (check and format), pylint-odoo (the mandatory set fails, the rest advises),
oca-odoo-pre-commit-hooks, prettier (JavaScript, XML, CSS) and eslint. `--fix` lets
ruff and prettier change the files; `--advice` shows what else pylint-odoo says. Exit
code 1 when any of them complains.
"""

import os
import shutil
import subprocess
import sys

from . import paths, python_packages, suite
from .progress import run, say
from .steps import lock, make_home, step

TOOLS = paths.REPO / "setup" / "lint-tools"
VENV = paths.HOME / "lint"
NODE = paths.HOME / "lint-node"


def main(arguments):
    flags = {argument for argument in arguments if argument.startswith("-")}
    folders = [argument for argument in arguments if argument not in flags] or ["."]
    if flags - {"--fix", "--advice"}:
        print(__doc__)
        return 2
    fix = "--fix" in flags
    with lock("provision"):
        _provision()
    checks = [
        *_ruff(fix, folders),
        *_odoo("--advice" in flags),
        *_javascript(fix, folders),
    ]
    failed = [name for name, command in checks if not _passes(name, command)]
    say(f"Failed: {', '.join(failed)}" if failed else "All clean")
    return 1 if failed else 0


def _provision():
    make_home()
    requirements, package = TOOLS / "requirements.txt", TOOLS / "package.json"
    step(
        "lint-python",
        "Lint tools: Python",
        [requirements.read_text(), sys.version],
        lambda: python_packages.install_into(VENV, requirements),
    )
    step(
        "lint-node",
        "Lint tools: JavaScript",
        [package.read_text()],
        lambda: _install_node_tools(package),
        is_there=(NODE / "node_modules").exists,
    )


def _install_node_tools(package):
    shutil.rmtree(NODE, ignore_errors=True)
    NODE.mkdir()
    shutil.copy(package, NODE)
    run(
        [VENV / "bin" / "npm", "install", "--no-audit", "--no-fund"],
        "npm install",
        "check the network (npm uses the machine's npm configuration), start again",
        cwd=NODE,
        env=_environment(),
    )


def _environment():
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
    modules = str(NODE / "node_modules")
    return {**os.environ, "PATH": path, "NODE_PATH": modules}


def _tracked(folders, *suffixes):
    """Files that git knows or would add, by suffix."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "--", *folders],
        cwd=paths.REPO,
        capture_output=True,
        text=True,
        check=True,
    )
    files = listed.stdout.splitlines()
    files = [name for name in files if name.endswith(suffixes)]
    return [name for name in files if (paths.REPO / name).exists()]


def _ruff(fix, folders):
    ruff = str(VENV / "bin" / "ruff")
    cache = ["--cache-dir", str(paths.CACHE / "ruff")]
    if fix:
        yield "ruff fixes", [ruff, "check", "--fix", *cache, *folders]
        yield "ruff format", [ruff, "format", *cache, *folders]
        return
    yield "ruff", [ruff, "check", *cache, *folders]
    yield "ruff format", [ruff, "format", "--check", *cache, *folders]


def _odoo(advice):
    modules = [f for name, f in suite.modules().items() if name != suite.UMBRELLA]
    names = [str(folder.relative_to(paths.REPO)) for folder in modules]
    pylint = [str(VENV / "bin" / "python"), "-m", "pylint"]
    yield "pylint", [*pylint, "--rcfile=.pylintrc-mandatory", *names]
    if advice:
        yield "pylint advice", [*pylint, "--rcfile=.pylintrc", "--exit-zero", *names]
    yield "oca-checks", [str(VENV / "bin" / "oca-checks-odoo-module"), *names]


def _javascript(fix, folders):
    node = str(VENV / "bin" / "node")
    prettier = [node, str(NODE / "node_modules/prettier/bin/prettier.cjs")]
    plugin = NODE / "node_modules/@prettier/plugin-xml/src/plugin.js"
    files = _tracked(folders, ".xml", ".js", ".cjs", ".css", ".scss")
    if files:
        mode = "--write" if fix else "--check"
        quiet = ["--log-level", "warn", "--plugin", str(plugin)]
        yield "prettier", [*prettier, mode, *quiet, *files]
    scripts = _tracked(folders, ".js")
    if scripts:
        eslint = [node, str(NODE / "node_modules/eslint/bin/eslint.js")]
        yield "eslint", [*eslint, "--no-warn-ignored", *scripts]


def _passes(name, command):
    say(name)
    return subprocess.call(command, cwd=paths.REPO, env=_environment()) == 0
