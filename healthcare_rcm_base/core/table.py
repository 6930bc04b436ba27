"""Rows of a sheet, read by their headers into typed values; every fault is collected.

Pure: what a file format makes of a cell (text, number, date, nothing) comes in, plain
values go out. Written cells read back as the same values.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from .spreadsheet import FORMULA, plain_cell

MAX_ROWS = 150_000
NUMBER = re.compile(r"[-+]?\$?(\d{1,3}(,\d{3})+|\d+|(?=\.\d))(\.\d+)?")
COMPACT_DATE = re.compile(r"(19|20)\d{6}")
US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
YES = {"yes", "y", "true", "t", "1", "x"}
NO = {"no", "n", "false", "f", "0", ""}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet: how it is headed and what may stand in it.

    ``kind`` is ``text``, ``code`` (upper case, no blanks around), ``number``,
    ``date``, ``flag`` or ``choice``. ``zero_fill`` gives back the leading zeros that
    spreadsheets take from numeric codes.
    """

    name: str
    label: str
    kind: str = "text"
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    aliases: tuple[str, ...] = ()
    digits: int = 2
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    longest: int = 255
    zero_fill: int = 0
    example: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one cell. ``code`` is put into words by the screen.

    ``row`` counts as spreadsheets do (the header is 1); 0 is the file itself.
    """

    row: int
    column: str
    value: str
    code: str
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What a sheet says: (row number, {column name: value}) and its faults."""

    records: tuple = ()
    faults: tuple = ()
    ignored: tuple = ()
    given: frozenset = field(default_factory=frozenset)


def read(rows, columns, max_rows=MAX_ROWS):
    """Read ``rows`` of cells, header first, into a ``Table``.

    A record with a fault is left out of ``records``; columns that nobody knows are
    named in ``ignored`` and read by nobody.
    """
    rows = list(rows)
    if not rows:
        return Table(faults=(Fault(0, "", "", "file_empty"),))
    places, ignored, faults = _match_header(rows[0], columns)
    if not any(fault.code == "column_missing" for fault in faults):
        if len(rows) - 1 > max_rows:
            faults.append(Fault(0, "", str(len(rows) - 1), "rows_many", str(max_rows)))
            rows = rows[:1]
    else:
        rows = rows[:1]
    records = []
    for number, cells in enumerate(rows[1:], start=2):
        if all(_text(cell) == "" for cell in cells):
            continue
        record, wrong = _record(number, cells, places)
        faults += wrong
        if not wrong:
            records.append((number, record))
    if not records and not faults:
        faults.append(Fault(0, "", "", "file_empty"))
    given = frozenset(column.name for column in places.values())
    return Table(tuple(records), tuple(faults), tuple(ignored), given)


def header(columns):
    """The header row of ``columns``."""
    return [column.label for column in columns]


def cells(record, columns):
    """The cells of ``record`` as text; ``read`` gives the record back."""
    return [_written(record.get(column.name), column) for column in columns]


# ----------------------------------------------------------------------
# Header
# ----------------------------------------------------------------------
def _match_header(names, columns):
    """Return ({place: column}, ignored headers, faults)."""
    known = {}
    for column in columns:
        for name in (column.name, column.label, *column.aliases):
            known[_plain(name)] = column
    places, ignored, faults, taken = {}, [], [], set()
    for place, name in enumerate(names):
        text = _text(name)
        column = known.get(_plain(text))
        if column is None:
            if text:
                ignored.append(text)
        elif column.name in taken:
            faults.append(Fault(1, column.label, text, "column_twice"))
        else:
            places[place] = column
            taken.add(column.name)
    for column in columns:
        if column.required and column.name not in taken:
            faults.append(Fault(1, column.label, "", "column_missing", column.label))
    return places, ignored, faults


def _plain(name):
    return re.sub(r"[^a-z0-9%]", "", str(name).lower())


# ----------------------------------------------------------------------
# Cells
# ----------------------------------------------------------------------
def _record(number, row, places):
    record, faults = {}, []
    for place, column in places.items():
        cell = row[place] if place < len(row) else None
        text = _text(cell)
        try:
            if text == "" and column.kind != "flag":
                if column.required:
                    raise _Wrong("missing")
                record[column.name] = None
            else:
                record[column.name] = READERS[column.kind](cell, text, column)
        except _Wrong as wrong:
            faults.append(
                Fault(number, column.label, text[:80], wrong.code, wrong.expected)
            )
    return record, faults


class _Wrong(Exception):
    def __init__(self, code, expected=""):
        super().__init__(code)
        self.code, self.expected = code, expected


def _text(cell):
    """A cell as a person reads it; whole numbers without their ``.0``."""
    if cell is None or cell is False:
        return ""
    if cell is True:
        return "yes"
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, datetime):
        cell = cell.date()
    text = str(cell).strip()
    if text.startswith("'") and text[1:].startswith(FORMULA):
        return text[1:]
    return text


def _read_text(_cell, text, column):
    if any(ord(character) < 32 for character in text):
        raise _Wrong("control")
    if len(text) > column.longest:
        raise _Wrong("long", str(column.longest))
    return text


def _read_code(cell, text, column):
    code = _read_text(cell, text, column).upper()
    return code.zfill(column.zero_fill) if code.isdigit() else code


def _read_number(cell, text, column):
    if isinstance(cell, float):
        # A sum made by a spreadsheet carries binary noise far behind the cents.
        text = str(round(Decimal(repr(cell)), 9).normalize())
        text = f"{Decimal(text):f}"
    if not NUMBER.fullmatch(text):
        raise _Wrong("number")
    try:
        value = Decimal(text.replace(",", "").replace("$", ""))
    except InvalidOperation as error:
        raise _Wrong("number") from error
    if value != round(value, column.digits):
        raise _Wrong("places", str(column.digits))
    if column.minimum is not None and value < column.minimum:
        raise _Wrong("low", str(column.minimum))
    if column.maximum is not None and value > column.maximum:
        raise _Wrong("high", str(column.maximum))
    return value


def _read_date(cell, text, _column):
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    try:
        if found := US_DATE.fullmatch(text):
            month, day, year = map(int, found.groups())
            return date(year, month, day)
        if COMPACT_DATE.fullmatch(text):
            text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError as error:
        raise _Wrong("date") from error


def _read_flag(_cell, text, _column):
    answer = text.lower()
    if answer in YES:
        return True
    if answer in NO:
        return False
    raise _Wrong("flag")


def _read_choice(_cell, text, column):
    wanted = text.lower()
    for value, label in column.choices:
        if wanted in (value.lower(), label.lower()):
            return value
    raise _Wrong("choice", ", ".join(label for _value, label in column.choices))


READERS = {
    "text": _read_text,
    "code": _read_code,
    "number": _read_number,
    "date": _read_date,
    "flag": _read_flag,
    "choice": _read_choice,
}


def _written(value, column):
    if column.kind == "flag":
        return "yes" if value else ""
    if value is None or value is False:
        return ""
    if column.kind == "choice":
        return dict(column.choices)[value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(plain_cell(value))
