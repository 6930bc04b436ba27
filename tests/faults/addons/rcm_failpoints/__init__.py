"""Named places at which a test ends the process, slows it or lets it fail.

Loaded with ``--load=…,rcm_failpoints`` by the fault tests and by nothing else; what it
patches is the registry of that process. A test arms a place by a file in the folder
that RCM_FAULTS names: ``posted.2`` ends whoever comes there for the third time.
"""

import os
import signal
import time
from datetime import timedelta
from functools import wraps

from odoo import fields
from odoo.modules.registry import Registry

from odoo.addons.healthcare_rcm_base.core.errors import RcmPermanent

FOLDER = os.environ.get("RCM_FAULTS")
SKEW_SECONDS = float(os.environ.get("RCM_FAULTS_SKEW", "0"))
# What the poison scene's good events take: less than any handler of the suite does.
WORK_SECONDS = {"clean": 0.01, "mixed": 0.01}
POISON_RAISES, POISON_KILLS = "poison-raises", "poison-kills"


def reach(point):
    """Be at ``point``: whoever takes the last armed file dies here."""
    for name in os.listdir(FOLDER):
        armed, _dot, left = name.rpartition(".")
        if armed != point or not left.isdigit():
            continue
        path = os.path.join(FOLDER, name)
        after = (
            f"{point}.{int(left) - 1}" if int(left) else f"hit-{point}-{os.getpid()}"
        )
        try:
            os.rename(path, os.path.join(FOLDER, after))
        except FileNotFoundError:
            continue  # another process was here first
        if not int(left):
            os.kill(os.getpid(), signal.SIGKILL)


def after(point, when=None):
    """Reach ``point`` once the method has done its work."""

    def patch(original):
        @wraps(original)
        def method(self, *args, **kwargs):
            result = original(self, *args, **kwargs)
            if when is None or when(self, args, result):
                reach(point)
            return result

        return method

    return patch


def before(point, when=None):
    """Reach ``point`` before the method begins."""

    def patch(original):
        @wraps(original)
        def method(self, *args, **kwargs):
            if when is None or when(self, args, None):
                reach(point)
            return original(self, *args, **kwargs)

        return method

    return patch


def acknowledged(original):
    """Reach it when the request is committed and its answer has not left."""

    @wraps(original)
    def method(self, *args, **kwargs):
        result = original(self, *args, **kwargs)
        self.env.cr.postcommit.add(lambda: reach("acknowledged"))
        return result

    return method


def poisoned(original):
    """Handlers of poisoned events always fail, or take the process with them."""

    @wraps(original)
    def method(self):
        if self.external_id.startswith(POISON_KILLS):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.external_id.startswith(POISON_RAISES):
            raise ZeroDivisionError("poison")
        return original(self)

    return method


def recorded(original):
    """Events of the scenes in ``volume.py`` leave a row instead of a document."""

    @wraps(original)
    def method(self):
        if not self.external_id.startswith("volume-"):
            return original(self)
        _volume, kind, key, number = self.external_id.split("-")
        if not os.path.exists(os.path.join(FOLDER, "cured")):
            _poison(kind)
        self._rcm_refuse_stale()
        self.env.cr.execute(
            "INSERT INTO fault_applied (event, kind, key, number)"
            " VALUES (%s, %s, %s, %s)",
            [self.external_id, kind, key, number],
        )
        time.sleep(WORK_SECONDS.get(kind, 0))
        return ()

    return method


def _poison(kind):
    if kind == "kills":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "raises":
        raise ZeroDivisionError("poison")
    if kind == "refused":
        raise RcmPermanent("poison", "Never.")


def _of_remittance(_self, _args, result):
    return any(move.rcm_kind == "remittance" for move in result)


def _posting_rows(_self, args, _result):
    return any(
        row["model"] == "rcm.remittance"
        and "posted" in str((row.get("changes") or {}).get("state"))
        for row in args[0]
    )


def _worked(_self, args, _result):
    return bool(args and args[0])


# place → (model, method, patch), in the order in which an event passes them
POINTS = {
    "stored": ("rcm.event", "_rcm_insert", after("stored")),
    "acknowledged": ("rcm.event", "_rcm_insert", acknowledged),
    "locked": ("rcm.event", "_rcm_process_batch", before("locked")),
    "handled": ("rcm.event", "_rcm_handle_now", after("handled")),
    "settled": ("rcm.event", "_rcm_settle", after("settled")),
    "billed": ("rcm.claim", "_rcm_create_invoices", after("billed")),
    "parsed": ("rcm.remittance.file", "_rcm_read_content", after("parsed")),
    "matched": ("rcm.remittance", "_rcm_match", after("matched")),
    "created": ("account.move", "create", after("created", _of_remittance)),
    "posted": ("account.move", "_post", after("posted", _of_remittance)),
    "reconciled": ("rcm.remittance", "_rcm_match_entry", after("reconciled")),
    "audited": ("rcm.delivery", "_rcm_queue", before("audited", _posting_rows)),
    "outboxed": ("rcm.delivery", "_rcm_queue", after("outboxed", _posting_rows)),
    "committed": ("ir.cron", "_commit_progress", after("committed", _worked)),
}


def install(registry):
    """Patch the places into a registry that has just been loaded."""
    if "rcm.remittance" not in registry:
        return
    handling = "rcm.event", "_rcm_handle_now"
    patches = [*POINTS.values(), (*handling, poisoned), (*handling, recorded)]
    for model, method, patch in patches:
        cls = registry[model]
        setattr(cls, method, patch(getattr(cls, method)))


def _skewed_now(*_args):
    return _real_now() + timedelta(seconds=SKEW_SECONDS)


_real_now = fields.Datetime.now
_new = Registry.new.__func__


@wraps(_new)
def _new_and_patched(cls, *args, **kwargs):
    registry = _new(cls, *args, **kwargs)
    install(registry)
    return registry


if FOLDER:
    Registry.new = classmethod(_new_and_patched)
    if SKEW_SECONDS:
        fields.Datetime.now = staticmethod(_skewed_now)
