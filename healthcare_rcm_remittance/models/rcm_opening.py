from odoo import models

# What payers give as a rule, where the file of the earlier system does not say.
CONTRACTUAL_REASON = "45"
PATIENT_REASON = "2"
DENIAL_REASON = "16"


class RcmOpening(models.Model):
    """What payers had decided before the opening, so that a reversal finds it.

    Each claim taken over with a payment or adjustment gets the answer it must have
    had, as posted and without an entry of its own: the opening entry holds the rest.
    A reversal that says something else is a case for a person, as always.
    """

    _inherit = "rcm.opening"

    def _rcm_take_over_batch(self, planned):
        claims = super()._rcm_take_over_batch(planned)
        decided = {}
        for (one, _who), claim in zip(planned, claims, strict=True):
            settled = (one.total(name) for name in ("paid", "contractual", "patient"))
            if claim.payer_id and any(settled):
                decided.setdefault(claim.payer_id, []).append((one, claim))
        for payer, rows in decided.items():
            self._rcm_make_history(payer, rows)
        return claims

    def _rcm_make_history(self, payer, rows):
        """One remittance for what ``payer`` paid on these claims before."""
        remittance = self.env["rcm.remittance"]._rcm_create(
            [
                {
                    "company_id": self.company_id.id,
                    "payer_id": payer.id,
                    "payment_date": self.date,
                    "trace": self.name,
                    "state": "reconciled",
                    "history": True,
                }
            ]
        )
        answers = self.env["rcm.remittance.claim"]._rcm_create(
            [
                self._rcm_answer_vals(remittance, index, one, claim)
                for index, (one, claim) in enumerate(rows)
            ]
        )
        Service = self.env["rcm.remittance.service"]
        Adjustment = self.env["rcm.remittance.adjustment"]
        for answer, (one, claim) in zip(answers, rows, strict=True):
            services = Service._rcm_create(self._rcm_service_vals(answer, claim))
            Adjustment._rcm_create(
                self._rcm_adjustment_vals(answer, services, one, claim)
            )

    def _rcm_answer_vals(self, remittance, index, one, claim):
        return {
            "remittance_id": remittance.id,
            "index": index,
            "claim_id": claim.id,
            "facility_id": claim.facility_id.id,
            "control_number": claim.name,
            "status": "1",
            "charge": claim.total_charge,
            "paid": claim.paid_amount,
            "patient_responsibility": claim.patient_amount,
            "payer_claim_number": claim.payer_claim_number,
            "date_from": claim.service_date,
            "decision": "post",
            "state": "posted",
            "leg_sequence": claim.leg_ids[:1].sequence,
            "posted_receivable": claim.paid_amount
            + claim.contractual_amount
            + claim.patient_amount,
        }

    def _rcm_service_vals(self, answer, claim):
        return [
            {
                "remittance_claim_id": answer.id,
                "index": index,
                "qualifier": "HC",
                "code": line.code,
                "modifiers": line.modifiers,
                "charge": line.charge_amount,
                "paid": line.paid_amount,
                "date_from": line.service_date,
                "line_control_number": line.line_control_number,
                "claim_line_id": line.id,
            }
            for index, line in enumerate(claim.line_ids)
        ]

    def _rcm_adjustment_vals(self, answer, services, one, claim):
        header = one.header
        kinds = (
            (
                "contractual_amount",
                "CO",
                header.get("contractual_reason") or CONTRACTUAL_REASON,
                "contractual",
            ),
            (
                "patient_amount",
                "PR",
                header.get("patient_reason") or PATIENT_REASON,
                "patient",
            ),
            # What a payer decided and left open it has denied: nothing was posted.
            (
                "open_amount",
                "CO",
                header.get("denial_reason") or DENIAL_REASON,
                "denial",
            ),
        )
        return [
            {
                "remittance_claim_id": answer.id,
                "service_id": service.id,
                "position": position,
                "group_code": group,
                "reason_code": reason,
                "amount": line[name],
                "posted_amount": 0.0 if action == "denial" else line[name],
                "action": action,
            }
            for service, line in zip(services, claim.line_ids, strict=True)
            for position, (name, group, reason, action) in enumerate(kinds)
            if not line.currency_id.is_zero(line[name])
        ]

    def _rcm_undo(self):
        answers = self.claim_ids.remittance_claim_ids
        result = super()._rcm_undo()
        answers.filtered(lambda answer: answer.state == "posted")._rcm_set_state(
            "reversed"
        )
        return result
