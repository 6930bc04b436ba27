"""One ST/SE: walks its segments, gathers what the loops read, and checks it."""

from bisect import bisect_left

from .balance import balance_of, check_claim, check_payment, untied
from .canonical import ContentHash
from .claims import CODES_4010, CODES_5010, ClaimLoops
from .envelope import same_count, starts_isa
from .findings import Findings, shown_code, shown_control, shown_number
from .header import Header
from .model import (
    ZERO,
    Balance,
    GroupHeader,
    InterchangeHeader,
    Limits,
    ProviderAdjustment,
    RawSegment,
    Transaction,
)
from .tokenizer import Oversize, Segments
from .values import BLANKS, Amounts, Dates, Procedures, Quantities

VERSIONS_5010 = ("005010X221", "005010X221A1")
VERSIONS_4010 = ("004010X091", "004010X091A1")
MONEY_TAGS = frozenset(("BPR", "TRN", "CLP", "SVC", "CAS", "PLB"))
ENVELOPE_TAGS = frozenset(("ISA", "GS", "ST", "GE", "IEA"))
KNOWN_TAGS = MONEY_TAGS | frozenset(
    "CUR REF DTM N1 N2 N3 N4 PER RDM LX TS3 TS2 NM1 MIA MOA AMT QTY LQ NTE".split()
)


class Caches:
    """Parsed elements, shared by the transactions of one interchange."""

    def __init__(self, component: str):
        self.amounts = Amounts()
        self.quantities = Quantities()
        self.dates = Dates()
        self.procedures = Procedures(component)


