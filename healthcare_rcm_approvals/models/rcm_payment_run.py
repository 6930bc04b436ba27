import base64
import csv
import io
from collections import defaultdict
from decimal import Decimal

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from .rcm_requested_document import PROTECTED

ROLES = ("payables", "finance_manager")
FORMULA = ("=", "+", "-", "@")
LOCKED = frozenset(
    {"journal_id", "payment_date", "line_ids", "company_id", "due_until", "reason"}
)


class RcmPaymentRun(models.Model):
    """Due vendor bills paid together: proposed, approved once, posted in one go.

    One payment for each vendor, bank account and currency. The approval covers
    exactly these payments.
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
    # Proposal
    # ------------------------------------------------------------------
    def action_propose(self):
        """Put in every bill that is due, open and in no other run."""
        runs = self._rcm_as(*ROLES)
        runs._rcm_require_draft()
        for run in runs:
            run._rcm_propose()
        return True

    def _rcm_propose(self):
        self.ensure_one()
        bills = self.env["account.move"].search(self._rcm_due_domain())
        taken = self._rcm_taken(bills)
        known = self.line_ids.move_id
        self.line_ids = [
            Command.create({"move_id": bill.id, "amount": bill.amount_residual})
            for bill in (bills - taken - known).sorted(
                lambda bill: (bill.invoice_date_due or bill.date, bill.id)
            )
        ]
        if not self.line_ids:
            raise UserError(
                self.env._(
                    "No open bill is due by %s that is in no other run.", self.due_until
                )
            )

    def _rcm_due_domain(self):
        """Posted bills that are open and due; blocked ones are not paid."""
        domain = [
            ("move_type", "in", ("in_invoice", "in_receipt")),
            ("state", "=", "posted"),
            ("payment_state", "in", ("not_paid", "partial")),
            ("company_id", "=", self.company_id.id),
            ("invoice_date_due", "<=", self.due_until),
        ]
        if self.partner_ids:
            partners = self.partner_ids.commercial_partner_id
            domain.append(("commercial_partner_id", "in", partners.ids))
        if self.bill_journal_ids:
            domain.append(("journal_id", "in", self.bill_journal_ids.ids))
        return domain

    def _rcm_taken(self, bills):
        """Those of these bills that another open run pays."""
        return (
            self.env["rcm.payment.run.line"]
            .search(
                [
                    ("move_id", "in", bills.ids),
                    ("run_id", "!=", self.id),
                    ("run_id.state", "in", ("draft", "requested", "approved")),
                ]
            )
            .move_id
        )

    # ------------------------------------------------------------------
    # Approval
    # ------------------------------------------------------------------
    def _rcm_approval_facts(self, effect):
        if effect != self._rcm_effect:
            return super()._rcm_approval_facts(effect)
        self.ensure_one()
        digits = self.currency_id.decimal_places
        vendors = self.line_ids.partner_id
        factors = [vendor._rcm_vendor_factors() for vendor in vendors]
        newest = min((item[0][1] for item in factors if item), default=None)
        return {
            "facts": self._rcm_facts_for(
                "payment_run",
                effect,
                to_decimal(self.amount, digits),
                company=self.company_id.id,
                vendor_categories=frozenset(vendors.category_id.ids),
                risk_factors=()
                if newest is None
                else (("new_vendor_days", Decimal(newest)),),
            ),
            "approved": {
                "journal": self.journal_id.id,
                "date": str(self.payment_date),
                "lines": sorted(
                    [
                        line.move_id.id,
                        line.partner_id.id,
                        line.partner_bank_id.id or 0,
                        line.bill_currency_id.name,
                        str(
                            to_decimal(
                                line.amount, line.bill_currency_id.decimal_places
                            )
                        ),
                    ]
                    for line in self.line_ids
                ),
            },
        }

    def _rcm_check_ask(self):
        result = super()._rcm_check_ask()
        if not self.line_ids:
            raise UserError(self.env._("Propose the bills to pay first."))
        if self.journal_id.company_id != self.company_id:
            raise UserError(self.env._("The journal belongs to another company."))
        for line in self.line_ids:
            line._rcm_check()
        return result

    def _rcm_duties_done(self):
        done = super()._rcm_duties_done()
        run = self.sudo()  # who did it, nothing else
        for bill in run.line_ids.move_id:
            done["post"] |= bill._rcm_actors("account.move.posted")
        done["vendor_create"] |= run.line_ids.partner_id._rcm_vendor_makers()
        done["pay"] |= run.payment_ids._rcm_actors("account.payment.posted")
        return done

    # ------------------------------------------------------------------
    # Effect
    # ------------------------------------------------------------------
    def _rcm_have_effect(self):
        self.line_ids.move_id.lock_for_update()
        for line in self.line_ids:
            line._rcm_check()
        groups = defaultdict(self.env["rcm.payment.run.line"].browse)
        for line in self.line_ids:
            key = (line.partner_id, line.partner_bank_id, line.bill_currency_id)
            groups[key] |= line
        payments = self.env["account.payment"]._rcm_make_payments(
            [self._rcm_payment_vals(*key, lines) for key, lines in groups.items()]
        )
        for payment, lines in zip(payments, groups.values(), strict=True):
            lines._rcm_write({"payment_id": payment.id})
        # covered by the approval of the run
        payments.sudo().action_post()
        payments.sudo()._rcm_settle_bills()
        self._rcm_write({"export_id": self._rcm_make_export().id})

    def _rcm_payment_vals(self, partner, bank, currency, lines):
        payable = lines.move_id.line_ids.filtered(
            lambda line: line.account_type == "liability_payable"
        ).account_id[:1]
        return {
            "payment_type": "outbound",
            "partner_type": "supplier",
            "partner_id": partner.id,
            "partner_bank_id": bank.id,
            "amount": sum(lines.mapped("amount")),
            "currency_id": currency.id,
            "journal_id": self.journal_id.id,
            "company_id": self.company_id.id,
            "date": self.payment_date,
            "destination_account_id": payable.id,
            "memo": f"{self.name} " + ", ".join(lines.move_id.mapped("name"))[:120],
            "invoice_ids": [Command.set(lines.move_id.ids)],
            "rcm_source_model": self._name,
            "rcm_source_id": self.id,
        }

    def _rcm_covers_payment(self, payment):
        """Whether this approved run is for this very payment."""
        self.ensure_one()
        lines = self.line_ids.filtered(lambda line: line.payment_id == payment)
        digits = payment.currency_id.decimal_places
        total = sum(to_decimal(line.amount, digits) for line in lines)
        return bool(
            lines
            and self.state in ("requested", "approved")
            and lines.partner_id == payment.partner_id
            and lines.partner_bank_id == payment.partner_bank_id
            and lines.bill_currency_id == payment.currency_id
            and payment.journal_id == self.journal_id
            and to_decimal(payment.amount, digits) == total
        )

    # ------------------------------------------------------------------
    # Export
    # ------------------------------------------------------------------
    def action_export(self):
        """Download the list of bills and payments."""
        self.ensure_one()
        run = self._rcm_as(*ROLES, "auditor", "approver")
        if not run.export_id:
            run._rcm_write({"export_id": run._rcm_make_export().id})
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{run.export_id.id}?download=true",
        }

    def _rcm_make_export(self):
        """A CSV file of what is paid to whom; readable with the run."""
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(
            [
                self.env._("Payment"),
                self.env._("Vendor"),
                self.env._("Bank account"),
                self.env._("Bill"),
                self.env._("Reference"),
                self.env._("Due"),
                self.env._("Amount"),
                self.env._("Currency"),
            ]
        )
        for line in self.line_ids:
            writer.writerow(
                [
                    _plain(line.payment_id.name),
                    _plain(line.partner_id.name),
                    _plain(line.partner_bank_id.acc_number),
                    _plain(line.move_id.name),
                    _plain(line.move_id.ref),
                    line.date_due or "",
                    to_decimal(line.amount, line.bill_currency_id.decimal_places),
                    line.bill_currency_id.name,
                ]
            )
        return (
            self.env["ir.attachment"]
            .sudo()  # made by the run, for whoever may read the run
            .create(
                {
                    "name": f"{self.name.replace('/', '-')}.csv",
                    "datas": base64.b64encode(buffer.getvalue().encode()),
                    "mimetype": "text/csv",
                    "res_model": self._name,
                    "res_id": self.id,
                }
            )
        )

    def action_open_payments(self):
        """The payments of this run."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Payments"),
            "res_model": "account.payment",
            "view_mode": "list,form",
            "domain": [
                ("rcm_source_model", "=", self._name),
                ("rcm_source_id", "=", self.id),
            ],
            "context": {"create": False},
        }

    # ------------------------------------------------------------------
    # Taking back
    # ------------------------------------------------------------------
    def _rcm_undo(self, reason):
        """The bank did not pay: every payment is reversed, the bills are open."""
        for payment in self.sudo().payment_ids:  # the run's own payments
            payment._rcm_reverse_payment(reason)


