"""A connector as the doors know it, without asking the database each time."""

from dataclasses import dataclass, field
from datetime import datetime

from .addresses import lies_in


@dataclass(frozen=True, slots=True)
class Sender:
    """Who may send what, from where, how much, and what it signs with."""

    id: int
    code: str
    company_id: int
    user_id: int
    is_integration: bool
    lang: str
    state: str
    networks: tuple
    payload_limit: int
    rate_limit: int
    queue_limit: int
    history: bool
    type_ids: frozenset
    facility_ids: frozenset
    secrets: tuple[tuple[str, datetime | None], ...] = field(default=(), repr=False)

    def secrets_at(self, moment):
        """The signing secrets that hold at ``moment``, newest first."""
        return [text for text, until in self.secrets if until is None or until > moment]

    def may_come_from(self, address):
        """Whether this system may call from ``address``."""
        return not self.networks or lies_in(address, self.networks)
