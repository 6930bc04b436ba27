"""Claims of an 835: lines, adjustments, references, statuses."""

from datetime import date
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from .x12_builders import (
    CLAIM,
    GS,
    HEADER,
    codes,
    group,
    interchange,
    payment_file,
    read_one,
    st,
)


@tagged("post_install", "-at_install")
class TestX12Claim(BaseCase):
    """What a claim says is read whole, and only where it stands."""

    def test_everything_of_a_claim(self):
        read = read_one(
            payment_file(
                "CLP*A1*1*150.00*100.00*20.00*MB*PCN1*11*7",
                "CAS*OA*23*10.00**94*-2.00*3",
                "NM1*QC*1*SYNTHETIC*CASE*M**JR*MI*SY1",
                "NM1*74*1*CORRECTED",
                "NM1*TT*2*NEXT PAYER*****PI*NP1",
                "MIA*0****N781***************MA15*N1**N2",
                "MOA***MA01*MA18**N782",
                "REF*F8*OLDPCN",
                "REF*EA*MRN1",
                "DTM*232*20251201",
                "DTM*233*20251203",
                "DTM*050*20251210",
                "PER*CX**TE*5555550100",
                "AMT*AU*140.00",
                "AMT*I*1.50",
                "QTY*CA*2",
                "SVC*HC:99213:25:59*150.00*108.00*0450*1*HC:99214*2",
                "DTM*150*20251201",
                "DTM*151*20251203",
                "CAS*CO*45*22.00*1",
                "CAS*PR*1*15.00**2*5.00",
                "REF*6R*L1",
                "REF*LU*11",
                "AMT*B6*120.00",
                "LQ*HE*N130",
                "LQ*HE*M15",
                "LQ*RX*70",
                amount="100.00",
            )
        )
        self.assertEqual(set(codes(read)), {"interest_mismatch"})
        [claim] = read.claims
        self.assertEqual(
            (claim.index, claim.control_number, claim.status), (1, "A1", "1")
        )
        self.assertEqual((claim.charge, claim.paid), (Decimal(150), Decimal(100)))
        self.assertEqual(claim.patient_responsibility, Decimal(20))
        self.assertEqual(
            (claim.filing_indicator, claim.payer_claim_number), ("MB", "PCN1")
        )
        self.assertEqual((claim.facility_code, claim.frequency), ("11", "7"))
        self.assertEqual(
            [(a.group, a.reason, a.amount, a.quantity) for a in claim.adjustments],
            [("OA", "23", Decimal(10), None), ("OA", "94", Decimal(-2), Decimal(3))],
        )
        patient = claim.name("QC")
        self.assertEqual(
            (patient.last, patient.first, patient.middle, patient.suffix),
            ("SYNTHETIC", "CASE", "M", "JR"),
        )
        self.assertEqual((patient.qualifier, patient.identifier), ("MI", "SY1"))
        self.assertEqual(claim.name("TT").identifier, "NP1")
        self.assertIsNone(claim.name("IL"))
        self.assertEqual(
            claim.remarks, ("N781", "MA15", "N1", "N2", "MA01", "MA18", "N782")
        )
        self.assertEqual(claim.original_payer_claim_number, "OLDPCN")
        self.assertEqual(
            (claim.date_from, claim.date_to, claim.received),
            (date(2025, 12, 1), date(2025, 12, 3), date(2025, 12, 10)),
        )
        self.assertEqual(
            [(a.qualifier, a.amount) for a in claim.amounts],
            [("AU", Decimal(140)), ("I", Decimal("1.50"))],
        )
        [line] = claim.services
        self.assertEqual(line.procedure.modifiers, ("25", "59"))
        self.assertEqual((line.procedure.code, line.submitted.code), ("99213", "99214"))
        self.assertEqual((line.charge, line.paid), (Decimal(150), Decimal(108)))
        self.assertEqual(
            (line.revenue_code, line.units_paid, line.units_submitted),
            ("0450", Decimal(1), Decimal(2)),
        )
        self.assertEqual(
            (line.date_from, line.date_to), (date(2025, 12, 1), date(2025, 12, 3))
        )
        self.assertEqual(
            [(a.group, a.reason, a.amount, a.quantity) for a in line.adjustments],
            [
                ("CO", "45", Decimal(22), Decimal(1)),
                ("PR", "1", Decimal(15), None),
                ("PR", "2", Decimal(5), None),
            ],
        )
        self.assertEqual(line.line_control_number, "L1")
        self.assertEqual(line.remarks, ("N130", "M15"))
        self.assertEqual(
            [(r.qualifier, r.value) for r in line.references],
            [("6R", "L1"), ("LU", "11"), ("RX", "70")],
        )
        self.assertEqual(line.amounts[0].amount, Decimal(120))

    def test_single_service_date_is_both_ends(self):
        line = read_one(payment_file(*CLAIM)).claims[0].services[0]
        self.assertEqual((line.date_from, line.date_to), (date(2025, 12, 1),) * 2)

    def test_loops_do_not_leak_into_each_other(self):
        bare = "CLP*B2*1*10.00*10.00**12*PCN2"
        read = read_one(payment_file(*CLAIM, bare, *CLAIM, amount="170.00"))
        first, second, third = read.claims
        self.assertEqual(
            (second.services, second.adjustments, second.names, second.references),
            ((), (), (), ()),
        )
        self.assertIsNone(second.patient_responsibility)
        self.assertEqual(first.services[0].adjustments[0].amount, Decimal(15))
        self.assertEqual([c.index for c in read.claims], [1, 2, 3])
        self.assertEqual(third.services[0].index, 1)
        self.assertEqual(codes(read), [])

    def test_cas_skips_empty_triples_and_reads_six(self):
        triples = "*".join(f"{reason}*1.00*" for reason in (45, 1, 2, 3, 4, 5))
        body = ("CLP*A1*1*9.00*0.00", f"CAS*CO*{triples}", "CAS*OA****94*3.00")
        read = read_one(payment_file(*body, amount="0", header=HEADER))
        self.assertEqual(
            [a.reason for a in read.claims[0].adjustments],
            ["45", "1", "2", "3", "4", "5", "94"],
        )
        self.assertTrue(read.balance.claim)

    def test_incomplete_cas_is_an_error(self):
        for segment in ("CAS*CO*45", "CAS*CO**5.00", "CAS*CO", "CAS*CO*45**1"):
            with self.subTest(segment=segment):
                read = read_one(payment_file(*CLAIM, segment))
                self.assertIn("adjustment_incomplete", codes(read))
                self.assertFalse(read.balance.line and read.balance.claim)

    def test_adjustment_groups_by_version(self):
        body = [segment.replace("CAS*CO", "CAS*CR") for segment in CLAIM]
        self.assertEqual(
            codes(read_one(payment_file(*body))), ["adjustment_group_unknown"]
        )
        old = GS.replace("005010X221A1", "004010X091A1")
        data = interchange(group(st(*body), gs=old)).encode()
        self.assertEqual(codes(read_one(data)), ["version_4010"])

    def test_claim_status_of_the_version(self):
        for status in ("1", "4", "19", "22", "23", "25"):
            body = [
                segment.replace("CLP*A1*1", f"CLP*A1*{status}") for segment in CLAIM
            ]
            self.assertEqual(codes(read_one(payment_file(*body))), [], status)
        for status in ("5", "10", "17", "27", "", "99"):
            body = [
                segment.replace("CLP*A1*1", f"CLP*A1*{status}") for segment in CLAIM
            ]
            with self.subTest(status=status):
                read = read_one(payment_file(*body))
                self.assertEqual(codes(read), ["claim_status_unknown"])
                self.assertEqual(read.claims[0].status, status)
        old = GS.replace("005010X221A1", "004010X091A1")
        body = [segment.replace("CLP*A1*1", "CLP*A1*27") for segment in CLAIM]
        read = read_one(interchange(group(st(*body), gs=old)).encode())
        self.assertEqual(codes(read), ["version_4010"])

    def test_replacement_keeps_the_old_claim_number(self):
        """G9: a frequency 7 comes back under the original CLM01 with REF*F8."""
        body = ("CLP*A1*1*100.00*80.00*5.00*12*PCN2*11*7", *CLAIM[1:2])
        body += ("REF*F8*PCN1", *CLAIM[2:])
        [claim] = read_one(payment_file(*body)).claims
        self.assertEqual((claim.control_number, claim.frequency), ("A1", "7"))
        self.assertEqual(
            (claim.payer_claim_number, claim.original_payer_claim_number),
            ("PCN2", "PCN1"),
        )

    def test_split_claim(self):
        """G10: one CLM01, two payer numbers, MA15."""
        read = read_one(
            payment_file(
                "CLP*A1*1*60.00*40.00**12*PCN1A",
                "MOA***MA15",
                "CAS*CO*45*20.00",
                "CLP*A1*1*40.00*30.00**12*PCN1B",
                "MOA***MA15",
                "CAS*CO*45*10.00",
                amount="70.00",
            )
        )
        self.assertEqual(codes(read), [])
        self.assertEqual([c.remarks for c in read.claims], [("MA15",), ("MA15",)])
        self.assertEqual(
            [c.payer_claim_number for c in read.claims], ["PCN1A", "PCN1B"]
        )

    def test_unreadable_quantity_is_none_not_zero(self):
        body = [*CLAIM[:2], "SVC*HC:99213*100.00*80.00**X**2.5", *CLAIM[3:]]
        [line] = read_one(payment_file(*body)).claims[0].services
        self.assertIsNone(line.units_paid)
        self.assertEqual(line.units_submitted, Decimal("2.5"))

    def test_second_payer_does_not_replace_the_first(self):
        header = (*HEADER, "N1*PR*OTHER PAYER", "REF*2U*OTHERID")
        read = read_one(payment_file(*CLAIM, header=header))
        self.assertEqual(codes(read), ["segment_misplaced"])
        self.assertEqual(read.payer.name, "SYNTHETIC PAYER")
        self.assertEqual([r.value for r in read.payer.references], ["PAYERID"])
        self.assertEqual(read.unknown_segments[0].text, "N1*PR*OTHER PAYER")
