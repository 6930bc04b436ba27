"""Loops 2100 and 2110: from segments to claims with their service lines.

One handler per segment. ``claim_table`` and ``service_table`` say which segments
may stand where; the transaction reader looks each tag up in the table in force.
"""

from .drafts import (
    ClaimDraft,
    ServiceDraft,
    freeze,
    new_adjustment,
    new_amount,
    new_name,
    new_reference,
)
from .findings import shown_code, shown_number
from .model import ZERO
from .values import BLANKS, read_amount

_GROUPS = frozenset(("CO", "PR", "OA", "PI"))
_STATUSES = frozenset(("1", "2", "3", "4", "19", "20", "21", "22", "23", "25"))
_OLD_STATUSES = ("5", "10", "11", "12", "13", "14", "15", "16", "17", "27")
# (adjustment groups, claim statuses) of each version
CODES_5010 = (_GROUPS, _STATUSES)
CODES_4010 = (_GROUPS | {"CR"}, _STATUSES.union(_OLD_STATUSES))


class ClaimLoops:
    """The claim being read and the claims read so far, of one transaction.

    ``tx`` is the transaction reader: it gives the caches, the findings, the place
    (``tx.end``: end of the last segment) and takes the table in force.
    """

    __slots__ = (
        "tx groups statuses exact quantities dates procedures claims clp svc services"
        " names adjustments references amounts remarks claim_table service_table"
    ).split()

    def __init__(self, tx, codes: tuple[frozenset, frozenset]):
        self.tx = tx
        self.groups, self.statuses = codes
        self.exact, self.quantities = tx.caches.amounts, tx.caches.quantities
        self.dates, self.procedures = tx.caches.dates, tx.caches.procedures
        self.claims = []
        self.clp = self.svc = None
        self.services, self.names = [], []
        self.adjustments, self.references = [], []
        self.amounts, self.remarks = [], []
        self.claim_table = {
            "CAS": self.cas,
            "NM1": self.nm1,
            "MIA": self.mia,
            "MOA": self.moa,
            "REF": self.ref,
            "DTM": self.claim_dtm,
            "PER": self.skip,
            "AMT": self.amt,
            "QTY": self.skip,
            "SVC": self.service,
        }
        self.service_table = {
            "SVC": self.service,
            "DTM": self.service_dtm,
            "CAS": self.cas,
            "REF": self.ref,
            "AMT": self.amt,
            "QTY": self.skip,
            "LQ": self.lq,
        }

    def release(self):
        """Break the reference cycles."""
        self.claim_table.clear()
        self.service_table.clear()
        self.tx = None

    def location(self) -> str:
        """Where reading stands, without patient data."""
        place = self.tx.location
        if self.clp is not None:
            place += f" / CLP {len(self.claims) + 1}"
            if self.svc is not None:
                place += f" / SVC {len(self.services) + 1}"
        return place

    # loops

    def claim(self, elements, offset):
        """CLP opens a claim."""
        self.close()
        if len(elements) != 10:
            elements = (elements + BLANKS)[:10]
        _, number, status, charge, paid, patient, filing, payer_number, place, freq = (
            elements
        )
        exact = self.exact
        self.clp = claim = ClaimDraft(
            len(self.claims) + 1,
            number,
            status,
            exact[charge],
            exact[paid],
            exact[patient] if patient else None,
            filing,
            payer_number,
            place,
            freq,
        )
        claim.offset = offset
        self.tx.table = self.claim_table
        if claim.charge is None or claim.paid is None:
            claim.charge = self.money(charge, offset, "CLP03")
            claim.paid = self.money(paid, offset, "CLP04")
        if patient and claim.patient_responsibility is None:
            claim.patient_responsibility = self.money(patient, offset, "CLP05")
        if status not in self.statuses or not number:
            self._check_claim(number, status, offset)

    def service(self, elements, offset):
        """SVC opens a line."""
        if self.svc is None:
            self._store_level(self.clp)
        else:
            self._close_service()
        if len(elements) != 8:
            elements = (elements + BLANKS)[:8]
        _, code, charge, paid, revenue, units, submitted, units_in = elements
        exact, procedures = self.exact, self.procedures
        self.svc = service = ServiceDraft(
            len(self.services) + 1,
            procedures[code],
            procedures[submitted] if submitted else None,
            exact[charge],
            exact[paid],
            revenue,
            self.quantities[units] if units else None,
            self.quantities[units_in] if units_in else None,
        )
        service.offset = offset
        self.tx.table = self.service_table
        if service.charge is None or service.paid is None:
            service.charge = self.money(charge, offset, "SVC02", line=True)
            service.paid = self.money(paid, offset, "SVC03", line=True)
        if units and service.units_paid is None:
            self.quantity(units, offset)
        if units_in and service.units_submitted is None:
            self.quantity(units_in, offset)
        if not service.procedure.code:
            self.tx.note("procedure_unreadable", offset, "SVC01 of two parts")

    def close(self):
        """The claim ends where the last segment ended."""
        claim = self.clp
        if claim is None:
            return
        if self.svc is None:
            self._store_level(claim)
        else:
            self._close_service()
            self.svc = None
        if self.services:
            claim.services = tuple(self.services)
            self.services = []
        claim.names = tuple(self.names)
        self.names = []
        claim.end_offset = self.tx.end
        self.claims.append(freeze(claim))
        self.clp = None

    def _close_service(self):
        service = self.svc
        self._store_level(service)
        service.end_offset = self.tx.end
        self.services.append(freeze(service))

    def _store_level(self, loop):
        """Give a finished loop what was collected; most of it is mostly empty."""
        if self.adjustments:
            loop.adjustments = tuple(self.adjustments)
            self.adjustments = []
        if self.references:
            loop.references = tuple(self.references)
            self.references = []
        if self.amounts:
            loop.amounts = tuple(self.amounts)
            self.amounts = []
        if self.remarks:
            loop.remarks = tuple(self.remarks)
            self.remarks = []

    # segments

    def cas(self, elements, offset):
        """CAS: one group, up to six triples; empty triples are skipped."""
        if len(elements) == 4:
            _, group, reason, text = elements
            amount = self.exact[text]
            if amount is not None and reason and group in self.groups:
                self.adjustments.append(
                    new_adjustment(group, reason, amount, None, offset)
                )
                return
        self._cas_triples(elements + BLANKS[:3], offset)

    def _cas_triples(self, elements, offset):
        group = elements[1]
        if group not in self.groups:
            self.tx.note(
                "adjustment_group_unknown",
                offset,
                ", ".join(sorted(self.groups)),
                shown_code(group),
            )
        if not any(elements[2:]):
            self.tx.note("adjustment_incomplete", offset, "CAS02 and CAS03")
            self.tx.unread("line", "claim")
        for index in range(2, len(elements) - 2, 3):
            reason, text, units = elements[index : index + 3]
            if not (reason or text or units):
                continue
            if not (reason and text):
                self.tx.note("adjustment_incomplete", offset, f"CAS{index:02} in full")
                self.tx.unread("line", "claim")
            amount = self.exact[text]
            if amount is None:
                amount = ZERO
                if text:
                    amount = self.money(text, offset, f"CAS{index + 1:02}", line=True)
            quantity = self.quantity(units, offset) if units else None
            self.adjustments.append(
                new_adjustment(group, reason, amount, quantity, offset)
            )

    def nm1(self, elements, offset):
        """NM1: a name of the claim."""
        if len(elements) != 10:
            elements = (elements + BLANKS)[:10]
        _, entity, _, last, first, middle, _, suffix, qualifier, number = elements
        self.names.append(
            new_name(entity, last, first, middle, suffix, qualifier, number, offset)
        )

    def mia(self, elements, offset):
        """MIA05 and MIA20 to MIA23 hold remark codes (inpatient)."""
        codes = elements[5:6] + elements[20:24]
        self.remarks.extend([code for code in codes if code])

    def moa(self, elements, offset):
        """MOA03 to MOA07 hold remark codes (outpatient)."""
        self.remarks.extend([code for code in elements[3:8] if code])

    def ref(self, elements, offset):
        """REF of the claim or of the line, whichever is open."""
        if len(elements) != 3:
            elements = (elements + BLANKS)[:3]
        _, qualifier, value = elements
        self.references.append(new_reference(qualifier, value, offset))

    def amt(self, elements, offset):
        """AMT: kept as evidence."""
        _tag, qualifier, text = (elements + BLANKS)[:3]
        amount = self.exact[text]
        if amount is None:
            amount = self.money(text, offset, "AMT02", level=None)
        self.amounts.append(new_amount(qualifier, amount, offset))

    def lq(self, elements, offset):
        """LQ*HE: remark code of the line; other lists are kept as references."""
        _tag, qualifier, code = (elements + BLANKS)[:3]
        if qualifier == "HE":
            self.remarks.append(code)
        else:
            self.references.append(new_reference(qualifier, code, offset))

    def claim_dtm(self, elements, offset):
        """DTM 232/233 statement dates, 050 received."""
        _tag, qualifier, text = (elements + BLANKS)[:3]
        value = self.day(text, offset)
        if qualifier == "232":
            self.clp.date_from = value
        elif qualifier == "233":
            self.clp.date_to = value
        elif qualifier == "050":
            self.clp.received = value

    def service_dtm(self, elements, offset):
        """DTM 472 service date, 150/151 its start and end."""
        if len(elements) != 3:
            elements = (elements + BLANKS)[:3]
        _, qualifier, text = elements
        value = self.dates[text]
        if value is None:
            self.day(text, offset)
        if qualifier == "472":
            self.svc.date_from = self.svc.date_to = value
        elif qualifier == "150":
            self.svc.date_from = value
        elif qualifier == "151":
            self.svc.date_to = value

    def skip(self, elements, offset):
        """A segment of the guide that posting has no use for (PER, QTY)."""

    # values with something wrong

    def money(self, text, offset, where, line=False, level="claim"):
        """An amount, with a finding for what is wrong with it."""
        value, fault = read_amount(text)
        if fault:
            self.tx.note(fault, offset, f"{where} as 12.34", shown_number(text))
            if level:
                self.tx.unread(level, "transaction")
            if line:
                self.tx.unread("line")
        return value

    def quantity(self, text, offset):
        """A quantity or None with a finding."""
        value = self.quantities[text]
        if value is None:
            self.tx.note("quantity_invalid", offset, "a number", shown_number(text))
        return value

    def day(self, text, offset):
        """A date or None with a finding."""
        value = self.dates[text]
        if value is None:
            self.tx.note("date_invalid", offset, "CCYYMMDD", shown_number(text))
        return value

    def _check_claim(self, number, status, offset):
        if not number:
            self.tx.note("claim_number_missing", offset)
        if status not in self.statuses:
            expected = ", ".join(sorted(self.statuses, key=int))
            self.tx.note("claim_status_unknown", offset, expected, shown_code(status))
