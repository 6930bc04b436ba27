"""Files made to break a reader: they are refused or read in bounded memory."""

import gzip
import io
import tracemalloc
import zipfile

from odoo.tests import BaseCase, tagged

from odoo.addons.healthcare_rcm_remittance.x12.reader import NotX12, read_835

from .door_common import BusyDoorCase
from .in_process import InProcessMixin

FILE_TYPE = "remittance.received"
FILES = "/rcm/v1/files?filename=a.835"
MIB = 1024 * 1024
GIB = 1024 * MIB
ISA = (
    b"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
    b"*261102*1030*^*00501*000000001*0*P*:~"
)
START = ISA + b"GS*HP*S*R*20261102*1030*1*X*005010X221A1~ST*835*0001~BPR*I*0*C*NON~"


class Endless(io.RawIOBase):
    """A stream of ``size`` bytes that begins with ``head`` and is never in memory."""

    def __init__(self, head, filler, size):
        super().__init__()
        self.head, self.filler, self.size = head, filler, size
        self.at = self.given = 0

    def read(self, size=-1):
        size = min(size, self.size - self.at)
        piece = self.head[self.at : self.at + size]
        missing = size - len(piece)
        piece += (self.filler * (missing // len(self.filler) + 1))[:missing]
        self.at += size
        self.given += size
        return piece

    def tell(self):
        return self.at

    def seek(self, offset, whence=io.SEEK_SET):
        self.at = offset + (self.size if whence == io.SEEK_END else 0)
        return self.at


def peak_of(function, *values, **named):
    """(the most bytes that Python took while ``function`` ran, what it returned)."""
    tracemalloc.start()
    try:
        result = function(*values, **named)
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()


@tagged("post_install", "-at_install")
class TestReaderBombs(BaseCase):
    def read(self, stream):
        for _item in read_835(stream):
            pass

    def test_a_line_of_a_gibibyte_takes_little_memory(self):
        for name, head, filler, size in (
            ("one segment that never ends", START + b"CLP*", b"X" * 65536, GIB),
            ("elements", START + b"CLP*", b"X*" * 32768, 64 * MIB),
            ("line breaks", START, b"\r\n" * 32768, 4 * MIB),
            ("controls", START + b"NM1*", b"\x00\x1b\x7f\x80" * 16384, 64 * MIB),
            ("spaces", START + b"NM1*", b" " * 65536, 64 * MIB),
        ):
            with self.subTest(name):
                stream = Endless(head, filler, size)
                peak, _nothing = peak_of(self.read, stream)
                self.assertLess(peak, 32 * MIB)
                self.assertEqual(stream.given, size, "read to its end")

    def test_what_is_no_835_is_given_up_early(self):
        for filler in (b"X" * 65536, b"\x00" * 65536, gzip.compress(b"\0" * MIB) * 64):
            with self.subTest(filler[:2]):
                stream = Endless(b"", filler, GIB)
                with self.assertRaises(NotX12):
                    self.read(stream)
                self.assertLess(stream.given, 4 * MIB)

    def test_delimiters_that_are_none(self):
        """Letters, spaces, control characters, all alike: refused or read."""
        for element in b"*A \x00\x1f\xff\n~":
            for terminator in b"~A \x00\x1f\xff\n*":
                for component in b":A*~\xff":
                    text = bytearray(START + b"CLP*1*1*1~SE*3*0001~GE*1*1~IEA*1*1~")
                    text = text.replace(b"*", bytes([element]))
                    text = text.replace(b"~", bytes([terminator]))
                    text = text.replace(b":", bytes([component]))
                    try:
                        self.read(bytes(text))
                    except NotX12 as error:
                        self.assertTrue(error.finding.code)


@tagged("post_install", "-at_install")
class TestFileDoorBombs(InProcessMixin, BusyDoorCase):
    def send(self, content, query="", **headers):
        key = {"Authorization": f"Bearer {self.key}"}
        return self.ask("POST", FILES + query, content, {**key, **headers})

    def test_a_gibibyte_is_refused_before_it_is_read(self):
        stream = Endless(b"", b"X" * 65536, GIB)
        key = {"Authorization": f"Bearer {self.key}"}
        peak, answer = peak_of(self.ask, "POST", FILES, None, key, input_stream=stream)
        self.assertEqual(answer.status_code, 413, answer.text)
        self.assertEqual(stream.given, 0, "not a byte of it")
        self.assertLess(peak, 16 * MIB)

    def test_archives_are_never_unpacked(self):
        """A file is taken as it is: a small archive of a gibibyte stays small."""
        book = io.BytesIO()
        with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open("a.835", "w") as part:
                for _block in range(64):
                    part.write(b"\0" * MIB)
        bombs = {"zip": book.getvalue(), "gzip": gzip.compress(b"\0" * 64 * MIB)}
        for name, bomb in bombs.items():
            with self.subTest(name):
                peak, answer = peak_of(self.send, bomb)
                self.assertEqual(answer.status_code, 202, answer.text)
                self.assertLess(peak, 16 * MIB)
                self.process()
        events = self.env["rcm.event"].search([("type_id.name", "=", FILE_TYPE)])
        self.assertEqual(set(events.mapped("state")), {"done"})
        files = self.env["rcm.remittance.file"].search([])
        files._cron_read()
        refused = files.filtered(lambda file: file.state == "refused")
        self.assertEqual(len(refused), len(bombs))

    def test_a_line_as_long_as_the_limit(self):
        content = b"X" * (5 * MIB)
        peak, answer = peak_of(self.send, content)
        self.assertEqual(answer.status_code, 202, answer.text)
        self.assertLess(peak, 30 * len(content))
        answer = self.send(content, "&format=charges_csv")
        self.assertEqual(answer.status_code, 422, answer.text)

    def test_lines_of_charges_that_are_none(self):
        head = b"facility,encounter,charge,code,units\n"
        for name, content in (
            ("no text", b"\xff\xfe\x00\x01"),
            ("other delimiters", head.replace(b",", b";") + b"A;B;C;D;1\n"),
            ("a quote that never ends", head + b'"A,B,C,D,1\n'),
            ("too few columns", head + b"A,B\n"),
            ("too many columns", head + b"A," * 5000 + b"\n"),
            ("the same column twice", b"code," + head + b"a,b,c,d,e,f\n"),
            ("a column that never ends", head + b"A" * 200_000 + b",B,C,D,1\n"),
            ("NUL", head + b"A\x00,B,C,D,1\n"),
            ("carriage returns", head.replace(b"\n", b"\r\r") + b"A,B,C,D,1\r\r"),
            ("nothing but the head", head),
            ("nothing but line breaks", b"\n" * 10_000),
        ):
            with self.subTest(name):
                answer = self.send(content, "&format=charges_csv")
                self.assertIn(answer.status_code, (422, 207), answer.text[:300])
                if answer.status_code == 422:
                    media = answer.headers["Content-Type"]
                    self.assertEqual(media, "application/problem+json")

    def test_numbers_that_are_none(self):
        for version in ("0", "-1", "9" * 5000, "1.0", "1e3", "\u0663", "x", "70000"):
            with self.subTest(version[:9]):
                answer = self.send(b"ISA", f"&version={version}")
                self.assertEqual(answer.status_code, 400, answer.text)
        for name in ("a%00.835", "..%2fx", "x" * 300):
            with self.subTest(name[:9]):
                key = {"Authorization": f"Bearer {self.key}"}
                path = f"/rcm/v1/files?filename={name}"
                answer = self.ask("POST", path, b"ISA", key)
                self.assertIn(answer.status_code, (400, 422), answer.text)
