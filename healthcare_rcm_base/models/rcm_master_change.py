from datetime import timedelta

from odoo import api, fields, models

from ..tools import differing
from .rcm_master_rule import APPLY, IGNORE, WAIT
from .rcm_merge_references import plain_value
from .rcm_patient_account import PATIENT

CASE = "master_change_waiting"
# Who validates what.
VALIDATORS = {
    "rcm.patient.account": ("front_desk", "biller"),
    "rcm.coverage": ("front_desk", "biller"),
    "rcm.payer": ("administrator",),
}
LINKS = {
    "rcm.patient.account": "patient_id",
    "rcm.coverage": "coverage_id",
    "rcm.payer": "payer_id",
}


class RcmMasterDataMixin(models.AbstractModel):
    """Records that upstream systems may change, as the system-of-record rules say."""

    _name = "rcm.master.data.mixin"
    _description = "Master Data With Upstream Sources"

    def _rcm_take_over(self, vals, source):
        """Apply, hold or ignore what ``source`` says about this record.

        What we do not know yet is filled in unless the rule says ignore; nothing is
        lost by that.

        :return: the values that were applied
        """
        self.ensure_one()
        changed = differing(self, vals)
        actions = self.env["rcm.master.rule"]._rcm_actions(
            self._name, list(changed), source, self.company_id
        ) if changed else {}  # fmt: skip
        applied, waiting = {}, {}
        for name, value in changed.items():
            fills = not self[name] and self._fields[name].type != "boolean"
            if actions[name] == APPLY or (actions[name] == WAIT and fills):
                applied[name] = value
            elif actions[name] != IGNORE:
                waiting[name] = value
        if applied:
            self.write(applied)
        settled = [name for name in vals if name not in waiting]
        self.env["rcm.master.change"]._rcm_propose(self, waiting, settled, source)
        return applied


class RcmPatientAccount(models.Model):
    _name = "rcm.patient.account"
    _inherit = ["rcm.patient.account", "rcm.master.data.mixin"]


class RcmCoverage(models.Model):
    _name = "rcm.coverage"
    _inherit = ["rcm.coverage", "rcm.master.data.mixin"]


class RcmPayer(models.Model):
    _name = "rcm.payer"
    _inherit = ["rcm.payer", "rcm.master.data.mixin"]


