"""The arithmetic: each formula accepted and refused, and the golden vectors."""

from dataclasses import replace
from decimal import Decimal, localcontext

from odoo.tests import BaseCase, tagged

from ..x12 import balance
from ..x12.model import Adjustment, Claim, Procedure, Service
from ..x12.reader import read_835, read_all
from .x12_builders import (
    CLAIM,
    GS,
    bpr,
    file_of,
    group,
    interchange,
    payment_file,
    st,
)


def read_one(data):
    """The only transaction of a file."""
    return next(read_835(data))


def faults(data):
    """Codes of the findings of the only transaction."""
    return [finding.code for finding in read_one(data).findings]


def plb(*pairs):
    """A PLB of code, amount pairs."""
    return "*".join(["PLB", "1234567893", "20261231", *[str(item) for item in pairs]])


@tagged("post_install", "-at_install")
class TestX12Balance(BaseCase):
    def assertBalances(self, data, *, claims=None):
        read = read_one(data)
        self.assertEqual(read.findings, ())
        self.assertEqual(
            (read.balance.line, read.balance.claim, read.balance.transaction),
            (True, True, True),
        )
        if claims is not None:
            self.assertEqual(len(read.claims), claims)
        return read

    def test_a_balanced_payment(self):
        self.assertBalances(payment_file(*CLAIM))

    def test_line_out_of_balance(self):
        """SVC03 off by a cent, the claim still ties from its charge."""
        body = [s.replace("99213*100.00*80.00", "99213*100.00*80.01") for s in CLAIM]
        read = read_one(payment_file(*body))
        self.assertEqual(
            [f.code for f in read.findings],
            ["derived_out_of_balance", "line_out_of_balance"],
        )
        line = read.findings[1]
        self.assertEqual((line.expected, line.actual), ("80.00", "80.01"))
        self.assertEqual(line.location, "ST 0001 / CLP 1 / SVC 1")
        self.assertEqual(line.offset, read.claims[0].services[0].offset)
        self.assertEqual(
            (read.balance.line, read.balance.claim, read.balance.transaction),
            (False, True, True),
        )

    def test_claim_out_of_balance(self):
        body = ("CLP*A1*1*100.00*80.00*5.00*12*PCN1", "CAS*CO*45*14.99", "CAS*PR*3*5")
        read = read_one(payment_file(*body))
        [finding] = read.findings
        self.assertEqual(
            (finding.code, finding.expected, finding.actual, finding.location),
            ("claim_out_of_balance", "80.01", "80.00", "ST 0001 / CLP 1"),
        )
        self.assertFalse(read.balance.claim)
        self.assertTrue(read.balance.line and read.balance.transaction)

    def test_charges_out_of_balance(self):
        """A line is missing: every line ties, the claim does not."""
        body = ["CLP*A1*1*120.00*80.00*5.00*12*PCN1", *CLAIM[1:]]
        read = read_one(payment_file(*body))
        found = {f.code: (f.expected, f.actual) for f in read.findings}
        self.assertEqual(found["charges_out_of_balance"], ("120.00", "100.00"))
        self.assertEqual(found["claim_out_of_balance"], ("100.00", "80.00"))
        body.insert(2, "CAS*CO*45*20.00")
        found = faults(payment_file(*body))
        self.assertEqual(found, ["charges_out_of_balance", "derived_out_of_balance"])

    def test_charges_do_not_matter_without_lines(self):
        body = ("CLP*A1*1*100.00*80.00**12*PCN1", "CAS*CO*45*20.00")
        self.assertBalances(payment_file(*body))

    def test_transaction_out_of_balance(self):
        [finding] = read_one(payment_file(*CLAIM, amount="80.01")).findings
        self.assertEqual(
            (finding.code, finding.severity, finding.expected, finding.actual),
            ("transaction_out_of_balance", "error", "80.00", "80.01"),
        )

    def test_patient_responsibility_warns_except_on_reversals(self):
        body = ["CLP*A1*1*100.00*80.00*6.00*12*PCN1", *CLAIM[1:]]
        read = read_one(payment_file(*body))
        [finding] = read.findings
        self.assertEqual(
            (finding.code, finding.severity, finding.expected, finding.actual),
            ("patient_responsibility_mismatch", "warning", "5.00", "6.00"),
        )
        self.assertTrue(read.balance.claim)
        body[0] = "CLP*A1*22*100.00*80.00*6.00*12*PCN1"
        self.assertEqual(faults(payment_file(*body)), [])
        body[0] = "CLP*A1*1*100.00*80.00**12*PCN1"
        self.assertEqual(
            faults(payment_file(*body)), ["patient_responsibility_mismatch"]
        )

    def test_interest_warns_when_claims_and_plb_differ(self):
        body = [*CLAIM, "AMT*B6*85.00"]
        body.insert(2, "AMT*I*5.00")
        self.assertEqual(
            faults(payment_file(*body, plb("L6", "-5.00"), amount="85.00")), []
        )
        for adjustment, amount in (("-4.00", "84.00"), ("5.00", "75.00")):
            data = payment_file(*body, plb("L6", adjustment), amount=amount)
            [finding] = read_one(data).findings
            self.assertEqual(
                (finding.code, finding.severity), ("interest_mismatch", "warning")
            )
        self.assertEqual(faults(payment_file(*body)), ["interest_mismatch"])
        taken = [*body[:2], "AMT*I*-5.00", *body[3:]]
        data = payment_file(*body, *taken, amount="160.00")
        self.assertEqual(faults(data), [])  # nets to zero: no L6 is due

    def test_interest_taken_back_on_a_reversal(self):
        """G12: L6 above zero with a negative AMT*I."""
        body = [s.replace("A1*1*", "A1*22*") for s in CLAIM]
        body.insert(2, "AMT*I*-2.50")
        self.assertEqual(
            faults(payment_file(*body, plb("L6", "2.50"), amount="77.50")), []
        )

    def test_exact_beyond_the_callers_precision(self):
        big = "123456789012345.67"
        body = (f"CLP*A1*1*{big}*{big}", f"CLP*A2*1*{big}*{big}", "CLP*A3*1*0.01*0.01")
        with localcontext() as context:
            context.prec = 3
            self.assertEqual(
                faults(payment_file(*body, amount="246913578024691.35")), []
            )
            self.assertEqual(
                faults(payment_file(*body, amount="246913578024691.34")),
                ["transaction_out_of_balance"],
            )
            rounded = ("CLP*A1*1*123456.00*123000.00", "CAS*CO*45*0.00")
            self.assertIn(
                "claim_out_of_balance",
                faults(payment_file(*rounded, amount="123000.00")),
            )
            claim = read_one(payment_file(*body, amount="0")).claims[0]
            self.assertEqual(balance.expected_claim_paid(claim), Decimal(big))

    def test_amounts_of_amt_and_qty_never_balance(self):
        body = [*CLAIM, "AMT*B6*999.00", "QTY*ZK*5", "AMT*D*7.00"]
        self.assertBalances(payment_file(*body))

    def test_any_changed_digit_of_money_is_caught(self):
        data = payment_file(*CLAIM, plb("WO:X", "10.00"), amount="70.00")
        self.assertBalances(data)
        spans = [b"70.00*C", b"100.00*80.00*5.00", b"100.00*80.00**", b"15.00~"]
        spans += [b"5.00~", b"10.00~"]
        for span in spans:
            start = data.index(span)
            digits = [
                start + i for i, c in enumerate(span) if chr(c).isdigit() and c != 0
            ]
            for at in digits:
                changed = (data[at] - 48 + 1) % 10 + 48
                other = data[:at] + bytes([changed]) + data[at + 1 :]
                with self.subTest(at=at, span=span):
                    self.assertTrue(read_one(other).findings)

    def test_checks_work_on_changed_claims(self):
        claim = read_one(payment_file(*CLAIM)).claims[0]
        self.assertEqual(balance.check_claim(claim), [])
        line = claim.services[0]
        self.assertEqual(balance.check_line(line), [])
        cheap = replace(line, paid=Decimal("79.99"))
        [finding] = balance.check_line(cheap, "here")
        self.assertEqual(
            (finding.code, finding.location), ("line_out_of_balance", "here")
        )
        codes = [f.code for f in balance.check_claim(replace(claim, services=(cheap,)))]
        self.assertEqual(codes, ["line_out_of_balance", "derived_out_of_balance"])
        self.assertEqual(balance.patient_adjusted(claim), Decimal(5))
        self.assertEqual(balance.line_charges(claim), Decimal(100))
        self.assertEqual(balance.expected_line_paid(line), Decimal(80))
        self.assertEqual(balance.derived_claim_paid(claim), Decimal(80))

    def test_checks_work_on_hand_made_claims(self):
        cut = Adjustment("CO", "45", Decimal("0.10"))
        line = Service(
            1,
            Procedure("HC", "1"),
            None,
            Decimal("0.30"),
            Decimal("0.20"),
            adjustments=(cut,),
        )
        claim = Claim(1, "X", "1", Decimal("0.30"), Decimal("0.20"), services=(line,))
        self.assertEqual(balance.check_claim(claim), [])
        self.assertEqual(balance.check_payment(Decimal("0.20"), [claim], []), [])

    def test_g1_claim_and_line_adjustments(self):
        """RFI 2570: CLP04 differs from the sum of SVC03."""
        read = self.assertBalances(
            payment_file(
                "CLP*A1*2*1863*98.92**12*PCN1",
                "CAS*OA*23*395.68",
                "SVC*HC:99285*1800*460.92",
                "CAS*OA*23*1339.08",
                "SVC*HC:93000*63*33.68",
                "CAS*OA*23*29.32",
                amount="98.92",
            )
        )
        [claim] = read.claims
        self.assertEqual(sum(s.paid for s in claim.services), Decimal("494.60"))
        self.assertEqual(balance.derived_claim_paid(claim), Decimal("98.92"))

    def test_g2_both_secondary_forms_balance_in_the_file(self):
        """RFI 1696: what is wrong with the first only our books can tell."""
        for cas in (["CAS*CO*45*435"], ["CAS*OA*23*425", "CAS*CO*45*10"]):
            body = ["CLP*A1*2*500*65**MC*PCN1", *cas]
            self.assertBalances(payment_file(*body, amount="65"))

    def test_g3_bundling(self):
        body = (
            "CLP*A1*1*160*96*24*12*PCN1",
            "SVC*HC:99285*100*96",
            "CAS*OA*94*-60",
            "CAS*CO*45*40",
            "CAS*PR*2*24",
            "SVC*HC:93000*60*0",
            "CAS*CO*97*60",
        )
        self.assertBalances(payment_file(*body, amount="96"))

    def test_g4_reversal_and_correction(self):
        body = (
            "CLP*A1*22*-150*-50**12*PCN1",
            "CAS*CO*45*-75",
            "CAS*PR*1*-25",
            "CLP*A1*1*150*60*15*12*PCN2",
            "CAS*CO*45*75",
            "CAS*PR*1*15",
        )
        read = self.assertBalances(payment_file(*body, amount="10"), claims=2)
        self.assertEqual(read.claims[0].paid, Decimal(-50))
        self.assertIsNone(read.claims[0].patient_responsibility)

    def test_g5_provider_adjustment_vectors(self):
        pay = ["CLP*A1*1*{0}*{0}**12*PCN1"][0]
        for claims, pairs, amount in (
            ((), ("PI:1", "-100"), "100"),
            (("600", "-800"), ("FB:1", "-200"), "0"),
            (("50",), ("FB:1", "200", "FB:2", "-150"), "0"),
            (("500",), ("72:1", "-100", "WO:1", "100"), "500"),
            (("500",), ("WO:1", "120", "CS:1", "-20"), "400"),
        ):
            with self.subTest(pairs=pairs):
                body = [pay.format(text) for text in claims]
                zero = amount == "0"
                payment = bpr(amount, *(("H", "NON") if zero else ("I", "ACH")))
                data = file_of(st(*body, plb(*pairs), payment=payment))
                self.assertBalances(data, claims=len(claims))
        body = ["CLP*A1*1*100*100**12*PCN1", "AMT*I*5"]
        self.assertBalances(payment_file(*body, plb("L6", "-5"), amount="105"))

    def test_g5_wrong_sign_is_refused(self):
        body = ["CLP*A1*1*500*500**12*PCN1", plb("WO:1", "-120", "CS:1", "20")]
        self.assertEqual(
            faults(payment_file(*body, amount="400")), ["transaction_out_of_balance"]
        )

    def test_g6_constant_trace_of_zero_payments(self):
        """Same TRN02, other content: the content hash tells them apart."""
        payment = bpr("0", "H", "NON")
        header = ("TRN*1*EO0000000000*1512345678", "N1*PR*P", "N1*PE*C*XX*1")
        bodies = [[f"CLP*A{n}*4*10.00*0", "CAS*CO*31*10.00"] for n in (1, 2, 1)]
        data = file_of(
            *[
                st(*body, payment=payment, header=header, number=f"000{n}")
                for n, body in enumerate(bodies, 1)
            ]
        )
        read = read_all(data).interchanges[0].transactions
        self.assertEqual({t.trace for t in read}, {"EO0000000000"})
        self.assertEqual([f for t in read for f in t.findings], [])
        hashes = [t.content_hash for t in read]
        self.assertEqual(hashes[0], hashes[2])
        self.assertNotEqual(hashes[0], hashes[1])

    def test_g8_procedure_qualifiers(self):
        codes = ("NU:0450", "HP:A9999", "AD:D0120", "HC:99213", "N4:00093721410")
        body = ["CLP*A1*1*50*50**12*PCN1", *[f"SVC*{code}*10*10" for code in codes]]
        [claim] = self.assertBalances(payment_file(*body, amount="50")).claims
        self.assertEqual(
            [f"{s.procedure.qualifier}:{s.procedure.code}" for s in claim.services],
            list(codes),
        )

    def test_g14_unpaired_bundling(self):
        body = ("CLP*A1*2*541*34**12*PCN1", "SVC*HC:93000*541*34")
        body += ("CAS*OA*23*516", "CAS*OA*94*-9")
        self.assertBalances(payment_file(*body, amount="34"))

    def test_g15_reversal_of_the_old_version(self):
        """RFI 319, 213: group CR, no PR, no CLP05; it balances all the same."""
        body = ("CLP*A1*22*-150*-50**12*PCN1", "CAS*CR*45*-75**1*-25")
        old = GS.replace("005010X221A1", "004010X091A1")
        good = ("CLP*A2*1*60*60**12*PCN2",)
        data = interchange(group(st(*body, *good, payment=bpr("10")), gs=old))
        self.assertEqual(faults(data.encode()), ["version_4010"])
        data = data.replace("1*-25", "1*-24")
        self.assertIn("claim_out_of_balance", faults(data.encode()))
