"""Reading single elements: amounts, quantities, dates, procedure identifiers.

The caches are dictionaries that fill themselves: a remittance repeats the same
amounts, dates and procedures by the thousand. A cached ``None`` means "look again
and say what is wrong".
"""

import re
from datetime import date
from decimal import Decimal

from .model import ZERO, Procedure

BLANKS = [""] * 16  # to lengthen a segment that leaves its last elements out
CACHE_SIZE = 4_096
MAX_DIGITS = 18  # data element 782, type R 1/18

_DECIMAL = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_usual_amount = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{0,2})?").fullmatch
_CENTS = re.compile(r"-?[0-9]*(?:\.[0-9]{0,2}0*)?")
_EIGHT_DIGITS = re.compile(r"[0-9]{8}")
_SIX_DIGITS = re.compile(r"[0-9]{6}")


def parse_decimal(text: str) -> Decimal | None:
    """An exact decimal without exponent, sign plus, commas or words, or None."""
    if not _DECIMAL.fullmatch(text):
        return None
    if len(text) > MAX_DIGITS and sum(c not in "-." for c in text) > MAX_DIGITS:
        return None
    return Decimal(text)


def read_amount(text: str) -> tuple[Decimal, str | None]:
    """An amount and the code of what is wrong with it, if anything."""
    if not text:
        return ZERO, "amount_missing"
    value = parse_decimal(text)
    if value is None:
        return ZERO, "amount_invalid"
    return value, None if _CENTS.fullmatch(text) else "amount_subcent"


def parse_date(text: str) -> date | None:
    """A date CCYYMMDD that exists, or None."""
    if not _EIGHT_DIGITS.fullmatch(text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def parse_short_date(text: str) -> date | None:
    """A date YYMMDD as the ISA and old GS write it (80 to 99 are 19xx), or None."""
    if not _SIX_DIGITS.fullmatch(text):
        return None
    return parse_date(("19" if text >= "80" else "20") + text)


def parse_procedure(text: str, component: str) -> Procedure:
    """SVC01 or SVC06: qualifier, code and up to four modifiers."""
    parts = text.split(component)
    code = parts[1] if len(parts) > 1 else ""
    modifiers = tuple([part for part in parts[2:6] if part])
    return Procedure(parts[0], code, modifiers, text)


class _Cache(dict):
    """A dictionary that computes what it lacks and forgets all when full."""

    def __missing__(self, text):
        value = self.compute(text)
        if len(self) >= CACHE_SIZE:
            self.clear()
        self[text] = value
        return value


class Amounts(_Cache):
    """Text to Decimal; None for an amount with anything wrong."""

    def __missing__(self, text):
        if _usual_amount(text):
            value = Decimal(text)
        else:
            value, fault = read_amount(text)
            if fault:
                value = None
        if len(self) >= CACHE_SIZE:
            self.clear()
        self[text] = value
        return value


class Quantities(_Cache):
    """Text to Decimal; None for anything that is not a plain decimal."""

    def compute(self, text):
        return parse_decimal(text)


class Dates(_Cache):
    """Text to date; None for a date that does not exist."""

    def compute(self, text):
        return parse_date(text)


class Procedures(_Cache):
    """Composite text to Procedure, for one component separator."""

    def __init__(self, component: str):
        super().__init__()
        self.component = component

    def compute(self, text):
        return parse_procedure(text, self.component)
