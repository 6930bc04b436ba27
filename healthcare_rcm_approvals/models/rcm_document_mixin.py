from odoo import models


class RcmDocumentMixin(models.AbstractModel):
    """Puts the gate of ``healthcare_rcm_base`` under the approval policies.

    A document takes part by returning facts from ``_rcm_approval_facts``.
    """

    _name = "rcm.document.mixin"
    _inherit = ["rcm.approval.mixin", "rcm.document.mixin"]

    def _rcm_gate(self, effect):
        """Only what a policy lets through, or an approval of these very facts."""
        return super()._rcm_gate(effect)._rcm_approval_gate(effect)

    def _rcm_approval_done(self, effect):
        """A granted approval lets the document go on."""
        result = super()._rcm_approval_done(effect)
        self._rcm_gate_approved(effect)
        return result
