from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.healthcare_rcm_base.core.money import to_decimal
from odoo.addons.healthcare_rcm_base.core.ticket import Ticket

LOCKED = frozenset(
    {
        "payment_type",
        "partner_type",
        "partner_id",
        "partner_bank_id",
        "amount",
        "currency_id",
        "journal_id",
        "payment_method_line_id",
        "destination_account_id",
        "outstanding_account_id",
    }
)
PAID = ("in_process", "paid")
POSTED = "account.payment.posted"
# Which approved document a payment is made for: set by that document alone.
PROTECTED = frozenset({"rcm_source_model", "rcm_source_id"})


class AccountPayment(models.Model):
    """Money leaves after its approval, whoever presses what.

    A payment that an approved payment run or refund makes is covered by that
    approval as long as it is what was approved.
    """

    _name = "account.payment"
    _inherit = ["rcm.approval.mixin", "rcm.own.thread.mixin", "account.payment"]

    rcm_source_model = fields.Char("Made for (model)", readonly=True, copy=False)
    rcm_source_id = fields.Many2oneReference(
        "Made for",
        model_field="rcm_source_model",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )

    # ------------------------------------------------------------------
    # Facts
    # ------------------------------------------------------------------
    def _rcm_approval_facts(self, effect):
        self.ensure_one()
        if effect != "pay":
            return super()._rcm_approval_facts(effect)
        if self.payment_type != "outbound" or self._rcm_is_covered():
            return None
        digits = self.company_id.currency_id.decimal_places
        amount = abs(to_decimal(self.amount_company_currency_signed, digits))
        approved = self._rcm_approved_values()
        return self._rcm_approval_item("payment", effect, approved, amount)

    def _rcm_approval_scope(self):
        """What policies ask besides the amount: the vendor, and the bills it pays."""
        partner = self.partner_id.commercial_partner_id
        scope = {
            "company": self.company_id.id,
            "vendor_categories": frozenset(partner.category_id.ids),
            "risk_factors": partner._rcm_vendor_factors() if partner else (),
        }
        parts = [part for bill in self.invoice_ids for part in bill._rcm_parts_paid()]
        return self._rcm_with_parts(scope, parts)

    def _rcm_approved_values(self):
        return {
            "type": self.partner_type,
            "partner": self.partner_id.commercial_partner_id.id,
            "bank": self.partner_bank_id.id,
            "amount": str(to_decimal(self.amount, self.currency_id.decimal_places)),
            "currency": self.currency_id.name,
            "journal": self.journal_id.id,
            "method": self.payment_method_line_id.id,
            "account": self.destination_account_id.id,
        }

    def _rcm_source(self):
        """The approved document this payment is made for, or nothing."""
        self.ensure_one()
        if not self.rcm_source_model:
            return None
        return self.env[self.rcm_source_model].browse(self.rcm_source_id).exists()

    def _rcm_is_covered(self):
        """Whether the approval of its run or refund is for this very payment."""
        source = self._rcm_source()
        return bool(source) and source._rcm_covers_payment(self)

    @api.model
    def _rcm_approval_locked_fields(self):
        return super()._rcm_approval_locked_fields() | LOCKED

    def _rcm_approval_is_done(self, effect):
        return self.state != "draft" or super()._rcm_approval_is_done(effect)

    def _rcm_audit_name(self):
        """Its number; who is paid is not named."""
        self.ensure_one()
        if self.name and self.name != "/":
            return self.name
        return f"{self.env._('Payment')} #{self.id}"

    # ------------------------------------------------------------------
    # The effect: paying
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        ticket = Ticket.found_in(self.env.context)
        trusted = ticket and ticket.covers_create(self._name, PROTECTED)
        payments = self._rcm_without_ticket()
        guarded = []
        for vals in vals_list:
            if vals.get("state") in PAID:
                raise UserError(
                    self.env._("A payment is made as a draft and confirmed then.")
                )
            if not trusted and any(vals.get(name) for name in PROTECTED):
                payments._rcm_refuse_source()
            marks = {} if trusted else dict.fromkeys(PROTECTED, False)
            guarded.append({"state": "draft", **vals, **marks})
        made = super(AccountPayment, payments).create(guarded)
        return made.with_env(payments.env)

    def write(self, vals):
        if PROTECTED & vals.keys():
            self._rcm_refuse_source()
        state = vals.get("state")
        drafts = self.filtered(lambda payment: payment.state not in PAID)
        if state in PAID and vals.get("move_id") and drafts:
            # Odoo calls a payment in process once its draft entry is made; it is
            # when it is confirmed.
            vals = {name: value for name, value in vals.items() if name != "state"}
        elif state in PAID:
            drafts._rcm_assert_paying()
            drafts._rcm_emit_elsewhere(POSTED)
        else:
            (self - drafts)._rcm_refuse_posted(vals)
        if "state" in vals:
            self._rcm_log_new_state(drafts, state)
        return super().write(vals)

    def _rcm_log_new_state(self, drafts, state):
        """Log the state; of drafts that pay, the step that lets them has said it."""
        said = self.browse()
        if state in PAID:
            said = drafts.filtered(lambda payment: payment.payment_type == "outbound")
        before = {payment.id: payment.state for payment in self - said}
        self._rcm_log_states(before, state)

    def action_post(self):
        """Ask where a policy wants it, pay the rest, and say which is which."""
        asking = self.filtered(lambda payment: payment.state == "draft")
        waiting = self.browse()
        if self.env.su or self._rcm_may_pay(self.env.user):
            waiting = asking - asking._rcm_approval_ask("pay")
        paying = self - waiting
        result = super(AccountPayment, paying).action_post() if paying else None
        if waiting and not isinstance(result, dict):
            return self._rcm_approval_notice()
        return result

    def action_validate(self):
        """A draft is confirmed before the bank can have done it."""
        if drafts := self.filtered(lambda payment: payment.state == "draft"):
            drafts.action_post()
        return super(
            AccountPayment, self.filtered(lambda payment: payment.state != "draft")
        ).action_validate()

    def _rcm_assert_paying(self):
        """The one place every way of paying comes through."""
        outgoing = self.filtered(lambda payment: payment.payment_type == "outbound")
        outgoing._rcm_approval_assert("pay")
        outgoing._rcm_emit(POSTED)

    def _rcm_check_entry(self, moves):
        """An entry of these payments is posted: only if they may be paid."""
        outgoing = self.filtered(
            lambda payment: payment.payment_type == "outbound"
            and payment.state not in PAID
            and payment.move_id in moves
        )
        outgoing._rcm_approval_check("pay")

    @api.model
    def _rcm_may_pay(self, user):
        return user.has_group("account.group_account_invoice")

    def _rcm_refuse_posted(self, vals):
        """What was approved is what is paid; it goes back to draft to be changed."""
        for payment in self:
            if payment.payment_type == "outbound" and any(
                payment.move_id._field_will_change(payment, vals, name)
                for name in LOCKED & vals.keys()
            ):
                raise UserError(
                    self.env._(
                        "%s is paid as it was approved. Reset it to draft to change "
                        "it; it is then approved again.",
                        payment._rcm_audit_name(),
                    )
                )

    def _rcm_refuse_source(self):
        raise AccessError(
            self.env._("Payment runs and refunds link their own payments.")
        )

    def _rcm_without_ticket(self):
        if Ticket.KEY not in self.env.context:
            return self
        context = dict(self.env.context)
        del context[Ticket.KEY]
        return self.with_env(self.env(context=context))

    @api.model
    def _rcm_make_payments(self, vals_list):
        """Drafts for an approved document. Private: for domain code of documents."""
        ticket = Ticket(self._name, None, PROTECTED)
        try:
            # the document's approval covers its payments
            payments = self.sudo().with_context(**{Ticket.KEY: ticket})
            return payments.create(vals_list).with_env(self.env)
        finally:
            ticket.spend()

    # ------------------------------------------------------------------
    # Entries
    # ------------------------------------------------------------------
    def _generate_journal_entry(
        self, write_off_line_vals=None, force_balance=None, line_ids=None
    ):
        """What is owed by patients is written off by write-offs, not by payments."""
        if write_off_line_vals:
            self._rcm_refuse_hidden_write_off()
        return super()._generate_journal_entry(
            write_off_line_vals=write_off_line_vals,
            force_balance=force_balance,
            line_ids=line_ids,
        )

    def _rcm_refuse_hidden_write_off(self):
        for payment in self:
            root = payment.company_id.root_id.sudo()  # settings of the main company
            ours = root.rcm_account_mapping_ids.account_id
            if payment.destination_account_id in ours:
                raise UserError(
                    self.env._(
                        "The rest of a claim or patient invoice is written off with a "
                        "write-off (Revenue Cycle → Receivables → Write-offs), which "
                        "is approved; take the payment for what was paid."
                    )
                )

    # ------------------------------------------------------------------
    # After the approval
    # ------------------------------------------------------------------
    def _rcm_approval_done(self, effect):
        """Pay in the name of who asked, and settle the bills it was made for."""
        result = super()._rcm_approval_done(effect)
        for payment in self.filtered(lambda item: item.state == "draft"):
            payment._rcm_approval_run(effect, "_rcm_pay_approved")
        return result

    def _rcm_pay_approved(self):
        if not self._rcm_may_pay(self.env.user):
            raise AccessError(
                self.env._("Who asked may not pay any more; somebody else pays it.")
            )
        self.action_post()
        self._rcm_settle_bills()

    def _rcm_settle_bills(self):
        """Match posted payments with what is open of the bills they were made for."""
        for payment in self:
            own = payment.move_id.line_ids.filtered(
                lambda line: line.account_type
                in ("liability_payable", "asset_receivable")
            )
            bills = payment.invoice_ids.line_ids.filtered(
                lambda line, own=own: line.account_id in own.account_id
                and line.parent_state == "posted"
            )
            for account in own.account_id:
                lines = (own | bills).filtered(
                    lambda line, account=account: line.account_id == account
                    and not line.reconciled
                )
                if {line.amount_residual > 0 for line in lines} == {True, False}:
                    lines.reconcile()

    @api.model
    def _rcm_approval_how(self, effect):
        return self.env._("Open it and press Confirm: that asks for the approval.")

    def _rcm_duties_done(self):
        done = super()._rcm_duties_done()
        payment = self.sudo()  # who did it, nothing else
        bills = payment.invoice_ids | payment.reconciled_bill_ids
        for bill in bills:
            done["post"] |= bill._rcm_actors("account.move.posted")
        partner = payment.partner_id.commercial_partner_id
        if payment.partner_type == "supplier":
            done["vendor_create"] |= partner._rcm_vendor_makers()
        done["pay"] |= payment._rcm_actors(POSTED)
        if source := payment._rcm_source():
            done["approve"] |= source._rcm_duties_done()["approve"]
        return done

    # ------------------------------------------------------------------
    # Taking back
    # ------------------------------------------------------------------
    def _rcm_reverse_payment(self, reason):
        """The money came back: a reversal in the open period; the entry stays.

        Private: for the documents that made the payment. What the bank confirmed is
        corrected at the bank line first.
        """
        self.ensure_one()
        if self.state not in PAID:
            return self.env["account.move"]
        if self.reconciled_statement_line_ids:
            raise UserError(
                self.env._(
                    "%s is matched with a bank line: undo that first.",
                    self._rcm_audit_name(),
                )
            )
        entry = self.move_id
        entry.line_ids.remove_move_reconcile()
        reversal = entry._reverse_moves(
            [{"date": fields.Date.context_today(self), "ref": reason}], cancel=True
        )
        self.action_reject()
        self._rcm_emit(
            "account.payment.reversed", {"entry": [entry.name, reversal.name]}
        )
        return reversal
