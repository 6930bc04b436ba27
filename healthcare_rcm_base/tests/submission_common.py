"""Claims that are due to leave the house, and batches of them."""

from odoo import fields

from . import builders
from .common_ground import role_user
from .ledger_common import LedgerCase


class SubmissionCase(LedgerCase):
    """Invoiced claims of one payer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Batch = cls.env["rcm.submission.batch"]
        cls.payer = builders.payer(cls.env)
        builders.contract(cls.env, cls.payer)
        cls.pair = cls.ready(2)

    @classmethod
    def ready(cls, count=1, **values):
        encounters = cls.env["rcm.encounter"]
        for _place in range(count):
            encounters |= builders.encounter(cls.env, ["1000"], [cls.payer], **values)
        claims = builders.claims_of(encounters)
        claims._rcm_create_invoices()
        return claims

    def gathered(self, claims):
        batches, refused = self.Batch._rcm_gather(claims)
        self.assertFalse(refused)
        return batches

    def sent(self, claims):
        batch = self.gathered(claims)
        batch._rcm_export()
        batch._rcm_mark_submitted(fields.Datetime.now())
        return batch

    def user(self, role, company=None):
        company = company or self.company
        user = role_user(self.env, role, login=f"batch_{role}_{company.id}")
        user.write({"company_ids": [(6, 0, company.ids)], "company_id": company.id})
        return user

    def receive(self, status, **values):
        return self.Batch._rcm_receive_acknowledgement(self.company, status, **values)
