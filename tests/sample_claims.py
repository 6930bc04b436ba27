"""Builds the claims that a foreign 835 speaks of, so that it can be imported."""

from odoo import fields

from odoo.addons.healthcare_rcm_base.tests import builders
from odoo.addons.healthcare_rcm_remittance.tests import era


class SampleClaims:
    """Makes this company the one a file pays, and its claims ours.

    The public samples carry identifiers without a check digit, so those are put into
    the tables directly.
    """

    def __init__(self, case):
        self.case = case
        self.env = case.env
        self.payers = {case.payer.payer_identifier: case.payer}
        case.contract(percent=100)

    def prepare(self, transaction):
        """Payer, payee and every claim of the ST (the first of each CLP01)."""
        payer = self._payer(transaction.payer_trace_id)
        self._payee(transaction.payee.identifier)
        known = set()
        for claim in transaction.claims:
            if claim.control_number not in known:
                known.add(claim.control_number)
                self._claim(claim, payer, transaction)

    def _payer(self, identifier):
        if identifier not in self.payers:
            self.payers[identifier] = builders.payer(
                self.env, payer_identifier=identifier
            )
            self.case.contract(self.payers[identifier], percent=100)
        return self.payers[identifier]

    def _payee(self, identifier):
        company = self.case.company
        company.flush_recordset()
        self.env.cr.execute(
            "UPDATE res_company SET rcm_npi = %s WHERE id = %s",
            [identifier, company.id],
        )
        company.invalidate_recordset()

    def _claim(self, claim, payer, transaction):
        found = self.env["rcm.claim"]._rcm_find_by_control_number(
            [claim.control_number], self.case.company
        )
        if found:
            return
        secondary = claim.status in ("2", "3")
        payers = (self.case.payer, payer) if secondary else (payer,)
        charges = [service.charge for service in claim.services] or [claim.charge]
        made = builders.claim(
            self.env, charge=claim.charge, payers=payers, lines=charges
        )
        made._rcm_write({"name": claim.control_number})
        for line, service in zip(made.line_ids, claim.services, strict=False):
            line._rcm_write(
                {
                    "code": service.procedure.code,
                    "modifiers": ",".join(service.procedure.modifiers) or False,
                    "units": float(service.units_submitted or service.units_paid or 1),
                    "service_date": service.date_from or line.service_date,
                }
            )
        self._person(made, claim)
        made._rcm_create_invoices()
        made._rcm_mark_submitted(fields.Datetime.now())
        if secondary:
            self._prior(made, claim)

    def _person(self, made, claim):
        name = claim.name("QC")
        if name:
            made.patient_id.write(
                {"first_name": name.first or "-", "last_name": name.last or "-"}
            )

    def _prior(self, made, claim):
        """What the payer before did: it paid what the file calls OA-23."""
        services, paid_total = [], 0
        for index, line in enumerate(made.line_ids):
            item = claim.services[index] if claim.services else claim
            paid = sum(a.amount for a in item.adjustments if a.reason == "23")
            rest = (item.charge if claim.services else claim.charge) - paid
            codes = [("PR-2", rest)] if rest else []
            services.append(
                era.svc(
                    line.charge_amount,
                    paid,
                    *codes,
                    number=line.line_control_number,
                    code=line.code,
                )
            )
            paid_total += paid
        share = made.total_charge - float(paid_total)
        remittance = self.case.post(
            paid_total,
            era.clp(
                made.name,
                made.total_charge,
                paid_total,
                services=services,
                patient=share,
            ),
        )
        self.case.assertPosted(remittance)
