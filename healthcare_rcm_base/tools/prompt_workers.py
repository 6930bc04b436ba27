"""Cron workers that look for work when they begin, not a minute later.

Odoo's cron workers sleep before they look for the first time. After one died the work
it left would wait for a trigger or for that minute; the worker that takes its place
finds its wake-up pipe already rung.
"""

import os
from functools import wraps

from odoo.service.server import WorkerCron


def install():
    """Have every cron worker of this server begin with a look."""
    plain = WorkerCron.start
    if getattr(plain, "rcm_prompt", False):
        return

    @wraps(plain)
    def start(self):
        plain(self)
        os.write(self.wakeup_fd_w, b".")

    start.rcm_prompt = True
    WorkerCron.start = start
