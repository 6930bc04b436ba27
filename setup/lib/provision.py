"""Everything a command needs, in order; quick when nothing is missing."""

import contextlib
import os

from . import chromium, odoo_source, paths, postgres, python_packages
from .odoo_server import write_config
from .steps import lock, make_home


def bootstrap():
    """Before the virtual environment exists: make it."""
    make_home()
    with lock("provision"):
        python_packages.provision()


@contextlib.contextmanager
def environment(browser=False):
    """Provision, run PostgreSQL while the block lasts, write odoo.conf."""
    make_home()
    with lock("provision"):
        odoo_source.provision()
        postgres.provision()
        if browser:
            chromium.provision()
    with postgres.running() as server:
        write_config(server)
        os.environ["PATH"] = f"{paths.BIN}{os.pathsep}{os.environ['PATH']}"
        yield server
