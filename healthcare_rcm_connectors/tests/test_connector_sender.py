from datetime import datetime, timedelta
from types import SimpleNamespace
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.tests import BaseCase, TransactionCase, tagged
from odoo.tools.misc import mute_logger

from odoo.addons.healthcare_rcm_base.tools.caches import forget

from ..models import ir_http
from ..protocol.sender import Sender
from .common import ConnectorMixin
from .door_common import SignedCase

NOW = datetime(2026, 11, 2, 10, 30)
HOUR = timedelta(hours=1)


def sender(**values):
    """A sender that may everything."""
    plain = {
        "id": 1, "code": "one", "company_id": 1, "user_id": 2, "is_integration": True,
        "lang": "en_US", "state": "active", "networks": (), "payload_limit": 100,
        "rate_limit": 100, "queue_limit": 100, "history": False,
        "type_ids": frozenset(), "facility_ids": frozenset(),
    }  # fmt: skip
    return Sender(**{**plain, **values})


@tagged("post_install", "-at_install")
class TestSender(BaseCase):
    def test_secrets_hold_until_they_are_over(self):
        secrets = (("new", None), ("old", NOW + HOUR))
        one = sender(secrets=secrets)
        self.assertEqual(one.secrets_at(NOW), ["new", "old"])
        self.assertEqual(one.secrets_at(NOW + HOUR), ["new"])

    def test_no_text_of_it_shows_a_secret(self):
        self.assertNotIn("whsec", repr(sender(secrets=(("whsec_x", None),))))


