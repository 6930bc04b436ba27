import json
from collections.abc import Mapping

from odoo import models
from odoo.http import request

from ..core import wire


class IrHttp(models.AbstractModel):
    """Routes that take a context as a parameter get it without control keys.

    Some of them put it on the request itself, where no record's ``with_context``
    sees it: running a server action, posting a message, loading an action.
    """

    _inherit = "ir.http"

    @classmethod
    def _dispatch(cls, endpoint):
        params = request.params
        for name in ("context", "kwargs", "data"):
            if name in params:
                params[name] = cls._rcm_clean_param(params[name], name)
        return super()._dispatch(endpoint)

    @classmethod
    def _rcm_clean_param(cls, value, name):
        """A context, or something that may hold one, as object or as JSON text."""
        if isinstance(value, str):
            return cls._rcm_clean_text(value, name)
        if not isinstance(value, Mapping):
            return value
        if name == "context":
            return wire.clean(value)
        if isinstance(value.get("context"), str | Mapping):
            cleaned = cls._rcm_clean_param(value["context"], "context")
            return {**value, "context": cleaned}
        return value

    @classmethod
    def _rcm_clean_text(cls, text, name):
        if name != "context" and '"context"' not in text:
            return text
        try:
            value = json.loads(text)
        except ValueError:
            return text  # no JSON: the route says so itself
        cleaned = cls._rcm_clean_param(value, name)
        return text if cleaned is value else json.dumps(cleaned)
