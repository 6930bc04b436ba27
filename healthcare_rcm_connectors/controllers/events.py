from odoo import http
from odoo.http import request

from ..models.rcm_event_type_version import headers_of
from ..protocol.problem import ProblemError
from .dispatcher import answer, connector, read_json, sender

ROUTE = {"type": "rcm", "auth": "rcm", "csrf": False, "save_session": False}


class EventDoor(http.Controller):
    """Events over plain HTTP."""

    @http.route("/rcm/v1/events", methods=["POST"], **ROUTE)
    def submit(self, **query):
        """Store one event: 202, or 200 with the first answer when it came before."""
        value, text = read_json()
        Event = request.env["rcm.event"].sudo()  # stored for its own connector only
        [result] = Event._rcm_submit(sender(), [value], text)
        if isinstance(result, ProblemError):
            raise result
        status = 200 if result["duplicate"] else 202
        headers = {"Location": f"/rcm/v1/events/{result['id']}", **headers_of(result)}
        return answer(result, status, headers)

    @http.route("/rcm/v1/events/<rcm_path:event_id>", methods=["GET"], **ROUTE)
    def status(self, event_id, **query):
        """What became of an event of this connector."""
        event = request.env["rcm.event"]._rcm_find_for(connector(), event_id)
        return answer(event._rcm_status())
