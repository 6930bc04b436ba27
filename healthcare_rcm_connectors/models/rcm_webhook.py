from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..protocol import outbound
from ..protocol.addresses import AddressRefused, check_url

STATES = [
    ("active", "Active"),
    ("paused", "Paused"),
    ("gone", "Refused by Receiver"),
]
CRON = "healthcare_rcm_connectors.cron_deliver"
FAILED_CASE = "webhook_failed"
ROLES = ("administrator", "integration_support")


class RcmWebhook(models.Model):
    """A subscription: which changes are told to which address, signed.

    What is sent follows Standard Webhooks 1.0: id, time and signature in headers, a
    body with names and a link and nothing of a patient.
    """

    _name = "rcm.webhook"
    _inherit = ["rcm.document.mixin", "rcm.secret.holder.mixin"]
    _description = "Webhook"
    _order = "name"
    _rcm_reprocess_roles = ROLES
    _rcm_protected = ("state", "failures", "rest_until", "last_success_at")
    _rcm_audit_fields = (
        "name",
        "active",
        "url",
        "patterns",
        "private_allowed",
        "company_id",
        "adapter",
    )

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    url = fields.Char(
        "Address",
        required=True,
        help="Called with POST over https. Redirects are not followed.",
    )
    private_allowed = fields.Boolean(
        "Private Network",
        help="Allow http and addresses of your own network, for a receiver such as "
        "n8n beside Odoo. Without it only public https addresses are called.",
    )
    adapter = fields.Selection(
        "_selection_adapter",
        "Format",
        required=True,
        default="standard_webhooks",
        help="How messages are written and sent.",
    )
    patterns = fields.Text(
        "Events",
        required=True,
        default="claim.*",
        help="Names of audit events, one a line; * stands for anything: claim.*, "
        "approval.requested, rcm.remittance.state_changed.",
    )
    owner_id = fields.Many2one(
        "res.users",
        "Contact",
        default=lambda self: self.env.user,
        help="Who is asked about this receiver.",
    )
    note = fields.Text("Notes")
    state = fields.Selection(
        STATES,
        string="Status",
        required=True,
        readonly=True,
        default="active",
        help="Paused: events are kept and sent when it is resumed. Refused by "
        "receiver: it answered 410, nothing is kept for it any more.",
    )
    failures = fields.Integer("Failures in a Row", readonly=True)
    rest_until = fields.Datetime(
        "Resting Until",
        readonly=True,
        help="After several failures in a row the receiver is left alone for a while.",
    )
    last_success_at = fields.Datetime("Last Delivered", readonly=True)
    waiting_count = fields.Integer("Waiting", compute="_compute_counts")
    dead_count = fields.Integer("Not Delivered", compute="_compute_counts")
    delivered_count = fields.Integer("Delivered Today", compute="_compute_counts")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    def _compute_counts(self):
        deliveries = self.env["rcm.delivery"].sudo()  # numbers only
        mine = Domain("webhook_id", "in", self.ids)
        start = fields.Datetime.now().replace(hour=0, minute=0, second=0)

        def count(domain):
            groups = deliveries._read_group(mine & domain, ["webhook_id"], ["__count"])
            return {webhook.id: number for webhook, number in groups}

        waiting = count(Domain("state", "in", ("pending", "retry")))
        dead = count(Domain("state", "=", "dead"))
        today = count(Domain("delivered_at", ">=", start))
        for webhook in self:
            webhook.waiting_count = waiting.get(webhook.id, 0)
            webhook.dead_count = dead.get(webhook.id, 0)
            webhook.delivered_count = today.get(webhook.id, 0)

    @api.model
    def _selection_adapter(self):
        """Adapters that can both encode and send."""
        senders = self.env["rcm.adapter"]._rcm_adapters("send")
        choices = self.env["rcm.adapter"]._rcm_choices("encode")
        return [item for item in choices if item[0] in senders]

    def _rcm_adapter(self, role):
        """The adapter of this webhook in ``role``."""
        self.ensure_one()
        return self.env["rcm.adapter"]._rcm_get(role, self.adapter)

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------
    @api.constrains("url", "private_allowed")
    def _check_url(self):
        for webhook in self:
            try:
                check_url(webhook.url, webhook.private_allowed)
            except AddressRefused as refused:
                raise ValidationError(self._rcm_address_text(refused.code)) from None

    @api.constrains("patterns")
    def _check_patterns(self):
        for webhook in self:
            if not outbound.split_patterns(webhook.patterns):
                raise ValidationError(
                    self.env._("Name at least one event, for example claim.*.")
                )

    @api.model
    def _rcm_address_text(self, code):
        texts = {
            "scheme": self.env._(
                "Only https addresses are called; http needs “Private Network”."
            ),
            "credentials": self.env._(
                "An address with a user name or password in it is not called: the "
                "signature tells the receiver who calls."
            ),
            "host": self.env._("This is no address: it needs a host name."),
            "port": self.env._("This port cannot be called."),
            "private_address": self.env._(
                "This address lies in a private network; “Private Network” allows it "
                "(never link-local addresses)."
            ),
        }
        return texts[code]

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        webhooks = super().create(vals_list)
        self.env.registry.clear_cache()
        return webhooks

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"active", "patterns", "company_id", "state", "adapter"}:
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        # the secrets have no foreign key that would take them along
        self.env["rcm.secret"].sudo()._rcm_revoke_of(self)
        self.env.registry.clear_cache()
        return super().unlink()

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_test(self):
        """Send a test message through the same way as everything else."""
        self.ensure_one()
        self.env.user._rcm_require(*ROLES)
        self.check_access("read")
        if not self.has_secret:
            raise UserError(self._rcm_no_secret_text())
        # the queue is the system's, after the role was checked
        self.env["rcm.delivery"].sudo()._rcm_queue_test(self)
        return self._rcm_notify(
            self.env._("A test message is on its way: see Deliveries.")
        )

    def action_pause(self):
        """Keep what happens, send nothing."""
        self._rcm_switch("paused")

    def action_resume(self):
        """Send what was kept and what comes."""
        self._rcm_switch("active")

    def _rcm_switch(self, state):
        self.env.user._rcm_require(*ROLES)
        self.check_access("read")
        # the role was checked; what a webhook tells and whom stays closed
        for webhook in self.sudo().filtered(lambda one: one.state != state):
            before = webhook.state
            webhook._rcm_write({"state": state, "failures": 0, "rest_until": False})
            webhook._rcm_emit("rcm.webhook.switched", {"state": [before, state]})
        self.env["ir.cron"]._rcm_wake(CRON)

    def action_open_deliveries(self):
        """Open the deliveries of this webhook."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_rcm_connectors.rcm_delivery_action"
        )
        return {**action, "domain": [("webhook_id", "=", self.id)]}

    def action_resend_dead(self):
        """Send again whatever was given up."""
        self.env.user._rcm_require(*ROLES)
        self.check_access("read")
        self._rcm_resend_dead()
        return self._rcm_notify(self.env._("What was given up is sent again."))

    def _rcm_reprocess(self, case):
        """Try the receiver again with everything that was given up."""
        self._rcm_switch("active")
        # one that rests after failures is active already: it is tried now all the same
        self._rcm_write({"failures": 0, "rest_until": False})
        self._rcm_resend_dead()
        return True

    def _rcm_resend_dead(self):
        deliveries = self.env["rcm.delivery"].sudo()  # after the caller's role
        dead = deliveries.search(
            [("webhook_id", "in", self.ids), ("state", "=", "dead")]
        )
        dead._rcm_send_again()

    def _rcm_notify(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": message},
        }

    def _rcm_no_secret_text(self):
        return self.env._(
            "“%s” has no secret, so nothing is sent: make one with New Secret and "
            "give it to the receiver.",
            self.name,
        )

    # ------------------------------------------------------------------
    # For the queue
    # ------------------------------------------------------------------
    @api.model
    @tools.ormcache()
    def _rcm_subscriptions(self):
        """((id, company id, patterns, adapter), …) of what events are kept for."""
        webhooks = self.sudo().search([("state", "!=", "gone")])  # every company's
        return tuple(
            (
                one.id,
                one.company_id.id,
                outbound.split_patterns(one.patterns),
                one.adapter,
            )
            for one in webhooks
        )

    def _rcm_note_success(self, now):
        """The receiver took a message: close the breaker."""
        vals = {"last_success_at": now}
        if self.failures:
            vals.update(failures=0, rest_until=False)
        self._rcm_write(vals)

    def _rcm_note_failure(self, now):
        """The receiver failed once more: open the breaker when it is time."""
        failures = self.failures + 1
        rest = outbound.breaker_seconds(failures)
        until = now + timedelta(seconds=rest) if rest else False
        self._rcm_write({"failures": failures, "rest_until": until})
        if rest and failures == outbound.BREAKER_FAILURES:
            self._rcm_raise_case(
                FAILED_CASE,
                self.env._(
                    "%s deliveries in a row failed. Nothing is lost: the receiver is "
                    "tried again at growing intervals.",
                    failures,
                ),
            )

    def _rcm_note_gone(self):
        """The receiver answered 410: nothing more is kept for it."""
        before = self.state
        self._rcm_write({"state": "gone"})
        self._rcm_emit("rcm.webhook.switched", {"state": [before, "gone"]})
        self._rcm_raise_case(
            FAILED_CASE,
            self.env._(
                "The receiver answered 410 (gone) and gets nothing more. Ask its "
                "owner, then resume or archive this webhook."
            ),
        )
