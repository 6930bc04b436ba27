import json

from psycopg2 import Error

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from . import common_ground as ground


@tagged("post_install", "-at_install")
class TestAppend(TransactionCase):
    def append(self, **row):
        self.env["rcm.audit.log"]._rcm_append([{"event": "test.done", **row}])
        return self.env["rcm.audit.log"].search([], limit=1)

    def test_a_row_says_who_did_what(self):
        row = self.append(
            model="rcm.claim",
            res_id=7,
            record_name="R1",
            company_id=self.env.company.id,
            correlation_id="abc",
            changes={"state": ["draft", "validated"]},
            source="demo feed",
        )
        self.assertEqual(
            (row.event, row.model, row.res_id, row.record_name, row.source),
            ("test.done", "rcm.claim", 7, "R1", "demo feed"),
        )
        self.assertEqual(row.actor_uid, self.env.uid)
        self.assertEqual(row.actor_login, self.env.user.login)
        self.assertEqual(row.company_name, self.env.company.name)
        payload = self.env["rcm.audit.payload"].search([("log_id", "=", row.id)])
        self.assertEqual(payload.body, '{"state":["draft","validated"]}')
        self.env.cr.execute(
            "SELECT encode(sha256(convert_to(%s, 'UTF8')), 'hex')", [payload.body]
        )
        self.assertEqual(row.payload_hash, self.env.cr.fetchone()[0])

    def test_a_row_without_changes_has_no_detail(self):
        row = self.append()
        self.assertFalse(row.payload_hash)
        self.assertFalse(row._rcm_bodies())

    def test_actor_kinds(self):
        Log = self.env["rcm.audit.log"]
        for user, kind in (
            (self.env.ref("base.user_root"), "automation"),
            (ground.role_user(self.env, "biller"), "person"),
            (ground.role_user(self.env, "integration"), "integration"),
        ):
            with self.subTest(kind=kind):
                # sudo does not hide the person
                Log.with_user(user).sudo()._rcm_append([{"event": "test.kind"}])
                row = Log.search([], limit=1)
                self.assertEqual((row.actor_kind, row.actor_uid), (kind, user.id))

    def test_a_thousand_rows_are_one_statement(self):
        rows = [
            {"event": "test.many", "res_id": n + 1, "changes": {"n": [n, n + 1]}}
            for n in range(1000)
        ]
        self.append()  # who acts and who subscribed is known from here on
        with self.assertQueryCount(1):
            self.env["rcm.audit.log"]._rcm_append(rows)
        found = self.env["rcm.audit.log"].search([("event", "=", "test.many")])
        self.assertEqual(len(found), 1000)
        self.assertEqual(len(found._rcm_bodies()), 1000)

    def test_odd_characters_survive(self):
        changes = {"note": ['a"b\\c', "é € \u0000 \n '"]}
        row = self.append(changes=changes)
        self.assertEqual(row._rcm_bodies()[row.id], changes)

    def test_rows_go_with_the_transaction(self):
        before = self.env["rcm.audit.log"].search_count([])
        try:
            with self.env.cr.savepoint():
                self.append()
                raise AccessError(self.env._("undo"))
        except AccessError:
            self.assertEqual(self.env["rcm.audit.log"].search_count([]), before)


