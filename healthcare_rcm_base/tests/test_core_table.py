import io
import re
import struct
import tracemalloc
import zipfile
from datetime import date, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core.effective import Row, Span, overlapping, settle
from ..core.table import Column, cells, header, read
from ..tools import TableFileError, read_rows, write_csv, write_xlsx

RUNS = settings(max_examples=80, deadline=None, derandomize=True)
COLUMNS = (
    Column("code", "Code", "code", required=True, zero_fill=4, aliases=("Rev",)),
    Column("words", "Our words", longest=10),
    Column("amount", "Amount", "number", minimum=Decimal(0), maximum=Decimal(900)),
    Column("start", "From", "date"),
    Column("flag", "Flag", "flag"),
    Column("pick", "Pick", "choice", choices=(("a", "Apple"), ("b", "Berry"))),
)


SHEET = "xl/worksheets/sheet1.xml"


def _with_sheet(book, change):
    """The archive with its first sheet changed."""
    return _changed(book, SHEET, change)


def _with_part(book, name, prefix):
    """The archive with ``prefix`` before the contents of one of its parts."""
    return _changed(book, name, lambda content: prefix + content)


def _changed(book, name, change):
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for item in source.infolist():
            content = source.read(item)
            target.writestr(item, change(content) if item.filename == name else content)
    return out.getvalue()


@tagged("post_install", "-at_install")
class TestTable(BaseCase):
    """Sheets: columns by header, typed cells, every fault with its place."""

    def sheet(self, *rows, names=("Code", "Amount", "From", "Flag", "Pick")):
        return read([names, *rows], COLUMNS)

    def test_cells_become_values(self):
        for row, expected in (
            (
                ["450", "$1,5".replace("1,5", "15.50"), "1/31/2026", "Yes", "berry"],
                ["0450", Decimal("15.50"), date(2026, 1, 31), True, "b"],
            ),
            (
                [450, 15.5, datetime(2026, 1, 31, 9), True, "Apple"],
                ["0450", Decimal("15.5"), date(2026, 1, 31), True, "a"],
            ),
            ([450.0, 0.1 + 0.2, date(2026, 1, 31), 0, None], None),
            (["'=ab", "", "", "", ""], ["=AB", None, None, False, None]),
        ):
            with self.subTest(row=row):
                table = self.sheet(row)
                self.assertFalse(table.faults)
                [(number, record)] = table.records
                self.assertEqual(number, 2)
                if expected:
                    self.assertEqual(list(record.values()), expected)
                else:
                    self.assertEqual(record["amount"], Decimal("0.3"))

    def test_header_is_found_by_name_label_or_alias_in_any_order(self):
        table = read([["pick", "REV ", "Notes"], ["Apple", "1", "x"]], COLUMNS)
        self.assertEqual(dict(table.records)[2], {"pick": "a", "code": "0001"})
        self.assertEqual(table.ignored, ("Notes",))

    def test_every_fault_has_its_place(self):
        table = self.sheet(
            ["", "x", "2026-02-30", "maybe", "cherry"],
            [None, None, None, None, None],
            ["1", "901", "2026-1-1", "no", ""],
            ["2", "1.005", "", "", ""],
            ["3", "-1", "", "", ""],
            ["4", "1", "", "", ""],
        )
        found = [(fault.row, fault.column, fault.code) for fault in table.faults]
        self.assertEqual(
            found,
            [
                (2, "Code", "missing"),
                (2, "Amount", "number"),
                (2, "From", "date"),
                (2, "Flag", "flag"),
                (2, "Pick", "choice"),
                (4, "Amount", "high"),
                (4, "From", "date"),
                (5, "Amount", "places"),
                (6, "Amount", "low"),
            ],
        )
        self.assertEqual([number for number, _record in table.records], [7])

    def test_header_and_file_faults(self):
        for rows, code in (
            ([], "file_empty"),
            ([["Code"]], "file_empty"),
            ([["Amount"], ["1"]], "column_missing"),
            ([["Code", "Rev"], ["1", "2"]], "column_twice"),
            ([["Code", "Our words"], ["1", "x" * 11]], "long"),
            ([["Code", "Our words"], ["1", "x\ny"]], "control"),
        ):
            with self.subTest(code=code):
                self.assertEqual(read(rows, COLUMNS).faults[0].code, code)

    @RUNS
    @given(
        st.lists(
            st.fixed_dictionaries(
                {
                    "code": st.text("ABC019=-", min_size=1, max_size=6).map(
                        lambda text: text.zfill(4) if text.isdigit() else text
                    ),
                    "words": st.one_of(
                        st.none(), st.text("ab,;\"'=+ ü", min_size=1, max_size=9)
                    ).map(lambda text: (text or "").strip(" '") or None),
                    "amount": st.one_of(
                        st.none(),
                        st.integers(0, 90000).map(lambda cents: Decimal(cents) / 100),
                    ),
                    "start": st.one_of(st.none(), st.dates(date(1990, 1, 1))),
                    "flag": st.booleans(),
                    "pick": st.sampled_from([None, "a", "b"]),
                }
            ),
            min_size=1,
            max_size=6,
        )
    )
    def test_written_files_read_back_the_same(self, records):
        rows = [header(COLUMNS), *(cells(record, COLUMNS) for record in records)]
        for content in (write_csv(rows), write_xlsx(rows)):
            table = read(read_rows(content), COLUMNS)
            self.assertFalse(table.faults)
            self.assertEqual([record for _row, record in table.records], records)

    def test_foreign_files_are_refused_in_words(self):
        for content, name, code in (
            (b"PK\x03\x04 broken", "rates.xlsx", "file_kind"),
            (b"\xd0\xcf\x11\xe0", "rates.xls", "file_kind"),
            (b"a\x00b", "rates.csv", "file_kind"),
            (b"a" * (20 * 1024 * 1024 + 1), "rates.csv", "file_large"),
        ):
            with self.subTest(name=name), self.assertRaises(TableFileError) as caught:
                read_rows(content, name)
            self.assertEqual(caught.exception.code, code)

    def test_sheet_that_lies_about_its_size_takes_no_more_room(self):
        """A cell in the last corner: 200,000 rows of 16,384 cells, says the file."""
        corner = b'<row r="200000"><c r="XFD200000"><v>1</v></c></row></sheetData>'
        book = _with_sheet(
            write_xlsx([["Code"], ["0450"]]),
            lambda sheet: re.sub(
                rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD200000"', sheet
            ).replace(b"</sheetData>", corner),
        )
        self.assertLess(len(book), 8 * 1024)
        tracemalloc.start()
        try:
            rows = read_rows(book)
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        self.assertLess(peak, 64 * 1024 * 1024)
        self.assertEqual(rows, [["Code"], ["0450"]])

    def test_archive_that_lies_about_its_size_is_refused(self):
        """Eight bytes, says the archive's table; the part is 64 MiB."""
        padding = b"<!--" + b"x" * (64 * 1024 * 1024) + b"-->"
        book = _with_sheet(
            write_xlsx([["Code"], ["0450"]]),
            lambda sheet: sheet.replace(b"<sheetData>", padding + b"<sheetData>"),
        )
        with zipfile.ZipFile(io.BytesIO(book)) as archive:
            size = archive.getinfo(SHEET).file_size
        lie = book.replace(struct.pack("<L", size), struct.pack("<L", 8))
        self.assertNotEqual(lie, book)
        tracemalloc.start()
        try:
            with self.assertRaises(TableFileError) as caught:
                read_rows(lie)
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        self.assertEqual(caught.exception.code, "file_kind")
        self.assertLess(peak, 16 * 1024 * 1024)

    def test_files_with_entities_are_refused_unread(self):
        """Neither the growing kind nor the kind that reads our files gets parsed."""
        book = write_xlsx([["code"], ["99213"]])
        declarations = (
            b'<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
            b'<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
            '<!doctype s [<!entity x "y">]>'.encode("utf-16-le"),
        )
        for declaration in declarations:
            with zipfile.ZipFile(io.BytesIO(book)) as source:
                names = source.namelist()
            for name in (name for name in names if name.endswith(".xml")):
                changed = _with_part(book, name, declaration)
                with self.subTest(part=name, text=declaration):
                    with self.assertRaises(TableFileError) as caught:
                        read_rows(changed, "x.xlsx")
                    self.assertEqual(caught.exception.code, "file_kind")
        self.assertEqual(read_rows(book, "x.xlsx"), [["code"], ["99213"]])

    def test_csv_of_other_tools(self):
        for content in (
            b"\xef\xbb\xbfCode;Our words\r\n1;a,b\r\n",
            b"Code\tOur words\n1\ta,b\n",
            b'Code,Our words\n1,"a,b"\n',
        ):
            with self.subTest(content=content):
                table = read(read_rows(content), COLUMNS)
                self.assertEqual(
                    table.records, ((2, {"code": "0001", "words": "a,b"}),)
                )


