from odoo import models
from odoo.exceptions import UserError


class RcmEncounter(models.Model):
    """Buttons of the people who work on encounters."""

    _inherit = "rcm.encounter"

    def action_complete(self):
        """The service was rendered: charges are in."""
        return self._rcm_as("biller", "front_desk", "coder")._rcm_complete()

    def action_sign_off_coding(self):
        """Codes and diagnoses are final."""
        return self._rcm_as("coder", "biller")._rcm_sign_off()

    def action_ready(self):
        """Hand the encounter to billing now."""
        encounters = self._rcm_as("biller")
        if blocked := encounters.filtered(
            lambda encounter: not encounter._is_complete()
        ):
            raise UserError(
                self.env._(
                    "Not complete yet: %(numbers)s. An encounter needs its coding "
                    "signed off and at least one charge.",
                    numbers=", ".join(blocked[:10].mapped("number")),
                )
            )
        return encounters._rcm_make_ready()

    def action_hold(self):
        """Stop billing until somebody releases it."""
        self._rcm_as("biller", "coder")._rcm_hold()

    def action_release(self):
        """Go on where the hold stopped."""
        self._rcm_as("biller", "coder")._rcm_release()

    def action_reopen(self):
        """Take in a late charge after billing; it gets a claim of its own."""
        self._rcm_as("biller")._rcm_set_state("reopened")

    def action_cancel(self):
        """Nothing of this encounter is to be billed."""
        encounters = self._rcm_as("biller")
        if encounters.filtered(lambda item: not item._rcm_is_cancellable()):
            raise UserError(
                self.env._("An encounter with live claims cannot be cancelled.")
            )
        encounters._rcm_cancel()

    def action_bill_now(self):
        """Build, check, clear and invoice the claims of these encounters at once."""
        encounters = self._rcm_as("biller")
        encounters.filtered(
            lambda encounter: encounter.state in ("completed", "coded", "reopened")
            and encounter._is_complete()
        )._rcm_make_ready()
        ready = encounters.filtered(lambda encounter: encounter.state == "ready")
        claims = ready._rcm_bill()
        claims.filtered(lambda claim: claim.work == "invoice")._rcm_invoice()
        stopped = claims.filtered(lambda claim: claim.state == "draft")
        return claims._rcm_notify(
            "warning" if stopped or not claims else "success",
            self.env._(
                "%(count)s claims built, %(stopped)s of them stopped by validation.",
                count=len(claims),
                stopped=len(stopped),
            ),
        )

    def action_open_claims(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_base.rcm_claim_action"
        )
        action["domain"] = [("encounter_id", "in", self.ids)]
        action["context"] = {"create": False}
        if len(self.claim_ids) == 1:
            action.update(
                views=[(False, "form")], view_mode="form", res_id=self.claim_ids.id
            )
        return action

    def action_open_cases(self):
        """Cases of the encounter and of its claims."""
        action = self.action_rcm_cases()
        action["domain"] = [
            "|",
            "&",
            ("res_model", "=", "rcm.encounter"),
            ("res_id", "in", self.ids),
            "&",
            ("res_model", "=", "rcm.claim"),
            ("res_id", "in", self.claim_ids.ids),
        ]
        return action
