import re
from hashlib import sha256

from odoo import http
from odoo.http import request

from ..models.rcm_event_type_version import headers_of
from ..protocol import strict_json
from ..protocol.problem import ProblemError
from .dispatcher import answer, connector, decode, instance, read_body, sender
from .events import ROUTE

CHUNK = 500
_VERSION = re.compile(r"[1-9][0-9]{0,4}\Z")


class FileDoor(http.Controller):
    """Files as they are, for systems that can post one but build no JSON."""

    @http.route("/rcm/v1/files", methods=["POST"], **ROUTE)
    def submit(
        self, filename=None, id=None, type=None, version=None, format=None, **query
    ):
        """Read the raw body with the adapter of its format and store its events.

        Without ``format`` it is the connector's own, as a rule *file as it is*: one
        event that carries the file. Without ``id`` the file's own hash is that event's
        id: the same file again is the same event.
        """
        content = read_body()
        if not content:
            raise ProblemError("invalid-request", "The body is the file; it is empty.")
        if "" in (id, type, format):
            raise ProblemError("invalid-request", "A query parameter is empty.")
        if version is not None and not _VERSION.match(version):
            raise ProblemError("invalid-request", "version is a number from 1.")
        name = format or connector().file_format
        hints = {
            "id": id,
            "type": type,
            "version": int(version) if version else None,
            "filename": filename or "",
            "digest": sha256(content).hexdigest(),
        }
        results = self._store(name, decode(name, content, filename or ""), hints)
        if len(results) == 1:
            return self._one(results[0])
        return self._many(results)

    def _store(self, name, records, hints):
        """Map and store the records of one file; an answer to each, in order."""
        mapper = request.env["rcm.adapter"]._rcm_find("map", name)
        if mapper is None:
            raise ProblemError("invalid-request", "This format cannot be handed in.")
        if not records:
            raise ProblemError("unreadable", "The file holds no records.")
        source = connector()
        values = [mapper._rcm_map(source, record, hints) for record in records]
        _refuse_unstorable(values)
        Event = request.env["rcm.event"].sudo()  # stored for its own connector only
        results = []
        for start in range(0, len(values), CHUNK):
            results += Event._rcm_submit(sender(), values[start : start + CHUNK])
        return results

    def _one(self, result):
        """The answer to a file that is one event: as if it had come by itself."""
        if isinstance(result, ProblemError):
            raise result
        status = 200 if result["duplicate"] else 202
        headers = {"Location": f"/rcm/v1/events/{result['id']}", **headers_of(result)}
        return answer(result, status, headers)

    def _many(self, results):
        """An answer to each record: 202, 200 when all came before, 207 with faults."""
        items = [
            {"error": item.problem.body(instance())}
            if isinstance(item, ProblemError)
            else item
            for item in results
        ]
        if any("error" in item for item in items):
            status = 207
        else:
            status = 200 if all(item["duplicate"] for item in items) else 202
        return answer({"events": items}, status)


def _refuse_unstorable(values):
    try:
        strict_json.check(values)
    except strict_json.InvalidJson as error:
        raise ProblemError("unreadable", f"The file cannot be kept: {error}.") from None
