from odoo import api, fields, models


class RcmClaim(models.Model):
    """Who is billed, and what comes next, in words for the person at the screen."""

    _inherit = "rcm.claim"

    billed_to = fields.Char(
        compute="_compute_billed_to",
        help="The payer whose turn it is, or “Self-pay”.",
    )
    next_step = fields.Char(
        compute="_compute_next_step",
        help="What happens next with this claim, and who does it.",
    )

    @api.depends("goes_to_id.name", "self_pay")
    def _compute_billed_to(self):
        self_pay = self.env._("Self-pay")
        for claim in self:
            claim.billed_to = claim.goes_to_id.name or (claim.self_pay and self_pay)

    def _compute_next_step(self):
        for claim in self:
            # What blocks it says more than what would come next.
            blocked = claim.rcm_open_case_count or claim.waiting_for
            claim.next_step = False if blocked else claim._rcm_next_step()

    def _rcm_next_step(self):
        """One sentence for the state the claim is in; False when nothing is to do."""
        self.ensure_one()
        if self.state == "draft":
            return self.env._(
                "Press “Validate and bill”, or wait for the next billing run."
            )
        if self.state == "validated":
            return self.env._("It is cleared by the next billing run.")
        if self.state == "cleared":
            return self._rcm_next_step_cleared()
        if self.state == "pending_interface":
            return self.env._(
                "With the billing platform: waits for its acknowledgement."
            )
        if self.state in ("submitted", "accepted"):
            return self._rcm_next_step_waiting()
        if self.state == "rejected":
            return self.env._("Correct what the payer rejected and send it again.")
        if self.state in ("adjudicated", "reopened"):
            return self._rcm_next_step_decided()
        if self.state == "on_hold":
            return self.env._("On hold: “Release” puts it back where it was.")
        return False

    def _rcm_next_step_cleared(self):
        if self.is_submittable:
            return self.env._(
                "Send it to %s and press “Mark as submitted”.", self.billed_to
            )
        if self.invoice_state == "none" and self.work == "invoice":
            return self.env._("Its invoice is made by the next billing run.")
        if self.self_pay and not self.currency_id.is_zero(self.open_balance):
            return self.env._(
                "%s is open with the guarantor.", self._rcm_said(self.open_balance)
            )
        return False

    def _rcm_next_step_waiting(self):
        if not self.submitted_date:
            return self.env._("With %s: waits for its answer.", self.billed_to)
        days = (fields.Datetime.now() - self.submitted_date).days
        if self.answer_overdue:
            return self.env._(
                "With %(payer)s for %(days)s days without an answer: call and write "
                "a note.",
                payer=self.billed_to,
                days=days,
            )
        return self.env._(
            "With %(payer)s for %(days)s days: waits for its answer.",
            payer=self.billed_to,
            days=days,
        )

    def _rcm_next_step_decided(self):
        due = self.leg_ids.filtered(lambda leg: leg.state == "ready")[:1]
        if due:
            return self.env._("Send it to the next payer, %s.", due.payer_id.name)
        denied = self.line_ids.filtered(
            lambda line: line.currency_id.compare_amounts(line.denied_amount, 0) > 0
        )
        if denied:
            return self.env._(
                "%(amount)s denied on line %(lines)s: correct the claim or appeal.",
                amount=self._rcm_said(sum(denied.mapped("denied_amount"))),
                lines=", ".join(str(line.sequence) for line in denied),
            )
        order = self.currency_id.compare_amounts(self.open_balance, 0)
        if order > 0:
            return self.env._(
                "%(amount)s still open with %(payer)s: ask for the rest.",
                amount=self._rcm_said(self.open_balance),
                payer=self.billed_to,
            )
        if order < 0:
            return self.env._(
                "%s paid too much: wait for the payer to take it back, or refund it.",
                self._rcm_said(-self.open_balance),
            )
        return self.env._("Nothing is open with the payer.")

    def _rcm_said(self, amount):
        """An amount as text, for a sentence."""
        return f"{self.currency_id.symbol}{self.currency_id.round(amount):,.2f}"


class RcmEncounter(models.Model):
    """What comes next with an encounter that nothing blocks."""

    _inherit = "rcm.encounter"

    next_step = fields.Char(
        compute="_compute_next_step",
        compute_sudo=True,
        help="What happens next with this encounter, and who does it.",
    )

    def _compute_next_step(self):
        for encounter in self:
            blocked = encounter.blocked or encounter.waiting_for
            encounter.next_step = False if blocked else encounter._rcm_next_step()

    def _rcm_next_step(self):
        self.ensure_one()
        if self.state == "registered":
            return self.env._("Add what was done, then press “Service completed”.")
        if self.state in ("completed", "coded", "reopened"):
            if not self.charge_ids:
                return self.env._("Add the charges: nothing can be billed yet.")
            if not self.coding_signed_off:
                return self.env._(
                    "A coder completes diagnoses and codes and signs them off."
                )
            return self.env._("Press “Ready to bill”.")
        if self.state == "ready":
            return self.env._("Billed by the next billing run, or press “Bill now”.")
        return False
