from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context

from ..core.money import to_decimal
from ..core.ticket import Ticket
from .account_move_line import PROTECTED as LINE_PROTECTED
from .account_move_numbering import BatchMemo

RCM_KINDS = [
    ("claim_invoice", "Claim invoice"),
    ("self_pay_invoice", "Self-pay invoice"),
    ("patient_invoice", "Patient invoice"),
    ("client_invoice", "Client invoice"),
    ("contract_invoice", "Contract invoice"),
    ("remittance", "Remittance"),
    ("local_entry", "Claim adjustment"),
    ("opening", "Opening balance"),
]

# Set when an entry is made and never again.
PROTECTED = frozenset(
    {
        "rcm_kind",
        "rcm_local_kind",
        "rcm_reason",
        "rcm_correlation_id",
        "rcm_claim_id",
        "rcm_encounter_id",
        "rcm_facility_id",
    }
)
TOTALS = frozenset({"price_subtotal", "price_total"})
# What an entry of the suite may not change outside the suite, in any state.
GUARDED = PROTECTED | {
    "state",
    "name",
    "move_type",
    "journal_id",
    "company_id",
    "currency_id",
    "partner_id",
    "date",
    "invoice_date",
    "line_ids",
    "invoice_line_ids",
    "auto_post",
    "inalterable_hash",
    "tax_totals",
    "reversed_entry_id",
    # computed from the items: Odoo takes a written value all the same
    "payment_state",
    "status_in_payment",
    "amount_untaxed",
    "amount_tax",
    "amount_total",
    "amount_residual",
    "amount_untaxed_signed",
    "amount_tax_signed",
    "amount_total_signed",
    "amount_residual_signed",
    "amount_total_in_currency_signed",
    "posted_before",
    "sequence_prefix",
    "sequence_number",
    "secure_sequence_number",
    "reversal_move_ids",
    "commercial_partner_id",
    "partner_bank_id",
    "statement_line_id",
    "origin_payment_id",
    "invoice_partner_display_name",
}
# What posting sets.
POSTING = frozenset(
    {
        "state",
        "posted_before",
        "name",
        "date",
        "invoice_date",
        "auto_post",
        "inalterable_hash",
        "secure_sequence_number",
        "sequence_prefix",
        "sequence_number",
        "made_sequence_gap",
        "partner_bank_id",
        "partner_id",
        "line_ids",
        "invoice_line_ids",
        "reversal_move_ids",
    }
)


