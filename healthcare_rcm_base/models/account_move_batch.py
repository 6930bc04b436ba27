from odoo import models

from .account_move_numbering import BatchMemo

# What a journal item takes from its entry, its tax and its balance.
FROM_ENTRY = ("journal_id", "company_id", "company_currency_id")
FROM_TAX = ("tax_line_id", "tax_group_id")
IMPLIED = frozenset({*FROM_ENTRY, *FROM_TAX, "debit", "credit", "is_storno"})


class RcmBatchCompanyMixin(models.AbstractModel):
    """Companies of the records of a batch, each question asked once.

    Whether a journal, account or partner may be used depends on it and on the company
    alone, and the entries of a batch share most of theirs.
    """

    _name = "rcm.batch.company.mixin"
    _description = "Company Check of a Batch"

    def _check_company(self, fnames=None):
        if fnames is not None or BatchMemo.found_in(self.env.context) is None:
            return super()._check_company(fnames)
        everything = self.sudo()  # as the check itself reads
        for name, field in self._fields.items():
            if not (field.relational and field.check_company):
                continue
            shared = {}
            for record in everything:
                key = (record.company_id.id, record[name]._ids)
                shared.setdefault(key, record.id)
            super(RcmBatchCompanyMixin, self.browse(shared.values()))._check_company(
                [name]
            )
        return None


class AccountMove(models.Model):
    """Entries are made in batches."""

    _name = "account.move"
    _inherit = ["account.move", "rcm.batch.company.mixin"]


class AccountAnalyticLine(models.Model):
    """Analytic items are made in batches, with the entries."""

    _name = "account.analytic.line"
    _inherit = ["account.analytic.line", "rcm.batch.company.mixin"]


class AccountMoveLine(models.Model):
    """What follows from the entry and the balance of a journal item in a batch.

    Odoo makes a record in memory of each item to find it. Items of the revenue cycle
    say everything else themselves; one that does not is left to Odoo.
    """

    _name = "account.move.line"
    _inherit = ["account.move.line", "rcm.batch.company.mixin"]

    def _add_precomputed_values(self, vals_list):
        if BatchMemo.found_in(self.env.context) is not None:
            stated = {name for name, field in self._fields.items() if field.precompute}
            for vals in vals_list:
                if self._rcm_is_complete(vals, stated - IMPLIED):
                    vals.update(self._rcm_implied(vals))
        return super()._add_precomputed_values(vals_list)

    def _rcm_is_complete(self, vals, stated):
        return (
            vals.get("move_id")
            and stated <= vals.keys()
            and IMPLIED.isdisjoint(vals)
            and not vals.get("tax_repartition_line_id")
            and not self._rcm_move_of(vals).company_id.account_storno
        )

    def _rcm_move_of(self, vals):
        return self.env["account.move"].browse(vals["move_id"])

    def _rcm_implied(self, vals):
        move, balance = self._rcm_move_of(vals), vals["balance"]
        return {
            **{name: move[name].id for name in FROM_ENTRY},
            **dict.fromkeys(FROM_TAX, False),
            "is_storno": False,
            "debit": max(balance, 0.0),
            "credit": max(-balance, 0.0),
            # as Odoo marks what it filled in, so that nothing follows from it twice
            "__precomputed__": {self._fields[name] for name in IMPLIED},
        }
