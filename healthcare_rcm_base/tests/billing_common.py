"""A small clinic for the billing tests: one facility, one payer, one contract."""

from copy import deepcopy

from odoo import Command
from odoo.tests import TransactionCase, new_test_user

from .builders import billing_address
from .neighbour import Neighbour

NPI = "1234567893"
OTHER_NPI = "1245319599"
SERVICE_DATE = "2026-03-02"
RATES = {"99213": (150.0, 92.0), "80053": (60.0, 22.0), "36415": (25.0, 30.0)}


class BillingCase(Neighbour, TransactionCase):
    """Builds clinics and canonical encounters."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # OdooBot acts as the scheduled actions do.
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.neighbour = cls.make_neighbour()
        cls.company = cls.make_company("Billing clinic")
        cls.env = cls.env["res.users"].with_company(cls.company).env
        cls.clinic = cls.make_clinic(cls.company)

    @classmethod
    def make_company(cls, name):
        company = cls.env["res.company"].create(
            {
                "name": name,
                "currency_id": cls.env.ref("base.USD").id,
                "country_id": cls.env.ref("base.us").id,
                "rcm_self_pay_concession_percent": 40.0,
            }
        )
        cls.env.user.company_ids = [Command.link(company.id)]
        return company

    @classmethod
    def make_neighbour(cls):
        """A company that calls everything as ours does, with a claim of its own."""
        company = cls.make_company("Neighbour clinic")
        cls.make_clinic(company)
        encounters = cls.env["rcm.encounter"].with_company(company)
        encounter = encounters._rcm_intake_completed(cls.data(), "cor-0", "test")
        encounter._rcm_make_ready()
        encounter._rcm_bill()
        cls.env.user.company_ids = [Command.unlink(company.id)]
        return company

    @classmethod
    def make_clinic(cls, company):
        """Facility, provider group, payers, services and contract of ``company``."""
        env = cls.env["res.users"].with_company(company).env
        owner = {"company_id": company.id}
        facility = env["rcm.facility"].create(
            {"name": "Main", "code": "MAIN", "npi": NPI, **owner}
        )
        group = env["rcm.provider.group"].create(
            {
                "name": "Group",
                "code": "PG1",
                "npi": OTHER_NPI,
                "billing_partner_id": billing_address(env).id,
                **owner,
            }
        )
        payer = env["rcm.payer"].create({"name": "Acme", "code": "ACME", **owner})
        second = env["rcm.payer"].create(
            {"name": "Aid", "code": "AID", "plan_type": "medicaid", **owner}
        )
        services = env["rcm.service.code"]
        for code, (charge, _rate) in RATES.items():
            services |= env["rcm.service.code"].create(
                {"name": code, "code": code, "standard_charge": charge, **owner}
            )
        contract = env["rcm.payer.contract"].create(
            {
                "name": "Acme 2020",
                "payer_id": payer.id,
                "date_from": "2020-01-01",
                "expected_patient_percent": 20.0,
                "concession_percent": 10.0,
                "rate_ids": [
                    Command.create({"code": code, "method": "per_unit", "amount": rate})
                    for code, (_charge, rate) in RATES.items()
                ],
                **owner,
            }
        )
        contract.state = "active"
        return {
            "facility": facility,
            "group": group,
            "payer": payer,
            "second": second,
            "services": services,
            "contract": contract,
        }

    # ------------------------------------------------------------------
    # Canonical encounters
    # ------------------------------------------------------------------
    @classmethod
    def data(cls, number="E1", charges=(("99213", "150.00"),), **encounter):
        """The canonical dict of an encounter; ``coverages`` may be given too."""
        coverages = encounter.pop("coverages", None)
        if coverages is None:
            coverages = [] if encounter.get("self_pay") else [cls.coverage(1, "ACME")]
        return {
            "encounter": {
                "number": number,
                "facility": "MAIN",
                "provider_group": "PG1",
                "type": "outpatient",
                "service_date": SERVICE_DATE,
                "place_of_service": "11",
                "rendering_npi": NPI,
                "coding_signed_off": True,
                "diagnoses": ["E119"],
                **encounter,
            },
            "patient": {
                "mrn": f"M{number}",
                "account_number": f"PA{number}",
                "first_name": "Pat",
                "last_name": "Sample",
                "birth_date": "1980-01-01",
                "sex": "F",
            },
            "guarantor": {
                "relationship": "self",
                "first_name": "Pat",
                "last_name": "Sample",
                "account_number": f"G{number}",
            },
            "coverages": coverages,
            "charges": [
                {
                    "id": f"C{place}",
                    "code": code,
                    "units": "1",
                    "amount": amount,
                    "diagnosis_pointers": [1],
                }
                for place, (code, amount) in enumerate(charges, start=1)
            ],
        }

    @classmethod
    def coverage(cls, sequence, payer, **values):
        return {
            "sequence": sequence,
            "payer": payer,
            "member_id": f"W{sequence}",
            "effective_from": "2025-01-01",
            **values,
        }

    @classmethod
    def intake(cls, data=None, **keywords):
        """Hand in a canonical dict (or one built from the keywords)."""
        data = cls.data(**keywords) if data is None else deepcopy(data)
        return cls.env["rcm.encounter"]._rcm_intake_completed(data, "cor-1", "test")

    def make_user(self, *roles, company=None):
        """A person with ``roles`` who works in the clinic's company."""
        company = company or self.company
        groups = ",".join(f"healthcare_rcm_base.group_{role}" for role in roles)
        return new_test_user(
            self.env,
            login=f"test_{'_'.join(roles)}_{company.id}",
            groups=groups,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def as_user(self, record, *roles):
        """``record`` as a person with these roles sees it."""
        user = self.make_user(*roles)
        return record.with_user(user).with_company(self.company)

    def open_cases(self, records, code=None):
        cases = self.env["rcm.exception.case"].search(
            [
                ("res_model", "=", records._name),
                ("res_id", "in", records.ids),
                ("state", "in", ("open", "in_progress", "waiting")),
            ]
        )
        return cases.filtered(lambda case: not code or case.type_code == code)
