from urllib.parse import quote, urlencode

from odoo import models

from ...protocol import strict_json
from ...tools.http_sender import fetch
from .rcm_adapter_roles import SourceUnavailable


class RcmAdapterHttpJson(models.AbstractModel):
    """A source that is asked over https and answers with our own envelopes.

    *Poll*: ``GET <address>?cursor=…`` answers ``{"events": […], "cursor": "…",
    "more": false}``. *Fetch*: ``GET <address>/<reference>`` answers the document. The
    credential goes as ``Authorization: Bearer``.
    """

    _name = "rcm.adapter.http_json"
    _inherit = ["rcm.adapter.fetch", "rcm.adapter.poll"]
    _description = "Adapter: JSON over HTTP"
    _rcm_adapter_code = "http_json"
    _rcm_adapter_title = "JSON over HTTP"

    def _rcm_poll(self, pull, cursor):
        query = f"?{urlencode({'cursor': cursor})}" if cursor else ""
        content = self._rcm_get_content(pull, pull.address + query)
        try:
            answer = strict_json.loads(content)
        except strict_json.InvalidJson:
            raise SourceUnavailable("content") from None
        events = answer.get("events") if isinstance(answer, dict) else None
        if not isinstance(events, list):
            raise SourceUnavailable("content")
        after = answer.get("cursor", cursor)
        return events, str(after if after is not None else ""), bool(answer.get("more"))

    def _rcm_fetch(self, pull, reference):
        address = f"{pull.address.rstrip('/')}/{quote(reference, safe='')}"
        return reference, self._rcm_get_content(pull, address)

    def _rcm_get_content(self, pull, address):
        headers = {}
        if token := pull._rcm_token():
            headers["Authorization"] = f"Bearer {token}"
        answer, content = fetch(address, headers, pull.private_allowed)
        if answer.error:
            raise SourceUnavailable(answer.error)
        return content