class TransactionReader:
    """Reads the segments of one ST up to its SE and makes the Transaction."""

    __slots__ = (
        "start end interchange group caches limits control_number location guide"
        " version findings lost count closing closed cut hash body_from left_out"
        " header loops provider_adjustments unknown last_lx"
        " header_table loop_table trailer_table table"
    ).split()

    def __init__(
        self,
        elements: list[str],
        place: tuple[int, int],
        interchange: InterchangeHeader,
        group: GroupHeader | None,
        caches: Caches,
        limits: Limits,
    ):
        self.start, self.end = place
        self.interchange, self.group = interchange, group
        self.caches, self.limits = caches, limits
        _tag, _set, self.control_number, self.guide = (elements + BLANKS)[:4]
        self.location = f"ST {self.control_number[:9]}"
        self.version = self.guide or (group.version if group else "")
        self.findings = Findings(limits.findings)
        self.lost = set()  # levels with an amount that could not be read
        self.count = 1
        self.closing = None  # the SE and its offset
        self.closed = self.cut = False
        self.hash = ContentHash(interchange.delimiters)
        self.body_from = None  # where tables 2 and 3 begin
        self.left_out = set()  # offsets of segments that are no content
        self.provider_adjustments, self.unknown = [], []
        self.last_lx = None
        is_4010 = self.version in VERSIONS_4010
        self.loops = ClaimLoops(self, CODES_4010 if is_4010 else CODES_5010)
        self.header = Header(self)
        self._make_tables()

    def _make_tables(self):
        common = {
            "LX": self.lx,
            "TS3": self.summary,
            "TS2": self.skip,
            "CLP": self.loops.claim,
            "PLB": self.plb,
            "SE": self.se,
        }
        self.loops.claim_table.update(common)
        self.loops.service_table.update(common)
        self.header_table = {**common, **self.header.table, "CLP": self.first_claim}
        self.loop_table = common
        self.trailer_table = {**common, "CLP": self.late_claim}
        self.table = self.header_table

    # the walk

    def read(self, segments: Segments) -> bool:
        """Take segments up to the SE, or to a segment of the envelope.

        That segment is left for the caller. False when the data ended before.
        """
        largest = self.start + self.limits.transaction_bytes
        while segments.more():
            first = segments.index
            stopped = self._read_batch(segments, first)
            self._account(segments, first)
            if self.closed:
                self._check_se()
            if stopped:
                return True
            if self.end > largest and not self.cut:
                self._cut_off()
        return False

    def _read_batch(self, segments, first) -> bool:
        """The hot loop: one handler per segment, from the table in force."""
        starts = segments.starts
        for elements, offset, end in zip(  # noqa: B905
            segments.rows[first:], starts[first:], segments.ends[first:]
        ):
            try:
                handler = self.table[elements[0]]
            except KeyError:
                text = segments.texts[bisect_left(starts, offset)]
                handler = self._other(elements[0], text, offset)
            if handler(elements, offset):
                segments.index = bisect_left(starts, offset) + self.closed
                self.end = end if self.closed else self.end
                return True
            self.end = end
        segments.index = len(starts)
        return False

    def _account(self, segments, first):
        """Count the segments taken since ``first`` and hash those of the body."""
        stop = segments.index - self.closed
        self.count += segments.index - first
        if self.body_from is not None and not self.cut:
            first = max(first, bisect_left(segments.starts, self.body_from))
            texts = segments.texts[first:stop]
            if self.left_out:
                starts = segments.starts[first:stop]
                texts = [
                    text
                    for text, start in zip(texts, starts, strict=True)
                    if start not in self.left_out
                ]
            self.hash.update(texts)
        self.left_out.clear()

    def _other(self, tag, text, offset):
        """A segment that is not in the table: a finding, and it is kept as it is."""
        if tag in ENVELOPE_TAGS or starts_isa(text):
            return self._stop
        if isinstance(text, Oversize):
            self.note("segment_oversize", offset, str(self.limits.segment_bytes))
            return self.skip
        if not text:
            self.note("empty_segment", offset)
            self.count -= 1
            self.left_out.add(offset)
            return self.skip
        if self.cut:
            return self.skip
        if tag in MONEY_TAGS:
            self.note("money_misplaced", offset, actual=tag)
            self.unread("line", "claim", "transaction")
        elif tag in KNOWN_TAGS:
            self.note("segment_misplaced", offset, actual=tag)
        else:
            self.note("unknown_segment", offset, actual=shown_code(tag))
        self.keep(tag, text, offset)
        return self.skip

    def keep(self, tag, text, offset):
        """Keep a segment as it stands, as long as it also has its finding."""
        if not self.findings.suppressed:
            self.unknown.append(RawSegment(tag, text, offset))

    def _stop(self, elements, offset):
        return True

    def _cut_off(self):
        """The transaction is too large: read on to its SE without collecting."""
        self.note("transaction_oversize", self.end, str(self.limits.transaction_bytes))
        self.unread("claim", "transaction")
        self.loops.close()
        self.cut = True
        self.table = {"SE": self.se}

    def skip(self, elements, offset):
        """A segment that is counted and needs no reading."""

    # loops

    def lx(self, elements, offset):
        """LX opens a group of claims; its number is no content."""
        self._enter_body(offset)
        self.left_out.add(offset)
        self.loops.close()
        number = (elements + BLANKS)[1]
        value = int(number) if number.isdecimal() and len(number) < 12 else None
        if self.last_lx is not None and value is not None and value <= self.last_lx:
            self.note("lx_unordered", offset, f"> {self.last_lx}", str(value))
        self.last_lx = value if value is not None else self.last_lx or 0
        self.table = self.loop_table

    def summary(self, elements, offset):
        """TS3 between the claims ends the claim before it."""
        self._enter_body(offset)
        self.loops.close()
        self.table = self.loop_table

    def first_claim(self, elements, offset):
        """A CLP before any LX."""
        self._enter_body(offset)
        self.note("lx_missing", offset)
        self.loops.claim(elements, offset)

    def late_claim(self, elements, offset):
        """A CLP after a PLB."""
        self.note("segment_order", offset, "CLP before PLB")
        self.loops.claim(elements, offset)

    def plb(self, elements, offset):
        """PLB: up to six pairs of code:reference and amount."""
        self._enter_body(offset)
        self.loops.close()
        self.table = self.trailer_table
        component = self.interchange.delimiters.component
        elements = elements + BLANKS[:4]
        provider, fiscal = elements[1:3]
        fiscal_date = self.loops.day(fiscal, offset)
        for index in range(3, len(elements) - 1, 2):
            composite, text = elements[index : index + 2]
            reason, _, reference = composite.partition(component)
            if not composite and not text:
                continue
            if not reason or not text:
                where = f"PLB{index:02} in full"
                self.note("provider_adjustment_incomplete", offset, where)
                self.unread("transaction")
            amount = self.caches.amounts[text]
            if amount is None:
                where = f"PLB{index + 1:02}"
                amount = self._money(text, offset, where) if text else ZERO
            self.provider_adjustments.append(
                ProviderAdjustment(
                    provider, fiscal_date, reason, reference, amount, offset
                )
            )

    def se(self, elements, offset):
        """SE ends the reading."""
        self.loops.close()
        self.closing = (elements + BLANKS)[:3], offset
        self.closed = True
        return True

    def _check_se(self):
        """The count and the number must agree."""
        (_tag, count, control_number), offset = self.closing
        if not same_count(count, self.count):
            self.note("se_count_wrong", offset, str(self.count), shown_number(count))
        if control_number != self.control_number:
            expected = shown_control(self.control_number)
            self.note(
                "se_control_wrong", offset, expected, shown_control(control_number)
            )

    def _enter_body(self, offset):
        """Tables 2 and 3 begin: what is hashed as content."""
        if self.body_from is None:
            self.body_from = offset

    def _money(self, text, offset, where):
        return self.loops.money(text, offset, where, level="transaction")

    # findings

    def note(self, code, offset, expected=None, actual=None):
        """Record a finding at the place that is being read."""
        if self.findings.full():
            return
        self.findings.add(code, offset, self.loops.location(), expected, actual)

    def unread(self, *levels):
        """These levels cannot be said to balance: an amount is unreadable."""
        self.lost.update(levels)

    def release(self):
        """Break the reference cycles, so that memory goes back at once."""
        self.table = None
        for table in (self.header_table, self.loop_table, self.trailer_table):
            table.clear()
        self.header.release()
        self.loops.release()

    # result

    def result(self, ended: bool, notes: dict | None = None) -> Transaction:
        """The transaction, checked; also when it broke off (at the data's end)."""
        self.loops.close()
        if not self.closed:
            code = "truncated" if ended else "se_missing"
            self.note(code, self.end, f"SE {shown_control(self.control_number)}")
        for code, (offset, count) in (notes or {}).items():
            self.findings.add(code, offset, self.location, actual=str(count))
        self._check_version()
        header, claims = self.header, tuple(self.loops.claims)
        payment = header.payment()
        handling, amount, credit_debit, method, payment_date = payment
        trace, payer_trace_id, trace_subdivision = header.trace()
        header.check(payment, bool(claims or self.provider_adjustments))
        payer = header.party_of("PR", "payer_missing")
        payee = header.party_of("PE", "payee_missing")
        balance = self._check_balance(amount, claims)
        return Transaction(
            control_number=self.control_number,
            version=self.version,
            group=self.group,
            interchange=self.interchange,
            handling=handling,
            amount=amount,
            credit_debit=credit_debit,
            method=method,
            payment_date=payment_date,
            trace=trace,
            payer_trace_id=payer_trace_id,
            trace_subdivision=trace_subdivision,
            currency=header.currency,
            payer=payer,
            payee=payee,
            production_date=header.production_date,
            claims=claims,
            provider_adjustments=tuple(self.provider_adjustments),
            unknown_segments=tuple(self.unknown),
            balance=balance,
            findings=self.findings.close(self.start, self.location),
            offset=self.start,
            end_offset=self.end,
            content_hash=self.hash.hexdigest(),
            references=tuple(header.references),
            segment_count=self.count,
        )

    def _check_version(self):
        group_version = self.group.version if self.group else ""
        if self.guide and group_version and self.guide != group_version:
            self.note("version_mismatch", self.start, group_version[:12])
        if self.version in VERSIONS_4010:
            self.note("version_4010", self.start, VERSIONS_5010[1], self.version)
        elif self.version not in VERSIONS_5010:
            shown = shown_control(self.version)
            self.note("version_unknown", self.start, VERSIONS_5010[1], shown)

    def _check_balance(self, amount, claims) -> Balance:
        found = []
        for claim in untied(claims):
            found += check_claim(claim, f"{self.location} / CLP {claim.index}")
        offset = self.header.bpr[1] if self.header.bpr else self.start
        adjustments = self.provider_adjustments
        found += check_payment(amount, claims, adjustments, self.location, offset)
        for finding in found:
            self.findings.append(finding)
        balance = balance_of(found)
        return Balance(
            line=balance.line and "line" not in self.lost,
            claim=balance.claim and "claim" not in self.lost,
            transaction=balance.transaction and "transaction" not in self.lost,
        )
