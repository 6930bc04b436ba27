from odoo import fields, models
from odoo.tools import formatLang

from odoo.addons.healthcare_rcm_base.core.money import to_decimal


class RcmSpendingDocumentMixin(models.AbstractModel):
    """What people see of budgets, funds and contracts before they confirm."""

    _inherit = "rcm.spending.document.mixin"

    rcm_spending_html = fields.Html(
        "Budget Effect",
        compute="_compute_rcm_spending_html",
        sanitize=False,
        help="What the budgets look like with this document.",
    )
    rcm_spending_note = fields.Text(
        "What Stands Against It", compute="_compute_rcm_spending_html"
    )

    def _compute_rcm_spending_html(self):
        for document in self:
            # figures of the budgets it is charged to, for who may open the document
            source = document._origin.sudo()
            if not source:
                document.rcm_spending_html = document.rcm_spending_note = False
                continue
            document.rcm_spending_html = source._rcm_budget_table()
            document.rcm_spending_note = "\n".join(source._rcm_spending_preview())

    def _rcm_spending_preview(self):
        """What would be said now if it were bound; nothing once it is."""
        if self._rcm_is_bound():
            return []
        texts = self._rcm_spending_blocks()
        if excesses := self._rcm_excesses():
            texts.append(self._rcm_excess_text(excesses))
        return texts

    def _rcm_is_bound(self):
        """Whether it is confirmed or posted already."""
        raise NotImplementedError

    def _rcm_budget_table(self):
        lines = self._rcm_budget_lines()
        if not lines:
            return False
        spending, key = self.env["rcm.spending"], self._rcm_spending_key()
        without = spending._rcm_of_budgets(lines, without={key: self.ids})
        then = spending._rcm_of_budgets(lines, **{key: self.ids})
        rows = []
        for line in lines:
            amount = to_decimal(line.amount, line.currency_id.decimal_places)
            after = amount - sum(then[line.id])
            rows.append(
                {
                    "cells": [
                        formatLang(
                            self.env, float(value), currency_obj=line.currency_id
                        )
                        for value in (
                            amount,
                            sum(without[line.id]),
                            sum(then[line.id]) - sum(without[line.id]),
                            after,
                        )
                    ],
                    "name": line.display_name,
                    "short": after < 0,
                }
            )
        return self.env["ir.qweb"]._render(
            "healthcare_rcm_approvals.rcm_budget_effect", {"rows": rows}
        )
