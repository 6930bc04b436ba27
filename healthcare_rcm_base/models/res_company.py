from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import npi


class ResCompany(models.Model):
    """What payers know a company by, and its revenue-cycle defaults."""

    _inherit = "res.company"

    rcm_tax_id = fields.Char(
        string="Billing Tax ID",
        size=9,
        help="Nine digits (EIN), as on claims and remittances.",
    )
    rcm_npi = fields.Char(
        string="Billing NPI",
        size=10,
        help="National Provider Identifier of the billing organisation.",
    )
    rcm_accept_test_files = fields.Boolean(
        string="Accept Test Files",
        help="Take in remittances that say they are tests (ISA15 = T). Leave off in "
        "production.",
    )
    rcm_self_pay_concession_percent = fields.Float(
        string="Self-Pay Concession",
        digits=(5, 2),
        help="Percentage of self-pay charges not expected to be collected; booked as "
        "an implicit price concession when the invoice is made.",
    )

    rcm_master_change_days = fields.Integer(
        string="Validate Changes Within",
        default=2,
        help="Days after which a master data change that nobody validated becomes an "
        "exception; 0 for never.",
    )

    rcm_crossover_days = fields.Integer(
        string="Wait for Crossovers",
        default=30,
        help="Days after which a claim that a payer forwarded to the next one, and "
        "that nobody answered, becomes an exception; 0 for never.",
    )

    _rcm_self_pay_concession_range = models.Constraint(
        "CHECK(rcm_self_pay_concession_percent BETWEEN 0 AND 100)",
        "The self-pay concession is a percentage between 0 and 100.",
    )

    @api.constrains("rcm_tax_id", "rcm_npi")
    def _check_rcm_identifiers(self):
        for company in self:
            company._rcm_check_tax_id(company.rcm_tax_id)
            company._rcm_check_npi(company.rcm_npi)

    @api.model
    def _rcm_check_npi(self, value):
        """Refuse ``value`` unless it is empty or a well-formed NPI."""
        if value and not npi.is_valid(value):
            raise ValidationError(
                self.env._(
                    "%(value)s is not a valid NPI: ten digits, the last a check digit.",
                    value=value,
                )
            )

    @api.model
    def _rcm_check_tax_id(self, value):
        """Refuse ``value`` unless it is empty or nine digits."""
        if value and not (len(value) == 9 and value.isascii() and value.isdigit()):
            raise ValidationError(
                self.env._("%(value)s is not a tax ID: nine digits.", value=value)
            )

    def _rcm_ensure_chart(self, template_code, currency_code):
        """Load a chart of accounts, in that currency, where there is none yet."""
        currency = self.env.ref(f"base.{currency_code}")
        currency.active = True
        for company in self:
            if not company.chart_template:
                self.env["account.chart.template"].try_loading(
                    template_code, company=company, install_demo=False
                )
            if company.currency_id != currency:
                company.currency_id = currency
