"""The segment behind every number."""

import base64

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from . import era
from .remittance_common import RemittanceCase


@tagged("post_install", "-at_install")
class TestRemittanceRaw(RemittanceCase):
    """Each figure leads to the very bytes it was read from."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract()

    def remittance(self):
        """A payment with adjustments at both levels, several in one segment, a PLB."""
        claim = self.claim()
        service = era.svc(1000, 420, number=claim.line_ids.line_control_number)
        service.insert(1, "CAS*CO*45*500*****253*30")
        service.insert(2, "CAS*PR*1*40**2*10")
        answer = era.clp(
            claim.name, 1000, 400, ("OA-23", 20), patient=50, services=[service]
        )
        provider = [("WO", 15, "ICN9"), ("L6", -5, "I")]
        other = era.interchange(era.st(10, era.clp("X", 10, 10), trace="OTHER"))
        mine = self.era(390, answer, plb=provider, trace="RAW1")
        file = self.receive(other + mine)
        return file.remittance_ids.filtered(lambda item: item.trace == "RAW1")

    def bytes_at(self, record, figure):
        """(segment, element) that ``figure`` leads to."""
        place = record._rcm_raw_place(figure)
        file = record.env["rcm.remittance.file"].browse(self.file_id)
        data = base64.b64decode(file.with_context(bin_size=False).content)
        start = place["offset"]
        segment = data[start : start + place["length"]].decode()
        self.assertTrue(segment.endswith("~"), segment)
        elements = segment[:-1].split("*")
        return elements[0], [elements[index] for index in place["elements"]]

    def test_every_figure_points_at_its_element(self):
        remittance = self.remittance()
        self.file_id = remittance.file_id.id
        claim, service = remittance.claim_ids, remittance.claim_ids.service_ids
        for record, figure, expected in (
            (remittance, "amount", ("BPR", ["390"])),
            (remittance, "trace", ("TRN", ["RAW1"])),
            (remittance, "provider_total", ("PLB", ["15"])),
            (claim, "charge", ("CLP", ["1000"])),
            (claim, "paid", ("CLP", ["400"])),
            (claim, "patient_responsibility", ("CLP", ["50"])),
            (claim, "control_number", ("CLP", [claim.control_number])),
            (service, "charge", ("SVC", ["1000"])),
            (service, "paid", ("SVC", ["420"])),
            (service, "code", ("SVC", ["HC:99213"])),
        ):
            with self.subTest(model=record._name, figure=figure):
                self.assertEqual(self.bytes_at(record, figure), expected)

    def test_each_adjustment_points_at_its_own_triple(self):
        remittance = self.remittance()
        self.file_id = remittance.file_id.id
        amounts = {"45": "500", "253": "30", "1": "40", "2": "10", "23": "20"}
        for item in remittance.claim_ids.adjustment_ids:
            with self.subTest(code=item.code):
                self.assertEqual(
                    self.bytes_at(item, "amount"),
                    ("CAS", [amounts.pop(item.reason_code)]),
                )
                self.assertEqual(
                    self.bytes_at(item, "reason_code"), ("CAS", [item.reason_code])
                )
        self.assertFalse(amounts)
        for item, amount in zip(
            remittance.provider_adjustment_ids, ("15", "-5"), strict=True
        ):
            self.assertEqual(self.bytes_at(item, "amount"), ("PLB", [amount]))

    def test_window_holds_this_payment_only(self):
        remittance = self.remittance()
        window = remittance.get_raw()
        tags = [line["elements"][0] for line in window["lines"]]
        self.assertEqual((tags[0], tags[-1]), ("ST", "SE"))
        self.assertFalse(window["before"] or window["after"])
        self.assertNotIn("OTHER", str(window["lines"]))
        # nor by asking for bytes outside of it
        self.assertEqual(remittance.get_raw(0, "around")["lines"], window["lines"])
        self.assertFalse(remittance.get_raw(0, "before")["lines"])
        whole = remittance.file_id.get_raw()
        self.assertEqual(whole["lines"][0]["elements"][0], "ISA")
        with self.assertRaises(UserError):
            remittance.get_raw(0, "delimiters")

    def test_explanation_leads_to_figures_for_readers_of_patients_only(self):
        remittance = self.remittance()
        poster = self.person("cash_poster")
        auditor = self.person("auditor")
        self.assertTrue(poster._rcm_sees_patients())
        shown = remittance.with_user(poster)
        self.assertIn("o_rcm_figure", str(shown.eob_html))
        self.assertIn('data-figure="amount"', str(shown.balance_html))
        self.assertIn("o_rcm_figure", str(shown.claim_ids.eob_html))
        action = shown.claim_ids.action_raw("paid")
        self.assertEqual(action["tag"], "rcm_raw_data")
        self.assertEqual(action["params"]["place"]["elements"], [4])
        self.assertNotIn("o_rcm_figure", str(shown.claim_ids._rcm_eob_table()))
        masked = remittance.with_user(auditor)
        self.assertNotIn("o_rcm_figure", str(masked.eob_html))

    def test_refused_without_patient_data_and_across_companies(self):
        remittance = self.remittance()
        blind = self.person("finance_manager")
        self.assertFalse(blind._rcm_sees_patients())
        claim = remittance.claim_ids
        for record in (
            remittance,
            claim,
            claim.service_ids,
            claim.adjustment_ids[0],
            remittance.provider_adjustment_ids[0],
            remittance.file_id,
        ):
            with self.subTest(model=record._name), self.assertRaises(AccessError):
                record.with_user(blind).action_raw()
        for record in (remittance, remittance.file_id):
            with self.assertRaises(AccessError):
                record.with_user(blind).get_raw()
        other = self.env["res.company"].create({"name": "Other Clinic"})
        stranger = self.person("cash_poster", other)
        for record in (remittance, remittance.file_id):
            with self.assertRaises(AccessError):
                record.with_user(stranger).get_raw()

    def test_remittance_without_a_file_has_nothing_to_show(self):
        bare = self.env["rcm.remittance"]._rcm_create(
            [{"company_id": self.company.id, "payer_id": self.payer.id}]
        )
        self.assertEqual(bare.get_raw()["lines"], [])
        self.assertEqual(bare.action_raw()["params"]["place"]["length"], 0)
