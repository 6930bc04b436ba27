from odoo import models

CASE = "denial_alerted"
DECIDED = ("adjudicated", "closed", "reopened", "void", "superseded")


class RcmClaim(models.Model):
    """Early news of a denial: work begins, nothing is booked before the remittance."""

    _inherit = "rcm.claim"

    def _rcm_note_denial_alert(self, facts):
        """Open a case on this claim, unless its payer has decided by remittance.

        :param dict facts: data of ``denial.alerted``, version 1
        """
        self.ensure_one()
        if self._rcm_standing() in DECIDED:
            self._rcm_emit("claim.denial_alert_late")
            return
        until = facts.get("appeal_until")
        message = self.env._(
            "The payer's portal shows a denial of %(day)s (%(codes)s). Nothing is "
            "booked before the remittance.",
            day=facts["denied_on"],
            codes=", ".join(facts.get("reasons") or []) or self.env._("no reason"),
        )
        if until:
            message += " " + self.env._("Appeal until %s.", until)
        amount = facts.get("amount")
        self._rcm_raise_case(
            CASE, message, amount=float(amount) if amount is not None else None
        )
        number = facts.get("payer_claim_number")
        if number and not self.payer_claim_number:
            self._rcm_write_logged(
                {self.id: {"payer_claim_number": number}}, "claim.denial_alerted"
            )
        else:
            self._rcm_emit("claim.denial_alerted")

    def _rcm_mark_adjudicated(self, payer=None):
        result = super()._rcm_mark_adjudicated(payer)
        self._rcm_resolve_cases([CASE], self.env._("The payer's decision is here."))
        return result

    def _rcm_reprocess(self, case):
        """An alert is settled when the payer's own decision arrived."""
        if case.type_code == CASE:
            return all(claim._rcm_standing() in DECIDED for claim in self)
        return super()._rcm_reprocess(case)
