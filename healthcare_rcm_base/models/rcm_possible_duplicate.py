from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import matching
from .rcm_match_key import person_of

KINDS = [("patient", "Patients"), ("guarantor", "Guarantors")]
CASE = "possible_duplicate"
RESOLVERS = ("front_desk", "biller")


class RcmPossibleDuplicate(models.Model):
    """Two patient accounts, or two guarantors, that may be one person.

    One row a pair, the older record first. Whoever says they are different people
    says it for good: the pair is not suggested again.
    """

    _name = "rcm.possible.duplicate"
    _inherit = "rcm.document.mixin"
    _description = "Possible Duplicate"
    _order = "score desc, id desc"
    _check_company_auto = True
    _rcm_state_machine = "possible_duplicate"
    _rcm_protected = (
        "state",
        "kind",
        "patient_id",
        "other_patient_id",
        "guarantor_id",
        "other_guarantor_id",
        "company_id",
        "score",
        "reason_codes",
        "parts",
        "decided_by_id",
        "decided_at",
        "settled_by_id",
    )
    _rcm_reprocess_roles = RESOLVERS

    kind = fields.Selection(KINDS, required=True, readonly=True, default="patient")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    patient_id = fields.Many2one(
        "rcm.patient.account",
        readonly=True,
        check_company=True,
        index=True,
        ondelete="cascade",
    )
    other_patient_id = fields.Many2one(
        "rcm.patient.account",
        string="Other Patient",
        readonly=True,
        check_company=True,
        index=True,
        ondelete="cascade",
    )
    guarantor_id = fields.Many2one(
        "res.partner", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    other_guarantor_id = fields.Many2one(
        "res.partner",
        string="Other Guarantor",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    facility_id = fields.Many2one(
        related="patient_id.facility_id", store=True, string="Facility"
    )
    other_facility_id = fields.Many2one(
        related="other_patient_id.facility_id", store=True, string="Other Facility"
    )
    score = fields.Integer(
        readonly=True, aggregator="max", help="How alike they are, out of 100."
    )
    reason_codes = fields.Char(readonly=True)
    reason = fields.Char(string="Why", compute="_compute_reason")
    parts = fields.Json(readonly=True)
    state = fields.Selection(
        [
            ("open", "To decide"),
            ("merged", "Merged"),
            ("dismissed", "Different people"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="open",
        index=True,
    )
    decided_by_id = fields.Many2one("res.users", string="Decided By", readonly=True)
    decided_at = fields.Datetime(readonly=True)
    settled_by_id = fields.Many2one(
        "rcm.merge",
        string="Settled By",
        readonly=True,
        index="btree_not_null",
        help="The merge that answered it; undone, the question is open again.",
    )
    note = fields.Char(
        help="Why they are different people, for whoever asks later. No patient data."
    )

    _patient_pair_uniq = models.UniqueIndex(
        "(patient_id, other_patient_id) WHERE kind = 'patient'",
        "This pair of patients is listed already.",
    )
    _guarantor_pair_uniq = models.UniqueIndex(
        "(guarantor_id, other_guarantor_id) WHERE kind = 'guarantor'",
        "This pair of guarantors is listed already.",
    )
    _pair_ordered = models.Constraint(
        "CHECK((kind = 'patient' AND patient_id < other_patient_id)"
        " OR (kind = 'guarantor' AND guarantor_id < other_guarantor_id))",
        "A pair is two records, the older one first.",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("kind", "patient_id", "guarantor_id")
    def _compute_display_name(self):
        for pair in self:
            pair.display_name = " / ".join(pair._rcm_numbers())

    @api.depends("reason_codes")
    def _compute_reason(self):
        words = self._rcm_reason_words()
        for pair in self:
            codes = (pair.reason_codes or "").split(",")
            pair.reason = ", ".join(words[code] for code in codes if code in words)

    def _rcm_reason_words(self):
        """Words for the codes of ``core.matching``; they hold no values."""
        return {
            "same_mrn": self.env._("same medical record number"),
            "same_member": self.env._("same member ID and birth date"),
            "same_name": self.env._("same name"),
            "same_birth_date": self.env._("same birth date"),
            "same_address": self.env._("same address"),
            "same_phone": self.env._("same phone"),
            "other_mrn": self.env._("different record numbers of one facility"),
            "other_birth_date": self.env._("different birth dates"),
            "other_sex": self.env._("different sex"),
            "other_first_name": self.env._("different first names"),
            "other_middle_name": self.env._("different middle names"),
            "several_sure": self.env._("several accounts fit"),
        }

    # ------------------------------------------------------------------
    # Noting
    # ------------------------------------------------------------------
    @api.model
    def _rcm_note(self, record, match):
        """Put ``record`` and the one it matches before a person; return the pair.

        A pair somebody decided on stays decided.
        """
        kind = "patient" if record._name == "rcm.patient.account" else "guarantor"
        names = [_side(kind), f"other_{_side(kind)}"]
        ids = sorted((record.id, match.key))
        mine = self.sudo()  # noting is the system's duty, whoever it acts for
        pair = mine.search(
            [
                ("kind", "=", kind),
                *((n, "=", i) for n, i in zip(names, ids, strict=True)),
            ]
        )
        if pair and pair.state != "open":
            return self.browse()
        if not pair:
            pair = mine._rcm_create(
                [
                    {
                        "kind": kind,
                        "company_id": record.company_id.id,
                        "score": match.score,
                        "reason_codes": ",".join(match.reasons),
                        "parts": match.parts,
                        **dict(zip(names, ids, strict=True)),
                    }
                ]
            )
            pair._rcm_emit("rcm.possible.duplicate.found")
        pair._rcm_raise_case(CASE, pair._rcm_message())
        return pair.with_env(self.env)

    def _rcm_message(self):
        """Text of the case: account numbers and codes, nothing of the people."""
        one, other = self._rcm_numbers()
        return self.env._(
            "%(one)s and %(other)s may be one person (%(score)s of 100): %(reason)s.",
            one=one,
            other=other,
            score=self.score,
            reason=self.reason or self.env._("similar details"),
        )

    @api.model
    def _rcm_told_apart(self, model, ids):
        """{id: ids of those a person said are somebody else}."""
        kind = "patient" if model == "rcm.patient.account" else "guarantor"
        name = _side(kind)
        wanted = [id_ for id_ in ids if id_]
        found = defaultdict(set)
        if not wanted:
            return found
        rows = self.sudo().search_fetch(  # to leave them out, not to show them
            [
                ("kind", "=", kind),
                ("state", "=", "dismissed"),
                "|",
                (name, "in", wanted),
                (f"other_{name}", "in", wanted),
            ],
            [name, f"other_{name}"],
        )
        for row in rows:
            one, other = row[name].id, row[f"other_{name}"].id
            found[one].add(other)
            found[other].add(one)
        return found

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_rcm_open(self):
        """Open these pairs."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_base.rcm_possible_duplicate_action"
        )
        action["domain"] = [("id", "in", self.ids)]
        action["context"] = {}
        if len(self) == 1:
            action |= {"view_mode": "form", "views": [(False, "form")]}
            action["res_id"] = self.id
        return action

    def action_different_people(self):
        """They are not the same person, now and later."""
        pairs = self._rcm_as(*RESOLVERS).filtered(lambda pair: pair.state == "open")
        pairs._rcm_decide("dismissed")
        pairs._rcm_resolve_cases([CASE], self.env._("Different people."))

    def action_reopen(self):
        """Take a decision back that turned out wrong."""
        pairs = self._rcm_as(*RESOLVERS)
        if pairs.filtered(lambda pair: pair.state == "merged"):
            raise UserError(self.env._("They are merged: undo the merge instead."))
        pairs._rcm_reopen()

    def action_merge(self):
        """Open the merge of the two, the older one surviving unless changed."""
        self.ensure_one()
        if self.state == "merged":
            raise UserError(self.env._("These two are merged already."))
        keep, drop = self._rcm_sides()
        return self.env["rcm.patient.merge"]._rcm_open(keep, drop, self)

    # ------------------------------------------------------------------
    # Domain steps
    # ------------------------------------------------------------------
    def _rcm_as(self, *roles):
        """Check role and record access of the caller, then act with full rights."""
        self.env.user._rcm_require(*roles)
        self.check_access("read")
        return self.sudo()  # role and record rules were checked above

    def _rcm_decide(self, state):
        self._rcm_set_state(
            state, decided_by_id=self.env.uid, decided_at=fields.Datetime.now()
        )

    def _rcm_reopen(self):
        """A person has to look at these again, so they are work again."""
        for pair in self.filtered(lambda item: item.state != "open"):
            pair._rcm_set_state(
                "open", decided_by_id=False, decided_at=False, settled_by_id=False
            )
            pair._rcm_raise_case(CASE, pair._rcm_message())

    def _rcm_reprocess(self, case):
        """Compare again: corrected details may have settled it."""
        for pair in self.filtered(lambda item: item.state == "open"):
            one, other = pair._rcm_sides()
            policy = self.env["rcm.match.policy"]._rcm_for(pair.company_id)
            found = matching.compare(
                *pair._rcm_people(one, other), policy._rcm_values()
            )
            pair._rcm_write({"score": found.score, "parts": found.parts})
            if found.result == matching.NONE or not (one.active and other.active):
                pair._rcm_decide("dismissed")
        return all(pair.state != "open" for pair in self)

    def _rcm_people(self, *sides):
        """What matching knows of the two."""
        if self.kind == "guarantor":
            return [person_of(side) for side in sides]
        people = (
            sides[0]
            .with_context(active_test=False)
            ._rcm_people([side.id for side in sides])
        )
        return [people[side.id] for side in sides]

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    def _rcm_sides(self):
        """The two records, the older one first."""
        self.ensure_one()
        name = _side(self.kind)
        return self[name], self[f"other_{name}"]

    def _rcm_numbers(self):
        """Account numbers of the two, which name nobody."""
        sides = self.sudo()._rcm_sides()  # numbers are everyone's
        if self.kind == "guarantor":
            return [side.rcm_account_number or "" for side in sides]
        return [side.name or "" for side in sides]

    def _rcm_audit_name(self):
        return " / ".join(self._rcm_numbers())


def _side(kind):
    return "patient_id" if kind == "patient" else "guarantor_id"