@tagged("post_install", "-at_install")
class TestRemembered(ConnectorMixin, TransactionCase):
    """What was read before a change was told is not used after it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.env["rcm.secret"]._rcm_rotate(cls.connector)

    def find(self, sequence=1):
        self.env.flush_all()
        model = self.env["rcm.connector"]
        return model._rcm_find_sender(sequence, sender_id=self.connector.sender_id)

    def test_it_says_what_the_connector_says(self):
        found = self.find()
        self.assertEqual(found.id, self.connector.id)
        self.assertEqual(found.user_id, self.service_user.id)
        self.assertEqual(found.type_ids, set(self.connector.event_type_ids.ids))
        self.assertEqual(len(found.secrets_at(datetime.now())), 1)
        by_user = self.env["rcm.connector"]._rcm_find_sender(
            1, user_id=self.service_user.id
        )
        self.assertIs(by_user, found, "remembered, not read again")

    def test_what_others_changed_is_read_after_they_told(self):
        self.assertEqual(self.find().state, "active")
        self.env.cr.execute(  # as another process does it
            "UPDATE rcm_connector SET state = 'disabled' WHERE id = %s",
            [self.connector.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.find().state, "active", "nobody told")
        self.assertEqual(self.find(sequence=2).state, "disabled")

    def test_every_change_of_it_is_seen_at_once(self):
        for values in (
            {"state": "paused"},
            {"rate_limit_per_minute": 7},
            {"queue_limit": 8},
            {"payload_limit_mib": 2},
            {"allowed_networks": "203.0.113.0/24"},
            {"flow": "history"},
            {"event_type_ids": [(5,)]},
            {"facility_ids": [(4, self.facility.id)]},
        ):
            with self.subTest(values):
                before = self.find()
                self.connector.write(values)
                self.assertNotEqual(self.find(), before)

    def test_an_archived_connector_is_nobody(self):
        self.assertTrue(self.find())
        self.connector.active = False
        self.assertIsNone(self.find())

    def test_a_user_without_the_role_is_no_sender(self):
        self.assertTrue(self.find().is_integration)
        self.service_user.active = False
        self.assertFalse(self.find().is_integration)

    def test_secrets_come_and_go_at_once(self):
        before = self.find().secrets_at(datetime.now())
        made = self.env["rcm.secret"]._rcm_rotate(self.connector)
        self.assertEqual(self.find().secrets_at(datetime.now()), [made, *before])
        self.env["rcm.secret"]._rcm_revoke_of(self.connector)
        self.assertFalse(self.find().secrets_at(datetime.now()))

    def test_facilities_by_code_follow_their_changes(self):
        ids = self.env["rcm.facility"]._rcm_ids_by_code
        company = self.company.id
        self.assertEqual(ids(company)["TCLINIC"], self.facility.id)
        self.facility.code = "TMOVED"
        self.assertNotIn("TCLINIC", ids(company))
        self.facility.active = False
        self.assertNotIn("TMOVED", ids(company))

    def test_it_is_forgotten_again_when_the_change_is_committed(self):
        """A request between the change and its commit reads, and keeps, the old."""
        registry = self.env.registry
        self.env.cr.postcommit.clear()
        forget(self.env)
        forget(self.env)
        with (
            patch.object(registry, "ready", True),
            patch.object(registry, "clear_cache") as cleared,
            patch.object(registry, "signal_changes") as told,
        ):
            self.env.cr.postcommit.run()
        self.assertEqual((cleared.call_count, told.call_count), (1, 1))


@tagged("post_install", "-at_install")
class TestForgottenAtTheDoor(SignedCase):
    """Over HTTP: what the doors remember never outlives what an administrator does."""

    def setUp(self):
        super().setUp()
        self.assertEqual(self.send(self.submitted()).status_code, 202)

    def status(self, **options):
        return self.send(self.submitted(), **options).status_code

    def test_a_revoked_secret_opens_nothing_more(self):
        self.connector.action_revoke_secrets()
        self.assertEqual(self.status(), 401)

    def test_a_new_secret_opens_at_once(self):
        secret = self.env["rcm.secret"]._rcm_rotate(self.connector)
        self.assertEqual(self.status(secret=secret), 202)

    def test_switching_off_and_archiving(self):
        self.connector.action_disable()
        self.assertEqual(self.status(), 403)
        self.connector.active = False
        self.assertEqual(self.status(), 401)

    def test_a_service_user_that_was_archived(self):
        self.service_user.active = False
        self.assertEqual(self.status(), 403)

    def test_a_type_that_was_taken_away(self):
        self.connector.event_type_ids = [(5,)]
        self.assertEqual(self.status(), 403)

    def test_a_contract_that_was_changed(self):
        kind = self.env["rcm.event.type"].search([("name", "=", "claim.submitted")])
        schema = kind.schema.replace('"maxLength": 20', '"maxLength": 3')
        kind.write({"schema": schema, "example": False})
        self.assertEqual(self.status(), 422)


@tagged("post_install", "-at_install")
class TestNotedUse(ConnectorMixin, TransactionCase):
    """The use of a key or secret is noted after the request, once a minute."""

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.dict(ir_http._noted, clear=True))
        self.env.cr.postcommit.clear()
        request = SimpleNamespace(env=self.env, registry=self.env.registry)
        self.startPatcher(patch.object(ir_http, "request", request))
        self.startPatcher(
            patch.object(type(self.env.registry), "cursor", lambda _self: self.cursor())
        )
        self.touched = []
        touch = lambda _self, res_id: self.touched.append(res_id)  # noqa: E731
        self.startPatcher(
            patch.object(type(self.env["rcm.secret"]), "_rcm_touch", touch)
        )

    def use(self, res_id=1):
        ir_http._note_use("rcm.secret", res_id)
        self.env.cr.postcommit.run()

    def cursor(self):
        class Cursor:
            """The request's own, which stays open."""

            def __enter__(_self):
                return self.env.cr

            def __exit__(_self, *_exc):
                return False

        return Cursor()

    def test_once_a_minute_for_each(self):
        for _time in range(3):
            self.use(1)
        self.use(2)
        self.assertEqual(self.touched, [1, 2])

    def test_not_for_a_request_that_was_undone(self):
        ir_http._note_use("rcm.secret", 1)
        self.env.cr.postcommit.clear()
        self.use(1)
        self.assertEqual(self.touched, [1])

    @mute_logger("odoo.sql_db")
    def test_another_process_that_noted_the_same_is_no_failure(self):
        def clash(_self, _res_id):
            raise SerializationFailure("could not serialize access")

        model = type(self.env["rcm.secret"])
        with patch.object(model, "_rcm_touch", clash):
            self.use()