class RcmPaymentRunLine(models.Model):
    """One bill of a payment run, and how much of it is paid."""

    _name = "rcm.payment.run.line"
    _inherit = "rcm.document.mixin"
    _description = "Bill In A Payment Run"
    _order = "run_id, date_due, id"
    _rcm_protected = ("payment_id",)
    _rcm_audit_edits = ("move_id", "amount")

    run_id = fields.Many2one(
        "rcm.payment.run", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="run_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    move_id = fields.Many2one(
        "account.move", string="Bill", required=True, index=True, ondelete="restrict"
    )
    bill_name = fields.Char(related="move_id.name", string="Number")
    bill_ref = fields.Char(related="move_id.ref", string="Reference")
    partner_id = fields.Many2one(
        related="move_id.commercial_partner_id", string="Vendor", store=True
    )
    partner_bank_id = fields.Many2one(
        related="move_id.partner_bank_id", string="Bank Account"
    )
    date_due = fields.Date(related="move_id.invoice_date_due", string="Due", store=True)
    bill_currency_id = fields.Many2one(
        related="move_id.currency_id", string="Bill Currency"
    )
    residual = fields.Monetary(
        "Open",
        related="move_id.amount_residual",
        currency_field="bill_currency_id",
    )
    amount = fields.Monetary("To Pay", required=True, currency_field="bill_currency_id")
    company_amount = fields.Monetary(
        "In Company Currency", compute="_compute_company_amount", store=True
    )
    payment_id = fields.Many2one("account.payment", readonly=True, index=True)

    _amount_positive = models.Constraint(
        "CHECK(amount > 0)", "What is paid must be above zero."
    )
    _once_in_a_run = models.UniqueIndex(
        "(run_id, move_id)", "The bill is in this run already."
    )

    @api.depends("amount", "bill_currency_id", "run_id.payment_date")
    def _compute_company_amount(self):
        for line in self:
            line.company_amount = line.bill_currency_id._convert(
                line.amount,
                line.company_id.currency_id,
                line.company_id,
                line.run_id.payment_date or fields.Date.context_today(line),
            )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.run_id._rcm_require_draft()
        return lines

    def write(self, vals):
        if {"move_id", "amount", "run_id"} & vals.keys():
            self.run_id._rcm_require_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _only_of_drafts(self):
        self.run_id._rcm_require_draft()

    def _rcm_audit_name(self):
        return f"{self.run_id.name} · {self.move_id.name}"

    def _rcm_check(self):
        """Refuse what is not a posted, open, unblocked bill of this company."""
        self.ensure_one()
        bill = self.move_id
        if bill.move_type not in ("in_invoice", "in_receipt"):
            raise UserError(self.env._("%s is not a vendor bill.", bill.name))
        if bill.company_id != self.company_id:
            raise UserError(self.env._("%s belongs to another company.", bill.name))
        if bill.state != "posted" or bill.payment_state not in ("not_paid", "partial"):
            raise UserError(
                self.env._("%s is not open any more: take it out.", bill.name)
            )
        if bill.currency_id.compare_amounts(self.amount, bill.amount_residual) > 0:
            raise UserError(
                self.env._("%s: that is more than is open of it.", bill.name)
            )
        if self.run_id._rcm_taken(bill):
            raise UserError(self.env._("%s is in another payment run.", bill.name))


def _plain(text):
    """Text that no spreadsheet takes for a formula."""
    text = text or ""
    return f"'{text}" if text.startswith(FORMULA) else text
