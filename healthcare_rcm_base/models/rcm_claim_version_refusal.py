from odoo import models

from ..core import claim_versions
from ..core.claim_versions import VersionFacts

DECIDED_LEGS = ("adjudicated", "closed", "reversed")


class RcmClaim(models.Model):
    """What stands in the way of a further version, and what to do about it."""

    _inherit = "rcm.claim"

    def _rcm_version_facts(self):
        self.ensure_one()
        decided = self.leg_ids.filtered(lambda leg: leg.state in DECIDED_LEGS)
        return VersionFacts(
            state=self._rcm_standing(),
            frequency=self.frequency_code,
            known_to_payer=bool(decided),
            payer_number=self.payer_claim_number or self.original_reference or "",
            invoiced=self.invoice_state != "none",
            self_pay=bool(self.self_pay or not self.payer_id),
            successor_open=bool(self._rcm_successor()),
        )

    def _rcm_version_obstacle(self, frequency):
        """The code of what stands in the way of a further version, or nothing."""
        self.ensure_one()
        step = claim_versions.next_version(frequency, self._rcm_version_facts())
        return step.code if isinstance(step, claim_versions.Refusal) else False

    def _rcm_version_refusal(self, code):
        """What stands in the way of a further version, and what to do about it."""
        self.ensure_one()
        number = self.display_name
        texts = {
            "self_pay": self.env._(
                "Claim %(number)s has no payer. Credit its invoice, or add a charge "
                "for the correction.",
                number=number,
            ),
            "not_live": self.env._(
                "Claim %(number)s is not live any more; use its latest one.",
                number=number,
            ),
            "successor_open": self.env._(
                "Claim %(number)s has a further version already. Go on with that one, "
                "or withdraw it first.",
                number=number,
            ),
            "not_invoiced": self.env._(
                "Claim %(number)s was not sent or invoiced yet. Put it back to draft "
                "and correct the encounter.",
                number=number,
            ),
            "at_platform": self.env._(
                "Claim %(number)s is at the billing platform. Wait for its "
                "acknowledgement, or recall it there first.",
                number=number,
            ),
            "never_sent": self.env._(
                "The payer does not know claim %(number)s, so there is nothing to void "
                "there. Withdraw it instead: its invoice is credited.",
                number=number,
            ),
            "void_only": self.env._(
                "Claim %(number)s was a void. Bill its charges anew instead.",
                number=number,
            ),
            "number_missing": self.env._(
                "Claim %(number)s cannot be replaced or voided without the payer's own "
                "claim number (REF*F8). Take it from the payer's acknowledgement, "
                "portal or remittance and enter it here, or wait until it comes.",
                number=number,
            ),
        }
        return texts[code]
