from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core import states
from odoo.addons.healthcare_rcm_base.core.errors import RcmPermanent

MACHINE = "credit_hold"
states.register(MACHINE, {"active": ("released",), "released": ()})
REASONS = [
    ("unpaid_balance", "Unpaid balance"),
    ("bad_debt", "Bad debt"),
    ("returned_payment", "Returned payment"),
    ("bankruptcy", "Bankruptcy"),
    ("contract_dispute", "Contract dispute"),
    ("other", "Other"),
]


class RcmCreditHold(models.Model):
    """Billing of a patient account or a client stands still, and why.

    It holds what is not billed yet by the documents' own hold steps, and what becomes
    ready while it lasts; released, what it held (and nothing else) goes on.
    """

    _name = "rcm.credit.hold"
    _inherit = ["rcm.document.mixin"]
    _description = "Credit Hold"
    _order = "placed_at desc, id desc"
    _check_company_auto = True
    _rcm_state_machine = MACHINE
    _rcm_protected = (
        "name",
        "company_id",
        "connector_id",
        "patient_id",
        "client_id",
        "reason",
        "placed_at",
        "released_at",
        "encounter_ids",
        "claim_ids",
    )

    name = fields.Char(string="Reference", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    connector_id = fields.Many2one(
        "rcm.connector", string="Placed By", required=True, readonly=True
    )
    patient_id = fields.Many2one(
        "rcm.patient.account",
        string="Patient Account",
        readonly=True,
        index="btree_not_null",
    )
    client_id = fields.Many2one(
        "rcm.client", string="Client", readonly=True, index="btree_not_null"
    )
    reason = fields.Selection(REASONS, required=True, readonly=True)
    placed_at = fields.Datetime(string="Placed", required=True, readonly=True)
    released_at = fields.Datetime(string="Released", readonly=True)
    state = fields.Selection(
        [("active", "Active"), ("released", "Released")],
        string="Status",
        required=True,
        readonly=True,
        default="active",
    )
    encounter_ids = fields.Many2many(
        "rcm.encounter",
        "rcm_credit_hold_encounter_rel",
        "hold_id",
        "encounter_id",
        string="Held Encounters",
        readonly=True,
    )
    claim_ids = fields.Many2many(
        "rcm.claim",
        "rcm_credit_hold_claim_rel",
        "hold_id",
        "claim_id",
        string="Held Claims",
        readonly=True,
    )

    _name_uniq = models.Constraint(
        "UNIQUE(connector_id, name)", "This connector used this reference before."
    )
    _one_debtor = models.Constraint(
        "CHECK(num_nonnulls(patient_id, client_id) = 1)",
        "A credit hold is of a patient account or of a client.",
    )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_release(self):
        """End these holds here, whatever the system says that placed them."""
        self.env.user._rcm_require("finance_manager")
        self.check_access("read")
        self.sudo()._rcm_release(fields.Datetime.now())  # role and rules were checked

    # ------------------------------------------------------------------
    # Steps
    # ------------------------------------------------------------------
    @api.model
    def _rcm_place(self, vals):
        """Place a hold, or return the one of this reference that stands already."""
        known = self.search(
            [
                ("name", "=", vals["name"]),
                ("connector_id", "=", vals["connector_id"]),
            ],
            limit=1,
        )
        if known:
            known._rcm_check_same(vals)
            return known
        hold = self._rcm_create([vals])
        hold._rcm_emit("credit_hold.placed", {"reason": [None, hold.reason]})
        hold._rcm_hold_all()
        return hold

    def _rcm_check_same(self, vals):
        """Refuse another debtor, or a new hold, under a reference that was used."""
        debtor = self.patient_id.id or False, self.client_id.id or False
        asked = vals.get("patient_id") or False, vals.get("client_id") or False
        if self.state == "released" or debtor != asked:
            raise RcmPermanent(
                "hold_reference_used",
                self.env._(
                    "Credit hold %s stands for another account or was released: a "
                    "new hold needs a new reference.",
                    self.name,
                ),
            )

    def _rcm_hold_all(self):
        """Hold what this debtor has that is neither billed nor sent."""
        self.ensure_one()
        name = "patient_id" if self.patient_id else "client_id"
        encounters = self.env["rcm.encounter"].search(
            [(name, "=", self[name].id), ("company_id", "=", self.company_id.id)]
        )
        encounters.claim_ids._rcm_hold_for_credit(self)
        encounters._rcm_hold_for_credit(self)

    def _rcm_release(self, moment):
        """End the holds; what no other hold keeps goes on where it stopped."""
        active = self.filtered(lambda hold: hold.state == "active")
        if not active:
            return
        active._rcm_set_state("released", released_at=moment)
        for documents in (active.claim_ids, active.encounter_ids):
            documents.filtered(
                lambda item: item.state == "on_hold"
                and not item._rcm_active_credit_holds()
            )._rcm_release()

    def _rcm_sentence(self):
        """Why something stands still, for the person who looks at it."""
        self.ensure_one()
        reasons = dict(self._fields["reason"]._description_selection(self.env))
        return self.env._(
            "Credit hold %(name)s: %(reason)s",
            name=self.name,
            reason=reasons[self.reason],
        )
