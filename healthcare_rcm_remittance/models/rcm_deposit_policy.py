"""Post on the remittance, or only with its money: a policy of each payer."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from .rcm_deposit_batch import CONFIRMED

AWAITED = "remittance_deposit_awaited"


class RcmPayer(models.Model):
    """When this payer's remittances are posted."""

    _inherit = "rcm.payer"
    _rcm_audit_edits = ("deposit_policy",)

    deposit_policy = fields.Selection(
        [
            ("remittance", "When the remittance comes"),
            ("deposit", "With its deposit only"),
        ],
        string="Post",
        default="remittance",
        required=True,
        help="With its deposit only: the remittance waits until its cheque or "
        "transfer stands in a deposit batch that balanced.",
    )

    def write(self, vals):
        result = super().write(vals)
        if "deposit_policy" in vals:
            self._rcm_wake_remittances([AWAITED])
        return result


class RcmRemittance(models.Model):
    """A remittance and the deposit its money came with."""

    _inherit = "rcm.remittance"

    deposit_item_ids = fields.One2many(
        "rcm.deposit.item", "remittance_id", string="Deposit Items", readonly=True
    )
    deposit_batch_id = fields.Many2one(
        "rcm.deposit.batch",
        string="Deposit",
        compute="_compute_deposit_batch_id",
        help="The deposit batch in which its cheque or transfer stands.",
    )
    deposit_waived = fields.Boolean(
        string="Posted Without Deposit",
        readonly=True,
        copy=False,
        help="A finance manager let it be posted before its money was seen.",
    )

    waits_for_deposit = fields.Boolean(compute="_compute_waits_for_deposit")

    @api.model
    def _rcm_protected_fields(self):
        return super()._rcm_protected_fields() | {"deposit_waived"}

    @api.depends("state", "deposit_waived", "payer_id.deposit_policy", "bank_date")
    def _compute_waits_for_deposit(self):
        for remittance in self:
            remittance.waits_for_deposit = (
                remittance.state == "held"
                and remittance.payer_id.deposit_policy == "deposit"
                and not remittance.bank_date
                and not remittance.deposit_waived
            )

    @api.depends("deposit_item_ids.batch_id")
    def _compute_deposit_batch_id(self):
        for remittance in self:
            remittance.deposit_batch_id = remittance.deposit_item_ids[:1].batch_id

    # ------------------------------------------------------------------
    # Waiting for the money
    # ------------------------------------------------------------------
    def _rcm_match(self):
        """As ever, but not before its deposit where the payer's policy wants that."""
        self.ensure_one()
        self._rcm_find_deposit()
        if self._rcm_awaits_deposit():
            if self._rcm_check_books():
                self._rcm_store_plan(self._rcm_plan())  # to be looked at meanwhile
            self._rcm_hold()
            self._rcm_raise_case(
                AWAITED,
                self.env._("This payer's remittances are posted with their deposit."),
                amount=self.amount,
            )
            return None
        self._rcm_resolve_cases([AWAITED], self.env._("The deposit is confirmed."))
        return super()._rcm_match()

    def _rcm_awaits_deposit(self):
        """Whether it must wait for its money: there is money, and it was not seen."""
        if (
            self.deposit_waived
            or self.duplicate_of_id
            or self.currency_id.is_zero(self.amount)
        ):
            return False
        if not self._rcm_resolve_parties():
            return False  # held for that first
        if self.payer_id.deposit_policy != "deposit":
            return False
        items = self.deposit_item_ids.sudo()  # whoever posts, the bank's word counts
        return not items.filtered(
            lambda item: item.batch_id.state in CONFIRMED and not item.differs
        )

    def _rcm_find_deposit(self):
        """The deposit came first: take the item that waits for this remittance."""
        items = self.env["rcm.deposit.item"].sudo()  # a step of the system
        if self.deposit_item_ids or not self.trace:
            return
        for item in items.search(
            [
                ("company_id", "=", self.company_id.id),
                ("trace", "=", self.trace),
                ("amount", "=", self.amount),
                ("lacks_remittance", "=", True),
            ]
        ):
            if item._rcm_find_remittance() == self:
                item._rcm_link(self)
                if item.batch_id.state in CONFIRMED:
                    self._rcm_write({"bank_date": item.deposit_date})
                return

    def action_waive_deposit(self):
        """Post before the money was seen after all; a finance manager decides."""
        self.env.user._rcm_require("finance_manager")
        self.check_access("read")
        # Role and access were checked; the waiver is protected.
        waiting = self.sudo().filtered(
            lambda item: item.state == "held" and not item.deposit_waived
        )
        if not waiting:
            raise UserError(self.env._("It does not wait for a deposit."))
        waiting._rcm_write({"deposit_waived": True})
        waiting._rcm_emit("remittance.deposit_waived", {"waived": [False, True]})
        waiting._rcm_process()

    # ------------------------------------------------------------------
    # Following it
    # ------------------------------------------------------------------
    def _rcm_post(self, plan):
        result = super()._rcm_post(plan)
        self._rcm_deposits()._rcm_follow()
        return result

    def _rcm_unpost(self, reason):
        result = super()._rcm_unpost(reason)
        self._rcm_deposits()._rcm_follow()
        return result

    def _rcm_after_release(self):
        result = super()._rcm_after_release()
        deposits = self._rcm_deposits()
        if not self.parked_count and "closed" in deposits.mapped("state"):
            self._rcm_reconcile_deposited()
        return result

    def _rcm_deposits(self):
        return self.deposit_item_ids.sudo().batch_id  # a step of the posting

    def _rcm_reconcile_deposited(self):
        """Posted and its deposit closed: nothing is left to wait for."""
        done = self.filtered(lambda item: item.state == "posted")
        done._rcm_set_state("reconciled")
