from odoo import api, fields, models
from odoo.exceptions import UserError

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

    def _rcm_spending_blocks(self):
        """What funds, contracts and missing budgets have against these: sentences."""
        return [
            *self._rcm_fund_blocks(),
            *self._rcm_contract_blocks(),
            *self._rcm_unbudgeted_blocks(),
        ]


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
