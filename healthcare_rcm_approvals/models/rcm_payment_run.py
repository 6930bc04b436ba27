from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from .rcm_requested_document import PROTECTED

ROLES = ("payables", "finance_manager")
LOCKED = frozenset(
    {"journal_id", "payment_date", "line_ids", "company_id", "due_until", "reason"}
)


class RcmPaymentRun(models.Model):
    """Due vendor bills paid together: proposed, approved once, posted in one go.

    One payment for each vendor, bank account and currency, less the vendor's credit
    notes. The approval covers exactly these payments. This file: what a run is and
    how it is asked for.
    """

    _name = "rcm.payment.run"
    _inherit = ["rcm.requested.document"]
    _description = "Payment Run"
    _order = "id desc"
    _rcm_effect = "pay"
    _rcm_sequence = "rcm.payment.run"
    _rcm_ask_roles = ROLES
    _rcm_reprocess_roles = ROLES
    _rcm_draft_fields = LOCKED
    _rcm_protected = (*PROTECTED, "export_id")

    reason = fields.Char(
        "Purpose",
        default=lambda self: self.env._("Due vendor bills"),
        help="What the run is for, as its approvers read it.",
    )
    journal_id = fields.Many2one(
        "account.journal",
        string="Paid From",
        required=True,
        domain="[('company_id', '=', company_id), ('type', '=', 'bank')]",
        default=lambda self: self.env["account.journal"]
        .sudo()  # which bank, nothing of it
        .search(
            [("company_id", "=", self.env.company.id), ("type", "=", "bank")], limit=1
        ),
    )
    payment_date = fields.Date(required=True, default=fields.Date.context_today)
    due_until = fields.Date(
        "Bills Due Until",
        required=True,
        default=lambda self: fields.Date.add(fields.Date.context_today(self), days=7),
    )
    partner_ids = fields.Many2many(
        "res.partner", string="Vendors", help="Only these. Empty: every vendor."
    )
    bill_journal_ids = fields.Many2many(
        "account.journal",
        "rcm_payment_run_bill_journal_rel",
        "run_id",
        "journal_id",
        string="Bill Journals",
        domain="[('company_id', '=', company_id), ('type', '=', 'purchase')]",
        help="Only bills of these journals. Empty: all.",
    )
    line_ids = fields.One2many("rcm.payment.run.line", "run_id", string="Bills")
    line_count = fields.Integer(
        "Number of Bills", compute="_compute_amount", store=True
    )
    amount = fields.Monetary("Total", compute="_compute_amount", store=True)
    payment_ids = fields.One2many(
        "account.payment",
        "rcm_source_id",
        domain=[("rcm_source_model", "=", "rcm.payment.run")],
        string="Payments",
        readonly=True,
    )
    payment_count = fields.Integer(compute="_compute_payment_count")
    export_id = fields.Many2one("ir.attachment", "Payment List", readonly=True)
    state = fields.Selection(
        selection_add=[("done", "Paid")], ondelete={"done": "cascade"}
    )

    @api.depends("line_ids.company_amount")
    def _compute_amount(self):
        for run in self:
            run.amount = sum(run.line_ids.mapped("company_amount"))
            run.line_count = len(run.line_ids)

    def _compute_payment_count(self):
        for run in self:
            run.payment_count = len(run.sudo().payment_ids)  # a number, nothing more

    # ------------------------------------------------------------------
    # Approval
    # ------------------------------------------------------------------
    def _rcm_approval_facts(self, effect):
        if effect != self._rcm_effect:
            return super()._rcm_approval_facts(effect)
        self.ensure_one()
        approved = {
            "journal": self.journal_id.id,
            "date": str(self.payment_date),
            "lines": sorted(
                [
                    line.move_id.id,
                    line.partner_id.id,
                    line.partner_bank_id.id or 0,
                    line.bill_currency_id.name,
                    str(line._rcm_signed()),
                ]
                for line in self.line_ids
            ),
        }
        return self._rcm_approval_item("payment_run", effect, approved)

    def _rcm_approval_scope(self):
        """Each vendor's bills are parts of it; the newest vendor is its risk."""
        vendors = self.line_ids.partner_id
        factors = [vendor._rcm_vendor_factors() for vendor in vendors]
        newest = min((item[0][1] for item in factors if item), default=None)
        scope = {
            **super()._rcm_approval_scope(),
            "vendor_categories": frozenset(vendors.category_id.ids),
        }
        if newest is not None:
            scope["risk_factors"] = (("new_vendor_days", Decimal(newest)),)
        parts = [part for line in self.line_ids for part in line._rcm_part_scopes()]
        return self._rcm_with_parts(scope, parts)

    @api.model
    def _rcm_approval_columns(self):
        names = ["move_id", "partner_id", "partner_bank_id", "bill_currency_id"]
        return {"lines": ("rcm.payment.run.line", [*names, "amount"])}

    def _rcm_check_ask(self):
        result = super()._rcm_check_ask()
        if not self.line_ids:
            raise UserError(self.env._("Propose the bills to pay first."))
        if self.journal_id.company_id != self.company_id:
            raise UserError(self.env._("The journal belongs to another company."))
        self._rcm_check_lines()
        return result

    def _rcm_duties_done(self):
        done = super()._rcm_duties_done()
        run = self.sudo()  # who did it, nothing else
        for bill in run.line_ids.move_id:
            done["post"] |= bill._rcm_actors("account.move.posted")
        done["vendor_create"] |= run.line_ids.partner_id._rcm_vendor_makers()
        done["pay"] |= run.payment_ids._rcm_actors("account.payment.posted")
        return done

    def _rcm_undo(self, reason):
        """The bank did not pay: every payment is reversed, the bills are open."""
        for payment in self.sudo().payment_ids:  # the run's own payments
            payment._rcm_reverse_payment(reason)
