"""Bytes to segments: windows, chunks, odd bytes, limits and memory."""

import gc
import io
import tracemalloc

from odoo.tests import BaseCase, tagged

from ..x12.model import Delimiters, Limits
from ..x12.reader import read_835, read_all
from ..x12.tokenizer import Tokenizer
from .x12_builders import CLAIM, file_of, payment_file, st, with_delimiters

GOOD = payment_file(*CLAIM)


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time, like a socket."""

    def __init__(self, data, size):
        self.data, self.size, self.at = data, size, 0

    def read(self, count=-1):
        piece = self.data[self.at : self.at + self.size]
        self.at += len(piece)
        return piece


class Endless:
    """A stream that makes the same piece ``times`` times, without holding it."""

    def __init__(self, head, piece, times, tail):
        self.parts = iter([head, *[None] * times, tail])
        self.piece = piece

    def read(self, count=-1):
        part = next(self.parts, b"")
        return self.piece if part is None else part


def one(data, **limits):
    """The first transaction."""
    return next(read_835(data, Limits(**limits)))


def codes(transaction):
    """Codes of its findings."""
    return [finding.code for finding in transaction.findings]


@tagged("post_install", "-at_install")
class TestX12Tokenizer(BaseCase):
    def test_result_does_not_depend_on_chunks(self):
        data = GOOD + b"\r\n" + payment_file(*(CLAIM * 60), amount="4800.00")
        data = data.replace(b"CAS", b"\nCAS").replace(b"PCN1", b"P\nCN1")
        expected = read_all(data)
        self.assertEqual(len(expected.interchanges), 2)
        for size in (1, 7, 100, 1_000):
            self.assertEqual(read_all(Trickle(data, size)), expected, size)
            limits = Limits(chunk_bytes=size)
            self.assertEqual(read_all(io.BytesIO(data), limits), expected, size)

    def test_clean_and_careful_reading_agree(self):
        clean = payment_file(*(CLAIM * 40), amount="3200.00")
        padded = clean.replace(b"PCN1*", b"PCN1 *")
        one_read, other = one(clean), one(padded)
        strip = [
            (c.payer_claim_number, c.paid, c.services[0].charge) for c in other.claims
        ]
        self.assertEqual(
            strip,
            [
                (c.payer_claim_number, c.paid, c.services[0].charge)
                for c in one_read.claims
            ],
        )
        self.assertEqual(other.content_hash, one_read.content_hash)

    def test_empty_segments_are_told(self):
        data = GOOD.replace(b"CAS*PR", b"~ \n~CAS*PR")
        read = one(data)
        self.assertEqual(codes(read), ["empty_segment", "empty_segment"])
        self.assertEqual(len(read.claims[0].services[0].adjustments), 2)
        for finding in read.findings:
            self.assertEqual(data[finding.offset : finding.offset + 1], b"~")

    def test_white_space_that_is_a_delimiter_is_not_skipped(self):
        lines = with_delimiters(GOOD, b"*", b":", b"^", b"\n")
        self.assertEqual(codes(one(lines)), [])
        read = one(lines.replace(b"\nCAS*PR", b"\n\nCAS*PR"))
        self.assertEqual(codes(read), ["empty_segment"])
        many = payment_file(*(CLAIM * 30), amount="2400.00").replace(b"~", b"\n")
        blank = many.replace(b"\nCAS*PR", b"\n\n\nCAS*PR")
        self.assertEqual(codes(one(blank)), ["empty_segment"] * 60)
        self.assertEqual(one(io.BytesIO(blank), chunk_bytes=1), one(blank))
        tabs = with_delimiters(GOOD, b"\t", b":", b"^", b"~")
        read = one(tabs.replace(b"~", b"~\n  "))
        self.assertEqual(codes(read), [])
        self.assertEqual(read.content_hash, one(GOOD).content_hash)
        read = one(tabs.replace(b"CAS\tPR", b"\tX~CAS\tPR").replace(b"~", b"~\n "))
        self.assertEqual([s.text for s in read.unknown_segments], ["\tX"])

    def test_line_breaks_inside_elements_are_taken_out_and_told(self):
        data = GOOD.replace(b"SYNTHETIC*CASE", b"SYNTH\r\nETIC*CA\nSE")
        read = one(data)
        [finding] = read.findings
        self.assertEqual(
            (finding.code, finding.severity, finding.actual),
            ("line_break_in_segment", "info", "3"),
        )
        self.assertTrue(data[finding.offset :].startswith(b"NM1*QC"))
        self.assertEqual(read.claims[0].names[0].first, "CASE")

    def test_padding_is_not_content(self):
        read = one(GOOD.replace(b"A1*1*", b"A1   *1 *").replace(b"*L1~", b"*L1  ~"))
        self.assertEqual(read.claims[0].control_number, "A1")
        self.assertEqual(read.claims[0].services[0].line_control_number, "L1")
        self.assertEqual(codes(read), [])

    def test_control_characters_are_an_error_and_do_not_reach_values(self):
        for junk in (b"\x00", b"\x1c", b"\x1f", b"\x07", b"\x7f", b"\x0b", b"\x1a"):
            with self.subTest(junk=junk):
                data = GOOD.replace(b"CASE", b"CA" + junk + b"SE")
                read = one(data)
                self.assertEqual(codes(read), ["control_character"])
                self.assertTrue(read.has_errors)
                self.assertEqual(read.claims[0].names[0].first, "CASE")

    def test_text_beyond_ascii(self):
        for raw in ("CASÉ".encode(), "CASÉ".encode("latin-1")):
            data = GOOD.replace(b"CASE", raw)
            read = one(data)
            self.assertEqual(codes(read), ["text_not_ascii"])
            self.assertEqual(read.claims[0].names[0].first, "CASÉ")
            offset = read.claims[0].services[0].offset
            self.assertTrue(data[offset:].startswith(b"SVC*"))

    def test_oversize_segment_is_skipped_with_an_error(self):
        for size, chunk in ((5_000, 262_144), (400_000, 1_000), (400_000, 262_144)):
            with self.subTest(size=size, chunk=chunk):
                long = b"NTE*" + b"X" * size + b"~"
                data = GOOD.replace(b"SVC*", long + b"SVC*")
                read = one(io.BytesIO(data), segment_bytes=4_000, chunk_bytes=chunk)
                self.assertIn("segment_oversize", codes(read))
                found = read.findings[codes(read).index("segment_oversize")]
                self.assertTrue(data[found.offset :].startswith(b"NTE*"))
                self.assertEqual(found.severity, "error")
                self.assertNotIn("transaction_out_of_balance", codes(read))
                offset = read.claims[0].services[0].offset
                self.assertTrue(data[offset:].startswith(b"SVC*"))

    def test_a_segment_of_exactly_the_limit_is_read(self):
        segment = "REF*ZZ*" + "X" * 993
        data = payment_file(*CLAIM, segment)
        self.assertEqual(codes(one(data, segment_bytes=1_000)), [])
        read = one(data, segment_bytes=999)
        self.assertEqual(codes(read), ["segment_oversize"])

    def test_unterminated_rest(self):
        tokenizer = Tokenizer(io.BytesIO(b"A*1~B*2\r\n"), Limits())
        segments = tokenizer.segments(Delimiters())
        self.assertEqual(segments.next(), (["A", "1"], "A*1", 0, 4))
        self.assertIsNone(segments.next())
        self.assertEqual(tokenizer.tail, ("B*2", 4))

    def test_segments_carry_their_bytes(self):
        data = b"A*1~\r\nBB**2~C~"
        tokenizer = Tokenizer(io.BytesIO(data), Limits())
        rows = list(iter(tokenizer.segments(Delimiters()).next, None))
        self.assertEqual(
            [data[s:e] for _r, _t, s, e in rows], [b"A*1~", b"BB**2~", b"C~"]
        )

    def test_memory_does_not_grow_with_the_file(self):
        body = [segment for _ in range(50) for segment in CLAIM]
        piece = "~".join(st(*body, payment="BPR*I*4000.00*C*CHK")).encode() + b"~"
        head = GOOD[: GOOD.index(b"ST*")]
        peaks = []
        for times in (20, 200):
            gc.collect()
            tracemalloc.start()
            count = 0
            for item in read_835(Endless(head, piece, times, b"")):
                count += hasattr(item, "claims")
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            self.assertEqual(count, times)
        self.assertLess(peaks[1], peaks[0] * 1.2)

    def test_memory_is_bounded_in_an_endless_segment(self):
        head = GOOD[: GOOD.index(b"SVC*")]
        tracemalloc.start()
        read = list(read_835(Endless(head, b"X" * 100_000, 300, b"")))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        self.assertLess(peak, 6_000_000)
        self.assertIn("segment_oversize", codes(read[0]))

    def test_collection_is_paused_only_while_reading(self):
        self.assertTrue(gc.isenabled())
        for _ in read_835(file_of(st(*CLAIM), st(*CLAIM, number="0002"))):
            self.assertTrue(gc.isenabled())
        gc.disable()
        try:
            list(read_835(GOOD))
            self.assertFalse(gc.isenabled())
        finally:
            gc.enable()
