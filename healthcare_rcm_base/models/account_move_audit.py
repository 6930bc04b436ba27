from odoo import api, models
from odoo.tools import SQL


class AccountMove(models.Model):
    """Every entry of the revenue cycle stands on the threads of its claims."""

    _inherit = "account.move"

    @api.model
    def _rcm_post_entries(self, vals_list):
        moves = super()._rcm_post_entries(vals_list)
        moves._rcm_log_posted()
        return moves

    def _rcm_log_posted(self):
        """One audit row for each entry and thread: its own and those of its claims."""
        if not self:
            return
        self.flush_recordset(["rcm_correlation_id"])
        threads = self.env.execute_query(
            SQL(
                """SELECT id, rcm_correlation_id FROM account_move
                    WHERE id IN %(moves)s AND rcm_correlation_id IS NOT NULL
                    UNION
                   SELECT line.move_id, claim.correlation_id
                     FROM account_move_line line
                     JOIN rcm_claim claim ON claim.id = line.rcm_claim_id
                    WHERE line.move_id IN %(moves)s
                      AND claim.correlation_id IS NOT NULL
                    ORDER BY 1, 2""",
                moves=tuple(self.ids),
            )
        )
        names = {move.id: (move.name, move.company_id.id) for move in self.sudo()}
        self.env["rcm.audit.log"]._rcm_append(
            [
                {
                    "event": "account.move.posted",
                    "model": self._name,
                    "res_id": move_id,
                    "record_name": names[move_id][0],
                    "company_id": names[move_id][1],
                    "correlation_id": correlation_id,
                }
                for move_id, correlation_id in threads
            ]
        )
