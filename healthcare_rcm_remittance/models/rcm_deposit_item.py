from odoo import api, fields, models
from odoo.exceptions import UserError

# A remittance in one of these states stands for no payment of its own.
NOT_A_PAYMENT = ("rejected", "duplicate")


class RcmDepositItem(models.Model):
    """One cheque or transfer of a deposit, and the remittance it pays for.

    Matched by trace number (TRN02) and amount (BPR02); a remittance that comes after
    its money finds the item by itself.
    """

    _name = "rcm.deposit.item"
    _inherit = "rcm.audit.mixin"
    _description = "Deposit Item"
    _order = "batch_id desc, id"
    _rec_name = "trace"
    _check_company_auto = True
    _rcm_audit_fields = ("trace", "kind", "amount", "payer_id", "remittance_id")

    batch_id = fields.Many2one(
        "rcm.deposit.batch", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="batch_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    deposit_date = fields.Date(related="batch_id.deposit_date", store=True)
    batch_state = fields.Selection(related="batch_id.state", string="Deposit Status")
    kind = fields.Selection(
        [("eft", "Transfer"), ("check", "Cheque"), ("other", "No remittance")],
        required=True,
        default="eft",
        help="“No remittance” is for money that no payer explains, e.g. a patient's "
        "cheque on the same slip.",
    )
    trace = fields.Char(
        string="Cheque or Trace Number",
        index=True,
        help="TRN02 of the remittance; the number of the cheque or transfer.",
    )
    payer_id = fields.Many2one("rcm.payer", check_company=True, index="btree_not_null")
    amount = fields.Monetary(required=True)
    remittance_id = fields.Many2one(
        "rcm.remittance",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        domain="[('company_id', '=', company_id),"
        " ('state', 'not in', ('rejected', 'duplicate'))]",
    )
    remittance_state = fields.Selection(related="remittance_id.state")
    posting_date = fields.Date(related="remittance_id.posting_date")
    remittance_amount = fields.Monetary(compute="_compute_difference")
    difference = fields.Monetary(
        compute="_compute_difference", help="The bank's amount less the remittance's."
    )
    differs = fields.Boolean(compute="_compute_difference")
    lacks_remittance = fields.Boolean(compute="_compute_lacks_remittance", store=True)

    _remittance_uniq = models.UniqueIndex(
        "(remittance_id) WHERE remittance_id IS NOT NULL",
        "This remittance's money is in another deposit already.",
    )
    _amount_positive = models.Constraint(
        "CHECK(amount > 0)", "The amount of a cheque or transfer is more than zero."
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("amount", "remittance_id.amount")
    def _compute_difference(self):
        for item in self:
            remittance = item.remittance_id
            item.remittance_amount = remittance.amount
            item.difference = item.amount - remittance.amount if remittance else 0.0
            item.differs = bool(
                remittance and item.currency_id.compare_amounts(item.difference, 0.0)
            )

    @api.depends("kind", "remittance_id")
    def _compute_lacks_remittance(self):
        for item in self:
            item.lacks_remittance = item.kind != "other" and not item.remittance_id

    @api.onchange("remittance_id")
    def _onchange_remittance_id(self):
        """Choosing the remittance first is the quick way to key an item."""
        remittance = self.remittance_id
        if remittance:
            self.trace = self.trace or remittance.trace
            self.payer_id = self.payer_id or remittance.payer_id
            self.amount = self.amount or remittance.amount
            self.kind = "check" if remittance.method == "CHK" else "eft"

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        items = super().create(vals_list)
        items._rcm_check_open()
        return items

    def write(self, vals):
        self._rcm_check_open()
        result = super().write(vals)
        self._rcm_check_open()  # nor moved into a deposit that balanced
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_while_open(self):
        self._rcm_check_open()

    def _rcm_check_open(self):
        if any(item.batch_id.state != "open" for item in self):
            raise UserError(
                self.env._(
                    "A deposit that balanced is no longer changed. Reopen it first."
                )
            )

    # ------------------------------------------------------------------
    # Matching
    # ------------------------------------------------------------------
    def _rcm_match(self):
        """Give items their remittances: same trace number, same amount, one only."""
        for item in self.filtered("lacks_remittance"):
            found = item._rcm_find_remittance()
            if found:
                item._rcm_link(found)

    def _rcm_find_remittance(self):
        """The one remittance with this item's trace number and amount, else empty."""
        self.ensure_one()
        Remittance = self.env["rcm.remittance"]
        if not self.trace:
            return Remittance
        domain = [
            ("company_id", "=", self.company_id.id),
            ("trace", "=", self.trace.strip()),
            ("amount", "=", self.amount),
            ("state", "not in", NOT_A_PAYMENT),
            ("deposit_item_ids", "=", False),
        ]
        if self.payer_id:
            domain += [("payer_id", "in", (False, self.payer_id.id))]
        found = Remittance.search(domain, limit=2)
        return found if len(found) == 1 else Remittance

    def _rcm_link(self, remittance):
        """Match, also in a deposit that balanced: what the bank said stays.

        Goes round this model's own check, nothing else may.
        """
        self.ensure_one()
        vals = {"remittance_id": remittance.id}
        if remittance.payer_id and not self.payer_id:
            vals["payer_id"] = remittance.payer_id.id
        return super().write(vals)

    def _rcm_tell_remittances(self):
        """The bank's day goes to the remittances; those that waited go on."""
        for item in self.filtered("remittance_id"):
            remittance = item.remittance_id.sudo()  # a step of the confirmed deposit
            remittance._rcm_write({"bank_date": item.deposit_date})
            remittance._rcm_emit(
                "remittance.deposited",
                {"bank_date": [None, str(item.deposit_date)]},
            )
            remittance._rcm_wake_again()

    def _rcm_open_reason(self):
        """Why this item still is open, in one sentence."""
        self.ensure_one()
        if self.lacks_remittance:
            return self.env._("no remittance explains it yet")
        states = dict(
            self.env["rcm.remittance"]._fields["state"]._description_selection(self.env)
        )
        return self.env._(
            "its remittance is not posted (%s)",
            states.get(self.remittance_state, self.remittance_state),
        )
