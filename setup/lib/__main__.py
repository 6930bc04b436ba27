"""`python3 -m lib COMMAND …`: what the small scripts in `setup/` call.

Runs on the machine's python3 with the standard library only, makes the virtual
environment, and goes on inside it.
"""

import ast
import importlib
import os
import sys

if sys.version_info < (3, 10):  # noqa: UP036
    sys.exit("Python 3.10 or newer is needed; this is " + sys.version.split()[0])

from . import paths, provision
from .progress import SetupError

COMMANDS = ("run", "test", "odoo", "bench", "lint", "faults")


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(f"usage: python3 -m lib {{{','.join(COMMANDS)}}} …")
    os.umask(0o022)  # the server's account must be able to read what we unpack
    name, arguments = sys.argv[1], sys.argv[2:]
    if name != "odoo" and arguments[:1] in (["-h"], ["--help"]):
        return print(help_of(name))
    try:
        if os.path.realpath(sys.prefix) != os.path.realpath(paths.VENV):
            provision.bootstrap()
            here = str(paths.REPO / "setup")
            env = {**os.environ, "PYTHONPATH": here, "RCM_HOME": str(paths.HOME)}
            python = str(paths.PYTHON)
            os.execve(python, [python, "-m", "lib", name, *arguments], env)
        command = importlib.import_module(f".command_{name}", __package__)
        return command.main(arguments)
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Starting again goes on where this ended.", file=sys.stderr)
        return 130


def help_of(name):
    """A command's docstring, without what importing the command would need."""
    file = paths.REPO / "setup" / "lib" / f"command_{name}.py"
    return ast.get_docstring(ast.parse(file.read_text()))


if __name__ == "__main__":
    sys.exit(main())
