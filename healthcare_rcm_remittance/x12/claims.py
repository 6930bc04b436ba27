"""Loops 2100 and 2110: from segments to claims with their service lines.

One handler per segment. ``claim_table`` and ``service_table`` say which segments
may stand where; the transaction reader looks each tag up in the table in force.
"""

from .drafts import new_adjustment, new_amount, new_claim, new_name
from .drafts import new_reference, new_service
from .findings import shown_code, shown_number
from .model import ZERO
from .values import read_amount

_GROUPS = frozenset(("CO", "PR", "OA", "PI"))
_STATUSES = frozenset(("1", "2", "3", "4", "19", "20", "21", "22", "23", "25"))
_OLD_STATUSES = ("5", "10", "11", "12", "13", "14", "15", "16", "17", "27")
# (adjustment groups, claim statuses) of each version
CODES_5010 = (_GROUPS, _STATUSES)
CODES_4010 = (_GROUPS | {"CR"}, _STATUSES.union(_OLD_STATUSES))
BLANKS = [""] * 16


class ClaimLoops:
    """The claim being read and the claims read so far, of one transaction.

    ``tx`` is the transaction reader: it gives the caches, the findings, the place
    (``tx.end``: end of the last segment) and takes the table in force.
    """

    def __init__(self, tx, codes: tuple[frozenset, frozenset]):
        self.tx = tx
        self.groups, self.statuses = codes
        self.amounts, self.quantities = tx.caches.amounts, tx.caches.quantities
        self.dates, self.procedures = tx.caches.dates, tx.caches.procedures
        self.claims = []
        self.clp = self.svc = None
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
        self.clp = (elements + BLANKS)[:10], offset
        self.services = []
        self.names = []
        self.claim_dates = [None, None, None]
        self._open_level()
        self.tx.table = self.claim_table

    def service(self, elements, offset):
        """SVC opens a line."""
        if self.svc is None:
            self.claim_level = self._level()
        else:
            self._close_service()
        self.svc = elements + BLANKS, offset
        self.service_dates = [None, None]
        self._open_level()
        self.tx.table = self.service_table

    def close(self):
        """The claim ends where the last segment ended."""
        if self.clp is None:
            return
        if self.svc is not None:
            self._close_service()
            level = self.claim_level
            self.svc = None
        else:
            level = self._level()
        adjustments, references, amounts, remarks = level
        elements, offset = self.clp
        _tag, number, status, charge, paid, patient, filing, payer_number = elements[:8]
        index = len(self.claims) + 1
        exact = self.amounts
        charge_value, paid_value = exact[charge], exact[paid]
        if charge_value is None or paid_value is None:
            charge_value = self.money(charge, offset, "CLP03")
            paid_value = self.money(paid, offset, "CLP04")
        if patient:
            patient_value = exact[patient]
            if patient_value is None:
                patient_value = self.money(patient, offset, "CLP05")
        else:
            patient_value = None
        if status not in self.statuses or not number:
            self._check_claim(number, status, offset)
        date_from, date_to, received = self.claim_dates
        self.claims.append(
            new_claim(
                index,
                number,
                status,
                charge_value,
                paid_value,
                patient_value,
                filing,
                payer_number,
                elements[8],
                elements[9],
                adjustments,
                tuple(self.services),
                references,
                amounts,
                tuple(self.names),
                remarks,
                date_from,
                date_to,
                received,
                offset,
                self.tx.end,
            )
        )
        self.clp = None

    def _close_service(self):
        elements, offset = self.svc
        _tag, code, charge, paid, revenue, units, submitted, units_in = elements[:8]
        adjustments, references, amounts, remarks = self._level()
        exact = self.amounts
        charge_value, paid_value = exact[charge], exact[paid]
        if charge_value is None or paid_value is None:
            charge_value = self.money(charge, offset, "SVC02", line=True)
            paid_value = self.money(paid, offset, "SVC03", line=True)
        procedure = self.procedures[code]
        if not procedure.code:
            self.tx.note("procedure_unreadable", offset, "SVC01 of two parts")
        date_from, date_to = self.service_dates
        self.services.append(
            new_service(
                len(self.services) + 1,
                procedure,
                self.procedures[submitted] if submitted else None,
                charge_value,
                paid_value,
                revenue,
                self.quantity(units, offset) if units else None,
                self.quantity(units_in, offset) if units_in else None,
                date_from,
                date_to,
                adjustments,
                references,
                amounts,
                remarks,
                offset,
                self.tx.end,
            )
        )

    def _open_level(self):
        self.adjustments = []
        self.references = []
        self.amounts_read = []
        self.remarks = []

    def _level(self):
        return (
            tuple(self.adjustments),
            tuple(self.references),
            tuple(self.amounts_read),
            tuple(self.remarks),
        )

    # segments

    def cas(self, elements, offset):
        """CAS: one group, up to six triples; empty triples are skipped."""
        if len(elements) == 4 and elements[1] in self.groups and elements[2]:
            amount = self.amounts[elements[3]]
            if amount is not None:
                self.adjustments.append(
                    new_adjustment(elements[1], elements[2], amount, None, offset)
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
            amount = self.amounts[text]
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
        _tag, entity, _kind, last, first, middle, _prefix, suffix, qualifier, number = (
            elements + BLANKS
        )[:10]
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
        _tag, qualifier, value = (elements + BLANKS)[:3]
        self.references.append(new_reference(qualifier, value, offset))

    def amt(self, elements, offset):
        """AMT: kept as evidence."""
        _tag, qualifier, text = (elements + BLANKS)[:3]
        amount = self.amounts[text]
        if amount is None:
            amount = self.money(text, offset, "AMT02", level=None)
        self.amounts_read.append(new_amount(qualifier, amount, offset))

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
            self.claim_dates[0] = value
        elif qualifier == "233":
            self.claim_dates[1] = value
        elif qualifier == "050":
            self.claim_dates[2] = value

    def service_dtm(self, elements, offset):
        """DTM 472 service date, 150/151 its start and end."""
        _tag, qualifier, text = (elements + BLANKS)[:3]
        value = self.day(text, offset)
        if qualifier == "472":
            self.service_dates[:] = value, value
        elif qualifier == "150":
            self.service_dates[0] = value
        elif qualifier == "151":
            self.service_dates[1] = value

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
