import re
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..protocol import alerting, outbound
from .rcm_alert_measure import MEASURES

EVENT = "alert.fired"
SEVERITIES = [("1", "Low"), ("2", "Normal"), ("3", "High"), ("4", "Critical")]
ROLES = [
    ("integration_support", "Integration support"),
    ("administrator", "Administrators"),
    ("finance_manager", "Finance managers"),
    ("cash_poster", "Cash posters"),
]
MOST_PEOPLE = 20
_RUNBOOK = re.compile(r"Runbook ([a-z][a-z-]+)")


class RcmAlertRule(models.Model):
    """When somebody is told that something is about to go wrong."""

    _name = "rcm.alert.rule"
    _inherit = ["rcm.audit.mixin"]
    _description = "Alert Rule"
    _order = "severity desc, name"
    _rcm_audit_fields = (
        "name",
        "active",
        "company_id",
        "measure",
        "connector_ids",
        "threshold",
        "clear_threshold",
        "window_minutes",
        "hold_minutes",
        "quiet_minutes",
        "remind_hours",
        "severity",
        "by_activity",
        "by_mail",
        "role",
        "user_ids",
    )

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", help="Empty: each company by itself."
    )
    measure = fields.Selection(
        lambda self: [(code, texts[0]) for code, texts in MEASURES.items()],
        required=True,
        default="oldest_waiting",
    )
    direction = fields.Selection(
        [(alerting.HIGH, "At or above"), (alerting.LOW, "At or below")],
        string="Fires When",
        compute="_compute_measure_facts",
    )
    unit = fields.Char(compute="_compute_measure_facts")
    uses_window = fields.Boolean(compute="_compute_measure_facts")
    connector_ids = fields.Many2many(
        "rcm.connector",
        string="Connectors",
        help="Only these, where the measure is by connector. Empty: all.",
    )
    threshold = fields.Float(required=True, help="Fires at this value.")
    clear_threshold = fields.Float(
        string="Over Beyond",
        required=True,
        help="An alert is over when the value is on the good side of this; between "
        "the two nothing changes: a value that swings does not fire again and again.",
    )
    window_minutes = fields.Integer(
        string="Window (minutes)",
        required=True,
        default=15,
        help="What happened in these last minutes is counted.",
    )
    hold_minutes = fields.Integer(
        string="Only After (minutes)",
        required=True,
        default=0,
        help="Fires when it has been so for this long.",
    )
    quiet_minutes = fields.Integer(
        string="Over After (minutes)",
        required=True,
        default=5,
        help="Over when it has been good for this long.",
    )
    remind_hours = fields.Float(
        string="Tell Again After (hours)",
        default=24.0,
        help="While it goes on and nobody has taken note. 0: told once.",
    )
    severity = fields.Selection(SEVERITIES, required=True, default="2")
    by_activity = fields.Boolean(string="Activity", default=True)
    by_mail = fields.Boolean(string="Mail")
    role = fields.Selection(
        ROLES,
        string="Told",
        required=True,
        default="integration_support",
        help="Everyone with this role in the company, unless people are named.",
    )
    user_ids = fields.Many2many(
        "res.users", string="People", help="Told instead of everyone with the role."
    )
    webhook_count = fields.Integer(
        string="Webhooks Told",
        compute="_compute_webhook_count",
        help="Webhooks whose events include alert.fired: chat, pager, n8n.",
    )
    what_to_do = fields.Text(
        translate=True,
        help="Shown with the alert. “Runbook” and a name lead to that runbook.",
    )
    runbook_url = fields.Char(string="Runbook", compute="_compute_runbook_url")
    alert_ids = fields.One2many("rcm.alert", "rule_id", readonly=True)
    firing_count = fields.Integer(string="Firing", compute="_compute_firing_count")

    _limits = models.Constraint(
        "CHECK(window_minutes BETWEEN 1 AND 1440 AND hold_minutes BETWEEN 0 AND 1440"
        " AND quiet_minutes BETWEEN 0 AND 1440 AND remind_hours BETWEEN 0 AND 720)",
        "Minutes are at most a day (window at least 1), reminders at most 30 days.",
    )

    # ------------------------------------------------------------------
    # Computes and checks
    # ------------------------------------------------------------------
    @api.depends("measure")
    def _compute_measure_facts(self):
        for rule in self:
            facts = MEASURES.get(rule.measure) or ("", alerting.HIGH, "", False)
            _label, rule.direction, rule.unit, rule.uses_window = facts

    @api.depends("what_to_do")
    def _compute_runbook_url(self):
        for rule in self:
            # the shipped words, whatever language the reader has
            text = rule.with_context(lang="en_US").what_to_do or rule.what_to_do or ""
            named = _RUNBOOK.match(text)
            rule.runbook_url = f"/rcm/runbooks/{named[1]}" if named else False

    def _compute_webhook_count(self):
        # counted, not shown
        subscriptions = self.env["rcm.webhook"].sudo()._rcm_subscriptions()
        told = [
            company
            for _id, company, patterns, *_how in subscriptions
            if outbound.wants(EVENT, patterns)
        ]
        visible = set(self.env.companies.ids)
        for rule in self:
            wanted = {rule.company_id.id} if rule.company_id else visible
            rule.webhook_count = len([one for one in told if one in wanted])

    def _compute_firing_count(self):
        counts = dict(
            self.env["rcm.alert"]._read_group(
                [("rule_id", "in", self.ids), ("state", "=", "firing")],
                ["rule_id"],
                ["__count"],
            )
        )
        for rule in self:
            rule.firing_count = counts.get(rule, 0)

    @api.constrains("measure", "threshold", "clear_threshold")
    def _check_clear_threshold(self):
        for rule in self:
            if not alerting.check(rule._rcm_rule()):
                raise ValidationError(
                    self.env._(
                        "“%s” could never be over: “Over beyond” lies on the good side "
                        "of the threshold.",
                        rule.name,
                    )
                )

    @api.onchange("measure")
    def _onchange_measure(self):
        self.clear_threshold = self.threshold

    # ------------------------------------------------------------------
    # For the evaluation
    # ------------------------------------------------------------------
    def _rcm_rule(self):
        """This rule as a value."""
        return alerting.Rule(
            self.direction,
            self.threshold,
            self.clear_threshold,
            timedelta(minutes=self.hold_minutes),
            timedelta(minutes=self.quiet_minutes),
            timedelta(hours=self.remind_hours),
        )

    def _rcm_wants(self, subject):
        """Whether this rule looks at ``subject``."""
        if not self.connector_ids or not subject.startswith("connector:"):
            return True
        return int(subject.partition(":")[2]) in self.connector_ids.ids

    def _rcm_people(self, company):
        """Who is told of an alert in ``company``."""
        if self.user_ids:
            return self.user_ids.filtered(lambda user: company in user.company_ids)
        group = self.env.ref(f"healthcare_rcm_base.group_{self.role}")
        return self.env["res.users"].search(
            [
                ("all_group_ids", "in", group.ids),
                ("company_ids", "in", company.ids),
                ("share", "=", False),
            ],
            limit=MOST_PEOPLE,
            order="id",
        )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_open_alerts(self):
        """Open what this rule told of."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_connectors.rcm_alert_action"
        )
        return {**action, "domain": [("rule_id", "=", self.id)], "context": {}}

    def action_measure_now(self):
        """Show what the rule would see now, without telling anybody."""
        self.ensure_one()
        self.env.user._rcm_require("administrator", "integration_support")
        self.check_access("read")
        company = self.company_id or self.env.company
        # the role was checked; numbers of the person's own company
        measure = self.env["rcm.alert.measure"].sudo()
        found = measure._rcm_measure(
            self.measure, company, self.window_minutes, fields.Datetime.now()
        )
        nothing = self.env._("nothing to measure yet")
        lines = [
            f"{label}: {nothing if value is None else format(value, 'g')}"
            for subject, (label, value) in sorted(found.items())
            if self._rcm_wants(subject)
        ]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.name,
                "message": "\n".join(lines[:20]) or self.env._("Nothing to measure."),
                "sticky": True,
            },
        }
