from odoo import api, models


class RcmPaperEobPartMixin(models.AbstractModel):
    """A row below a paper explanation: keyed while that is a draft, then it stays."""

    _name = "rcm.paper.eob.part.mixin"
    _inherit = "rcm.audit.mixin"
    _description = "Part of a Paper Explanation"

    def _rcm_eob(self):
        """The paper it stands on; overridden where that is not its ``eob_id``."""
        return self.eob_id

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._rcm_eob()._rcm_check_draft()
        return parts

    def write(self, vals):
        self._rcm_eob()._rcm_check_draft()
        result = super().write(vals)
        # it may hang below another paper now
        self._rcm_eob()._rcm_check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        self._rcm_eob()._rcm_check_draft()
