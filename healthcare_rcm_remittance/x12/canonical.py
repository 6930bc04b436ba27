"""Hashes that survive re-sending: other delimiters or line breaks, same content."""

import hashlib
import re

from .model import Delimiters

SEGMENT, ELEMENT, REPETITION, COMPONENT = "\x1c", "\x1d", "\x1e", "\x1f"
_TRAILING = re.compile(b"[\x1d-\x1f]+(?=\x1c)|[\x1e\x1f]+(?=\x1d)")
_EMPTY_ENDS = (b"\x1d\x1c", b"\x1f\x1c", b"\x1f\x1d", b"\x1e")


def canonical_sha256(data: bytes) -> str:
    """SHA-256 of a file without its CR and LF."""
    return hashlib.sha256(data.translate(None, b"\r\n")).hexdigest()


class ContentHash:
    """SHA-256 over segments, in neutral delimiters and without empty tails."""

    __slots__ = ("digest", "delimiters", "neutral")

    def __init__(self, delimiters: Delimiters):
        self.digest = hashlib.sha256()
        self.delimiters = delimiters.element + delimiters.component
        self.neutral = ELEMENT + COMPONENT
        if delimiters.repetition:
            self.delimiters += delimiters.repetition
            self.neutral += REPETITION

    def update(self, segments: list[str]):
        """Add segments."""
        if not segments:
            return
        raw = self._neutral_bytes(SEGMENT.join(segments) + SEGMENT)
        if any(end in raw for end in _EMPTY_ENDS):
            raw = _TRAILING.sub(b"", raw)
        self.digest.update(raw)

    def _neutral_bytes(self, text: str) -> bytes:
        if self.delimiters.isascii():
            table = bytes.maketrans(self.delimiters.encode(), self.neutral.encode())
            return text.encode("utf-8").translate(table)
        # Letters beyond ASCII share bytes with such delimiters once encoded.
        return text.translate(str.maketrans(self.delimiters, self.neutral)).encode()

    def hexdigest(self) -> str:
        """The digest of all segments so far."""
        return self.digest.hexdigest()