def day(number):
    return date.fromordinal(date(2026, 1, 1).toordinal() + number)


@tagged("post_install", "-at_install")
class TestEffective(BaseCase):
    """New effective-dated rows take their place without a day twice."""

    def test_new_row_ends_the_one_before_it(self):
        rows, changed, new = settle([Row(1, day(0), None, "a")], [Row(0, day(9), None)])
        self.assertEqual(changed, [Row(1, day(0), day(8), "a")])
        self.assertEqual(new, [Row(None, day(9), None)])
        self.assertEqual(len(rows), 2)

    def test_row_before_another_ends_before_it(self):
        _rows, changed, new = settle([Row(1, day(9), None)], [Row(0, day(0), None)])
        self.assertEqual((changed, new), ([], [Row(None, day(0), day(8))]))

    def test_same_start_is_a_correction(self):
        standing = [Row(1, day(0), None, "a"), Row(2, None, None, "always")]
        _rows, changed, new = settle(standing[:1], [Row(0, day(0), None, "b")])
        self.assertEqual((changed, new), ([Row(1, day(0), None, "b")], []))
        _rows, changed, new = settle(standing[1:], [Row(0, None, None, "always")])
        self.assertEqual((changed, new), ([], []))

    @RUNS
    @given(
        st.lists(
            st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 30))),
            max_size=6,
            unique_by=lambda item: item[0],
        ),
        st.lists(
            st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 30))),
            min_size=1,
            max_size=6,
            unique_by=lambda item: item[0],
        ),
    )
    def test_no_day_is_covered_twice_and_repeating_changes_nothing(self, old, fresh):
        def rows(items, ref):
            return [
                Row(ref and (ref, i), day(start), None if n is None else day(start + n))
                for i, (start, n) in enumerate(items)
            ]

        standing, _changed, _new = settle([], rows(old, None))
        standing = [Row(i, r.start, r.end, "old") for i, r in enumerate(standing)]
        settled, _changed, _new = settle(standing, rows(fresh, None))
        spans = [Span(i, row.start, row.end) for i, row in enumerate(settled)]
        self.assertIsNone(overlapping(spans))
        for start, _length in fresh:
            self.assertTrue(any(span.covers(day(start)) for span in spans))
        _rows, changed, new = settle(settled, rows(fresh, None))
        self.assertEqual((changed, new), ([], []))
