from odoo import fields, models
from odoo.exceptions import UserError

from ..core.errors import RcmError

# Reasons a message can hold; the list shows what is left.
RESULTS_SHOWN = 5


class RcmClaim(models.Model):
    """Buttons and bulk actions of the people who work on claims."""

    _inherit = "rcm.claim"

    def action_validate(self):
        """Take over corrections, check, clear and invoice these claims."""
        claims = self._rcm_as("biller")
        drafts = claims.filtered(lambda claim: claim.state == "draft")
        drafts._rcm_refresh()._rcm_validate()._rcm_clear()
        claims.filtered(lambda claim: claim.work == "clear")._rcm_clear()
        claims.filtered(lambda claim: claim.work == "invoice")._rcm_invoice()
        stopped = drafts.filtered(lambda claim: claim.state == "draft")
        if not stopped:
            return self._rcm_notify(
                "success", self.env._("%s claims passed validation.", len(drafts))
            )
        return self._rcm_notify(
            "warning",
            self.env._(
                "%(count)s of %(total)s claims are stopped; their exceptions say why.",
                count=len(stopped),
                total=len(drafts),
            ),
        )

    def action_mark_submitted(self):
        """These claims were sent to their payers (until the 837 adapter does it).

        Each claim for itself: what cannot be submitted is named with its reason.
        """
        claims = self._rcm_as("biller")
        moment, failed = fields.Datetime.now(), {}
        for claim in claims:
            try:
                with self.env.cr.savepoint():
                    claim._rcm_mark_submitted(moment)
            except (RcmError, UserError) as error:
                failed[claim] = claim._rcm_submission_obstacle(error)
        done = len(claims) - len(failed)
        if not done and failed:
            raise UserError("\n".join(list(failed.values())[:RESULTS_SHOWN]))
        if not failed:
            return self._rcm_notify(
                "success", self.env._("%s claims marked as submitted.", done)
            )
        return self._rcm_notify(
            "warning",
            self.env._(
                "%(done)s claims marked as submitted, %(failed)s not: %(reasons)s",
                done=done,
                failed=len(failed),
                reasons=" ".join(list(failed.values())[:RESULTS_SHOWN]),
            ),
        )

    def _rcm_submission_obstacle(self, error):
        """Why this claim was not submitted, for people."""
        self.ensure_one()
        if isinstance(error, UserError):
            return str(error)
        states = dict(self._fields["state"]._description_selection(self.env))
        return self.env._(
            "%(claim)s is “%(state)s”: only cleared and invoiced claims of a payer are "
            "submitted. Filter by “Ready to submit”.",
            claim=self.display_name,
            state=states[self.state],
        )

    def action_hold(self):
        """Stop these claims until somebody releases them."""
        self._rcm_as("biller", "denial_analyst")._rcm_hold()

    def action_release(self):
        """Put held claims back where they were."""
        self._rcm_as("biller", "denial_analyst")._rcm_release()

    def action_back_to_draft(self):
        """Open validated claims for correction."""
        self._rcm_as("biller")._rcm_back_to_draft()

    def action_void(self):
        """Withdraw claims that were never invoiced."""
        self._rcm_as("biller")._rcm_void()

    def action_open_encounter(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "rcm.encounter",
            "res_id": self.encounter_id.id,
            "views": [(False, "form")],
        }

    def action_open_invoice(self):
        """The customer invoice, for people who may see it."""
        self.ensure_one()
        self.invoice_id.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.invoice_id.id,
            "views": [(self.invoice_id.get_formview_id(), "form")],
        }

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _rcm_as(self, *roles):
        """Check role and record access of the caller, then act with full rights."""
        self.env.user._rcm_require(*roles)
        self.check_access("read")
        return self.sudo()  # role and record rules were checked above

    def _rcm_notify(self, kind, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
