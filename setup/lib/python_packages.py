"""The virtual environment with the pinned Python packages."""

import subprocess
import sys

from . import debian, paths
from .progress import SetupError, run, say
from .steps import step

REQUIREMENTS = paths.REPO / "setup" / "requirements.txt"
HINT = "check the network (pip uses the machine's pip configuration) and start again"


def provision():
    step(
        "venv",
        "Python: virtual environment",
        [sys.version, str(paths.VENV)],
        _create,
        is_there=paths.PYTHON.exists,
    )
    step(
        "python-packages",
        "Python: pinned packages (about 30 s)",
        [REQUIREMENTS.read_text(), sys.version],
        _install,
    )


def _create():
    (paths.STAMPS / "python-packages").unlink(missing_ok=True)
    has_pip = subprocess.run(
        [sys.executable, "-c", "import ensurepip, venv"], capture_output=True
    )
    command = [sys.executable, "-m", "venv", "--clear", paths.VENV]
    if has_pip.returncode == 0:
        run(command, "python venv", "install python3-venv, or use another python3")
        return
    run([*command, "--without-pip"], "python venv", "use a complete python3")
    say("  this Python has no pip: fetching Debian's")
    debs = debian.Suite("native").fetch(["python3-pip-whl"])
    debian.unpack(debs, paths.CACHE / "pip")
    wheels = sorted((paths.CACHE / "pip").glob("usr/share/python-wheels/pip-*.whl"))
    if not wheels:
        raise SetupError("No pip found. What to do: install python3-venv.")
    run(
        [paths.PYTHON, wheels[-1] / "pip", "install", "--no-index", wheels[-1]],
        "python pip",
    )


def _install():
    pip = [paths.PYTHON, "-m", "pip", "--disable-pip-version-check", "install"]
    run([*pip, "--progress-bar", "off", "-r", REQUIREMENTS], "pip install", HINT)


def install_into(folder, requirements):
    """A separate virtual environment for tools that must not mix with Odoo's."""
    run([sys.executable, "-m", "venv", "--clear", folder], f"venv {folder.name}")
    pip = [folder / "bin/python", "-m", "pip", "--disable-pip-version-check"]
    run([*pip, "install", "-q", "-r", requirements], f"pip {folder.name}", HINT)
