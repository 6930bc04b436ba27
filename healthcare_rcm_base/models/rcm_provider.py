from odoo import api, fields, models
from odoo.exceptions import ValidationError

NAME_PARTS = ("first_name", "middle_name", "last_name", "name_suffix")


class RcmProvider(models.Model):
    """Who gives, orders, refers or supervises care: a person or an organisation."""

    _name = "rcm.provider"
    _inherit = "rcm.audit.mixin"
    _description = "Provider"
    _order = "name, id"
    _rec_names_search = ["name", "npi", "code"]
    _check_company_auto = True
    _rcm_audit_fields = (
        "name",
        "provider_type",
        *NAME_PARTS,
        "npi",
        "code",
        "taxonomy_code",
        "provider_group_ids",
        "date_from",
        "date_to",
        "active",
    )

    name = fields.Char(
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="Of a person: put together from its parts.",
    )
    provider_type = fields.Selection(
        [("person", "Person"), ("organisation", "Organisation")],
        string="Kind",
        required=True,
        default="person",
        help="Claims name a person by last and first name, an organisation by its "
        "name alone.",
    )
    first_name = fields.Char()
    middle_name = fields.Char()
    last_name = fields.Char()
    name_suffix = fields.Char(string="Suffix", size=10, help="E.g. Jr or III.")
    npi = fields.Char(
        string="NPI",
        size=10,
        index="btree_not_null",
        help="National Provider Identifier, with check digit. Only a provider who "
        "may have none (transport, home modification) does without.",
    )
    code = fields.Char(
        help="Our own short code, where a source system names providers by one."
    )
    taxonomy_code = fields.Char(
        size=10, help="What the provider practises, e.g. 207Q00000X."
    )
    provider_group_ids = fields.Many2many(
        "rcm.provider.group",
        "rcm_provider_provider_group_rel",
        "provider_id",
        "provider_group_id",
        string="Provider Groups",
        check_company=True,
        help="Groups that bill for this provider. An outside provider, who refers or "
        "orders, has none.",
    )
    date_from = fields.Date(string="From", help="First day of practice with us.")
    date_to = fields.Date(string="Until", help="Last day of practice with us.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    note = fields.Text(string="Internal Notes")

    _npi_company_uniq = models.UniqueIndex(
        "(company_id, npi) WHERE npi IS NOT NULL",
        "A provider with this NPI exists already, perhaps archived.",
    )
    _code_company_uniq = models.UniqueIndex(
        "(company_id, code) WHERE code IS NOT NULL",
        "A provider with this code exists already, perhaps archived.",
    )
    _taxonomy_form = models.Constraint(
        "CHECK(taxonomy_code IS NULL OR taxonomy_code ~ '^[0-9A-Z]{9}X$')",
        "A taxonomy code has nine digits or capital letters and ends with X.",
    )
    _dates_in_order = models.Constraint(
        "CHECK(date_to IS NULL OR date_from IS NULL OR date_to >= date_from)",
        "A provider's last day cannot come before the first.",
    )

    # ------------------------------------------------------------------
    # Computes and checks
    # ------------------------------------------------------------------
    @api.depends("provider_type", *NAME_PARTS)
    def _compute_name(self):
        for provider in self:
            parts = [provider[name] for name in NAME_PARTS if provider[name]]
            if provider.provider_type == "person" and parts:
                provider.name = " ".join(parts)

    @api.depends("name", "npi")
    def _compute_display_name(self):
        for provider in self:
            npi = provider.npi
            provider.display_name = f"{provider.name} ({npi})" if npi else provider.name

    @api.constrains("npi")
    def _check_npi(self):
        for provider in self:
            self.env["res.company"]._rcm_check_npi(provider.npi)

    @api.constrains("provider_type", *NAME_PARTS)
    def _check_name_parts(self):
        for provider in self:
            if provider.provider_type == "organisation" and any(
                provider[name] for name in NAME_PARTS
            ):
                raise ValidationError(
                    self.env._("An organisation has one name and no first or last.")
                )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        return super().create([_tidy(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(_tidy(vals))

    # ------------------------------------------------------------------
    # Look-up
    # ------------------------------------------------------------------
    @api.model
    def _rcm_find_by_npi(self, numbers, company):
        """Return {npi: provider} of ``company`` for the numbers that are known."""
        # Archived ones too: what was done in their time is still billed.
        found = self.with_context(active_test=False).search(
            [("company_id", "=", company.id), ("npi", "in", list(set(numbers)))]
        )
        return {provider.npi: provider for provider in found}

    def _rcm_practises_on(self, day):
        """Whether ``day`` lies within the dates of this provider."""
        self.ensure_one()
        return not (
            (self.date_from and day < self.date_from)
            or (self.date_to and day > self.date_to)
        )


def _tidy(vals):
    """Codes as the standard writes them; an empty one is none (unique indexes)."""
    tidy = dict(vals)
    for name in ("npi", "code", "taxonomy_code"):
        if name in tidy:
            tidy[name] = (tidy[name] or "").strip() or False
    if tidy.get("taxonomy_code"):
        tidy["taxonomy_code"] = tidy["taxonomy_code"].upper()
    return tidy
