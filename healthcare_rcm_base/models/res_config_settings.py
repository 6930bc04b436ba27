from odoo import api, fields, models


class ResConfigSettings(models.TransientModel):
    """Revenue-cycle settings of the current company."""

    _inherit = "res.config.settings"

    rcm_tax_id = fields.Char(related="company_id.rcm_tax_id", readonly=False)
    rcm_npi = fields.Char(related="company_id.rcm_npi", readonly=False)
    rcm_tz = fields.Selection(
        related="company_id.partner_id.tz", string="Time Zone", readonly=False
    )
    rcm_accept_test_files = fields.Boolean(
        related="company_id.rcm_accept_test_files", readonly=False
    )
    rcm_self_pay_concession_percent = fields.Float(
        related="company_id.rcm_self_pay_concession_percent", readonly=False
    )
    rcm_master_change_days = fields.Integer(
        related="company_id.rcm_master_change_days", readonly=False
    )
    rcm_crossover_days = fields.Integer(
        related="company_id.rcm_crossover_days", readonly=False
    )
    rcm_filing_near_days = fields.Integer(
        config_parameter="healthcare_rcm_base.filing_near_days", default=14
    )
    rcm_acknowledgement_hours = fields.Integer(
        config_parameter="healthcare_rcm_base.acknowledgement_hours", default=48
    )
    rcm_draft_ageing_days = fields.Integer(
        config_parameter="healthcare_rcm_base.draft_ageing_days", default=3
    )
    rcm_charge_missing_hours = fields.Integer(
        config_parameter="healthcare_rcm_base.charge_missing_hours", default=48
    )
    rcm_database_log_warning = fields.Char(
        string="PostgreSQL's Log",
        compute="_compute_rcm_database_log_warning",
        help="Settings of the database server that let patient data into its log.",
    )

    @api.depends("company_id")
    def _compute_rcm_database_log_warning(self):
        found = self.env["rcm.database.log"]._rcm_leaks()
        wanted = ", ".join(f"{name} = {wanted}" for name, _value, wanted in found)
        for settings in self:
            settings.rcm_database_log_warning = wanted
