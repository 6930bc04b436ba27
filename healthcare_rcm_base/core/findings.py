"""What a pure rule has to say about its input, as data."""

from dataclasses import dataclass
from typing import Any

ERROR = "error"
WARNING = "warning"
INFO = "info"
SEVERITIES = (ERROR, WARNING, INFO)


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation: ``code`` names the rule, ``location`` the place.

    ``expected`` and ``actual`` are values, not sentences; text for people is made
    where the reader's language is known.
    """

    code: str
    severity: str
    location: str = ""
    expected: Any = None
    actual: Any = None

    def __post_init__(self):
        if self.severity not in SEVERITIES:
            raise ValueError(f"unknown severity {self.severity!r}")

    @property
    def is_error(self):
        """Whether the input must not go on."""
        return self.severity == ERROR


def has_errors(findings):
    """Whether any of ``findings`` stops the input."""
    return any(finding.is_error for finding in findings)
