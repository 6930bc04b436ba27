from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_rcm_base.models.readable import readable_ids

from ..protocol import outbound
from .rcm_delivery_attempt import ERRORS
from .rcm_webhook import CRON, ROLES

STATES = [
    ("pending", "To Be Sent"),
    ("retry", "To Be Tried Again"),
    ("delivered", "Delivered"),
    ("dead", "Given Up"),
    ("cancelled", "Cancelled"),
]


class RcmDelivery(models.Model):
    """The outbox: one message to one receiver.

    Written in the transaction of the change it tells of, so that it exists exactly
    when the change does; sent afterwards, as often as it takes, always under the same
    ``webhook-id``, by which a receiver knows a repeat.
    """

    _name = "rcm.delivery"
    _description = "Delivery"
    _order = "id desc"
    _rec_name = "message_id"

    message_id = fields.Char("Message", required=True, readonly=True, index=True)
    webhook_id = fields.Many2one(
        "rcm.webhook", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="webhook_id.company_id", store=True)
    event = fields.Char(required=True, readonly=True, index=True)
    res_model = fields.Char("Document Model", readonly=True)
    res_id = fields.Many2oneReference(
        "Document ID", model_field="res_model", readonly=True
    )
    record_name = fields.Char("Document", readonly=True)
    can_open_document = fields.Boolean(
        compute="_compute_can_open_document",
        help="The document is there and the reader may see it.",
    )
    correlation_id = fields.Char("Correlation ID", readonly=True, index=True)
    body = fields.Text("What is Sent", required=True, readonly=True)
    state = fields.Selection(
        STATES, string="Status", required=True, readonly=True, default="pending"
    )
    attempt_count = fields.Integer("Tries", readonly=True)
    next_attempt_at = fields.Datetime("Next Try", readonly=True)
    delivered_at = fields.Datetime("Delivered", readonly=True)
    last_status = fields.Integer("Last HTTP Status", readonly=True)
    last_error = fields.Selection(ERRORS, "Last Failure", readonly=True)
    attempt_ids = fields.One2many("rcm.delivery.attempt", "delivery_id", "Attempts")

    _message_uniq = models.Constraint(
        "UNIQUE(message_id)", "This message exists already."
    )
    _due = models.Index(
        "(webhook_id, next_attempt_at) WHERE state IN ('pending', 'retry')"
    )

    # ------------------------------------------------------------------
    # Queueing
    # ------------------------------------------------------------------
    @api.model
    def _rcm_queue(self, rows):
        """Keep a message for every subscription that wants one of these audit rows.

        :param list rows: as given to ``rcm.audit.log._rcm_append``
        """
        subscriptions = self.env["rcm.webhook"]._rcm_subscriptions()
        if not subscriptions:
            return
        now = fields.Datetime.now()
        base = None
        wanted, vals_list = {}, []
        for row in rows:
            event = row["event"]
            if event not in wanted:
                wanted[event] = [
                    one for one in subscriptions if outbound.wants(event, one[2])
                ]
            company = row.get("company_id") or None
            for webhook, webhook_company, _patterns, adapter in wanted[event]:
                if company in (None, webhook_company):
                    base = base or self.get_base_url()
                    vals_list.append(self._rcm_vals(row, webhook, adapter, now, base))
        if vals_list:
            self.sudo().create(vals_list)  # the outbox is the system's
            self.env["ir.cron"]._rcm_wake(CRON)

    @api.model
    def _rcm_vals(self, row, webhook, adapter, now, base):
        model, res_id = row.get("model"), row.get("res_id")
        known = bool(model and res_id)
        change = (row.get("changes") or {}).get("state")
        message = {
            "event": row["event"],
            "moment": now,
            "document": (model, res_id, row.get("record_name") or None)
            if known
            else None,
            "company": row.get("company_id") or None,
            "correlation_id": row.get("correlation_id") or None,
            "state": change if isinstance(change, (list, tuple)) else None,
            "url": f"{base}/odoo/{model}/{res_id}" if known else None,
        }
        encoder = self.env["rcm.adapter"]._rcm_get("encode", adapter)
        return {
            "message_id": f"msg_{uuid4().hex}",
            "webhook_id": webhook,
            "event": row["event"],
            "res_model": model or False,
            "res_id": res_id or False,
            "record_name": row.get("record_name") or False,
            "correlation_id": row.get("correlation_id") or False,
            "body": encoder._rcm_encode(message),
            "next_attempt_at": now,
        }

    @api.model
    def _rcm_queue_test(self, webhook):
        """Keep a test message for ``webhook``, which sends nothing else."""
        row = {
            "event": outbound.TEST_EVENT,
            "model": webhook._name,
            "res_id": webhook.id,
            "record_name": webhook.name,
            "company_id": webhook.company_id.id,
        }
        now = fields.Datetime.now()
        base = self.get_base_url()
        self.create(self._rcm_vals(row, webhook.id, webhook.adapter, now, base))
        self.env["ir.cron"]._rcm_wake(CRON)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_send_again(self):
        """Send these once more, under the same message id."""
        self.env.user._rcm_require(*ROLES)
        self.check_access("read")
        if any(delivery.state in ("pending", "retry") for delivery in self):
            raise UserError(
                self.env._("What still waits to be sent goes out by itself.")
            )
        self.sudo()._rcm_send_again()  # the outbox is the system's; role was checked
        self._rcm_log("rcm.webhook.resent")

    def action_cancel(self):
        """Send these no more."""
        self.env.user._rcm_require(*ROLES)
        self.check_access("read")
        waiting = self.filtered(lambda one: one.state in ("pending", "retry", "dead"))
        # the outbox is the system's; role was checked
        waiting.sudo().write({"state": "cancelled", "next_attempt_at": False})
        waiting._rcm_log("rcm.webhook.cancelled")

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_can_open_document(self):
        for model, deliveries in self.grouped("res_model").items():
            readable = readable_ids(self.env, model, deliveries.mapped("res_id"))
            for delivery in deliveries:
                delivery.can_open_document = delivery.res_id in readable

    def action_open_document(self):
        """Open the document this message speaks of."""
        self.ensure_one()
        self.check_access("read")
        if not self.res_model or self.res_model not in self.env:
            raise UserError(self.env._("This message speaks of no document."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [[False, "form"]],
        }

    def _rcm_send_again(self):
        self.write(
            {
                "state": "pending",
                "attempt_count": 0,
                "next_attempt_at": fields.Datetime.now(),
            }
        )
        self.env["ir.cron"]._rcm_wake(CRON)

    def _rcm_log(self, event):
        for webhook, deliveries in self.grouped("webhook_id").items():
            names = deliveries.mapped("message_id")
            webhook._rcm_emit(event, {"messages": [None, names]})
