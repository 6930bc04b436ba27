from odoo import api, fields, models
from odoo.exceptions import UserError

from ..protocol import feed_schedule

CASE = "feed_missing"


class RcmExpectedArrival(models.Model):
    """One time a feed was due: what came for it, and when."""

    _name = "rcm.expected.arrival"
    _inherit = ["rcm.document.mixin"]
    _description = "Expected Arrival"
    _order = "due_at desc, id desc"
    _rcm_reprocess_roles = ("integration_support",)
    _rcm_protected = (
        "feed_id",
        "company_id",
        "facility_id",
        "due_at",
        "opens_at",
        "deadline_at",
        "needed_count",
        "state",
        "arrived_count",
        "complete_at",
        "last_at",
        "waived_reason",
    )

    feed_id = fields.Many2one(
        "rcm.expected.feed",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    connector_id = fields.Many2one(related="feed_id.connector_id")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    facility_id = fields.Many2one("rcm.facility", readonly=True, index="btree_not_null")
    due_at = fields.Datetime(string="Due", required=True, readonly=True)
    opens_at = fields.Datetime(
        string="Counts From", required=True, readonly=True, help="From here on."
    )
    deadline_at = fields.Datetime(string="Late After", required=True, readonly=True)
    needed_count = fields.Integer(string="At Least", required=True, readonly=True)
    arrived_count = fields.Integer(string="Came", readonly=True)
    complete_at = fields.Datetime(string="Complete", readonly=True)
    last_at = fields.Datetime(string="Last Came", readonly=True)
    waived_reason = fields.Char(string="Why Not", readonly=True)
    state = fields.Selection(
        [
            ("expected", "Expected"),
            ("arrived", "Arrived"),
            ("missing", "Missing"),
            ("late", "Arrived Late"),
            ("waived", "Will Not Come"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="expected",
        index=True,
    )

    _one_each = models.UniqueIndex("(feed_id, due_at)", "A feed is due once at a time.")

    @api.depends("feed_id", "due_at")
    def _compute_display_name(self):
        for record in self:
            due = fields.Datetime.to_string(record.due_at) if record.due_at else ""
            record.display_name = f"{record.feed_id.name} {due[:16]}"

    def _rcm_audit_name(self):
        due = fields.Datetime.to_string(self.due_at)
        return f"{self.feed_id.name} {due[:16]}"

    def _rcm_slot(self):
        return feed_schedule.Slot(
            self.id, self.opens_at, self.deadline_at, self.needed_count
        )

    def _rcm_judge(self, verdict, now):
        """Record what came; a case when it is late, none when it has come."""
        self.ensure_one()
        if verdict.complete_at:
            state = "arrived" if verdict.complete_at <= self.deadline_at else "late"
        else:
            state = "missing" if now > self.deadline_at else "expected"
        vals = {
            "state": state,
            "arrived_count": verdict.count,
            "complete_at": verdict.complete_at or False,
        }
        if verdict.count and verdict.complete_at:
            vals["last_at"] = verdict.complete_at
        if any(self[name] != value for name, value in vals.items()):
            if state == self.state:
                self._rcm_write(vals)
            else:
                self._rcm_write_logged({self.id: vals}, f"{self._name}.{state}")
        if state == "missing":
            if not self.rcm_open_case_count:
                self._rcm_raise_missing()
        elif self.rcm_open_case_count:
            self._rcm_resolve_cases([CASE], self.env._("It has come."))

    def _rcm_raise_missing(self):
        feed = self.feed_id
        self._rcm_raise_case(
            CASE,
            self.env._(
                "%(event)s of %(connector)s did not come. %(note)s",
                event=feed.event_name,
                connector=feed.connector_id.name,
                note=feed.note or "",
            ).strip(),
            expected=str(self.needed_count),
            actual=str(self.arrived_count),
        )

    def _rcm_reprocess(self, case):
        """Look again whether it came."""
        for record in self:
            record.feed_id._rcm_watch(fields.Datetime.now())
        return all(record.state != "missing" for record in self)

    def action_waive(self, reason=None):
        """It will not come (a holiday of the sender): close it without a case."""
        self.env.user._rcm_require("integration_support", "administrator")
        self.check_access("read")
        for record in self.sudo():  # the role was checked; nobody writes arrivals
            if record.state not in ("expected", "missing"):
                raise UserError(self.env._("%s has come already.", record.display_name))
            vals = {"state": "waived", "waived_reason": reason or False}
            record._rcm_write_logged({record.id: vals}, f"{record._name}.waived")
            record._rcm_resolve_cases(
                [CASE], self.env._("It will not come, as someone decided.")
            )

    def action_watch(self):
        """Look now whether it came."""
        self.env.user._rcm_require("integration_support", "administrator")
        self.check_access("read")
        for feed in self.sudo().feed_id:  # role and record rules were checked
            feed._rcm_watch(fields.Datetime.now())
