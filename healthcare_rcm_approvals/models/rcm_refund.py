from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.ledger_entries import ZERO
from odoo.addons.healthcare_rcm_base.core.money import from_decimal, to_decimal

from .rcm_requested_document import PROTECTED

ROLES = ("collector", "cash_poster", "biller", "finance_manager")
# Where money that is somebody else's stands, by who is paid back.
SOURCES = {
    "patient": ("patient_credits", "receivable_patient"),
    "payer": ("payer_overpayment",),
}
LOCKED = frozenset(
    {
        "kind",
        "patient_id",
        "payer_id",
        "claim_id",
        "source",
        "amount",
        "pay_by",
        "journal_id",
        "reason",
        "company_id",
    }
)


class RcmRefund(models.Model):
    """Money given back to a patient or a payer, once approved.

    Never more than the open credit that is neither asked for nor given back already.
    The credit becomes a refund payable, and the payment settles that.
    """

    _name = "rcm.refund"
    _inherit = ["rcm.requested.document"]
    _description = "Refund"
    _order = "id desc"
    _rcm_effect = "pay"
    _rcm_sequence = "rcm.refund"
    _rcm_ask_roles = ROLES
    _rcm_reprocess_roles = ROLES
    _rcm_draft_fields = LOCKED
    _rcm_audit_edits = ("amount", "source", "patient_id", "payer_id", "claim_id")
    _rcm_protected = (*PROTECTED, "move_ids", "payment_id")

    kind = fields.Selection(
        [("patient", "Patient"), ("payer", "Payer")],
        string="Refund To",
        required=True,
        default="patient",
    )
    patient_id = fields.Many2one("rcm.patient.account", "Patient Account", index=True)
    payer_id = fields.Many2one("rcm.payer", index=True)
    claim_id = fields.Many2one(
        "rcm.claim",
        index="btree_not_null",
        domain="[('company_id', '=', company_id)]",
        help="When the credit is one of this claim; else it is on no claim.",
    )
    facility_id = fields.Many2one(
        "rcm.facility", compute="_compute_facility_id", store=True
    )
    source = fields.Selection(
        [
            ("patient_credits", "Patient credits and deposits"),
            ("receivable_patient", "Paid too much by the patient"),
            ("payer_overpayment", "Overpaid by the payer"),
        ],
        compute="_compute_source",
        precompute=True,
        store=True,
        readonly=False,
        required=True,
        help="Where the credit stands.",
    )
    available_amount = fields.Monetary(
        "Credit Open",
        compute="_compute_available_amount",
        help="What the ledger holds for them now, less refunds that wait.",
    )
    amount = fields.Monetary(required=True)
    pay_by = fields.Selection(
        [
            ("payment", "Payment from our bank"),
            ("outside", "Paid outside of Odoo"),
        ],
        string="Paid By",
        required=True,
        default="payment",
        help="Outside of Odoo (card terminal, cheque book): what is owed is booked, "
        "and the bank line settles it.",
    )
    journal_id = fields.Many2one(
        "account.journal",
        string="Paid From",
        domain="[('company_id', '=', company_id), ('type', 'in', ('bank', 'cash'))]",
        default=lambda self: self.env["account.journal"]
        .sudo()  # which bank, nothing of it
        .search(
            [("company_id", "=", self.env.company.id), ("type", "=", "bank")], limit=1
        ),
    )
    move_ids = fields.Many2many(
        "account.move",
        "rcm_refund_move_rel",
        "refund_id",
        "move_id",
        string="Entries",
        readonly=True,
        copy=False,
    )
    payment_id = fields.Many2one("account.payment", readonly=True, copy=False)
    state = fields.Selection(
        selection_add=[("done", "Refunded")], ondelete={"done": "cascade"}
    )

    _amount_positive = models.Constraint(
        "CHECK(amount > 0)", "The amount must be above zero."
    )
    _one_of_both = models.Constraint(
        "CHECK((kind = 'patient' AND patient_id IS NOT NULL AND payer_id IS NULL)"
        " OR (kind = 'payer' AND payer_id IS NOT NULL AND patient_id IS NULL))",
        "Name the patient account or the payer that is paid back.",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("claim_id.facility_id", "patient_id")
    def _compute_facility_id(self):
        for refund in self:
            refund.facility_id = refund.claim_id.facility_id

    @api.depends("kind")
    def _compute_source(self):
        for refund in self:
            allowed = SOURCES[refund.kind or "patient"]
            if refund.source not in allowed:
                refund.source = allowed[0]

    @api.depends("kind", "patient_id", "payer_id", "claim_id", "source", "company_id")
    def _compute_available_amount(self):
        for refund in self:
            refund.available_amount = from_decimal(max(refund._rcm_available(), ZERO))

    @api.onchange("kind")
    def _onchange_kind(self):
        if self.kind == "payer":
            self.patient_id = False
        else:
            self.payer_id = False

    def _rcm_partner(self):
        """Who is paid back."""
        self.ensure_one()
        record = self.sudo()  # patient accounts are behind their own group
        partner = (
            record.patient_id.guarantor_id
            if self.kind == "patient"
            else record.payer_id.partner_id
        )
        return partner.commercial_partner_id

    def _rcm_credit_items(self):
        """Open credits of who is paid back, on the account of the source."""
        self.ensure_one()
        items = self.env["account.move.line"].sudo()  # items belong to accounting
        partner = self._rcm_partner()
        accounts = self.company_id.sudo()._rcm_accounts()
        if not partner or not self.source or self.source not in accounts:
            return items
        domain = [
            ("account_id", "=", accounts[self.source].id),
            ("company_id", "=", self.company_id.id),
            ("partner_id", "=", partner.id),
            ("parent_state", "=", "posted"),
            ("reconciled", "=", False),
            ("amount_residual", "<", 0),
        ]
        if self.claim_id:
            domain.append(("rcm_claim_id.name", "=", self.claim_id.name))
        else:
            domain.append(("rcm_claim_id", "=", False))
        return items.search(domain, order="date, id")

    def _rcm_available(self):
        """The open credit less what other refunds that wait would take."""
        self.ensure_one()
        credit = sum(
            (-to_decimal(line.amount_residual) for line in self._rcm_credit_items()),
            ZERO,
        )
        others = self.sudo().search(  # the credit is one, whoever looks
            [
                ("state", "in", ("requested", "approved")),
                ("company_id", "=", self.company_id.id),
                ("source", "=", self.source),
                ("patient_id", "=", self.patient_id.id),
                ("payer_id", "=", self.payer_id.id),
                ("claim_id", "=", self.claim_id.id),
                ("id", "!=", self._origin.id or 0),
            ]
        )
        return credit - sum((to_decimal(other.amount) for other in others), ZERO)

    # ------------------------------------------------------------------
    # Approval
    # ------------------------------------------------------------------
    def _rcm_approval_facts(self, effect):
        if effect != self._rcm_effect:
            return super()._rcm_approval_facts(effect)
        self.ensure_one()
        approved = {
            "to": self.kind,
            "patient": self.patient_id.id,
            "payer": self.payer_id.id,
            "partner": self._rcm_partner().id,
            "claim": self.claim_id.id,
            "source": self.source,
            "amount": str(self._rcm_approval_amount()),
            "pay_by": self.pay_by,
            "journal": self.journal_id.id,
            "reason": self.reason,
        }
        return self._rcm_approval_item("refund", effect, approved)

    def _rcm_approval_scope(self):
        """That of its claim; a payer that is paid back is the payer it is about."""
        scope = super()._rcm_approval_scope()
        if not self.claim_id:
            return scope
        part = self.claim_id._rcm_part_scope()
        payer_type = scope["payer_type"] or part["payer_type"]
        return {**scope, **part, "payer_type": payer_type}

    def _rcm_check_ask(self):
        result = super()._rcm_check_ask()
        self._rcm_check_refund()
        return result

    def _rcm_check_refund(self):
        """Refuse what is more than the open credit, or has no way to be paid."""
        self.ensure_one()
        if self.source not in SOURCES[self.kind]:
            raise UserError(
                self.env._("The credit of a payer and of a patient are not the same.")
            )
        if not self._rcm_partner():
            raise UserError(self.env._("There is nobody to pay: no contact is known."))
        for record in (self.patient_id, self.payer_id, self.claim_id):
            if record and record.company_id not in (
                self.company_id,
                self.company_id.browse(),
            ):
                raise UserError(self.env._("It belongs to another company."))
        if self.pay_by == "payment" and not self.journal_id:
            raise UserError(self.env._("Choose the bank or cash journal to pay from."))
        if self.journal_id and self.journal_id.company_id != self.company_id:
            raise UserError(self.env._("The journal belongs to another company."))
        currency = self.journal_id.currency_id
        if currency and currency != self.currency_id:
            raise UserError(
                self.env._(
                    "Refunds are paid in %s, the currency they are booked in.",
                    self.currency_id.name,
                )
            )
        available = self._rcm_available()
        if to_decimal(self.amount) > available:
            raise UserError(
                self.env._(
                    "%(amount)s is more than the open credit of %(open)s.",
                    amount=to_decimal(self.amount),
                    open=max(available, ZERO),
                )
            )

    def _rcm_duties_done(self):
        done = super()._rcm_duties_done()
        payment = self.sudo().payment_id  # who paid it, nothing else
        done["pay"] |= payment._rcm_actors("account.payment.posted")
        return done
