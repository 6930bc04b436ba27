"""How much money waits for the exception case of what is asked for or bought."""

from odoo import fields, models


class RcmWriteOff(models.Model):
    _inherit = "rcm.write.off"

    def _rcm_case_amount(self):
        return self.amount


class RcmWriteOffLine(models.Model):
    _inherit = "rcm.write.off.line"

    def _rcm_case_amount(self):
        return self.amount


class RcmRefund(models.Model):
    _inherit = "rcm.refund"

    def _rcm_case_amount(self):
        return self.amount


class RcmPaymentRun(models.Model):
    _inherit = "rcm.payment.run"

    def _rcm_case_amount(self):
        return self.amount


class RcmPaymentRunLine(models.Model):
    _inherit = "rcm.payment.run.line"

    def _rcm_case_amount(self):
        """In the company's currency, whatever the bill is in."""
        return self.company_amount


class RcmBudgetLine(models.Model):
    _inherit = "rcm.budget.line"

    def _rcm_case_amount(self):
        return self.amount


class RcmBudgetRevisionLine(models.Model):
    _inherit = "rcm.budget.revision.line"

    def _rcm_case_amount(self):
        """What is added or taken away: the rest of the line stands without it."""
        return abs(self.amount - self.amount_before)


class RcmFund(models.Model):
    _inherit = "rcm.fund"

    def _rcm_case_amount(self):
        return self.amount


class RcmOutsourcedContract(models.Model):
    _inherit = "rcm.outsourced.contract"

    def _rcm_case_amount(self):
        """Its ceiling, in money or in units at the rate; without one what was used."""
        if self.ceiling_amount:
            return self.ceiling_amount
        if self.ceiling_quantity:
            return self.contract_currency_id._convert(
                self.rate * self.ceiling_quantity,
                self.currency_id,
                self.company_id,
                fields.Date.context_today(self),
            )
        return self.used_amount
