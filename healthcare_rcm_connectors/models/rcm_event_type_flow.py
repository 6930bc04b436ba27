from odoo import api, fields, models

from ..protocol import flow
from .rcm_event import WAITING_STATES

SENSITIVITIES = [
    (flow.NO_MONEY, "No money follows"),
    (flow.LEADS_TO_MONEY, "Leads to money"),
    (flow.MOVES_MONEY, "Moves money"),
]
URGENCIES = [
    (flow.MINUTES, "Somebody waits"),
    (flow.HOURS, "The same day"),
    (flow.DAYS, "Within days"),
]
CONNECTOR_FLOWS = [
    ("types", "As each event's class says"),
    ("history", "After everything else (history, bulk loads)"),
]


class RcmEventType(models.Model):
    """The class of a flow, what it follows from, and what it does to the line."""

    _inherit = "rcm.event.type"

    financial_sensitivity = fields.Selection(
        SENSITIVITIES,
        required=True,
        default=flow.LEADS_TO_MONEY,
        help="What a late event costs.",
    )
    urgency = fields.Selection(
        URGENCIES, required=True, default=flow.HOURS, help="How soon it is needed."
    )
    reconciled = fields.Boolean(
        string="Reconciled as a Whole",
        help="A file or a day is compared as one, so its parts need not come singly.",
    )
    patient_impact = fields.Boolean(
        help="A patient sees the result, for example at the desk or in the portal."
    )
    advised_class = fields.Selection(
        [("real_time", "Real time"), ("batch", "Batch")],
        string="Class by the Rule",
        compute="_compute_advised_class",
        help="What sensitivity, urgency, reconciliation and patients ask for. Another "
        "class needs a reason.",
    )
    class_differs = fields.Boolean(
        string="Against the Rule", compute="_compute_advised_class"
    )
    priority = fields.Integer(
        string="Place in Line",
        compute="_compute_priority",
        help="Smaller is worked on earlier.",
    )
    waiting_count = fields.Integer(string="Waiting", compute="_compute_waiting")
    oldest_waiting_at = fields.Datetime(
        string="Oldest Waiting", compute="_compute_waiting"
    )

    @api.depends(
        "financial_sensitivity",
        "urgency",
        "reconciled",
        "patient_impact",
        "delivery_class",
    )
    def _compute_advised_class(self):
        for record in self:
            record.advised_class = flow.advise(
                record.financial_sensitivity,
                record.urgency,
                record.reconciled,
                record.patient_impact,
            )
            record.class_differs = record.delivery_class != record.advised_class

    @api.depends("delivery_class", "urgency")
    def _compute_priority(self):
        for record in self:
            record.priority = record._rcm_priority()

    def _compute_waiting(self):
        groups = self.env["rcm.event"]._read_group(
            [("type_id", "in", self.ids), ("state", "in", WAITING_STATES)],
            ["type_id"],
            ["__count", "received_at:min"],
        )
        found = {kind.id: (count, oldest) for kind, count, oldest in groups}
        for record in self:
            count, oldest = found.get(record.id, (0, False))
            record.waiting_count, record.oldest_waiting_at = count, oldest

    def _rcm_priority(self, history=False):
        """Smaller is earlier."""
        self.ensure_one()
        return flow.priority(self.delivery_class, self.urgency, history)


class RcmConnector(models.Model):
    """A system that loads history stands behind everything else."""

    _inherit = "rcm.connector"

    flow = fields.Selection(
        CONNECTOR_FLOWS,
        string="Place in Line",
        required=True,
        default="types",
        help="Whether its events take the place their class gives them, or the last "
        "one: a load of old data then delays nothing that is new.",
    )
