from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models

from ..protocol import alerting
from .rcm_alert_measure_traffic import HOURS_KNOWN
from .rcm_alert_rule import EVENT

# More in one go become one activity or mail that counts the rest.
ACTIVITIES_AT_ONCE = 5
KEPT_DAYS = 400
STATES = [("pending", "About to Fire"), ("firing", "Firing"), ("over", "Over")]


class RcmAlert(models.Model):
    """One alert: what, since when, how bad it got, who was told, when it was over."""

    _name = "rcm.alert"
    _inherit = ["rcm.document.mixin", "mail.thread", "mail.activity.mixin"]
    _description = "Alert"
    _order = "id desc"
    _rcm_protected = (
        "rule_id",
        "company_id",
        "subject_key",
        "subject",
        "connector_id",
        "state",
        "since",
        "fired_at",
        "good_since",
        "over_at",
        "told_at",
        "told_count",
        "value",
        "worst_value",
        "threshold",
        "noted_by_id",
        "noted_at",
    )

    rule_id = fields.Many2one(
        "rcm.alert.rule", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    subject_key = fields.Char(required=True, readonly=True)
    subject = fields.Char(string="About", readonly=True)
    connector_id = fields.Many2one(
        "rcm.connector", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    severity = fields.Selection(related="rule_id.severity", store=True)
    unit = fields.Char(related="rule_id.unit")
    what_to_do = fields.Text(related="rule_id.what_to_do")
    runbook_url = fields.Char(related="rule_id.runbook_url")
    state = fields.Selection(
        STATES,
        string="Status",
        required=True,
        readonly=True,
        default="pending",
        index=True,
    )
    since = fields.Datetime(string="Bad Since", readonly=True)
    fired_at = fields.Datetime(string="Fired", readonly=True)
    good_since = fields.Datetime(readonly=True)
    over_at = fields.Datetime(string="Over", readonly=True)
    told_at = fields.Datetime(string="Last Told", readonly=True)
    told_count = fields.Integer(string="Times Told", readonly=True)
    value = fields.Float(readonly=True, aggregator=None, help="As measured last.")
    worst_value = fields.Float(string="Worst", readonly=True, aggregator=None)
    threshold = fields.Float(readonly=True, aggregator=None)
    noted_by_id = fields.Many2one("res.users", string="Taken Note By", readonly=True)
    noted_at = fields.Datetime(string="Taken Note", readonly=True)

    _one_open = models.UniqueIndex(
        "(rule_id, company_id, subject_key) WHERE state IN ('pending', 'firing')",
        "A rule has one open alert a subject.",
    )

    @api.depends("rule_id", "subject")
    def _compute_display_name(self):
        for record in self:
            record.display_name = f"{record.rule_id.name}: {record.subject or ''}"

    def _rcm_audit_name(self):
        return f"{self.rule_id.name}: {self.subject or ''}"

    # ------------------------------------------------------------------
    # Evaluation
    # ------------------------------------------------------------------
    @api.model
    def _cron_evaluate(self):
        """Measure for every rule and company; tell what is new, company by company."""
        cron = self.env["ir.cron"]
        in_cron = bool(self.env.context.get("ir_cron_progress_id"))
        companies = self.env["res.company"].search([("active", "=", True)])
        for number, company in enumerate(companies, 1):
            self.env.cr.cache[HOURS_KNOWN] = {}
            self.with_company(company)._rcm_evaluate(company, fields.Datetime.now())
            self.env.cr.cache.pop(HOURS_KNOWN, None)
            left = len(companies) - number
            if in_cron and not cron._commit_progress(1, remaining=left):
                break

    @api.model
    def _rcm_evaluate(self, company, now):
        """One round for ``company``."""
        rules = self.env["rcm.alert.rule"].search(
            [("company_id", "in", (False, company.id))]
        )
        open_ = self.search(
            [("company_id", "=", company.id), ("state", "in", ("pending", "firing"))]
        )
        known = {(alert.rule_id.id, alert.subject_key): alert for alert in open_}
        measured, fired, reminded = {}, self.browse(), self.browse()
        for rule in rules:
            window = rule.window_minutes if rule.uses_window else 0
            question = rule.measure, window
            if question not in measured:
                measured[question] = self.env["rcm.alert.measure"]._rcm_measure(
                    rule.measure, company, rule.window_minutes, now
                )
            values = dict(measured[question])
            # what an open alert is about may be gone: then it is over
            for rule_id, subject in known:
                if rule_id == rule.id and subject not in values:
                    values[subject] = known[rule_id, subject].subject, None
            for subject, (label, value) in values.items():
                if not rule._rcm_wants(subject):
                    value = None
                alert = known.get((rule.id, subject), self.browse())
                action, alert = alert._rcm_step(
                    rule, company, (subject, label), value, now
                )
                if action == alerting.FIRE:
                    fired |= alert
                elif action == alerting.REMIND:
                    reminded |= alert
        # the rule was archived meanwhile: nobody looks any more
        orphans = open_.exists().filtered(lambda alert: alert.rule_id not in rules)
        orphans._rcm_end(now)
        (fired | reminded)._rcm_tell(now)

    def _rcm_step(self, rule, company, subject, value, now):
        """Do what one value asks for; return (what it was, the alert)."""
        known = alerting.Known(
            self.state if self else alerting.QUIET,
            self.since or None,
            self.good_since or None,
            self.told_at or None,
        )
        step = alerting.step(rule._rcm_rule(), known, value, now)
        if step.action == alerting.FORGET:
            self.unlink()
            return step.action, self.browse()
        if step.action == alerting.CLEAR:
            self._rcm_end(now)
            return step.action, self
        if self.noted_at and step.action == alerting.REMIND:
            return alerting.NOTHING, self
        if step.action in (alerting.WAIT, alerting.FIRE):
            return step.action, self._rcm_note(rule, company, subject, value, now, step)
        if self:
            vals = {"good_since": step.good_since or False}
            if value is not None:
                vals.update(value=value, worst_value=self._rcm_worse(rule, value))
            self._rcm_write(
                {name: new for name, new in vals.items() if self[name] != new}
            )
        return step.action, self

    def _rcm_note(self, rule, company, subject, value, now, step):
        """Keep that it is bad; fire when it has been so for long enough."""
        vals = {
            "value": value,
            "worst_value": self._rcm_worse(rule, value) if self else value,
            "threshold": rule.threshold,
        }
        if step.action == alerting.FIRE:
            vals.update(state="firing", fired_at=now, good_since=False)
        if self:
            self._rcm_write(vals)
            alert = self
        else:
            key, label = subject
            connector = key.startswith("connector:") and int(key.partition(":")[2])
            alert = self._rcm_create(
                [
                    {
                        **vals,
                        "rule_id": rule.id,
                        "company_id": company.id,
                        "subject_key": key,
                        "subject": label,
                        "connector_id": connector or False,
                        "since": now,
                    }
                ]
            )
        if step.action == alerting.FIRE:
            alert._rcm_emit(
                EVENT,
                {
                    "state": ["quiet", "firing"],
                    "value": [rule.threshold, value],
                    "severity": [None, rule.severity],
                },
            )
        return alert

    def _rcm_worse(self, rule, value):
        pick = max if rule.direction == alerting.HIGH else min
        return pick(self.worst_value, value)

    def _rcm_end(self, now):
        """These are over: the reminders go."""
        for alert in self:
            if alert.state == "firing":
                alert._rcm_emit("alert.over", {"state": ["firing", "over"]})
                alert._rcm_write({"state": "over", "over_at": now})
                alert.activity_ids.unlink()
            else:
                alert.unlink()

    # ------------------------------------------------------------------
    # Telling
    # ------------------------------------------------------------------
    def _rcm_tell(self, now):
        """Tell the people of each rule, once for everything that is new."""
        mails, activities = defaultdict(self.browse), defaultdict(self.browse)
        for alert in self:
            rule = alert.rule_id
            for user in rule._rcm_people(alert.company_id):
                if rule.by_mail:
                    mails[user] |= alert
                if rule.by_activity:
                    activities[user] |= alert
            alert._rcm_write({"told_at": now, "told_count": alert.told_count + 1})
        for user, alerts in activities.items():
            alerts._rcm_schedule(user)
        for user, alerts in mails.items():
            alerts._rcm_mail(user)

    def _rcm_schedule(self, user):
        """An activity each; of very many one that says how many there are."""
        fresh = self.filtered(
            lambda alert: user not in alert.activity_ids.mapped("user_id")
        )
        if len(fresh) > ACTIVITIES_AT_ONCE:
            summary = self.env._("%s alerts at once", len(fresh))
            fresh[:1]._rcm_activity(user, summary)
            return
        for alert in fresh:
            alert._rcm_activity(user, alert.display_name)

    def _rcm_activity(self, user, summary):
        # mail is a channel of its own: an activity does not send another one
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            "mail.mail_activity_data_warning",
            user_id=user.id,
            summary=summary,
            note=self.what_to_do or "",
        )

    def _rcm_mail(self, user):
        """One mail with everything that is new for ``user``."""
        if not user.email:
            return
        base = self.browse().get_base_url()
        items = Markup("").join(
            Markup("<li><a href='%s'>%s</a>: %s %s (%s)<br/>%s</li>")
            % (
                f"{base}/odoo/rcm-alerts/{alert.id}",
                alert.display_name,
                f"{alert.value:g}",
                alert.unit or "",
                f"{alert.threshold:g}",
                alert.what_to_do or "",
            )
            for alert in self
        )
        subject = (
            self.display_name
            if len(self) == 1
            else self.env._("%s alerts of the revenue cycle's interfaces", len(self))
        )
        self.env["mail.mail"].create(
            {
                "subject": subject,
                "body_html": Markup("<ul>%s</ul>") % items,
                "email_to": user.email_formatted,
                "auto_delete": True,
            }
        )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_take_note(self):
        """Somebody sees to it: no more reminders."""
        self.check_access("read")
        self.env.user._rcm_require(
            "integration_support", "administrator", "finance_manager", "cash_poster"
        )
        now, user = fields.Datetime.now(), self.env.user
        # the role was checked; alerts are the system's own
        for alert in self.sudo().filtered(lambda one: one.state == "firing"):
            alert._rcm_write({"noted_by_id": user.id, "noted_at": now})
            alert._rcm_emit("alert.noted", {"noted_by_id": [None, user.id]})
            alert.activity_ids.unlink()

    def action_open_connector(self):
        """Open the connector this is about."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "rcm.connector",
            "res_id": self.connector_id.id,
            "views": [[False, "form"]],
        }

    @api.autovacuum
    def _gc_old(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEPT_DAYS)
        self.search([("state", "=", "over"), ("over_at", "<", limit)]).unlink()
