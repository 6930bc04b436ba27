from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .common import ConnectorMixin

READERS = ("integration_support", "auditor", "administrator")
OTHERS = (
    "front_desk",
    "biller",
    "coder",
    "cash_poster",
    "denial_analyst",
    "collector",
    "payables",
    "approver",
    "finance_manager",
    "executive",
    "integration",
)
MODELS = ("rcm.event", "rcm.event.attempt", "rcm.event.type", "rcm.connector")


@tagged("post_install", "-at_install")
class TestSecurity(ConnectorMixin, TransactionCase):
    """Who may see and do what, role by role."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.users = {
            role: cls.make_user(f"role-{role}", role) for role in READERS + OTHERS
        }

    def test_readers_read_and_nobody_writes_events(self):
        event = self.receive(self.completed())
        for role in READERS:
            own = event.with_user(self.users[role])
            with self.subTest(role):
                self.assertEqual(own.state, "received")
                self.assertTrue(own.payload_shown)
                with self.assertRaises(AccessError):
                    own.write({"priority": 1})
                with self.assertRaises(AccessError):
                    own.unlink()
                with self.assertRaises(AccessError):
                    own.create({"external_id": "x"})

    def test_other_roles_see_nothing(self):
        self.receive(self.completed())
        for role in OTHERS:
            for model in MODELS:
                with (
                    self.subTest(role=role, model=model),
                    self.assertRaises(AccessError),
                ):
                    self.env[model].with_user(self.users[role]).search([]).mapped("id")

    def test_raw_payload_needs_clinical_data_beside_the_event(self):
        """It names the patient and says what was found: both rights, or nothing."""
        event = self.receive(self.completed())
        named = self.make_user("named", "integration_support", "patient_data")
        for user in (self.users["integration_support"], named):
            with self.assertRaises(AccessError):
                event.with_user(user).read(["payload"])
        both = self.make_user("both", "integration_support", "clinical")
        self.assertIn("Quillfeather", event.with_user(both).payload)

    def test_patient_is_not_in_what_support_reads(self):
        event = self.receive(self.completed())
        self.process()
        readable = event.with_user(self.users["integration_support"])
        hidden = ("payload", "canonical", "connector_id")
        names = [n for n in event._fields if n not in hidden]
        text = str(readable.read(names))
        for secret in ("Quillfeather", "Zacharias", "MEMBER-77", "1980-01-01"):
            self.assertNotIn(secret, text)

    def test_system_itself_cannot_change_what_was_received(self):
        event = self.receive(self.completed())
        for values in (
            {"payload": "{}"},
            {"payload_hash": "0"},
            {"state": "done"},
            {"external_id": "other"},
            {"business_key": "other"},
            {"error_message": ""},
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                event.sudo().write(values)

    def test_only_the_administrator_keeps_connectors(self):
        for role in ("integration_support", "auditor"):
            connector = self.connector.with_user(self.users[role])
            with self.subTest(role), self.assertRaises(AccessError):
                connector.write({"payload_limit_mib": 64})
        connector = self.connector.with_user(self.users["administrator"])
        connector.payload_limit_mib = 16
        self.assertEqual(self.connector.payload_limit_mib, 16)

    def test_support_pauses_and_resumes_but_changes_no_setting(self):
        connector = self.connector.with_user(self.users["integration_support"])
        connector.action_pause()
        self.assertEqual(self.connector.state, "paused")
        connector.action_resume()
        self.assertEqual(self.connector.state, "active")
        with self.assertRaises(AccessError):
            self.connector.with_user(self.users["auditor"]).action_pause()

    def test_other_company_sees_no_event_and_no_connector(self):
        event = self.receive(self.completed())
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        user = self.make_user("far", "integration_support")
        user.write({"company_ids": [(6, 0, elsewhere.ids)], "company_id": elsewhere.id})
        self.assertFalse(self.env["rcm.event"].with_user(user).search([]))
        self.assertFalse(self.env["rcm.connector"].with_user(user).search([]))
        self.assertFalse(self.env["rcm.event.attempt"].with_user(user).search([]))
        with self.assertRaises(AccessError):
            event.with_user(user).read(["state"])

    def test_facility_limits_what_a_person_sees(self):
        event = self.receive(self.completed())
        elsewhere = self.env["rcm.facility"].create(
            {"name": "Elsewhere", "code": "ELSE", "npi": "1245319599"}
        )
        user = self.users["integration_support"]
        user.rcm_facility_ids = elsewhere
        self.assertNotIn(event, self.env["rcm.event"].with_user(user).search([]))
        user.rcm_facility_ids = self.facility
        self.assertIn(event, self.env["rcm.event"].with_user(user).search([]))

    def test_service_user_must_be_one(self):
        with self.assertRaises(ValidationError):
            self.make_connector(self.users["biller"], "three")
        admin = self.make_user("too-much", "integration")
        admin.group_ids += self.env.ref("base.group_system")
        with self.assertRaises(ValidationError):
            self.make_connector(admin, "three")

    @mute_logger("odoo.sql_db")
    def test_service_user_serves_one_connector(self):
        with self.assertRaises(Exception) as caught, self.env.cr.savepoint():
            self.make_connector(self.service_user, "three")
        self.assertEqual(type(caught.exception).__name__, "UniqueViolation")

    def test_contract_in_use_is_not_changed(self):
        self.receive(self.submitted())
        kind = self.env["rcm.event.type"].search([("name", "=", "claim.submitted")])
        admin = self.users["administrator"]
        with self.assertRaises(UserError):
            kind.with_user(admin).schema = '{"type": "object"}'
        kind.with_user(admin).max_attempts = 3

    def test_new_version_starts_from_the_old(self):
        kind = self.env["rcm.event.type"].search([("name", "=", "claim.submitted")])
        admin = self.users["administrator"]
        action = kind.with_user(admin).action_new_version()
        copy = kind.browse(action["res_id"])
        self.assertEqual((copy.name, copy.version), (kind.name, 2))
        self.assertEqual(copy.schema, kind.schema)

    def test_unusable_contract_is_refused(self):
        Type = self.env["rcm.event.type"]
        good = {"name": "test.thing", "schema": '{"type": "object"}'}
        Type.create(good)
        for change in (
            {"schema": "{"},
            {"schema": '{"type": "string"}'},
            {"example": "[]"},
            {"handler_model": "res.users"},
            {"business_key_template": "nothing"},
        ):
            with self.subTest(change), self.assertRaises(ValidationError):
                Type.create({**good, "version": 2, **change})

    def test_shipped_examples_fit_their_schemas(self):
        kinds = self.env["rcm.event.type"].search([])
        self.assertGreaterEqual(len(kinds), 8)
        kinds._check_schema()


@tagged("post_install", "-at_install")
class TestKeyWizard(ConnectorMixin, TransactionCase):
    """Making and revoking keys."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.administrator = cls.make_user("key-admin", "administrator")

    def make(self, user):
        wizard = self.env["rcm.connector.key.wizard"].with_user(user)
        return wizard.create(
            {"connector_id": self.connector.id, "name": "EHR", "days": "90"}
        )

    def test_key_is_made_for_the_service_user_and_kept_nowhere(self):
        key = self.make(self.administrator).sudo()._rcm_make_key()
        entry = self.connector.key_ids
        self.assertEqual((entry.name, entry.state), ("EHR", "valid"))
        row = self.env["res.users.apikeys"].browse(entry.apikey_id)
        self.assertEqual((row.user_id, row.scope), (self.service_user, "rcm"))
        check = self.env["res.users.apikeys"]._check_credentials
        self.assertEqual(check(scope="rcm", key=key), self.service_user.id)
        self.assertFalse(check(scope="rpc", key=key))
        self.assertNotIn(key, str(entry.read()))

    def test_key_made_elsewhere_is_listed_too(self):
        self.make_key(self.service_user)
        self.make_key(self.service_user, scope="rpc")
        self.assertEqual(len(self.connector.key_ids), 1)
        user = self.make_user("svc-late", "integration")
        self.make_key(user)
        late = self.make_connector(user, "late")
        self.assertEqual(late.key_count, 1)
        self.env["res.users.apikeys"].search([("user_id", "=", user.id)]).unlink()
        self.assertEqual(late.key_ids.state, "revoked")

    def test_revoked_key_is_gone(self):
        key = self.make(self.administrator).sudo()._rcm_make_key()
        self.connector.key_ids.with_user(self.administrator).action_revoke()
        self.assertEqual(self.connector.key_ids.state, "revoked")
        check = self.env["res.users.apikeys"]._check_credentials
        self.assertFalse(check(scope="rcm", key=key))

    def test_others_make_and_revoke_no_key(self):
        support = self.make_user("key-support", "integration_support")
        with self.assertRaises(AccessError):
            self.make(support)
        with self.assertRaises(AccessError):
            self.connector.with_user(support).action_new_key()
        self.make(self.administrator).sudo()._rcm_make_key()
        with self.assertRaises(AccessError):
            self.connector.key_ids.with_user(support).action_revoke()

    def test_panel_checks_without_storing(self):
        panel = self.env["rcm.event.check"].with_user(self.administrator)
        kind = self.env["rcm.event.type"].search([("name", "=", "claim.submitted")])
        check = panel.new({"connector_id": self.connector.id})
        good = panel._rcm_example(kind)
        self.assertTrue(check._rcm_check(self.connector, good)[0])
        for bad in ("{", good.replace("claim.submitted", "no.such"), "5"):
            accepted, words = check._rcm_check(self.connector, bad)
            self.assertFalse(accepted)
            self.assertTrue(words)
        self.assertFalse(
            self.env["rcm.event"].search([("external_id", "like", "check-")])
        )
