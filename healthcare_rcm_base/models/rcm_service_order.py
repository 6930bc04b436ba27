from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

OPEN_STATES = ("placed", "received")
ORDER_KINDS = [
    ("procedure", "Procedure"),
    ("test", "Laboratory test"),
    ("imaging", "Imaging"),
    ("supply", "Drug or supply"),
    ("other", "Other"),
]
NOT_BILLABLE = [
    ("bundled", "Part of another service"),
    ("research", "Paid by a study"),
    ("repeat", "Repeated for technical reasons"),
    ("employee", "Employee or occupational service"),
    ("no_charge", "No charge by policy"),
    ("other", "Other"),
]


class RcmServiceOrder(models.Model):
    """An ordered or rendered service, and whether it was charged.

    Clinical systems tell what was ordered and done; charges come by themselves or are
    made from the charge master. This record is where the two meet: a completed
    service without a charge is money that nobody asks for.
    """

    _name = "rcm.service.order"
    _inherit = ["rcm.document.mixin", "rcm.batch.mixin"]
    _description = "Service Order"
    _rec_name = "number"
    _order = "completed_at desc, placed_at desc, id desc"
    _check_company_auto = True

    _rcm_state_machine = "service_order"
    _rcm_audit_edits = ("kind", "service_code_id", "code", "modifiers", "units")
    _rcm_protected = ("state", "completed_at", "encounter_id")
    _rcm_reprocess_roles = ("biller", "coder")

    number = fields.Char(
        required=True, index="trigram", help="The order's own id at its source."
    )
    kind = fields.Selection(ORDER_KINDS, required=True, default="procedure")
    facility_id = fields.Many2one(
        "rcm.facility", required=True, index=True, check_company=True
    )
    company_id = fields.Many2one(
        related="facility_id.company_id", store=True, index=True
    )
    encounter_number = fields.Char(
        index=True, help="As the source named it; the encounter may come later."
    )
    encounter_id = fields.Many2one(
        "rcm.encounter", readonly=True, index="btree_not_null", check_company=True
    )
    patient_id = fields.Many2one(
        related="encounter_id.patient_id", store=True, string="Patient Account"
    )
    service_code_id = fields.Many2one(
        "rcm.service.code", string="Service", index="btree_not_null"
    )
    code = fields.Char(index=True, help="As the source system sent it.")
    category_id = fields.Many2one(related="service_code_id.category_id", store=True)
    modifiers = fields.Char()
    units = fields.Float(digits=(12, 3), default=1.0, required=True)
    ordering_npi = fields.Char(
        string="Ordering NPI",
        size=10,
        help="A provider on file becomes the encounter's ordering provider, if it "
        "has none.",
    )
    rendering_npi = fields.Char(string="Rendering NPI", size=10)
    placed_at = fields.Datetime(string="Ordered")
    specimen_at = fields.Datetime(string="Specimen Received")
    completed_at = fields.Datetime(string="Completed", readonly=True, index=True)
    charge_ids = fields.One2many("rcm.charge", "order_id", string="Charges")
    charge_id = fields.Many2one(
        "rcm.charge", compute="_compute_charge_id", string="Charge"
    )
    claim_ids = fields.Many2many(
        "rcm.claim", compute="_compute_charge_id", string="Claims"
    )
    billable = fields.Boolean(
        default=True, help="Off: completed without being charged, by the source's word."
    )
    not_billable_reason = fields.Selection(NOT_BILLABLE, readonly=True, copy=False)
    state = fields.Selection(
        [
            ("placed", "Ordered"),
            ("received", "Specimen received"),
            ("completed", "Completed, not charged"),
            ("charged", "Charged"),
            ("not_billable", "Not billable"),
            ("cancelled", "Cancelled"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="placed",
        copy=False,
        index=True,
        group_expand=True,
    )
    days_waiting = fields.Integer(
        compute="_compute_days_waiting",
        string="Days Without Charge",
        help="Since the service was completed.",
    )
    ageing = fields.Selection(
        [
            ("0", "Within the time allowed"),
            ("1", "Overdue up to 7 days"),
            ("2", "Overdue 8 to 30 days"),
            ("3", "Overdue more than 30 days"),
        ],
        compute="_compute_days_waiting",
        search="_search_ageing",
    )

    _number_uniq = models.Constraint(
        "UNIQUE(facility_id, number)",
        "This facility already has an order of that number.",
    )
    _units_positive = models.Constraint(
        "CHECK(units > 0)", "The units of an order must be above zero."
    )
    _missing_idx = models.Index("(completed_at) WHERE state = 'completed'")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("charge_ids.is_current", "charge_ids.claim_line_ids.claim_id.state")
    def _compute_charge_id(self):
        for order in self:
            current = order.charge_ids.filtered("is_current")
            order.charge_id = current[:1]
            order.claim_ids = current.claim_line_ids.claim_id.filtered(
                lambda claim: claim.state not in ("void", "superseded")
            )

    @api.depends("state", "completed_at")
    def _compute_days_waiting(self):
        now = fields.Datetime.now()
        allowed = timedelta(hours=self._rcm_charge_hours())
        for order in self:
            waits = order.state == "completed" and order.completed_at
            waited = now - order.completed_at if waits else timedelta()
            order.days_waiting = waited.days
            order.ageing = _ageing(waited, allowed) if waits else False

    @api.model
    def _search_ageing(self, operator, value):
        if operator != "in":
            return NotImplemented
        now, hours = fields.Datetime.now(), self._rcm_charge_hours()
        due = now - timedelta(hours=hours)
        edges = {
            "0": (due, None),
            "1": (due - timedelta(days=7), due),
            "2": (due - timedelta(days=30), due - timedelta(days=7)),
            "3": (None, due - timedelta(days=30)),
        }
        found = fields.Domain.FALSE
        for bucket in value:
            if bucket not in edges:
                continue
            after, until = edges[bucket]
            part = fields.Domain("state", "=", "completed")
            if after:
                part &= fields.Domain("completed_at", ">", after)
            if until:
                part &= fields.Domain("completed_at", "<=", until)
            found |= part
        return found

    @api.depends("number", "code")
    def _compute_display_name(self):
        for order in self:
            order.display_name = f"{order.number} {order.code or ''}".strip()

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------
    def action_charge(self):
        """Charge these completed services from the charge master."""
        orders = self._rcm_as("biller", "coder")
        for order in orders.filtered(lambda item: item.state == "completed"):
            order._rcm_require_chargeable()
            order._rcm_charge_from_master()

    def action_not_billable(self):
        """Say that a completed service is not charged, with the reason chosen."""
        orders = self._rcm_as("biller", "coder")
        reason = self.env.context.get("not_billable_reason", "no_charge")
        if reason not in dict(NOT_BILLABLE):
            raise UserError(self.env._("That is not a reason for not charging."))
        orders._rcm_set_not_billable(reason)

    def action_billable(self):
        """Back to the list of services that wait for their charge."""
        self._rcm_as("biller", "coder").filtered(
            lambda item: item.state == "not_billable"
        )._rcm_set_state("completed")

    def action_open_encounter(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "rcm.encounter",
            "res_id": self.encounter_id.id,
            "views": [(False, "form")],
        }

    def action_open_claims(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_base.rcm_claim_action"
        )
        return {
            **action,
            "domain": [("id", "in", self.claim_ids.ids)],
            "context": {"create": False},
        }

    def _rcm_as(self, *roles):
        """Check role and record access of the caller, then act with full rights."""
        self.env.user._rcm_require(*roles)
        self.check_access("read")
        return self.sudo()  # role and record rules were checked above

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------
    @api.model
    def _rcm_find(self, facility, number):
        return self.search(
            [("facility_id", "=", facility.id), ("number", "=", number)], limit=1
        )

    def _rcm_audit_name(self):
        return self.number


def _ageing(waited, allowed):
    """The bucket of a completed service that waited that long."""
    if waited <= allowed:
        return "0"
    days = (waited - allowed).days
    return "1" if days < 7 else "2" if days < 30 else "3"
