"""Random and damaged files: no crash, no hang, no byte dropped unseen."""

from datetime import timedelta
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from odoo.tests import BaseCase, tagged

from ..x12 import reader, tokenizer
from ..x12.model import Limits, Transaction
from ..x12.reader import NotX12, _InterchangeReader, read_all
from ..x12.tokenizer import Segments
from .x12_builders import (
    CLAIM,
    GS,
    bpr,
    file_of,
    isa,
    payment_file,
    st,
    with_delimiters,
)

BLANK = b" \t\r\n"
CONTROL = bytes([*range(32), 127])
QUICK = settings(
    max_examples=200,
    deadline=timedelta(seconds=5),
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)
GOOD = file_of(
    st(*CLAIM, "PLB*1*20261231*WO:X*0.00"),
    st(*CLAIM * 2, number="2", payment=bpr("160")),
)
HEAD = f"{isa()}~{GS}~ST*835*0001~{bpr()}~".encode()
TAGS = (
    "ISA GS ST BPR TRN N1 REF LX CLP CAS NM1 SVC DTM AMT LQ MOA PLB SE GE IEA X".split()
)
ELEMENTS = [
    "",
    "1",
    "-1",
    "0.01",
    "835",
    "HC:1:2",
    "CO",
    "PR",
    "0001",
    "A B ",
    "é",
    ":",
]


def damage(data, changes):
    """Apply (position, kind, byte) changes to a file."""
    data = bytearray(data)
    for position, kind, byte in changes:
        at = position % max(len(data), 1)
        if kind == "delete":
            del data[at : at + 1 + byte % 20]
        elif kind == "insert":
            data[at:at] = bytes([byte])
        elif kind == "swap":
            data[at : at + 1] = bytes([byte])
        elif kind == "repeat":
            data[at:at] = data[at : at + byte]
        else:
            del data[at:]
    return bytes(data)


DAMAGE = some.lists(
    some.tuples(
        some.integers(0, 2_000),
        some.sampled_from(["delete", "insert", "swap", "repeat", "cut"]),
        some.one_of(some.integers(0, 255), some.sampled_from(b"*:~^\r\n \x00\x1c")),
    ),
    min_size=1,
    max_size=6,
)
SEGMENTS = some.lists(
    some.builds(
        lambda tag, rest: "*".join([tag, *rest]),
        some.sampled_from(TAGS),
        some.lists(some.sampled_from(ELEMENTS), max_size=9),
    ),
    max_size=40,
)


def read_with_account(data, limits=None):
    """What was read and, per byte, whether it is accounted for."""
    seen = bytearray(len(data))

    def mark(start, end):
        seen[start:end] = b"\x01" * (end - start)

    class Recorded(_InterchangeReader):
        def __init__(self, source, isa, findings):
            mark(isa.header.offset, isa.header.offset + isa.length)
            super().__init__(source, isa, findings)

    class Taken(Segments):
        """Marks what was taken, not what was only split."""

        @property
        def index(self):
            return Segments.index.__get__(self)

        @index.setter
        def index(self, value):
            for at in range(getattr(self, "taken", 0), value):
                mark(self.starts[at], self.ends[at])
            self.taken = value
            Segments.index.__set__(self, value)

    with (
        patch.object(tokenizer, "Segments", Taken),
        patch.object(reader, "_InterchangeReader", Recorded),
    ):
        items = list(reader.read_835(data, limits or Limits()))
    for item in items:
        for finding in item.findings:
            size = finding.actual or ""
            if size.endswith(" bytes"):
                mark(finding.offset, finding.offset + int(size[:-6]))
            elif finding.code == "byte_order_mark":
                mark(0, 3)
            elif finding.code == "terminator_missing":
                mark(finding.offset, len(data))
    return items, [at for at in range(len(data)) if not seen[at]]


@tagged("post_install", "-at_install")
class TestX12Fuzz(BaseCase):
    def check(self, data, limits=None):
        """Read, and account for every byte."""
        try:
            items, unseen = read_with_account(data, limits)
        except NotX12:
            return []
        codes = {finding.code for item in items for finding in item.findings}
        if "findings_limit" not in codes:
            self.assertEqual(bytes(data[at] for at in unseen).strip(BLANK), b"")
        end = 0
        for item in items:
            self.assertLessEqual(item.offset, item.end_offset)
            self.assertLessEqual(item.end_offset, len(data))
            for finding in item.findings:
                self.assertGreaterEqual(finding.offset, 0)
                self.assertLessEqual(finding.offset, len(data))
            if isinstance(item, Transaction):
                self.assertGreaterEqual(item.offset, end)
                start = data[item.offset :].translate(None, CONTROL)
                self.assertTrue(start.startswith(b"ST"))
                end = item.end_offset
        return items

    @QUICK
    @given(some.binary(max_size=400))
    def test_random_bytes(self, data):
        self.check(data)
        self.check(HEAD + data)

    @QUICK
    @given(SEGMENTS, some.sampled_from(["~", "~\n", "\n~", "~~"]))
    def test_random_segments(self, segments, end):
        self.check(HEAD + end.join([*segments, ""]).encode())

    @QUICK
    @given(DAMAGE)
    def test_damaged_files(self, changes):
        self.check(damage(GOOD, changes))

    @QUICK
    @given(DAMAGE)
    def test_damaged_files_with_other_delimiters(self, changes):
        self.check(
            damage(with_delimiters(GOOD, b"\x1d", b"\x1f", b"\x1e", b"\n"), changes)
        )

    @QUICK
    @given(DAMAGE, some.integers(1, 300))
    def test_limits_and_chunks(self, changes, size):
        data = damage(GOOD, changes)
        limits = Limits(
            segment_bytes=60, transaction_bytes=size * 4, findings=3, chunk_bytes=size
        )
        self.check(data, limits)

    @QUICK
    @given(DAMAGE, some.integers(1, 300))
    def test_result_does_not_depend_on_chunks(self, changes, size):
        data = damage(GOOD, changes)
        try:
            expected = read_all(data)
        except NotX12:
            return
        self.assertEqual(read_all(data, Limits(chunk_bytes=size)), expected)

    @QUICK
    @given(some.integers(0, len(GOOD) - 1), some.sampled_from(b"0123456789"))
    def test_a_lost_or_changed_segment_never_passes_in_silence(self, at, byte):
        """Any segment taken out of an ST is an error: the count sees it."""
        segments = GOOD.split(b"~")
        index = at % len(segments)
        kept = b"~".join(segments[:index] + segments[index + 1 :])
        if segments[index].strip():
            read = read_all(kept) if kept.lstrip().startswith(b"ISA") else None
            if read is not None:
                found = list(read.findings)
                for part in read.interchanges:
                    found += [f for t in part.transactions for f in t.findings]
                self.assertTrue([f for f in found if f.severity == "error"])

    def test_every_single_byte_deleted(self):
        for at in range(len(payment_file(*CLAIM))):
            data = payment_file(*CLAIM)
            self.check(data[:at] + data[at + 1 :])

    def test_every_single_byte_replaced_by_a_delimiter(self):
        data = payment_file(*CLAIM)
        for mark in (b"~", b"*", b"\n", b"\x00"):
            for at in range(len(data)):
                self.check(data[:at] + mark + data[at + 1 :])
