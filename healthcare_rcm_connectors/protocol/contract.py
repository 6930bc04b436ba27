"""An event type as the inbox needs it, without asking the database each time."""

from dataclasses import dataclass
from datetime import date

from . import amounts, business_key, schema


@dataclass(frozen=True, slots=True)
class Contract:
    """What one version of one event says of order, facility, money and urgency."""

    id: int
    name: str
    schema: str
    business_key_template: str
    facility_path: str
    amount_path: str
    priority: int
    history_priority: int
    taken_until: date | None = None

    def errors(self, data):
        """What ``data`` violates: path and rule, never a value."""
        return schema.errors(self.schema, data)

    def place_in_line(self, history):
        """Smaller is worked on earlier."""
        return self.history_priority if history else self.priority

    def business_key(self, data):
        """Events with the same key are worked on in order; None for no order."""
        return business_key.make(self.business_key_template, data)

    def facility_code(self, data):
        """How ``data`` names its facility, or None."""
        return self.facility_path and business_key.look_up(data, self.facility_path)

    def amount(self, data):
        """How much ``data`` speaks of, to compare and never to book; or None."""
        if not self.amount_path:
            return None
        value = amounts.total(data, self.amount_path)
        return None if value is None else float(value)
