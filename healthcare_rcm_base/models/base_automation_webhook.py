from odoo import api, models
from odoo.exceptions import ValidationError

# Models whose records move money, or say who may.
CLOSED_PREFIXES = ("rcm.", "account.", "res.", "ir.", "mail.", "payment.", "purchase.")


class BaseAutomation(models.Model):
    """No webhook reaches what the revenue cycle keeps.

    Odoo's webhook trigger is a public address without signature or limit: who knows it
    runs the rule with all rights, and what it was sent stands in the log. Connectors
    are the door for other systems.
    """

    _inherit = "base.automation"

    @api.constrains("trigger", "model_id")
    def _check_rcm_webhook(self):
        for rule in self:
            model = rule.sudo().model_id.model or ""  # its name, whoever saves
            if rule.trigger == "on_webhook" and model.startswith(CLOSED_PREFIXES):
                raise ValidationError(
                    self.env._(
                        "Webhooks are unsigned and open to anyone who knows the "
                        "address: %(model)s is closed to them. Connect the other "
                        "system as a connector instead.",
                        model=rule.model_id.display_name,
                    )
                )
