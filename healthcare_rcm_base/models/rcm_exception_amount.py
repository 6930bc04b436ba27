"""How much money waits for a document's exception case: one answer per document."""

from odoo import models


class RcmDocumentMixin(models.AbstractModel):
    _inherit = "rcm.document.mixin"

    def _rcm_case_amount(self):
        """Money that waits while this document is stopped, in its company's currency.

        Asked for every case that is raised without an amount of its own. Overridden
        by every document that holds money.
        """
        return 0.0


class RcmEncounter(models.Model):
    _inherit = "rcm.encounter"

    def _rcm_case_amount(self):
        return self.total_charge


class RcmCharge(models.Model):
    _inherit = "rcm.charge"

    def _rcm_case_amount(self):
        return self.amount


class RcmChargeReview(models.Model):
    _inherit = "rcm.charge.review"

    def _rcm_case_amount(self):
        return abs(self.difference) or self.new_amount


class RcmServiceOrder(models.Model):
    _inherit = "rcm.service.order"

    def _rcm_case_amount(self):
        """What the service is listed at, until a charge says it."""
        return self.charge_id.amount or self._rcm_master_price() * self.units


class RcmClaim(models.Model):
    _inherit = "rcm.claim"

    def _rcm_case_amount(self):
        """What is still open of an invoiced claim; of others what was charged."""
        if self.invoice_state == "posted":
            return abs(self.open_balance)
        return self.total_charge


class RcmClaimLine(models.Model):
    _inherit = "rcm.claim.line"

    def _rcm_case_amount(self):
        return self.charge_amount


class RcmClaimRepricingLine(models.Model):
    _inherit = "rcm.claim.repricing.line"

    def _rcm_case_amount(self):
        return abs(self.difference)


class RcmSubmissionBatch(models.Model):
    _inherit = "rcm.submission.batch"

    def _rcm_case_amount(self):
        return self.total_charge


class RcmSubmissionLine(models.Model):
    _inherit = "rcm.submission.line"

    def _rcm_case_amount(self):
        return self.amount


class RcmClientInvoice(models.Model):
    _inherit = "rcm.client.invoice"

    def _rcm_case_amount(self):
        return self.amount_total


class RcmClientInvoiceLine(models.Model):
    _inherit = "rcm.client.invoice.line"

    def _rcm_case_amount(self):
        return self.amount


class RcmServiceContract(models.Model):
    _inherit = "rcm.service.contract"

    def _rcm_case_amount(self):
        return self.amount


class RcmServiceContractPeriod(models.Model):
    _inherit = "rcm.service.contract.period"

    def _rcm_case_amount(self):
        return self.amount_total


class RcmPackageSale(models.Model):
    _inherit = "rcm.package.sale"

    def _rcm_case_amount(self):
        return self.price


class RcmOpening(models.Model):
    _inherit = "rcm.opening"

    def _rcm_case_amount(self):
        return self.control_total or self.imported_total
