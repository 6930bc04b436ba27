from odoo import api, fields, models
from odoo.exceptions import UserError

POSTED = ("posted", "posted_with_parked")
# What a line of the list leads to.
OPENED = ("rcm.deposit.batch", "rcm.remittance")


class RcmDepositClose(models.Model):
    """The end of a day at the bank: its deposits balance, and what is open is listed.

    The list is kept as it was on that evening; what is open goes on in the next day.
    """

    _name = "rcm.deposit.close"
    _inherit = "rcm.document.mixin"
    _description = "Daily Close"
    _order = "day desc, id desc"
    _rec_name = "day"
    _rcm_protected = (
        "company_id",
        "day",
        "closed_at",
        "closed_by_id",
        "deposit_total",
        "posted_total",
        "open_count",
        "open_total",
        "line_ids",
    )

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    day = fields.Date(required=True, readonly=True)
    closed_at = fields.Datetime(readonly=True)
    closed_by_id = fields.Many2one("res.users", readonly=True)
    deposit_total = fields.Monetary(
        string="Deposited", readonly=True, help="All deposits of this day."
    )
    posted_total = fields.Monetary(
        string="Posted", readonly=True, help="Remittances posted with this date."
    )
    open_count = fields.Integer(string="Open Items", readonly=True)
    open_total = fields.Monetary(string="Open Amount", readonly=True)
    line_ids = fields.One2many(
        "rcm.deposit.close.line", "close_id", string="What Was Open", readonly=True
    )

    _day_uniq = models.UniqueIndex("(company_id, day)", "This day is closed already.")

    @api.model
    def _rcm_close_day(self, company, day):
        """Close ``day`` of ``company``; refused while a deposit does not balance."""
        Batch = self.env["rcm.deposit.batch"].with_company(company)
        if self.search_count([("company_id", "=", company.id), ("day", "=", day)]):
            raise UserError(self.env._("%s is closed already.", day))
        own = [("company_id", "=", company.id)]
        unbalanced = Batch.search(
            [*own, ("deposit_date", "<=", day), ("state", "=", "open")]
        )
        if unbalanced:
            raise UserError(
                self.env._(
                    "Deposits that do not balance:\n%s",
                    "\n".join(
                        f"{batch.display_name}: "
                        + (
                            " ".join(batch._rcm_faults())
                            or self.env._("balance not confirmed")
                        )
                        for batch in unbalanced
                    ),
                )
            )
        rows = self._rcm_open_rows(company, day)
        [[deposited]] = Batch._read_group(
            [*own, ("deposit_date", "=", day)], [], ["item_amount:sum"]
        )
        [[posted]] = self.env["rcm.remittance"]._read_group(
            [*own, ("posting_date", "=", day)], [], ["amount:sum"]
        )
        # Written by the close itself, once; the caller's role was checked.
        close = self.sudo()._rcm_create(
            [
                {
                    "company_id": company.id,
                    "day": day,
                    "closed_at": fields.Datetime.now(),
                    "closed_by_id": self.env.uid,
                    "deposit_total": deposited,
                    "posted_total": posted,
                    "open_count": len(rows),
                    "open_total": company.currency_id.round(
                        sum(row["amount"] for row in rows)
                    ),
                }
            ]
        )
        self.env["rcm.deposit.close.line"].sudo()._rcm_create(  # part of it
            [{**row, "close_id": close.id} for row in rows]
        )
        close._rcm_emit(
            "deposit.day_closed",
            {"day": [None, str(day)], "open": [None, len(rows)]},
        )
        return close.with_env(self.env)

    @api.model
    def _rcm_open_rows(self, company, day):
        """What is open at the end of ``day``: money without remittance, remittances
        without money, deposits and remittances that are not posted."""
        own = [("company_id", "=", company.id)]
        rows = []
        items = self.env["rcm.deposit.item"].search(
            [*own, ("deposit_date", "<=", day), ("batch_id.state", "!=", "closed")]
        )
        for item in items.batch_id._rcm_unposted():
            kind = "no_remittance" if item.lacks_remittance else "not_posted"
            rows.append(
                _row(item.batch_id, kind, item.trace, item.payer_id, item.amount)
            )
        for batch in self.env["rcm.deposit.batch"].search(
            [*own, ("deposit_date", "<=", day), ("state", "=", "posted")]
        ):
            rows.append(
                _row(
                    batch,
                    "not_closed",
                    batch.bank_reference,
                    self.env["rcm.payer"],
                    batch.item_amount,
                )
            )
        Remittance = self.env["rcm.remittance"]
        money = [*own, ("amount", ">", 0), ("deposit_item_ids", "=", False)]
        for kind, domain in (
            (
                "no_deposit",
                [("state", "in", POSTED), ("posting_date", "<=", day)],
            ),
            ("held", [("state", "=", "held")]),
        ):
            for found in Remittance.search([*money, *domain]):
                rows.append(
                    _row(found, kind, found.trace, found.payer_id, found.amount)
                )
        return rows

    def _rcm_case_amount(self):
        """What was open that evening; the rest is in order."""
        return self.open_total


class RcmDepositCloseLine(models.Model):
    """One thing that was open when the day was closed."""

    _name = "rcm.deposit.close.line"
    _inherit = "rcm.remittance.fact"
    _description = "Open at the Daily Close"
    _order = "kind, id"
    _rec_name = "reference"

    close_id = fields.Many2one(
        "rcm.deposit.close", required=True, readonly=True, index=True
    )
    company_id = fields.Many2one(related="close_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection(
        [
            ("no_remittance", "Money without remittance"),
            ("not_posted", "Deposited, not posted"),
            ("not_closed", "Deposit not closed"),
            ("no_deposit", "Posted, money not seen"),
            ("held", "Remittance held"),
        ],
        string="What",
        readonly=True,
    )
    reference = fields.Char(string="Number", readonly=True)
    payer_id = fields.Many2one("rcm.payer", readonly=True, index="btree_not_null")
    amount = fields.Monetary(readonly=True)
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)

    def action_open(self):
        """Show the deposit or remittance."""
        self.ensure_one()
        if self.res_model not in OPENED:
            raise UserError(self.env._("There is no document to open."))
        record = self.env[self.res_model].browse(self.res_id)
        record.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "view_mode": "form",
        }


def _row(record, kind, reference, payer, amount):
    return {
        "kind": kind,
        "reference": reference or "",
        "payer_id": payer.id,
        "amount": amount,
        "res_model": record._name,
        "res_id": record.id,
    }
