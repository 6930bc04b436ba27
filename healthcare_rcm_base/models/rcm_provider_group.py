from odoo import api, fields, models


class RcmProviderGroup(models.Model):
    """The billing provider on claims: a practice, a department, a medical group."""

    _name = "rcm.provider.group"
    _inherit = "rcm.audit.mixin"
    _description = "Provider Group"
    _order = "code, id"
    _rec_names_search = ["name", "code", "npi"]
    _check_company_auto = True
    _rcm_audit_fields = (
        "name",
        "code",
        "npi",
        "tax_id",
        "taxonomy",
        "billing_partner_id",
        "active",
    )

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
        string="NPI", size=10, help="Billing provider identifier, with check digit."
    )
    tax_id = fields.Char(
        string="Tax ID", size=9, help="Nine digits; payers pay to this number."
    )
    taxonomy = fields.Char(
        string="Taxonomy Code",
        size=10,
        help="Provider taxonomy code on claims, e.g. 207Q00000X.",
    )
    billing_partner_id = fields.Many2one(
        "res.partner",
        string="Billing Address",
        domain="[('is_company', '=', True), ('rcm_is_guarantor', '=', False)]",
        ondelete="restrict",
        help="Where the group bills from, on claims: a street address, no post office "
        "box, with the full ZIP code. Empty: the address of the company.",
    )
    facility_ids = fields.Many2many(
        "rcm.facility",
        "rcm_facility_provider_group_rel",
        "provider_group_id",
        "facility_id",
        string="Facilities",
        check_company=True,
    )
    note = fields.Text(string="Internal Notes")

    _code_company_uniq = models.UniqueIndex(
        "(company_id, code)", "A provider group with this code exists already."
    )
    _taxonomy_length = models.Constraint(
        "CHECK(taxonomy IS NULL OR length(taxonomy) = 10)",
        "A taxonomy code has ten characters.",
    )

    @api.depends("name", "code")
    def _compute_display_name(self):
        for group in self:
            group.display_name = (
                f"[{group.code}] {group.name}" if group.code else group.name
            )

    @api.constrains("npi", "tax_id")
    def _check_identifiers(self):
        for group in self:
            self.env["res.company"]._rcm_check_npi(group.npi)
            self.env["res.company"]._rcm_check_tax_id(group.tax_id)

    def _rcm_billing_address(self):
        """The contact whose address claims name: the group's, else the company's."""
        self.ensure_one()
        return self.billing_partner_id or self.company_id.partner_id

    def _rcm_has_billing_address(self):
        """Whether that address is complete; no claim can leave without."""
        address = self._rcm_billing_address()
        return all((address.street, address.city, address.state_id, address.zip))
