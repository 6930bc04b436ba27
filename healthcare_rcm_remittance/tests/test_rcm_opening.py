import base64
from datetime import date
from decimal import Decimal

from odoo import Command
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.core import table
from odoo.addons.healthcare_rcm_base.tests import builders
from odoo.addons.healthcare_rcm_base.tools import write_csv
from odoo.addons.healthcare_rcm_base.wizard.rcm_table_opening_claims import COLUMNS

from .remittance_common import RemittanceCase

D = Decimal


@tagged("post_install", "-at_install")
class TestOpeningRemittance(RemittanceCase):
    """Claims taken over take what payers send later: payments and reversals."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        facility = builders.facility(cls.env, cls.company)
        patient = builders.patient(cls.env, facility)
        builders.coverage(cls.env, patient, cls.payer)
        builders.service_code(cls.env)
        account = cls.env["account.account"].create(
            {
                "name": "Opening",
                "code": "399900",
                "account_type": "equity",
                "company_ids": [Command.set(cls.company.ids)],
            }
        )
        cls.opening = cls.env["rcm.opening"].create(
            {
                "date": date(2026, 6, 30),
                "provider_group_id": builders.provider_group(cls.env, cls.company).id,
                "clearing_account_id": account.id,
            }
        )
        cls.record = {
            "control_number": "OLD1",
            "facility": facility.code,
            "payer": cls.payer.code,
            "mrn": patient.mrn,
            "service_date": date(2026, 3, 2),
            "state": "adjudicated",
            "payer_claim_number": "ICN1",
            "code": "99213",
            "charge": D("1000.00"),
            "paid": D("300.00"),
            "contractual": D("500.00"),
            "patient": D("80.00"),
            "open": D("120.00"),
            "patient_open": D("50.00"),
            "allowance": D("20.00"),
            "patient_reason": "1",
        }

    def taken_over(self, **values):
        rows = [table.header(COLUMNS), table.cells({**self.record, **values}, COLUMNS)]
        action = self.opening.action_import()
        wizard = self.env["rcm.table.import"].with_context(**action["context"])
        wizard = wizard.create(
            {"file_name": "a.csv", "file_content": base64.b64encode(write_csv(rows))}
        )
        wizard.action_import()
        self.assertFalse(wizard.fault_count, wizard.fault_ids.mapped("remedy"))
        return self.opening.claim_ids

    def test_the_rest_is_paid_by_a_later_remittance(self):
        claim = self.taken_over(
            paid=None,
            contractual=None,
            patient=None,
            patient_open=None,
            open=D("1000.00"),
            allowance=D("600.00"),
            state="submitted",
        )
        self.assertFalse(claim.remittance_claim_ids, "nothing was decided before")
        remittance = self.post(400, self.answer(claim, 400, ("CO-45", 600)))
        self.assertPosted(remittance)
        self.assertEqual((claim.paid_amount, claim.open_balance), (400.0, 0.0))
        self.assertEqual(claim.state, "adjudicated")
        balances = claim._rcm_balances()[claim.id]
        self.assertFalse(balances.get("receivable_payer"))
        self.assertFalse(balances.get("reserve"))

    def test_reversal_of_what_was_paid_before_the_opening(self):
        claim = self.taken_over()
        remittance = self.post(
            0,
            self.reversal(
                claim,
                300,
                ("CO-45", 500),
                ("PR-1", 80),
                ("CO-16", 120),
                icn="ICN1",
            ),
            plb=[("WO", -300, "R")],
        )
        self.assertPosted(remittance)
        self.assertEqual((claim.paid_amount, claim.contractual_amount), (0.0, 0.0))
        self.assertEqual((claim.patient_amount, claim.open_balance), (0.0, 1000.0))
        self.assertEqual(self.open_receivable(claim), 1000.0)
        again = self.post(
            400, self.answer(claim, 400, ("CO-45", 520), ("PR-1", 80), icn="ICN1")
        )
        self.assertPosted(again)
        self.assertEqual((claim.paid_amount, claim.open_balance), (400.0, 0.0))
        self.assertEqual(self.open_receivable(claim), 0.0)
        self.assertFalse(claim._rcm_balances()[claim.id].get("reserve"))

    def test_reversal_that_says_something_else_is_a_case(self):
        claim = self.taken_over()
        remittance = self.post(
            0,
            self.reversal(
                claim,
                300,
                ("CO-45", 500),
                ("PR-3", 80),
                ("CO-16", 120),
                icn="ICN1",
            ),
            plb=[("WO", -300, "R")],
        )
        self.assertPosted(remittance, parked=1)
        self.assertEqual(claim.open_balance, 120.0)

    def test_undo_leaves_nothing_to_reverse(self):
        claim = self.taken_over()
        answer = claim.remittance_claim_ids
        self.assertEqual(answer.state, "posted")
        self.opening.action_undo()
        self.assertEqual(answer.state, "reversed")
        self.assertFalse(self.trial_balance())
