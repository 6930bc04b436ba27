from odoo import fields, models


class RcmExceptionOwner(models.Model):
    """Who in a queue has the cases of a facility or of a payer."""

    _name = "rcm.exception.owner"
    _inherit = "rcm.audit.mixin"
    _description = "Queue Assignment"
    _order = "queue_id, sequence, id"
    _rcm_audit_fields = ("queue_id", "sequence", "user_id", "facility_id", "payer_id")

    queue_id = fields.Many2one(
        "rcm.exception.queue", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    facility_id = fields.Many2one(
        "rcm.facility", index="btree_not_null", help="Empty: every facility."
    )
    payer_id = fields.Many2one(
        "rcm.payer", index="btree_not_null", help="Empty: every payer."
    )
    user_id = fields.Many2one(
        "res.users", string="Owner", required=True, domain=[("share", "=", False)]
    )

    _scoped = models.Constraint(
        "CHECK(facility_id IS NOT NULL OR payer_id IS NOT NULL)",
        "Choose a facility or a payer.",
    )

    def _rcm_fits(self, case):
        """Whether facility and payer of ``case`` are the ones named here."""
        self.ensure_one()
        return (not self.facility_id or self.facility_id == case.facility_id) and (
            not self.payer_id or self.payer_id == case.payer_id
        )
