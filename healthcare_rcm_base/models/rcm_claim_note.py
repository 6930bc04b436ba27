from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

PATIENT = "healthcare_rcm_base.group_patient_data"
CATEGORIES = [
    ("payer_call", "Call with the payer"),
    ("payer_portal", "Payer portal"),
    ("correspondence", "Letter or fax"),
    ("patient_contact", "Contact with the patient"),
    ("appeal", "Appeal"),
    ("internal", "Internal"),
]
# What may change after a note was written; everything else stays as it was said.
OPEN_FIELDS = frozenset({"follow_up_date", "user_id", "done"})


class RcmClaimNote(models.Model):
    """What somebody found out about a claim, and when to look at it again.

    Notes quote payers and patients, so the whole model is behind the patient-data
    group. What was written stays: a mistake is corrected by a new note.
    """

    _name = "rcm.claim.note"
    _inherit = ["rcm.audit.mixin", "mail.thread", "mail.activity.mixin"]
    _description = "Claim Note"
    _order = "create_date desc, id desc"
    _rcm_audit_fields = (
        "claim_id",
        "category",
        "text",
        "follow_up_date",
        "user_id",
        "done",
        "correction_of_id",
    )

    claim_id = fields.Many2one(
        "rcm.claim", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="claim_id.company_id", store=True, index=True)
    facility_id = fields.Many2one(
        related="claim_id.facility_id", store=True, index=True
    )
    payer_id = fields.Many2one(related="claim_id.payer_id", store=True)
    claim_state = fields.Selection(related="claim_id.state", string="Claim Status")
    open_balance = fields.Monetary(related="claim_id.open_balance")
    currency_id = fields.Many2one(related="company_id.currency_id")

    category = fields.Selection(CATEGORIES, required=True, default="payer_call")
    text = fields.Text(
        string="Note",
        required=True,
        groups=PATIENT,
        help="What was said or found. It cannot be changed once saved; correct it by "
        "another note.",
    )
    payer_reference = fields.Char(
        string="Call Reference",
        groups=PATIENT,
        help="The number the payer gave this call.",
    )
    representative = fields.Char(
        groups=PATIENT, help="Who at the payer gave the answer."
    )
    follow_up_date = fields.Date(
        string="Follow Up On",
        index="btree_not_null",
        help="The claim comes back to the follow-up list on this day.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Follow-up By",
        default=lambda self: self.env.user,
        domain=lambda self: [
            ("all_group_ids", "in", self.env.ref(PATIENT).ids),
            ("share", "=", False),
        ],
        help="Gets an activity with the claim's number on the follow-up day.",
    )
    done = fields.Boolean(string="Followed Up", copy=False)
    done_at = fields.Datetime(string="Followed Up On", readonly=True, copy=False)
    done_by_id = fields.Many2one(
        "res.users", string="Followed Up By", readonly=True, copy=False
    )
    is_overdue = fields.Boolean(
        string="Overdue", compute="_compute_is_overdue", search="_search_is_overdue"
    )
    correction_of_id = fields.Many2one(
        "rcm.claim.note",
        string="Corrects",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        domain="[('claim_id', '=', claim_id)]",
        help="The earlier note that this one puts right.",
    )
    correction_ids = fields.One2many(
        "rcm.claim.note", "correction_of_id", string="Corrections"
    )
    is_corrected = fields.Boolean(
        string="Corrected", compute="_compute_is_corrected", store=True
    )

    # ------------------------------------------------------------------
    # Computes and checks
    # ------------------------------------------------------------------
    @api.depends("follow_up_date", "done")
    def _compute_is_overdue(self):
        today = fields.Date.context_today(self)
        for note in self:
            due = note.follow_up_date
            note.is_overdue = bool(due and due < today and not note.done)

    @api.model
    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        overdue = fields.Domain(
            "follow_up_date", "<", fields.Date.context_today(self)
        ) & fields.Domain("done", "=", False)
        return overdue if True in value else ~overdue

    @api.depends("correction_ids")
    def _compute_is_corrected(self):
        for note in self:
            note.is_corrected = bool(note.correction_ids)

    @api.depends("claim_id", "category")
    def _compute_display_name(self):
        labels = dict(self._fields["category"]._description_selection(self.env))
        for note in self:
            category = labels.get(note.category, "")
            note.display_name = f"{note.claim_id.display_name} · {category}"

    @api.constrains("correction_of_id", "claim_id")
    def _check_correction(self):
        for note in self:
            if (
                note.correction_of_id
                and note.correction_of_id.claim_id != note.claim_id
            ):
                raise ValidationError(
                    self.env._("A note is corrected on the claim it was written for.")
                )

    # ------------------------------------------------------------------
    # CRUD: what was said stays said
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        complete = [{**vals, "done": False} for vals in vals_list]
        # The text is not for mail: nobody follows, nothing is announced.
        quiet = self.with_context(
            mail_create_nosubscribe=True, mail_create_nolog=True, tracking_disable=True
        )
        notes = super(RcmClaimNote, quiet).create(complete).with_env(self.env)
        # A corrected note leaves its follow-up to the one that corrects it.
        notes.correction_of_id.filtered(lambda note: not note.done).write(
            {"done": True}
        )
        notes._rcm_schedule()
        return notes

    def write(self, vals):
        if fixed := self._rcm_fixed_fields(vals):
            labels = ", ".join(sorted(self._fields[name].string for name in fixed))
            raise UserError(
                self.env._(
                    "What a note says stays as it was written (%(fields)s). Write a "
                    "correction: the earlier note stays beside it.",
                    fields=labels,
                )
            )
        if vals.get("done"):
            vals = {
                **vals,
                "done_at": fields.Datetime.now(),
                "done_by_id": self.env.uid,
            }
        elif "done" in vals:
            vals = {**vals, "done_at": False, "done_by_id": False}
        result = super(RcmClaimNote, self.with_context(tracking_disable=True)).write(
            vals
        )
        if OPEN_FIELDS & vals.keys():
            self._rcm_schedule()
        return result

    # Not in an ondelete method: a key any context may hold skips those.
    # pylint: disable=method-required-super,no-raise-unlink
    def unlink(self):
        raise UserError(
            self.env._("Notes are part of a claim's history and are not deleted.")
        )

    def _rcm_fixed_fields(self, vals):
        """Stored fields among ``vals`` that a person may not change any more.

        Followers and activities belong to mail and hold nothing of the note.
        """
        return [
            name
            for name in vals
            if name in self._fields
            and name not in OPEN_FIELDS
            and not name.startswith(("message_", "activity_"))
        ]

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_done(self):
        """The follow-up was made."""
        self.filtered(lambda note: not note.done).write({"done": True})

    def action_correct(self):
        """Write a note that puts this one right."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Correct a Note"),
            "res_model": self._name,
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_claim_id": self.claim_id.id,
                "default_correction_of_id": self.id,
                "default_category": self.category,
            },
        }

    def action_open_claim(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "rcm.claim",
            "res_id": self.claim_id.id,
            "views": [(False, "form")],
        }

    # ------------------------------------------------------------------
    # Activities and audit
    # ------------------------------------------------------------------
    def _rcm_schedule(self):
        """One open activity per note that is due; it names the claim, never the
        patient and nothing of the text."""
        for note in self:
            # The reminder may be another person's.
            note.sudo().activity_ids.unlink()
            if note.follow_up_date and not note.done and note.user_id:
                note.activity_schedule(
                    "mail.mail_activity_data_todo",
                    date_deadline=note.follow_up_date,
                    user_id=note.user_id.id,
                    summary=self.env._(
                        "Follow up claim %s", note.claim_id.display_name
                    ),
                )

    def _rcm_correlation_id(self):
        return self.claim_id.correlation_id or False


class RcmClaim(models.Model):
    """The notes of a claim, for those who may know whom it is about."""

    _inherit = "rcm.claim"

    note_ids = fields.One2many(
        "rcm.claim.note", "claim_id", string="Notes", groups=PATIENT
    )
    note_count = fields.Integer(compute="_compute_note_count", groups=PATIENT)
    next_follow_up_date = fields.Date(
        string="Next Follow-up", compute="_compute_note_count", groups=PATIENT
    )

    @api.depends("note_ids.follow_up_date", "note_ids.done")
    def _compute_note_count(self):
        Note = self.env["rcm.claim.note"]
        counts = dict(
            Note._read_group([("claim_id", "in", self.ids)], ["claim_id"], ["__count"])
        )
        due = dict(
            Note._read_group(
                [
                    ("claim_id", "in", self.ids),
                    ("done", "=", False),
                    ("follow_up_date", "!=", False),
                ],
                ["claim_id"],
                ["follow_up_date:min"],
            )
        )
        for claim in self:
            claim.note_count = counts.get(claim._origin, 0)
            claim.next_follow_up_date = due.get(claim._origin, False)

    def action_add_note(self):
        """Write a note on this claim."""
        self.ensure_one()
        self.env["rcm.claim.note"].check_access("create")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Note on Claim %s", self.display_name),
            "res_model": "rcm.claim.note",
            "view_mode": "form",
            "target": "new",
            "context": {"default_claim_id": self.id},
        }

    def action_open_notes(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Notes on %s", self.display_name),
            "res_model": "rcm.claim.note",
            "view_mode": "list,form",
            "domain": [("claim_id", "=", self.id)],
            "context": {"default_claim_id": self.id},
        }
