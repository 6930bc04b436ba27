from odoo import api, fields, models
from odoo.exceptions import UserError

MODES = [
    ("live", "Live"),
    ("shadow", "Shadow run"),
]


class RcmFacility(models.Model):
    """Whether what reaches a facility is booked, or only rehearsed."""

    _inherit = "rcm.facility"

    intake_mode = fields.Selection(
        MODES,
        string="Operation",
        required=True,
        readonly=True,
        default="live",
        copy=False,
        help="Shadow run: events are rehearsed and compared, and nothing is booked. "
        "The switch is on the facility's onboarding.",
    )
    live_since = fields.Datetime(
        readonly=True,
        copy=False,
        help="What happened from this moment on is booked here; before it, the system "
        "that went before did.",
    )

    def write(self, vals):
        if {"intake_mode", "live_since"} & set(vals) and not self.env.su:
            raise UserError(
                self.env._("A facility goes live by its onboarding, not by a field.")
            )
        return super().write(vals)

    @api.model_create_multi
    def create(self, vals_list):
        facilities = super().create(vals_list)
        if not self.env.su and any(one.intake_mode != "live" for one in facilities):
            raise UserError(
                self.env._("A facility goes live by its onboarding, not by a field.")
            )
        return facilities

    def _rcm_set_mode(self, mode, moment=False):
        """Switch these facilities; the switch itself is in the log."""
        for facility in self.filtered(lambda one: one.intake_mode != mode):
            before = facility.intake_mode
            facility.write({"intake_mode": mode, "live_since": moment})
            facility._rcm_emit(
                "rcm.facility.mode_changed", {"intake_mode": [before, mode]}
            )


class RcmClaim(models.Model):
    """Nothing of a facility in its shadow run passes the gate to the ledger."""

    _inherit = "rcm.claim"

    def _rcm_gate(self, effect):
        if effect != "clear":
            return super()._rcm_gate(effect)
        # Whether a facility is live is no secret of whoever's step asks.
        rehearsing = self.filtered(
            lambda claim: claim.facility_id.sudo().intake_mode == "shadow"
        )
        return super(RcmClaim, self - rehearsing)._rcm_gate(effect)

    def _rcm_next_step(self):
        if (
            self.state == "validated"
            and self.facility_id.sudo().intake_mode == "shadow"  # a word, no content
        ):
            return self.env._(
                "Its facility is in a shadow run: it goes on when the facility is live."
            )
        return super()._rcm_next_step()
