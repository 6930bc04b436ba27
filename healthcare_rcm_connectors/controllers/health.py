from odoo import api, fields, http
from odoo.http import request

from ..models.rcm_event import CRON
from .dispatcher import answer

STUCK_SECONDS = 10


class HealthDoor(http.Controller):
    """Is the suite up, and is work being done?"""

    @http.route(
        "/rcm/v1/health",
        methods=["GET"],
        type="rcm",
        auth="none",
        csrf=False,
        save_session=False,
    )
    def health(self, **query):
        """Database and inbox; tells nothing about content. Wakes a sleeping lane."""
        env = request.env(user=api.SUPERUSER_ID)
        oldest = env["rcm.event"]._rcm_oldest_received()
        age = 0
        if oldest:
            age = max(0, round((fields.Datetime.now() - oldest).total_seconds()))
        if age > STUCK_SECONDS:
            env["ir.cron"]._rcm_wake(CRON)
        # After a crash Odoo's cron workers sleep up to a minute.
        env["ir.cron"]._rcm_wake_overdue()
        return answer({"status": "ok", "database": "ok", "oldest_waiting_seconds": age})
