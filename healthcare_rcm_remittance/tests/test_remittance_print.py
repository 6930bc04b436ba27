"""The printed explanation: whole or of one claim, patients masked."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .test_deposit_batch import DepositCase

REPORT = "healthcare_rcm_remittance.rcm_remittance_report"
CLAIM_REPORT = "healthcare_rcm_remittance.rcm_remittance_claim_report"


@tagged("post_install", "-at_install")
class TestRemittancePrint(DepositCase):
    """Who may not see patients does not see them on paper either."""

    def html(self, report, records, user):
        Report = self.env["ir.actions.report"].with_user(user)
        return Report._render_qweb_html(report, records.ids)[0].decode()

    def test_remittance_is_printed_with_its_claims(self):
        remittance = self.paid("PRINT1")
        text = self.html(REPORT, remittance, self.poster)
        for part in ("PRINT1", remittance.claim_ids.control_number, "400.00", "CO-45"):
            self.assertIn(part, text)

    def test_one_claim_is_printed_alone(self):
        first, second = self.claim(), self.claim()
        remittance = self.post(
            800,
            self.answer(first, 400, ("CO-45", 600)),
            self.answer(second, 400, ("CO-45", 600)),
        )
        text = self.html(CLAIM_REPORT, remittance.claim_ids[0], self.poster)
        self.assertIn(first.name, text)
        self.assertNotIn(second.name, text)

    def test_reversal_says_what_it_takes_back(self):
        claim = self.claim()
        self.post(400, self.answer(claim, 400, ("CO-45", 600), icn="P1"))
        other = self.claim()
        remittance = self.post(
            0,
            self.reversal(claim, 400, ("CO-45", 600), icn="P1"),
            self.answer(other, 400, ("CO-45", 600)),
        )
        self.assertPosted(remittance)
        reversal = remittance.claim_ids.filtered("reverses_id")
        self.assertIn("taken back: contractual", str(reversal._rcm_eob_table()))
        decided = remittance.claim_ids - reversal
        self.assertNotIn("taken back", str(decided._rcm_eob_table()))

    def test_patients_are_named_for_the_patient_data_group_only(self):
        remittance = self.paid("PRINT2")
        sees = self.poster
        self.assertTrue(sees._rcm_sees_patients())
        self.assertIn("SAMPLE", self.html(REPORT, remittance, sees))
        blind = self.person("approver")
        self.assertFalse(blind._rcm_sees_patients())
        text = self.html(REPORT, remittance, blind)
        self.assertNotIn("SAMPLE", text)
        self.assertIn("•••", text)

    def test_other_companies_print_nothing(self):
        remittance = self.paid("PRINT3")
        other = self.env["res.company"].create({"name": "Other Clinic"})
        with self.assertRaises(AccessError):
            self.html(REPORT, remittance, self.person("cash_poster", other))
