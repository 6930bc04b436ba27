from odoo.tests import TransactionCase

from .common import ConnectorMixin


class WebhookCase(ConnectorMixin, TransactionCase):
    """A change that is told, and somebody on this machine who wants to know."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.webhooks = cls.env["rcm.webhook"]
        cls.deliveries = cls.env["rcm.delivery"]

    def subscribe(self, receiver, patterns="claim.*", **vals):
        webhook = self.webhooks.create(
            {
                "name": "Receiver",
                "url": receiver.url,
                "private_allowed": True,
                "patterns": patterns,
                "company_id": self.company.id,
                **vals,
            }
        )
        secret = self.env["rcm.secret"]._rcm_rotate(webhook)
        return webhook, secret

    def tell(self, event="claim.cleared", **row):
        """Log a change, as every step does."""
        row = {
            "event": event,
            "model": "rcm.payer",
            "res_id": self.payer.id,
            "record_name": self.payer.name,
            "company_id": self.company.id,
            "correlation_id": "thread-1",
            "changes": {
                "state": ["validated", "cleared"],
                "name": ["a", "Secret Name"],
            },
            **row,
        }
        self.env["rcm.audit.log"]._rcm_append([row])

    def deliver(self):
        self.deliveries._cron_deliver()
        self.env.invalidate_all()

    def of(self, webhook):
        return self.deliveries.search([("webhook_id", "=", webhook.id)], order="id")
