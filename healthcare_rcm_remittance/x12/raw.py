"""The bytes of a file as lines to read: a segment each, a window at a time.

Nothing is tidied: what stands in the file stands in the line, white space before a
segment apart. Offsets are those the reader gives to segments and findings.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from .envelope import BLANK, ISA_LOOKAHEAD, find_candidate, read_isa
from .model import Delimiters

BLOCK = 262_144
FIRST_BLOCK = 8_192
LARGEST_BLOCK = 4 * 1024 * 1024
NO_DELIMITERS = Delimiters("*", ":", None, "~")


@dataclass(frozen=True, slots=True)
class Line:
    """A segment as it stands: its tag is the first element.

    ``length`` counts its terminator too.
    """

    offset: int
    length: int
    elements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """Some lines, and whether there are others before and after them."""

    lines: tuple[Line, ...]
    before: bool
    after: bool


class RawFile:
    """The lines of a file between two offsets; ``read(start, end)`` gives bytes."""

    def __init__(self, read: Callable[[int, int], bytes], lower: int, upper: int):
        self.read = read
        self.lower, self.upper = lower, upper

    def around(self, offset: int, count: int) -> Window:
        """The line that holds ``offset`` with lines on both sides of it."""
        at = self._start_of_line(min(max(offset, self.lower), self.upper))
        before = self.before(at, count // 3)
        after = self.after(at, count - len(before.lines))
        return Window(before.lines + after.lines, before.before, after.after)

    def after(self, offset: int, count: int) -> Window:
        """The lines from the one that begins at ``offset`` on."""
        block = FIRST_BLOCK
        while True:
            end = min(offset + block, self.upper)
            lines = self._lines(offset, end)
            if end < self.upper:
                lines = lines[:-1]  # it may be cut
            if len(lines) >= count or end >= self.upper or block >= LARGEST_BLOCK:
                break
            block *= 4
        found = lines[:count]
        last = found[-1].offset + found[-1].length if found else end
        more = len(lines) > count or bool(self._text(last, end).strip(BLANK))
        return Window(tuple(found), offset > self.lower, more or end < self.upper)

    def before(self, offset: int, count: int) -> Window:
        """The lines that end before ``offset``."""
        block = FIRST_BLOCK
        while True:
            start = max(offset - block, self.lower)
            lines = self._lines(start, offset)
            if start > self.lower:
                lines = lines[1:]  # it may be cut
            if len(lines) >= count or start <= self.lower or block >= LARGEST_BLOCK:
                break
            block *= 4
        found = lines[-count:] if count else []
        more = len(lines) > len(found) or start > self.lower
        return Window(tuple(found), more, True)

    def find(self, offset: int, tag: str, among: int) -> Line | None:
        """The first line with this tag among those from ``offset`` on."""
        for line in self.after(offset, among).lines:
            if line.elements[0] == tag:
                return line
        return None

    # ------------------------------------------------------------------
    def _text(self, start: int, end: int) -> str:
        return self.read(start, end).decode("latin-1") if end > start else ""

    def _start_of_line(self, offset: int) -> int:
        terminator = self.delimiters(offset).terminator
        start = max(self.lower, offset - LARGEST_BLOCK // 16)
        found = self._text(start, offset).rfind(terminator)
        return start + found + 1 if found >= 0 else start

    def delimiters(self, offset: int) -> Delimiters:
        """Those of the interchange that holds ``offset``."""
        end = offset
        while end > 0:
            start = max(0, end - BLOCK)
            text = self._text(start, end + ISA_LOOKAHEAD)
            found = None
            at = find_candidate(text, 0)
            while 0 <= at <= offset - start:
                found = read_isa(text, at, start + at) or found
                at = find_candidate(text, at + 3)
            if found:
                return found.header.delimiters
            end = start
        text = self._text(0, ISA_LOOKAHEAD * 64)
        at = find_candidate(text, 0)
        found = read_isa(text, at, at) if at >= 0 else None
        return found.header.delimiters if found else NO_DELIMITERS

    def _lines(self, start: int, end: int) -> list[Line]:
        """All lines between two offsets; an ISA among them sets its own separators."""
        text = self._text(start, end)
        look = text + self._text(end, end + ISA_LOOKAHEAD)
        lines, at = [], 0
        delimiters = self.delimiters(start) if text else NO_DELIMITERS
        while at < len(text):
            head, header = find_candidate(look, at), None
            while 0 <= head < len(text):
                header = read_isa(look, head, start + head)
                if header:
                    break
                head = find_candidate(look, head + 3)
            stop = head if header else len(text)
            lines += _split(text[at:stop], start + at, delimiters)
            if not header:
                break
            delimiters = header.header.delimiters
            length = min(header.length, len(text) - head)
            lines += _split(text[head : head + length], start + head, delimiters)
            at = head + length
        return lines


def triples(line: Line, first: int, size: int) -> list[int]:
    """Where the filled groups of a segment begin (CAS triples, PLB pairs).

    :param first: index of the first element of the first group
    :param size: elements a group
    """
    return [
        at
        for at in range(first, len(line.elements), size)
        if any(part.strip(BLANK) for part in line.elements[at : at + size])
    ]


def _split(text: str, base: int, delimiters: Delimiters) -> list[Line]:
    terminator, element = delimiters.terminator, delimiters.element
    blank = "".join(char for char in BLANK if char not in (terminator, element))
    lines, at = [], 0
    pieces = text.split(terminator)
    for number, piece in enumerate(pieces):
        ended = number < len(pieces) - 1
        body = piece.lstrip(blank)
        offset = base + at + len(piece) - len(body)
        if body.rstrip(blank):
            parts = tuple(_readable(part) for part in body.split(element))
            lines.append(Line(offset, len(body) + ended, parts))
        at += len(piece) + 1
    return lines


def _readable(text: str) -> str:
    """UTF-8 where the bytes are that; what does not show is made to show."""
    with suppress(UnicodeDecodeError):  # else the bytes are shown as they came
        text = text.encode("latin-1").decode("utf-8")
    if text.isprintable():
        return text
    return "".join(chr(0x2400 + ord(c)) if ord(c) < 32 else c for c in text)
