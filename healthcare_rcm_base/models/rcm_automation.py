from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

KINDS = [
    ("scheduled", "Scheduled action"),
    ("rule", "Automation rule"),
    ("button", "Server action in a list or form"),
]
LINKS = {"scheduled": "cron_id", "rule": "rule_id", "button": "action_id"}
MODELS = {
    "scheduled": "ir.cron",
    "rule": "base.automation",
    "button": "ir.actions.server",
}
KEEPERS = ("administrator",)


class RcmAutomation(models.Model):
    """The register of what the suite does by itself.

    One entry for each scheduled action, automation rule and server action on the
    suite's documents: what it does, whose it is, which version, when somebody looks
    at it again, and how its runs went. The entries make themselves; the work itself
    stays in Odoo's own records.
    """

    _name = "rcm.automation"
    _inherit = "rcm.document.mixin"
    _description = "Automation"
    _order = "kind desc, name"
    _rcm_protected = (
        "kind",
        "cron_id",
        "rule_id",
        "action_id",
        "model_name",
        "version",
        "changed_at",
        "reviewed_at",
        "reviewed_by_id",
    )
    _rcm_audit_edits = ("name", "purpose", "owner_id", "review_months", "review_date")
    _rcm_reprocess_roles = KEEPERS

    name = fields.Char(required=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    cron_id = fields.Many2one(
        "ir.cron", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    rule_id = fields.Many2one(
        "base.automation", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    action_id = fields.Many2one(
        "ir.actions.server", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    model_name = fields.Char(string="Document Model", readonly=True)
    purpose = fields.Text(
        string="What It Does",
        help="What happens, and what does not happen when it is switched off.",
    )
    owner_id = fields.Many2one(
        "res.users",
        domain=[("share", "=", False)],
        help="Answers for this automation and is asked to review it.",
    )
    version = fields.Integer(
        default=1,
        readonly=True,
        aggregator=None,
        help="Counts the changes of what it does, when and on what. Each is in the "
        "audit log.",
    )
    changed_at = fields.Datetime(string="Last Changed", readonly=True)
    review_months = fields.Integer(string="Review Every (months)", default=12)
    review_date = fields.Date(
        string="Next Review",
        default=lambda self: fields.Date.today() + relativedelta(years=1),
        help="On this day the owner gets an exception case.",
    )
    reviewed_at = fields.Datetime(string="Last Reviewed", readonly=True)
    reviewed_by_id = fields.Many2one("res.users", readonly=True)
    enabled = fields.Boolean(
        string="Switched On",
        compute="_compute_settings",
        inverse="_inverse_settings",
        compute_sudo=True,
    )
    interval_number = fields.Integer(
        string="Runs Every",
        compute="_compute_settings",
        inverse="_inverse_settings",
        compute_sudo=True,
        aggregator=None,
    )
    interval_type = fields.Selection(
        [
            ("minutes", "Minutes"),
            ("hours", "Hours"),
            ("days", "Days"),
            ("weeks", "Weeks"),
            ("months", "Months"),
        ],
        string="Unit",
        compute="_compute_settings",
        inverse="_inverse_settings",
        compute_sudo=True,
    )
    when = fields.Char(compute="_compute_when", compute_sudo=True)
    run_ids = fields.One2many("rcm.automation.run", "automation_id", readonly=True)
    last_run_at = fields.Datetime(compute="_compute_runs")
    failed_count = fields.Integer(
        string="Failed (7 days)", compute="_compute_runs", aggregator=None
    )

    _cron_unique = models.UniqueIndex("(cron_id) WHERE cron_id IS NOT NULL")
    _rule_unique = models.UniqueIndex("(rule_id) WHERE rule_id IS NOT NULL")
    _action_unique = models.UniqueIndex("(action_id) WHERE action_id IS NOT NULL")
    _months_positive = models.Constraint(
        "CHECK(review_months > 0)", "The months between reviews must be at least one."
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    def _rcm_work(self):
        """The record of Odoo that does the work."""
        self.ensure_one()
        return self[LINKS[self.kind]] if self.kind else self.env["ir.cron"]

    @api.depends("cron_id.active", "cron_id.interval_number", "rule_id.active")
    def _compute_settings(self):
        for entry in self:
            work = entry._rcm_work()
            entry.enabled = work.active if "active" in work._fields else bool(work)
            entry.interval_number = entry.cron_id.interval_number
            entry.interval_type = entry.cron_id.interval_type

    def _inverse_settings(self):
        """Switching and timing are the administrator's; what it does is not."""
        self.env.user._rcm_require(*KEEPERS)
        for entry in self:
            # Role checked above; only these settings of this one record are written.
            work = entry.sudo()._rcm_work()
            vals = {}
            if "active" in work._fields and work.active != entry.enabled:
                vals["active"] = entry.enabled
            if entry.cron_id:
                if entry.interval_number < 1 or not entry.interval_type:
                    raise UserError(self.env._("Say how often it runs."))
                for name in ("interval_number", "interval_type"):
                    if work[name] != entry[name]:
                        vals[name] = entry[name]
            if vals:
                work.write(vals)

    @api.depends(
        "kind",
        "cron_id.interval_number",
        "cron_id.interval_type",
        "rule_id.trigger",
    )
    def _compute_when(self):
        triggers = dict(
            self.env["base.automation"]
            ._fields["trigger"]
            ._description_selection(self.env)
        )
        for entry in self:
            if entry.kind == "scheduled":
                entry.when = self._rcm_every(entry.cron_id)
            elif entry.kind == "rule":
                entry.when = triggers.get(entry.rule_id.trigger, "")
            else:
                entry.when = self.env._("When somebody chooses it")

    @api.model
    def _rcm_every(self, cron):
        """How often ``cron`` runs, in words: every day, every 15 minutes."""
        if cron.interval_number == 1:
            words = {
                "minutes": self.env._("Every minute, and when woken"),
                "hours": self.env._("Every hour, and when woken"),
                "days": self.env._("Every day, and when woken"),
                "weeks": self.env._("Every week, and when woken"),
                "months": self.env._("Every month, and when woken"),
            }
            return words.get(cron.interval_type, "")
        units = dict(self._fields["interval_type"]._description_selection(self.env))
        return self.env._(
            "Every %(number)s %(unit)s, and when woken",
            number=cron.interval_number,
            unit=(units.get(cron.interval_type) or "").lower(),
        )

    @api.depends("run_ids")
    def _compute_runs(self):
        Run = self.env["rcm.automation.run"]
        week = fields.Datetime.now() - relativedelta(days=7)
        last = dict(
            Run._read_group(
                [("automation_id", "in", self.ids)],
                ["automation_id"],
                ["started_at:max"],
            )
        )
        failed = dict(
            Run._read_group(
                [
                    ("automation_id", "in", self.ids),
                    ("outcome", "=", "failed"),
                    ("started_at", ">=", week),
                ],
                ["automation_id"],
                ["__count"],
            )
        )
        for entry in self:
            entry.last_run_at = last.get(entry, False)
            entry.failed_count = failed.get(entry, 0)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_run_now(self):
        """Wake the scheduled action; it runs in the background."""
        self.env.user._rcm_require(*KEEPERS)
        self.check_access("read")
        crons = self.sudo().cron_id  # role and access were checked
        if not crons:
            raise UserError(self.env._("Only a scheduled action can be run by hand."))
        for cron in crons:
            cron._trigger()
        self._rcm_emit("rcm.automation.run_by_hand")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "info", "message": self.env._("It runs in a moment.")},
        }

    def action_reviewed(self):
        """Note that these automations were looked at; the next date follows."""
        self.env.user._rcm_require(*KEEPERS)
        self.check_access("write")
        for entry in self.sudo():  # what was reviewed, when and by whom is protected
            entry._rcm_write(
                {
                    "reviewed_at": fields.Datetime.now(),
                    "reviewed_by_id": self.env.uid,
                    "review_date": fields.Date.today()
                    + relativedelta(months=entry.review_months),
                }
            )
        self._rcm_emit("rcm.automation.reviewed")
        self._rcm_resolve_cases(["automation_review"])

    def action_runs(self):
        """Open the run log of these automations."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Runs"),
            "res_model": "rcm.automation.run",
            "view_mode": "list,graph",
            "domain": [("automation_id", "in", self.ids)],
        }

    def action_technical(self):
        """Open the record that does the work, for system administrators."""
        self.ensure_one()
        work = self._rcm_work()
        work.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": work._name,
            "res_id": work.id,
            "views": [[False, "form"]],
        }

    # ------------------------------------------------------------------
    # Review (scheduled action)
    # ------------------------------------------------------------------
    @api.model
    def _cron_watch(self):
        """Ask the owners for reviews that are due; drop old lines of the run log."""
        self._rcm_chase_reviews()
        self.env["rcm.automation.run"]._rcm_trim()

    @api.model
    def _rcm_chase_reviews(self):
        due = self.search([("review_date", "<=", fields.Date.today())])
        for entry in due.filtered(lambda one: not one.rcm_open_case_count):
            case = entry._rcm_raise_case(
                "automation_review",
                self.env._("The review of “%s” is due.", entry.name),
            )
            owner = entry.owner_id
            if case._rcm_open_to(owner, "write"):
                case._rcm_hand_over(owner)

    def _rcm_reprocess(self, case):
        """The obstacle is gone when somebody has reviewed it."""
        return self.review_date > fields.Date.today()
