from odoo import models

from ..core import invoice_rules


class RcmEncounter(models.Model):
    """Whom and when to invoice, before there is a claim."""

    _inherit = "rcm.encounter"

    def _rcm_invoice_rule(self):
        """``now``, ``adjudicated``, ``patient`` or ``client`` for this encounter."""
        self.ensure_one()
        payer = self._rcm_coverages_in_order()[:1].payer_id
        case = invoice_rules.Case(
            payer=payer.id or None,
            facility=self.facility_id.id,
            client=self.client_id.id or None,
            self_pay=not payer,
        )
        rules = self.env["rcm.invoice.rule"]._rcm_rules(self.company_id.id)
        return invoice_rules.pick(rules, case)


class RcmClaim(models.Model):
    """The rule a claim was built by: later changes of rules are for later claims."""

    _inherit = "rcm.claim"

    def _rcm_invoice_rule(self):
        """``now``, ``adjudicated``, ``patient`` or ``client``."""
        self.ensure_one()
        return self.invoice_rule or self.encounter_id._rcm_invoice_rule()

    def _rcm_header_vals(self, encounter):
        """A payer whose patients are invoiced themselves is not asked at all."""
        vals = super()._rcm_header_vals(encounter)
        rule = encounter._rcm_invoice_rule()
        if rule == "patient":
            vals.update(self_pay=True, payer_id=False, coverage_id=False)
        return {**vals, "invoice_rule": rule}
