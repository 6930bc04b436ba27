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
}


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
        if trusted:
            return super(AccountMoveLine, lines).create(vals_list).with_env(self.env)
        marks = dict.fromkeys(PROTECTED, False)
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
        if PROTECTED & vals.keys():
            ticket = Ticket.found_in(self.env.context)
            if not (
                ticket
                and ticket.covers_write(self._name, self._ids, PROTECTED & vals.keys())
            ):
                self._rcm_refuse()
        elif GUARDED & vals.keys() and self._rcm_posted():
            changed = self._rcm_posted().filtered(
                lambda line: any(
                    line.move_id._field_will_change(line, vals, name)
                    for name in GUARDED & vals.keys()
                )
            )
            if changed:
                self._rcm_refuse()
        return super(AccountMoveLine, self._rcm_without_ticket()).write(vals)

    def unlink(self):
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

    @api.model
    def _rcm_line_ticket(self, records):
        """``records`` with leave to create journal items that carry our marks."""
        ticket = Ticket(self._name, None, PROTECTED)
        return records.with_context(**{Ticket.KEY: ticket})
