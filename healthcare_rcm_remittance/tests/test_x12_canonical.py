"""Hashes: what may differ between two sendings of the same remittance."""

from odoo.tests import BaseCase, tagged

from ..x12.canonical import canonical_sha256
from ..x12.reader import read_835
from .x12_builders import CLAIM, bpr, file_of, isa, payment_file, st, with_delimiters

GOOD = payment_file(*CLAIM, "PLB*1*20261231*WO:X*0.00")


def content(data):
    """Content hash of the first transaction."""
    return next(read_835(data)).content_hash


@tagged("post_install", "-at_install")
class TestX12Canonical(BaseCase):
    def test_delimiters_and_line_breaks_do_not_change_the_content(self):
        expected = content(GOOD)
        for data in (
            with_delimiters(GOOD, b"|", b">", b"!", b"\n"),
            with_delimiters(GOOD, b"\x1d", b"\x1f", b"\x1e", b"\x1c"),
            GOOD.replace(b"~", b"~\r\n"),
            GOOD.replace(b"~", b"\n~"),
            GOOD.replace(b"~", b"~\n  "),
            GOOD.replace(b"99213*100", b"99\r\n213*100"),
            GOOD.replace(b"20.00", b"20.00**"),
            GOOD.replace(b"WO:X*0.00", b"WO:X*0.00***"),
            GOOD.replace(b"HC:99213*", b"HC:99213::*"),
        ):
            self.assertEqual(content(data), expected)

    def test_control_numbers_and_header_do_not_change_the_content(self):
        expected = content(GOOD)
        body = (*CLAIM, "PLB*1*20261231*WO:X*0.00")
        head = isa(isa13="000000777")
        other = file_of(
            st(*body, number="0009", lx="LX*5", payment=bpr("80", date="20260131")),
            head=head,
            control="000000777",
        )
        self.assertEqual(content(other), expected)

    def test_any_change_of_claims_or_adjustments_changes_the_content(self):
        seen = {content(GOOD)}
        changes = (
            (b"A1*1*", b"A2*1*"),
            (b"45*15.00", b"45*15.01"),
            (b"CAS*PR*3*5.00~", b""),
            (b"WO:X*0.00", b"WO:Y*0.00"),
            (b"WO:X*", b"WO*"),
            (b"REF*6R*L1~", b"REF*6R*L1~AMT*B6*1~"),
            (b"NM1*QC*1*SYNTHETIC", b"NM1*QC*1*OTHER"),
            (b"**12*PCN1", b"*12**PCN1"),
            (b"5.00*12*PCN1", b"5.00**PCN1"),
            (b"HC:99213*", b"HC:99213:25*"),
            (b"LX*1~", b"LX*1~ZZZ*1~"),
        )
        for old, new in changes:
            if old not in GOOD:
                continue
            digest = content(GOOD.replace(old, new))
            self.assertNotIn(digest, seen, new)
            seen.add(digest)
        self.assertEqual(len(seen), 11)

    def test_elements_and_segments_are_not_confused(self):
        one = content(payment_file("CLP*A*1*1*1", "REF*EA*B", amount="1"))
        other = content(payment_file("CLP*A*1*1*1*REF*EA*B", amount="1"))
        self.assertNotEqual(one, other)

    def test_content_of_long_transactions_is_hashed_in_batches(self):
        many = [part for n in range(900) for part in (f"LX*{n}", *CLAIM)]
        plain = [part for n in range(900) for part in CLAIM]
        one = content(payment_file(*many, amount="72000.00"))
        self.assertEqual(one, content(payment_file(*plain, amount="72000.00")))
        self.assertNotEqual(one, content(payment_file(*plain[:-1], amount="72000.00")))

    def test_file_hash_ignores_line_breaks_only(self):
        expected = canonical_sha256(GOOD)
        self.assertEqual(canonical_sha256(GOOD.replace(b"~", b"~\r\n")), expected)
        self.assertNotEqual(canonical_sha256(GOOD.replace(b"A1", b"A2")), expected)
        self.assertNotEqual(canonical_sha256(GOOD + b" "), expected)
