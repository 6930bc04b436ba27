from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

REASONS = [
    ("key", "No valid API key"),
    ("signature", "Signature does not hold"),
    ("monitor", "No valid monitoring token"),
    ("network", "Valid key or signature from a network that is not allowed"),
]
# So many in this time lock an address out until some of them are older than that.
LOCK_FAILURES = 30
LOCK_MINUTES = 15
KEPT_DAYS = 90


class RcmAuthFailure(models.Model):
    """Failed attempts at the doors, per address and minute, of all workers.

    What is written is bounded: an address that is locked out writes nothing more. The
    lock needs no record of its own: it holds while the last quarter of an hour has
    too many failures, and ends by itself.
    """

    _name = "rcm.auth.failure"
    _inherit = ["rcm.audit.mixin"]
    _description = "Failed Sign-In at the Doors"
    _order = "minute desc, id desc"
    _rec_name = "address"
    _rcm_audit_edits = ("forgiven",)

    address = fields.Char(required=True, readonly=True)
    minute = fields.Datetime(string="When", required=True, readonly=True, index=True)
    reason = fields.Selection(REASONS, required=True, readonly=True)
    connector_id = fields.Many2one(
        "rcm.connector",
        string="Sender Named",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="Whom the caller claimed to be, where the address names a sender.",
    )
    company_id = fields.Many2one(related="connector_id.company_id")
    count = fields.Integer(string="Attempts", required=True, readonly=True, default=1)
    forgiven = fields.Boolean(
        readonly=True, help="Does not count for the lock-out any more."
    )
    locked = fields.Boolean(
        string="Locked Out Now", compute="_compute_locked", search="_search_locked"
    )

    _one_each = models.UniqueIndex(
        "(address, minute, reason, COALESCE(connector_id, 0))",
        "Attempts of a minute are counted together.",
    )

    def _compute_locked(self):
        locked = set(self._rcm_locked_addresses())
        for record in self:
            record.locked = record.address in locked

    @api.model
    def _search_locked(self, operator, value):
        if operator != "in":
            return NotImplemented
        addresses = self._rcm_locked_addresses()
        positive = True in value
        return [("address", "in" if positive else "not in", addresses)]

    # ------------------------------------------------------------------
    # For the doors
    # ------------------------------------------------------------------
    @api.model
    def _rcm_note(self, address, reason, connector_id=None):
        """Count one failure; tell once when it locks its address out."""
        now = fields.Datetime.now()
        address = (address or "?")[:64]
        before = self._rcm_recent(address, now)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO rcm_auth_failure (address, minute, reason, connector_id,
                    count, forgiven, create_uid, create_date, write_uid, write_date)
                VALUES (%(address)s, %(minute)s, %(reason)s, %(connector)s, 1, FALSE,
                        %(uid)s, %(now)s, %(uid)s, %(now)s)
                ON CONFLICT (address, minute, reason, COALESCE(connector_id, 0))
                DO UPDATE SET count = rcm_auth_failure.count + 1,
                              write_date = excluded.write_date
                RETURNING id
                """,
                address=address,
                minute=now.replace(second=0, microsecond=0),
                reason=reason,
                connector=connector_id or None,
                uid=self.env.uid,
                now=now,
            )
        )
        [[id_]] = self.env.cr.fetchall()
        if before == LOCK_FAILURES - 1:
            record = self.browse(id_)
            record.invalidate_recordset()
            record._rcm_emit("door.locked", {"attempts": [None, LOCK_FAILURES]})

    @api.model
    def _rcm_recent(self, address, now):
        """How many failures of ``address`` count for the lock-out now."""
        [[count]] = self.env.execute_query(
            SQL(
                "SELECT coalesce(sum(count), 0) FROM rcm_auth_failure"
                " WHERE address = %s AND minute > %s AND NOT forgiven",
                address,
                now - timedelta(minutes=LOCK_MINUTES),
            )
        )
        return count

    @api.model
    def _rcm_is_locked(self, address):
        """Whether nothing new is tried from ``address`` for now."""
        return self._rcm_recent(address, fields.Datetime.now()) >= LOCK_FAILURES

    @api.model
    def _rcm_locked_addresses(self):
        rows = self.env.execute_query(
            SQL(
                "SELECT address FROM rcm_auth_failure"
                " WHERE minute > %s AND NOT forgiven"
                " GROUP BY address HAVING sum(count) >= %s",
                fields.Datetime.now() - timedelta(minutes=LOCK_MINUTES),
                LOCK_FAILURES,
            )
        )
        return [address for [address] in rows]

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_let_in_again(self):
        """Let these addresses try again before the lock-out ends."""
        self.env.user._rcm_require("administrator", "integration_support")
        self.check_access("read")
        # the role was checked; the list is the system's own
        self.sudo()._rcm_forgive()
        return True

    def _rcm_forgive(self):
        same = self.search(
            [("address", "in", self.mapped("address")), ("forgiven", "=", False)]
        )
        same.write({"forgiven": True})

    @api.autovacuum
    def _gc_old(self):
        limit = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        self.search([("minute", "<", limit)]).unlink()
