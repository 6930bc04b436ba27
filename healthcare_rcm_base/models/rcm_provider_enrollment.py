from odoo import api, fields, models
from odoo.exceptions import ValidationError


class RcmProviderEnrollment(models.Model):
    """How a provider or group stands with a payer: may it bill, since when."""

    _name = "rcm.provider.enrollment"
    _inherit = "rcm.audit.mixin"
    _description = "Provider Enrollment"
    _order = "payer_id, date_from desc, id"
    _check_company_auto = True
    _rcm_audit_fields = (
        "provider_id",
        "provider_group_id",
        "payer_id",
        "state",
        "date_from",
        "date_to",
        "reference",
        "active",
    )

    provider_id = fields.Many2one(
        "rcm.provider", index="btree_not_null", check_company=True, ondelete="restrict"
    )
    provider_group_id = fields.Many2one(
        "rcm.provider.group",
        index="btree_not_null",
        check_company=True,
        ondelete="restrict",
        help="Instead of a provider: the billing group itself.",
    )
    payer_id = fields.Many2one(
        "rcm.payer", required=True, index=True, check_company=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    state = fields.Selection(
        [
            ("applied", "Applied"),
            ("enrolled", "Enrolled"),
            ("suspended", "Suspended"),
            ("refused", "Refused"),
        ],
        string="Status",
        required=True,
        default="applied",
        help="Only enrolled ones may bill, within their dates.",
    )
    date_from = fields.Date(string="From", help="Effective date the payer gave.")
    date_to = fields.Date(
        string="Until", help="Last day; revalidation due after it. Empty: open end."
    )
    reference = fields.Char(help="The payer's own number of the provider.")
    active = fields.Boolean(default=True)
    note = fields.Text(string="Internal Notes")

    _one_owner = models.Constraint(
        "CHECK((provider_id IS NULL) != (provider_group_id IS NULL))",
        "An enrollment belongs to a provider or to a group, to one of them.",
    )
    _dates_ordered = models.Constraint(
        "CHECK(date_to IS NULL OR date_from IS NULL OR date_to >= date_from)",
        "An enrollment cannot end before it begins.",
    )
    _enrolled_since = models.Constraint(
        "CHECK(state != 'enrolled' OR date_from IS NOT NULL)",
        "Say from when the provider is enrolled.",
    )

    @api.depends("provider_id", "provider_group_id", "payer_id")
    def _compute_display_name(self):
        for item in self:
            owner = item.provider_id or item.provider_group_id
            item.display_name = f"{owner.name or ''} · {item.payer_id.name or ''}"

    @api.constrains(
        "provider_id",
        "provider_group_id",
        "payer_id",
        "date_from",
        "date_to",
        "state",
        "active",
    )
    def _check_overlap(self):
        for item in self.filtered(lambda one: one.active and one.state == "enrolled"):
            others = self.search(
                [
                    ("id", "!=", item.id),
                    ("payer_id", "=", item.payer_id.id),
                    ("provider_id", "=", item.provider_id.id),
                    ("provider_group_id", "=", item.provider_group_id.id),
                    ("state", "=", "enrolled"),
                ]
            )
            if any(other._overlaps(item) for other in others):
                raise ValidationError(
                    self.env._(
                        "%(name)s is enrolled already in that time.",
                        name=item.display_name,
                    )
                )

    def _overlaps(self, other):
        return not (
            (self.date_to and self.date_to < other.date_from)
            or (other.date_to and other.date_to < self.date_from)
        )

    def _rcm_covers(self, day):
        """Whether this one lets its owner bill for services of ``day``."""
        self.ensure_one()
        return (
            self.state == "enrolled"
            and self.date_from <= day
            and (not self.date_to or day <= self.date_to)
        )

    @api.model
    def _rcm_known(self, payers):
        """{(payer, provider or group): its enrollments} with these payers."""
        known = {}
        for item in self.sudo().search([("payer_id", "in", payers.ids)]):
            key = (item.payer_id.id, item.provider_id or item.provider_group_id)
            known[key] = known.get(key, self.sudo()) | item
        return known


class RcmPayer(models.Model):
    """Payers that pay enrolled providers only."""

    _inherit = "rcm.payer"

    enrollment_required = fields.Boolean(
        help="Claims stop when a provider on them is not known to be enrolled. Without "
        "it, only known gaps stop them: an enrollment that ended, has not begun or "
        "was refused.",
    )
    enrollment_ids = fields.One2many(
        "rcm.provider.enrollment", "payer_id", string="Enrollments"
    )
