"""Takes typed values out of dicts of other systems and remembers what is wrong where.

Faults name places (``charges[2].units``) and rules, never the values: what a source
system sends may identify a patient.
"""

from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation

from .errors import RcmPermanent

MAX_MODIFIERS = 4
MAX_POINTERS = 4
MAX_DIAGNOSES = 25
MAX_TEXT = 255
MAX_MONEY = Decimal("9999999.99")
MAX_UNITS = Decimal("99999")
FAULTS_SHOWN = 10


class Reader:
    """One reading of one document."""

    def __init__(self):
        self.faults = []

    def fault(self, place, rule):
        self.faults.append(f"{place}: {rule}")

    def refuse_faults(self):
        """Raise one ``RcmPermanent`` that names them all, or return."""
        if not self.faults:
            return
        shown = "; ".join(self.faults[:FAULTS_SHOWN])
        more = len(self.faults) - FAULTS_SHOWN
        raise RcmPermanent(
            "content_invalid", shown + (f"; and {more} more" if more > 0 else "")
        )

    def mapping(self, value, place):
        if isinstance(value, dict):
            return value
        self.fault(place, "must be an object")
        return {}

    def items(self, data, key, maximum, minimum):
        value = data.get(key)
        if value is None and not minimum:
            return []
        if not isinstance(value, list):
            self.fault(key, "must be a list")
            return []
        if not minimum <= len(value) <= maximum:
            self.fault(key, f"must have {minimum} to {maximum} entries")
            return []
        return value

    def text(self, data, key, place, maximum=MAX_TEXT, required=False):
        value = data.get(key)
        if value is None:
            value = ""
        if not isinstance(value, str):
            self.fault(f"{place}.{key}", "must be text")
            return ""
        value = value.strip()
        if "\x00" in value or any(ord(character) < 32 for character in value):
            self.fault(f"{place}.{key}", "has control characters")
            return ""
        if required and not value:
            self.fault(f"{place}.{key}", "is missing")
        if len(value) > maximum:
            self.fault(f"{place}.{key}", f"is longer than {maximum} characters")
        return value

    def texts(self, data, key, place, maximum, length):
        value = data.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.fault(f"{place}.{key}", "must be a list")
            return ()
        if len(value) > maximum:
            self.fault(f"{place}.{key}", f"has more than {maximum} entries")
        found = []
        for index, item in enumerate(value[:maximum]):
            if not isinstance(item, str) or not item.strip():
                self.fault(f"{place}.{key}[{index}]", "must be text")
            elif len(item) > length or "," in item:
                self.fault(f"{place}.{key}[{index}]", "is not a code")
            else:
                found.append(item.strip())
        return tuple(found)

    def choice(self, data, key, place, allowed, default):
        value = data.get(key)
        if value in (None, ""):
            return default
        if value not in allowed:
            self.fault(f"{place}.{key}", f"must be one of {', '.join(allowed)}")
            return default
        return value

    def flag(self, data, key, place):
        value = data.get(key)
        if value is None:
            return False
        if not isinstance(value, bool):
            self.fault(f"{place}.{key}", "must be true or false")
            return False
        return value

    def whole(self, data, key, place, minimum, maximum):
        value = data.get(key)
        if (
            isinstance(value, bool)
            or not isinstance(value, int)
            or not minimum <= value <= maximum
        ):
            self.fault(
                f"{place}.{key}", f"must be a whole number from {minimum} to {maximum}"
            )
            return minimum
        return value

    def date(self, data, key, place, required=False):
        value = data.get(key)
        if value in (None, ""):
            if required:
                self.fault(f"{place}.{key}", "is missing")
            return None
        try:
            if not isinstance(value, str) or len(value) != 10:
                raise ValueError
            parsed = date.fromisoformat(value)
            if not 1850 <= parsed.year <= 2200:
                raise ValueError
        except ValueError:
            self.fault(f"{place}.{key}", "must be a date (YYYY-MM-DD)")
            return None
        return parsed

    def moment(self, data, key, place):
        """A date-time with its zone; in UTC without one, as Odoo keeps it."""
        value = data.get(key)
        if value in (None, ""):
            return None
        try:
            text = value[:-1] + "+00:00" if value.endswith("Z") else value
            parsed = datetime.fromisoformat(text)
            if parsed.tzinfo is None:
                raise ValueError
            return parsed.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
        except (AttributeError, TypeError, ValueError, OverflowError):
            self.fault(f"{place}.{key}", "must be a date-time with its time zone")
            return None

    def number(self, data, key, place):
        """An exact number: text or whole number, since JSON fractions are inexact."""
        value = data.get(key)
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            try:
                parsed = Decimal(value)
                if parsed.is_finite():
                    return parsed
            except InvalidOperation:
                parsed = None
        self.fault(f"{place}.{key}", "must be a number written as text")
        return None

    def money(self, data, key, place):
        value = self.number(data, key, place)
        if value is None:
            return Decimal(0)
        if not 0 <= value <= MAX_MONEY:
            self.fault(f"{place}.{key}", f"must be from 0 to {MAX_MONEY}")
            return Decimal(0)
        if value != round(value, 2):
            self.fault(f"{place}.{key}", "has more than 2 decimal places")
        return round(value, 2)

    def quantity(self, data, key, place):
        """A quantity that may be missing, with at most three decimal places."""
        if data.get(key) in (None, ""):
            return Decimal(0)
        value = self.number(data, key, place)
        if value is None:
            return Decimal(0)
        if not 0 < value <= MAX_UNITS or value != round(value, 3):
            self.fault(f"{place}.{key}", "is no quantity with 3 decimal places")
            return Decimal(0)
        return value

    def units(self, data, place):
        value = self.number(data, "units", place)
        if value is None:
            return Decimal(1)
        if not 0 < value <= MAX_UNITS:
            self.fault(f"{place}.units", f"must be above 0 and at most {MAX_UNITS}")
            return Decimal(1)
        if value != round(value, 3):
            self.fault(f"{place}.units", "has more than 3 decimal places")
        return value

    def pointers(self, data, place, diagnosis_count):
        """Whether a pointer has its diagnosis is a validation rule, not a format."""
        value = data.get("diagnosis_pointers")
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > MAX_POINTERS:
            self.fault(
                f"{place}.diagnosis_pointers",
                f"must be a list of at most {MAX_POINTERS}",
            )
            return ()
        found = []
        for index, item in enumerate(value):
            if (
                isinstance(item, bool)
                or not isinstance(item, int)
                or not 1 <= item <= MAX_DIAGNOSES
                or (diagnosis_count and item > diagnosis_count)
            ):
                self.fault(
                    f"{place}.diagnosis_pointers[{index}]",
                    "points at no diagnosis of the encounter",
                )
            else:
                found.append(item)
        return tuple(found)

    def unique(self, values, place, key):
        if len(set(values)) < len(values):
            self.fault(f"{place}.{key}", "must be different in every entry")
