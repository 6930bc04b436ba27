import hashlib

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .rcm_payer import PLAN_TYPES

ROW_MODELS = {"pair": "rcm.edit.pair", "unit": "rcm.edit.unit.limit"}


class RcmEditTable(models.Model):
    """A published table of edits: whose claims it is for, and its newest edition.

    The rows come from imports: payers publish them four times a year. None is shipped.
    """

    _name = "rcm.edit.table"
    _inherit = "rcm.audit.mixin"
    _description = "Edit Table"
    _order = "kind, sequence, id"
    _rcm_audit_fields = (
        "name",
        "kind",
        "active",
        "plan_types",
        "payer_ids",
        "claim_type",
        "company_id",
    )

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [("pair", "Procedure pairs"), ("unit", "Unit limits")],
        required=True,
        default="pair",
    )
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: every company."
    )
    plan_types = fields.Char(
        help="Kinds of plans separated by commas, e.g. medicare,medicaid. Empty: all.",
    )
    payer_ids = fields.Many2many(
        "rcm.payer", string="Payers", help="Empty: every payer of these plans."
    )
    claim_type = fields.Selection(
        [("professional", "Professional"), ("institutional", "Institutional")],
        help="Practitioner and hospital tables differ. Empty: both.",
    )
    edition = fields.Char(readonly=True, copy=False)
    edition_date = fields.Date(
        string="Edition From", readonly=True, copy=False, help="First day of it."
    )
    imported_at = fields.Datetime(string="Last Import", readonly=True, copy=False)
    file_hash = fields.Char(
        string="File SHA-256",
        readonly=True,
        copy=False,
        help="Of the file of the last import, as in the audit log.",
    )
    row_count = fields.Integer(string="Rows", compute="_compute_row_count")
    open_count = fields.Integer(string="In Force Today", compute="_compute_row_count")

    def _compute_row_count(self):
        today = fields.Date.context_today(self)
        for kind, model in ROW_MODELS.items():
            tables = self.filtered(lambda table, kind=kind: table.kind == kind)
            every, still = {}, {}
            if tables:
                # Counting public rows, whoever looks.
                Rows = self.env[model].sudo()
                own = fields.Domain("table_id", "in", tables.ids)
                every = dict(_counts(Rows, own))
                still = dict(_counts(Rows, own & Rows._rcm_open_domain(today)))
            for table in tables:
                table.row_count = every.get(table.id, 0)
                table.open_count = still.get(table.id, 0)
        for table in self.filtered(lambda table: not table.kind):
            table.row_count = table.open_count = 0

    @api.constrains("plan_types")
    def _check_plan_types(self):
        known = dict(PLAN_TYPES)
        for table in self:
            if wrong := table._rcm_plan_types() - known.keys():
                raise ValidationError(
                    self.env._(
                        "Unknown kinds of plans: %(wrong)s. Use: %(known)s.",
                        wrong=", ".join(sorted(wrong)),
                        known=", ".join(known),
                    )
                )

    def write(self, vals):
        if "kind" in vals and any(
            table.kind != vals["kind"] and table.row_count for table in self
        ):
            raise ValidationError(
                self.env._("A table that has rows keeps its kind; make another one.")
            )
        return super().write(vals)

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_rows(self):
        """Open the rows of this table."""
        self.ensure_one()
        xmlid = {"pair": "rcm_edit_pair_action", "unit": "rcm_edit_unit_limit_action"}
        action = self.env["ir.actions.actions"]._for_xml_id(
            f"healthcare_rcm_base.{xmlid[self.kind]}"
        )
        return {
            **action,
            "name": self.name,
            "domain": [("table_id", "=", self.id)],
            "context": {"default_table_id": self.id},
        }

    def action_import(self):
        """Import an edition of this table."""
        self.ensure_one()
        return self.env["rcm.table.import"]._rcm_open(
            f"edit_{self.kind}", edit_table_id=self.id, edition_complete=True
        )

    # ------------------------------------------------------------------
    # Domain
    # ------------------------------------------------------------------
    def _rcm_plan_types(self):
        words = (self.plan_types or "").split(",")
        return {word.strip().lower() for word in words if word.strip()}

    @api.model
    def _rcm_of(self, kind):
        """Tables of ``kind`` in use; what they say is public."""
        return self.sudo().search([("kind", "=", kind)])

    def _rcm_claims(self, claims):
        """The claims among these that this table is for."""
        self.ensure_one()
        plans = self._rcm_plan_types()
        return claims.filtered(
            lambda claim: not claim.self_pay
            and claim.payer_id
            and (not self.company_id or claim.company_id == self.company_id)
            and (not plans or claim.payer_id.plan_type in plans)
            and (not self.payer_ids or claim.payer_id in self.payer_ids)
            and (not self.claim_type or claim._rcm_claim_type() == self.claim_type)
        )

    def _rcm_note_import(self, wizard, content, counts):
        """One audit row an import: which file and edition, what it did, by whom."""
        digest = hashlib.sha256(content).hexdigest()
        # Who may import was checked by the wizard; the notes are not typed in.
        self.sudo().write(
            {
                "edition": wizard.edition or False,
                "edition_date": wizard.edition_date,
                "imported_at": fields.Datetime.now(),
                "file_hash": digest,
            }
        )
        self._rcm_emit(
            "rcm.edit.table.imported",
            {
                "edition_date": [None, str(wizard.edition_date)],
                "file_sha256": [None, digest],
                **{name: [None, count] for name, count in counts.items()},
            },
        )


def _counts(rows, domain):
    groups = rows._read_group(domain, ["table_id"], ["__count"])
    return [(table.id, count) for table, count in groups]
