"""Shared by the tests of master data: a clinic, a payer, people of every role."""

from odoo.tests import TransactionCase, new_test_user

from .common_ground import role_user


class MasterCase(TransactionCase):
    """A company with two facilities and one payer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.main = cls.env["rcm.facility"].create({"name": "Main", "code": "T-MAIN"})
        cls.north = cls.env["rcm.facility"].create({"name": "North", "code": "T-NORTH"})
        cls.payer = cls.env["rcm.payer"].create({"name": "Test Health", "code": "T-TH"})

    @classmethod
    def role(cls, role):
        """A user who holds one role and nothing else."""
        return role_user(cls.env, role, login=f"master_{role}_{cls.__name__.lower()}")

    @classmethod
    def user_of(cls, login, groups):
        return new_test_user(cls.env, login=login, groups=groups)

    def make_contract(self, **vals):
        rates = vals.pop("rates", [{"code": "99213", "amount": 92.0}])
        return self.env["rcm.payer.contract"].create(
            {
                "name": "Test Health 2026",
                "payer_id": self.payer.id,
                "date_from": "2026-01-01",
                "rate_ids": [(0, 0, rate) for rate in rates],
                **vals,
            }
        )

    def make_patient(self, **vals):
        return self.env["rcm.patient.account"].create(
            {
                "name": "T-PA1",
                "first_name": "Ada",
                "last_name": "Alder",
                "birth_date": "1980-01-01",
                "mrn": "T-M1",
                "email": "ada@example.com",
                "street": "1 Hidden Lane",
                "facility_id": self.main.id,
                **vals,
            }
        )
