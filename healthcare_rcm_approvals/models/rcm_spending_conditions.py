from odoo import models
from odoo.tools import formatLang

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..policy.spending import Fund, check_contract, check_fund, plain


class RcmSpendingDocumentMixin(models.AbstractModel):
    """What funds and service contracts have against an order or a bill."""

    _inherit = "rcm.spending.document.mixin"

    # ------------------------------------------------------------------
    # Funds
    # ------------------------------------------------------------------
    def _rcm_fund_blocks(self):
        lines = self._rcm_spending_lines()
        funds = lines.rcm_fund_id
        if not funds:
            return []
        used = self.env["rcm.spending"]._rcm_of_charges(
            "rcm_fund_id", funds, **{self._rcm_spending_key(): self.ids}
        )
        texts = []
        for fund in funds:
            committed, spent, _quantity = used[fund.id]
            digits = fund.currency_id.decimal_places
            left = to_decimal(fund.amount, digits) - committed - spent
            own = lines.filtered(lambda line, fund=fund: line.rcm_fund_id == fund)
            by_ref = {line.id: line for line in own}
            found = check_fund(
                Fund(
                    open=fund.state == "open",
                    date_from=fund.date_from,
                    date_to=fund.date_to,
                    left=left,
                    categories=frozenset(fund.category_ids.ids),
                    vendors=frozenset(fund.vendor_ids.commercial_partner_id.ids),
                    vendor_categories=frozenset(fund.vendor_category_ids.ids),
                    account=fund.analytic_account_id.id or None,
                    missing_documents=self._rcm_missing_documents(fund, own),
                ),
                [line._rcm_charge() for line in own],
            )
            texts += [
                self._rcm_block_text(fund, block, by_ref.get(block.line))
                for block in found
            ]
        return texts

    def _rcm_missing_documents(self, fund, lines):
        """Names of the documents ``fund`` wants and some of these do not have."""
        missing = []
        for document in self:
            own = lines.filtered(lambda line, doc=document: line._rcm_owner() == doc)
            amount = sum(line._rcm_charge().amount for line in own)
            given = document._rcm_evidence().requirement_id
            missing += [
                need.name
                for need in fund.requirement_ids - given
                if own and amount >= to_decimal(need.amount_from)
            ]
        return tuple(dict.fromkeys(missing))

    # ------------------------------------------------------------------
    # Outsourced-service contracts
    # ------------------------------------------------------------------
    def _rcm_contract_blocks(self):
        lines = self._rcm_spending_lines()
        texts = [
            self.env._(
                "%(line)s: contract %(contract)s covers this service of this vendor. "
                "Put the line under it.",
                line=line._rcm_line_label(),
                contract=contract.name,
            )
            for line in lines
            if not line.rcm_outsourced_id
            and line._rcm_charge().quantity > 0
            and (contract := line._rcm_find_contract())
        ]
        contracts = lines.rcm_outsourced_id
        if not contracts:
            return texts
        used = self.env["rcm.spending"]._rcm_of_charges(
            "rcm_outsourced_id", contracts, **{self._rcm_spending_key(): self.ids}
        )
        for contract in contracts:
            own = lines.filtered(
                lambda line, item=contract: line.rcm_outsourced_id == item
            )
            by_ref = {line.id: line for line in own}
            found = check_contract(
                contract._rcm_facts(*used[contract.id]),
                [line._rcm_charge(contract) for line in own],
            )
            texts += [
                self._rcm_block_text(contract, block, by_ref.get(block.line))
                for block in found
            ]
        return texts

    # ------------------------------------------------------------------
    # Texts
    # ------------------------------------------------------------------
    def _rcm_block_text(self, holder, block, line):
        """What is wrong and what to do, for the person at the button."""
        money = holder.currency_id

        def amount(value):
            return formatLang(self.env, float(value), currency_obj=money)

        expected, actual = block.expected, block.actual
        texts = {
            "fund_closed": lambda: self.env._(
                "It is not open. Use another fund, or have this one opened."
            ),
            "fund_dates": lambda: self.env._(
                "%(day)s lies outside its term, %(first)s to %(last)s. Use another "
                "fund for it.",
                day=actual,
                first=expected[0],
                last=expected[1],
            ),
            "fund_category": lambda: self.env._(
                "It may not be spent on this product category. Use another fund for "
                "the line."
            ),
            "fund_vendor": lambda: self.env._(
                "It may not be spent with this vendor. Choose an allowed vendor, or "
                "another fund."
            ),
            "fund_account": lambda: self.env._(
                "Charge the line to its account, %s.",
                holder.analytic_account_id.display_name,
            ),
            "fund_document": lambda: self.env._(
                "“%s” is missing. Attach it on the page “Budget and funds”.", expected
            ),
            "fund_money": lambda: self.env._(
                "%s more than is left of it. Take less, or another fund for the rest.",
                amount(-actual),
            ),
            "contract_closed": lambda: self.env._(
                "It is not running. Renew it, or take the line off it."
            ),
            "contract_vendor": lambda: self.env._("It is with another vendor."),
            "contract_service": lambda: self.env._("It is for another service."),
            "contract_dates": lambda: self.env._(
                "%(day)s lies outside its term, %(first)s to %(last)s. Renew it first.",
                day=actual,
                first=expected[0],
                last=expected[1],
            ),
            "contract_rate": lambda: self.env._(
                "%(actual)s is above the agreed rate of %(expected)s.",
                actual=plain(actual),
                expected=plain(expected),
            ),
            "contract_quantity": lambda: self.env._(
                "%s units more than its ceiling. Order less, or renew it.",
                plain(-actual),
            ),
            "contract_money": lambda: self.env._(
                "%s more than its ceiling. Order less, or renew it.", amount(-actual)
            ),
        }
        where = holder.display_name
        if line:
            where = f"{where}, {line._rcm_line_label()}"
        return f"{where}: {texts[block.code]()}"
