from odoo import api, models
from odoo.exceptions import AccessError


class RcmAppendOnlyMixin(models.AbstractModel):
    """A table that only its own SQL appends to: the ORM reads it, and that is all."""

    _name = "rcm.append.only.mixin"
    _description = "Append-Only Record"

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        self._rcm_refuse_change()

    def write(self, vals):  # pylint: disable=method-required-super
        self._rcm_refuse_change()

    def unlink(self):  # pylint: disable=method-required-super
        self._rcm_refuse_change()

    def _get_redirect_suggested_company(self):
        """No hint where a hidden row could be seen: its company is a number here."""
        return self.env["res.company"]

    def _rcm_refuse_change(self):
        """Refuse whatever it was, with all rights too."""
        raise AccessError(self.env._("%s can only be appended to.", self._description))
