from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from odoo.addons.healthcare_rcm_base.core import states

from .rcm_remittance import POSTED_STATES

MACHINE = "deposit_batch"
states.register(
    MACHINE,
    {
        "open": ("balanced",),
        "balanced": ("open", "posted"),
        "posted": ("closed", "balanced"),
        "closed": (),
    },
)
POSTERS = ("cash_poster", "finance_manager")
CONFIRMED = ("balanced", "posted", "closed")
# What a person keys while the batch is open.
KEYED = frozenset(
    {
        "deposit_date",
        "bank_reference",
        "journal_id",
        "facility_id",
        "control_count",
        "control_amount",
        "item_ids",
        "note",
    }
)


class RcmDepositBatch(models.Model):
    """One deposit at the bank: its cheques and transfers, and what they paid for.

    The control totals come from the bank's slip or advice; the items must add up to
    them before the batch counts as money that was seen. The day of the deposit is
    the bank's; remittances keep their own posting day.
    """

    _name = "rcm.deposit.batch"
    _inherit = ["rcm.document.mixin", "mail.thread"]
    _description = "Deposit Batch"
    _order = "deposit_date desc, id desc"
    _rec_names_search = ["bank_reference", "item_ids.trace"]
    _check_company_auto = True
    _rcm_state_machine = MACHINE
    _rcm_protected = ("company_id", "balanced_by_id", "closed_at", "closed_by_id")
    _rcm_audit_fields = (
        "deposit_date",
        "bank_reference",
        "control_count",
        "control_amount",
    )
    _rcm_reprocess_roles = POSTERS

    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    facility_id = fields.Many2one(
        "rcm.facility",
        index="btree_not_null",
        check_company=True,
        help="Only for a bank account that one facility has to itself.",
    )
    deposit_date = fields.Date(
        required=True,
        index=True,
        default=fields.Date.context_today,
        help="The bank's day. Remittances are posted on a day of their own.",
    )
    bank_reference = fields.Char(
        required=True,
        index="trigram",
        help="Number of the deposit slip, or the bank's reference of the credit.",
    )
    journal_id = fields.Many2one(
        "account.journal",
        string="Bank Account",
        check_company=True,
        domain="[('type', '=', 'bank')]",
        index="btree_not_null",
    )
    control_count = fields.Integer(
        help="How many cheques and transfers, by the slip or the bank.",
    )
    control_amount = fields.Monetary(
        string="Control Total", help="The sum by the slip or the bank."
    )
    item_ids = fields.One2many("rcm.deposit.item", "batch_id", string="Items")
    item_count = fields.Integer(compute="_compute_totals", store=True)
    item_amount = fields.Monetary(
        string="Items Total", compute="_compute_totals", store=True
    )
    count_difference = fields.Integer(compute="_compute_totals", store=True)
    amount_difference = fields.Monetary(
        string="Difference",
        compute="_compute_totals",
        store=True,
        help="Items less control total.",
    )
    unmatched_count = fields.Integer(
        string="Without Remittance", compute="_compute_totals", store=True
    )
    unposted_count = fields.Integer(
        string="Not Posted Yet", compute="_compute_unposted_count"
    )
    balance_html = fields.Html(compute="_compute_balance_html", sanitize=False)
    note = fields.Text(help="No patient data.")
    state = fields.Selection(
        [
            ("open", "Open"),
            ("balanced", "Balanced"),
            ("posted", "Posted"),
            ("closed", "Closed"),
        ],
        string="Status",
        default="open",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
    )
    balanced_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    closed_at = fields.Datetime(readonly=True, copy=False)
    closed_by_id = fields.Many2one("res.users", readonly=True, copy=False)

    _reference_uniq = models.UniqueIndex(
        "(company_id, bank_reference, deposit_date)",
        "This deposit is entered already.",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("bank_reference", "deposit_date")
    def _compute_display_name(self):
        for batch in self:
            batch.display_name = f"{batch.bank_reference or ''} {batch.deposit_date}"

    @api.depends(
        "control_count",
        "control_amount",
        "item_ids.amount",
        "item_ids.remittance_id",
        "item_ids.kind",
    )
    def _compute_totals(self):
        for batch in self:
            items = batch.item_ids
            currency = batch.currency_id or batch.env.company.currency_id
            batch.item_count = len(items)
            batch.item_amount = currency.round(sum(items.mapped("amount")))
            batch.count_difference = batch.item_count - batch.control_count
            batch.amount_difference = currency.round(
                batch.item_amount - batch.control_amount
            )
            batch.unmatched_count = len(items.filtered("lacks_remittance"))

    @api.depends("item_ids.remittance_id.state", "item_ids.lacks_remittance")
    def _compute_unposted_count(self):
        for batch in self:
            batch.unposted_count = len(batch._rcm_unposted())

    @api.depends(
        "count_difference", "amount_difference", "item_ids.difference", "state"
    )
    def _compute_balance_html(self):
        for batch in self:
            batch.balance_html = self.env["ir.qweb"]._render(
                "healthcare_rcm_remittance.rcm_deposit_balance",
                {"rows": batch._rcm_balance_rows(), "faults": batch._rcm_faults()},
            )

    def _rcm_balance_rows(self):
        """(what, expected, actual, difference, does it tie) of the control totals."""
        self.ensure_one()
        return [
            (
                self.env._("Cheques and transfers"),
                self.control_count,
                self.item_count,
                self.count_difference,
                not self.count_difference,
            ),
            (
                self.env._("Amount"),
                self._rcm_shown(self.control_amount),
                self._rcm_shown(self.item_amount),
                self._rcm_shown(self.amount_difference),
                self.currency_id.is_zero(self.amount_difference),
            ),
        ]

    def _rcm_shown(self, amount):
        currency = self.currency_id or self.env.company.currency_id
        return format_amount(self.env, amount, currency)

    def _rcm_faults(self):
        """Sentences that say why this batch does not balance; empty when it does."""
        self.ensure_one()
        faults = []
        if not self.item_ids:
            faults.append(self.env._("It has no cheque or transfer yet."))
        if self.count_difference:
            faults.append(
                self.env._(
                    "Number of items: expected %(expected)s, found %(actual)s, "
                    "difference %(difference)s.",
                    expected=self.control_count,
                    actual=self.item_count,
                    difference=self.count_difference,
                )
            )
        if not self.currency_id.is_zero(self.amount_difference):
            faults.append(
                self.env._(
                    "Amount: expected %(expected)s, found %(actual)s, difference "
                    "%(difference)s.",
                    expected=self._rcm_shown(self.control_amount),
                    actual=self._rcm_shown(self.item_amount),
                    difference=self._rcm_shown(self.amount_difference),
                )
            )
        for item in self.item_ids.filtered("differs"):
            faults.append(
                self.env._(
                    "%(trace)s: its remittance pays %(expected)s, the bank had "
                    "%(actual)s, difference %(difference)s.",
                    trace=item.trace or "–",
                    expected=self._rcm_shown(item.remittance_amount),
                    actual=self._rcm_shown(item.amount),
                    difference=self._rcm_shown(item.difference),
                )
            )
        return faults

    def _rcm_unposted(self):
        """Items whose remittance is missing or not posted."""
        return self.item_ids.filtered(
            lambda item: item.lacks_remittance
            or (item.remittance_id and item.remittance_id.state not in POSTED_STATES)
        )

    def _rcm_case_amount(self):
        return self.control_amount

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    def write(self, vals):
        if KEYED.intersection(vals) and any(item.state != "open" for item in self):
            raise UserError(
                self.env._(
                    "A deposit that balanced is no longer changed. Reopen it first."
                )
            )
        return super().write(vals)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_match(self):
        """Find the remittance of each item by trace number and amount."""
        self.env.user._rcm_require(*POSTERS)
        self.check_access("write")
        self.item_ids._rcm_match()

    def action_balance(self):
        """Confirm the deposit: the items add up to the bank's totals."""
        self.env.user._rcm_require(*POSTERS)
        self.check_access("write")
        for batch in self:
            batch.item_ids._rcm_match()
            faults = batch._rcm_faults()
            if faults:
                raise UserError("\n".join(faults))
            batch._rcm_confirm()

    def _rcm_confirm(self):
        """The money was seen: tell its remittances and those that wait for it."""
        self.ensure_one()
        self._rcm_set_state("balanced", balanced_by_id=self.env.uid)
        self.item_ids._rcm_tell_remittances()
        self._rcm_follow()

    def _rcm_follow(self):
        """Posted when every item is; back to balanced when one no longer is."""
        for batch in self:
            done = not batch._rcm_unposted()
            if batch.state == "balanced" and done:
                batch._rcm_set_state("posted")
            elif batch.state == "posted" and not done:
                batch._rcm_set_state("balanced")

    def action_reopen(self):
        """Take the confirmation back, to correct what was keyed."""
        self.env.user._rcm_require("finance_manager")
        self.check_access("write")
        for batch in self:
            if batch.state == "posted":
                batch._rcm_set_state("balanced")
            batch._rcm_set_state("open", balanced_by_id=False)
            remittances = batch.item_ids.remittance_id.sudo()  # role was checked
            remittances._rcm_write({"bank_date": False})

    def action_close(self):
        """Close the deposit: it balances and everything in it is posted."""
        self.env.user._rcm_require(*POSTERS)
        self.check_access("write")
        for batch in self:
            batch._rcm_check_close()
            batch._rcm_set_state(
                "closed",
                closed_at=fields.Datetime.now(),
                closed_by_id=self.env.uid,
            )
            remittances = batch.item_ids.remittance_id.sudo()  # role was checked
            remittances._rcm_reconcile_deposited()

    def _rcm_check_close(self):
        self.ensure_one()
        faults = self._rcm_faults()
        if self.state == "open" and not faults:
            faults = [self.env._("Confirm its balance first.")]
        for item in self._rcm_unposted():
            faults.append(
                self.env._(
                    "%(trace)s: %(why)s",
                    trace=item.trace or "–",
                    why=item._rcm_open_reason(),
                )
            )
        if faults:
            raise UserError(
                self.env._(
                    "%(batch)s cannot be closed:\n%(faults)s",
                    batch=self.display_name,
                    faults="\n".join(faults),
                )
            )

    def action_remittances(self):
        """Show the remittances this deposit paid for."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Remittances"),
            "res_model": "rcm.remittance",
            "view_mode": "list,form",
            "domain": [("id", "in", self.item_ids.remittance_id.ids)],
            "context": {"create": False},
        }
