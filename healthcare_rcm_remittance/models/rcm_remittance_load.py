from collections import defaultdict
from decimal import Decimal

from odoo import models
from odoo.tools import SQL

from ..x12 import model as x12

NO_INTERCHANGE = x12.InterchangeHeader(
    "", "", "", "", None, "", "", "", "P", x12.Delimiters(), 0
)


class RcmRemittance(models.Model):
    """The records of a remittance as the values the plan is made from.

    Amounts are read as text, so they are exact to the cent whatever their size.
    """

    _inherit = "rcm.remittance"

    def _rcm_transaction(self) -> x12.Transaction:
        """This remittance as the payer said it."""
        self.ensure_one()
        self.env.flush_all()
        errors = tuple(
            x12.Finding(f["code"], f["severity"], f["offset"] or 0, f["location"] or "")
            for f in self.findings or ()
            if f["severity"] == "error"
        )
        return x12.Transaction(
            control_number=self.transaction_control or "",
            version=self.version or "",
            group=None,
            interchange=NO_INTERCHANGE,
            handling=self.handling or "",
            amount=self._rcm_exact("amount"),
            credit_debit=self.credit_debit or "",
            method=self.method or "",
            payment_date=self.payment_date or None,
            trace=self.trace or "",
            payer_trace_id=self.payer_trace_id or "",
            trace_subdivision=self.trace_subdivision or "",
            currency=self.currency_code or None,
            payer=None,
            payee=None,
            production_date=None,
            claims=self._rcm_claim_values(),
            provider_adjustments=self._rcm_provider_values(),
            unknown_segments=(),
            balance=x12.Balance(
                self.balanced_line, self.balanced_claim, self.balanced_transaction
            ),
            findings=errors,
            offset=self.start_offset,
            end_offset=self.end_offset,
            content_hash=self.content_hash or "",
        )

    def _rcm_exact(self, name) -> Decimal:
        """The exact value of an amount of this remittance."""
        [[text]] = self.env.execute_query(
            SQL(
                "SELECT %s::text FROM rcm_remittance WHERE id = %s",
                SQL.identifier(name),
                self.id,
            )
        )
        return Decimal(text or 0)

    def _rcm_provider_values(self):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT provider_identifier, fiscal_date, reason_code, reference,
                       amount::text, start_offset
                  FROM rcm_remittance_provider_adjustment
                 WHERE remittance_id = %s ORDER BY index, id
                """,
                self.id,
            )
        )
        return tuple(
            x12.ProviderAdjustment(
                provider or "", day, reason or "", reference or "", Decimal(amount), at
            )
            for provider, day, reason, reference, amount, at in rows
        )

    def _rcm_claim_values(self):
        adjustments = self._rcm_adjustment_values()
        services = self._rcm_service_values(adjustments)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, index, control_number, status, charge::text, paid::text,
                       patient_responsibility::text, payer_claim_number, frequency,
                       remarks, "references", amounts, names, date_from
                  FROM rcm_remittance_claim
                 WHERE remittance_id = %s AND state <> 'cancelled' ORDER BY index
                """,
                self.id,
            )
        )
        claims = []
        for row in rows:
            (id_, index, number, status, charge, paid, patient, payer_number) = row[:8]
            (frequency, remarks, references, amounts, names, date_from) = row[8:]
            claims.append(
                x12.Claim(
                    index=index,
                    control_number=number or "",
                    status=status or "",
                    charge=Decimal(charge),
                    paid=Decimal(paid),
                    patient_responsibility=Decimal(patient or 0),
                    payer_claim_number=payer_number or "",
                    frequency=frequency or "",
                    adjustments=tuple(adjustments.get((id_, None), ())),
                    services=tuple(services.get(id_, ())),
                    references=tuple(x12.Reference(q, v) for q, v in references or ()),
                    amounts=tuple(x12.Amount(q, Decimal(a)) for q, a in amounts or ()),
                    names=tuple(
                        x12.Name(
                            name["entity"],
                            name.get("last") or "",
                            name.get("first") or "",
                            qualifier=name.get("qualifier") or "",
                            identifier=name.get("identifier") or "",
                        )
                        for name in names or ()
                    ),
                    remarks=_split(remarks),
                    date_from=date_from,
                )
            )
        return tuple(claims)

    def _rcm_service_values(self, adjustments):
        """Services by remittance claim id."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT service.id, service.remittance_claim_id, service.index,
                       service.qualifier, service.code, service.modifiers,
                       service.submitted_qualifier, service.submitted_code,
                       service.submitted_modifiers, service.charge::text,
                       service.paid::text, service.units_paid::text,
                       service.units_submitted::text, service.date_from,
                       service.remarks, service.line_control_number
                  FROM rcm_remittance_service service
                  JOIN rcm_remittance_claim claim
                    ON claim.id = service.remittance_claim_id
                 WHERE claim.remittance_id = %s
                 ORDER BY service.remittance_claim_id, service.index
                """,
                self.id,
            )
        )
        services = defaultdict(list)
        for row in rows:
            (id_, claim_id, index, qualifier, code, modifiers) = row[:6]
            (sent_qualifier, sent_code, sent_modifiers, charge, paid) = row[6:11]
            (units_paid, units_sent, day, remarks, number) = row[11:]
            services[claim_id].append(
                x12.Service(
                    index=index,
                    procedure=x12.Procedure(
                        qualifier or "", code or "", _split(modifiers)
                    ),
                    submitted=x12.Procedure(
                        sent_qualifier or "", sent_code, _split(sent_modifiers)
                    )
                    if sent_code
                    else None,
                    charge=Decimal(charge),
                    paid=Decimal(paid),
                    units_paid=_quantity(units_paid),
                    units_submitted=_quantity(units_sent),
                    date_from=day,
                    adjustments=tuple(adjustments.get((claim_id, id_), ())),
                    references=(x12.Reference("6R", number),) if number else (),
                    remarks=_split(remarks),
                )
            )
        return services

    def _rcm_adjustment_values(self):
        """Adjustments by (remittance claim id, service id or None)."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT adjustment.remittance_claim_id, adjustment.service_id,
                       adjustment.group_code, adjustment.reason_code,
                       adjustment.amount::text
                  FROM rcm_remittance_adjustment adjustment
                  JOIN rcm_remittance_claim claim
                    ON claim.id = adjustment.remittance_claim_id
                 WHERE claim.remittance_id = %s
                 ORDER BY adjustment.remittance_claim_id, adjustment.service_id,
                          adjustment.position, adjustment.id
                """,
                self.id,
            )
        )
        adjustments = defaultdict(list)
        for claim_id, service_id, group, reason, amount in rows:
            adjustments[claim_id, service_id].append(
                x12.Adjustment(group or "", reason or "", Decimal(amount))
            )
        return adjustments


def _split(text):
    return tuple(text.split(",")) if text else ()


def _quantity(text):
    """Nothing said reads as None: units are then not compared."""
    return Decimal(text) if text and Decimal(text) else None
