"""Table 1 of an 835: the payment, its trace, and who pays whom."""

from .findings import shown_code, shown_number
from .model import ZERO, Party, Reference
from .values import BLANKS, read_amount

HANDLINGS = frozenset("CDHIPUX")
METHODS = frozenset(("ACH", "BOP", "CHK", "FWT", "NON"))


class Header:
    """Reads the segments before the claims; ``tx`` takes the findings."""

    __slots__ = (
        "tx bpr trn currency production_date references parties party table"
    ).split()

    def __init__(self, tx):
        self.tx = tx
        self.bpr = self.trn = None
        self.currency = self.production_date = None
        self.references = []
        self.parties = {}
        self.party = None
        skip = tx.skip
        self.table = {
            "BPR": self.read_bpr,
            "TRN": self.read_trn,
            "CUR": self.read_cur,
            "REF": self.read_ref,
            "DTM": self.read_dtm,
            "N1": self.read_n1,
            **dict.fromkeys(("N2", "N3", "N4", "PER", "RDM", "NTE"), skip),
        }

    def release(self):
        """Break the reference cycles."""
        self.table.clear()
        self.tx = None

    # segments

    def read_bpr(self, elements, offset):
        """BPR: the payment."""
        if self.bpr is not None:
            self.tx.note("money_misplaced", offset, actual="BPR")
            self.tx.unread("transaction")
            return
        self.bpr = (elements + BLANKS + BLANKS)[:17], offset

    def read_trn(self, elements, offset):
        """TRN: the trace that joins payment and remittance."""
        if self.trn is not None:
            self.tx.note("money_misplaced", offset, actual="TRN")
            return
        self.trn = (elements + BLANKS)[:5], offset

    def read_cur(self, elements, offset):
        """CUR02: the currency."""
        self.currency = (elements + BLANKS)[2] or None

    def read_ref(self, elements, offset):
        """REF of the party that is open, else of the transaction."""
        _tag, qualifier, value = (elements + BLANKS)[:3]
        target = self.references if self.party is None else self.party[3]
        target.append(Reference(qualifier, value, offset))

    def read_dtm(self, elements, offset):
        """DTM*405: the production date."""
        _tag, qualifier, text = (elements + BLANKS)[:3]
        value = self.tx.loops.day(text, offset)
        if qualifier == "405":
            self.production_date = value

    def read_n1(self, elements, offset):
        """N1*PR and N1*PE open the loops of payer and payee."""
        _tag, entity, name, qualifier, identifier = (elements + BLANKS)[:5]
        self.party = (name, qualifier, identifier, [], offset)
        if entity in ("PR", "PE") and entity not in self.parties:
            self.parties[entity] = self.party
            return
        self.tx.note("segment_misplaced", offset, "N1*PR, N1*PE", "N1")
        text = self.tx.interchange.delimiters.element.join(elements)
        self.tx.keep("N1", text, offset)

    # results

    def payment(self):
        """(handling, amount, credit or debit, method, date) of the BPR."""
        if self.bpr is None:
            self.tx.note("bpr_missing", self.tx.start)
            self.tx.unread("transaction")
            return "", ZERO, "", "", None
        elements, offset = self.bpr
        amount, fault = read_amount(elements[2])
        if fault:
            self.tx.loops.money(elements[2], offset, "BPR02", level="transaction")
        payment_date = self.tx.caches.dates[elements[16]]
        if payment_date is None:
            shown = shown_number(elements[16])
            self.tx.note("payment_date_invalid", offset, "CCYYMMDD", shown)
        return elements[1], amount, elements[3], elements[4], payment_date

    def trace(self):
        """(TRN02, TRN03, TRN04)."""
        elements, offset = self.trn or ([""] * 5, self.tx.start)
        if not elements[2]:
            self.tx.note("trn_missing", offset)
        elif elements[1] != "1":
            self.tx.note("trace_type_unknown", offset, "1", shown_code(elements[1]))
        return elements[2:]

    def party_of(self, entity, missing):
        """The payer or the payee, or a finding."""
        if entity not in self.parties:
            self.tx.note(missing, self.tx.start)
            return None
        name, qualifier, identifier, references, offset = self.parties[entity]
        return Party(name, qualifier, identifier, tuple(references), offset)

    def check(self, payment, has_content):
        """Oddities of the payment as a whole."""
        if self.bpr is None:
            return
        handling, amount, credit_debit, method, _date = payment
        note, offset = self.tx.note, self.bpr[1]
        if handling not in HANDLINGS:
            expected = ", ".join(sorted(HANDLINGS))
            note("handling_unknown", offset, expected, shown_code(handling))
        if method not in METHODS:
            expected = ", ".join(sorted(METHODS))
            note("method_unknown", offset, expected, shown_code(method))
        if credit_debit == "D":
            note("debit_payment", offset, "C", "D")
        elif credit_debit != "C":
            note("credit_debit_unknown", offset, "C, D", shown_code(credit_debit))
        if amount < 0:
            note("payment_negative", offset, ">= 0", shown_number(str(amount)))
        self._check_zero(handling, amount, method, offset)
        if handling == "I" and not has_content:
            note("remittance_empty", offset)

    def _check_zero(self, handling, amount, method, offset):
        """BPR02 = 0 goes with H and NON, and with nothing else (RFI 2228, 352)."""
        marks = [amount == 0, handling == "H", method == "NON"]
        if handling != "P" and any(marks) and not all(marks):
            actual = f"{shown_code(handling)}, {shown_code(method)}, {amount:f}"
            self.tx.note("zero_payment_mismatch", offset, "H, NON, 0", actual)
