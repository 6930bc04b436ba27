from odoo import models

from .rcm_paper_eob import SOURCE


class RcmRemittance(models.Model):
    """A file may bring what was keyed from paper before."""

    _inherit = "rcm.remittance"

    def _rcm_match(self):
        twin = self._rcm_paper_twin()
        if not twin:
            return super()._rcm_match()
        self._rcm_hold()
        self._rcm_write({"duplicate_of_id": twin.id})
        self._rcm_raise_case(
            "remittance_trace_reused",
            self.env._("The same payment was keyed from paper: %s", twin.display_name),
            amount=self.amount,
        )
        return None

    def _rcm_paper_twin(self):
        """The payment as it was keyed from paper, unless a person said it is another
        one: the payer may name itself otherwise on paper."""
        self.ensure_one()
        Remittance = self.env["rcm.remittance"]
        if (
            self.duplicate_of_id
            or self.payment_slot != self.payment_key
            or self.file_id.source == SOURCE
            or not self._rcm_resolve_parties()
        ):
            return Remittance
        return Remittance.search(
            [
                ("company_id", "=", self.company_id.id),
                ("payer_id", "=", self.payer_id.id),
                ("trace", "=", self.trace),
                ("amount", "=", self.amount),
                ("file_id.source", "=", SOURCE),
                ("state", "not in", ("rejected", "duplicate", "unposted")),
            ],
            limit=1,
        )
