from odoo import api, fields, http
from odoo.http import request

from ..models.rcm_event import CRON
from ..protocol.problem import Problem
from .dispatcher import answer, problem_response

STUCK_SECONDS = 10
OPEN = {
    "methods": ["GET"],
    "type": "rcm",
    "auth": "none",
    "csrf": False,
    "save_session": False,
}


class HealthDoor(http.Controller):
    """Is the suite up, and is work being done?"""

    @http.route("/rcm/v1/health/live", **OPEN)
    def live(self, **query):
        """This process answers: what a supervisor restarts a process by."""
        return answer({"status": "ok"})

    # not read-only, as what needs no sign-in is by itself: it may wake a lane
    @http.route(["/rcm/v1/health", "/rcm/v1/health/ready"], readonly=False, **OPEN)
    def health(self, **query):
        """Whether requests may be sent here: 503 while modules are being changed.

        Late scheduled actions or an unsafe configuration make it *degraded*, still
        with 200: taking this node away would not mend them. Tells nothing about
        content. Wakes a sleeping lane.
        """
        env = request.env(user=api.SUPERUSER_ID)
        report = env["rcm.health"]._rcm_report()
        if not report["ready"]:
            return problem_response(Problem("not-ready", headers={"Retry-After": "5"}))
        oldest = env["rcm.event"]._rcm_oldest_received()
        age = 0
        if oldest:
            age = max(0, round((fields.Datetime.now() - oldest).total_seconds()))
        if age > STUCK_SECONDS:
            env["ir.cron"]._rcm_wake(CRON)
        # After a crash Odoo's cron workers sleep up to a minute.
        env["ir.cron"]._rcm_wake_overdue()
        return answer(
            {
                "status": "ok" if report["good"] else "degraded",
                "database": "ok",
                "scheduler": report["scheduler"],
                "configuration": report["configuration"],
                "oldest_waiting_seconds": age,
            }
        )
