from odoo import api, fields, models

# Whose turn comes first: who is due, who has the claim, who has to decide anew.
TURNS = (
    ("ready",),
    ("submitted", "crossover_pending", "accepted", "pended", "rejected"),
    ("reversed",),
)


class RcmClaim(models.Model):
    """Whose turn it is: to which payer the claim goes now, and whether it can."""

    _inherit = "rcm.claim"

    goes_to_id = fields.Many2one(
        "rcm.payer",
        string="Goes To",
        compute="_compute_goes_to_id",
        store=True,
        index="btree_not_null",
        help="The payer whose turn it is: to whom the claim goes next, who has it now, "
        "or who decided last.",
    )
    is_submittable = fields.Boolean(
        string="Ready To Submit",
        compute="_compute_is_submittable",
        search="_search_is_submittable",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends(
        "payer_id",
        "leg_ids.payer_id",
        "leg_ids.sequence",
        "leg_ids.state",
        "leg_ids.adjudicated_date",
    )
    def _compute_goes_to_id(self):
        for claim in self:
            claim.goes_to_id = claim._rcm_turn().payer_id or claim.payer_id

    @api.depends("state", "invoice_state", "payer_id", "self_pay", "leg_ids.state")
    def _compute_is_submittable(self):
        for claim in self:
            claim.is_submittable = bool(
                claim.filtered_domain(self._submittable_domain())
            )

    @api.model
    def _search_is_submittable(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = self._submittable_domain()
        return domain if True in value else ~domain

    @api.model
    def _submittable_domain(self):
        """Cleared, invoiced where that comes first, or due at the next payer."""
        first = (
            fields.Domain("state", "=", "cleared")
            & fields.Domain("self_pay", "=", False)
            & fields.Domain("payer_id", "!=", False)
            & (
                fields.Domain("invoice_state", "=", "posted")
                | fields.Domain("replaces_id", "!=", False)
                | fields.Domain("invoice_rule", "=", "adjudicated")
            )
        )
        further = fields.Domain(
            "state", "in", ("adjudicated", "reopened")
        ) & fields.Domain("leg_ids.state", "=", "ready")
        return first | further

    # ------------------------------------------------------------------
    # Turns
    # ------------------------------------------------------------------
    def _rcm_turn(self):
        """The leg that is due, else the one with the payer, else the last decided."""
        self.ensure_one()
        legs = self.leg_ids.sorted("sequence")
        for states in TURNS:
            if found := legs.filtered(lambda leg, states=states: leg.state in states):
                return found[:1]
        return legs.filtered("adjudicated_date")[-1:]

    def _rcm_due_leg(self):
        """The payer to whom a batch takes the claim."""
        self.ensure_one()
        due = self.leg_ids.filtered(lambda leg: leg.state == "ready")
        return due.sorted("sequence")[:1] or self.leg_ids[:1]
