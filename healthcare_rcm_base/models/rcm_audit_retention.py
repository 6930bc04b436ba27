from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL


class RcmAuditRetention(models.Model):
    """How long the details of one category of audit rows are kept.

    The first rule that names a row's document model (or, without one, its event)
    decides. Rows and their hashes stay for ever; only details expire.
    """

    _name = "rcm.audit.retention"
    _inherit = "rcm.audit.mixin"
    _description = "Audit Retention Rule"
    _order = "sequence, id"
    _rcm_audit_fields = ("name", "sequence", "active", "patterns", "keep_days")

    name = fields.Char(string="Category", required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    patterns = fields.Char(
        string="Documents",
        required=True,
        help="Beginnings of document models or events, separated by commas, e.g. "
        "“rcm.claim, rcm.encounter”. * stands for everything that no rule above names.",
    )
    keep_days = fields.Integer(
        string="Keep Details (days)",
        help="0 keeps them for ever. Before and after values older than this are "
        "dropped every night, except what a legal hold keeps. HIPAA asks for six years "
        "(2,192 days) of documentation.",
    )
    run_ids = fields.One2many("rcm.audit.retention.run", "retention_id")
    last_run_at = fields.Datetime(compute="_compute_last_run")
    last_dropped = fields.Integer(compute="_compute_last_run")

    _days_positive = models.Constraint(
        "CHECK(keep_days >= 0)", "Days to keep details cannot be negative."
    )

    @api.depends("run_ids")
    def _compute_last_run(self):
        for rule in self:
            run = rule.run_ids[:1]
            rule.last_run_at = run.started_at
            rule.last_dropped = run.dropped

    # ------------------------------------------------------------------
    # SQL over the log row ``l``
    # ------------------------------------------------------------------
    def _rcm_pattern_list(self):
        return [part for rule in self for part in _parts(rule.patterns)]

    def _rcm_condition(self):
        """Return SQL: row ``l`` is of this category."""
        self.ensure_one()
        earlier = self.search([("active", "=", True)])
        earlier = earlier[: list(earlier).index(self)] if self in earlier else earlier
        own = _named(self._rcm_pattern_list())
        if not earlier:
            return own
        return SQL("(%s AND NOT %s)", own, _named(earlier._rcm_pattern_list()))

    def _rcm_log_domain(self):
        """Domain of the log rows of this category: the same as the SQL above."""
        self.ensure_one()
        earlier = self.search([("active", "=", True)])
        earlier = earlier[: list(earlier).index(self)] if self in earlier else earlier
        own = _named_domain(self._rcm_pattern_list())
        return own & ~_named_domain(earlier._rcm_pattern_list())

    # ------------------------------------------------------------------
    # Dropping (scheduled action)
    # ------------------------------------------------------------------
    @api.model
    def _cron_drop_expired(self):
        """Drop expired details, batch by batch, each in its transaction."""
        for rule in self.search([("keep_days", ">", 0)]):
            if not rule._rcm_drop_expired(fields.Datetime.now()):
                break

    def _rcm_drop_expired(self, now):
        """Drop what this rule lets go; return whether there is time for more."""
        self.ensure_one()
        Cron = self.env["ir.cron"]
        in_cron = bool(self.env.context.get("ir_cron_progress_id"))
        cutoff = now - timedelta(days=self.keep_days)
        expired = SQL("(l.logged_at < %s AND %s)", cutoff, self._rcm_condition())
        held = self.env["rcm.audit.hold"]._rcm_active_condition()
        run = self.env["rcm.audit.retention.run"]._rcm_start(self, cutoff)
        go_on = True
        Payload = self.env["rcm.audit.payload"]
        free = SQL("%s AND NOT %s", expired, held)
        while dropped := Payload._rcm_drop_batch(free, self.name):
            run._rcm_count(dropped)
            if in_cron and not Cron._commit_progress(dropped):
                go_on = False
                break
        run._rcm_finish(self._rcm_held_count(expired, held), complete=go_on)
        if in_cron:
            Cron._commit_progress()
        return go_on

    def _rcm_held_count(self, expired, held):
        """Number of expired details that legal holds keep."""
        self.env.cr.execute(
            SQL(
                """SELECT count(*) FROM rcm_audit_payload p
                     JOIN rcm_audit_log l ON l.id = p.log_id
                    WHERE %s AND %s AND l.event NOT LIKE 'rcm.audit.%%'""",
                expired,
                held,
            )
        )
        return self.env.cr.fetchone()[0]


class RcmAuditRetentionRun(models.Model):
    """One run of a retention rule: what it dropped and what was held."""

    _name = "rcm.audit.retention.run"
    _inherit = "rcm.append.only.mixin"
    _description = "Audit Retention Run"
    _order = "id desc"
    _log_access = False
    _rec_name = "category"

    retention_id = fields.Many2one(
        "rcm.audit.retention", readonly=True, index=True, ondelete="set null"
    )
    category = fields.Char(readonly=True)
    started_at = fields.Datetime(string="Started", readonly=True)
    finished_at = fields.Datetime(string="Finished", readonly=True)
    cutoff = fields.Datetime(
        string="Older Than", readonly=True, help="Details before this were dropped."
    )
    dropped = fields.Integer(string="Details Dropped", readonly=True)
    held = fields.Integer(
        string="Kept by Legal Hold",
        readonly=True,
        help="Expired details that a legal hold keeps.",
    )
    complete = fields.Boolean(
        readonly=True, help="Not set: the next run goes on where this one stopped."
    )

    @api.model
    def _rcm_start(self, rule, cutoff):
        self.env.cr.execute(
            SQL(
                """INSERT INTO rcm_audit_retention_run
                       (retention_id, category, started_at, cutoff, dropped, held)
                   VALUES (%s, %s, clock_timestamp() AT TIME ZONE 'UTC', %s, 0, 0)
                RETURNING id""",
                rule.id,
                rule.name,
                cutoff,
            )
        )
        return self.browse(self.env.cr.fetchone()[0])

    def _rcm_count(self, dropped):
        self.env.cr.execute(
            SQL(
                """UPDATE rcm_audit_retention_run SET dropped = dropped + %s
                    WHERE id = %s""",
                dropped,
                self.id,
            )
        )

    def _rcm_finish(self, held, complete):
        self.env.cr.execute(
            SQL(
                """UPDATE rcm_audit_retention_run SET held = %s, complete = %s,
                          finished_at = clock_timestamp() AT TIME ZONE 'UTC'
                    WHERE id = %s""",
                held,
                complete,
                self.id,
            )
        )
        self.invalidate_model()
        self.retention_id.invalidate_recordset(["run_ids"])


def _parts(patterns):
    return [part.strip() for part in (patterns or "").split(",") if part.strip()]


def _named(patterns):
    """SQL: the model of row ``l`` (or its event) begins with one of ``patterns``."""
    if "*" in patterns:
        return SQL("true")
    tests = [
        SQL("starts_with(coalesce(l.model, l.event), %s)", part) for part in patterns
    ]
    return SQL("(%s)", SQL(" OR ").join(tests)) if tests else SQL("false")


def _named_domain(patterns):
    """Domain: the model of a log row (or its event) begins with one of ``patterns``."""
    if "*" in patterns:
        return fields.Domain.TRUE
    starts = [part.replace("_", "\\_") + "%" for part in patterns]
    return fields.Domain.OR(
        fields.Domain("model", "=like", start)
        | (fields.Domain("model", "=", False) & fields.Domain("event", "=like", start))
        for start in starts
    )
