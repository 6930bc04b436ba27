from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

HOLDERS = ("administrator", "finance_manager")
SCOPE = (
    "company_id",
    "retention_id",
    "patient_id",
    "document",
    "thread",
    "date_from",
    "date_to",
)


class RcmAuditHold(models.Model):
    """A legal hold: details in its scope are never dropped while it is active.

    Everything filled in narrows the scope; several holds add up. The scope of a hold
    is never changed: release it and place another.
    """

    _name = "rcm.audit.hold"
    _inherit = "rcm.document.mixin"
    _description = "Legal Hold"
    _order = "state, id desc"
    _check_company_auto = True
    _rcm_state_machine = "hold"
    _rcm_protected = ("placed_by_id", "placed_at", "released_by_id", "released_at")
    _rcm_audit_fields = ("name", "reason", *SCOPE)

    name = fields.Char(
        string="Matter", required=True, help="Name or number, without patient data."
    )
    reason = fields.Text(required=True, help="Why it is held, without patient data.")
    state = fields.Selection(
        [("active", "Active"), ("released", "Released")],
        string="Status",
        default="active",
        required=True,
        readonly=True,
        index=True,
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="Rows of this company, and those of no company.",
    )
    retention_id = fields.Many2one(
        "rcm.audit.retention",
        string="Category",
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: every category.",
    )
    patient_id = fields.Many2one(
        "rcm.patient.account",
        string="Patient Account",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Everything in the threads of this patient's encounters and claims.",
    )
    document = fields.Char(
        string="Document Number",
        help="Everything about the document with this number, and its whole threads.",
    )
    thread = fields.Char(string="Thread (Correlation ID)")
    date_from = fields.Date(string="From")
    date_to = fields.Date(string="Through")
    placed_by_id = fields.Many2one("res.users", readonly=True)
    placed_at = fields.Datetime(readonly=True)
    release_reason = fields.Text(help="Who decided it and why, without patient data.")
    released_by_id = fields.Many2one("res.users", readonly=True)
    released_at = fields.Datetime(readonly=True)

    _period = models.Constraint(
        "CHECK(date_to IS NULL OR date_from IS NULL OR date_from <= date_to)",
        "The period of a hold cannot end before it begins.",
    )

    @api.constrains(*SCOPE)
    def _check_scope(self):
        for hold in self:
            if not any(hold[name] for name in SCOPE if name != "company_id"):
                raise ValidationError(
                    self.env._(
                        "Say what is held: a patient account, a document, a thread, a "
                        "category or a period."
                    )
                )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        self.env.user._rcm_require(*HOLDERS)
        holds = super().create(vals_list)
        # Who and when are protected; creating is what decides them.
        holds.sudo()._rcm_write(
            {"placed_by_id": self.env.uid, "placed_at": fields.Datetime.now()}
        )
        return holds

    def write(self, vals):
        if set(SCOPE).intersection(vals) and any(
            hold[name]
            != hold._fields[name].convert_to_record(
                hold._fields[name].convert_to_cache(vals[name], hold), hold
            )
            for hold in self
            for name in set(SCOPE).intersection(vals)
        ):
            raise UserError(
                self.env._(
                    "The scope of a legal hold is not changed. Place another hold, "
                    "then release this one."
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A legal hold is released, never deleted."))

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_release(self):
        """End the hold; what it kept expires with the next retention run."""
        self.env.user._rcm_require(*HOLDERS)
        self.check_access("write")
        if any(not (hold.release_reason or "").strip() for hold in self):
            raise UserError(self.env._("Say why the hold is released."))
        # Role and access were checked; state is protected.
        self.sudo()._rcm_set_state(
            "released",
            released_by_id=self.env.uid,
            released_at=fields.Datetime.now(),
        )

    # ------------------------------------------------------------------
    # SQL over the log row ``l``
    # ------------------------------------------------------------------
    @api.model
    def _rcm_active_condition(self):
        """Return SQL: row ``l`` is kept by an active hold of any company."""
        holds = self.sudo().search([("state", "=", "active")])  # scheduled action
        if not holds:
            return SQL("false")
        parts = [hold._rcm_condition() for hold in holds]
        return SQL("coalesce(%s, false)", SQL(" OR ").join(parts))

    def _rcm_condition(self):
        """Return SQL: row ``l`` is in the scope of this hold."""
        self.ensure_one()
        company = self.company_id.id
        parts = [SQL("coalesce(l.company_id, 0) IN (0, %s)", company)]
        if self.retention_id:
            parts.append(self.retention_id._rcm_condition())
        if self.patient_id:
            parts.append(self._rcm_patient_condition())
        if self.document:
            parts.append(
                SQL(
                    """(l.record_name = %(name)s OR l.correlation_id IN (
                        SELECT d.correlation_id FROM rcm_audit_log d
                         WHERE d.record_name = %(name)s))""",
                    name=self.document.strip(),
                )
            )
        if self.thread:
            parts.append(SQL("l.correlation_id = %s", self.thread.strip()))
        if self.date_from:
            parts.append(SQL("l.logged_at >= %s", self.date_from))
        if self.date_to:
            parts.append(SQL("l.logged_at < %s::date + 1", self.date_to))
        return SQL("(%s)", SQL(" AND ").join(parts))

    def _rcm_patient_condition(self):
        """Return SQL: row ``l`` speaks of the patient's documents or their threads."""
        documents = self.patient_id._rcm_audit_documents()
        threads = {
            thread
            for records in documents
            if "correlation_id" in records._fields
            for thread in records.mapped("correlation_id")
            if thread
        }
        parts = [
            SQL("(l.model = %s AND l.res_id = ANY(%s))", records._name, records.ids)
            for records in documents
            if records
        ]
        if threads:
            parts.append(SQL("l.correlation_id = ANY(%s)", sorted(threads)))
        return SQL("(%s)", SQL(" OR ").join(parts))
