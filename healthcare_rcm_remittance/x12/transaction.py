"""One ST/SE: header, parties, claims, provider adjustments, and the checks on them."""

from .balance import balance_of, check_claim, check_payment
from .canonical import ContentHash
from .claims import BLANKS, CODES_4010, CODES_5010, ClaimLoops
from .envelope import same_count, starts_isa
from .findings import Findings, shown_code, shown_control, shown_number
from .model import (
    ZERO,
    Balance,
    GroupHeader,
    InterchangeHeader,
    Limits,
    Party,
    ProviderAdjustment,
    RawSegment,
    Reference,
    Transaction,
)
from .tokenizer import Oversize
from .values import Amounts, Dates, Procedures, Quantities, read_amount

VERSIONS_5010 = ("005010X221", "005010X221A1")
VERSIONS_4010 = ("004010X091", "004010X091A1")
HANDLINGS = frozenset("CDHIPUX")
METHODS = frozenset(("ACH", "BOP", "CHK", "FWT", "NON"))
MONEY_TAGS = frozenset(("BPR", "TRN", "CLP", "SVC", "CAS", "PLB"))
ENVELOPE_TAGS = frozenset(("ISA", "GS", "ST", "GE", "IEA"))
KNOWN_TAGS = MONEY_TAGS | frozenset(
    "CUR REF DTM N1 N2 N3 N4 PER RDM LX TS3 TS2 NM1 MIA MOA AMT QTY LQ NTE".split()
)
HASH_BATCH = 4_096


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
        " version findings lost count closed cut body hash bpr trn currency"
        " production_date references parties party last_lx provider_adjustments"
        " unknown loops header_table loop_table trailer_table table"
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
        self.interchange = interchange
        self.group = group
        self.caches = caches
        self.limits = limits
        elements = elements + BLANKS
        self.control_number = elements[2]
        self.location = f"ST {self.control_number[:9]}"
        self.guide = elements[3]
        self.version = self.guide or (group.version if group else "")
        self.findings = Findings(limits.findings)
        self.lost = set()  # levels with an amount that could not be read
        self.count = 1
        self.closed = False
        self.cut = False
        self.body = []
        self.hash = ContentHash(interchange.delimiters)
        self.bpr = self.trn = None
        self.currency = self.production_date = None
        self.references = []
        self.parties = {}
        self.party = None
        self.last_lx = None
        self.provider_adjustments = []
        self.unknown = []
        is_4010 = self.version in VERSIONS_4010
        self.loops = ClaimLoops(self, CODES_4010 if is_4010 else CODES_5010)
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
        loops = self.loops
        loops.claim_table.update(common)
        loops.service_table.update(common)
        self.header_table = {
            **common,
            "CLP": self.first_claim,
            "BPR": self.read_bpr,
            "TRN": self.read_trn,
            "CUR": self.cur,
            "REF": self.ref,
            "DTM": self.dtm,
            "N1": self.n1,
            "N2": self.skip,
            "N3": self.skip,
            "N4": self.skip,
            "PER": self.skip,
            "RDM": self.skip,
            "NTE": self.skip,
        }
        self.loop_table = common
        self.trailer_table = {**common, "CLP": self.late_claim}
        self.table = self.header_table

    # reading

    def read(self, segments):
        """Take segments up to the SE.

        Returns the first segment that cannot belong here (an envelope segment), or
        None after an SE or at the end of the data.
        """
        body = self.body
        stop = self.start + self.limits.transaction_bytes
        for segment in segments:
            elements, text, offset, end = segment
            handler = self.table.get(elements[0])
            if handler is None:
                if elements[0] in ENVELOPE_TAGS or starts_isa(text):
                    return segment
                handler = self._other(elements[0], text, offset)
            self.count += 1
            body.append(text)
            if handler(elements, offset):
                self.end = end
                return None
            self.end = end
            if end > stop:
                stop = self._cut_off(offset, end)
        return None

    def _other(self, tag, text, offset):
        """Findings for a segment that is not in the table; it is kept as it stands."""
        if isinstance(text, Oversize):
            limit = str(self.limits.segment_bytes)
            self.note("segment_oversize", offset, limit)
            return self.skip
        if not text:
            self.note("empty_segment", offset)
            self.count -= 1
            return self._drop
        if self.cut:
            return self.skip
        if tag in MONEY_TAGS:
            self.note("money_misplaced", offset, actual=tag)
            self.unread("line", "claim", "transaction")
        elif tag in KNOWN_TAGS:
            self.note("segment_misplaced", offset, actual=tag)
        else:
            self.note("unknown_segment", offset, actual=shown_code(tag))
        self.unknown.append(RawSegment(tag, text, offset))
        return self.skip

    def _cut_off(self, offset, end):
        """The transaction is too large: read on to its SE without collecting."""
        if not self.cut and not self.closed:
            limit = str(self.limits.transaction_bytes)
            self.note("transaction_oversize", offset, limit)
            self.unread("claim", "transaction")
            self.loops.close()
            self.cut = True
            self.table = {"SE": self.se, **dict.fromkeys(KNOWN_TAGS, self._drop)}
        self._hash_body()
        return end + HASH_BATCH * 16

    def _drop(self, elements, offset):
        self.body.pop()

    def skip(self, elements, offset):
        """A segment that is counted and needs no reading."""

    # header

    def read_bpr(self, elements, offset):
        """BPR: the payment."""
        if self.bpr is not None:
            self.note("money_misplaced", offset, actual="BPR")
            self.unread("transaction")
            return
        self.bpr = (elements + BLANKS + BLANKS)[:17], offset

    def read_trn(self, elements, offset):
        """TRN: the trace that joins payment and remittance."""
        if self.trn is not None:
            self.note("money_misplaced", offset, actual="TRN")
            return
        self.trn = (elements + BLANKS)[:5], offset

    def cur(self, elements, offset):
        """CUR02: the currency."""
        self.currency = (elements + BLANKS)[2] or None

    def ref(self, elements, offset):
        """REF of the party that is open, else of the transaction."""
        _tag, qualifier, value = (elements + BLANKS)[:3]
        target = self.references if self.party is None else self.party[3]
        target.append(Reference(qualifier, value, offset))

    def dtm(self, elements, offset):
        """DTM*405: the production date."""
        _tag, qualifier, text = (elements + BLANKS)[:3]
        value = self.loops.day(text, offset)
        if qualifier == "405":
            self.production_date = value

    def n1(self, elements, offset):
        """N1*PR and N1*PE open the loops of payer and payee."""
        _tag, entity, name, qualifier, identifier = (elements + BLANKS)[:5]
        party = (name, qualifier, identifier, [], offset)
        if entity not in ("PR", "PE") or entity in self.parties:
            self.note("segment_misplaced", offset, "N1*PR, N1*PE", "N1")
            self.unknown.append(RawSegment("N1", self._joined(elements), offset))
            self.party = party
            return
        self.party = self.parties[entity] = party

    def _joined(self, elements):
        return self.interchange.delimiters.element.join(elements)

    # loops

    def lx(self, elements, offset):
        """LX opens a group of claims; its number is no content."""
        self._enter_body()
        self.body.pop()
        self.loops.close()
        number = (elements + BLANKS)[1]
        value = int(number) if number.isdecimal() and len(number) < 12 else None
        if self.last_lx is not None and value is not None and value <= self.last_lx:
            self.note("lx_unordered", offset, f"> {self.last_lx}", str(value))
        self.last_lx = value if value is not None else self.last_lx or 0
        self.table = self.loop_table

    def summary(self, elements, offset):
        """TS3 between the claims ends the claim before it."""
        self._enter_body()
        self.loops.close()
        self.table = self.loop_table

    def first_claim(self, elements, offset):
        """A CLP before any LX."""
        self._enter_body()
        self.note("lx_missing", offset)
        self.loops.claim(elements, offset)

    def late_claim(self, elements, offset):
        """A CLP after a PLB."""
        self.note("segment_order", offset, "CLP before PLB")
        self.loops.claim(elements, offset)

    def plb(self, elements, offset):
        """PLB: up to six pairs of code:reference and amount."""
        self._enter_body()
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
                amount = ZERO
                if text:
                    amount = self.money(text, offset, f"PLB{index + 1:02}")
            self.provider_adjustments.append(
                ProviderAdjustment(
                    provider, fiscal_date, reason, reference, amount, offset
                )
            )

    def se(self, elements, offset):
        """SE: the count and the number must agree. True ends the reading."""
        self.body.pop()
        self.loops.close()
        self.closed = True
        _tag, count, control_number = (elements + BLANKS)[:3]
        if not same_count(count, self.count):
            self.note("se_count_wrong", offset, str(self.count), shown_number(count))
        if control_number != self.control_number:
            self.note(
                "se_control_wrong",
                offset,
                shown_control(self.control_number),
                shown_control(control_number),
            )
        return True

    def _enter_body(self):
        """Tables 2 and 3 begin: what was read before is not hashed as content."""
        if self.table is self.header_table:
            del self.body[:-1]
        elif len(self.body) > HASH_BATCH:
            last = self.body.pop()
            self._hash_body()
            self.body.append(last)

    def _hash_body(self):
        self.hash.update(self.body)
        self.body.clear()

    # findings

    def note(self, code, offset, expected=None, actual=None):
        """Record a finding at the place that is being read."""
        self.findings.add(code, offset, self.loops.location(), expected, actual)

    def unread(self, *levels):
        """These levels cannot be said to balance: an amount is unreadable."""
        self.lost.update(levels)

    def money(self, text, offset, where):
        """An amount of header or trailer, with a finding for what is wrong."""
        return self.loops.money(text, offset, where, level="transaction")

    def release(self):
        """Break the reference cycles, so that memory goes back at once."""
        self.table = None
        for table in (self.header_table, self.loop_table, self.trailer_table):
            table.clear()
        self.loops.release()

    # result

    def result(self, ended: bool, notes: dict | None = None) -> Transaction:
        """The transaction, checked; also when it broke off (at the data's end)."""
        self.loops.close()
        if self.table is not self.header_table:
            self._hash_body()
        if not self.closed:
            code = "truncated" if ended else "se_missing"
            self.note(code, self.end, f"SE {shown_control(self.control_number)}")
        for code, (offset, count) in (notes or {}).items():
            self.findings.add(code, offset, self.location, actual=str(count))
        self._check_version()
        handling, amount, credit_debit, method, payment_date = self._payment()
        trace = self._trace()
        claims = tuple(self.loops.claims)
        balance = self._check_balance(amount, claims)
        self._check_header(handling, amount, credit_debit, method, claims)
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
            trace=trace[2],
            payer_trace_id=trace[3],
            trace_subdivision=trace[4],
            currency=self.currency,
            payer=self._party("PR", "payer_missing"),
            payee=self._party("PE", "payee_missing"),
            production_date=self.production_date,
            claims=claims,
            provider_adjustments=tuple(self.provider_adjustments),
            unknown_segments=tuple(self.unknown),
            balance=balance,
            findings=self.findings.close(self.start, self.location),
            offset=self.start,
            end_offset=self.end,
            content_hash=self.hash.hexdigest(),
            references=tuple(self.references),
            segment_count=self.count,
        )

    def _payment(self):
        if self.bpr is None:
            self.note("bpr_missing", self.start)
            self.unread("transaction")
            return "", ZERO, "", "", None
        elements, offset = self.bpr
        amount, fault = read_amount(elements[2])
        if fault:
            amount = self.money(elements[2], offset, "BPR02")
        payment_date = self.caches.dates[elements[16]]
        if payment_date is None:
            shown = shown_number(elements[16])
            self.note("payment_date_invalid", offset, "CCYYMMDD", shown)
        return elements[1], amount, elements[3], elements[4], payment_date

    def _trace(self):
        elements, offset = self.trn or ([""] * 5, self.start)
        if not elements[2]:
            self.note("trn_missing", offset)
        elif elements[1] != "1":
            self.note("trace_type_unknown", offset, "1", shown_code(elements[1]))
        return elements

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
        for claim in claims:
            found += check_claim(claim, f"{self.location} / CLP {claim.index}")
        offset = self.bpr[1] if self.bpr else self.start
        adjustments = self.provider_adjustments
        found += check_payment(amount, claims, adjustments, self.location, offset)
        for finding in found:
            self.findings.append(finding)
        balance = balance_of(found)
        if not self.lost:
            return balance
        return Balance(
            line=balance.line and "line" not in self.lost,
            claim=balance.claim and "claim" not in self.lost,
            transaction=balance.transaction and "transaction" not in self.lost,
        )

    def _check_header(self, handling, amount, credit_debit, method, claims):
        if self.bpr is None:
            return
        offset = self.bpr[1]
        if handling not in HANDLINGS:
            expected = ", ".join(sorted(HANDLINGS))
            self.note("handling_unknown", offset, expected, shown_code(handling))
        if method not in METHODS:
            expected = ", ".join(sorted(METHODS))
            self.note("method_unknown", offset, expected, shown_code(method))
        if credit_debit == "D":
            self.note("debit_payment", offset, "C", "D")
        elif credit_debit != "C":
            self.note("credit_debit_unknown", offset, "C, D", shown_code(credit_debit))
        if amount < 0:
            self.note("payment_negative", offset, ">= 0", shown_number(str(amount)))
        self._check_zero_payment(handling, amount, method, offset)
        if handling == "I" and not claims and not self.provider_adjustments:
            self.note("remittance_empty", offset)

    def _check_zero_payment(self, handling, amount, method, offset):
        """BPR02 = 0 goes with H and NON, and with nothing else (RFI 2228, 352)."""
        if handling == "P":
            return
        marks = [amount == 0, handling == "H", method == "NON"]
        if any(marks) and not all(marks):
            actual = f"{shown_code(handling)}, {shown_code(method)}, {amount:f}"
            self.note("zero_payment_mismatch", offset, "H, NON, 0", actual)

    def _party(self, entity, missing):
        if entity not in self.parties:
            self.findings.add(missing, self.start, self.location)
            return None
        name, qualifier, identifier, references, offset = self.parties[entity]
        return Party(name, qualifier, identifier, tuple(references), offset)
