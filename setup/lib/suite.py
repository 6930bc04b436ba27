"""What the suite is: its modules, what they depend on, and their fingerprints."""

import ast
import contextlib
import hashlib

from . import paths

UMBRELLA = "healthcare_rcm"
SKIPPED = {"tests", "readme", "static", "i18n", "__pycache__", "doc", "newsfragments"}
SUFFIXES = {".py", ".xml", ".csv", ".sql", ".json"}


def modules():
    """{name: folder} of the suite's modules, the umbrella last."""
    found = {
        manifest.parent.name: manifest.parent
        for manifest in sorted(paths.REPO.glob("healthcare_rcm_*/__manifest__.py"))
    }
    return {**found, UMBRELLA: paths.REPO}


def manifest(name):
    text = (modules()[name] / "__manifest__.py").read_text()
    return ast.literal_eval(text)


def dependencies():
    """Modules outside the suite that the suite depends on directly."""
    ours = modules()
    return sorted({dep for name in ours for dep in manifest(name)["depends"]} - {*ours})


def link():
    """`healthcare_rcm` → the repository, under a name that the clone's folder
    need not have; the folder of the link goes on addons_path."""
    paths.LINKS.mkdir(parents=True, exist_ok=True)
    target = paths.LINKS / UMBRELLA
    if not target.is_symlink() or target.resolve() != paths.REPO:
        target.unlink(missing_ok=True)
        with contextlib.suppress(FileExistsError):
            target.symlink_to(paths.REPO)
    return target


def fingerprints():
    """{module: {"code": hash, "fixed": hash}}.

    `code` covers every file that an upgrade reads again. `fixed` covers what an
    upgrade does not apply to a database that has it already: hooks, noupdate data.
    """
    return {name: _fingerprint(name, folder) for name, folder in modules().items()}


def _fingerprint(name, folder):
    code, fixed = hashlib.sha256(), hashlib.sha256()
    for file in _files(name, folder):
        data = file.read_bytes()
        relative = str(file.relative_to(folder)).encode()
        code.update(relative + b"\0" + data)
        if _is_fixed(file, data):
            fixed.update(relative + b"\0" + data)
    return {"code": code.hexdigest()[:20], "fixed": fixed.hexdigest()[:20]}


def _is_fixed(file, data):
    if file.suffix == ".xml":
        return b"noupdate" in data or file.parent.name == "demo"
    return file.name in ("__manifest__.py", "hooks.py") or file.parent.name == "demo"


def _files(name, folder):
    if name == UMBRELLA:
        return [folder / "__init__.py", folder / "__manifest__.py"]
    return [
        file
        for file in sorted(folder.rglob("*"))
        if file.suffix in SUFFIXES
        and not SKIPPED & set(file.relative_to(folder).parts[:-1])
    ]
