from odoo import models
from odoo.tools import formatLang

from ..policy.spending import plain
from .purchase_order_line import exact


class AccountMove(models.Model):
    """How a bill compares with its orders, for people: sentences and the table."""

    _inherit = "account.move"

    def _rcm_differences_text(self, differences):
        """One sentence for each difference, with where it is."""
        lines = {line.id: line for line in self.invoice_line_ids}
        return "; ".join(
            self._rcm_difference_text(item, lines[item.line]) for item in differences
        )

    def _rcm_difference_text(self, item, line):
        def money(value):
            return formatLang(
                self.env, float(value), currency_obj=self.company_currency_id
            )

        values = {
            "bill": self._rcm_audit_name(),
            "line": line._rcm_line_label(),
            "expected": plain(item.expected),
            "actual": plain(item.actual),
            "amount": money(item.amount),
        }
        if item.code == "price":
            values["expected"] = money(item.expected)
            values["actual"] = money(item.actual)
        texts = {
            "over_received": self.env._(
                "%(bill)s, %(line)s: billed %(actual)s, received %(expected)s "
                "(%(amount)s too much)",
                **values,
            ),
            "over_ordered": self.env._(
                "%(bill)s, %(line)s: billed %(actual)s, ordered %(expected)s "
                "(%(amount)s too much)",
                **values,
            ),
            "price": self.env._(
                "%(bill)s, %(line)s: price %(actual)s, ordered at %(expected)s "
                "(%(amount)s too much)",
                **values,
            ),
            "not_ordered": self.env._(
                "%(bill)s, %(line)s: %(amount)s that no order asks for", **values
            ),
            "vendor": self.env._(
                "%(bill)s, %(line)s: the order is with another vendor", **values
            ),
        }
        return texts[item.code]

    def _rcm_match_table(self, differences):
        """Ordered, received, billed and the difference, line by line."""
        lines = self.invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        )
        if not lines.purchase_line_id and not differences:
            return False
        wrong = {item.line: item for item in differences}
        billed = lines.purchase_line_id._rcm_billed_by_move()
        rows = []
        for line in lines:
            order = line.purchase_line_id
            before = sum(
                (quantity for move, quantity in billed[order].items() if move != self),
                exact(0.0),
            )
            fact = line._rcm_billed_facts()
            item = wrong.get(line.id)
            rows.append(
                {
                    "name": line._rcm_line_label(),
                    "order": order.order_id.name or "",
                    "ordered": _text(order.product_qty) if order else "",
                    "received": _text(order.qty_received) if order else "",
                    "before": _text(before) if order else "",
                    "billed": _text(fact.quantity),
                    "price": formatLang(
                        self.env,
                        self._rcm_to_company(
                            order.currency_id, order.price_unit_discounted
                        ),
                        currency_obj=self.company_currency_id,
                    )
                    if order
                    else "",
                    "billed_price": formatLang(
                        self.env,
                        float(fact.price),
                        currency_obj=self.company_currency_id,
                    ),
                    "difference": self._rcm_difference_text(item, line).split(": ", 1)[
                        1
                    ]
                    if item
                    else "",
                }
            )
        return self.env["ir.qweb"]._render(
            "healthcare_rcm_approvals.rcm_match_table", {"rows": rows}
        )


def _text(value):
    """A quantity without trailing zeros."""
    return f"{float(value):g}"
