from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from .approval_parts import spread_scope

DOCUMENT_TYPES = {
    "out_invoice": "customer_invoice",
    "out_receipt": "customer_invoice",
    "out_refund": "credit_note",
    "in_refund": "credit_note",
    "in_invoice": "vendor_bill",
    "in_receipt": "vendor_bill",
}
# What the approved facts are made of.
LOCKED = frozenset(
    {
        "move_type",
        "partner_id",
        "currency_id",
        "company_id",
        "journal_id",
        "fiscal_position_id",
        "line_ids",
        "invoice_line_ids",
    }
)
# Not to be changed on a posted document: what was approved is what is booked.
POSTED_LOCKED = frozenset({"move_type", "partner_id", "currency_id", "company_id"})
POSTED = "account.move.posted"
# Lines of text.
HEADINGS = ("line_section", "line_subsection", "line_note")


class AccountMove(models.Model):
    """Invoices, credit notes, bills and entries that pay stand under the policies.

    Entries the revenue cycle makes itself have their gate before: the claim's, the
    remittance's, the write-off's. Posting cannot be split, so it refuses; the button
    asks and says so.
    """

    _name = "account.move"
    _inherit = ["rcm.approval.mixin", "account.move"]

    # ------------------------------------------------------------------
    # Facts
    # ------------------------------------------------------------------
    def _rcm_approval_effect(self):
        """``post`` of a document, ``pay`` of an entry that pays, or nothing.

        A payment's own entry is the payment's to ask for, a bank line is what the
        bank did.
        """
        self.ensure_one()
        if self.rcm_kind:
            return None
        if self.move_type in DOCUMENT_TYPES:
            return "post"
        if self.origin_payment_id or self.statement_line_id:
            return None
        return "pay" if self._rcm_money_out() > 0 else None

    def _rcm_money_out(self):
        """What a hand-made entry takes out of cash and bank, in company currency."""
        paying = self.env["account.journal"]._rcm_paying_accounts(self.company_id)
        lines = self.line_ids.filtered(lambda line: line.account_id in paying)
        return -self.company_currency_id.round(sum(lines.mapped("balance")))

    def _rcm_approval_facts(self, effect):
        self.ensure_one()
        if effect != self._rcm_approval_effect():
            return super()._rcm_approval_facts(effect)
        digits = self.company_currency_id.decimal_places
        if effect == "pay":
            amount, kind = to_decimal(self._rcm_money_out(), digits), "payment"
        else:
            amount = abs(to_decimal(self.amount_total_signed, digits))
            kind = DOCUMENT_TYPES[self.move_type]
        approved = self._rcm_approved_values()
        return self._rcm_approval_item(kind, effect, approved, amount)

    def _rcm_approval_scope(self):
        """What policies ask besides the amount."""
        partner = self.commercial_partner_id
        payer = self.env["rcm.payer"]
        if self.is_sale_document(include_receipts=True):
            payer = payer.search(
                [
                    ("partner_id", "=", partner.id),
                    ("company_id", "in", (False, self.company_id.id)),
                ],
                limit=1,
            )
        whole, parts = self._rcm_spread_scope()
        scope = {
            **whole,
            "company": self.company_id.id,
            "payer_type": payer.plan_type or None,
            "vendor_categories": frozenset(partner.category_id.ids),
            "risk_factors": self._rcm_risk_factors(),
        }
        return self._rcm_with_parts(scope, parts)

    def _rcm_place(self):
        """The facility the document as a whole is for, or none."""
        return self.rcm_facility_id or self.rcm_spending_facility_id

    def _rcm_spread_scope(self):
        """Department and facility of the whole, and the scopes of its parts."""
        documents = self.move_type in DOCUMENT_TYPES
        lines = self.invoice_line_ids if documents else self.line_ids
        own = lines.filtered(lambda line: line.display_type not in HEADINGS)
        return spread_scope(own, "balance", self.company_id, self._rcm_place())

    def _rcm_parts_paid(self):
        """Scopes of its parts, for what pays it."""
        self.ensure_one()
        return self._rcm_spread_scope()[1]

    def _rcm_risk_factors(self):
        """What is measured of it: ``((code, value), …)``."""
        if self.is_purchase_document(include_receipts=True):
            return self.commercial_partner_id._rcm_vendor_factors()
        return ()

    def _rcm_approved_values(self):
        """What must not change once somebody agreed to it, in document currency."""
        digits = self.currency_id.decimal_places
        documents = self.move_type in DOCUMENT_TYPES
        lines = self.invoice_line_ids if documents else self.line_ids
        lines = lines.filtered(lambda line: line.display_type not in HEADINGS)
        return {
            "type": self.move_type,
            "company": self.company_id.id,
            "journal": self.journal_id.id,
            "partner": self.commercial_partner_id.id,
            "currency": self.currency_id.name,
            "total": str(to_decimal(self.amount_total, digits)),
            "lines": sorted(
                [
                    line.account_id.id or 0,
                    line.product_id.id or 0,
                    0 if documents else line.partner_id.id or 0,
                    str(
                        to_decimal(
                            line.price_subtotal if documents else line.amount_currency,
                            line.currency_id.decimal_places,
                        )
                    ),
                    sorted(line.tax_ids.ids),
                    sorted((line.analytic_distribution or {}).items()),
                ]
                for line in lines
            ),
        }

    @api.model
    def _rcm_approval_columns(self):
        names = ["account_id", "product_id", "partner_id", "price_subtotal"]
        names += ["tax_ids", "analytic_distribution"]
        return {
            **super()._rcm_approval_columns(),
            "lines": ("account.move.line", names),
        }

    @api.model
    def _rcm_approval_locked_fields(self):
        return super()._rcm_approval_locked_fields() | LOCKED

    def _rcm_approval_is_done(self, effect):
        return self.state != "draft" or super()._rcm_approval_is_done(effect)

    def _rcm_audit_name(self):
        """Its number; a draft's kind and id. Partners are not named."""
        self.ensure_one()
        if self.name and self.name != "/":
            return self.name
        kinds = dict(self._fields["move_type"]._description_selection(self.env))
        return f"{kinds.get(self.move_type, '')} #{self.id}"

    # ------------------------------------------------------------------
    # The effect: posting
    # ------------------------------------------------------------------
    def action_post(self):
        """Ask where a policy wants it, post the rest, and say which is which."""
        allowed = self._rcm_ask_to_post()
        result = super(AccountMove, allowed).action_post() if allowed else False
        waiting = self - allowed
        return waiting._rcm_asked_notice(result) if waiting else result

    def action_validate_moves_with_confirmation(self):
        drafts = self.filtered(lambda move: move.state == "draft")
        waiting = drafts - drafts._rcm_ask_to_post()
        if not waiting:
            return super().action_validate_moves_with_confirmation()
        rest = self - waiting
        result = False
        if rest.filtered(lambda move: move.state == "draft"):
            result = super(AccountMove, rest).action_validate_moves_with_confirmation()
        return waiting._rcm_asked_notice(result)

    @api.model
    def _autopost_draft_entries(self, batch_size=100):
        """The scheduled posting asks before it tries, so that somebody hears of it."""
        due = self.search(
            [
                ("state", "=", "draft"),
                ("date", "<=", fields.Date.context_today(self)),
                ("auto_post", "!=", "no"),
            ],
            limit=batch_size,
        )
        due._rcm_ask_to_post()
        return super()._autopost_draft_entries(batch_size=batch_size)

    def _rcm_ask_to_post(self):
        """These without the ones that wait for an approval now."""
        if not self.env.su and not self._rcm_may_post(self.env.user):
            return self  # stock Odoo refuses them
        allowed = self
        for effect, moves in self._rcm_by_effect().items():
            allowed -= moves - moves._rcm_approval_ask(effect)
        return allowed

    def _rcm_by_effect(self):
        """``{effect: draft moves under the policies}``."""
        found = {}
        for move in self:
            if move.state == "draft" and (effect := move._rcm_approval_effect()):
                found[effect] = found.get(effect, self.browse()) | move
        return found

    @api.model
    def _rcm_may_post(self, user):
        return user.has_group("account.group_account_invoice")

    def _rcm_asked_notice(self, result):
        """Say that these wait, and go on with what posting the others returned."""
        if isinstance(result, dict):
            return result
        return self._rcm_approval_notice()

    def _post(self, soft=True):
        for effect, moves in self._rcm_by_effect().items():
            moves._rcm_approval_check(effect)
        self.origin_payment_id._rcm_check_entry(self)
        return super()._post(soft=soft)

    def write(self, vals):
        if vals.get("state") == "posted":
            self._rcm_assert_posting()
        elif POSTED_LOCKED & vals.keys():
            self._rcm_refuse_posted(vals)
        return super().write(vals)

    def _rcm_lines_changed(self):
        """Their lines changed: what was asked for may not be so any more."""
        self.filtered(
            lambda move: move.state == "draft" and not move.rcm_kind
        )._rcm_approval_touched()

    def _rcm_assert_posting(self):
        """The one place every way of posting comes through."""
        drafts = self.filtered(lambda move: move.state != "posted")
        for effect, moves in drafts._rcm_by_effect().items():
            moves._rcm_approval_assert(effect)
            moves._rcm_log_posting()
        drafts.origin_payment_id._rcm_check_entry(drafts)

    def _rcm_log_posting(self):
        """On their own threads with the amount, and on those of their orders."""
        self._rcm_emit(
            POSTED,
            changes_by_id={
                move.id: {
                    "state": [move.state, "posted"],
                    "amount_total": [None, move.amount_total],
                }
                for move in self
            },
        )
        self._rcm_emit_elsewhere(POSTED)

    def _rcm_refuse_posted(self, vals):
        """A posted document keeps what was approved; it goes back to draft first."""
        for move in self.filtered(
            lambda item: item.state == "posted" and not item.rcm_kind
        ):
            if move.move_type in DOCUMENT_TYPES and any(
                move._field_will_change(move, vals, name)
                for name in POSTED_LOCKED & vals.keys()
            ):
                raise UserError(move._rcm_posted_text())

    def _rcm_posted_text(self):
        return self.env._(
            "%s is posted as it was approved. Reset it to draft to change it; it is "
            "then approved again.",
            self._rcm_audit_name(),
        )

    # ------------------------------------------------------------------
    # After the approval
    # ------------------------------------------------------------------
    def _rcm_approval_done(self, effect):
        """Post in the name of who asked; what is due later is posted on its day."""
        result = super()._rcm_approval_done(effect)
        today = fields.Date.context_today(self)
        for move in self.filtered(lambda item: item.state == "draft"):
            if move.auto_post == "no" or move.date <= today:
                move._rcm_approval_run(effect, "_rcm_post_approved")
        return result

    def _rcm_post_approved(self):
        if not self._rcm_may_post(self.env.user):
            raise AccessError(
                self.env._("Who asked may not post any more; somebody else posts it.")
            )
        self._post(soft=False)

    @api.model
    def _rcm_approval_how(self, effect):
        return self.env._("Open it and press Confirm: that asks for the approval.")

    def _rcm_duties_done(self):
        done = super()._rcm_duties_done()
        move = self.sudo()  # who did it, nothing else
        done["post"] |= move._rcm_actors(POSTED)
        payments = move.matched_payment_ids | move.origin_payment_id
        for payment in payments:
            done["pay"] |= payment._rcm_actors("account.payment.posted")
        if move.move_type in ("in_invoice", "in_receipt", "in_refund"):
            done["vendor_create"] |= move.commercial_partner_id._rcm_vendor_makers()
        return done


class AccountMoveLine(models.Model):
    """A change of its lines is a change of the document."""

    _inherit = "account.move.line"

    _rcm_locked = frozenset(
        {
            "account_id",
            "partner_id",
            "product_id",
            "quantity",
            "price_unit",
            "discount",
            "tax_ids",
            "balance",
            "debit",
            "credit",
            "amount_currency",
            "currency_id",
            "analytic_distribution",
        }
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.move_id._rcm_lines_changed()
        return lines

    def write(self, vals):
        touched = self._rcm_locked & vals.keys()
        if touched:
            self._rcm_refuse_posted(vals, touched)
        result = super().write(vals)
        if touched:
            self.move_id._rcm_lines_changed()
        return result

    def unlink(self):
        moves = self.move_id
        result = super().unlink()
        moves.exists()._rcm_lines_changed()
        return result

    def _rcm_refuse_posted(self, vals, touched):
        names = touched - {"analytic_distribution"}
        for line in self:
            move = line.move_id
            if (
                line.parent_state == "posted"
                and not move.rcm_kind
                and move.move_type in DOCUMENT_TYPES
                and any(move._field_will_change(line, vals, name) for name in names)
            ):
                raise UserError(move._rcm_posted_text())
