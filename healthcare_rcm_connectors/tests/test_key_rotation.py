"""A key is replaced while events come in: no valid request is refused meanwhile."""

import json

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import ConnectorMixin

EVENTS = "/rcm/v1/events"


@tagged("post_install", "-at_install")
class TestKeyRotation(ConnectorMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.administrator = cls.make_user("rotation-admin", "administrator")

    def setUp(self):
        super().setUp()
        self.forget_the_doors()

    def make(self, name):
        """A key as the administrator makes one in the dialog."""
        wizard = self.env["rcm.connector.key.wizard"].with_user(self.administrator)
        wizard = wizard.create({"connector_id": self.connector.id, "name": name})
        key = wizard.sudo()._rcm_make_key()
        return key, self.connector.key_ids.filtered(lambda item: item.name == name)

    def send(self, key):
        """The status of one event, sent with ``key``."""
        return self.url_open(
            EVENTS,
            data=json.dumps(self.submitted()).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {key}",
            },
        ).status_code

    @mute_logger("odoo.http")
    def test_old_and_new_work_side_by_side_until_the_old_is_revoked(self):
        old, old_entry = self.make("before")
        self.assertEqual(self.send(old), 202)
        new, new_entry = self.make("after")
        for _round in range(5):
            self.assertEqual([self.send(old), self.send(new)], [202, 202])
        old_entry.with_user(self.administrator).action_revoke()
        for _round in range(5):
            self.assertEqual([self.send(old), self.send(new)], [401, 202])
        self.assertEqual(
            (old_entry.state, new_entry.state, self.connector.key_count),
            ("revoked", "valid", 1),
        )

    @mute_logger("odoo.http")
    def test_an_expired_key_stops_by_itself(self):
        old, entry = self.make("old")
        new, _entry = self.make("new")
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET expiration_date = now() - interval '1 hour'"
            " WHERE id = %s",
            [entry.apikey_id],
        )
        self.assertEqual([self.send(old), self.send(new)], [401, 202])

    def test_each_step_is_in_the_log_without_a_key(self):
        keys = [self.make(name) for name in ("first", "second")]
        keys[0][1].with_user(self.administrator).action_revoke()
        entries = keys[0][1] | keys[1][1]
        rows = self.env["rcm.audit.log"].search(
            [("model", "=", entries._name), ("res_id", "in", entries.ids)]
        )
        events = sorted(rows.mapped("event"))
        self.assertEqual(events.count("rcm.connector.key.created"), 2)
        self.assertEqual(events.count("rcm.connector.key.changed"), 1)
        text = str(rows.read()) + str(rows._rcm_bodies())
        for key, _entry in keys:
            self.assertNotIn(key, text)
            self.assertNotIn(key[:8], text)
