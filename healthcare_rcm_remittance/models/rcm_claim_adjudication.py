from decimal import Decimal

from odoo import models

from odoo.addons.healthcare_rcm_base.core.claim_export import (
    Adjustment,
    Answer,
    LineAnswer,
    adjudication,
)
from odoo.addons.healthcare_rcm_base.core.money import to_decimal

REVERSAL = "22"
# Reasons by which a payer says that a service is no benefit of the plan at all:
# https://x12.org/codes/claim-adjustment-reason-codes
NOT_COVERED = ("49", "96", "204")


class RcmClaim(models.Model):
    """What payers decided, for the invoices and claims that follow from it."""

    _inherit = "rcm.claim"

    def _rcm_noncovered_shares(self):
        """Add what a payer left to the patient because it does not cover it."""
        shares = super()._rcm_noncovered_shares()
        digits = self.currency_id.decimal_places
        # decisions on the claim that is being invoiced, whoever bills it
        found = self.env["rcm.remittance.adjustment"].sudo()
        items = found.search(
            [
                ("service_id.claim_line_id", "in", self.line_ids.ids),
                ("remittance_claim_id.state", "=", "posted"),
                ("remittance_claim_id.status", "!=", REVERSAL),
                ("group_code", "=", "PR"),
                ("action", "=", "patient"),
                "|",
                ("category", "=", "not_covered"),
                ("reason_code", "in", NOT_COVERED),
            ]
        )
        for line, own in items.grouped("service_id").items():
            line = line.claim_line_id.with_env(self.env)
            said = sum(to_decimal(item.posted_amount, digits) for item in own)
            # the patient owes no more of a line than stands on it
            owed = to_decimal(line.patient_amount, digits)
            shares[line] = min(owed, shares.get(line, Decimal(0)) + said)
        return {line: amount for line, amount in shares.items() if amount}


class RcmClaimLeg(models.Model):
    """What a payer decided, for the payers after it."""

    _inherit = "rcm.claim.leg"

    def _rcm_export_adjudication(self):
        return adjudication(
            [answer._rcm_export_answer() for answer in self._rcm_answers()]
        )

    def _rcm_answers(self):
        """The standing decisions of this payer on this claim, or else on the version
        that it replaces."""
        self.ensure_one()
        claim = self.claim_id
        # whoever may send the claim on tells what was decided about it
        answers = (
            self.env["rcm.remittance.claim"]
            .sudo()
            .search(
                [
                    ("claim_id", "in", (claim | claim._rcm_chain()).ids),
                    ("payer_id", "=", self.payer_id.id),
                    ("state", "=", "posted"),
                    ("status", "!=", REVERSAL),
                ],
                order="payment_date, id",
            )
        )
        return answers.filtered(lambda answer: answer.claim_id == claim) or answers


class RcmRemittanceClaim(models.Model):
    """A decision as the next payer wants it."""

    _inherit = "rcm.remittance.claim"

    def _rcm_export_answer(self):
        self.ensure_one()
        digits = self.currency_id.decimal_places
        of_claim = self.adjustment_ids.filtered(lambda item: not item.service_id)
        return Answer(
            self.payment_date,
            self.payer_claim_number or "",
            to_decimal(self.paid, digits),
            to_decimal(self.patient_responsibility, digits),
            of_claim._rcm_export_adjustments(),
            tuple(service._rcm_export_answer() for service in self.service_ids),
        )


class RcmRemittanceService(models.Model):
    """A decision on a service line as the next payer wants it."""

    _inherit = "rcm.remittance.service"

    def _rcm_export_answer(self):
        self.ensure_one()
        return LineAnswer(
            self.claim_line_id.line_control_number or self.line_control_number or "",
            self.code or "",
            tuple(part for part in (self.modifiers or "").split(",") if part),
            to_decimal(self.units_paid, 3),
            to_decimal(self.paid, self.currency_id.decimal_places),
            self.adjustment_ids._rcm_export_adjustments(),
        )


class RcmRemittanceAdjustment(models.Model):
    """Adjustments as the payer sent them."""

    _inherit = "rcm.remittance.adjustment"

    def _rcm_export_adjustments(self):
        return tuple(
            Adjustment(
                item.group_code,
                item.reason_code,
                to_decimal(item.amount, item.currency_id.decimal_places),
                to_decimal(item.quantity, 4) if item.quantity else None,
            )
            for item in self.sorted("position")
        )
