from odoo import api, fields, models


class RcmFacilityGoLive(models.TransientModel):
    """The go-live switch of one facility: from when on, and what that means."""

    _name = "rcm.facility.go.live"
    _description = "Go Live"

    onboarding_id = fields.Many2one(
        "rcm.facility.onboarding", required=True, readonly=True
    )
    cutover_at = fields.Datetime(
        string="Booked Here From",
        required=True,
        default=fields.Datetime.now,
        help="What happened from this moment on is booked here, also what was "
        "rehearsed already. What happened before is the former system's.",
    )
    readiness = fields.Text(related="onboarding_id.readiness")
    note = fields.Text(string="Why Nevertheless")
    handed_over_count = fields.Integer(
        string="Events to Be Booked", compute="_compute_counts"
    )
    left_behind_count = fields.Integer(
        string="Events Left to the Former System", compute="_compute_counts"
    )

    @api.depends("cutover_at", "onboarding_id")
    def _compute_counts(self):
        for dialog in self:
            events = dialog.onboarding_id._rcm_rehearsed_events()
            since = events.filtered(
                lambda event, moment=dialog.cutover_at: moment
                and event.occurred_at >= moment
            )
            dialog.handed_over_count = len(since)
            dialog.left_behind_count = len(events) - len(since)

    def action_go_live(self):
        """Throw the switch."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        self.onboarding_id.check_access("write")
        if self.note:
            self.onboarding_id.go_live_note = self.note
        self.onboarding_id._rcm_go_live(self.cutover_at)
        return {"type": "ir.actions.act_window_close"}