class AccountMove(models.Model):
    """Journal entries of the revenue cycle: made by it, posted by it, never edited."""

    _inherit = "account.move"

    rcm_kind = fields.Selection(
        RCM_KINDS, string="Revenue cycle entry", readonly=True, copy=False, index=True
    )
    rcm_local_kind = fields.Char("Adjustment kind", readonly=True, copy=False)
    rcm_reason = fields.Char("Reason", readonly=True, copy=False)
    rcm_correlation_id = fields.Char(
        "Correlation", readonly=True, copy=False, index="btree_not_null"
    )

    def _rcm_amounts_by_purpose(self):
        """``{purpose: Decimal}`` of this entry's items, debit positive."""
        self.ensure_one()
        amounts = {}
        for line in self.line_ids:
            amounts[line.rcm_purpose] = amounts.get(line.rcm_purpose, 0) + to_decimal(
                line.balance, self.company_currency_id.decimal_places
            )
        return amounts

    # -- screens -------------------------------------------------------------------

    def get_formview_id(self, access_uid=None):
        """People without accounting rights get the form of the revenue cycle."""
        user = self.env["res.users"].browse(access_uid) if access_uid else self.env.user
        if len(self) == 1 and not user.has_groups(
            "account.group_account_invoice,account.group_account_readonly"
        ):
            return self.env.ref("healthcare_rcm_base.account_move_view_form_rcm").id
        return super().get_formview_id(access_uid=access_uid)

    def _compute_show_reset_to_draft_button(self):
        """Entries of the revenue cycle are reversed by it, never reset."""
        result = super()._compute_show_reset_to_draft_button()
        self._rcm_ours().show_reset_to_draft_button = False
        return result

    def action_rcm_open_claim(self):
        """Open the claim this entry belongs to."""
        self.ensure_one()
        self.check_access("read")
        return self._rcm_open("rcm.claim", self.rcm_claim_id)

    def action_rcm_open_encounter(self):
        """Open the encounter this entry belongs to."""
        self.ensure_one()
        self.check_access("read")
        return self._rcm_open("rcm.encounter", self.rcm_encounter_id)

    def _rcm_open(self, model, record):
        return {
            "type": "ir.actions.act_window",
            "res_model": model,
            "view_mode": "form",
            "res_id": record.id,
        }

    # -- guards --------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        ticket = Ticket.found_in(self.env.context)
        trusted = ticket and ticket.covers_create(self._name, PROTECTED)
        moves = self._rcm_without_ticket()
        if trusted:
            # The lines that are created along carry the same marks.
            line_ticket = Ticket("account.move.line", None, LINE_PROTECTED)
            moves = moves.with_context(**{Ticket.KEY: line_ticket})
            ticket.spend()
            complete = [{**self._rcm_explicit(), **vals} for vals in vals_list]
            made = super(AccountMove, moves).create(complete).with_env(self.env)
            line_ticket.spend()
            return made
        guarded = []
        for vals in vals_list:
            refused = {name for name in PROTECTED if vals.get(name)}
            if refused:
                self._rcm_refuse(refused)
            threads = self._rcm_thread_vals(vals)
            guarded.append({**self._rcm_explicit(), **vals, **threads})
        created = super(AccountMove, moves).create(guarded).with_env(self.env)
        created._rcm_refuse_our_journals()
        return created

    def write(self, vals):
        ours = self._rcm_ours()
        touched = (PROTECTED if not ours else GUARDED) & vals.keys()
        if "matched_payment_ids" in vals and "claim_invoice" in ours.mapped("rcm_kind"):
            # Payers pay by remittance; a payment linked by hand would say "paid".
            touched |= {"matched_payment_ids"}
        if touched:
            ticket = Ticket.found_in(self.env.context)
            guarded = self if touched & PROTECTED else ours
            if not (ticket and ticket.covers_write(self._name, guarded._ids, touched)):
                guarded._rcm_refuse(touched)
        if "state" in vals:
            self.env["account.move.line"]._rcm_check_before_commit()
        result = super(AccountMove, self._rcm_without_ticket()).write(vals)
        if "journal_id" in vals:
            (self - ours)._rcm_refuse_our_journals()
        return result

    def unlink(self):
        # Not in an ondelete method: those are skipped by a key any context may hold.
        self.check_access("unlink")
        self._rcm_refuse_deletion()
        return super().unlink()

    def _rcm_refuse_deletion(self):
        if self._rcm_ours().filtered(
            lambda move: move.state == "posted" or move.posted_before
        ):
            raise UserError(
                self.env._(
                    "Entries of the revenue cycle cannot be deleted. They are reversed "
                    "from the claim or remittance they belong to."
                )
            )

    @api.model
    def _rcm_explicit(self):
        """Protected values of a new entry, so that no default in a context fills them.

        A default state would make a posted entry that was never posted.
        """
        return {"state": "draft", **dict.fromkeys(PROTECTED, False)}

    @api.model
    def _rcm_thread_vals(self, vals):
        """The thread of a new entry that the revenue cycle did not make: none.

        Extended where other documents have one.
        """
        return {}

    def _rcm_ours(self):
        """The entries among these that the revenue cycle made."""
        return self.filtered("rcm_kind")

    def _rcm_refuse(self, names):
        labels = ", ".join(
            sorted(self._fields[name].string for name in names if name in self._fields)
        )
        raise UserError(
            self.env._(
                "This entry belongs to the revenue cycle. %(fields)s cannot be changed "
                "here; use the steps of its claim or remittance.",
                fields=labels,
            )
        )

    def _rcm_refuse_our_journals(self):
        """Journals of the revenue cycle take its own entries only."""
        for move in self:
            root = move.company_id.root_id.sudo()  # settings of the main company
            if move.journal_id and move.journal_id in root._rcm_journals():
                raise UserError(
                    self.env._(
                        "%(journal)s is kept by the revenue cycle: its entries come "
                        "from claims and remittances. Choose another journal.",
                        journal=move.journal_id.display_name,
                    )
                )

    def _rcm_without_ticket(self):
        if Ticket.KEY not in self.env.context:
            return self
        context = dict(self.env.context)
        del context[Ticket.KEY]
        return self.with_env(self.env(context=context))

    def _rcm_post_once(self):
        """Post these entries with leave that ends when they are posted."""
        ticket = Ticket(self._name, self._ids, POSTING)
        try:
            self.with_context(**{Ticket.KEY: ticket})._post(soft=False)
        finally:
            ticket.spend()

    def _hash_moves(self, **kwargs):
        """Sealing writes the hash of entries that were posted and not sealed yet."""
        ours = self._rcm_ours()
        if not ours.journal_id.filtered("restrict_mode_hash_table"):
            return super()._hash_moves(**kwargs)
        # Pending values of their items go first: once sealed, the database lets
        # nothing of them change.
        self.env["account.move.line"].flush_model()
        open_moves = self.search(
            [
                ("journal_id", "in", ours.journal_id.ids),
                ("state", "=", "posted"),
                ("inalterable_hash", "=", False),
            ]
        )
        ticket = Ticket(self._name, (open_moves | self)._ids, {"inalterable_hash"})
        try:
            return super(
                AccountMove, self.with_context(**{Ticket.KEY: ticket})
            )._hash_moves(**kwargs)
        finally:
            ticket.spend()

    # -- making entries ------------------------------------------------------------

    @api.model
    def _rcm_post_entries(self, vals_list):
        """Create and post entries of the revenue cycle; return them.

        Each has complete ``line_ids`` that balance to the cent and an ``rcm_kind``.
        Nothing is computed, rounded or completed on the way: what was handed in is
        what is posted, and the database checks it again. Private: for domain code
        that has checked role, record and state already.
        """
        for vals in vals_list:
            if not vals.get("rcm_kind"):
                raise ValueError("an entry of the revenue cycle needs its rcm_kind")
        ticket = Ticket(self._name, None, PROTECTED)
        context = {
            **clean_context(self.env.context),  # no default may fill a gap
            Ticket.KEY: ticket,
            BatchMemo.KEY: BatchMemo(),
            "tracking_disable": True,
            "skip_invoice_sync": True,
            "skip_invoice_line_sync": True,
            "skip_analytic_sync": True,
        }
        # the caller has checked the right to this effect
        batch = self.sudo().with_context(context)  # pylint: disable=context-overridden
        moves = batch.create([self._rcm_without_implied(vals) for vals in vals_list])
        moves = moves._rcm_without_ticket()
        moves._rcm_keep_line_totals(vals_list)
        moves._rcm_lock_hashed_journals()
        moves._rcm_post_once()
        moves._rcm_check_database()
        return moves.with_env(self.env)

    def _rcm_keep_line_totals(self, vals_list):
        """Items whose totals were handed in with them keep those.

        Odoo would run its tax engine on each to find the same.
        """
        complete = self.browse(
            move.id
            for move, vals in zip(self, vals_list, strict=True)
            if all(TOTALS <= line.keys() for _create, _id, line in vals["line_ids"])
        )
        lines = complete.line_ids
        for name in TOTALS:
            self.env.remove_to_compute(lines._fields[name], lines)

    def _rcm_without_implied(self, vals):
        """``vals`` without the currency when the journal gives the same.

        Setting it makes Odoo read all items back, entry by entry.
        """
        journal = self.env["account.journal"].sudo().browse(vals.get("journal_id"))
        implied = journal.currency_id or journal.company_id.currency_id
        if vals.get("currency_id") != implied.id:
            return vals
        return {name: value for name, value in vals.items() if name != "currency_id"}

    def _rcm_lock_hashed_journals(self):
        """Post into a sealed journal one transaction at a time.

        Two that posted at once would break the chain of hashes; the second one now
        fails with a serialization error and is run again.
        """
        journals = self.journal_id.filtered("restrict_mode_hash_table")
        if journals:
            self.env.cr.execute(
                "UPDATE account_journal SET write_uid = write_uid WHERE id IN %s",
                [tuple(sorted(journals.ids))],
            )

    def _rcm_check_database(self):
        """Let the database check balances now, while the error can be understood."""
        self.env["account.move.line"]._rcm_check_balances()