class RcmMasterChange(models.Model):
    """A change an upstream system asks for and a person decides on."""

    _name = "rcm.master.change"
    _inherit = ["rcm.document.mixin", "rcm.batch.mixin"]
    _description = "Master Data Change"
    _order = "id desc"
    _check_company_auto = True
    _rcm_state_machine = "master_change"
    _rcm_protected = (
        "state",
        "res_model",
        "patient_id",
        "coverage_id",
        "payer_id",
        "company_id",
        "field_name",
        "source",
        "old_value",
        "new_value",
        "aged",
        "decided_by_id",
        "decided_at",
    )

    res_model = fields.Selection(
        [
            ("rcm.patient.account", "Patient"),
            ("rcm.coverage", "Coverage"),
            ("rcm.payer", "Payer"),
        ],
        string="Record",
        required=True,
        readonly=True,
    )
    patient_id = fields.Many2one(
        "rcm.patient.account",
        readonly=True,
        check_company=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    coverage_id = fields.Many2one(
        "rcm.coverage",
        readonly=True,
        check_company=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    payer_id = fields.Many2one(
        "rcm.payer",
        readonly=True,
        check_company=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    facility_id = fields.Many2one(related="patient_id.facility_id", store=True)
    field_name = fields.Char(string="Technical Field", required=True, readonly=True)
    field_label = fields.Char(string="Field", compute="_compute_field_label")
    source = fields.Char(readonly=True, help="Connector the change came from.")
    # values of people lie behind the patient-data group, whoever the record is of
    old_value = fields.Json(readonly=True, groups=PATIENT)
    new_value = fields.Json(readonly=True, groups=PATIENT)
    before = fields.Char(string="We Have", compute="_compute_shown")
    after = fields.Char(string="Source Says", compute="_compute_shown")
    state = fields.Selection(
        [
            ("waiting", "To validate"),
            ("applied", "Applied"),
            ("rejected", "Rejected"),
            ("replaced", "Superseded"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="waiting",
        index=True,
    )
    aged = fields.Boolean(string="Overdue", readonly=True)
    decided_by_id = fields.Many2one("res.users", string="Decided By", readonly=True)
    decided_at = fields.Datetime(readonly=True)
    may_decide = fields.Boolean(compute="_compute_may_decide")

    _waiting_idx = models.Index(
        "(res_model, field_name, patient_id, coverage_id, payer_id)"
        " WHERE state = 'waiting'"
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("res_model", "field_name", "patient_id", "coverage_id", "payer_id")
    def _compute_display_name(self):
        for change in self:
            number = change._rcm_number()
            change.display_name = f"{number}: {change.field_label or ''}"

    @api.depends("res_model", "field_name")
    def _compute_field_label(self):
        for change in self:
            field = self.env[change.res_model]._fields.get(change.field_name)
            change.field_label = field and field._description_string(self.env)

    @api.depends("state", "res_model")
    @api.depends_context("uid")
    def _compute_may_decide(self):
        """Whether the person looking is one of those who validate this record."""
        for change in self:
            roles = VALIDATORS[change.res_model]
            change.may_decide = change.state == "waiting" and (
                self.env.user._rcm_has_role(*roles)
            )

    @api.depends("old_value", "new_value", "state")
    @api.depends_context("uid")
    def _compute_shown(self):
        """Old and new value; masked where they may tell who a patient is."""
        sees = self.env.user._rcm_sees_patients()
        hidden = self.env._("Hidden")
        for change in self:
            if change.res_model != "rcm.payer" and not sees:
                change.before = change.after = hidden
                continue
            values = change.sudo()  # the person was checked in the line above
            change.before = values._rcm_text(values.old_value)
            change.after = values._rcm_text(values.new_value)

    def _rcm_text(self, value):
        field = self.env[self.res_model]._fields[self.field_name]
        if field.type == "boolean":
            return self.env._("Yes") if value else self.env._("No")
        if not value:
            return ""
        if field.type == "many2one":
            return self.env[field.comodel_name].browse(value).exists().display_name
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, str(value))
        return str(value)

    # ------------------------------------------------------------------
    # Proposing
    # ------------------------------------------------------------------
    @api.model
    def _rcm_propose(self, record, waiting, settled, source):
        """Keep what waits for validation; what the source took back is superseded.

        The same value again changes nothing; one that was rejected and that nobody
        changed since is not asked again.

        :param dict waiting: {field: value} to validate
        :param settled: names of fields on which the source says what we have
        """
        Change = self.sudo()  # proposals are the system's, whoever the source is
        mine = Change.search(
            [
                (LINKS[record._name], "=", record.id),
                ("res_model", "=", record._name),
                ("field_name", "in", [*waiting, *settled]),
                ("state", "in", ("waiting", "rejected")),
                ("source", "=", source or False),
            ],
            order="id",
        )
        last = {change.field_name: change for change in mine}
        replaced = mine.filtered(
            lambda change: change.state == "waiting" and change.field_name in settled
        )
        fresh = []
        for name, value in waiting.items():
            old, new = plain_value(record, name), _plain(record, name, value)
            known = last.get(name)
            if known and (known.new_value, known.old_value) == (new, old):
                continue
            if known and known.state == "waiting":
                replaced |= known
            fresh.append(
                {
                    "res_model": record._name,
                    LINKS[record._name]: record.id,
                    "company_id": record.company_id.id,
                    "field_name": name,
                    "source": source or False,
                    "old_value": old,
                    "new_value": new,
                }
            )
            if record._name == "rcm.coverage":
                fresh[-1]["patient_id"] = record.patient_id.id
        replaced._rcm_settle("replaced")
        made = Change._rcm_create(fresh)
        made._rcm_emit("rcm.master.change.proposed")
        return made

    # ------------------------------------------------------------------
    # Deciding
    # ------------------------------------------------------------------
    def action_approve(self):
        """Take the values over."""
        for change in self._rcm_as_validator():
            change._rcm_apply()

    def action_reject(self):
        """Keep what we have; the source is not asked about this value again."""
        self._rcm_as_validator()._rcm_settle("rejected")

    def action_open_record(self):
        """Open the record the change is about."""
        self.ensure_one()
        record = self._rcm_record()
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def _rcm_as_validator(self):
        """Check the caller's role for each kind of record, then act in full."""
        for model in set(self.mapped("res_model")):
            self.env.user._rcm_require(*VALIDATORS[model])
        self.check_access("read")
        waiting = self.filtered(lambda change: change.state == "waiting")
        return waiting.sudo()  # role and record rules were checked above

    def _rcm_apply(self):
        record = self._rcm_record()
        record.write({self.field_name: self.new_value})
        self._rcm_settle("applied")

    def _rcm_settle(self, state):
        """Close these changes and the cases about their age."""
        if not self:
            return
        self._rcm_set_state(
            state, decided_by_id=self.env.uid, decided_at=fields.Datetime.now()
        )
        self.filtered("aged")._rcm_resolve_cases([CASE], self.env._("Decided."))

    # ------------------------------------------------------------------
    # Age
    # ------------------------------------------------------------------
    @api.model
    def _cron_watch(self):
        """Raise a case for changes nobody validated in the company's time."""
        companies = self.env["res.company"].search([("rcm_master_change_days", ">", 0)])
        for company in companies:
            limit = timedelta(days=company.rcm_master_change_days)
            self._rcm_run_batches(
                [
                    ("company_id", "=", company.id),
                    ("state", "=", "waiting"),
                    ("aged", "=", False),
                    ("create_date", "<=", fields.Datetime.now() - limit),
                ],
                "_rcm_mark_aged",
                batch_size=200,
                case_type=CASE,
            )

    def _rcm_mark_aged(self):
        self._rcm_write({"aged": True})
        for field_name, changes in self.grouped("field_name").items():
            changes._rcm_raise_case(
                CASE,
                self.env._(
                    "A change of %(field)s waits for validation.",
                    field=changes[0].field_label or field_name,
                ),
            )

    def _rcm_reprocess(self, case):
        """Settled when somebody decided, or the record says it by now."""
        for change in self.filtered(lambda item: item.state == "waiting"):
            if plain_value(change._rcm_record(), change.field_name) == change.new_value:
                change._rcm_settle("applied")
        return all(change.state != "waiting" for change in self)

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _rcm_record(self):
        self.ensure_one()
        return self[LINKS[self.res_model]]

    def _rcm_number(self):
        """Account number or code of the record: names nobody."""
        change = self.sudo()  # numbers are everyone's
        return change.payer_id.code or change.patient_id.name or ""

    def _rcm_audit_name(self):
        return f"{self._rcm_number()} {self.field_name}"


def _plain(record, name, value):
    """``value`` in the form in which ``plain_value`` gives the record's own."""
    field = record._fields[name]
    cached = field.convert_to_cache(value, record, validate=False)
    written = field.convert_to_write(field.convert_to_record(cached, record), record)
    if field.type in ("date", "datetime") and written:
        return field.to_string(written)
    return written or (False if field.type != "integer" else 0)
