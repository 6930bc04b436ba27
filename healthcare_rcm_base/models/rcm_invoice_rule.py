from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache

from ..core import invoice_rules

INVOICE_RULES = [
    ("now", "Invoice the payer now"),
    ("adjudicated", "Hold until adjudicated"),
    ("patient", "Invoice the patient"),
    ("client", "Monthly invoice to the ordering client"),
]


class RcmInvoiceRule(models.Model):
    """When what is billed at a facility for a payer is invoiced, and to whom."""

    _name = "rcm.invoice.rule"
    _inherit = "rcm.audit.mixin"
    _description = "Invoice Rule"
    _order = "sequence, id"
    _check_company_auto = True
    _rcm_audit_fields = (
        "rule",
        "payer_id",
        "facility_id",
        "client_id",
        "who",
        "sequence",
        "active",
    )

    sequence = fields.Integer(
        default=10, help="Of rules that say equally much, the first one counts."
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    payer_id = fields.Many2one(
        "rcm.payer", check_company=True, index="btree_not_null", help="Empty: any."
    )
    facility_id = fields.Many2one(
        "rcm.facility", check_company=True, index="btree_not_null", help="Empty: any."
    )
    client_id = fields.Many2one(
        "rcm.client",
        string="Ordering Client",
        check_company=True,
        index="btree_not_null",
        help="Empty: any, and none.",
    )
    who = fields.Selection(
        [
            ("any", "Anyone"),
            ("insured", "Patients with a payer"),
            ("self_pay", "Self-pay patients"),
        ],
        string="Who Pays",
        required=True,
        default="any",
    )
    rule = fields.Selection(
        INVOICE_RULES,
        string="Invoice",
        required=True,
        default="now",
        help="Now: as soon as the claim is cleared. Hold: just before the payer's "
        "remittance is posted. Patient: to the guarantor at the full charge, no payer "
        "is asked. Client: on the monthly invoice of the hospital or physician that "
        "ordered the service, when there is one.",
    )

    _scope_uniq = models.UniqueIndex(
        "(company_id, COALESCE(payer_id, 0), COALESCE(facility_id, 0), "
        "COALESCE(client_id, 0), who) WHERE active",
        "There is a rule for this payer, facility and client already.",
    )

    # ------------------------------------------------------------------
    # Checks and computes
    # ------------------------------------------------------------------
    @api.constrains("rule", "who", "payer_id")
    def _check_rule(self):
        for rule in self:
            if rule.who == "self_pay" and (
                rule.payer_id or rule.rule in ("adjudicated", "patient")
            ):
                raise ValidationError(
                    self.env._(
                        "Self-pay patients have no payer: they are invoiced at once, "
                        "or on the monthly invoice of an ordering client."
                    )
                )

    @api.depends("payer_id", "facility_id", "client_id", "who", "rule")
    def _compute_display_name(self):
        rules = dict(self._fields["rule"]._description_selection(self.env))
        who = dict(self._fields["who"]._description_selection(self.env))
        for record in self:
            scope = [
                record.client_id.display_name,
                record.payer_id.display_name,
                record.facility_id.display_name,
                who[record.who] if record.who != "any" else False,
            ]
            named = " · ".join(filter(None, scope)) or self.env._("Everyone")
            record.display_name = f"{named}: {rules.get(record.rule, '')}"

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        self.env.registry.clear_cache()
        return rules

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    # ------------------------------------------------------------------
    # Domain
    # ------------------------------------------------------------------
    @api.model
    @ormcache("company_id")
    def _rcm_rules(self, company_id):
        """The rules of a company as values; asked for every claim that is built."""
        found = self.sudo().search([("company_id", "=", company_id)])
        return tuple(
            invoice_rules.InvoiceRule(
                outcome=rule.rule,
                payer=rule.payer_id.id or None,
                facility=rule.facility_id.id or None,
                client=rule.client_id.id or None,
                who=rule.who,
                place=(rule.sequence, rule.id),
            )
            for rule in found
        )
