"""A client that orders services, and the month that invoices them."""

from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import new_test_user

from . import builders
from .ledger_common import LedgerCase


class ClientInvoiceCase(LedgerCase):
    """A client with a price list; encounters wait for its monthly invoice."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = builders.service_code(cls.env)
        cls.client_of = cls.make_client()
        builders.invoice_rule(cls.env, "client")
        cls.Invoice = cls.env["rcm.client.invoice"]

    @classmethod
    def make_client(cls, **values):
        return cls.env["rcm.client"].create(
            {
                "name": "Test Hospital",
                "code": builders.number("CL"),
                "next_invoice_date": "2026-04-03",
                "price_ids": [
                    Command.create({"service_code_id": cls.service.id, "amount": 40.0})
                ],
                **values,
            }
        )

    def ready(self, charges=("100",), client=None, **values):
        """A ready encounter that billing has left to the client's invoice."""
        encounter = builders.encounter(
            self.env, charges, client_id=(client or self.client_of).id, **values
        )
        for state in ("completed", "coded", "ready"):
            encounter._rcm_set_state(state)
        encounter.coding_signed_off = True
        encounter._rcm_bill()
        return encounter

    def run_on(self, day, client=None):
        """The scheduled action as it runs on ``day``."""
        with patch.object(
            fields.Date, "context_today", staticmethod(lambda *_args, **_kw: day)
        ):
            (client or self.client_of)._rcm_invoice_due()
        return self.Invoice.search(
            [("client_id", "=", (client or self.client_of).id)], order="id"
        )

    def user(self, role):
        return new_test_user(
            self.env,
            login=f"client_{role}",
            groups=f"healthcare_rcm_base.group_{role}",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
