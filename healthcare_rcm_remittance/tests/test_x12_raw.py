"""Lines of a file as they stand, a window at a time."""

from io import BytesIO

from odoo.tests import BaseCase, tagged

from ..x12.model import Transaction
from ..x12.raw import RawFile, triples
from ..x12.reader import read_835
from . import era


def raw_file(content, lower=0, upper=None):
    """The lines of these bytes, and how often they were read."""
    reads = []

    def read(start, end):
        reads.append(end - start)
        return content[start:end]

    upper = len(content) if upper is None else upper
    return RawFile(read, lower, upper), reads


def payment(claims=2):
    """A payment of so many claims."""
    answers = [
        era.clp(
            f"C{number}",
            100,
            60,
            services=[era.svc(100, 60, ("CO-45", 40), number=f"L{number}")],
        )
        for number in range(claims)
    ]
    return era.interchange(era.st(60 * claims, *answers))


@tagged("post_install", "-at_install")
class TestX12Raw(BaseCase):
    """What stands there, where it stands."""

    def test_every_segment_is_a_line_with_its_own_bytes(self):
        content = payment()
        raw, _reads = raw_file(content)
        lines = raw.after(0, 1000).lines
        self.assertEqual(len(lines), content.count(b"~"))
        for line in lines:
            text = content[line.offset : line.offset + line.length].decode()
            self.assertEqual(text, "*".join(line.elements) + "~")

    def test_offsets_are_the_readers(self):
        content = payment()
        [transaction] = [
            item for item in read_835(BytesIO(content)) if isinstance(item, Transaction)
        ]
        raw, _reads = raw_file(content, transaction.offset, transaction.end_offset)
        tags = {line.offset: line.elements for line in raw.after(0, 1000).lines}
        for claim in transaction.claims:
            self.assertEqual(tags[claim.offset][:2], ("CLP", claim.control_number))
            for service in claim.services:
                self.assertEqual(tags[service.offset][0], "SVC")
                for item in service.adjustments:
                    self.assertEqual(tags[item.offset][:2], ("CAS", item.group))

    def test_windows_join_without_gap_or_overlap(self):
        content = payment(40)
        raw, _reads = raw_file(content)
        every = raw.after(0, 10_000)
        self.assertEqual((every.before, every.after), (False, False))
        middle = every.lines[100]
        around = raw.around(middle.offset + 3, 30)
        self.assertIn(middle, around.lines)
        self.assertEqual((len(around.lines), around.before, around.after), (30, 1, 1))
        last = around.lines[-1]
        later = raw.after(last.offset + last.length, 10_000)
        earlier = raw.before(around.lines[0].offset, 10_000)
        self.assertFalse(later.after or earlier.before)
        self.assertEqual(earlier.lines + around.lines + later.lines, every.lines)

    def test_large_file_is_read_in_pieces(self):
        content = payment(20_000)
        raw, reads = raw_file(content)
        place = content.index(b"CLP*C15000*")
        window = raw.around(place, 90)
        self.assertIn(place, [line.offset for line in window.lines])
        self.assertEqual(len(window.lines), 90)
        self.assertLess(max(reads), len(content) // 4)

    def test_only_between_its_bounds(self):
        content = payment()
        start, end = content.index(b"ST*"), content.index(b"GE*")
        raw, _reads = raw_file(content, start, end)
        window = raw.around(0, 1000)
        self.assertEqual(window.lines[0].elements[0], "ST")
        self.assertEqual(window.lines[-1].elements[0], "SE")
        self.assertEqual((window.before, window.after), (False, False))

    def test_each_interchange_has_its_own_separators(self):
        other = payment().translate(bytes.maketrans(b"*~\n", b"|\x1d "))
        content = payment() + other
        raw, _reads = raw_file(content)
        lines = raw.after(0, 1000).lines
        self.assertEqual([line.elements[0] for line in lines].count("CLP"), 4)
        place = content.rindex(b"CLP|")
        line = raw.around(place, 9).lines[3]
        self.assertEqual((line.offset, line.elements[0]), (place, "CLP"))
        self.assertEqual(raw.delimiters(place).terminator, "\x1d")

    def test_what_does_not_show_is_shown(self):
        content = payment().replace(b"SAMPLE", b"SAM\rPLE").replace(b"TEST", b"T\xc9")
        raw, _reads = raw_file(content)
        names = [line for line in raw.after(0, 99).lines if line.elements[0] == "NM1"]
        self.assertEqual(names[0].elements[3:5], ("SAM␍PLE", "TÉ"))

    def test_no_x12_is_shown_as_it_is(self):
        raw, _reads = raw_file(b"Dear Sir,\nno remittance today.")
        window = raw.around(5, 10)
        self.assertEqual(len(window.lines), 1)
        self.assertIn("no remittance", window.lines[0].elements[0])

    def test_empty_groups_do_not_count(self):
        content = era.interchange(
            [
                "ST*835*0001",
                "CAS*CO*45*10*****253*2",
                "PLB*1*20261231***WO:A*5*L6*1",
                "SE*4*0001",
            ]
        )
        raw, _reads = raw_file(content)
        by_tag = {line.elements[0]: line for line in raw.after(0, 99).lines}
        self.assertEqual(triples(by_tag["CAS"], 2, 3), [2, 8])
        self.assertEqual(triples(by_tag["PLB"], 3, 2), [5, 7])

    def test_finding_the_segment_of_the_payment(self):
        content = payment()
        start = content.index(b"ST*")
        raw, _reads = raw_file(content, start)
        self.assertEqual(raw.find(start, "BPR", 40).elements[2], "120")
        self.assertIsNone(raw.find(start, "XXX", 40))
