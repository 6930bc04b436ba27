from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date, formatLang

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from .approval_parts import accounts_of
from .rcm_spending_document import EXCEED


class RcmSpendingDocumentMixin(models.AbstractModel):
    """What an order or a bill takes from budgets, and what happens beyond them."""

    _inherit = "rcm.spending.document.mixin"

    # ------------------------------------------------------------------
    # The check
    # ------------------------------------------------------------------
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

    # ------------------------------------------------------------------
    # Measuring
    # ------------------------------------------------------------------
    def _rcm_accounts(self):
        """Ids of the analytic accounts these are charged to."""
        return {
            account
            for line in self._rcm_spending_lines()
            for share in accounts_of(line)
            for account in share
        }

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
        approved = {
            "document": document._rcm_approved_values(),
            "beyond": [[line.id, str(excess)] for line, excess in found],
        }
        amount = sum(excess for _line, excess in found)
        place = document._rcm_spending_facility()
        parts = [
            {
                "department": line.analytic_account_id.id,
                "facility": line.facility_id.id or place.id or None,
            }
            for line, _excess in found
        ]
        # the budgets it goes beyond are its parts, not all it is charged to
        scope = {"parts": (), **self._rcm_with_parts({}, parts)}
        return document._rcm_approval_item(
            "override", effect, approved, amount, **scope
        )

    @api.model
    def _rcm_approval_columns(self):
        beyond = ("rcm.budget.line", ["id", "amount"])
        return {**super()._rcm_approval_columns(), "beyond": beyond}

    # ------------------------------------------------------------------
    # Where every line needs a budget
    # ------------------------------------------------------------------
    def _rcm_unbudgeted_blocks(self):
        """Lines that no open budget covers, where the company wants one for each."""
        texts = []
        for document in self.filtered("company_id.rcm_budget_required"):
            budgets = document._rcm_budget_lines()
            place = document._rcm_spending_facility()
            day = document._rcm_spending_day()
            covered = set(
                budgets.filtered(
                    lambda line, place=place: not line.facility_id
                    or line.facility_id == place
                ).analytic_account_id.ids
            )
            texts += [
                self.env._(
                    "%(line)s: no open budget covers it on %(day)s. Charge it to an "
                    "account that has one, or have a line added to the budget.",
                    line=line._rcm_line_label(),
                    day=format_date(self.env, day),
                )
                for line in document._rcm_spending_lines()
                if line._rcm_charge().amount > 0 and not _is_covered(line, covered)
            ]
        return texts


def _is_covered(line, accounts):
    """Whether each share of a line is charged to one of ``accounts``."""
    shares = accounts_of(line)
    return bool(shares) and all(accounts.intersection(share) for share in shares)
