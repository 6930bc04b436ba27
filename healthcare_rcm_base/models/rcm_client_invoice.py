from odoo import api, fields, models
from odoo.exceptions import UserError


class RcmClientInvoice(models.Model):
    """What one client owes for one month: a line for each service.

    The month's charges, and credits for charges of earlier months that were corrected
    since. Posting makes one customer invoice, or a credit note when credits prevail.
    """

    _name = "rcm.client.invoice"
    _inherit = "rcm.document.mixin"
    _description = "Client Invoice"
    _order = "period_start desc, client_id, id desc"
    _check_company_auto = True

    _rcm_state_machine = "client_invoice"
    _rcm_protected = (
        "name",
        "client_id",
        "company_id",
        "period_start",
        "period_end",
        "state",
        "move_id",
        "amount_untaxed",
        "amount_tax",
        "amount_total",
    )
    _rcm_reprocess_roles = ("biller", "finance_manager")

    name = fields.Char(string="Number", required=True, readonly=True, copy=False)
    client_id = fields.Many2one(
        "rcm.client", required=True, readonly=True, index=True, check_company=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    period_start = fields.Date(required=True, readonly=True)
    period_end = fields.Date(
        required=True,
        readonly=True,
        help="Cut-off: services after this day go on the next invoice.",
    )
    line_ids = fields.One2many("rcm.client.invoice.line", "invoice_id", string="Lines")
    line_count = fields.Integer(compute="_compute_line_count")
    amount_untaxed = fields.Monetary(readonly=True)
    amount_tax = fields.Monetary(string="Taxes", readonly=True)
    amount_total = fields.Monetary(string="Total", readonly=True)
    move_id = fields.Many2one(
        "account.move", string="Entry", readonly=True, index="btree_not_null"
    )
    move_name = fields.Char(
        related="move_id.name",
        string="Invoice Number",
        help="Shown to people who have no accounting rights as well.",
    )
    payment_state = fields.Selection(related="move_id.payment_state", string="Payment")
    invoice_date = fields.Date(related="move_id.invoice_date")
    date_due = fields.Date(related="move_id.invoice_date_due", string="Due")
    detail_id = fields.Many2one("ir.attachment", string="Detail File", readonly=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("posted", "Posted"),
            ("credited", "Credited"),
            ("cancelled", "Cancelled"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
    )

    _period_uniq = models.UniqueIndex(
        "(client_id, period_start) WHERE state IN ('draft', 'posted')",
        "This client already has an invoice for the period.",
    )
    _period_ordered = models.Constraint(
        "CHECK(period_end >= period_start)", "The period ends before it begins."
    )

    @api.depends("line_ids")
    def _compute_line_count(self):
        for invoice in self:
            invoice.line_count = len(invoice.line_ids)

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_refresh(self):
        """Bring the draft up to date with the charges of today."""
        self._rcm_as("biller", "finance_manager")._rcm_refresh()

    def action_post(self):
        """Post what is shown; when charges changed meanwhile, show that first."""
        invoices = self._rcm_as("biller", "finance_manager")
        drafts = invoices.filtered(lambda item: item.state == "draft")
        if drafts._rcm_refresh():
            return self._rcm_notify(
                "warning",
                self.env._(
                    "Charges changed since this draft was made. It is up to date now: "
                    "look at it and post again."
                ),
            )
        drafts._rcm_post()
        return self._rcm_notify(
            "success", self.env._("%s client invoices posted.", len(drafts))
        )

    def action_credit(self):
        """Take a posted invoice back whole; its charges are due again."""
        self._rcm_as("finance_manager")._rcm_credit()

    def action_cancel(self):
        """Drop a draft; its charges go on the next invoice."""
        invoices = self._rcm_as("biller", "finance_manager")
        if any(item.state != "draft" for item in invoices):
            raise UserError(self.env._("Only a draft is cancelled; credit the others."))
        invoices._rcm_give_up()

    def _rcm_give_up(self):
        """Cancel these drafts: what they asked for is free for another invoice."""
        self.line_ids._rcm_write({"live": False})
        self._rcm_set_state("cancelled")

    def action_open_move(self):
        """The customer invoice, for people who may see it."""
        self.ensure_one()
        self.move_id.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(self.move_id.get_formview_id(), "form")],
        }

    def action_open_detail(self):
        """Download the list of services that goes with the invoice."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self.detail_id.id}?download=true",
        }

    def _rcm_as(self, *roles):
        """Check role and record access of the caller, then act with full rights."""
        self.env.user._rcm_require(*roles)
        self.check_access("read")
        return self.sudo()  # role and record rules were checked above

    def _rcm_notify(self, kind, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _rcm_audit_name(self):
        return self.name


class RcmClientInvoiceLine(models.Model):
    """One service on a client's invoice, or the credit of one invoiced before."""

    _name = "rcm.client.invoice.line"
    _inherit = "rcm.document.mixin"
    _description = "Client Invoice Line"
    _order = "invoice_id, sequence, id"

    _rcm_protected = (
        "invoice_id",
        "charge_id",
        "origin_id",
        "is_credit",
        "live",
        "gross_amount",
        "price",
        "amount",
        "tax_amount",
        "tax_ids",
    )

    invoice_id = fields.Many2one(
        "rcm.client.invoice",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(related="invoice_id.company_id", store=True)
    currency_id = fields.Many2one(related="invoice_id.currency_id")
    charge_id = fields.Many2one(
        "rcm.charge", required=True, readonly=True, index=True, ondelete="restrict"
    )
    encounter_id = fields.Many2one(related="charge_id.encounter_id", store=True)
    facility_id = fields.Many2one(
        related="charge_id.facility_id", store=True, index=True
    )
    order_id = fields.Many2one(related="charge_id.order_id")
    service_date = fields.Date(related="charge_id.service_date", store=True)
    code = fields.Char(related="charge_id.code")
    modifiers = fields.Char(related="charge_id.modifiers")
    units = fields.Float(related="charge_id.units")
    gross_amount = fields.Monetary(string="Gross Charge", readonly=True)
    price = fields.Monetary(
        readonly=True, help="As agreed with the client, with taxes it includes."
    )
    amount = fields.Monetary(string="Without Tax", readonly=True)
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes",
        readonly=True,
        groups="account.group_account_readonly,account.group_account_invoice",
    )
    tax_amount = fields.Monetary(string="Tax", readonly=True)
    is_credit = fields.Boolean(string="Credit", readonly=True)
    origin_id = fields.Many2one(
        "rcm.client.invoice.line",
        string="Credits",
        readonly=True,
        index="btree_not_null",
    )
    live = fields.Boolean(default=True, readonly=True)

    _charge_once = models.UniqueIndex(
        "(charge_id, is_credit) WHERE live",
        "This charge is on a client's invoice already.",
    )

    def _rcm_audit_name(self):
        self.ensure_one()
        return f"{self.invoice_id.name} {self.sequence}"
