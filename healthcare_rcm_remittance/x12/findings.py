"""Collecting findings: severity from the table, a limit, nothing lost unseen."""

import re

from .codes import ERROR, severity_of
from .model import Finding

_PLAIN_NUMBER = re.compile(r"[0-9.,+\-eE]{1,24}")
_PLAIN_CODE = re.compile(r"[A-Z0-9]{1,3}")
_PLAIN_CONTROL = re.compile(r"[0-9]{1,14}|[A-Za-z0-9\-]{1,9}")


class Findings:
    """A bounded list of findings of one transaction or one envelope."""

    __slots__ = ("items", "limit", "suppressed")

    def __init__(self, limit: int):
        self.items = []
        self.limit = limit
        self.suppressed = 0

    def add(self, code, offset, location, expected=None, actual=None):
        """Record a finding; beyond the limit it is only counted."""
        self.append(
            Finding(code, severity_of(code), offset, location, expected, actual)
        )

    def append(self, finding: Finding):
        """Record a ready-made finding under the same limit."""
        if not self.full():
            self.items.append(finding)

    def full(self) -> bool:
        """Whether one more finding can only be counted, which this does."""
        if len(self.items) < self.limit:
            return False
        self.suppressed += 1
        return True

    def close(self, offset: int, location: str) -> tuple[Finding, ...]:
        """The findings by offset; the suppressed ones as one error."""
        found = sorted(self.items, key=_offset)
        if self.suppressed:
            found.append(
                Finding(
                    "findings_limit",
                    ERROR,
                    offset,
                    location,
                    str(self.limit),
                    str(self.limit + self.suppressed),
                )
            )
        return tuple(found)


def shown_number(text: str) -> str:
    """A wrong amount or date as a finding may show it: digits, never words."""
    return _shown(_PLAIN_NUMBER, text)


def shown_code(text: str) -> str:
    """A code of up to three characters; longer text could be a person's."""
    return _shown(_PLAIN_CODE, text)


def shown_control(text: str) -> str:
    """A control number."""
    return _shown(_PLAIN_CONTROL, text)


def _shown(pattern: re.Pattern, text: str) -> str:
    if not text:
        return "empty"
    return text if pattern.fullmatch(text) else f"{len(text)} characters"


def _offset(finding: Finding) -> int:
    return finding.offset
