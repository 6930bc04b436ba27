from odoo import models


class ValidateAccountMove(models.TransientModel):
    """Posting from the list asks for what needs an approval and posts the rest."""

    _inherit = "validate.account.move"

    def validate_move(self):
        allowed = self.move_ids._rcm_ask_to_post()
        waiting = self.move_ids - allowed
        if not waiting:
            return super().validate_move()
        self.move_ids = allowed
        if allowed:
            super().validate_move()
        return waiting._rcm_asked_notice(False)
