"""Odoo 19.0 Community: the one the user has, else Debian's package, unpacked.

`ODOO_SOURCE` may name a source checkout or a dist-packages folder; an `odoo` on
the PATH is asked for its version and its place.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import debian, paths
from .progress import SetupError, say
from .steps import step

SERIES = "19.0"
PACKAGE = "odoo-19"
# what Debian's package links to under web/static and elsewhere; from these releases,
# because newer ones moved to versions without the files that the links name
LINKED_SUITES = ("trixie", "sid")
LINKED = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-font-awesome",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
)
# stripped from Debian's package; without it every browser tour fails
STUBS = ("mail/static/lib/selfie_segmentation/selfie_segmentation.js",)


@dataclass(frozen=True)
class Odoo:
    """Where Odoo's Python packages, start script and add-ons are."""

    python_path: Path
    script: Path
    addons: tuple
    version: str


def find():
    """The Odoo to use, without provisioning anything."""
    if os.environ.get("ODOO_SOURCE"):
        return _checked(Path(os.environ["ODOO_SOURCE"]).resolve(), "ODOO_SOURCE")
    own = _on_path()
    if own:
        return own
    root = paths.ODOO_ROOT
    if not root.exists():
        return None
    packages = root / "usr/lib/python3/dist-packages"
    return _checked(packages, "the unpacked package", root / "usr/bin/odoo")


def provision():
    if os.environ.get("ODOO_SOURCE") or _on_path():
        odoo = find()
        say(f"Odoo {odoo.version} in {odoo.python_path}")
        return odoo
    step(
        "odoo",
        f"Odoo {SERIES}: fetching Debian's package {PACKAGE} (about 130 MB)",
        [PACKAGE, LINKED, LINKED_SUITES, STUBS],
        _unpack,
        is_there=paths.ODOO_ROOT.exists,
    )
    return find()


def _unpack():
    debs = debian.Suite("sid").fetch([PACKAGE]) + _linked()
    debian.unpack(debs, paths.ODOO_ROOT)
    addons = paths.ODOO_ROOT / "usr/lib/python3/dist-packages/odoo/addons"
    for stub in STUBS:
        if not (addons / stub).exists():
            (addons / stub).parent.mkdir(parents=True, exist_ok=True)
            (addons / stub).write_text("// not part of the free package\n")
    dangling = [
        path.relative_to(addons)
        for path in addons.glob("*/static/**/*")
        if path.is_symlink() and not path.exists()
    ]
    if dangling:
        names = "\n".join(map(str, dangling))
        raise SetupError(
            f"Odoo's package links to files that no package supplied:\n{names}\n"
            "What to do: set ODOO_SOURCE to an Odoo 19.0 source folder, and report "
            "the list."
        )
    debian.discard(debs)


def _linked():
    """The packages that hold the link targets."""
    for suite in LINKED_SUITES[:-1]:
        try:
            return debian.Suite(suite).fetch(LINKED)
        except SetupError as error:
            say(f"  not from {suite}: {str(error).splitlines()[0]}")
    return debian.Suite(LINKED_SUITES[-1]).fetch(LINKED)


def _on_path():
    program = shutil.which("odoo", path=_outside_path())
    if not program:
        return None
    shown = subprocess.run([program, "--version"], capture_output=True, text=True)
    if SERIES not in shown.stdout:
        say(f"{program} is not {SERIES} ({shown.stdout.strip()}): not used")
        return None
    shebang = Path(program).read_text(errors="replace").splitlines()[0]
    python = shebang[2:].strip() if shebang.startswith("#!") else "python3"
    where = subprocess.run(
        [*python.split(), "-c", "import odoo.release as r; print(r.__file__)"],
        capture_output=True,
        text=True,
    )
    if where.returncode:
        say(f"{program}: its Python cannot import odoo: not used")
        return None
    packages = Path(where.stdout.strip()).parents[1]
    return _checked(packages, program, Path(program))


def _outside_path():
    """PATH without our own programs."""
    parts = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(p for p in parts if p and Path(p) != paths.BIN)


def _checked(packages, what, script=None):
    release = packages / "odoo/release.py"
    if not release.exists():
        raise SetupError(
            f"{what}: {packages} holds no odoo/release.py.\n"
            "What to do: name the folder that contains the `odoo` package."
        )
    found = re.search(r"version_info = \((\d+), (\d+)", release.read_text())
    version = ".".join(found.groups()) if found else "?"
    if version != SERIES:
        raise SetupError(f"{what} is Odoo {version}; this suite needs {SERIES}.")
    candidates = (script, packages / "odoo-bin", packages.parents[2] / "bin/odoo")
    script = next((path for path in candidates if path and path.exists()), None)
    if script is None:
        raise SetupError(f"{what}: no odoo-bin in {packages}.")
    addons = [packages / "odoo/addons"]
    if (packages / "addons/account/static").exists():  # a source checkout
        addons.append(packages / "addons")
    return Odoo(packages, script, tuple(addons), version)
