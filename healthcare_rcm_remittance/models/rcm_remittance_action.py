from odoo import models
from odoo.exceptions import UserError

# More claims than a person wants to wait for in front of the screen.
AT_ONCE_CLAIMS = 1000


class RcmRemittance(models.Model):
    """Buttons of a remittance: each checks role, access and state."""

    _inherit = "rcm.remittance"

    def action_plan(self):
        """Make the posting plan anew and show it; nothing is posted."""
        self.env.user._rcm_require("cash_poster", "finance_manager")
        self.check_access("read")
        for remittance in self.sudo():  # planning writes protected fields
            if remittance.state in ("balanced", "matched", "held", "unposted"):
                remittance._rcm_match()

    def action_post(self):
        """Match, ask for approval where a policy wants it, and post."""
        self.env.user._rcm_require("cash_poster", "finance_manager")
        self.check_access("read")
        ready = self.filtered(
            lambda item: item.state in ("balanced", "matched", "held", "approval")
        )
        if not ready:
            raise UserError(self.env._("There is nothing to post here."))
        large = ready.filtered(lambda item: item.claim_count > AT_ONCE_CLAIMS)
        (ready - large).sudo()._rcm_process()  # role, access and state were checked
        return large._rcm_post_later() if large else None

    def _rcm_post_later(self):
        """Large ones are posted by the scheduled action; the form shows how far."""
        waiting = self.sudo()  # role, access and state were checked by the button
        waiting._rcm_emit("remittance.post_asked")
        waiting._rcm_write({"retry": True})
        self.env["ir.cron"]._rcm_wake("healthcare_rcm_remittance.cron_remittance_post")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": self.env._(
                    "Posted in the background: it is large. Its form shows how far it "
                    "is."
                ),
                "type": "info",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_post_parking(self):
        """Post now; claims that are not ready are parked instead of waited for."""
        self.env.user._rcm_require("cash_poster", "finance_manager")
        self.check_access("read")
        held = self.filtered(lambda item: item.state == "held").sudo()  # as above
        held._rcm_write({"park_unready": True})
        held._rcm_emit("remittance.park_unready", {"park_unready": [False, True]})
        held._rcm_process()

    def action_accept_trace(self):
        """A re-used trace number is another payment after all: take it in."""
        self.env.user._rcm_require("finance_manager")
        self.check_access("read")
        for remittance in self.sudo():  # role and access were checked
            if remittance.state != "held" or not remittance.duplicate_of_id:
                raise UserError(self.env._("Its trace number was not used before."))
            remittance._rcm_take_slot(
                f"{remittance.payment_key}|{remittance.content_hash}"
            )
            remittance._rcm_write_logged(
                {remittance.id: {"duplicate_of_id": False}}, "remittance.trace_accepted"
            )
            remittance._rcm_resolve_cases(
                ["remittance_trace_reused"], self.env._("Accepted as another payment.")
            )
            remittance._rcm_process()

    def action_unpost(self):
        """Ask for the reason and take the posting back."""
        self.ensure_one()
        self.env.user._rcm_require("finance_manager")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Unpost %s", self.display_name),
            "res_model": "rcm.remittance.unpost",
            "view_mode": "form",
            "target": "new",
            "context": {"default_remittance_id": self.id},
        }

    def action_journal_entry(self):
        """Show the journal entries of this remittance."""
        self.ensure_one()
        moves = self.move_id | self.claim_ids.move_id | self.reversal_move_id
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Journal Items"),
            "res_model": "account.move.line",
            "view_mode": "list",
            "views": [
                (
                    self.env.ref("healthcare_rcm_base.account_move_line_view_list").id,
                    "list",
                )
            ],
            "domain": [("move_id", "in", moves.ids)],
            "context": {"create": False},
        }

    def action_claims(self):
        """Show the claims of this remittance."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Claims"),
            "res_model": "rcm.remittance.claim",
            "view_mode": "list,form",
            "domain": [("remittance_id", "=", self.id)],
            "context": {"create": False},
        }

    def action_parked(self):
        """Show the claims of this remittance that wait for a person."""
        self.ensure_one()
        action = self.action_claims()
        action["name"] = self.env._("Parked Claims")
        action["domain"] = [("remittance_id", "=", self.id), ("state", "=", "parked")]
        return action

    def action_denials(self):
        """Show the denials this remittance opened."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Denials"),
            "res_model": "rcm.denial",
            "view_mode": "list,kanban,form",
            "domain": [("remittance_id", "=", self.id)],
            "context": {"create": False},
        }
