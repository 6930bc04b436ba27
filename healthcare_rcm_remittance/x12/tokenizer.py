"""Bytes to segments: streaming, with the byte offset of each.

Bytes are read as Latin-1, so that one character is one byte and offsets are exact.
The data is cut in windows at the last terminator. A clean window (ASCII, line breaks
only between segments, no control characters, no padding) is split in one go; any
other goes segment by segment. Only CR, LF, tab and space are ever taken for white
space, and never when the interchange declares them a delimiter.
"""

from itertools import accumulate

from .envelope import BLANK, LINE_BREAKS
from .model import Delimiters, Limits

FIRST_WINDOW = 4_096
LARGEST_WINDOW = 16_384
CONTROL = "".join(chr(code) for code in [*range(32), 127])


class Oversize(str):
    """Stands for a segment beyond the limit; its text is not kept."""

    __slots__ = ()


class Tokenizer:
    """A window over a binary stream that hands out segments."""

    def __init__(self, stream, limits: Limits):
        self.read = stream.read
        self.limits = limits
        self.text = ""
        self.base = 0  # byte offset of text[0]
        self.at = 0  # index in text of what comes next
        self.ended = False
        self.tail = None  # (text, offset) of an unterminated last segment
        self.notes = []  # (code, offset, count)

    @property
    def offset(self) -> int:
        """Byte offset of what comes next."""
        return self.base + self.at

    def fill(self) -> bool:
        """Read one more chunk, dropping what was consumed; False at the end."""
        if self.ended:
            return False
        chunk = self.read(self.limits.chunk_bytes)
        if not chunk:
            self.ended = True
            return False
        self.text = self.text[self.at :] + chunk.decode("latin-1")
        self.base += self.at
        self.at = 0
        return True

    def ensure(self, count: int):
        """Have at least ``count`` bytes ahead, or all there are."""
        while len(self.text) - self.at < count and self.fill():
            pass

    def move_to(self, offset: int):
        """Go on at this byte, which must not have been dropped yet."""
        self.at = offset - self.base

    def segments(self, delimiters: Delimiters) -> "Segments":
        """The segments from here on, under these delimiters."""
        return Segments(self.batches(delimiters))

    def batches(self, delimiters: Delimiters):
        """Yield windows of segments: (rows of elements, texts, starts, ends).

        Ends at the end of the data; an unterminated rest is then in ``tail``.
        """
        splitter = _Splitter(delimiters, self.notes)
        terminator = delimiters.terminator
        window = FIRST_WINDOW
        largest = min(self.limits.segment_bytes, LARGEST_WINDOW)
        while True:
            self._skip(splitter.line_breaks)
            cut = self._cut(terminator, min(window, largest))
            if cut < 0:
                if self.ended:
                    self._keep_tail(splitter.blank)
                    return
                yield _oversize(*self._skip_oversize(terminator))
                continue
            window *= 2
            piece, start = self.text[self.at : cut], self.offset
            self.at = cut + 1
            if len(piece) > self.limits.segment_bytes:
                yield _oversize(start, self.offset)
                continue
            yield splitter.split(piece, start)

    def _skip(self, characters: str):
        """Skip line breaks at the front, so that windows start with a tag."""
        while True:
            text, at = self.text, self.at
            while at < len(text) and text[at] in characters:
                at += 1
            self.at = at
            if at < len(text) or not self.fill():
                return

    def _cut(self, terminator: str, window: int) -> int:
        """Index of the last terminator in the window, else of the next one, or -1."""
        while True:
            found = self.text.rfind(terminator, self.at, self.at + window)
            if found < 0:
                found = self.text.find(terminator, self.at + window)
            if found >= 0:
                return found
            if len(self.text) - self.at > self.limits.segment_bytes:
                return -1
            if not self.fill():
                return -1

    def _skip_oversize(self, terminator: str):
        """Drop bytes up to the next terminator; memory stays bounded."""
        start = self.offset
        while True:
            found = self.text.find(terminator, self.at)
            if found >= 0:
                self.at = found + 1
                return start, self.offset
            self.at = len(self.text)
            if not self.fill():
                return start, self.offset

    def _keep_tail(self, blank: str):
        rest = self.text[self.at :]
        body = rest.lstrip(blank)
        offset = self.offset + len(rest) - len(body)
        self.at = len(self.text)
        body = body.rstrip(blank)
        if body:
            self.tail = (body, offset)


