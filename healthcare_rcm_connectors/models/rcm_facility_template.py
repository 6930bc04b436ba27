from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .rcm_connector import KINDS
from .rcm_event_type_flow import CONNECTOR_FLOWS

# What a template says of a connector and a facility may say otherwise.
CONNECTOR_VALUES = (
    "kind",
    "event_type_ids",
    "payload_limit_mib",
    "rate_limit_per_minute",
    "queue_limit",
    "file_format",
    "flow",
    "carries_claims",
)


class RcmFacilityTemplate(models.Model):
    """What a new facility is given: connectors, mappings, queues, policies."""

    _name = "rcm.facility.template"
    _inherit = ["rcm.audit.mixin"]
    _description = "Facility Template"
    _order = "name"
    _check_company_auto = True
    _rcm_audit_fields = (
        "name",
        "active",
        "connector_ids",
        "queue_ids",
        "policy_ids",
        "provider_group_ids",
        "place_of_service",
        "company_id",
    )

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    note = fields.Text(
        string="What Else to Do", help="Shown on the onboarding of each facility."
    )
    place_of_service = fields.Char(string="Place of Service", size=2)
    provider_group_ids = fields.Many2many(
        "rcm.provider.group", string="Provider Groups", check_company=True
    )
    connector_ids = fields.One2many(
        "rcm.facility.template.connector", "template_id", copy=True
    )
    queue_ids = fields.Many2many(
        "rcm.exception.queue",
        string="Queues",
        help="Queues that name their facilities are given the new one too.",
    )
    policy_ids = fields.Many2many(
        "rcm.approval.policy",
        string="Approval Policies",
        domain="[('company_id', 'in', (False, company_id))]",
        help="Policies that name their facilities: a change that adds the new one is "
        "proposed, and another administrator approves it.",
    )
    onboarding_ids = fields.One2many(
        "rcm.facility.onboarding", "template_id", string="Used For"
    )


class RcmFacilityTemplateConnector(models.Model):
    """One system that facilities of this kind have."""

    _name = "rcm.facility.template.connector"
    _inherit = ["rcm.audit.mixin"]
    _description = "Connector of a Template"
    _order = "sequence, id"
    _rcm_audit_fields = (
        "template_id",
        "name",
        "suffix",
        "mapping_ids",
        "feed_ids",
        *CONNECTOR_VALUES,
    )

    template_id = fields.Many2one(
        "rcm.facility.template", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="template_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(
        required=True, help="The connector is called so, after the facility's name."
    )
    suffix = fields.Char(
        required=True, help="The connector's code ends so, after the facility's code."
    )
    kind = fields.Selection(KINDS, required=True, default="ehr")
    event_type_ids = fields.Many2many(
        "rcm.event.type",
        string="Pinned Events",
        domain="[('state', 'in', ('active', 'deprecated'))]",
    )
    mapping_ids = fields.Many2many(
        "rcm.mapping",
        string="Mappings",
        domain="[('company_id', '=', company_id)]",
        help="Copied for the new connector, as drafts of its own that are put in force "
        "when the shadow run begins.",
    )
    feed_ids = fields.Many2many(
        "rcm.expected.feed",
        string="Expected Feeds",
        domain="[('company_id', '=', company_id)]",
        help="Copied for the new connector and facility; watched from the day the "
        "shadow run begins.",
    )
    payload_limit_mib = fields.Integer(
        string="Size Limit (MiB)", required=True, default=8
    )
    rate_limit_per_minute = fields.Integer(
        string="Requests per Minute", required=True, default=6000
    )
    queue_limit = fields.Integer(
        string="Most Waiting Events", required=True, default=100000
    )
    file_format = fields.Selection(
        "_selection_file_format", required=True, default="file"
    )
    flow = fields.Selection(
        CONNECTOR_FLOWS, string="Place in Line", required=True, default="types"
    )
    carries_claims = fields.Boolean()

    @api.model
    def _selection_file_format(self):
        return self.env["rcm.connector"]._selection_file_format()

    @api.constrains("mapping_ids", "event_type_ids")
    def _check_mapping_ids(self):
        for line in self:
            if line.mapping_ids.type_id - line.event_type_ids:
                raise ValidationError(
                    self.env._(
                        "%s has a mapping of an event that it does not pin.", line.name
                    )
                )

    def _rcm_connector_vals(self):
        """What this line says of a connector."""
        self.ensure_one()
        vals = {
            name: self[name] for name in CONNECTOR_VALUES if name != "event_type_ids"
        }
        return {**vals, "event_type_ids": [(6, 0, self.event_type_ids.ids)]}

    def _rcm_differences(self, connector):
        """Names of what ``connector`` says otherwise."""
        self.ensure_one()
        return [name for name in CONNECTOR_VALUES if self[name] != connector[name]]
