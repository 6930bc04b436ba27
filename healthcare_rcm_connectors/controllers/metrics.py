from odoo import http
from odoo.http import request

from ..tools import prometheus_text
from .dispatcher import instance


class MetricsDoor(http.Controller):
    """What is measured, for Prometheus and what reads its format."""

    @http.route(
        "/rcm/v1/metrics",
        methods=["GET"],
        type="rcm",
        auth="rcm_monitor",
        csrf=False,
        save_session=False,
    )
    def metrics(self, **query):
        """The text format; one company a token, codes and counts only."""
        env = request.env
        monitor = env["rcm.monitor"].browse(request.rcm_monitor_id)
        families = env["rcm.metrics"]._rcm_collect(monitor.company_id)
        response = http.Response(
            prometheus_text.render(families),
            content_type=prometheus_text.CONTENT_TYPE,
        )
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Request-Id"] = instance()
        return response
