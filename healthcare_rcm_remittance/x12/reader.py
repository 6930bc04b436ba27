"""The 835 reader: bytes in, one Transaction per ST and one result per ISA out."""

import gc
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from .codes import severity_of
from .envelope import (
    BLANK,
    ISA_LOOKAHEAD,
    IsaRead,
    find_candidate,
    read_gs,
    read_isa,
    same_count,
    same_number,
    starts_isa,
)
from .findings import Findings, shown_code, shown_control, shown_number
from .model import (
    File,
    Finding,
    Interchange,
    InterchangeResult,
    Limits,
    Transaction,
)
from .tokenizer import Oversize, Tokenizer
from .transaction import ENVELOPE_TAGS, Caches, TransactionReader

BYTE_ORDER_MARK = "\xef\xbb\xbf"
DEFAULT_LIMITS = Limits()


class NotX12(ValueError):
    """There is no readable ISA; ``finding`` says what was there."""

    def __init__(self, finding: Finding):
        super().__init__(finding.code)
        self.finding = finding


def read_835(
    stream: BinaryIO | bytes, limits: Limits = DEFAULT_LIMITS
) -> Iterator[Transaction | InterchangeResult]:
    """Read 835s from a binary stream, without holding more than one ST.

    Each Transaction comes as soon as its SE was seen, and the InterchangeResult
    after the IEA: whoever posts waits for it, because an envelope fault rejects the
    whole interchange. Raises NotX12 at the first step when there is no ISA.
    """
    if isinstance(stream, bytes | bytearray | memoryview):
        stream = io.BytesIO(stream)
    return _Reader(stream, limits).run()


def read_all(stream: BinaryIO | bytes, limits: Limits = DEFAULT_LIMITS) -> File:
    """Read everything at once: interchanges with their transactions."""
    interchanges, transactions, findings = [], [], []
    for item in read_835(stream, limits):
        if isinstance(item, Transaction):
            transactions.append(item)
            continue
        findings.extend(item.findings)
        if item.header is not None:
            interchanges.append(
                Interchange(
                    item.header,
                    tuple(transactions),
                    item.findings,
                    item.offset,
                    item.end_offset,
                )
            )
            transactions = []
    return File(tuple(interchanges), tuple(findings))


