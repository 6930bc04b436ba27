from odoo import Command
from odoo.tests import TransactionCase, tagged

from . import builders
from .neighbour import Neighbour

CODES = ("99213", "80053", "85025", "36415", "93000")


@tagged("post_install", "-at_install")
class TestBillingQueries(Neighbour, TransactionCase):
    """From ready encounters to posted invoices in a bounded number of statements."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.neighbour = cls.make_invoiced_neighbour()
        company = builders.company(cls.env, "Counting clinic")
        cls.env = cls.env(
            context={"allowed_company_ids": company.ids, "tracking_disable": True}
        )
        cls.payer = builders.payer(cls.env)
        builders.contract(cls.env, cls.payer)
        cls.facility = builders.facility(cls.env)
        cls.group = builders.provider_group(cls.env)
        cls.codes = [builders.service_code(cls.env, code) for code in CODES]

    def ready(self, count, lines):
        encounters = self.env["rcm.encounter"]
        for _number in range(count):
            patient = builders.patient(self.env, self.facility)
            coverage = builders.coverage(self.env, patient, self.payer)
            encounters |= encounters.create(
                {
                    "number": builders.number("Q"),
                    "facility_id": self.facility.id,
                    "provider_group_id": self.group.id,
                    "patient_id": patient.id,
                    "guarantor_id": patient.guarantor_id.id,
                    "coverage_ids": [Command.set(coverage.ids)],
                    "service_date": builders.SERVICE_DATE,
                    "diagnosis_codes": builders.DIAGNOSES,
                    "rendering_npi": builders.NPI,
                    "charge_ids": [
                        Command.create(
                            {
                                "external_ref": f"C{place}",
                                "service_code_id": code.id,
                                "code": code.code,
                                "amount": 100.0,
                                "diagnosis_pointers": "1",
                            }
                        )
                        for place, code in enumerate(self.codes[:lines], start=1)
                    ],
                }
            )
        encounters._rcm_complete()
        encounters._rcm_sign_off()
        encounters._rcm_make_ready()
        self.env.flush_all()
        self.env.invalidate_all()
        return encounters

    def cost(self, count, lines):
        """Statements from ready to posted, all of them, for ``count`` encounters."""
        # As the scheduled action does it: it need not be woken by its own doing.
        working = {"ir_cron_progress_id": 1}
        encounters = self.ready(count, lines).with_context(**working)
        before = self.env.cr.sql_log_count
        claims = encounters._rcm_bill()
        claims._rcm_invoice()
        self.env.flush_all()
        used = self.env.cr.sql_log_count - before
        self.assertEqual(set(claims.mapped("invoice_id.state")), {"posted"})
        self.assertEqual(len(claims.line_ids), count * lines)
        self._check_line_totals(claims.invoice_id)
        return used

    def _check_line_totals(self, invoices):
        """What was handed in is what Odoo would have computed."""
        lines = invoices.line_ids
        names = ["price_subtotal", "price_total"]
        given = lines.read(names)
        lines._compute_totals()
        self.assertEqual(lines.read(names), given)

    def test_statements_an_encounter_are_bounded_at_two_sizes(self):
        self.cost(2, 1)  # what is looked up once and kept
        for lines in (1, 5):
            few, many = self.cost(5, lines), self.cost(45, lines)
            with self.subTest(lines=lines, few=few, many=many):
                # What one more encounter adds, whatever a batch costs by itself.
                self.assertLessEqual((many - few) / 40, 1)
                self.assertLessEqual(many, 250)
