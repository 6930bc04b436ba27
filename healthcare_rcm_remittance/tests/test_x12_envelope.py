"""ISA, GS, GE, IEA: delimiters by counting, counts, numbers, what is around them."""

from datetime import date

from odoo.tests import BaseCase, tagged

from ..x12.model import InterchangeResult, Transaction
from ..x12.reader import NotX12, read_835, read_all
from .x12_builders import (
    CLAIM,
    GS,
    file_of,
    group,
    interchange,
    isa,
    payment_file,
    st,
    with_delimiters,
)

GOOD = payment_file(*CLAIM)


def codes(findings):
    """Codes of findings."""
    return [finding.code for finding in findings]


@tagged("post_install", "-at_install")
class TestX12Envelope(BaseCase):
    def assertReads(self, data, *expected, count=1):
        """``count`` clean payments of 80.00 and these envelope findings."""
        read = read_all(data)
        transactions = [t for part in read.interchanges for t in part.transactions]
        self.assertEqual(len(transactions), count)
        for transaction in transactions:
            self.assertEqual(transaction.claims[0].services[0].procedure.code, "99213")
            self.assertEqual(str(transaction.amount), "80.00")
            kept = {"line_break_in_segment"}
            self.assertLessEqual(set(codes(transaction.findings)), kept)
        self.assertEqual(codes(read.findings), list(expected))
        return read

    def test_header_and_group_are_read(self):
        read = self.assertReads(GOOD)
        header = read.interchanges[0].header
        self.assertEqual((header.sender_qualifier, header.sender), ("ZZ", "SYNTHPAYER"))
        self.assertEqual(
            (header.receiver_qualifier, header.receiver), ("ZZ", "SYNTHCLINIC")
        )
        self.assertEqual((header.date, header.time), (date(2026, 1, 5), "1200"))
        self.assertEqual(
            (header.control_number, header.version), ("000000001", "00501")
        )
        found = read.interchanges[0].transactions[0].group
        self.assertEqual((found.functional_id, found.control_number), ("HP", "1"))
        self.assertEqual(
            (found.version, found.date), ("005010X221A1", date(2026, 1, 5))
        )

    def test_any_delimiters_also_control_characters(self):
        for marks in (
            (b"|", b">", b"!", b"\n"),
            (b"\x1d", b"\x1f", b"\x1e", b"\x1c"),
            (b"\x1c", b"\x1d", b"\x1f", b"\x85"),
            (b"*", b"\\", b"^", b"'"),
            (b"*", b":", b"^", b"\r"),
            (b"\x01", b"\x02", b"\x03", b"\x04"),
            (b"\xa7", b"\xb6", b"^", b"\xac"),
        ):
            with self.subTest(marks=marks):
                read = self.assertReads(with_delimiters(GOOD, *marks))
                used = read.interchanges[0].header.delimiters
                self.assertEqual(
                    (used.element, used.component, used.repetition, used.terminator),
                    tuple(mark.decode("latin-1") for mark in marks),
                )

    def test_line_ends_after_the_terminator(self):
        for end in (b"~\n", b"~\r\n", b"~\n\n", b"~\r", b"~\n  "):
            with self.subTest(end=end):
                self.assertReads(GOOD.replace(b"~", end))

    def test_line_break_before_the_terminator(self):
        for end in (b"\n~", b"\r\n~\r\n", b" \n~"):
            with self.subTest(end=end):
                data = GOOD.replace(b"~", end)
                self.assertReads(data, "isa_length", "line_break_in_segment")

    def test_file_wrapped_at_80_columns(self):
        wrapped = b"\r\n".join(
            GOOD[start : start + 80] for start in range(0, len(GOOD), 80)
        )
        read = read_all(wrapped)
        [transaction] = read.interchanges[0].transactions
        self.assertEqual(codes(transaction.findings), ["line_break_in_segment"])
        self.assertEqual(transaction.claims[0].names[0].identifier, "SY1")
        self.assertIn("isa_length", codes(read.findings))
        self.assertFalse(transaction.has_errors)

    def test_indented_segments(self):
        self.assertReads(GOOD.replace(b"~", b"~\n\t  "))

    def test_short_and_long_isa(self):
        short = GOOD.replace(b"SYNTHPAYER     *", b"SYNTHPAYER*", 1)
        self.assertReads(short, "isa_length")
        long = GOOD.replace(b"*00*          *", b"*00*" + b" " * 30 + b"*", 1)
        self.assertReads(long, "isa_length")

    def test_missing_isa16(self):
        for head, end in (("*P*~", ""), ("*P*~", "\r\n"), ("*P~", ""), ("*P~", "\n")):
            with self.subTest(head=head, end=end):
                data = GOOD.decode().replace("*P*:~", head, 1).replace("~", "~" + end)
                read = self.assertReads(data.encode(), "isa16_missing", "isa_length")
                self.assertEqual(read.interchanges[0].header.usage, "P")
                self.assertEqual(read.interchanges[0].header.delimiters.component, ":")

    def test_missing_isa16_with_line_break_as_terminator(self):
        data = GOOD.replace(b"*P*:~", b"*P*~", 1).replace(b"~", b"\n")
        self.assertReads(data, "isa16_missing", "isa_length")

    def test_component_and_line_break_terminator_are_told_from_a_missing_isa16(self):
        read = self.assertReads(GOOD.replace(b"~", b"\n"))
        self.assertEqual(read.interchanges[0].header.delimiters.component, ":")

    def test_one_character_for_two_delimiters_is_an_error(self):
        read = read_all(GOOD.replace(b"*P*:~", b"*P**~", 1))
        self.assertIn("delimiter_conflict", codes(read.findings))

    def test_repetition_separator_by_version(self):
        for isa11, isa12, expected in (
            ("^", "00501", "^"),
            ("U", "00401", None),
            ("^", "00401", None),
            ("U", "00501", None),
            ("!", "00402", "!"),
        ):
            with self.subTest(isa11=isa11, isa12=isa12):
                data = file_of(st(*CLAIM), head=isa(isa11=isa11, isa12=isa12))
                header = read_all(data).interchanges[0].header
                self.assertEqual(header.delimiters.repetition, expected)

    def test_repetition_where_nothing_may_repeat_is_noted_not_split(self):
        claim = ("CLP*A^1*1*100.00*80.00*5.00*12*PCN1*11*1", *CLAIM[1:])
        [transaction] = read_all(payment_file(*claim)).interchanges[0].transactions
        self.assertEqual(transaction.claims[0].control_number, "A^1")
        self.assertEqual(codes(transaction.findings), ["element_repeated"])

    def test_byte_order_mark_white_space_and_prose(self):
        self.assertReads(b"\xef\xbb\xbf" + GOOD, "byte_order_mark")
        self.assertReads(b"\r\n  \t" + GOOD, "leading_whitespace")
        prose = b"Dear clinic, VISA* and ISABEL send:\n"
        read = self.assertReads(prose + GOOD, "prose_before_isa")
        self.assertEqual(read.findings[0].offset, 0)
        self.assertEqual(read.findings[0].actual, f"{len(prose) - 1} bytes")
        self.assertEqual(read.interchanges[0].offset, len(prose))

    def test_not_x12(self):
        for data in (
            b"",
            b"   \n",
            b"%PDF-1.7",
            b"ISA",
            b"ISA*00*  ",
            b"ISA" * 1000,
            b"\x00" * 300_000,
            "ISA*00*".encode("utf-16"),
            b"MSH|^~\\&|LAB",
        ):
            with self.subTest(data=data[:20]), self.assertRaises(NotX12) as caught:
                list(read_835(data))
            self.assertEqual(caught.exception.finding.code, "not_x12")

    def test_search_for_an_isa_gives_up(self):
        with self.assertRaises(NotX12):
            list(read_835(b"x" * 200_000 + GOOD))

    def test_many_interchanges_with_different_delimiters_and_text_between(self):
        other = with_delimiters(GOOD, b"|", b">", b"!", b"\n")
        data = GOOD + b"\r\n" + other + b"-- end of day --" + GOOD + b"\x1a"
        read = self.assertReads(
            data, "text_outside_interchange", "text_outside_interchange", count=3
        )
        for part in read.interchanges:
            self.assertEqual(data[part.offset :][:3], b"ISA")
            self.assertIn(b"IEA", data[part.end_offset - 16 : part.end_offset])
        between, after = read.findings
        self.assertEqual(data[between.offset :][:3], b"-- ")
        self.assertEqual((between.actual, after.actual), ("16 bytes", "1 bytes"))

    def test_broken_second_isa_is_an_error_not_silence(self):
        read = self.assertReads(
            GOOD + b"ISA*00*oops~GS*HP~", "isa_unreadable", "text_outside_interchange"
        )
        self.assertEqual(read.findings[0].severity, "error")

    def test_many_groups_and_transactions(self):
        first = group(st(*CLAIM), st(*CLAIM, number="0002"))
        second = group(
            st(*CLAIM, number="0003"), gs=GS.replace("*1*X", "*2*X"), control="2"
        )
        read = self.assertReads(interchange(first, second).encode(), count=3)
        groups = [t.group.control_number for t in read.interchanges[0].transactions]
        self.assertEqual(groups, ["1", "1", "2"])

    def test_wrong_counts_and_control_numbers(self):
        good = st(*CLAIM)
        for data, code, expected, actual in (
            (interchange(group(good, count=2)), "ge_count_wrong", "1", "2"),
            (interchange(group(good, control="7")), "ge_control_wrong", "1", "7"),
            (interchange(group(good), count=3), "iea_count_wrong", "1", "3"),
            (
                interchange(group(good), control="000000009"),
                "iea_control_wrong",
                "000000001",
                "000000009",
            ),
        ):
            with self.subTest(code=code):
                [found] = self.assertReads(data.encode(), code).findings
                self.assertEqual((found.expected, found.actual), (expected, actual))
                self.assertEqual(found.severity, "error")
                tag = b"GE*" if code.startswith("ge") else b"IEA*"
                self.assertTrue(data.encode()[found.offset :].startswith(tag))

    def test_leading_zeros_of_numeric_control_numbers_do_not_count(self):
        self.assertReads(interchange(group(st(*CLAIM), control="0001")).encode())

    def test_missing_trailers_and_headers(self):
        text = GOOD.decode()
        ge, iea = "GE*1*1~", "IEA*1*000000001~"
        self.assertReads(text.replace(iea, "").encode(), "iea_missing")
        self.assertReads(text.replace(ge, "").encode(), "ge_missing")
        self.assertReads(
            text.replace(ge + iea, "").encode(), "ge_missing", "iea_missing"
        )
        self.assertReads(
            text.replace(ge + iea, "").encode() + GOOD,
            "ge_missing",
            "iea_missing",
            count=2,
        )
        read = read_all(text.replace(GS + "~", "").encode())
        self.assertEqual(
            codes(read.findings), ["gs_missing", "ge_unexpected", "iea_count_wrong"]
        )
        [transaction] = read.interchanges[0].transactions
        self.assertIsNone(transaction.group)
        self.assertEqual(codes(transaction.findings), ["version_unknown"])
        self.assertReads(text.replace(iea, "").encode() + GOOD, "iea_missing", count=2)
        self.assertReads(text.replace(ge, "SE*1*1~" + ge).encode(), "se_unexpected")

    def test_test_interchange_is_told(self):
        read = self.assertReads(
            file_of(st(*CLAIM), head=isa(isa15="T")), "test_interchange"
        )
        self.assertEqual(read.findings[0].severity, "warning")
        self.assertEqual(read.interchanges[0].header.usage, "T")
        self.assertReads(file_of(st(*CLAIM), head=isa(isa15="X")), "usage_unknown")

    def test_other_transaction_sets_are_skipped_and_told(self):
        other = ["ST*999*0001", "AK1*HP*1", "SE*3*0001"]
        data = interchange(group(other, st(*CLAIM, number="0002"))).encode()
        [found] = self.assertReads(data, "not_835").findings
        self.assertEqual((found.expected, found.actual), ("835", "999"))

    def test_segments_between_transactions_are_told(self):
        data = GOOD.replace(b"GE*", b"ZZZ*1~~GE*")
        self.assertReads(data, "segment_outside_transaction", "empty_segment")

    def test_last_segment_without_terminator(self):
        self.assertReads(GOOD[:-1], "terminator_missing")
        read = read_all(GOOD[:-3])
        self.assertEqual(codes(read.findings), ["truncated"])
        self.assertEqual(read.findings[0].actual, f"{len('IEA*1*0000000')} bytes")

    def test_truncation_anywhere_is_an_error_and_never_a_crash(self):
        for length in range(GOOD.index(b"ST*"), len(GOOD) - 1):
            read = read_all(GOOD[:length])
            found = [f for t in read.interchanges[0].transactions for f in t.findings]
            errors = [f for f in [*read.findings, *found] if f.severity == "error"]
            self.assertTrue(errors, length)

    def test_transactions_come_before_the_result(self):
        items = list(read_835(GOOD + GOOD))
        kinds = [type(item) for item in items]
        self.assertEqual(kinds, [Transaction, InterchangeResult] * 2)
        self.assertEqual(items[1].transactions, 1)

    def test_repeated_elements_after_the_end_stay_within_their_interchange(self):
        data = GOOD + b"\n" * 5
        read = self.assertReads(data)
        self.assertEqual(read.interchanges[0].end_offset, len(GOOD))

    def test_odd_version_and_group_kind_are_told(self):
        self.assertReads(
            file_of(st(*CLAIM), head=isa(isa12="X0501")), "isa_version_unknown"
        )
        other = group(st(*CLAIM), gs=GS.replace("GS*HP", "GS*HN"))
        [found] = self.assertReads(
            interchange(other).encode(), "group_not_835"
        ).findings
        self.assertEqual((found.expected, found.actual), ("HP", "HN"))
