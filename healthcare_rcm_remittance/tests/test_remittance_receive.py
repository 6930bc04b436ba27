"""What comes in: duplicates, test files, strangers, broken files."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from . import era
from .remittance_common import RemittanceCase


@tagged("post_install", "-at_install")
class TestRemittanceReceive(RemittanceCase):
    """Nothing is posted twice, nothing of a stranger, nothing out of balance."""

    def test_same_file_again_is_the_first_one(self):
        content = self.era(0, era.clp("X", 0, 0))
        first = self.receive(content, correlation_id="event-1")
        again = self.env["rcm.remittance.file"]._rcm_receive(
            content.replace(b"\n", b"\r\n"),
            "again.835",
            "event",
            "event-2",
            self.company,
        )
        self.assertEqual(again, first)
        self.assertEqual(first.receipt_ids.mapped("duplicate"), [False, True])
        File = self.env["rcm.remittance.file"]
        self.assertEqual(File._rcm_document_state("event-1")["file_state"], "read")
        self.assertEqual(
            File._rcm_document_state("event-2"),
            {"file_state": "duplicate", "remittances": [], "cases": []},
        )
        self.assertIsNone(File._rcm_document_state("event-3"))

    def test_same_payment_in_another_file_is_a_duplicate(self):
        claim = era.clp("X", 100, 100)
        first = self.post(100, claim, trace="SAME")
        second = self.post(100, claim, trace="SAME")
        self.assertEqual(second.state, "duplicate")
        self.assertEqual(second.duplicate_of_id, first)
        self.assertFalse(second.move_id)
        self.assertFalse(second.rcm_case_ids)

    def test_trace_number_used_again_for_another_payment(self):
        """RFI 1847: constant numbers of zero payments are no duplicates."""
        first = self.post(0, era.clp("X", 0, 0), trace="EO0000000000")
        second = self.post(0, era.clp("Y", 0, 0), trace="EO0000000000")
        self.assertEqual(second.state, "held")
        self.assertEqual(self.case_types(second), ["remittance_trace_reused"])
        second._rcm_process()
        self.assertEqual(second.state, "held")
        second.action_accept_trace()
        self.assertNotEqual(second.state, "held")
        self.assertFalse(second.duplicate_of_id)
        self.assertNotEqual(first.payment_slot, second.payment_slot)

    def test_test_file_only_where_accepted(self):
        content = self.era(100, era.clp("X", 100, 100), usage="T")
        remittance = self.receive(content).remittance_ids
        self.assertEqual(remittance.state, "rejected")
        self.assertEqual(self.case_types(remittance), ["remittance_test_file"])
        self.company.rcm_accept_test_files = True
        remittance.rcm_case_ids.action_reprocess()
        self.assertEqual(remittance.state, "posted_with_parked")

    def test_unknown_payer_and_payee(self):
        remittance = self.post(
            100, era.clp("X", 100, 100), payer_trace="1999999999", payee="999999999"
        )
        self.assertEqual(remittance.state, "held")
        self.assertEqual(
            self.case_types(remittance),
            ["remittance_payee_unknown", "remittance_payer_unknown"],
        )
        self.second.payer_identifier = "1999999999"
        self.company.rcm_tax_id = "999999999"
        remittance.rcm_case_ids[:1].action_reprocess()
        self.assertEqual(remittance.state, "posted_with_parked")
        self.assertEqual(remittance.payer_id, self.second)

    def test_out_of_balance_at_each_level_is_refused(self):
        lines = [era.svc(100, 60, ("CO-45", 40))]
        good = era.clp("X", 100, 60, services=lines)
        broken = {
            "line_out_of_balance": era.clp(
                "X", 100, 60, services=[era.svc(100, 60, ("CO-45", 39))]
            ),
            "claim_out_of_balance": era.clp("X", 100, 61, services=lines),
        }
        for code, claim in broken.items():
            with self.subTest(code=code):
                remittance = self.post(60, claim)
                self.assertEqual(remittance.state, "rejected")
                self.assertIn(code, [item["code"] for item in remittance.findings])
                self.assertEqual(self.case_types(remittance), ["remittance_refused"])
        remittance = self.post("60.01", good)
        self.assertEqual(remittance.state, "rejected")
        self.assertEqual(remittance.rcm_case_ids.expected, "60")
        with self.assertRaises(UserError):
            remittance._rcm_reprocess(remittance.rcm_case_ids)

    def test_one_bad_st_leaves_its_siblings(self):
        content = era.interchange(
            era.st(100, era.clp("X", 100, 100), trace="G1", number=1),
            era.st(101, era.clp("Y", 100, 100), trace="B1", number=2),
            era.st(100, era.clp("Z", 100, 100), trace="G2", number=3),
        )
        remittances = self.receive(content).remittance_ids.sorted("id")
        self.assertEqual(
            remittances.mapped("state"), ["balanced", "rejected", "balanced"]
        )

    def test_envelope_fault_refuses_the_whole_interchange(self):
        content = self.era(100, era.clp("X", 100, 100)).replace(b"IEA*1*", b"IEA*2*")
        remittance = self.receive(content).remittance_ids
        self.assertEqual(remittance.state, "rejected")
        self.assertIn("iea_count_wrong", [item["code"] for item in remittance.findings])

    def test_not_x12_and_truncated(self):
        file = self.receive(b"Dear clinic, please find enclosed nothing.")
        self.assertEqual(file.state, "refused")
        self.assertEqual(self.case_types(file), ["remittance_refused"])
        content = self.era(100, era.clp("X", 100, 100))
        cut = self.receive(content[: content.index(b"SE*")])
        self.assertEqual(cut.remittance_ids.mapped("state"), ["rejected"])

    def test_empty_and_oversized_files_are_refused_at_the_door(self):
        File = self.env["rcm.remittance.file"]
        with self.assertRaises(UserError):
            File._rcm_receive(b"", "empty.835", "test")
        module = "odoo.addons.healthcare_rcm_remittance.models.rcm_remittance_file"
        with patch(f"{module}.MAX_SIZE_BYTES", 10), self.assertRaises(UserError):
            File._rcm_receive(b"x" * 11, "large.835", "test")

    def test_old_version_only_for_payers_that_may(self):
        claim = era.clp("X", 100, 100)
        remittance = self.post(100, claim, version="004010X091A1")
        self.assertEqual(remittance.state, "held")
        self.assertIn("remittance_refused", self.case_types(remittance))
        self.payer.accept_4010 = True
        remittance._rcm_process()
        self.assertEqual(remittance.state, "posted_with_parked")

    def test_facts_cannot_be_written_by_anyone(self):
        remittance = self.post(100, era.clp("X", 100, 100, ("CO-45", 0)))
        claim = remittance.claim_ids
        for record, vals in (
            (remittance, {"amount": 1}),
            (remittance, {"state": "posted"}),
            (claim, {"paid": 1}),
            (claim, {"claim_id": False}),
            (claim.adjustment_ids, {"amount": 1}),
        ):
            with self.subTest(model=record._name), self.assertRaises(AccessError):
                record.sudo().write(vals)
        with self.assertRaises(AccessError):
            claim.adjustment_ids.sudo().unlink()
        with self.assertRaises(AccessError):
            self.env["rcm.remittance"].with_context(default_state="posted").create({})

    def test_another_company_has_its_own_duplicates(self):
        other = self.env["res.company"].create({"name": "Other clinic"})
        content = self.era(0, era.clp("X", 0, 0))
        first = self.receive(content)
        second = self.receive(content, company=other)
        self.assertNotEqual(first, second)
        self.assertEqual(second.remittance_ids.company_id, other)
