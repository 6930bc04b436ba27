from odoo import api, fields, models


class RcmFacility(models.Model):
    """A place where care is given: hospital, clinic, laboratory."""

    _name = "rcm.facility"
    _inherit = "rcm.audit.mixin"
    _description = "Facility"
    _order = "code, id"
    _rec_names_search = ["name", "code", "npi"]
    _check_company_auto = True
    _rcm_audit_fields = ("name", "code", "npi", "tax_id", "clia_number", "active")

    name = fields.Char(required=True)
    code = fields.Char(
        required=True, help="Our own short code; source systems send it in events."
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    npi = fields.Char(
        string="NPI",
        size=10,
        help="National Provider Identifier of the service facility, with check digit.",
    )
    tax_id = fields.Char(
        string="Tax ID",
        size=9,
        help="Nine digits, when it bills under another tax ID than its company.",
    )
    place_of_service = fields.Char(
        string="Place of Service",
        size=2,
        help="Place of service of charges that name none, e.g. 11 office, 22 "
        "outpatient hospital.",
    )
    clia_number = fields.Char(
        string="CLIA Number",
        size=10,
        help="Certificate of the laboratory, on claims for its tests.",
    )
    analytic_account_id = fields.Many2one(
        "account.analytic.account",
        string="Analytic Account",
        check_company=True,
        copy=False,
        help="Carries the facility onto ledger lines. Made automatically.",
    )
    provider_group_ids = fields.Many2many(
        "rcm.provider.group",
        "rcm_facility_provider_group_rel",
        "facility_id",
        "provider_group_id",
        string="Provider Groups",
        check_company=True,
        help="Groups whose providers work here and bill for it.",
    )
    user_ids = fields.Many2many(
        "res.users",
        "rcm_facility_res_users_rel",
        "facility_id",
        "user_id",
        string="Restricted Staff",
        readonly=True,
        help="People limited to this facility among others; set on the user.",
    )
    street = fields.Char()
    city = fields.Char()
    state_id = fields.Many2one("res.country.state", string="State")
    zip = fields.Char(string="ZIP")
    phone = fields.Char()
    note = fields.Text(string="Internal Notes")

    _code_company_uniq = models.UniqueIndex(
        "(company_id, code)", "A facility with this code exists already."
    )

    # ------------------------------------------------------------------
    # Computes and checks
    # ------------------------------------------------------------------
    @api.depends("name", "code")
    def _compute_display_name(self):
        for facility in self:
            code = facility.code
            facility.display_name = (
                f"[{code}] {facility.name}" if code else facility.name
            )

    @api.constrains("npi", "tax_id")
    def _check_identifiers(self):
        for facility in self:
            self.env["res.company"]._rcm_check_npi(facility.npi)
            self.env["res.company"]._rcm_check_tax_id(facility.tax_id)

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        facilities = super().create(vals_list)
        facilities._rcm_ensure_analytic_account()
        return facilities

    def write(self, vals):
        result = super().write(vals)
        if "name" in vals or "code" in vals:
            for facility in self.filtered("analytic_account_id"):
                # administrators of facilities hold no analytic rights
                facility.analytic_account_id.sudo().name = facility.display_name
        return result

    def unlink(self):
        # rules that name the facility of a user are cached
        self.env.registry.clear_cache()
        return super().unlink()

    def _rcm_ensure_analytic_account(self):
        """Give every facility its analytic account under the plan "Facilities"."""
        plan = self.env.ref("healthcare_rcm_base.rcm_analytic_plan_facility")
        for facility in self.filtered(lambda f: not f.analytic_account_id):
            # whoever maintains facilities holds no analytic rights
            facility.sudo().analytic_account_id = (
                self.env["account.analytic.account"]
                .sudo()
                .create(
                    {
                        "name": facility.display_name,
                        "code": facility.code,
                        "plan_id": plan.id,
                        "company_id": facility.company_id.id,
                    }
                )
            )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_rcm_patients(self):
        """Open the patients whose home is this facility."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.actions"]._for_xml_id(
            "healthcare_rcm_base.rcm_patient_account_action"
        )
        action["domain"] = [("facility_id", "=", self.id)]
        action["context"] = {"default_facility_id": self.id}
        return action
