"""Where things are: the repository, and the one private folder beside it.

Everything that provisioning makes lies under ``RCM_HOME`` (default: the ignored
folder ``.rcm`` in the repository). Several clones may share one ``RCM_HOME``;
what belongs to one clone is keyed with a hash of the clone's path.
"""

import hashlib
import os
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("RCM_HOME") or REPO / ".rcm").resolve()
CLONE = hashlib.sha256(str(REPO).encode()).hexdigest()[:10]

STAMPS = HOME / "stamps"
CACHE = HOME / "cache"
BIN = HOME / "bin"
VENV = HOME / "venv"
PYTHON = VENV / "bin" / "python"
ODOO_ROOT = HOME / "odoo"
CHROMIUM_ROOT = HOME / "chromium"
DATA = HOME / "data"

# one per clone
LOGS = HOME / "clones" / CLONE / "logs"
LINKS = HOME / "clones" / CLONE / "addons"
CONF = HOME / "clones" / CLONE / "odoo.conf"
