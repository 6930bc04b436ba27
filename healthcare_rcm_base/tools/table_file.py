"""Rows of cells out of CSV and XLSX files, and back."""

import csv
import io
import zipfile
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException

MAX_BYTES = 20 * 1024 * 1024
# A small archive can unpack to much more: a sheet of this size is no rate list.
MAX_UNPACKED = 200 * 1024 * 1024
MAX_COLUMNS = 200
# Declarations stand before the first element of an XML file.
DECLARATION_BYTES = 64 * 1024
DELIMITERS = ",;\t|"
HEAD_LINES = 20
# What reading a damaged or foreign archive ends in.
BROKEN = (
    InvalidFileException,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    ParseError,
    KeyError,
    IndexError,
    TypeError,
    ValueError,
)


class TableFileError(ValueError):
    """The file is no table that we can read; ``code`` says why."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def read_rows(content, name="", max_bytes=MAX_BYTES):
    """Return the rows of a CSV (or tabbed) file or of an XLSX file's first sheet."""
    if len(content) > max_bytes:
        raise TableFileError("file_large")
    if content[:4] == b"PK\x03\x04":
        return _read_xlsx(content, max(MAX_UNPACKED, 10 * max_bytes))
    if name.lower().endswith((".xls", ".ods", ".pdf")) or b"\x00" in content[:4096]:
        raise TableFileError("file_kind")
    return _read_csv(content, name)


def write_csv(rows):
    """Return the bytes of a CSV file that spreadsheets open in the right encoding."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def write_xlsx(rows, title="Data"):
    """Return the bytes of an XLSX file; cells stay text, so no zero is lost."""
    book = Workbook()
    sheet = book.active
    sheet.title = title[:31]
    sheet.freeze_panes = "A2"
    widths = {}
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(row, start=1):
            cell = sheet.cell(number, place, value or None)
            cell.number_format = "@"
            cell.font = Font(bold=number == 1)
            widths[place] = max(widths.get(place, 8), min(len(str(value)) + 2, 40))
    for place, width in widths.items():
        sheet.column_dimensions[sheet.cell(1, place).column_letter].width = width
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _read_csv(content, name):
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What spreadsheets on Windows write unless told otherwise.
        text = content.decode("cp1252", errors="replace")
    # Text files of publishers have words above the header, with commas in them.
    head = "\n".join(text[:20_000].splitlines()[:HEAD_LINES])
    if name.lower().endswith(".txt") and "\t" in head:
        delimiter = "\t"
    else:
        delimiter = max(DELIMITERS, key=text.partition("\n")[0].count)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [row[:MAX_COLUMNS] for row in rows]
    except csv.Error as error:
        raise TableFileError("file_kind") from error


def _refuse_declarations(archive):
    """No spreadsheet program declares entities: whoever does is up to something."""
    for item in archive.infolist():
        with archive.open(item) as part:
            head = part.read(DECLARATION_BYTES)
        text = head.replace(b"\x00", b"").upper()  # in whatever encoding
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise TableFileError("file_kind")


def _filled(row):
    """The cells of ``row`` up to its last: a sheet that says it is a million rows of
    sixteen thousand cells is no longer than what stands in it."""
    cells = list(row[:MAX_COLUMNS])
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def _read_xlsx(content, max_unpacked):
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(item.file_size for item in archive.infolist()) > max_unpacked:
                raise TableFileError("file_large")
            _refuse_declarations(archive)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            rows = [_filled(row) for row in sheet.iter_rows(values_only=True)]
        finally:
            book.close()
    except TableFileError:
        raise
    except BROKEN as error:
        raise TableFileError("file_kind") from error
    while rows and not rows[-1]:
        rows.pop()
    return rows
