"""Where the private PostgreSQL lies, and which account owns it.

As root the server runs as `postgres` or `nobody`, who must be able to enter the folder.
"""

import contextlib
import hashlib
import os
import pwd
from pathlib import Path

from . import paths
from .progress import SetupError
from .steps import write_atomically

SOCKET_LIMIT = 100


def server_user():
    """As root: the unprivileged account that runs the server; else None."""
    if os.geteuid():
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise SetupError(
        "PostgreSQL refuses to run as root and this machine has no account "
        "`postgres` or `nobody`.\nWhat to do: create one, or run as a user."
    )


def folder():
    """Where the server's files lie: a place that its account can reach.

    Inside the private folder, unless a parent (such as /root) is closed to the
    account that runs the server: then a folder under /var/tmp.
    """
    kept = paths.HOME / "postgres-place"
    if kept.exists():
        return Path(kept.read_text())
    inside = paths.HOME / "postgres"
    if server_user() is None or _reachable(paths.HOME):
        return inside
    place = Path("/var/tmp") / f"healthcare-rcm-{_digest()}"
    write_atomically(kept, str(place))
    return place


def socket_folder():
    """Socket paths are limited to 107 bytes: a long place gets a short one."""
    inside = folder() / "socket"
    if len(str(inside)) < SOCKET_LIMIT:
        return inside
    return Path("/var/tmp") / f"rcm-pg-{_digest()}"


def own_folder(path):
    path.mkdir(mode=0o700, exist_ok=True)
    account = server_user()
    if account:
        os.chown(path, account.pw_uid, account.pw_gid)
    elif path.stat().st_uid != os.geteuid():
        raise SetupError(f"{path} belongs to somebody else.\nWhat to do: remove it.")


def _digest():
    return hashlib.sha256(str(paths.HOME).encode()).hexdigest()[:12]


def _reachable(path):
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))
