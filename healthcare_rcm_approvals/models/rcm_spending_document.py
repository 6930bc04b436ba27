from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..policy.spending import Fund, check_contract, check_fund, plain

EXCEED = "exceed_budget"


class RcmSpendingDocumentMixin(models.AbstractModel):
    """An order or a bill: what it spends is measured before it is bound.

    Funds and contracts refuse; budgets refuse, ask for an approval or say so, as each
    budget wants it. What is measured is locked first, so that two documents cannot
    both take the last of it.
    """

    _name = "rcm.spending.document.mixin"
    _inherit = "rcm.approval.mixin"
    _description = "Document That Spends"

    # ------------------------------------------------------------------
    # What a document says; overridden by orders and bills
    # ------------------------------------------------------------------
    def _rcm_spending_lines(self):
        """The lines that spend, with ``rcm_fund_id`` and ``rcm_outsourced_id``."""
        raise NotImplementedError

    def _rcm_spending_day(self):
        """The day in whose budget it falls."""
        raise NotImplementedError

    def _rcm_spending_facility(self):
        """The facility it is for, or none."""
        raise NotImplementedError

    def _rcm_evidence(self):
        """The documents attached for funds."""
        raise NotImplementedError

    @api.model
    def _rcm_spending_key(self):
        """``orders`` or ``moves``: how the measuring query calls these."""
        raise NotImplementedError

    # ------------------------------------------------------------------
    # The check
    # ------------------------------------------------------------------
    def _rcm_check_spending(self):
        """Refuse what funds, contracts and budgets do not bear, with the way out."""
        # conditions hold whoever may read them
        documents = self.sudo()
        lines = documents._rcm_spending_lines()
        spending = documents.env["rcm.spending"]
        spending._rcm_lock(documents._rcm_budget_lines())
        spending._rcm_lock(lines.rcm_fund_id)
        spending._rcm_lock(lines.rcm_outsourced_id)
        if blocks := documents._rcm_spending_blocks():
            raise UserError("\n".join(dict.fromkeys(blocks)))
        self._rcm_check_budgets()

    def _rcm_check_budgets(self):
        documents = self.sudo()  # a budget holds whoever may read it
        excesses = documents._rcm_excesses()
        refused = [item for item in excesses if item[0].on_excess == "refuse"]
        if refused:
            raise UserError(documents._rcm_excess_text(refused))
        if any(line.on_excess == "approval" for line, _over in excesses):
            self._rcm_check_excess_approved()
        warned = [item for item in excesses if item[0].on_excess == "warn"]
        if warned:
            self._rcm_say_excess(documents._rcm_excess_text(warned))

    def _rcm_check_excess_approved(self):
        """Refuse unless those that go beyond may, each for itself."""
        alone = self.filtered(lambda item: item._rcm_approval_facts(EXCEED))
        if not alone:
            raise UserError(
                self.env._(
                    "Together these go beyond a budget, each alone does not. Take "
                    "them one by one, so that the one that goes beyond is approved."
                )
            )
        alone._rcm_approval_assert(EXCEED)

    def _rcm_say_excess(self, text):
        """Keep that it went beyond its budget, and say so where it is read."""
        self._rcm_emit("budget.exceeded")
        for document in self:
            document.message_post(body=text)

    def _rcm_spending_blocks(self):
        """What funds and contracts have against these, as sentences."""
        return [*self._rcm_fund_blocks(), *self._rcm_contract_blocks()]

    # ------------------------------------------------------------------
    # Budgets
    # ------------------------------------------------------------------
    def _rcm_accounts(self):
        """Ids of the analytic accounts these are charged to."""
        found = set()
        for line in self._rcm_spending_lines():
            for key in line.analytic_distribution or {}:
                found |= {int(part) for part in key.split(",")}
        return found

    def _rcm_budget_lines(self):
        """Lines of open budgets that these are measured against."""
        days = [document._rcm_spending_day() for document in self]
        return self.env["rcm.budget.line"]._rcm_for(
            self.company_id, self._rcm_accounts(), days
        )

    def _rcm_excesses(self):
        """``[(budget line, by how much)]`` that these together go beyond.

        A line that was beyond before and is not used more is none of theirs.
        """
        lines = self._rcm_budget_lines()
        if not lines:
            return []
        spending, key = self.env["rcm.spending"], self._rcm_spending_key()
        then = spending._rcm_of_budgets(lines, **{key: self.ids})
        over = {}
        for line in lines:
            excess = sum(then[line.id]) - to_decimal(
                line.amount, line.currency_id.decimal_places
            )
            if excess > 0:
                over[line] = excess
        if not over:
            return []
        beyond = lines.browse(line.id for line in over)
        without = spending._rcm_of_budgets(beyond, without={key: self.ids})
        return [
            (line, excess)
            for line, excess in over.items()
            if sum(then[line.id]) > sum(without[line.id])
        ]

    def _rcm_excess_text(self, excesses):
        rows = [
            self.env._(
                "%(line)s: %(over)s more than its %(amount)s.",
                line=line.display_name,
                over=formatLang(self.env, float(excess), currency_obj=line.currency_id),
                amount=formatLang(self.env, line.amount, currency_obj=line.currency_id),
            )
            for line, excess in excesses
        ]
        rows.append(
            self.env._(
                "Order less, charge another account, or ask the budget's owner for a "
                "revision."
            )
        )
        head = self.env._("The budget is not enough:")
        return "\n".join([head, *rows])

    def _rcm_approval_facts(self, effect):
        if effect != EXCEED:
            return super()._rcm_approval_facts(effect)
        self.ensure_one()
        document = self.sudo()  # a budget holds whoever may read it
        found = [
            (line, excess)
            for line, excess in document._rcm_excesses()
            if line.on_excess == "approval"
        ]
        if not found:
            return None
        return {
            "facts": self._rcm_facts_for(
                "override",
                effect,
                sum(excess for _line, excess in found),
                company=document.company_id.id,
                facility=document._rcm_spending_facility().id or None,
                department=found[0][0].analytic_account_id.id,
            ),
            "approved": {
                "document": document._rcm_approved_values(),
                "beyond": [[line.id, str(excess)] for line, excess in found],
            },
        }

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

    # ------------------------------------------------------------------
    # What people see before
    # ------------------------------------------------------------------
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


class RcmSpendingLineMixin(models.AbstractModel):
    """A line that spends: the fund that bears it, the contract it is under."""

    _name = "rcm.spending.line.mixin"
    _description = "Line That Spends"

    rcm_fund_id = fields.Many2one(
        "rcm.fund",
        "Fund",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('state', '=', 'open')]",
        help="The grant or restricted money that bears this line.",
    )
    rcm_outsourced_id = fields.Many2one(
        "rcm.outsourced.contract",
        "Service Contract",
        index="btree_not_null",
        ondelete="restrict",
        help="The contract this service is bought under; found by vendor and service.",
    )