class Segments:
    """A place in the segments: the batch at hand and how far it was taken."""

    __slots__ = ("batches", "rows", "texts", "starts", "ends", "index")

    def __init__(self, batches):
        self.batches = batches
        self.rows, self.texts, self.starts, self.ends = (), (), (), ()
        self.index = 0

    def more(self) -> bool:
        """Whether there is a segment at ``index``; fetches the next batch."""
        while self.index >= len(self.rows):
            batch = next(self.batches, None)
            if batch is None:
                return False
            self.rows, self.texts, self.starts, self.ends = batch
            self.index = 0
        return True

    def next(self):
        """(elements, text, offset, end) of the next segment, or None."""
        if not self.more():
            return None
        at = self.index
        self.index = at + 1
        return self.rows[at], self.texts[at], self.starts[at], self.ends[at]


def _oversize(start: int, end: int):
    return [[""]], [Oversize()], [start], [end]


class _Splitter:
    """How to split a window under one set of delimiters."""

    def __init__(self, delimiters: Delimiters, notes: list):
        self.notes = notes
        self.terminator = delimiters.terminator
        self.element = delimiters.element
        self.repetition = delimiters.repetition
        own = delimiters.element + delimiters.component + delimiters.terminator
        own += delimiters.repetition or ""
        self.blank = "".join(char for char in BLANK if char not in own)
        self.line_breaks = "".join(char for char in LINE_BREAKS if char not in own)
        controls = [char for char in CONTROL if char not in own + LINE_BREAKS]
        self.controls = dict.fromkeys(map(ord, controls))
        self.control_bytes = "".join(controls).encode("latin-1")
        self.no_breaks = dict.fromkeys(map(ord, self.line_breaks))
        self.no_own = dict.fromkeys(map(ord, own))
        self.line_end = ""

    def clean_step(self, piece: str) -> int:
        """Distance from the end of one segment to the next, or 0 if not clean."""
        if not piece.isascii():
            return 0
        if " " + self.element in piece or " " + self.terminator in piece:
            return 0
        if piece[-1:] == " " or (self.repetition and self.repetition in piece):
            return 0
        count = piece.count(self.terminator)
        line_end = self.line_end = self._line_end(piece) if count else ""
        if line_end and piece.count(self.terminator + line_end) != count:
            return 0
        for char in self.line_breaks:
            if piece.count(char) != line_end.count(char) * count:
                return 0
        if piece[:1] == " " or f"{self.terminator}{line_end} " in piece:
            return 0
        raw = piece.encode("latin-1")
        if len(raw.translate(None, self.control_bytes)) != len(raw):
            return 0
        return 1 + len(line_end)

    def split(self, piece: str, start: int):
        """A window as (rows of elements, texts, starts, ends)."""
        step = self.clean_step(piece)
        if not step:
            return self._split_with_care(piece, start)
        texts = piece.split(self.terminator + self.line_end)
        element = self.element
        rows = [text.split(element) for text in texts]
        starts = list(accumulate([len(text) + step for text in texts], initial=start))
        ends = [after - step + 1 for after in starts[1:]]
        starts.pop()
        return rows, texts, starts, ends

    def _split_with_care(self, piece: str, start: int):
        """The same, one segment at a time."""
        texts, starts, ends = [], [], []
        for raw in piece.split(self.terminator):
            end = start + len(raw)
            body = raw.lstrip(self.blank)
            texts.append(self._tidy(body, end - len(body)))
            starts.append(end - len(body))
            ends.append(end + 1)
            start = end + 1
        return [text.split(self.element) for text in texts], texts, starts, ends

    def _line_end(self, piece: str) -> str:
        after = piece.index(self.terminator) + 1
        end = after
        while end < len(piece) and end < after + 2 and piece[end] in self.line_breaks:
            end += 1
        return piece[after:end]

    def _tidy(self, body: str, offset: int) -> str:
        """Take out line breaks, control characters and padding, and note it."""
        if not body.isprintable():
            body = self._strip_controls(body, offset)
        if self.repetition and self.repetition in body:
            self.notes.append(("element_repeated", offset, body.count(self.repetition)))
        if " " in body or not body.isascii():
            parts = [part.rstrip(" ") for part in body.split(self.element)]
            if not "".join(parts).translate(self.no_own).isascii():
                self.notes.append(("text_not_ascii", offset, 1))
                parts = [_decode(part) for part in parts]
            body = self.element.join(parts)
        return body

    def _strip_controls(self, body: str, offset: int) -> str:
        unbroken = body.translate(self.no_breaks)
        if unbroken != body:
            lost = len(body) - len(unbroken)
            self.notes.append(("line_break_in_segment", offset, lost))
        body = unbroken.rstrip(self.blank)
        plain = body.translate(self.controls)
        if plain != body:
            self.notes.append(("control_character", offset, len(body) - len(plain)))
        return plain


def _decode(text: str) -> str:
    """UTF-8 where the bytes are that, else Latin-1 as they stand."""
    if text.isascii():
        return text
    raw = text.encode("latin-1")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return text
