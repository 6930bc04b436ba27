from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.ticket import Ticket

PROTECTED = frozenset(
    {"rcm_purpose", "rcm_claim_id", "rcm_encounter_id", "rcm_facility_id"}
)
# Of a posted entry of the revenue cycle. Due date, analytic accounts and matching
# stay open to accounting.
GUARDED = PROTECTED | {
    "debit",
    "credit",
    "balance",
    "amount_currency",
    "currency_id",
    "account_id",
    "partner_id",
    "name",
    "move_id",
    "display_type",
    "quantity",
    "price_unit",
    "discount",
    "tax_ids",
    "tax_line_id",
    "tax_tag_ids",
    "product_id",
    "price_subtotal",
    "price_total",
    "parent_state",
    "statement_line_id",
    "payment_id",
    # Results of matching: core computes them or sets them in SQL.
    "amount_residual",
    "amount_residual_currency",
    "reconciled",
    "full_reconcile_id",
    "matching_number",
    "matched_debit_ids",
    "matched_credit_ids",
}
# Open items that claims and remittances settle; nobody matches or unmatches them by
# hand. Bank, gateway and what patients pay stay open to accounting.
MATCHED_BY_CLAIMS = frozenset(
    {
        "receivable_payer",
        "patient_unbilled",
        "reserve",
        "concession_reserve",
        "withhold_receivable",
        "unapplied_payer_cash",
        "unidentified_cash",
        "unidentified_recoveries",
        "payer_overpayment",
        "payer_advances",
    }
)


class AccountMoveLine(models.Model):
    """Journal items of the revenue cycle carry purpose, claim, encounter, facility."""

    _inherit = "account.move.line"

    rcm_purpose = fields.Char(
        "Purpose",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The role of this line in the entry, as in the accounting set-up.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        ticket = Ticket.found_in(self.env.context)
        trusted = ticket and ticket.covers_create(self._name, PROTECTED)
        lines = self._rcm_without_ticket()
        self._rcm_check_before_commit()
        if trusted:
            return super(AccountMoveLine, lines).create(vals_list).with_env(self.env)
        marks = dict.fromkeys(PROTECTED, False)
        self.browse().check_access("create")
        guarded = []
        for vals in vals_list:
            if any(vals.get(name) for name in PROTECTED):
                self._rcm_refuse()
            guarded.append({**vals, **marks})
        moves = self.env["account.move"].browse(
            {vals["move_id"] for vals in vals_list if vals.get("move_id")}
        )
        if moves.filtered(lambda move: move.rcm_kind and move.state == "posted"):
            self._rcm_refuse()
        return super(AccountMoveLine, lines).create(guarded).with_env(self.env)

    def write(self, vals):
        touched = GUARDED & vals.keys()
        if touched and not self._rcm_may_write(touched):
            if touched & PROTECTED or self._rcm_changed(vals, touched):
                self._rcm_refuse()
        if touched:
            self._rcm_check_before_commit()
        return super(AccountMoveLine, self._rcm_without_ticket()).write(vals)

    def _rcm_may_write(self, names):
        ticket = Ticket.found_in(self.env.context)
        return ticket and ticket.covers_write(self._name, self._ids, names)

    def _rcm_changed(self, vals, names):
        """Items of posted entries of ours that ``vals`` would change."""
        return self._rcm_posted().filtered(
            lambda line: any(
                line.move_id._field_will_change(line, vals, name) for name in names
            )
        )

    def unlink(self):
        self.check_access("unlink")
        if self._rcm_posted():
            self._rcm_refuse()
        return super().unlink()

    def _rcm_posted(self):
        """Items of posted entries of the revenue cycle."""
        return self.filtered(
            lambda line: line.move_id.rcm_kind and line.parent_state == "posted"
        )

    def _rcm_refuse(self):
        raise UserError(
            self.env._(
                "Journal items of the revenue cycle are made by claims and remittances "
                "and cannot be added, changed or deleted here."
            )
        )

    def _rcm_without_ticket(self):
        if Ticket.KEY not in self.env.context:
            return self
        context = dict(self.env.context)
        del context[Ticket.KEY]
        return self.with_env(self.env(context=context))

    # -- matching ------------------------------------------------------------------

    @api.model
    def _rcm_reconcile(self, plan):
        """Match the groups of items in ``plan``. Private: for domain code that was
        allowed the effect the matching is part of."""
        ticket = Ticket(
            "account.partial.reconcile", None, {"debit_move_id", "credit_move_id"}
        )
        items = self.sudo().with_context(  # part of an effect the caller may make
            **{Ticket.KEY: ticket}, skip_invoice_sync=True, tracking_disable=True
        )
        try:
            items._reconcile_plan(plan)
        finally:
            ticket.spend()

    def _rcm_unmatch(self):
        """Undo the matches of these items. Private: for domain code, as above."""
        matches = self.matched_debit_ids | self.matched_credit_ids
        ticket = Ticket(
            matches._name, matches._ids, {"debit_move_id", "credit_move_id"}
        )
        try:
            matches.with_context(**{Ticket.KEY: ticket}).unlink()
        finally:
            ticket.spend()
