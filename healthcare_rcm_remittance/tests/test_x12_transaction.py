"""What an ST becomes: header, parties, claims, lines, PLB, and odd segments."""

from datetime import date
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..x12.model import Claim, Limits, Service
from ..x12.reader import read_835, read_all
from .x12_builders import (
    CLAIM,
    GS,
    HEADER,
    bpr,
    codes,
    file_of,
    group,
    interchange,
    payment_file,
    read_one,
    st,
)


@tagged("post_install", "-at_install")
class TestX12Transaction(BaseCase):
    def test_header_of_the_payment(self):
        header = ("TRN*1*TRACE1*1512345678*DIV9", "CUR*PR*USD", *HEADER[1:2])
        header += ("REF*EV*RECEIVER", *HEADER[2:])
        read = read_one(payment_file(*CLAIM, header=header))
        self.assertEqual(codes(read), [])
        self.assertEqual((read.handling, read.amount), ("I", Decimal("80.00")))
        self.assertEqual((read.credit_debit, read.method), ("C", "ACH"))
        self.assertEqual(read.payment_date, date(2026, 1, 5))
        self.assertEqual((read.trace, read.payer_trace_id), ("TRACE1", "1512345678"))
        self.assertEqual((read.trace_subdivision, read.currency), ("DIV9", "USD"))
        self.assertEqual(read.production_date, date(2026, 1, 5))
        self.assertEqual([r.value for r in read.references], ["RECEIVER"])
        self.assertEqual((read.control_number, read.version), ("0001", "005010X221A1"))

    def test_parties_keep_their_own_references(self):
        read = read_one(payment_file(*CLAIM))
        self.assertEqual(read.payer.name, "SYNTHETIC PAYER")
        self.assertEqual(
            (read.payee.qualifier, read.payee.identifier), ("XX", "1234567893")
        )
        self.assertEqual(
            [(r.qualifier, r.value) for r in read.payer.references], [("2U", "PAYERID")]
        )
        self.assertEqual(
            [(r.qualifier, r.value) for r in read.payee.references],
            [("TJ", "123456789")],
        )

    def test_values_are_frozen_and_complete_like_hand_made_ones(self):
        claim = read_one(payment_file(*CLAIM)).claims[0]
        self.assertIs(type(claim), Claim)
        self.assertIs(type(claim.services[0]), Service)
        with self.assertRaises(AttributeError):
            claim.paid = Decimal(1)
        fields = {name: getattr(claim, name) for name in Claim.__slots__}
        self.assertEqual(Claim(**fields), claim)
        self.assertEqual(hash(Claim(**fields)), hash(claim))

    def test_every_offset_points_at_its_segment(self):
        for end in ("~", "~\n", "~\r\n", "\n~", "~   "):
            with self.subTest(end=end):
                body = (*CLAIM, "CAS*CO*97*0", "AMT*B6*85.00", *CLAIM)
                body += ("PLB*1234567893*20261231*WO:X1*10.00*L6*-10.00",)
                data = payment_file(*body, "ZZZ*1", amount="160.00")
                data = data.decode().replace("~", end).encode()
                read = read_one(data)
                self.check_offsets(data, read)

    def check_offsets(self, data, read):
        def at(offset, text):
            self.assertTrue(data[offset:].startswith(text.encode()), text)

        at(read.offset, "ST*835*0001")
        self.assertTrue(data[: read.end_offset].endswith(b"~"))
        self.assertIn(b"SE*", data[read.end_offset - 14 : read.end_offset])
        at(read.interchange.offset, "ISA*")
        at(read.group.offset, "GS*")
        at(read.payer.offset, "N1*PR")
        at(read.payee.references[0].offset, "REF*TJ")
        for claim in read.claims:
            at(claim.offset, "CLP*A1")
            self.assertEqual(data[claim.end_offset - 1 : claim.end_offset], b"~")
            at(claim.names[0].offset, "NM1*QC")
            for line in claim.services:
                at(line.offset, "SVC*HC:99213")
                for item in line.adjustments:
                    at(item.offset, f"CAS*{item.group}*{item.reason}")
                at(line.references[0].offset, "REF*6R")
                for item in line.amounts:
                    at(item.offset, "AMT*B6")
                self.assertEqual(line.end_offset, claim.end_offset)
        first, second = read.claims
        self.assertEqual(data[first.end_offset : second.offset].strip(), b"")
        for item in read.provider_adjustments:
            at(item.offset, "PLB*")
        at(read.unknown_segments[0].offset, "ZZZ*1")

    def test_versions(self):
        for version, expected in (
            ("005010X221A1", []),
            ("005010X221", []),
            ("004010X091A1", ["version_4010"]),
            ("004010X091", ["version_4010"]),
            ("005010X222A1", ["version_unknown"]),
            ("", ["version_unknown"]),
        ):
            with self.subTest(version=version):
                changed = GS.replace("005010X221A1", version)
                read = read_one(interchange(group(st(*CLAIM), gs=changed)).encode())
                self.assertEqual(codes(read), expected)
        body = ["ST*835*0001*005010X221", *st(*CLAIM)[1:]]
        self.assertEqual(codes(read_one(file_of(body))), ["version_mismatch"])

    def test_provider_adjustments(self):
        read = read_one(
            payment_file(
                *CLAIM,
                "PLB*1234567893*20261231*WO:PCN9*30.00***L6*-5.00*72:R1*-10.00",
                "PLB*9999999999*20261231*FB:0001*-5.00",
                amount="70.00",
            )
        )
        self.assertEqual(codes(read), ["interest_mismatch"])
        self.assertEqual(
            [
                (p.provider_id, p.reason, p.reference, p.amount)
                for p in read.provider_adjustments
            ],
            [
                ("1234567893", "WO", "PCN9", Decimal(30)),
                ("1234567893", "L6", "", Decimal(-5)),
                ("1234567893", "72", "R1", Decimal(-10)),
                ("9999999999", "FB", "0001", Decimal(-5)),
            ],
        )
        self.assertEqual(read.provider_adjustments[0].fiscal_date, date(2026, 12, 31))

    def test_incomplete_provider_adjustment_is_an_error(self):
        for segment in ("PLB*1*20261231*WO:X", "PLB*1*20261231**5.00"):
            with self.subTest(segment=segment):
                read = read_one(payment_file(*CLAIM, segment))
                self.assertIn("provider_adjustment_incomplete", codes(read))
                self.assertFalse(read.balance.transaction)

    def test_missing_and_unordered_lx(self):
        self.assertEqual(codes(read_one(payment_file(*CLAIM, lx=None))), ["lx_missing"])
        body = (*CLAIM, "LX*1", *CLAIM, "LX*X", *CLAIM, "LX*2", "TS3*1*2", *CLAIM)
        read = read_one(payment_file(*body, amount="320.00", lx="LX*7"))
        self.assertEqual(codes(read), ["lx_unordered"])
        self.assertEqual(len(read.claims), 4)

    def test_unknown_segments_are_kept_where_they_stood(self):
        body = [*CLAIM[:3], "ZZ9*A*B", *CLAIM[3:], "LQ9"]
        read = read_one(payment_file(*body))
        self.assertEqual(codes(read), ["unknown_segment", "unknown_segment"])
        self.assertEqual([s.text for s in read.unknown_segments], ["ZZ9*A*B", "LQ9"])
        self.assertEqual(read.findings[0].location, "ST 0001 / CLP 1 / SVC 1")
        self.assertEqual(read.claims[0].services[0].adjustments[1].reason, "3")

    def test_misplaced_segments(self):
        read = read_one(payment_file(*CLAIM, "NM1*QC*1*X", "N1*XX*Y"))
        self.assertEqual(codes(read), ["segment_misplaced"] * 2)
        for data in (
            payment_file("CAS*CO*45*1.00", *CLAIM),
            payment_file("SVC*HC:1*1*1", *CLAIM),
            payment_file(*CLAIM, "BPR*I*80.00*C*ACH"),
            payment_file(*CLAIM, "PLB*1*20261231*WO*0", "CAS*CO*45*1.00"),
        ):
            read = read_one(data)
            self.assertIn("money_misplaced", codes(read))
            self.assertTrue(read.has_errors)
            self.assertTrue(read.unknown_segments)

    def test_second_payment_or_trace_in_the_header_is_an_error(self):
        for segment in (bpr("1.00"), "TRN*1*OTHER*1"):
            with self.subTest(segment=segment):
                read = read_one(payment_file(*CLAIM, header=(*HEADER[:1], segment)))
                self.assertIn("money_misplaced", codes(read))
                self.assertEqual((read.amount, read.trace), (Decimal(80), "TRACE1"))

    def test_claims_after_provider_adjustments_are_read(self):
        body = (*CLAIM, "PLB*1*20261231*WO:X*0.00", *CLAIM)
        read = read_one(payment_file(*body, amount="160.00"))
        self.assertEqual((codes(read), len(read.claims)), (["segment_order"], 2))

    def test_missing_header_segments(self):
        segments = st(*CLAIM, header=())
        read = read_one(file_of(segments))
        self.assertEqual(
            sorted(codes(read)), ["payee_missing", "payer_missing", "trn_missing"]
        )
        self.assertIsNone(read.payer)
        segments = [s for s in st(*CLAIM, count=13) if not s.startswith("BPR")]
        read = read_one(file_of(segments))
        self.assertIn("bpr_missing", codes(read))
        self.assertFalse(read.balance.transaction)

    def test_se_count_and_number(self):
        good = st(*CLAIM)
        right = len(good)
        for changes, code, expected, actual in (
            ({"count": right + 1}, "se_count_wrong", str(right), str(right + 1)),
            ({"count": ""}, "se_count_wrong", str(right), "empty"),
            ({"closing": "0002"}, "se_control_wrong", "0001", "0002"),
            ({"closing": "1"}, "se_control_wrong", "0001", "1"),
        ):
            with self.subTest(changes=changes):
                read = read_one(file_of(st(*CLAIM, **changes)))
                [found] = read.findings
                self.assertEqual(
                    (found.code, found.severity, found.expected, found.actual),
                    (code, "error", expected, actual),
                )
        self.assertEqual(read_one(file_of(good)).segment_count, right)

    def test_transaction_without_se_is_delivered_with_an_error(self):
        for rest in (st(*CLAIM, number="0002"), []):
            data = file_of([*st(*CLAIM)[:-1], *rest])
            items = [i for i in read_835(data) if not hasattr(i, "header")]
            self.assertEqual(codes(items[0]), ["se_missing"])
            self.assertEqual(len(items[0].claims), 1)
            self.assertEqual(len(items), 1 + bool(rest))
            if rest:
                self.assertEqual(codes(items[1]), [])

    def test_cut_off_transaction_is_delivered_with_an_error(self):
        data = payment_file(*CLAIM)
        read = read_one(data[: data.index(b"CAS*PR") + 5])
        self.assertIn("truncated", codes(read))
        self.assertEqual(len(read.claims[0].services[0].adjustments), 1)

    def test_siblings_of_a_bad_transaction_stay_good(self):
        """G7: two groups, three transactions, one of them bad."""
        first = group(st(*CLAIM), st(*CLAIM, number="0002", payment=bpr("81.00")))
        second = group(
            st(*CLAIM, number="0003"), gs=GS.replace("*1*X", "*2*X"), control="2"
        )
        read = read_all(interchange(first, second).encode())
        self.assertEqual(read.findings, ())
        bad = [t.has_errors for t in read.interchanges[0].transactions]
        self.assertEqual(bad, [False, True, False])

    def test_zero_payments(self):
        """BPR02 = 0, H and NON go together; a prenote is free of it."""
        body = ("CLP*A1*1*10.00*0.00**12*PCN1", "CAS*CO*45*10.00")
        for handling, method, amount, expected in (
            ("H", "NON", "0", []),
            ("H", "NON", "0.00", []),
            ("P", "ACH", "0", []),
            ("I", "ACH", "0", ["zero_payment_mismatch"]),
            ("H", "ACH", "0", ["zero_payment_mismatch"]),
            ("I", "NON", "0", ["zero_payment_mismatch"]),
        ):
            with self.subTest(handling=handling, method=method):
                payment = bpr(amount, handling=handling, method=method)
                self.assertEqual(
                    codes(read_one(file_of(st(*body, payment=payment)))), expected
                )
        read = read_one(file_of(st(*CLAIM, payment=bpr(handling="H", method="NON"))))
        self.assertEqual(codes(read), ["zero_payment_mismatch"])

    def test_oddities_of_the_payment(self):
        for changes, expected in (
            ({"handling": "Q"}, "handling_unknown"),
            ({"method": "VCC"}, "method_unknown"),
            ({"sign": "D"}, "debit_payment"),
            ({"sign": ""}, "credit_debit_unknown"),
            ({"date": "20261301"}, "payment_date_invalid"),
            ({"date": ""}, "payment_date_invalid"),
        ):
            with self.subTest(changes=changes):
                read = read_one(file_of(st(*CLAIM, payment=bpr(**changes))))
                self.assertEqual(codes(read), [expected])
        read = read_one(file_of(st("CLP*A*1*-5*-5", payment=bpr("-5"))))
        self.assertIn("payment_negative", codes(read))
        self.assertEqual(
            codes(read_one(file_of(st(payment=bpr("0", "I", "CHK"))))),
            ["zero_payment_mismatch", "remittance_empty"],
        )

    def test_findings_hold_no_patient_data(self):
        body = (
            "CLP*PATIENTNUMBER77*SMITH*100.00*JANE DOE*5.00*12*PCN1",
            "NM1*QC*1*SMITH*JANE****MI*MEMBER77",
            "SVC*SMITH*x*y",
            "DTM*472*SMITH",
            "CAS*SMITH*45*MEMBER77",
            "SMITH*JANE",
            "QTY*SMITH",
            "AMT*AU*MEMBER77",
            "PLB*1*SMITH*WO:MEMBER77*MEMBER77",
        )
        read = read_one(payment_file(*body))
        self.assertGreater(len(read.findings), 8)
        for word in ("SMITH", "JANE", "MEMBER77", "PATIENTNUMBER77"):
            self.assertNotIn(word, repr(read.findings))

    def test_transaction_beyond_the_limit_is_cut_with_an_error(self):
        data = payment_file(*(CLAIM * 500), amount="40000.00")
        self.assertEqual(codes(read_one(data)), [])
        items = list(
            read_835(data + payment_file(*CLAIM), Limits(transaction_bytes=9_000))
        )
        cut, result, after, _ = items
        self.assertIn("transaction_oversize", codes(cut))
        self.assertNotIn("se_count_wrong", codes(cut))
        self.assertLess(len(cut.claims), 200)
        self.assertFalse(cut.balance.transaction)
        self.assertEqual(cut.end_offset, data.index(b"GE*"))
        self.assertEqual((result.findings, codes(after)), ((), []))

    def test_findings_beyond_the_limit_are_counted(self):
        read = read_one(payment_file(*CLAIM, *["ZZZ"] * 50), findings=10)
        self.assertEqual(len(read.findings), 11)
        last = read.findings[-1]
        self.assertEqual(
            (last.code, last.expected, last.actual), ("findings_limit", "10", "50")
        )
        self.assertTrue(read.has_errors)

    def test_unknown_segments_are_kept_only_with_their_finding(self):
        read = read_one(payment_file(*CLAIM, *["ZZZ"] * 50), findings=10)
        self.assertEqual(len(read.unknown_segments), 10)
        self.assertEqual(read.findings[-1].code, "findings_limit")

    def test_oddities_of_single_elements(self):
        """One changed segment, one finding; error or warning as the table says."""
        for index, segment, code, error in (
            (0, "CLP**1*100.00*80.00*5.00*12*PCN1", "claim_number_missing", False),
            (0, "CLP*A1*1**80.00*5.00*12*PCN1", "amount_missing", True),
            (0, "CLP*A1*1*100.00*80.00*5.001*12*PCN1", "amount_subcent", True),
            (2, "SVC*HC>99213*100.00*80.00**1", "procedure_unreadable", False),
            (2, "SVC*HC:99213*100.00*80.00**X", "quantity_invalid", False),
            (2, "SVC*HC:99213*100.00*80.00**1**1E1", "quantity_invalid", False),
            (4, "CAS*CO*45*15.00*NaN", "quantity_invalid", False),
        ):
            with self.subTest(segment=segment):
                body = [*CLAIM[:index], segment, *CLAIM[index + 1 :]]
                data = payment_file(*body)
                read = read_one(data)
                [found] = [f for f in read.findings if f.code == code]
                self.assertEqual(found.severity == "error", error)
                self.assertTrue(data[found.offset :].startswith(segment.encode()))
                self.assertEqual(read.has_errors, error)
        header = ("TRN*2*TRACE1*1512345678", *HEADER[1:])
        self.assertEqual(
            codes(read_one(payment_file(*CLAIM, header=header))), ["trace_type_unknown"]
        )
