"""How much money waits for the exception case of a remittance's documents."""

from odoo import models


class RcmRemittance(models.Model):
    _inherit = "rcm.remittance"

    def _rcm_case_amount(self):
        return self.amount


class RcmRemittanceFile(models.Model):
    _inherit = "rcm.remittance.file"

    def _rcm_case_amount(self):
        return sum(self.remittance_ids.mapped("amount"))


class RcmRemittanceClaim(models.Model):
    _inherit = "rcm.remittance.claim"

    def _rcm_case_amount(self):
        return abs(self.paid) or self.charge


class RcmDenial(models.Model):
    _inherit = "rcm.denial"

    def _rcm_case_amount(self):
        return self.amount


class RcmPaymentVariance(models.Model):
    _inherit = "rcm.payment.variance"

    def _rcm_case_amount(self):
        return abs(self.difference)


class RcmPayerOverpayment(models.Model):
    _inherit = "rcm.payer.overpayment"

    def _rcm_case_amount(self):
        return self.open_amount
