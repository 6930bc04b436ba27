from odoo import api, models

from odoo.addons.healthcare_rcm_base.core.money import to_decimal

from ..protocol.problem import ProblemError

# The word claims use while an approval request is open.
APPROVAL = "approval"
KINDS = ("encounter", "claim", "remittance")


class RcmDocumentAnswer(models.AbstractModel):
    """What a connected system may know of the documents its events made.

    No patient data leaves here: numbers, states and amounts only.
    """

    _name = "rcm.document.answer"
    _description = "Documents for Connected Systems"

    @api.model
    def _rcm_get(
        self,
        connector,
        kind,
        number=None,
        control_number=None,
        facility=None,
        event=None,
    ):
        """Return one document as a value for JSON, or raise a problem."""
        # Service users read no table; each method below limits what it finds to
        # the connector's company and facilities.
        answers = self.sudo().with_company(connector.company_id)
        if kind == "encounter":
            return answers._rcm_encounter(connector, number, facility)
        if kind == "claim":
            return answers._rcm_claim_answer(connector, control_number)
        if kind == "remittance":
            return answers._rcm_remittance(connector, event)
        raise ProblemError("not-found", "Unknown kind of document.", known=list(KINDS))

    @api.model
    def _rcm_encounter(self, connector, number, facility):
        if not isinstance(number, str) or not number:
            raise ProblemError("not-found", "An encounter is named by its number.")
        domain = self._rcm_scope(connector) + [("number", "=", number)]
        if facility:
            domain.append(("facility_id.code", "=", facility))
        encounter = self.env["rcm.encounter"].search(domain, limit=2)
        if len(encounter) > 1:
            raise ProblemError("not-found", "Name the facility as well.")
        if not encounter:
            raise ProblemError("not-found", "No such encounter.")
        claims = encounter.claim_ids.sorted(lambda claim: (claim.name, claim.version))
        return {
            "encounter": {
                "number": encounter.number,
                "facility": encounter.facility_id.code,
                "state": encounter.state,
                "total_charge": _money(encounter.total_charge),
            },
            "claims": [self._rcm_claim_value(claim) for claim in claims],
            "cases": self._rcm_cases(encounter, claims),
        }

    @api.model
    def _rcm_claim_answer(self, connector, control_number):
        if not isinstance(control_number, str) or not control_number:
            raise ProblemError("not-found", "A claim is named by its control number.")
        found = self.env["rcm.claim"]._rcm_find_by_control_number(
            [control_number], connector.company_id
        )
        claim = found.get(control_number)
        allowed = connector.facility_ids
        if not claim or (allowed and claim.facility_id not in allowed):
            raise ProblemError("not-found", "No such claim.")
        return {
            "claim": {
                **self._rcm_claim_value(claim),
                "encounter": claim.encounter_id.number,
                "facility": claim.facility_id.code,
            },
            "cases": self._rcm_cases(claim),
        }

    @api.model
    def _rcm_remittance(self, connector, event):
        """What became of the file an event of this connector brought."""
        if not isinstance(event, str) or not event:
            raise ProblemError("not-found", "A remittance is named by its event.")
        record = self.env["rcm.event"]._rcm_find_for(connector, event)
        if record.type_id.name != "remittance.received":
            raise ProblemError("not-found", "The event brought no remittance.")
        known = self.env["rcm.remittance.file"]._rcm_document_state(
            record.correlation_id
        )
        if known is None:
            # The event was taken but not worked on yet, or has failed.
            known = {"file_state": "received", "remittances": [], "cases": []}
            if record.state in ("dead", "ignored"):
                known["file_state"] = "refused"
            known["cases"] = self._rcm_cases(record)
        return known

    @api.model
    def _rcm_claim_value(self, claim):
        return {
            "control_number": claim.name,
            "version": claim.version,
            "payer": claim.payer_id.code or None,
            "state": claim.state,
            "invoice_state": claim.invoice_state,
            "total_charge": _money(claim.total_charge),
            "open_balance": _money(claim.open_balance),
            "approval": "pending" if claim._rcm_waiting_for() == APPROVAL else None,
            "lines": [
                {
                    "line_control_number": line.line_control_number,
                    "code": line.code,
                    "charge": _money(line.charge_amount),
                }
                for line in claim.line_ids.sorted(lambda line: (line.sequence, line.id))
            ],
        }

    @api.model
    def _rcm_cases(self, *documents):
        """Type and state of every case of these documents, newest first."""
        Case = self.env["rcm.exception.case"]
        cases = Case.browse()
        for records in documents:
            cases |= Case.search(
                [("res_model", "=", records._name), ("res_id", "in", records.ids)]
            )
        return [
            {"type": case.type_code, "state": case.state}
            for case in cases.sorted("id", reverse=True)
        ]

    @api.model
    def _rcm_scope(self, connector):
        """Domain of what this connector may see."""
        domain = [("company_id", "=", connector.company_id.id)]
        if connector.facility_ids:
            domain.append(("facility_id", "in", connector.facility_ids.ids))
        return domain


def _money(amount):
    return str(to_decimal(amount))
