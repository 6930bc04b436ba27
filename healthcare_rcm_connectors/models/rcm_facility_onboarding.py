from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core import states

from .rcm_event_shadow import CODE

MACHINE = "facility_onboarding"
states.register(
    MACHINE,
    {
        "draft": ("prepared",),
        "prepared": ("shadow",),
        "shadow": ("live", "prepared"),
        "live": (),
    },
)
STATES = [
    ("draft", "Draft"),
    ("prepared", "Prepared"),
    ("shadow", "Shadow run"),
    ("live", "Live"),
]
ITEMS = [
    ("connector", "Connector"),
    ("mapping", "Mapping"),
    ("feed", "Expected feed"),
    ("queue", "Queue"),
    ("policy", "Approval policy"),
]


class RcmFacilityOnboarding(models.Model):
    """One facility on its way from a template to live, with a switch of its own."""

    _name = "rcm.facility.onboarding"
    _inherit = ["rcm.document.mixin", "mail.thread"]
    _description = "Facility Onboarding"
    _order = "id desc"
    _check_company_auto = True
    _rcm_state_machine = MACHINE
    _rcm_protected = (
        "item_ids",
        "shadow_since",
        "live_at",
        "cutover_at",
        "handed_over_count",
        "left_behind_count",
    )
    _rcm_audit_fields = ("template_id", "facility_id", "go_live_note")

    facility_id = fields.Many2one(
        "rcm.facility", required=True, index=True, check_company=True
    )
    template_id = fields.Many2one(
        "rcm.facility.template", required=True, index=True, check_company=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    note = fields.Text(related="template_id.note")
    state = fields.Selection(
        STATES,
        string="Status",
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
    )
    item_ids = fields.One2many(
        "rcm.facility.onboarding.item", "onboarding_id", readonly=True, copy=False
    )
    shadow_since = fields.Datetime(readonly=True, copy=False)
    live_at = fields.Datetime(string="Live Since", readonly=True, copy=False)
    cutover_at = fields.Datetime(
        string="Cut-over",
        readonly=True,
        copy=False,
        help="What happened from this moment on is booked here.",
    )
    go_live_note = fields.Text(
        string="Why Nevertheless",
        help="Needed to go live while something below is not in order.",
    )
    handed_over_count = fields.Integer(
        string="Events Handed Over", readonly=True, copy=False
    )
    left_behind_count = fields.Integer(
        string="Events Left Behind",
        readonly=True,
        copy=False,
        help="They happened before the cut-over: the former system books them.",
    )
    result_count = fields.Integer(string="Rehearsed", compute="_compute_shadow")
    failed_count = fields.Integer(string="Would Have Failed", compute="_compute_shadow")
    stopped_count = fields.Integer(string="Claims Stopped", compute="_compute_shadow")
    claim_amount = fields.Monetary(string="Claimed", compute="_compute_shadow")
    difference_count = fields.Integer(
        string="Totals That Differ", compute="_compute_shadow"
    )
    readiness = fields.Text(string="Not in Order Yet", compute="_compute_shadow")

    _facility_uniq = models.Constraint(
        "UNIQUE(facility_id)", "This facility has an onboarding already."
    )

    @api.depends("facility_id.code", "facility_id.name")
    def _compute_display_name(self):
        for record in self:
            record.display_name = record.facility_id.display_name

    @api.depends("state", "facility_id", "item_ids")
    def _compute_shadow(self):
        for record in self:
            # Numbers of the facility's own run.
            results = (
                self.env["rcm.shadow.result"]
                .sudo()
                .search(
                    [
                        ("facility_id", "=", record.facility_id.id),
                        ("superseded", "=", False),
                    ]
                )
            )
            totals = record._rcm_totals()
            failed = results.filtered(
                lambda one: one.outcome not in ("done", "ignored")
            )
            record.result_count = len(results.event_id)
            record.failed_count = len(failed.event_id)
            record.stopped_count = sum(results.mapped("stopped_count"))
            record.claim_amount = sum(results.mapped("claim_amount"))
            record.difference_count = len(totals.filtered(lambda one: not one.equal))
            record.readiness = "\n".join(record._rcm_obstacles(totals)) or False

    def _rcm_case_amount(self):
        """What its shadow run would have claimed."""
        return self.claim_amount

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_prepare(self):
        """Make what the template says; nothing is taken in yet."""
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        for record in self:
            record.facility_id.check_access("write")
            record._rcm_prepare()

    def action_apply_again(self):
        """Take over from the template what is not said otherwise here."""
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        for record in self:
            if record.state in ("draft", "live"):
                raise UserError(self.env._("Only an onboarding under way is renewed."))
            record._rcm_make_missing()
            record._rcm_emit("rcm.facility.template_applied")

    def action_start_shadow(self):
        """Take events in, rehearse and compare them, and book nothing."""
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        for record in self:
            record._rcm_start_shadow()

    def action_stop_shadow(self):
        """Stop taking part: connectors wait again."""
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        for record in self:
            record._rcm_connectors().write({"state": "paused"})
            record._rcm_records("feed", "rcm.expected.feed").write({"active": False})
            record._rcm_set_state("prepared")

    def action_go_live(self):
        """Open the dialog that asks from when on things are booked here."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Go live"),
            "res_model": "rcm.facility.go.live",
            "view_mode": "form",
            "target": "new",
            "context": {"default_onboarding_id": self.id},
        }

    def action_open_results(self):
        """Open what the shadow run found."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_connectors.rcm_shadow_result_action"
        )
        domain = [("facility_id", "=", self.facility_id.id)]
        return {**action, "domain": domain}

    def action_open_totals(self):
        """Open what the sources counted."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_connectors.rcm_source_total_action"
        )
        return {**action, "domain": [("id", "in", self._rcm_totals().ids)]}

    # ------------------------------------------------------------------
    # Shadow run
    # ------------------------------------------------------------------
    def _rcm_start_shadow(self):
        self.ensure_one()
        if self.state != "prepared":
            raise UserError(self.env._("Prepare it first."))
        connectors = self._rcm_connectors()
        for mapping in self._rcm_records("mapping", "rcm.mapping"):
            if mapping.state == "draft":
                mapping._rcm_activate()
        self._rcm_records("feed", "rcm.expected.feed").write(
            {"active": True, "watched_from": fields.Datetime.now()}
        )
        # The switch is this method's; the role was checked.
        self.facility_id.sudo()._rcm_set_mode("shadow")
        connectors.write({"state": "active"})
        self._rcm_set_state("shadow", shadow_since=fields.Datetime.now())
        self.env["rcm.event"]._rcm_wake_processing()

    def _rcm_totals(self):
        """What sources counted for this facility alone."""
        self.ensure_one()
        domain = [("facility_id", "=", self.facility_id.id)]
        connectors = self._rcm_connectors()
        if connectors:
            domain = [
                "|",
                *domain,
                "&",
                ("facility_id", "=", False),
                ("connector_id", "in", connectors.ids),
            ]
        return self.env["rcm.source.total"].search(domain)

    def _rcm_obstacles(self, totals):
        """What speaks against going live, one sentence each."""
        self.ensure_one()
        if self.state != "shadow":
            return [self.env._("The shadow run has not begun.")]
        found = []
        if not self.result_count:
            found.append(self.env._("Nothing was rehearsed yet."))
        if self.failed_count:
            found.append(
                self.env._(
                    "Events that would not have been booked: %s.", self.failed_count
                )
            )
        if not totals:
            found.append(self.env._("No source has stated its totals yet."))
        if self.difference_count:
            found.append(
                self.env._(
                    "Totals that differ from the sources': %s.", self.difference_count
                )
            )
        for connector in self._rcm_connectors():
            if not connector.key_count and not connector.has_secret:
                found.append(
                    self.env._("%s has neither a key nor a secret.", connector.name)
                )
        for item in self.item_ids.filtered(lambda one: one.status == "open"):
            found.append(self.env._("%s is not in effect yet.", item.name))
        return found

    # ------------------------------------------------------------------
    # Going live
    # ------------------------------------------------------------------
    def _rcm_go_live(self, cutover_at):
        """Book what happened since ``cutover_at``, in order, and everything to come.

        One transaction: before it everything is rehearsed, after it nothing is.
        """
        self.ensure_one()
        if self.state != "shadow":
            raise UserError(self.env._("A facility goes live from its shadow run."))
        if cutover_at > fields.Datetime.now():
            raise UserError(
                self.env._("The cut-over lies in the past: go live when it has come.")
            )
        if self.readiness and not (self.go_live_note or "").strip():
            raise UserError(
                self.env._(
                    "Not everything is in order:\n%s\nWrite down why the facility goes "
                    "live nevertheless.",
                    self.readiness,
                )
            )
        rehearsed = self._rcm_rehearsed_events()
        since = rehearsed.filtered(lambda event: event.occurred_at >= cutover_at)
        if len(since.try_lock_for_update()) < len(since):
            raise UserError(
                self.env._("Events are being rehearsed right now: try again.")
            )
        self.facility_id.sudo()._rcm_set_mode("live", cutover_at)  # role was checked
        since._rcm_replay()
        waiting = self._rcm_leave_behind(cutover_at)
        # They said what would happen; now it does.
        self.env["rcm.shadow.result"].sudo().search(
            [("event_id", "in", since.ids)]
        ).write({"handed_over": True})
        self._rcm_release_claims()
        self._rcm_set_state(
            "live",
            live_at=fields.Datetime.now(),
            cutover_at=cutover_at,
            handed_over_count=len(since),
            left_behind_count=len(rehearsed) - len(since) + len(waiting),
        )

    def _rcm_rehearsed_events(self):
        """Every event of this facility that was rehearsed and not booked."""
        # the inbox is the system's; going live was asked of an administrator
        return (
            self.env["rcm.event"]
            .sudo()
            .search(
                [
                    ("shadow_result_ids.facility_id", "=", self.facility_id.id),
                    ("state", "=", "ignored"),
                    ("error_code", "=", CODE),
                ],
                order="id",
            )
        )

    def _rcm_leave_behind(self, cutover_at):
        """Close what still waits and happened before the cut-over: it is not ours."""
        # the inbox is the system's, after the role was checked
        Event = self.env["rcm.event"].sudo()
        waiting = Event.search(
            Event._rcm_waiting_domain()
            & fields.Domain("facility_id", "=", self.facility_id.id)
            & fields.Domain("occurred_at", "<", cutover_at)
        )
        locked = waiting.try_lock_for_update()
        locked._rcm_set_state("ignored", error_code=CODE, done_at=fields.Datetime.now())
        return locked

    def _rcm_release_claims(self):
        """What people entered by hand during the shadow run goes on to the gate."""
        # a step of the system, after the role was checked
        claims = (
            self.env["rcm.claim"]
            .sudo()
            .search(
                [
                    ("facility_id", "=", self.facility_id.id),
                    ("state", "=", "validated"),
                ]
            )
        )
        claims._rcm_set_work("clear")
