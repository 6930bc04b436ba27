from odoo import fields, models


class RcmSecretHolderMixin(models.AbstractModel):
    """A record with signing secrets: whether it has one, and making the next."""

    _name = "rcm.secret.holder.mixin"
    _description = "Holder of Signing Secrets"

    has_secret = fields.Boolean(compute="_compute_has_secret")

    def _compute_has_secret(self):
        # only whether there is one
        found = self.env["rcm.secret"].sudo()._rcm_texts_of(self._name, self.ids)
        for record in self:
            record.has_secret = record.id in found

    def action_new_secret(self):
        """Make a signing secret and show it once; the present one holds a day more."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        # secrets are nobody's to read; role and right to change this were checked
        text = self.env["rcm.secret"].sudo()._rcm_rotate(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Secret ready"),
            "res_model": "rcm.secret.show",
            "view_mode": "form",
            "target": "new",
            "context": {"default_secret": text},
        }
