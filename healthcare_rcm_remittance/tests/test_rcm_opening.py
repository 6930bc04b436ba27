import base64
from datetime import date
from decimal import Decimal

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.core import table
from odoo.addons.healthcare_rcm_base.tests import builders
from odoo.addons.healthcare_rcm_base.tools import write_csv
from odoo.addons.healthcare_rcm_base.wizard.rcm_table_opening_claims import COLUMNS

from . import era
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

    # ------------------------------------------------------------------
    # Older files
    # ------------------------------------------------------------------
    def older(self, claim, *codes, paid=300, **values):
        """The 835 of that time, brought as history."""
        answer = self.answer(claim, paid, *codes, icn="ICN1", **values)
        content = self.era(paid, answer, day="20260401")
        file = self.env["rcm.remittance.file"]._rcm_receive(
            content, "old.835", "history", company=self.company
        )
        file._rcm_read()
        file.remittance_ids._rcm_process()
        return file.remittance_ids

    def test_older_file_is_kept_and_posts_nothing(self):
        claim = self.taken_over()
        summary = claim.remittance_claim_ids
        before = self.trial_balance()
        self.assertBooksHold()
        remittance = self.older(
            claim, ("CO-45", 450), ("CO-253", 50), ("PR-3", 80), ("CO-16", 120)
        )
        self.assertEqual((remittance.state, remittance.history), ("reconciled", True))
        self.assertFalse(remittance.move_id)
        self.assertEqual(self.trial_balance(), before)
        self.assertEqual(
            (summary.state, remittance.claim_ids.state), ("cancelled", "posted")
        )
        self.assertFalse(remittance.denial_ids)
        self.assertEqual((claim.paid_amount, claim.open_balance), (300.0, 120.0))
        self.assertBooksHold()

    def test_reversal_meets_the_codes_of_the_older_file(self):
        claim = self.taken_over()
        codes = (("CO-45", 450), ("CO-253", 50), ("PR-3", 80), ("CO-16", 120))
        self.older(claim, *codes)
        remittance = self.post(
            0,
            self.reversal(claim, 300, *codes, icn="ICN1"),
            plb=[("WO", -300, "R")],
        )
        self.assertPosted(remittance)
        self.assertEqual((claim.paid_amount, claim.open_balance), (0.0, 1000.0))
        self.assertEqual(self.open_receivable(claim), 1000.0)

    def test_older_file_that_says_something_else_leaves_the_opening(self):
        claim = self.taken_over()
        summary = claim.remittance_claim_ids
        remittance = self.older(claim, ("CO-45", 620), ("PR-3", 80))
        self.assertEqual(remittance.state, "reconciled")
        self.assertEqual(
            (summary.state, remittance.claim_ids.state), ("posted", "nothing")
        )
        self.assertIn("something else", remittance.claim_ids.warning_text)
        self.assertBooksHold()

    def test_older_file_of_claims_we_do_not_know_or_post_ourselves(self):
        self.contract()
        live = self.claim()
        remittance = self.older(live, ("CO-45", 700))
        self.assertEqual(remittance.claim_ids.state, "nothing")
        self.assertEqual((live.paid_amount, live.state), (0.0, "submitted"))
        content = self.era(10, era.clp("NOBODY", 10, 10))
        file = self.env["rcm.remittance.file"]._rcm_receive(
            content, "old.835", "history", company=self.company
        )
        file._rcm_read()
        file.remittance_ids._rcm_process()
        self.assertEqual(file.remittance_ids.claim_ids.state, "nothing")
        self.assertFalse(self.trial_balance().get("unapplied_payer_cash"))

    def test_same_payment_again_is_a_duplicate_and_history_is_not_unposted(self):
        claim = self.taken_over()
        remittance = self.older(claim, ("CO-45", 500), ("PR-3", 80), ("CO-16", 120))
        with self.assertRaises(UserError):
            remittance._rcm_ask_unpost("Why not")
        again = self.era(
            300,
            self.answer(
                claim, 300, ("CO-45", 500), ("PR-3", 80), ("CO-16", 120), icn="ICN1"
            ),
            day="20260401",
            trace=remittance.trace,
        )
        self.assertEqual(self.receive(again).remittance_ids.state, "duplicate")

    def test_only_finance_managers_bring_history(self):
        content = self.era(10, era.clp("NOBODY", 10, 10))
        for role, allowed in (("cash_poster", False), ("finance_manager", True)):
            person = self.person(role)
            attachment = self.env["ir.attachment"].with_user(person)
            attachment = attachment.create(
                {"name": "old.835", "datas": base64.b64encode(content)}
            )
            wizard = self.env["rcm.remittance.upload"].with_user(person)
            wizard = wizard.create({"attachment_ids": attachment.ids, "history": True})
            with self.subTest(role=role):
                if not allowed:
                    with self.assertRaises(AccessError):
                        wizard.action_upload()
                    continue
                wizard.action_upload()
                self.assertTrue(wizard.result_ids.remittance_id.sudo().history)
