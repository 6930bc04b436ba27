from odoo import api, models

BATCH_SIZE = 200
INVOICE_BATCH_SIZE = 200


class RcmEncounter(models.Model):
    """From ready encounters to invoiced claims, in batches."""

    _inherit = "rcm.encounter"

    def _rcm_build_claims(self):
        """Bring the draft claims of ready encounters up to date and make missing ones.

        :return: the draft claims of these encounters, priced
        """
        Claim = self.env["rcm.claim"]
        ready = self.filtered(lambda encounter: encounter.state == "ready")
        drafts = ready.claim_ids.filtered(lambda claim: claim.state == "draft")
        refreshed = drafts._rcm_refresh()
        return refreshed | Claim._rcm_build_from(ready - refreshed.encounter_id)

    def _rcm_bill(self):
        """Build, validate and clear the claims of these encounters.

        What validation stops stays a draft with its cases; the rest goes as far as
        the gate lets it and is left for the invoicing step.
        """
        due = self._rcm_reviewed()
        for_clients = due._rcm_for_client()
        for_clients._rcm_wait_for_client_invoice()
        claims = (due - for_clients)._rcm_corrected()._rcm_build_claims()
        self.filtered("billing_due")._rcm_write({"billing_due": False})
        claims._rcm_validate()._rcm_clear()
        return claims

    def _rcm_corrected(self):
        """Those without a sent claim that still carries charges of yesterday.

        The others are corrected first; what has to wait for that is not billed as
        something new beside it.
        """
        return self.filtered(
            lambda encounter: not encounter.claim_ids
            or encounter._rcm_correct_claims("late")
        )

    @api.model
    def _cron_bill_ready(self):
        """Build, validate, clear and invoice the claims of encounters that are ready.

        Rules wake it within seconds. Switched off, nothing is billed by itself.
        """
        Claim = self.env["rcm.claim"]
        self._rcm_run_batches(
            [("state", "=", "ready"), ("billing_due", "=", True)],
            "_rcm_bill",
            BATCH_SIZE,
            "claim_invalid",
        )
        Claim._rcm_run_batches(
            [("work", "=", "clear"), ("state", "=", "validated")],
            "_rcm_clear",
            BATCH_SIZE,
            "claim_invalid",
        )
        Claim._rcm_resume_invoicing()
        Claim._rcm_run_batches(
            [("work", "=", "invoice"), ("state", "!=", "on_hold")],
            "_rcm_invoice",
            INVOICE_BATCH_SIZE,
            "invoice_failed",
        )
