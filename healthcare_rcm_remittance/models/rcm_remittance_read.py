from psycopg2.errors import UniqueViolation

from odoo import api, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import mute_logger

from ..x12.balance import exact_sum
from ..x12.model import Claim, Party, Service, Transaction

KEPT_FINDINGS = 200
SEVERITY_ORDER = {"error": 0, "warning": 1, "info": 2}
# The person reads these in the case; anything else is "see findings".
PAYMENT_CODES = ("transaction_out_of_balance",)


class RcmRemittance(models.Model):
    """From the reader's values to records, and through the first doors."""

    _inherit = "rcm.remittance"

    @api.model
    def _rcm_create_from(self, file, transactions, envelope_errors=()):
        """Create a remittance per transaction of one interchange, state received.

        :param envelope_errors: error findings of the interchange; they reject all
        """
        if not transactions:
            return self.browse()
        remittances = self._rcm_create(
            [self._rcm_vals(file, item, envelope_errors) for item in transactions]
        )
        for remittance, transaction in zip(remittances, transactions, strict=True):
            remittance._rcm_create_parts(transaction)
        return remittances

    @api.model
    def _rcm_vals(self, file, transaction: Transaction, envelope_errors=()):
        interchange = transaction.interchange
        group = transaction.group
        findings = [*envelope_errors, *transaction.findings]
        findings.sort(key=lambda item: SEVERITY_ORDER.get(item.severity, 3))
        payer, payee = transaction.payer, transaction.payee
        balance = transaction.balance
        return {
            "name": transaction.trace or transaction.control_number or "835",
            "file_id": file.id if file else False,
            "company_id": (file.company_id if file else self.env.company).id,
            "correlation_id": file.correlation_id if file else None,
            "interchange_control": interchange.control_number,
            "group_control": group.control_number if group else False,
            "transaction_control": transaction.control_number,
            "interchange_key": "|".join(
                (
                    interchange.sender_qualifier,
                    interchange.sender.strip(),
                    interchange.receiver_qualifier,
                    interchange.receiver.strip(),
                    interchange.control_number,
                    group.control_number if group else "",
                    transaction.control_number,
                )
            ),
            "test_file": interchange.usage == "T",
            "version": transaction.version,
            "handling": transaction.handling
            if transaction.handling in dict(self._fields["handling"].selection)
            else False,
            "amount": float(transaction.amount),
            "credit_debit": transaction.credit_debit,
            "method": transaction.method,
            "payment_date": transaction.payment_date,
            "trace": transaction.trace,
            "payer_trace_id": transaction.payer_trace_id,
            "trace_subdivision": transaction.trace_subdivision,
            "currency_code": transaction.currency or False,
            "payer_name": payer.name if payer else False,
            "payer_identifiers": _identifiers(payer),
            "payee_name": payee.name if payee else False,
            "payee_identifiers": _identifiers(payee),
            "content_hash": transaction.content_hash,
            "payment_key": "|".join(
                (
                    transaction.payer_trace_id,
                    transaction.trace_subdivision,
                    payee.identifier if payee else "",
                    transaction.trace,
                    str(transaction.payment_date or ""),
                    # 150000 and 150000.00 are one payment
                    format(transaction.amount.normalize(), "f"),
                )
            ),
            "start_offset": transaction.offset,
            "end_offset": transaction.end_offset,
            "findings": [_finding(item) for item in findings[:KEPT_FINDINGS]],
            "balanced_line": balance.line,
            "balanced_claim": balance.claim,
            "balanced_transaction": balance.transaction,
            "claim_total": float(exact_sum(c.paid for c in transaction.claims)),
            "provider_total": float(
                exact_sum(a.amount for a in transaction.provider_adjustments)
            ),
            "claim_count": len(transaction.claims),
            "line_count": sum(len(c.services) for c in transaction.claims),
        }

    def _rcm_create_parts(self, transaction: Transaction):
        """Claims, services, adjustments and provider adjustments of one ST."""
        self.ensure_one()
        claims = self.env["rcm.remittance.claim"]._rcm_create(
            [self._rcm_claim_vals(claim) for claim in transaction.claims]
        )
        pairs = list(zip(claims, transaction.claims, strict=True))
        services = self.env["rcm.remittance.service"]._rcm_create(
            [
                _service_vals(record.id, service)
                for record, claim in pairs
                for service in claim.services
            ]
        )
        waiting = iter(services)
        rows = []
        for record, claim in pairs:
            rows += _adjustment_vals(record.id, False, claim.adjustments)
            for service in claim.services:
                rows += _adjustment_vals(
                    record.id, next(waiting).id, service.adjustments
                )
        self.env["rcm.remittance.adjustment"]._rcm_create(rows)
        self.env["rcm.remittance.provider.adjustment"]._rcm_create(
            [
                {
                    "remittance_id": self.id,
                    "index": position,
                    "provider_identifier": item.provider_id,
                    "fiscal_date": item.fiscal_date,
                    "reason_code": item.reason,
                    "reference": item.reference,
                    "amount": float(item.amount),
                    "start_offset": item.offset,
                }
                for position, item in enumerate(transaction.provider_adjustments)
            ]
        )

    def _rcm_claim_vals(self, claim: Claim):
        return {
            "remittance_id": self.id,
            "correlation_id": self.correlation_id,
            "index": claim.index,
            "control_number": claim.control_number,
            "status": claim.status,
            "charge": float(claim.charge),
            "paid": float(claim.paid),
            "patient_responsibility": float(claim.patient_responsibility or 0),
            "filing_indicator": claim.filing_indicator,
            "payer_claim_number": claim.payer_claim_number,
            "original_payer_claim_number": claim.original_payer_claim_number,
            "facility_code": claim.facility_code,
            "frequency": claim.frequency,
            "date_from": claim.date_from,
            "date_to": claim.date_to,
            "remarks": ",".join(claim.remarks),
            "references": [[r.qualifier, r.value] for r in claim.references],
            "amounts": [[a.qualifier, format(a.amount, "f")] for a in claim.amounts],
            "names": [
                {
                    "entity": name.entity,
                    "last": name.last,
                    "first": name.first,
                    "qualifier": name.qualifier,
                    "identifier": name.identifier,
                }
                for name in claim.names
            ],
            "start_offset": claim.offset,
            "end_offset": claim.end_offset,
        }

    # ------------------------------------------------------------------
    # The first doors
    # ------------------------------------------------------------------
    def _rcm_after_read(self):
        """Admit what was read and have the rest of the way done soon."""
        self._rcm_admit()
        if any(remittance.state == "balanced" for remittance in self):
            self.env["ir.cron"]._rcm_wake(
                "healthcare_rcm_remittance.cron_remittance_post"
            )

    def _rcm_admit(self):
        """Let each remittance in, refuse it, or set it aside as a duplicate.

        Takes those in state received to balanced, rejected, duplicate or held.
        """
        for remittance in self:
            if remittance.state != "received":
                continue
            errors = [f for f in remittance.findings or () if f["severity"] == "error"]
            if errors:
                remittance._rcm_refuse_remittance(errors)
            elif remittance.test_file and not (
                remittance.company_id.rcm_accept_test_files
            ):
                remittance._rcm_set_state("rejected")
                remittance._rcm_raise_case(
                    "remittance_test_file",
                    self.env._("The payer marked this remittance as a test."),
                    expected="P",
                    actual="T",
                    amount=remittance.amount,
                )
            else:
                remittance._rcm_claim_payment()

    def _rcm_refuse_remittance(self, errors):
        """Out of balance or broken: nothing of it is ever posted."""
        first = next((f for f in errors if f["code"] in PAYMENT_CODES), errors[0])
        self._rcm_set_state("rejected")
        self._rcm_raise_case(
            "remittance_refused",
            self.env._(
                "%(text)s (%(place)s)",
                text=self._rcm_finding_text(first["code"]),
                place=first["location"] or f"@{first['offset']}",
            ),
            expected=first["expected"],
            actual=first["actual"],
            amount=self.amount,
        )

    def _rcm_claim_payment(self):
        """Take the place of this payment; who comes later is a duplicate or a case."""
        first = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("payment_slot", "=", self.payment_key),
                ("id", "!=", self.id),
            ]
        )
        if not first:
            self._rcm_take_slot(self.payment_key)
            self._rcm_note_interchange()
            self._rcm_set_state("parsed")
            self._rcm_set_state("balanced")
        elif first.content_hash == self.content_hash:
            self._rcm_set_state("duplicate", duplicate_of_id=first.id)
        else:
            self._rcm_set_state("held", duplicate_of_id=first.id)
            self._rcm_raise_case(
                "remittance_trace_reused",
                self.env._(
                    "The payer used trace number %(trace)s before, for another "
                    "remittance.",
                    trace=self.trace,
                ),
                amount=self.amount,
            )

    def _rcm_note_interchange(self):
        """The same interchange, group and transaction number with other content.

        A warning: the payment is another one, so it goes on (numbers do wrap round).
        """
        earlier = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("interchange_key", "=", self.interchange_key),
                ("content_hash", "!=", self.content_hash),
                ("id", "!=", self.id),
            ],
            limit=1,
        )
        if not earlier:
            return
        self._rcm_write({"same_interchange_id": earlier.id})
        self._rcm_raise_case(
            "interchange_repeated",
            self.env._(
                "Interchange %(number)s came before with another remittance: "
                "%(other)s.",
                number=self.interchange_control,
                other=earlier.display_name,
            ),
            amount=self.amount,
        )

    def _rcm_take_slot(self, slot):
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                self._rcm_write({"payment_slot": slot})
        except UniqueViolation as error:
            # Another worker reads the same payment now: look again after it.
            raise ConcurrencyError("remittance payment") from error


