"""Unpostables, decided about and taken back."""

from . import era
from .test_deposit_batch import DepositCase


class ResolutionCase(DepositCase):
    """Unpostables, and what people decide about them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.approver = cls.person("approver")

    def parked(self):
        """A claim under a number that is not ours, and the claim it is about."""
        claim = self.claim()
        line = era.svc(
            1000, 400, ("CO-45", 600), number=claim.line_ids.line_control_number
        )
        remittance = self.post(400, era.clp("WRONG-NO", 1000, 400, services=[line]))
        self.assertPosted(remittance, parked=1)
        return remittance.claim_ids, claim

    def resolve(self, parked, resolution, user=None, **values):
        self.env["rcm.remittance.resolve"].with_user(user or self.poster).create(
            {"remittance_claim_id": parked.id, "resolution": resolution, **values}
        ).action_resolve()
        return parked.resolution_ids.sorted("id")[-1]

    def undo(self, resolution, user=None):
        self.env["rcm.remittance.undo"].with_user(user or self.manager).create(
            {"resolution_id": resolution.id, "reason": "Wrong claim"}
        ).action_undo()
        if not resolution.undone_at:
            self.approve(resolution)

    def approve(self, resolution):
        """An approver lets what was posted be taken back."""
        request = self.env["rcm.approval.request"].search(
            [
                ("res_model", "=", "rcm.remittance.claim"),
                ("res_id", "=", resolution.remittance_claim_id.id),
                ("effect", "=", "undo"),
            ]
        )
        request.with_user(self.approver).action_approve()

    def unapplied(self, remittance):
        lines = self.env["account.move.line"].search(
            [
                ("rcm_remittance_claim_id", "in", remittance.claim_ids.ids),
                ("rcm_purpose", "=", "unapplied_payer_cash"),
                ("parent_state", "=", "posted"),
            ]
        )
        return sum(lines.mapped("balance"))
