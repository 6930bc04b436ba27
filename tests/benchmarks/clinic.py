"""What the benchmarks work on: claims, the 835 that answers them, plain invoices."""

from datetime import date

from odoo import Command, fields

# Small enough that ten thousand of them still go straight through the policies.
CHARGE, PAID, CONTRACTUAL, PATIENT = 10, 3, 6, 1
TAX_ID = "123456789"


class Clinic:
    """A clinic with as many submitted claims as are asked for."""

    def __init__(self, env):
        from odoo.addons.healthcare_rcm_base.tests import builders
        from odoo.addons.healthcare_rcm_remittance.tests import era

        self.builders, self.era = builders, era
        company = builders.company(env, "Bench clinic")
        company.rcm_tax_id = TAX_ID
        context = {"allowed_company_ids": company.ids, "tracking_disable": True}
        self.env = env(context=context)
        self.company = company.with_env(self.env)
        self.payer = builders.payer(self.env, payer_identifier="1512345678")
        builders.contract(self.env, self.payer, percent=40, patient_percent=20)
        self.facility = builders.facility(self.env)
        self.group = builders.provider_group(self.env)
        self.code = builders.service_code(self.env)
        self.made = 0
        # Receivable of plain invoices: ours is settled by remittances alone.
        self.customer = self.env["res.partner"].create({"name": "Plain customer"})
        self.customer.property_account_receivable_id = self.env[
            "account.account"
        ].create(
            {
                "name": "Plain receivable",
                "code": "BENCH1",
                "account_type": "asset_receivable",
                "reconcile": True,
                "company_ids": [Command.set(self.company.ids)],
            }
        )

    def claims(self, count):
        """``count`` claims, invoiced and submitted; not part of any measure."""
        patients = self._patients(range(self.made, self.made + count))
        encounters = self.env["rcm.encounter"].create(
            [self._encounter(patient) for patient in patients]
        )
        self.made += count
        self.env["rcm.charge"].create(
            [
                {
                    "encounter_id": encounter.id,
                    "external_ref": "C1",
                    "service_code_id": self.code.id,
                    "code": self.code.code,
                    "units": 1.0,
                    "amount": float(CHARGE),
                    "service_date": encounter.service_date,
                    "place_of_service": "11",
                    "diagnosis_pointers": "1",
                }
                for encounter in encounters
            ]
        )
        claims = self.builders.claims_of(encounters)
        claims._rcm_create_invoices()
        claims._rcm_mark_submitted(fields.Datetime.now())
        self.env.cr.commit()
        return claims

    def _patients(self, numbers):
        """A patient with a guarantor and a coverage for each number."""
        partners = self.env["res.partner"].create(
            [
                {
                    "name": f"Guarantor {number}",
                    "rcm_is_guarantor": True,
                    "rcm_account_number": f"G{number}",
                    "company_id": self.company.id,
                }
                for number in numbers
            ]
        )
        patients = self.env["rcm.patient.account"].create(
            [
                {
                    "name": f"BENCH{number}",
                    "mrn": f"BENCH{number}",
                    "first_name": "Test",
                    "last_name": "Sample",
                    "birth_date": "1980-01-01",
                    "facility_id": self.facility.id,
                    "company_id": self.company.id,
                    "guarantor_id": partner.id,
                }
                for number, partner in zip(numbers, partners, strict=True)
            ]
        )
        self.env["rcm.coverage"].create(
            [
                {
                    "patient_id": patient.id,
                    "payer_id": self.payer.id,
                    "sequence": 1,
                    "member_id": f"MEM{patient.name}",
                    "date_from": "2020-01-01",
                }
                for patient in patients
            ]
        )
        return patients

    def _encounter(self, patient):
        return {
            "number": f"E{patient.name}",
            "company_id": self.company.id,
            "facility_id": self.facility.id,
            "provider_group_id": self.group.id,
            "patient_id": patient.id,
            "guarantor_id": patient.guarantor_id.id,
            "coverage_ids": [Command.set(patient.coverage_ids.ids)],
            "service_date": date(2026, 3, 2),
            "place_of_service": "11",
            "diagnosis_codes": self.builders.DIAGNOSES,
            "rendering_npi": self.builders.NPI,
        }

    def remittance(self, claims):
        """The 835 that answers the claims, received and read."""
        answers = [
            self.era.clp(
                claim.name,
                CHARGE,
                PAID,
                patient=PATIENT,
                services=[
                    self.era.svc(
                        CHARGE,
                        PAID,
                        ("CO-45", CONTRACTUAL),
                        ("PR-2", PATIENT),
                        number=claim.line_ids.line_control_number,
                    )
                ],
            )
            for claim in claims
        ]
        content = self.era.interchange(
            self.era.st(PAID * len(claims), *answers, trace=f"BENCH{self.made}"),
            control=self.made + 1,
        )
        file = self.env["rcm.remittance.file"]._rcm_receive(
            content, "bench.835", "bench", company=self.company
        )
        file._rcm_read()
        self.env.cr.commit()
        return file.remittance_ids

    def other_books(self):
        """A sales journal and an income account that the suite does not keep."""
        accounts = self.company._rcm_accounts()
        journal = self.env["account.journal"].search(
            [
                ("type", "=", "sale"),
                ("company_id", "=", self.company.id),
                ("id", "not in", self.company._rcm_journals().ids),
            ],
            limit=1,
        )
        income = self.env["account.account"].search(
            [
                ("account_type", "=", "income"),
                ("company_ids", "in", self.company.ids),
                ("id", "not in", [account.id for account in accounts.values()]),
            ],
            limit=1,
        )
        return journal, income

    def invoices(self, count):
        """Plain customer invoices as any Odoo has them."""
        journal, income = self.other_books()
        moves = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "journal_id": journal.id,
                    "partner_id": self.customer.id,
                    "invoice_date": "2026-03-02",
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": "Service",
                                "quantity": 1,
                                "price_unit": CHARGE,
                                "account_id": income.id,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                }
                for _number in range(count)
            ]
        )
        moves._post()
        self.env.cr.commit()
        return moves
