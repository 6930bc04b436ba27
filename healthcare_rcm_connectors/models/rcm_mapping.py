from odoo import api, fields, models, tools
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.core import states
from odoo.addons.healthcare_rcm_base.core.effective import Span, place
from odoo.addons.healthcare_rcm_base.tools.caches import forget

from ..protocol.problem import ProblemError

MACHINE = "mapping"
states.register(MACHINE, {"draft": ("active",), "active": ("retired",), "retired": ()})
FROZEN = (
    "connector_id",
    "type_id",
    "keep_rest",
    "line_ids",
    "valid_from",
)


class RcmMapping(models.Model):
    """How one system's content becomes one event's: a version, in force from a day."""

    _name = "rcm.mapping"
    _inherit = ["rcm.document.mixin"]
    _description = "Mapping"
    _order = "connector_id, type_id, version desc, id desc"
    _check_company_auto = True
    _rcm_state_machine = MACHINE
    _rcm_protected = ("version", "valid_to", "activated_at", "activated_by_id")
    _rcm_audit_fields = (
        "connector_id",
        "type_id",
        "keep_rest",
        "valid_from",
        "owner_id",
    )

    connector_id = fields.Many2one(
        "rcm.connector", required=True, index=True, check_company=True
    )
    company_id = fields.Many2one(related="connector_id.company_id", store=True)
    type_id = fields.Many2one(
        "rcm.event.type",
        string="Event",
        required=True,
        index=True,
        help="The contract its result must fit.",
    )
    version = fields.Integer(readonly=True, copy=False)
    state = fields.Selection(
        [("draft", "Draft"), ("active", "In force"), ("retired", "Retired")],
        string="Status",
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
    )
    valid_from = fields.Date(
        string="From",
        required=True,
        default=fields.Date.context_today,
        help="Events received on this day and later are mapped by it.",
    )
    valid_to = fields.Date(string="Until", readonly=True, copy=False)
    keep_rest = fields.Boolean(
        string="Keep Other Fields",
        help="On: the content is ours already and only the fields below change. Off: "
        "only what the lines below fill is taken.",
    )
    line_ids = fields.One2many("rcm.mapping.line", "mapping_id", copy=True)
    owner_id = fields.Many2one(
        "res.users",
        default=lambda self: self.env.user,
        help="Who knows both sides and decides on changes.",
    )
    note = fields.Text(string="Notes")
    activated_at = fields.Datetime(readonly=True, copy=False)
    activated_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    event_count = fields.Integer(compute="_compute_event_count")

    _version_uniq = models.UniqueIndex(
        "(connector_id, type_id, version) WHERE version > 0",
        "This version exists already.",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("connector_id.name", "type_id.name", "type_id.version", "version")
    def _compute_display_name(self):
        for record in self:
            if not (record.connector_id and record.type_id):
                record.display_name = self.env._("New mapping")
                continue
            record.display_name = (
                f"{record.connector_id.name}: {record.type_id.display_name} "
                f"({record.version})"
            )

    def _compute_event_count(self):
        counts = dict(
            self.env["rcm.event"]._read_group(
                [("mapping_id", "in", self.ids)], ["mapping_id"], ["__count"]
            )
        )
        for record in self:
            record.event_count = counts.get(record, 0)

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        for record in records:
            newest = max(record._rcm_siblings().mapped("version"))
            record._rcm_write({"version": newest + 1})
        return records

    def write(self, vals):
        if set(FROZEN) & set(vals):
            self._rcm_check_draft()
        return super().write(vals)

    def unlink(self):
        # lines go with it in the database, which would ask nobody
        self.line_ids.unlink()
        return super().unlink()

    def _rcm_check_draft(self):
        """What events were mapped by stays readable as it was."""
        if any(record.state != "draft" for record in self):
            raise UserError(
                self.env._(
                    "A mapping in force is evidence of what it did: make a new version."
                )
            )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_activate(self):
        """Put this version in force from its day; the one before it ends then."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        self._rcm_activate()

    def action_retire(self):
        """Map nothing by it any more."""
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        today = fields.Date.context_today(self)
        for record in self:
            ends = min(filter(None, (record.valid_to, today)))
            record._rcm_set_state("retired", valid_to=max(ends, record.valid_from))
        forget(self.env)

    def action_new_version(self):
        """Make a draft like this one and open it."""
        self.ensure_one()
        self.env.user._rcm_require("administrator")
        self.check_access("write")
        copy = self.copy({"valid_from": fields.Date.context_today(self)})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": copy.id,
            "views": [[False, "form"]],
        }

    def action_try(self):
        """Open the panel that shows what this mapping makes of a pasted event."""
        self.ensure_one()
        self.env.user._rcm_require("administrator", "integration_support")
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Try the mapping"),
            "res_model": "rcm.event.check",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_connector_id": self.connector_id.id,
                "default_mapping_id": self.id,
            },
        }

    def action_open_events(self):
        """Open the events this version mapped."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_connectors.rcm_event_action"
        )
        return {**action, "domain": [("mapping_id", "=", self.id)], "context": {}}

    # ------------------------------------------------------------------
    # Steps
    # ------------------------------------------------------------------
    def _rcm_activate(self):
        self.ensure_one()
        if not self.line_ids:
            raise UserError(self.env._("A mapping without lines does nothing."))
        standing = self._rcm_siblings().filtered(lambda one: one.state == "active")
        placed = place(
            [Span(one, one.valid_from, one.valid_to or None) for one in standing],
            self.valid_from,
        )
        if placed.same:
            placed.same._rcm_set_state("retired", valid_to=placed.same.valid_from)
        if placed.ended:
            placed.ended._rcm_write_logged(
                {placed.ended.id: {"valid_to": placed.ended_on}}, "rcm.mapping.ended"
            )
        self._rcm_set_state(
            "active",
            valid_to=placed.end or False,
            activated_at=fields.Datetime.now(),
            activated_by_id=self.env.user.id,
        )
        forget(self.env)

    def _rcm_siblings(self):
        """Every version for the same system and event, this one too."""
        self.ensure_one()
        return self.search(
            [
                ("connector_id", "=", self.connector_id.id),
                ("type_id", "=", self.type_id.id),
            ]
        )

    # ------------------------------------------------------------------
    # For the inbox
    # ------------------------------------------------------------------
    @api.model
    def _rcm_map_event(self, connector, event_type, data, day, tried=None):
        """Return (canonical data, mapping, steps) of what a connector sent.

        Without a mapping in force the data is what it is. A fault is a problem that
        names paths and never a value.

        :param tried: a mapping to use instead of the one in force
        """
        mapping_id = (
            tried.id if tried else self._rcm_in_force(connector.id, event_type.id, day)
        )
        if not mapping_id:
            return data, self.browse(), ()
        record = self.sudo().browse(mapping_id)  # rules of the house, not the sender's
        outcome = record._rcm_evaluate(data)
        if outcome.faults:
            raise ProblemError(
                "mapping",
                mapping=record.version,
                errors=[record._rcm_fault(fault) for fault in outcome.faults[:50]],
            )
        return outcome.data, record, outcome.steps

    @api.model
    def _rcm_in_force(self, connector_id, type_id, day):
        """Id of the mapping that holds on ``day``, or False."""
        for id_, start, end in self._rcm_spans(connector_id, type_id):
            if start <= day and (not end or day <= end):
                return id_
        return False

    @api.model
    @tools.ormcache("connector_id", "type_id")
    def _rcm_spans(self, connector_id, type_id):
        records = self.sudo().search(  # whoever sends, the rules are the same
            [
                ("connector_id", "=", connector_id),
                ("type_id", "=", type_id),
                ("state", "=", "active"),
            ]
        )
        return tuple((one.id, one.valid_from, one.valid_to) for one in records)

    @api.model
    def _rcm_fault(self, fault):
        """A fault as the doors tell it."""
        told = {"path": fault.location, "rule": fault.code}
        if fault.expected is not None:
            told["expected"] = fault.expected
        return told
