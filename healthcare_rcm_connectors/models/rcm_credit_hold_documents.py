from odoo import fields, models

# A registered patient is still cared for; billing begins with the next state.
HELD_ENCOUNTERS = ("completed", "coded", "ready", "reopened")
HELD_CLAIMS = ("draft", "validated", "cleared")


class RcmEncounter(models.Model):
    """Encounters stand still while a credit hold of their account or client lasts."""

    _inherit = "rcm.encounter"

    credit_hold_ids = fields.Many2many(
        "rcm.credit.hold",
        "rcm_credit_hold_encounter_rel",
        "encounter_id",
        "hold_id",
        string="Credit Holds",
        readonly=True,
        copy=False,
    )

    def _rcm_active_credit_holds(self):
        """Active holds that keep these encounters."""
        # Whether something is held is told to whoever may see the document.
        holds = self.sudo().credit_hold_ids
        return holds.filtered(lambda hold: hold.state == "active")

    def _rcm_hold_for_credit(self, hold):
        """Stop billing of those that are on their way to it."""
        held = self.filtered(lambda item: item.state in HELD_ENCOUNTERS)
        again = self.filtered(
            lambda item: item.state == "on_hold" and item._rcm_active_credit_holds()
        )
        held._rcm_hold()
        held.write({"hold_reason": hold._rcm_sentence()})
        hold._rcm_write(
            {"encounter_ids": [(4, encounter.id) for encounter in held | again]}
        )

    def _rcm_make_ready(self):
        """What becomes ready while its account or client is held is held too."""
        coming = self.filtered(lambda item: item.state in HELD_ENCOUNTERS)
        stopped = self.browse()
        if coming:
            domain = fields.Domain("state", "=", "active") & (
                fields.Domain("patient_id", "in", coming.patient_id.ids)
                | fields.Domain("client_id", "in", coming.client_id.ids)
            )
            # Billing asks whether it may go on, whoever set it going.
            for hold in self.env["rcm.credit.hold"].sudo().search(domain):
                mine = coming.filtered(
                    lambda item, hold=hold: hold.company_id == item.company_id
                    and (
                        (hold.patient_id and hold.patient_id == item.patient_id)
                        or (hold.client_id and hold.client_id == item.client_id)
                    )
                )
                mine._rcm_hold_for_credit(hold)
                stopped |= mine
        return super(RcmEncounter, self - stopped)._rcm_make_ready()


class RcmClaim(models.Model):
    """Claims that were not sent yet stand still as well."""

    _inherit = "rcm.claim"

    credit_hold_ids = fields.Many2many(
        "rcm.credit.hold",
        "rcm_credit_hold_claim_rel",
        "claim_id",
        "hold_id",
        string="Credit Holds",
        readonly=True,
        copy=False,
    )

    def _rcm_active_credit_holds(self):
        """Active holds that keep these claims."""
        # Whether something is held is told to whoever may see the document.
        holds = self.sudo().credit_hold_ids
        return holds.filtered(lambda hold: hold.state == "active")

    def _rcm_hold_for_credit(self, hold):
        held = self.filtered(lambda item: item.state in HELD_CLAIMS)
        again = self.filtered(
            lambda item: item.state == "on_hold" and item._rcm_active_credit_holds()
        )
        held._rcm_hold()
        hold._rcm_write({"claim_ids": [(4, claim.id) for claim in held | again]})

    def _rcm_next_step(self):
        if self.state == "on_hold":
            holds = self._rcm_active_credit_holds()
            if holds:
                return ". ".join(hold._rcm_sentence() for hold in holds)
        return super()._rcm_next_step()
