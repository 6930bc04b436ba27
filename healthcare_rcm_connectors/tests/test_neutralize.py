from unittest.mock import patch

from odoo.tests import TransactionCase, tagged
from odoo.tools import file_open

from ..models.adapters.rcm_adapter_http_json import RcmAdapterHttpJson
from .common import ConnectorMixin
from .receiver import Receiver

PATH = "healthcare_rcm_connectors/data/neutralize.sql"


@tagged("post_install", "-at_install")
class TestNeutralize(ConnectorMixin, TransactionCase):
    """A copied database talks to nobody and takes nothing from real systems."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.make_key(cls.service_user)
        cls.monitor = cls.env["rcm.monitor"].create({"name": "Scraper"})
        cls.pull = cls.env["rcm.connector.pull"].create(
            {
                "name": "Gateway",
                "connector_id": cls.connector.id,
                "address": "https://gateway.example.com/status",
            }
        )

    def neutralize(self):
        self.env.flush_all()
        with file_open(PATH) as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()

    def asked(self):
        """Whether the scheduled action asks a source."""
        self.pull._rcm_write({"next_at": False})
        answer = [], "", False
        with patch.object(RcmAdapterHttpJson, "_rcm_poll", return_value=answer) as poll:
            self.env["rcm.connector.pull"]._cron_pull()
        self.env.invalidate_all()
        return poll.called

    def test_connectors_and_keys_are_off(self):
        self.connector.state = "down"
        self.neutralize()
        self.assertEqual(self.connector.state, "disabled")
        self.assertFalse(
            self.env["res.users.apikeys"].search([("scope", "=", "rcm")]),
        )
        self.assertEqual(self.connector.key_ids.state, "revoked")

    def test_no_secret_and_no_token_is_left(self):
        token = self.monitor._rcm_rotate()
        secrets = self.env["rcm.secret"]
        secrets._rcm_rotate(self.connector)
        secrets._rcm_keep(self.pull, "what the source gave us")
        self.assertTrue(self.monitor._rcm_find(token, "127.0.0.1"))
        self.neutralize()
        self.assertFalse(self.monitor._rcm_find(token, "127.0.0.1"))
        self.env.cr.execute("SELECT count(*) FROM rcm_secret WHERE secret IS NOT NULL")
        self.assertEqual(self.env.cr.fetchone(), (0,))
        self.env.cr.execute(
            "SELECT count(*) FROM rcm_monitor"
            " WHERE token_hash IS NOT NULL OR previous_hash IS NOT NULL"
        )
        self.assertEqual(self.env.cr.fetchone(), (0,))

    def test_nothing_is_sent_and_nobody_is_asked(self):
        with Receiver(*[(200, {})] * 3) as receiver:
            webhook = self.env["rcm.webhook"].create(
                {
                    "name": "Receiver",
                    "url": receiver.url,
                    "private_allowed": True,
                    "patterns": "thing.*",
                }
            )
            self.env["rcm.secret"]._rcm_rotate(webhook)
            row = {"event": "thing.done", "company_id": self.company.id}
            self.env["rcm.audit.log"]._rcm_append([row])
            waiting = self.env["rcm.delivery"].search([("webhook_id", "=", webhook.id)])
            self.assertEqual(waiting.state, "pending")
            self.assertTrue(self.asked())
            self.neutralize()
            self.env["rcm.audit.log"]._rcm_append([row])
            self.env["rcm.delivery"]._cron_deliver()
            self.assertFalse(self.asked())
            self.assertEqual(receiver.got, [])
        self.assertEqual((webhook.state, waiting.state), ("paused", "cancelled"))
        self.assertFalse(self.pull.active)

    def test_what_waits_in_the_inbox_stays_where_it_is(self):
        event = self.receive(self.submitted())
        self.neutralize()
        self.process()
        self.assertEqual(event.state, "received")
