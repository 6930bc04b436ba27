from odoo import models

from .rcm_encounter import EDITABLE_STATES


class RcmEncounter(models.Model):
    """The way of an encounter from registration to its close."""

    _inherit = "rcm.encounter"

    def _rcm_as(self, *roles):
        """Check role and record access of the caller, then act with full rights."""
        self.env.user._rcm_require(*roles)
        self.check_access("read")
        return self.sudo()  # role and record rules were checked above

    def _rcm_standing(self):
        """The state of the encounter, or the one under its hold."""
        self.ensure_one()
        return self.hold_state if self.state == "on_hold" else self.state

    def _rcm_is_frozen(self):
        """Whether its values are billed: a late charge does not thaw them."""
        self.ensure_one()
        # Whether something is billed; the desk reads no charges and keeps the visit.
        charges = self.sudo().charge_ids
        return self._rcm_standing() not in EDITABLE_STATES or any(
            charge.state == "billed" for charge in charges
        )

    def _is_complete(self):
        """Whether nothing is missing before billing may start."""
        self.ensure_one()
        return self.coding_signed_off and any(
            charge.state == "captured" for charge in self.charge_ids
        )

    def _rcm_complete(self):
        self._rcm_set_state("completed")

    def _rcm_sign_off(self):
        """Record the coder's word; completed encounters move on to coded."""
        self.filtered(lambda item: not item.coding_signed_off).write(
            {"coding_signed_off": True}
        )
        self.filtered(lambda item: item.state == "completed")._rcm_set_state("coded")

    def _rcm_make_ready(self):
        """Called by the automation rule and the button: complete ones become ready."""
        waiting = self.filtered(
            lambda encounter: encounter.state in ("completed", "coded", "reopened")
            and encounter._is_complete()
        )
        waiting._rcm_set_state("ready", billing_due=True)

    def _rcm_bill_again(self):
        """Take ready encounters up once more, after their data were corrected."""
        due = self.filtered(
            lambda encounter: encounter.state == "ready" and not encounter.billing_due
        )
        if due:
            due._rcm_write({"billing_due": True})
            due._rcm_wake_billing()

    def _rcm_wake_billing(self):
        """Wake the scheduled action that builds, validates, clears and invoices.

        It bills many encounters at once, within seconds. Switched off, they wait for
        its next regular run.
        """
        self.env["ir.cron"]._rcm_wake("healthcare_rcm_base.cron_bill_ready")

    def _rcm_hold(self):
        for state in set(self.mapped("state")) - {"on_hold"}:
            held = self.filtered(
                lambda encounter, state=state: encounter.state == state
            )
            held._rcm_set_state("on_hold", hold_state=state, billing_due=False)

    def _rcm_release(self):
        held = self.filtered(lambda encounter: encounter.state == "on_hold")
        for state in set(held.mapped("hold_state")):
            some = held.filtered(lambda item, state=state: item.hold_state == state)
            some._rcm_set_state(
                state or "registered", hold_state=False, billing_due=state == "ready"
            )
        held.write({"hold_reason": False})
        held._rcm_wake_billing()

    def _rcm_mark_billed(self):
        """Ready encounters whose charges are all on cleared claims are billed."""
        self.filtered(
            lambda encounter: encounter.state == "ready"
            and not any(charge.state == "captured" for charge in encounter.charge_ids)
            and not any(
                claim.state in ("draft", "validated") for claim in encounter.claim_ids
            )
        )._rcm_set_state("billed", billing_due=False)

    def _rcm_reprocess(self, case):
        """Bill again; a problem that persists raises its case again."""
        ready = self.filtered(lambda encounter: encounter.state == "ready")
        ready._rcm_bill()
        return bool(ready) and all(encounter.state == "billed" for encounter in ready)

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _rcm_diagnoses(self):
        """The diagnosis codes as a list, in pointer order."""
        self.ensure_one()
        return [
            code.strip()
            for code in (self.diagnosis_codes or "").split(",")
            if code.strip()
        ]

    def _rcm_unbilled_charges(self):
        """Captured charges that are on no live claim."""
        self.ensure_one()
        return self.charge_ids.filtered(
            lambda charge: charge.state == "captured"
            and not charge.claim_line_ids.filtered(
                lambda line: line.claim_id.state not in ("void", "superseded")
            )
        )

    def _rcm_audit_name(self):
        return self.number
