"""Hashes that survive re-sending: other delimiters or line breaks, same content."""

import hashlib
import re

from .model import Delimiters

SEGMENT, ELEMENT, REPETITION, COMPONENT = "\x1c", "\x1d", "\x1e", "\x1f"
_TRAILING = re.compile("[\x1d-\x1f]+(?=\x1c)|[\x1e\x1f]+(?=\x1d)")
_EMPTY_ENDS = (ELEMENT + SEGMENT, COMPONENT + SEGMENT, COMPONENT + ELEMENT)


def canonical_sha256(data: bytes) -> str:
    """SHA-256 of a file without its CR and LF."""
    return hashlib.sha256(data.translate(None, b"\r\n")).hexdigest()


class ContentHash:
    """SHA-256 over segments, in neutral delimiters and without empty tails."""

    __slots__ = ("digest", "table")

    def __init__(self, delimiters: Delimiters):
        self.digest = hashlib.sha256()
        self.table = {
            ord(delimiters.element): ELEMENT,
            ord(delimiters.component): COMPONENT,
        }
        if delimiters.repetition:
            self.table[ord(delimiters.repetition)] = REPETITION

    def update(self, segments: list[str]):
        """Add segments."""
        if not segments:
            return
        text = (SEGMENT.join(segments) + SEGMENT).translate(self.table)
        if REPETITION in text or any(end in text for end in _EMPTY_ENDS):
            text = _TRAILING.sub("", text)
        self.digest.update(text.encode("utf-8"))

    def hexdigest(self) -> str:
        """The digest of all segments so far."""
        return self.digest.hexdigest()
