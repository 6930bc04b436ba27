from odoo import api, models


class RcmRequestedLineMixin(models.AbstractModel):
    """A line of what is asked for: written freely while that is a draft."""

    _name = "rcm.requested.line.mixin"
    _inherit = "rcm.document.mixin"
    _description = "Line Of What Is Asked For"

    # The field that names its document, and those that stay once it was asked for.
    _rcm_asked_field = None
    _rcm_asked_values = frozenset()

    def _rcm_asked(self):
        """The documents these are lines of."""
        return self[self._rcm_asked_field]

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._rcm_asked()._rcm_require_draft()
        return lines

    def write(self, vals):
        moved = self._rcm_asked_field in vals
        if moved or self._rcm_asked_values & vals.keys():
            self._rcm_asked()._rcm_require_draft()
        result = super().write(vals)
        if moved:
            self._rcm_asked()._rcm_require_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _only_of_drafts(self):
        self._rcm_asked()._rcm_require_draft()