@contextmanager
def collection_paused():
    """No garbage collection while one ST is read.

    Reading makes many objects and no cycles; collecting meanwhile finds nothing and
    takes a quarter of the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Reader:
    """The walk over the file: from ISA to ISA."""

    def __init__(self, stream: BinaryIO, limits: Limits):
        self.limits = limits
        self.tokenizer = Tokenizer(stream, limits)

    def run(self):
        """Everything in the order of the bytes."""
        first = True
        while True:
            gap = _Gap(first, self.limits.findings)
            isa = self._find_isa(gap)
            if isa is None and first:
                raise NotX12(gap.not_x12())
            findings = gap.findings
            if isa is None:
                if findings.items:
                    end = self.tokenizer.offset
                    yield InterchangeResult(
                        None, 0, findings.close(gap.start, ""), gap.start, end
                    )
                return
            yield from _InterchangeReader(self.tokenizer, isa, findings).run()
            first = False

    def _find_isa(self, gap) -> IsaRead | None:
        """Go to the next readable ISA, noting in ``gap`` what is skipped."""
        tokenizer = self.tokenizer
        begin = gap.begin(tokenizer.offset)
        while True:
            tokenizer.ensure(ISA_LOOKAHEAD)
            found = find_candidate(tokenizer.text, tokenizer.at)
            if found < 0:
                # Keep a few bytes: an ISA may straddle two chunks.
                keep = 0 if tokenizer.ended else 4
                stop = max(tokenizer.at, len(tokenizer.text) - keep)
                gap.skip(tokenizer.text[tokenizer.at : stop], tokenizer.offset)
                tokenizer.at = stop
                if gap.first and tokenizer.offset - begin > self.limits.preamble_bytes:
                    return None
                if not tokenizer.fill():
                    if tokenizer.at >= len(tokenizer.text):
                        gap.close()
                        return None
                continue
            gap.skip(tokenizer.text[tokenizer.at : found], tokenizer.offset)
            tokenizer.at = found
            tokenizer.ensure(ISA_LOOKAHEAD)
            isa = read_isa(tokenizer.text, tokenizer.at, tokenizer.offset)
            if isa is not None:
                gap.close()
                tokenizer.at += isa.length
                return isa
            gap.unreadable(tokenizer.offset)
            tokenizer.at += 3


class _Gap:
    """What stands before an ISA, or after the last IEA."""

    def __init__(self, first: bool, limit: int):
        self.first = first
        self.findings = Findings(limit)
        self.start = 0
        self.prose = None  # (offset of the first, one past the last) byte of text
        self.blank = 0

    def begin(self, offset: int) -> int:
        self.start = offset
        return offset

    def skip(self, text: str, offset: int):
        """Note skipped text."""
        if self.first and offset == 0 and text.startswith(BYTE_ORDER_MARK):
            self.findings.add("byte_order_mark", 0, "")
            text, offset = text[3:], 3
        rest = text.lstrip(BLANK)
        body = rest.rstrip(BLANK)
        if not body:
            self.blank += len(text)
            return
        start = offset + len(text) - len(rest)
        begun = self.prose[0] if self.prose else start
        self.prose = (begun, start + len(body))

    def unreadable(self, offset: int):
        """An ISA that cannot be read: three bytes of text, and an error."""
        self.findings.add("isa_unreadable", offset, "")
        begun = self.prose[0] if self.prose else offset
        self.prose = (begun, offset + 3)

    def close(self):
        """Turn what was skipped into findings."""
        if self.prose:
            start, end = self.prose
            code = "prose_before_isa" if self.first else "text_outside_interchange"
            self.findings.add(code, start, "", None, f"{end - start} bytes")
        elif self.first and self.blank:
            self.findings.add("leading_whitespace", self.start, "")

    def not_x12(self) -> Finding:
        """Why there is nothing to read."""
        offset = self.prose[0] if self.prose else self.start
        actual = "empty" if self.prose is None else None
        return Finding(
            "not_x12", severity_of("not_x12"), offset, "", "ISA segment", actual
        )


class _InterchangeReader:
    """From an ISA to its IEA: groups, transactions, counts and control numbers."""

    def __init__(self, tokenizer: Tokenizer, isa: IsaRead, findings: Findings):
        self.tokenizer = tokenizer
        self.limits = tokenizer.limits
        self.header = isa.header
        self.findings = findings
        for finding in isa.findings:
            findings.append(finding)
        self.element = isa.header.delimiters.element
        self.location = f"ISA {isa.header.control_number[:9]}"
        self.caches = Caches(isa.header.delimiters.component)
        self.notes = {}
        self.group = None
        self.groups = self.in_group = self.transactions = 0
        self.closed = self.broken_off = False
        self.end = isa.header.offset + isa.length

    def run(self):
        """Yield the transactions, then the result."""
        segments = self.tokenizer.segments(self.header.delimiters)
        while not self.closed:
            segment = segments.next()
            if segment is None:
                self._data_ended()
                break
            elements, text, offset, end = segment
            tag = elements[0]
            if tag == "ST":
                self._count_transaction(offset)
                if elements[1:2] == ["835"]:
                    yield self._read(elements, offset, end, segments)
                else:
                    self._skip_other_set(elements, offset, segments)
            elif tag == "ISA" or starts_isa(text):
                self._close_group(offset)
                self._note("iea_missing", offset)
                self.tokenizer.move_to(offset)
                break
            else:
                self._envelope_segment(text, elements, offset)
                self.end = end
        self.tokenizer.tail = None
        yield self._result()

    def _read(self, elements, offset, end, segments):
        with collection_paused():
            reader = TransactionReader(
                elements,
                (offset, end),
                self.header,
                self.group,
                self.caches,
                self.limits,
            )
            ended = not reader.read(segments)
            self.end = reader.end
            self.broken_off = self.broken_off or ended
            transaction = reader.result(ended, self._take_notes(offset, reader.end))
            reader.release()
        return transaction

    def _skip_other_set(self, elements, offset, segments):
        actual = shown_code((elements + [""])[1])
        self._note("not_835", offset, "835", actual)
        while segments.more():
            at = segments.index
            tag = segments.rows[at][0]
            if tag in ENVELOPE_TAGS or starts_isa(segments.texts[at]):
                return
            self.end = segments.ends[at]
            segments.index = at + 1
            if tag == "SE":
                return
        self.broken_off = True

    def _count_transaction(self, offset):
        if self.group is None:
            self._note("gs_missing", offset)
        self.transactions += 1
        self.in_group += 1

    def _envelope_segment(self, text, elements, offset):
        tag = elements[0]
        if tag == "GS":
            self._open_group(elements, offset)
        elif tag == "GE":
            self._end_group(elements + [""] * 3, offset)
        elif tag == "IEA":
            self._end_interchange(elements + [""] * 3, offset)
        elif tag == "SE":
            self._note("se_unexpected", offset)
        elif isinstance(text, Oversize):
            limit = str(self.limits.segment_bytes)
            self._note("segment_oversize", offset, limit)
        elif not text:
            self._note("empty_segment", offset)
        else:
            shown = shown_code(tag)
            self._note("segment_outside_transaction", offset, actual=shown)

    def _open_group(self, elements, offset):
        self._close_group(offset)
        self.group = read_gs(elements, offset)
        self.groups += 1
        self.in_group = 0
        if self.group.functional_id != "HP":
            shown = shown_code(self.group.functional_id)
            self._note("group_not_835", offset, "HP", shown)

    def _close_group(self, offset):
        if self.group is not None:
            self._note("ge_missing", offset)
            self.group = None

    def _end_group(self, elements, offset):
        if self.group is None:
            self._note("ge_unexpected", offset)
            return
        if not same_count(elements[1], self.in_group):
            shown = shown_number(elements[1])
            self._note("ge_count_wrong", offset, str(self.in_group), shown)
        if not same_number(elements[2], self.group.control_number):
            expected = shown_control(self.group.control_number)
            shown = shown_control(elements[2])
            self._note("ge_control_wrong", offset, expected, shown)
        self.group = None

    def _end_interchange(self, elements, offset):
        self._close_group(offset)
        if not same_count(elements[1], self.groups):
            shown = shown_number(elements[1])
            self._note("iea_count_wrong", offset, str(self.groups), shown)
        if not same_number(elements[2], self.header.control_number):
            expected = shown_control(self.header.control_number)
            shown = shown_control(elements[2])
            self._note("iea_control_wrong", offset, expected, shown)
        self.closed = True

    def _data_ended(self):
        """No more segments and no IEA yet."""
        tail = self.tokenizer.tail
        if tail is not None:
            elements = tail[0].split(self.element)
            if elements[0] == "IEA" and len(elements) == 3 and not self.broken_off:
                if same_number(elements[2], self.header.control_number):
                    self._note("terminator_missing", tail[1])
                    self._end_interchange(elements, tail[1])
                    self.end = self.tokenizer.offset
                    return
            size = f"{self.tokenizer.offset - tail[1]} bytes"
            self._note("truncated", tail[1], "IEA", size)
        elif self.broken_off:
            self._note("truncated", self.tokenizer.offset, "IEA")
        else:
            self._close_group(self.tokenizer.offset)
            self._note("iea_missing", self.tokenizer.offset)
        self.end = self.tokenizer.offset

    def _take_notes(self, start, end):
        """The tokenizer's notes on these bytes, one per kind; earlier ones are ours."""
        taken, later = {}, []
        for code, offset, count in self.tokenizer.notes:
            if offset >= end:
                later.append((code, offset, count))
                continue
            kinds = taken if offset >= start else self.notes
            first, total = kinds.get(code, (offset, 0))
            kinds[code] = (first, total + count)
        self.tokenizer.notes[:] = later
        return taken

    def _result(self):
        self._take_notes(self.end, self.end)
        for code, (offset, count) in self.notes.items():
            self._note(code, offset, actual=str(count))
        if self.closed:
            self.tokenizer.move_to(self.end)
        self.tokenizer.notes.clear()
        return InterchangeResult(
            self.header,
            self.transactions,
            self.findings.close(self.header.offset, self.location),
            self.header.offset,
            self.end,
        )

    def _note(self, code, offset, expected=None, actual=None):
        self.findings.add(code, offset, self.location, expected, actual)
