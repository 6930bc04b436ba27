import sys
from weakref import WeakKeyDictionary

from odoo import api, models

from ..core import wire

# Where a context that came over the wire is put on records: (function, module).
_DOORS = frozenset(
    {
        ("call_kw", "odoo.service.model"),
        ("web_json_2_rpc", "odoo.addons.rpc.controllers.json2"),
        ("base", "odoo.addons.web.controllers.export"),
        ("report_routes", "odoo.addons.web.controllers.report"),
        ("web_read", "odoo.addons.web.models.models"),
    }
)
_FUNCTIONS = frozenset(function for function, _module in _DOORS)
# Odoo asks for this very context for each amount of each record, and looks through all
# environments of the transaction to find that it has it already.
_ALONE = {"prefetch_fields": False}
# Key in the cursor's cache, which goes with the transaction's environments: environment
# → the same one, reading fields one by one.
ALONE = "rcm_alone"


class Base(models.AbstractModel):
    """What a client says in its context never switches off what protects records."""

    _inherit = "base"

    @api.private
    def with_context(self, ctx=None, /, **overrides):
        """Drop control keys when the caller is a door to the outside."""
        caller = sys._getframe(1)
        if (
            caller.f_code.co_name in _FUNCTIONS
            and (caller.f_code.co_name, caller.f_globals["__name__"]) in _DOORS
        ):
            overrides = wire.clean(overrides)
            ctx = None if ctx is None else wire.clean(ctx)
        if ctx is None and overrides == _ALONE:
            known = self.env.cr.cache.get(ALONE)
            if known is None:
                known = self.env.cr.cache[ALONE] = WeakKeyDictionary()
            alone = known.get(self.env)
            if alone is None:
                alone = known[self.env] = super().with_context(**overrides).env
            return self.with_env(alone)
        return super().with_context(*(() if ctx is None else (ctx,)), **overrides)

    def _message_get_suggested_recipients_batch(self, *args, **kwargs):
        """Guarantors are nobody's suggestion without the right to know patients."""
        suggested = super()._message_get_suggested_recipients_batch(*args, **kwargs)
        if self.env.user._rcm_sees_patients():
            return suggested
        found = {row["partner_id"] for rows in suggested.values() for row in rows}
        partners = self.env["res.partner"].browse(found - {False})
        masked = set(partners.filtered("rcm_is_guarantor").ids)
        return {
            id_: [row for row in rows if row["partner_id"] not in masked]
            for id_, rows in suggested.items()
        }
