from odoo import models


class AccountChartTemplate(models.AbstractModel):
    """A company that just got its chart gets the accounts of the revenue cycle."""

    _inherit = "account.chart.template"

    def _post_load_data(self, template_code, company, template_data):
        result = super()._post_load_data(template_code, company, template_data)
        company = company or self.env.company
        if not company.parent_id and company._rcm_without_books():
            company._rcm_ensure_accounting()
        return result
