"""A company with books, thresholds of its own and the people who work with bills."""

from decimal import Decimal
from itertools import count

from odoo import Command, fields
from odoo.tests import new_test_user

from odoo.addons.healthcare_rcm_base.tests import builders
from odoo.addons.healthcare_rcm_base.tests.ledger_common import LedgerCase

NUMBERS = count(1)
PASSWORD = "documents-common-1"


class DocumentCase(LedgerCase):
    """Documents of 1,000 and more need an approver, whatever their type."""

    LIMIT = 1000

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["rcm.approval.policy"].search([]).active = False
        for kind in (
            "customer_invoice",
            "credit_note",
            "vendor_bill",
            "payment",
            "payment_run",
            "write_off",
            "refund",
            "override",
        ):
            cls.set_policy(kind)
        cls.set_policy("claim", 1000000)
        cls.clerk = cls.person("payables")
        cls.second_clerk = cls.person("payables")
        cls.approver = cls.person("approver", groups="account.group_account_invoice")
        cls.vendor = cls.partner("Vendor")
        cls.expense = cls.account("expense")
        cls.income = cls.account("income")

    @classmethod
    def set_policy(cls, kind, limit=None, keep=False):
        """Straight through below the limit, an approver from there on."""
        Policy = cls.env["rcm.approval.policy"]
        if not keep:
            Policy.search([("document_type", "=", kind)]).active = False
        approver = cls.env.ref("healthcare_rcm_base.group_approver")
        limit = cls.LIMIT if limit is None else limit
        vals = [{"name": f"{kind} low", "document_type": kind, "amount_to": limit}]
        if not limit:
            vals = []
        vals.append(
            {
                "name": f"{kind} high",
                "document_type": kind,
                "amount_from": limit,
                "step_ids": [Command.create({"group_id": approver.id})],
            }
        )
        return Policy.create(vals)

    @classmethod
    def person(cls, role, groups="account.group_account_invoice", company=None):
        company = company or cls.company
        names = [f"healthcare_rcm_base.group_{role}"] if role else []
        return new_test_user(
            cls.env,
            login=f"{role or 'plain'}_{next(NUMBERS)}",
            password=PASSWORD,
            groups=",".join([*names, *filter(None, [groups])]),
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    @classmethod
    def partner(cls, name, **vals):
        return cls.env["res.partner"].create({"name": name, **vals})

    @classmethod
    def account(cls, kind):
        return cls.env["account.account"].search(
            [
                ("account_type", "=", kind),
                ("company_ids", "in", cls.company.ids),
            ],
            limit=1,
        )

    def move(self, amount, kind="in_invoice", user=None, currency=None, **vals):
        """A draft of one line, made by ``user`` (the clerk)."""
        account = self.expense if kind.startswith("in_") else self.income
        partner = vals.pop("partner", self.vendor)
        return (
            self.env["account.move"]
            .with_user(user or self.clerk)
            .create(
                {
                    "move_type": kind,
                    "partner_id": partner.id,
                    "invoice_date": fields.Date.today(),
                    "currency_id": (currency or self.company.currency_id).id,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": "Supplies",
                                "account_id": account.id,
                                "price_unit": amount,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                    **vals,
                }
            )
        )

    def payment(self, amount, user=None, **vals):
        """A draft payment to the vendor."""
        return (
            self.env["account.payment"]
            .with_user(user or self.clerk)
            .create(
                {
                    "payment_type": "outbound",
                    "partner_type": "supplier",
                    "partner_id": self.vendor.id,
                    "amount": amount,
                    "currency_id": self.company.currency_id.id,
                    "journal_id": self.bank().id,
                    **vals,
                }
            )
        )

    @classmethod
    def bank(cls):
        return cls.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)], limit=1
        )

    def claim_open(self, user=None, era=None, **values):
        """An invoiced claim, with what a remittance did to it."""
        claim = builders.invoiced_claim(self.env, **values)
        if era:
            self.post_remittance(claim, {key: Decimal(v) for key, v in era.items()})
        return claim

    def seen_by(self, stranger, model):
        """What somebody of another company finds."""
        own = {"allowed_company_ids": stranger.company_ids.ids}
        return self.env[model].with_user(stranger).with_context(**own).search([])

    def requests(self, record):
        return self.env["rcm.approval.request"].search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)]
        )

    def approve(self, record, user=None):
        """The standing request of ``record``, approved by the approver."""
        request = self.requests(record).filtered(lambda item: item.state == "pending")
        request.with_user(user or self.approver).action_approve()
        return request
