from odoo import fields, models

from odoo.addons.healthcare_rcm_approvals.models.rcm_refund import LOCKED
from odoo.addons.healthcare_rcm_base.core.ledger_entries import ZERO
from odoo.addons.healthcare_rcm_base.core.money import from_decimal, to_decimal


class RcmRefund(models.Model):
    """What a payer gets back settles its overpayment records, oldest first.

    So that the open records of a payer stay its balance on the overpayment account.
    """

    _inherit = "rcm.refund"
    _rcm_draft_fields = LOCKED | {"remittance_claim_id"}

    remittance_claim_id = fields.Many2one(
        "rcm.remittance.claim",
        string="Payment That Was Not Ours",
        check_company=True,
        index="btree_not_null",
        help="The unpostable whose payment goes back by this refund.",
    )

    def _rcm_have_effect(self):
        result = super()._rcm_have_effect()
        if self.source == "payer_overpayment":
            self._rcm_settle_overpayments(to_decimal(self.amount))
        return result

    def _rcm_undo(self, reason):
        result = super()._rcm_undo(reason)
        if self.source == "payer_overpayment":
            self._rcm_reopen_overpayments()
        return result

    def _rcm_settle_overpayments(self, amount):
        """Use the payer's open records up to ``amount``.

        That of the unpostable that goes back first, then the oldest. A refund of what
        stands on a claim concerns that claim's records only.
        """
        domain = [
            ("payer_id", "=", self.payer_id.id),
            ("company_id", "=", self.company_id.id),
            ("state", "=", "open"),
        ]
        if self.claim_id:
            domain.append(("claim_id.name", "=", self.claim_id.name))
        records = self.env["rcm.payer.overpayment"].search(
            domain, order="opened_date, id"
        )
        returned = self.remittance_claim_id
        records = records.sorted(
            lambda item: bool(returned) and item.remittance_claim_id != returned
        )
        for record in records:
            part = min(amount, to_decimal(record.open_amount))
            if part > ZERO:
                record._rcm_use_for_refund(part, self)
                amount -= part

    def _rcm_reopen_overpayments(self):
        """The refund came back: what it had settled is with us again."""
        uses = self.env["rcm.payer.overpayment.use"].search(
            [("refund_id", "=", self.id), ("amount", ">", 0)]
        )
        for use in uses:
            use.overpayment_id._rcm_use_for_refund(-to_decimal(use.amount), self)


class RcmPayerOverpayment(models.Model):
    """Recovered by the payer from a remittance, or given back by us."""

    _inherit = "rcm.payer.overpayment"

    def _rcm_use_for_refund(self, amount, refund):
        """``amount`` of it was refunded (below zero: the refund came back)."""
        self.ensure_one()
        used = to_decimal(self.used_amount) + amount
        self._rcm_write_logged(
            {self.id: {"used_amount": from_decimal(used)}}, "payer_overpayment.refunded"
        )
        self.env["rcm.payer.overpayment.use"]._rcm_create(
            [
                {
                    "overpayment_id": self.id,
                    "refund_id": refund.id,
                    "amount": from_decimal(amount),
                }
            ]
        )
        if used == to_decimal(self.amount):
            self._rcm_set_state("settled")
        elif self.state == "settled":
            self._rcm_set_state("open")


class RcmPayerOverpaymentUse(models.Model):
    """A part of an overpayment that went back by a refund of ours."""

    _inherit = "rcm.payer.overpayment.use"

    refund_id = fields.Many2one(
        "rcm.refund", readonly=True, index="btree_not_null", ondelete="restrict"
    )
