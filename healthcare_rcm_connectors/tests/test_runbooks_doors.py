"""Runbooks of the doors, followed at the doors; the pages that show them."""

from odoo.tests import HttpCase, tagged

from ..models import rcm_auth_failure
from .runbook_common import FOLDER, RunbookMixin


@tagged("post_install", "-at_install")
class TestRunbooksAtTheDoors(RunbookMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_runbook_world()

    def setUp(self):
        super().setUp()
        self.forget_the_doors()

    def status(self, key):
        response = self.url_open(
            "/rcm/v1/events/none", headers={"Authorization": f"Bearer {key}"}
        )
        self.env.invalidate_all()
        return response.status_code

    def new_key(self):
        wizard = self.env["rcm.connector.key.wizard"].with_user(self.admin)
        made = wizard.create({"connector_id": self.connector.id, "name": "Next"})
        return made.sudo()._rcm_make_key()

    def test_key_expiry(self):
        old = self.make_key(self.service_user, days=3)
        self.connector._rcm_list_keys()
        first = self.connector.key_ids
        keys = {}

        def make():
            keys["new"] = self.new_key()

        def use():
            self.assertEqual(self.status(keys["new"]), 404)
            self.assertEqual(self.status(old), 404, "both hold meanwhile")

        self.follow(
            "key-expiry",
            ("**New API Key**", make),
            ("safe way", None),
            ("*Last Use*", use),
            ("**Revoke**", lambda: self.as_admin(first).action_revoke()),
        )
        self.assertEqual(self.status(old), 401)
        self.assertEqual(self.status(keys["new"]), 404)

    def test_door_lockout(self):
        old = self.make_key(self.service_user)
        self.connector._rcm_list_keys()
        first = self.connector.key_ids
        failures = self.env["rcm.auth.failure"]
        for _number in range(rcm_auth_failure.LOCK_FAILURES):
            failures._rcm_note("127.0.0.1", "key")
        self.assertEqual(self.status(old), 429)
        keys = {}

        def let_in():
            keys["new"] = self.new_key()
            found = failures.search([("locked", "=", True)])
            self.as_support(found).action_let_in_again()
            self.assertEqual(self.status(keys["new"]), 404)

        def networks():
            self.as_admin(self.connector).allowed_networks = "127.0.0.0/8"
            self.assertEqual(self.status(keys["new"]), 404)

        def revoke():
            self.as_admin(first).action_revoke()
            self.assertEqual(self.status(old), 401)

        self.follow(
            "door-lockout",
            (
                "**Failed Sign-Ins**",
                lambda: self.assertEqual(failures.search([]).address, "127.0.0.1"),
            ),
            ("old key or secret", None),
            ("**Let In Again**", let_in),
            ("*Allowed Networks*", networks),
            ("**Revoke**", revoke),
        )

    # ------------------------------------------------------------------
    # The pages
    # ------------------------------------------------------------------
    def test_runbooks_are_shown_to_people_with_a_role(self):
        self.authenticate("run-support", "run-support-password")
        for path in FOLDER.glob("*.md"):
            response = self.url_open(f"/rcm/runbooks/{path.stem}")
            self.assertEqual(response.status_code, 200, path.stem)
            self.assertIn("<ol><li>", response.text)
            policy = response.headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
        for name in ("nothing", "..%2f..%2fmodels", "Event-Schema"):
            self.assertEqual(self.url_open(f"/rcm/runbooks/{name}").status_code, 404)

    def test_outsiders_read_none(self):
        self.env["res.users"].create(
            {
                "name": "Plain",
                "login": "plain-employee",
                "password": "plain-employee-password",
                "group_ids": [(6, 0, self.env.ref("base.group_user").ids)],
            }
        )
        self.authenticate("plain-employee", "plain-employee-password")
        self.assertEqual(self.url_open("/rcm/runbooks/event-failed").status_code, 403)
        self.assertEqual(self.url_open("/rcm/docs").status_code, 403)

    def test_the_interface_is_a_page_for_support_and_for_a_sender(self):
        self.authenticate("run-support", "run-support-password")
        everything = self.url_open("/rcm/docs")
        self.assertEqual(everything.status_code, 200)
        for words in ("encounter.completed.v1", "/rcm/v1/jsonrpc", "too-many-requests"):
            self.assertIn(words, everything.text)
        for outside in ("http://", "https://fonts", "<script", "src=", "cdn"):
            self.assertNotIn(outside, everything.text.replace("http://json-schema", ""))
        self.connector.event_type_ids = self.connector.event_type_ids.filtered(
            lambda kind: kind.name == "claim.submitted"
        )
        own = self.url_open(f"/rcm/docs?connector={self.connector.id}&download=1")
        self.assertNotIn("encounter.completed.v1", own.text)
        self.assertIn("attachment", own.headers["Content-Disposition"])
        for wrong in ("x", "0", "99999999999999999999"):
            answer = self.url_open(f"/rcm/docs?connector={wrong}")
            self.assertEqual(answer.status_code, 404)
        self.logout()
        key = self.make_key(self.service_user)
        sender = self.url_open(
            "/rcm/v1/docs", headers={"Authorization": f"Bearer {key}"}
        )
        self.assertEqual(sender.status_code, 200)
        self.assertIn("claim.submitted.v1", sender.text)
        self.assertNotIn("encounter.completed.v1", sender.text)