@tagged("post_install", "-at_install")
class TestAppendOnly(TransactionCase):
    """Tried with the application's own database user."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["rcm.audit.log"]._rcm_append(
            [{"event": "test.kept", "changes": {"a": [1, 2]}}]
        )
        cls.row = cls.env["rcm.audit.log"].search([], limit=1)
        cls.env["rcm.audit.seal"]._rcm_seal_block()
        cls.env["rcm.audit.log"]._rcm_append([{"event": "test.pending"}])

    def assertRefused(self, statement):
        with mute_logger("odoo.sql_db"), self.assertRaises(Error) as caught:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(statement)
        self.assertIn(caught.exception.pgcode, ("23001",), statement)

    def test_sql_is_refused(self):
        for statement in (
            "UPDATE rcm_audit_log SET actor_login = 'x'",
            f"UPDATE rcm_audit_log SET event = event WHERE id = {self.row.id}",
            "DELETE FROM rcm_audit_log",
            "TRUNCATE rcm_audit_log",
            "TRUNCATE rcm_audit_log CASCADE",
            "UPDATE rcm_audit_seal SET hash = 'x'",
            "DELETE FROM rcm_audit_seal",
            "TRUNCATE rcm_audit_seal",
            "UPDATE rcm_audit_payload SET body = '{}'",
            "DELETE FROM rcm_audit_payload",
            "TRUNCATE rcm_audit_payload",
            "UPDATE rcm_audit_pending SET log_id = -log_id",
            "DELETE FROM rcm_audit_pending",
            "TRUNCATE rcm_audit_pending",
            "INSERT INTO rcm_audit_pending (log_id) VALUES (-1)",
        ):
            with self.subTest(statement=statement):
                self.assertRefused(statement)

    def test_triggers_are_always_on(self):
        self.env.cr.execute(
            """SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger
                WHERE tgname LIKE 'rcm_audit%'"""
        )
        triggers = self.env.cr.fetchall()
        self.assertEqual(len(triggers), 12)
        self.assertFalse([row for row in triggers if row[2] != "A"])

    def test_the_orm_is_refused_with_all_rights(self):
        for model in ("rcm.audit.log", "rcm.audit.payload", "rcm.audit.seal"):
            record = self.env[model].sudo().search([], limit=1)
            with self.subTest(model=model):
                self.assertTrue(record)
                with self.assertRaises(AccessError):
                    self.env[model].sudo().create({})
                with self.assertRaises(AccessError):
                    record.write({})
                with self.assertRaises(AccessError):
                    record.unlink()

    def test_who_reads(self):
        for role in ground.ROLES:
            user = ground.role_user(self.env, role)
            may = role == "auditor"
            with self.subTest(role=role):
                Log = self.env["rcm.audit.log"].with_user(user)
                self.assertEqual(Log.has_access("read"), may)
                for mode in ("write", "create", "unlink"):
                    self.assertFalse(Log.has_access(mode))
                Payload = self.env["rcm.audit.payload"].with_user(user)
                self.assertFalse(Payload.has_access("read"))

    def test_auditors_see_their_companies_and_common_rows(self):
        auditor = ground.role_user(self.env, "auditor")
        other = self.env["res.company"].create({"name": "Other"})
        Log = self.env["rcm.audit.log"]
        Log._rcm_append(
            [
                {"event": "test.mine", "company_id": self.env.company.id},
                {"event": "test.theirs", "company_id": other.id},
                {"event": "test.common"},
            ]
        )
        seen = (
            Log.with_user(auditor).search([("event", "like", "test.%")]).mapped("event")
        )
        self.assertIn("test.mine", seen)
        self.assertIn("test.common", seen)
        self.assertNotIn("test.theirs", seen)


@tagged("post_install", "-at_install")
class TestEmit(TransactionCase):
    def test_masked_fields_say_only_that_they_changed(self):
        case = ground.make_case(self.env)
        Model = self.registry["rcm.exception.case"]
        self.patch(Model, "_rcm_audit_masked", ("message",))
        case._rcm_emit(
            "test.masked",
            changes={
                "message": ["CANARY-1", "CANARY-2"],
                "first_name": ["CANARY-3", "CANARY-4"],
                "state": ["open", "resolved"],
                "nested": [None, {"member_id": "CANARY-5", "code": "99213"}],
            },
        )
        row = ground.audit_rows(self.env, case, "test.masked")
        text = json.dumps(row._rcm_bodies())
        self.assertNotIn("CANARY", text)
        body = row._rcm_bodies()[row.id]
        self.assertEqual(body["message"], "changed")
        self.assertEqual(body["state"], ["open", "resolved"])
        self.assertEqual(body["nested"][1]["code"], "99213")

    def test_fields_behind_a_group_are_masked(self):
        user = self.env["res.users"]
        self.assertTrue(user._fields["active"].groups is None)
        grouped = next(
            name
            for name, field in self.env["rcm.exception.case"]._fields.items()
            if field.groups
        )
        case = ground.make_case(self.env)
        case._rcm_emit("test.grouped", changes={grouped: ["CANARY", "CANARY"]})
        row = ground.audit_rows(self.env, case, "test.grouped")
        self.assertEqual(row._rcm_bodies()[row.id], {grouped: "changed"})

    def test_set_up_changes_are_logged_by_themselves(self):
        queue = self.env["rcm.exception.queue"].create({"name": "Q", "code": "q"})
        queue.assignment = "manual"
        queue.assignment = "manual"
        queue_id = queue.id
        queue.unlink()
        rows = self.env["rcm.audit.log"].search(
            [("model", "=", "rcm.exception.queue"), ("res_id", "=", queue_id)],
            order="id",
        )
        self.assertEqual(
            rows.mapped("event"),
            [
                "rcm.exception.queue.created",
                "rcm.exception.queue.changed",
                "rcm.exception.queue.deleted",
            ],
        )
        self.assertEqual(
            rows._rcm_bodies()[rows[1].id], {"assignment": ["least_loaded", "manual"]}
        )

    def test_one_row_per_record_in_one_insert(self):
        cases = ground.make_case(self.env) | ground.make_case(self.env, "T2", res_id=2)
        cases.mapped("display_name")
        cases._rcm_emit("test.both", changes_by_id={cases[0].id: {"state": ["a", "b"]}})
        rows = ground.audit_rows(self.env, cases, "test.both")
        self.assertEqual(rows.mapped("record_name"), ["T1", "T2"])
        self.assertEqual(len(rows._rcm_bodies()), 1)
