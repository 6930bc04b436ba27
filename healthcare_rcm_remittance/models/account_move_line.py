from odoo import api, fields, models
from odoo.exceptions import UserError


class AccountMoveLine(models.Model):
    """Items of a remittance's entry know the claim of the remittance they come from."""

    _inherit = "account.move.line"

    rcm_remittance_claim_id = fields.Many2one(
        "rcm.remittance.claim",
        string="Remittance Claim",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        for line, vals in zip(lines, vals_list, strict=True):
            if vals.get("rcm_remittance_claim_id") and not line.rcm_purpose:
                line._rcm_refuse_remittance_link()
        return lines

    def write(self, vals):
        if "rcm_remittance_claim_id" in vals:
            self._rcm_refuse_remittance_link()
        return super().write(vals)

    def _rcm_refuse_remittance_link(self):
        raise UserError(
            self.env._("Only posting a remittance links journal items to its claims.")
        )
