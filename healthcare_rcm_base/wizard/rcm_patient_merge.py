from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..models.rcm_merge import MERGERS
from ..models.rcm_possible_duplicate import KINDS
from ..models.rcm_possible_duplicate_compare import CHOICES

# The two accounts' numbers of one facility cannot both stay on the record.
FOLLOWS_NUMBER = "facility_id"


class RcmPatientMerge(models.TransientModel):
    """Merging two patient accounts, or two guarantors, with everything in view."""

    _name = "rcm.patient.merge"
    _description = "Merge Patients or Guarantors"

    kind = fields.Selection(KINDS, required=True, readonly=True)
    duplicate_id = fields.Many2one("rcm.possible.duplicate", readonly=True)
    patient_id = fields.Many2one(
        "rcm.patient.account", string="Survives", readonly=True
    )
    merged_patient_id = fields.Many2one(
        "rcm.patient.account", string="Is Merged Into It", readonly=True
    )
    guarantor_id = fields.Many2one("res.partner", string="Survives ", readonly=True)
    merged_guarantor_id = fields.Many2one(
        "res.partner", string="Is Merged Into It ", readonly=True
    )
    line_ids = fields.One2many("rcm.patient.merge.line", "merge_id", string="Values")
    company_id = fields.Many2one("res.company", compute="_compute_money")
    currency_id = fields.Many2one("res.currency", compute="_compute_money")
    entries = fields.Integer(string="Posted Entries", compute="_compute_money")
    merged_entries = fields.Integer(
        string="Its Posted Entries", compute="_compute_money"
    )
    open_amount = fields.Monetary(string="Open Balance", compute="_compute_money")
    merged_open_amount = fields.Monetary(
        string="Its Open Balance", compute="_compute_money"
    )
    needs_money_confirmation = fields.Boolean(compute="_compute_money")
    money_confirmed = fields.Boolean(
        string="I have seen the balances",
        help="Nothing is posted or changed in the ledger. The open items stay where "
        "they are and are seen together from now on.",
    )
    offers_guarantors = fields.Boolean(compute="_compute_offers_guarantors")
    merge_guarantors = fields.Boolean(
        string="Merge their guarantors as well",
        help="Both patients are their own guarantors.",
    )
    impact = fields.Char(string="What Moves", compute="_compute_impact")
    reason = fields.Char(
        required=True, help="For the record; no patient data.", default="Same person"
    )

    # ------------------------------------------------------------------
    # Opening
    # ------------------------------------------------------------------
    @api.model
    def _rcm_open(self, keep, drop, duplicate=None):
        """Return the action that shows the merge of ``drop`` into ``keep``."""
        self._rcm_check_sides(keep, drop)
        kind = "patient" if keep._name == "rcm.patient.account" else "guarantor"
        side = "patient_id" if kind == "patient" else "guarantor_id"
        wizard = self.create(
            {
                "kind": kind,
                side: keep.id,
                f"merged_{side}": drop.id,
                "duplicate_id": duplicate.id if duplicate else False,
                "line_ids": [
                    (0, 0, vals) for vals in self._rcm_line_vals(kind, keep, drop)
                ],
            }
        )
        wizard.merge_guarantors = (
            wizard.offers_guarantors and not wizard._rcm_guarantor_entries()
        )
        return wizard._rcm_form()

    def _rcm_form(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Merge"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    @api.model
    def _rcm_check_sides(self, keep, drop):
        """Role, records, company: refuse what may not be merged."""
        self.env.user._rcm_require(*MERGERS)
        if not self.env.user._rcm_sees_patients():
            raise AccessError(self.env._("Patient identity is hidden from you."))
        both = keep | drop
        both.check_access("write" if keep._name == "rcm.patient.account" else "read")
        if len(both) != 2:
            raise UserError(self.env._("A merge takes two different records."))
        if keep.company_id != drop.company_id:
            raise UserError(self.env._("Records of two companies are never merged."))
        if not all(both.mapped("active")):
            raise UserError(self.env._("An archived record cannot be merged."))
        if keep._name == "res.partner" and not all(both.mapped("rcm_is_guarantor")):
            raise UserError(self.env._("Only guarantors are merged here."))

    @api.model
    def _rcm_line_vals(self, kind, keep, drop):
        """A line for each value of which one survives."""
        shown = self.env["rcm.possible.duplicate"]._rcm_shown
        labels = keep.fields_get(CHOICES[kind], ["string"])
        lines = []
        for place, name in enumerate(CHOICES[kind]):
            mine, theirs = shown(keep, name), shown(drop, name)
            if not mine and not theirs:
                continue
            takes = bool(theirs and not mine) and name != FOLLOWS_NUMBER
            lines.append(
                {
                    "sequence": place,
                    "field_name": name,
                    "label": labels[name]["string"],
                    "keep_value": mine,
                    "drop_value": theirs,
                    "choice": "drop" if takes else "keep",
                }
            )
        return lines

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    def _rcm_sides(self):
        self.ensure_one()
        if self.kind == "patient":
            return self.patient_id, self.merged_patient_id
        return self.guarantor_id, self.merged_guarantor_id

    @api.depends("patient_id", "guarantor_id")
    def _compute_money(self):
        for wizard in self:
            keep, drop = wizard._rcm_sides()
            wizard.company_id = keep.company_id
            wizard.currency_id = keep.company_id.currency_id
            wizard.entries, wizard.open_amount = wizard._rcm_money(keep)
            wizard.merged_entries, wizard.merged_open_amount = wizard._rcm_money(drop)
            wizard.needs_money_confirmation = bool(
                wizard.merged_entries and (wizard.entries or wizard.kind == "guarantor")
            )

    def _rcm_money(self, record):
        """(posted entries, open receivable) of a patient's claims or a guarantor."""
        if record._name == "rcm.patient.account":
            owns = SQL(
                "line.rcm_claim_id IN (SELECT id FROM rcm_claim WHERE patient_id = %s)",
                record.id,
            )
        else:
            owns = SQL("line.partner_id = %s", record.id)
        [[entries, amount]] = self.env.execute_query(
            SQL(
                """SELECT count(DISTINCT line.move_id), COALESCE(sum(
                          line.amount_residual) FILTER (
                          WHERE account.account_type = 'asset_receivable'), 0)
                     FROM account_move_line line
                     JOIN account_account account ON account.id = line.account_id
                    WHERE %s AND line.parent_state = 'posted'""",
                owns,
            )
        )
        return entries, float(amount)

    def _rcm_guarantor_entries(self):
        return self._rcm_money(self.merged_patient_id.guarantor_id)[0]

    @api.depends("patient_id", "merged_patient_id")
    def _compute_offers_guarantors(self):
        for wizard in self:
            both = wizard.patient_id | wizard.merged_patient_id
            wizard.offers_guarantors = len(both.guarantor_id) == 2 and set(
                both.mapped("guarantor_relationship")
            ) == {"self"}

    @api.depends("patient_id", "guarantor_id")
    def _compute_impact(self):
        for wizard in self:
            wizard.impact = wizard._rcm_impact()

    def _rcm_impact(self):
        """How many documents of which kind will move."""
        _keep, drop = self._rcm_sides()
        counts = {}
        for name, field, kind in self.env["rcm.merge.references"]._rcm_references(
            drop._name
        ):
            domain = [(field, "=" if kind != "many" else "in", drop.id)]
            if kind == "any":
                domain.append(("res_model", "=", drop._name))
            # counted, not shown
            owner = self.env[name].sudo().with_context(active_test=False)
            if found := owner.search_count(domain):
                label = owner._description
                counts[label] = counts.get(label, 0) + found
        return ", ".join(f"{label}: {count}" for label, count in sorted(counts.items()))

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_swap(self):
        """Let the other one survive."""
        self.ensure_one()
        keep, drop = self._rcm_sides()
        return self._rcm_open(drop, keep, self.duplicate_id)

    def action_merge(self):
        """Merge, and show the record of it."""
        self.ensure_one()
        keep, drop = self._rcm_sides()
        self._rcm_check_sides(keep, drop)
        if self.needs_money_confirmation and not self.money_confirmed:
            raise UserError(
                self.env._(
                    "There are posted entries on both sides. Look at the balances and "
                    "confirm that you have seen them."
                )
            )
        if self.merge_guarantors and self.offers_guarantors:
            self._rcm_merge_guarantors(keep, drop)
        merge = self.env["rcm.merge"]._rcm_merge(
            keep,
            drop,
            values=self._rcm_chosen(drop),
            reason=self.reason,
            duplicate=self.duplicate_id,
            money=self.money_confirmed,
        )
        return merge.with_env(self.env)._rcm_form()

    def _rcm_merge_guarantors(self, keep, drop):
        """The two people's guarantors are one person as well."""
        if self._rcm_guarantor_entries() and not self.money_confirmed:
            raise UserError(
                self.env._(
                    "The merged guarantor has posted entries. Look at the balances and "
                    "confirm that you have seen them, or leave the guarantors apart."
                )
            )
        # contacts are behind accounting's rights; role and patients were checked
        self.env["rcm.merge"]._rcm_merge(
            keep.guarantor_id,
            drop.guarantor_id,
            reason=self.reason,
            money=self.money_confirmed,
        )

    def _rcm_chosen(self, drop):
        """Values of the merged record that survive."""
        chosen = {}
        for line in self.line_ids.filtered(lambda one: one.choice == "drop"):
            field = drop._fields[line.field_name]
            if line.field_name in CHOICES[self.kind]:
                value = drop.sudo()[line.field_name]  # whoever merges sees patients
                written = field.convert_to_write(value, drop)
                chosen[line.field_name] = (
                    field.to_string(written) if field.type == "date" else written
                )
        return chosen


class RcmPatientMergeLine(models.TransientModel):
    """One value of the two records, and which of them survives."""

    _name = "rcm.patient.merge.line"
    _description = "Value of a Merge"
    _order = "sequence, id"

    merge_id = fields.Many2one(
        "rcm.patient.merge", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer()
    field_name = fields.Char(required=True, readonly=True)
    label = fields.Char(string="Field", readonly=True)
    keep_value = fields.Char(string="Survivor Says", readonly=True)
    drop_value = fields.Char(string="Merged One Says", readonly=True)
    choice = fields.Selection(
        [("keep", "Survivor's"), ("drop", "Merged one's")],
        string="Take",
        required=True,
        default="keep",
    )
    differs = fields.Boolean(compute="_compute_differs")
    mark = fields.Char(string="≠", compute="_compute_differs")

    @api.depends("keep_value", "drop_value")
    def _compute_differs(self):
        for line in self:
            # Where only one side says something, there is nothing to weigh.
            both = line.keep_value and line.drop_value
            line.differs = bool(both) and line.keep_value != line.drop_value
            line.mark = "≠" if line.differs else ""
