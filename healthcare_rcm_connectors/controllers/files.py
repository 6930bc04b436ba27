import base64
from hashlib import sha256

from odoo import fields, http
from odoo.http import request

from ..protocol import envelope
from ..protocol.problem import ProblemError
from .dispatcher import answer, connector, read_body
from .events import ROUTE

FILE_TYPE = "remittance.received"


class FileDoor(http.Controller):
    """Files as they are, for systems that can post one but build no JSON."""

    @http.route("/rcm/v1/files", methods=["POST"], **ROUTE)
    def submit(self, filename=None, id=None, type=FILE_TYPE, version=None, **query):
        """Store the raw body as an event that carries a file.

        Without ``id`` the file's own hash is the event's id: the same file again is
        the same event.
        """
        content = read_body()
        if not content:
            raise ProblemError("invalid-request", "The body is the file; it is empty.")
        number = self._version(type, version)
        event_id = id or f"sha256-{sha256(content).hexdigest()}"
        Event = request.env["rcm.event"].sudo()  # stored for its own connector only
        value = {
            "id": event_id,
            "type": type,
            "version": number,
            "occurred_at": self._moment(Event, event_id),
            "data": {
                "filename": filename or "",
                "content_base64": base64.b64encode(content).decode(),
            },
        }
        [result] = Event._rcm_submit(connector(), [value])
        if isinstance(result, ProblemError):
            raise result
        status = 200 if result["duplicate"] else 202
        headers = {"Location": f"/rcm/v1/events/{result['id']}"}
        return answer(result, status, headers)

    def _version(self, type_name, version):
        """The version asked for, else the newest this connector may send."""
        if version:
            if not version.isdecimal():
                raise ProblemError("invalid-request", "version is a number.")
            return int(version)
        allowed = connector().event_type_ids.filtered(
            lambda kind: kind.name == type_name and kind.state != "retired"
        )
        return max(allowed.mapped("version"), default=1)

    def _moment(self, events, event_id):
        """When it happened: now, or as said when this id came first."""
        known = events.search(
            [
                ("connector_id", "=", connector().id),
                ("external_id", "=", event_id),
            ],
            limit=1,
        )
        return envelope.format_time(known.occurred_at or fields.Datetime.now())
