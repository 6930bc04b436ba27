from odoo import models

from ..core.money import from_decimal, to_decimal
from ..tools import differing


class RcmEncounter(models.Model):
    """Charges that come with their encounter."""

    _inherit = "rcm.encounter"

    def _rcm_intake_charges(self, facts):
        """Upsert the charges by their source id; billed ones are only compared."""
        codes = self.env["rcm.service.code"]._rcm_by_code(
            {item.code for item in facts.charges}, self.company_id
        )
        authorizations = self._rcm_intake_authorizations(facts, self.patient_id)
        known = {charge.external_ref: charge for charge in self.charge_ids}
        fresh, changed_refs = [], []
        for place, item in enumerate(facts.charges, start=1):
            vals = _charge_vals(item, place, codes, authorizations)
            charge = known.pop(item.external_ref, None)
            if item.amount is None and charge:
                vals.pop("amount")  # the charge master priced it when it came
            elif item.amount is None:
                gross = self._rcm_gross_charge(item.code, item.units, item.service_date)
                vals["amount"] = from_decimal(gross)
            if charge is None:
                fresh.append(
                    {
                        **vals,
                        "origin": "encounter",
                        "correlation_id": self.correlation_id,
                    }
                )
            elif changed := differing(charge, vals):
                if charge.state == "captured":
                    charge.write(changed)
                elif set(changed) - {"sequence"}:
                    changed_refs.append((charge, changed))
        gone = self.env["rcm.charge"].union(*known.values())
        self._rcm_intake_gone(gone)
        self._rcm_intake_changed(changed_refs)
        if fresh:
            if self._rcm_standing() in ("billed", "closed"):
                if self.state == "on_hold":
                    self._rcm_write({"hold_state": "reopened"})
                else:
                    self._rcm_set_state("reopened")
            self.env["rcm.charge"].create(
                [{**vals, "encounter_id": self.id} for vals in fresh]
            )

    def _rcm_intake_gone(self, charges):
        """Charges the source does not know any more: void, unless they are billed.

        Only what came with the encounter: charges that came by themselves, from
        completed services or from people are not the encounter's to drop.
        """
        charges = charges.filtered(lambda item: item.origin == "encounter")
        charges.filtered(lambda charge: charge.state == "captured")._rcm_void()
        billed = charges.filtered(
            lambda charge: charge.state == "billed" and charge.is_current
        )
        if billed:
            self._rcm_raise_case(
                "charge_changed",
                self.env._(
                    "The source no longer sends %(count)s billed charges.",
                    count=len(billed),
                ),
                amount=sum(billed.mapped("amount")),
            )

    def _rcm_intake_changed(self, changed):
        """Billed or void charges the source sends with other values: a case."""
        if not changed:
            return
        amounts = [
            (to_decimal(charge.amount), to_decimal(vals.get("amount", charge.amount)))
            for charge, vals in changed
        ]
        billed = sum(before for before, _after in amounts)
        sent = sum(after for _before, after in amounts)
        names = sorted({name for _charge, vals in changed for name in vals})
        labels = self.env["rcm.charge"].fields_get(names, ["string"])
        self._rcm_raise_case(
            "charge_changed",
            self.env._(
                "The source changed %(count)s billed charges: %(fields)s.",
                count=len(changed),
                fields=", ".join(labels[name]["string"] for name in names),
            ),
            expected=billed,
            actual=sent,
            difference=sent - billed,
            amount=float(abs(sent - billed)),
        )


def _charge_vals(item, place, codes, authorizations):
    service = codes.get(item.code)
    authorization = authorizations.get(item.authorization)
    return {
        "external_ref": item.external_ref,
        "sequence": place * 10,
        "service_code_id": service.id if service else False,
        "code": item.code or False,
        "modifiers": ",".join(item.modifiers) or False,
        "units": from_decimal(item.units, 3),
        "amount": from_decimal(item.amount or 0),
        "service_date": item.service_date,
        "place_of_service": item.place_of_service or False,
        "revenue_code": item.revenue_code or False,
        "diagnosis_pointers": ",".join(map(str, item.pointers)) or False,
        "rendering_npi": item.rendering_npi or False,
        "unit_code": item.content.unit_code,
        "ndc_code": item.content.ndc_code or False,
        "ndc_unit": item.content.ndc_unit or False,
        "ndc_quantity": from_decimal(item.content.ndc_quantity, 3),
        "anesthesia_start": item.content.anesthesia_start or False,
        "anesthesia_end": item.content.anesthesia_end or False,
        "clia_number": item.content.clia_number or False,
        "authorization_id": authorization.id if authorization else False,
        "authorization_number": item.authorization or False,
    }
