from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

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
        amount = to_decimal(self.amount, self.currency_id.decimal_places)
        return {
            "facts": self._rcm_facts_for(
                "refund",
                effect,
                amount,
                company=self.company_id.id,
                facility=self.facility_id.id or None,
                payer_type=self.payer_id.plan_type or None,
            ),
            "approved": {
                "to": self.kind,
                "patient": self.patient_id.id,
                "payer": self.payer_id.id,
                "partner": self._rcm_partner().id,
                "claim": self.claim_id.id,
                "source": self.source,
                "amount": str(amount),
                "pay_by": self.pay_by,
                "journal": self.journal_id.id,
                "reason": self.reason,
            },
        }

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

    # ------------------------------------------------------------------
    # Effect
    # ------------------------------------------------------------------
    def _rcm_have_effect(self):
        self._rcm_lock_credit()
        self._rcm_check_refund()
        credits = self._rcm_credit_items()
        entry = self._rcm_post_entry()
        fresh = entry.sudo().line_ids  # the refund's own entry
        self._rcm_match_purpose(credits | fresh, self.source)
        self._rcm_write({"move_ids": [Command.set(entry.ids)]})
        if self.pay_by == "payment":
            self._rcm_pay(entry)

    def _rcm_lock_credit(self):
        """Two refunds of one credit queue up."""
        self.env.execute_query(
            SQL(
                "SELECT id FROM res_partner WHERE id = %s FOR NO KEY UPDATE",
                self._rcm_partner().id,
            )
        )

    def _rcm_post_entry(self):
        """The credit becomes a refund payable."""
        amount = to_decimal(self.amount)
        amounts = {self.source: amount, "refunds_payable": -amount}
        reason = f"{self.name}: {self.reason}"
        if self.claim_id:
            return self.claim_id._rcm_local_entry(
                "refund", amounts, reason, payer=self.payer_id or None
            )
        return self.env["account.move"]._rcm_post_entries(
            [self._rcm_entry_vals(amounts, reason)]
        )

    def _rcm_entry_vals(self, amounts, reason):
        company, accounts = self.company_id, self.company_id._rcm_accounts()
        company._rcm_require_accounting()
        partner = self._rcm_partner()
        return {
            "move_type": "entry",
            "journal_id": company._rcm_journal("adjustment").id,
            "company_id": company.id,
            "currency_id": company.currency_id.id,
            "date": fields.Date.context_today(self),
            "ref": self.name,
            "rcm_kind": "local_entry",
            "rcm_local_kind": "refund",
            "rcm_reason": reason,
            "rcm_correlation_id": self.correlation_id,
            "line_ids": [
                Command.create(
                    {
                        "name": self.name,
                        "account_id": accounts[purpose].id,
                        "partner_id": partner.id,
                        "currency_id": company.currency_id.id,
                        "balance": from_decimal(amount),
                        "amount_currency": from_decimal(amount),
                        "tax_ids": [Command.clear()],
                        "rcm_purpose": purpose,
                    }
                )
                for purpose, amount in amounts.items()
            ],
        }

    def _rcm_match_purpose(self, lines, purpose):
        account = self.company_id._rcm_account(purpose)
        self.env["rcm.claim"]._rcm_match(
            [lines.filtered(lambda line: line.account_id == account)]
        )

    def _rcm_pay(self, entry):
        """The payment this approval covers, posted and matched with the entry."""
        payable = self.company_id._rcm_account("refunds_payable")
        payments = self.env["account.payment"]._rcm_make_payments(
            [
                {
                    "payment_type": "outbound",
                    "partner_type": "customer",
                    "partner_id": self._rcm_partner().id,
                    "amount": self.amount,
                    "currency_id": self.currency_id.id,
                    "journal_id": self.journal_id.id,
                    "company_id": self.company_id.id,
                    "date": fields.Date.context_today(self),
                    "memo": self.name,
                    "destination_account_id": payable.id,
                    "rcm_source_model": self._name,
                    "rcm_source_id": self.id,
                }
            ]
        )
        self._rcm_write({"payment_id": payments.id})
        payments.sudo().action_post()  # covered by the approval of the refund
        lines = entry.sudo().line_ids | payments.sudo().move_id.line_ids
        self._rcm_match_purpose(lines, "refunds_payable")

    def _rcm_covers_payment(self, payment):
        """Whether this approved refund is for this very payment."""
        self.ensure_one()
        payable = self.company_id._rcm_account("refunds_payable")
        return (
            self.payment_id == payment
            and self.state in ("requested", "approved")
            and payment.partner_id == self._rcm_partner()
            and payment.currency_id == self.currency_id
            and to_decimal(payment.amount) == to_decimal(self.amount)
            and payment.journal_id == self.journal_id
            and payment.destination_account_id == payable
        )

    # ------------------------------------------------------------------
    # Taking back
    # ------------------------------------------------------------------
    def _rcm_undo(self, reason):
        """The money came back: payment and entry are reversed, the credit is open."""
        entry = self.move_ids.sudo()  # the refund's own entries
        payment = self.payment_id.sudo()
        entry.line_ids._rcm_unmatch()
        reversed_moves = entry
        if payment:
            reversed_moves |= payment._rcm_reverse_payment(reason)
        if self.claim_id:
            reversed_moves |= self.claim_id._rcm_reverse_local_entries(
                reason, only=entry
            )
        else:
            reversal = self.env["account.move"]._rcm_post_entries(
                [
                    {
                        **self._rcm_entry_vals(
                            {
                                self.source: -to_decimal(self.amount),
                                "refunds_payable": to_decimal(self.amount),
                            },
                            reason,
                        ),
                        "reversed_entry_id": entry.id,
                    }
                ]
            )
            pair = entry | reversal.sudo()
            for purpose in (self.source, "refunds_payable"):
                self._rcm_match_purpose(pair.line_ids, purpose)
            reversed_moves |= reversal
        self._rcm_write({"move_ids": [Command.set(reversed_moves.ids)]})

    def action_open_entries(self):
        """Entry, payment entry and their reversals."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["rcm.claim"].browse().action_rcm_journal_items()
        moves = self.move_ids.sudo() | self.payment_id.sudo().move_id  # their items
        return {**action, "domain": [("move_id", "in", moves.ids)]}


class RcmPatientAccount(models.Model):
    """Credits of a patient are refunded by a document."""

    _inherit = "rcm.patient.account"

    def action_refund(self):
        """A draft for the credit that is open."""
        self.ensure_one()
        self.env.user._rcm_require(*ROLES)
        self.check_access("read")
        context = self._rcm_refund_defaults()
        if not context:
            raise UserError(self.env._("This account has no credit to give back."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refund"),
            "res_model": "rcm.refund",
            "view_mode": "form",
            "context": context,
        }

    def _rcm_refund_defaults(self):
        """The first credit there is, as defaults of a draft."""
        claims = self.env["rcm.claim"].search([("patient_id", "=", self.id)])
        for claim in (claims.browse(), *claims):
            for source in SOURCES["patient"]:
                draft = self.env["rcm.refund"].new(
                    {
                        "kind": "patient",
                        "patient_id": self.id,
                        "claim_id": claim.id,
                        "source": source,
                        "company_id": self.company_id.id,
                    }
                )
                available = draft._rcm_available()
                if available > ZERO:
                    return {
                        "default_kind": "patient",
                        "default_company_id": self.company_id.id,
                        "default_patient_id": self.id,
                        "default_claim_id": claim.id,
                        "default_source": source,
                        "default_amount": from_decimal(available),
                    }
        return None


class RcmClaim(models.Model):
    """A claim with a patient's credit can give it back."""

    _inherit = "rcm.claim"

    rcm_has_patient_credit = fields.Boolean(
        "Has A Credit Of The Patient", compute="_compute_rcm_has_patient_credit"
    )

    def _compute_rcm_has_patient_credit(self):
        balances = self.sudo()._rcm_balances()  # yes or no, of claims the reader sees
        for claim in self:
            own = balances[claim.id]
            claim.rcm_has_patient_credit = any(
                own.get(purpose, ZERO) < ZERO for purpose in SOURCES["patient"]
            )

    def action_refund(self):
        """A draft for the credit of this claim's patient."""
        self.ensure_one()
        return self.patient_id.action_refund()