def _identifiers(party: Party | None):
    """All identifiers of a party: [qualifier, value], its own first."""
    if party is None:
        return []
    own = [[party.qualifier, party.identifier]] if party.identifier else []
    return own + [[item.qualifier, item.value] for item in party.references]


def _finding(item):
    return {
        "code": item.code,
        "severity": item.severity,
        "offset": item.offset,
        "location": item.location,
        "expected": item.expected,
        "actual": item.actual,
    }


def _service_vals(claim_id, service: Service):
    submitted = service.submitted
    return {
        "remittance_claim_id": claim_id,
        "index": service.index,
        "qualifier": service.procedure.qualifier,
        "code": service.procedure.code,
        "modifiers": ",".join(service.procedure.modifiers),
        "submitted_qualifier": submitted.qualifier if submitted else False,
        "submitted_code": submitted.code if submitted else False,
        "submitted_modifiers": ",".join(submitted.modifiers) if submitted else False,
        "charge": float(service.charge),
        "paid": float(service.paid),
        "revenue_code": service.revenue_code,
        "units_paid": float(service.units_paid or 0),
        "units_submitted": float(service.units_submitted or 0),
        "date_from": service.date_from,
        "date_to": service.date_to,
        "remarks": ",".join(service.remarks),
        "line_control_number": service.line_control_number,
        "start_offset": service.offset,
        "end_offset": service.end_offset,
    }


def _adjustment_vals(claim_id, service_id, adjustments):
    return [
        {
            "remittance_claim_id": claim_id,
            "service_id": service_id,
            "position": position,
            "group_code": item.group,
            "reason_code": item.reason,
            "amount": float(item.amount),
            "quantity": float(item.quantity or 0),
            "start_offset": item.offset,
        }
        for position, item in enumerate(adjustments)
    ]
