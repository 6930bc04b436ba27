"""Reading ISA and GS: delimiters by counting separators, never by position."""

import re
from dataclasses import dataclass

from .codes import severity_of
from .model import Delimiters, Finding, GroupHeader, InterchangeHeader
from .values import parse_date, parse_short_date

ISA_BYTES = 106
ISA_ELEMENTS = 16
ISA_LOOKAHEAD = 1_024
DEFAULT_COMPONENTS = ":>|"
FIRST_VERSION_WITH_REPETITION = "00402"
LINE_BREAKS = "\r\n"
BLANK = "\r\n\t "

_CANDIDATE = re.compile(r"(?<![A-Za-z0-9])ISA[^A-Za-z0-9 \r\n]")
_AFTER_ISA = "(GS|TA1|ST|IEA|ISB|ISE)"
_GAP = "([^A-Za-z0-9]{0,64}?)"
_DIGITS = re.compile(r"[0-9]+")
_VERSION = re.compile(r"[0-9]{5}")


@dataclass(frozen=True, slots=True)
class IsaRead:
    """A readable ISA: the header, its length in bytes and what is odd about it."""

    header: InterchangeHeader
    length: int
    findings: tuple[Finding, ...]


def find_candidate(text: str, start: int) -> int:
    """Where the next thing that looks like an ISA starts, or -1."""
    match = _CANDIDATE.search(text, start)
    return match.start() if match else -1


def starts_isa(text: str) -> bool:
    """Whether a segment is an ISA, maybe with separators of its own."""
    return _CANDIDATE.match(text) is not None


def read_isa(text: str, start: int, offset: int) -> IsaRead | None:
    """Read the ISA at ``text[start]``, which lies at byte ``offset``; None if unfit.

    The terminator is what stands between ISA16 and the next segment. Line breaks
    only count as terminator when nothing else can be it.
    """
    element = text[start + 3]
    window = text[start : start + ISA_LOOKAHEAD]
    ends = _separator_positions(window, element)
    tail = _tail(window, element, ends)
    if tail is None:
        return None
    body_end, gap, gap_start = tail
    delimiters = _delimiters(window, element, gap, gap_start + len(gap))
    if delimiters is None:
        return None
    component, terminator = delimiters
    length = gap_start + gap.rindex(terminator) + 1
    body = window[4:body_end].translate({13: None, 10: None})
    parts = [part.strip(" ") for part in body.split(element)]
    parts += [""] * (ISA_ELEMENTS - len(parts))
    odd = _Oddities(offset, parts[12])
    if component in (element, terminator):
        odd.add("delimiter_conflict")
        component = None
    elif component is None:
        odd.add("isa16_missing")
    if length != ISA_BYTES:
        odd.add("isa_length", str(ISA_BYTES), str(length))
    if not _VERSION.fullmatch(parts[11]):
        odd.add("isa_version_unknown")
    if parts[14] == "T":
        odd.add("test_interchange", "P", "T")
    elif parts[14] != "P":
        odd.add("usage_unknown", "P")
    if component is None:
        taken = (element, terminator)
        component = next(char for char in DEFAULT_COMPONENTS if char not in taken)
    repetition = _repetition(parts[10], parts[11], element + component + terminator)
    header = InterchangeHeader(
        sender_qualifier=parts[4],
        sender=parts[5],
        receiver_qualifier=parts[6],
        receiver=parts[7],
        date=parse_short_date(parts[8]),
        time=parts[9],
        control_number=parts[12],
        version=parts[11],
        usage=parts[14],
        delimiters=Delimiters(element, component, repetition, terminator),
        offset=offset,
    )
    return IsaRead(header, length, tuple(odd.findings))


def read_gs(elements: list[str], offset: int) -> GroupHeader:
    """GS as a value."""
    parts = [part.strip(" ") for part in elements] + [""] * 9
    written = parse_date(parts[4]) or parse_short_date(parts[4])
    return GroupHeader(
        parts[1], parts[2], parts[3], written, parts[6], parts[8], offset
    )


def same_number(one: str, other: str) -> bool:
    """Whether two numeric control numbers agree (leading zeros do not count)."""
    one, other = one.strip(" "), other.strip(" ")
    if _DIGITS.fullmatch(one) and _DIGITS.fullmatch(other):
        return int(one) == int(other)
    return one == other


def same_count(text: str, count: int) -> bool:
    """Whether an element states this count."""
    text = text.strip(" ")
    return bool(_DIGITS.fullmatch(text)) and len(text) < 12 and int(text) == count


def _separator_positions(window: str, element: str) -> list[int]:
    positions, at = [], -1
    while len(positions) < ISA_ELEMENTS:
        at = window.find(element, at + 1)
        if at < 0:
            break
        positions.append(at)
    return positions


def _tail(window, element, ends):
    """Where the ISA's elements end and what stands before the next segment.

    Returns (end of the elements before ISA16, gap, start of the gap).
    """
    follow = re.compile(_GAP + _AFTER_ISA + re.escape(element))
    if len(ends) == ISA_ELEMENTS:
        match = follow.match(window, ends[-1] + 1)
        if match and match[1]:
            return ends[-1], match[1], match.start(1)
    if len(ends) >= ISA_ELEMENTS - 1:
        # ISA16 and its separator are both missing: ISA15 runs into the terminator.
        for usage_length in (1, 0):
            start = ends[ISA_ELEMENTS - 2] + 1 + usage_length
            match = follow.match(window, start)
            if match and match[1]:
                return start, match[1], start
    if len(ends) == ISA_ELEMENTS:
        # Nothing known follows: take the two characters at their usual place.
        start = ends[-1] + 1
        gap = window[start : start + 2]
        if len(gap) == 2 and not re.search("[A-Za-z0-9 ]", gap):
            return ends[-1], gap, start
    return None


def _delimiters(window, element, gap, body):
    """(component or None, terminator) from the gap; None when there is neither."""
    marks = [char for char in gap if char not in BLANK]
    breaks = [char for char in gap if char in LINE_BREAKS]
    if len(marks) >= 2:
        return marks[0], marks[-1]
    line_end = ("\n" if "\n" in breaks else "\r") if breaks else None
    if not marks:
        return (None, line_end) if line_end else None
    if line_end is None or _ends_second_segment(window, element, body, marks[0]):
        return None, marks[0]
    return marks[0], line_end


def _ends_second_segment(window, element, body, mark) -> bool:
    """Whether the mark, not the line break after it, ends the segment after ISA."""
    match = re.compile("(?:ST|GS|IEA|GE)" + re.escape(element)).search(window, body + 3)
    if match is None:
        return mark in window[body:]
    return window[: match.start()].rstrip(BLANK).endswith(mark)


def _repetition(declared: str, version: str, taken: str) -> str | None:
    """ISA11 is a separator from version 00402 on, and never a letter (4010's U)."""
    if version < FIRST_VERSION_WITH_REPETITION or len(declared) != 1:
        return None
    if declared.isalnum() or declared in taken:
        return None
    return declared


class _Oddities:
    """Findings about one ISA."""

    def __init__(self, offset: int, control_number: str):
        self.offset = offset
        self.location = f"ISA {control_number[:9]}"
        self.findings = []

    def add(self, code, expected=None, actual=None):
        self.findings.append(
            Finding(
                code, severity_of(code), self.offset, self.location, expected, actual
            )
        )
