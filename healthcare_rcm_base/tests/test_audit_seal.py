import random

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from . import common_ground as ground
from . import tampering


class SealCase(TransactionCase):
    """A log with some blocks; tampering needs the triggers switched off."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Seal = cls.env["rcm.audit.seal"]
        cls.Verification = cls.env["rcm.audit.verification"]
        while cls.Seal._rcm_seal_block():
            pass
        cls.first_block = (cls.Seal._rcm_head() or {"position": 0})["position"]

    def fill(self, count=40, block=10):
        """Append ``count`` rows and seal them in blocks; return their ids."""
        self.env["rcm.audit.log"]._rcm_append(
            [
                {
                    "event": "test.sealed",
                    "model": "rcm.claim",
                    "res_id": number + 1,
                    "changes": {"n": [number, number + 1]},
                }
                for number in range(count)
            ]
        )
        ids = self.env["rcm.audit.log"].search([], limit=count).ids[::-1]
        while self.Seal._rcm_seal_block(block):
            pass
        return ids

    def tamper(self, statement, *values):
        """What the owner of the tables can do."""
        tables = ("rcm_audit_log", "rcm_audit_seal", "rcm_audit_payload")
        for table in (*tables, "rcm_audit_pending"):
            self.env.cr.execute(
                SQL("ALTER TABLE %s DISABLE TRIGGER USER", SQL.identifier(table))
            )
        self.env.cr.execute(statement, values)
        self.assertTrue(self.env.cr.rowcount, "nothing was tampered with")
        self.env.invalidate_all()

    def found(self, **options):
        """Return {(code, place)} of the errors of a verification."""
        outcome = self.Verification._rcm_verify(**options)
        errors = {(f.code, f.location) for f in outcome["findings"] if f.is_error}
        self.assertEqual(outcome["ok"], not errors)
        return errors


@tagged("post_install", "-at_install")
class TestSeal(SealCase):
    def test_blocks_are_numbered_and_chained(self):
        self.fill(25, 10)
        blocks = self.Seal.search(
            [("position", ">", self.first_block)], order="position"
        )
        self.assertEqual(blocks.mapped("row_count"), [10, 10, 5])
        self.assertEqual(
            blocks.mapped("position"),
            [self.first_block + n for n in (1, 2, 3)],
        )
        self.assertEqual(blocks[1].prev_hash, blocks[0].hash)
        self.assertEqual(blocks[2].prev_hash, blocks[1].hash)
        self.assertEqual(self.found(), set())

    def test_nothing_waiting_makes_no_block(self):
        self.assertEqual(self.Seal._rcm_seal_block(), 0)

    def test_rows_are_sealed_once_and_shown_on_the_row(self):
        ids = self.fill(3)
        row = self.env["rcm.audit.log"].browse(ids[0])
        self.assertEqual(row.seal_position, self.first_block + 1)
        self.env["rcm.audit.log"]._rcm_append([{"event": "test.waits"}])
        waiting = self.env["rcm.audit.log"].search([], limit=1)
        self.assertEqual(waiting.seal_position, 0)

    def test_the_scheduled_action_seals_everything(self):
        self.env["rcm.audit.log"]._rcm_append([{"event": "test.cron"}] * 5)
        cron = self.env.ref("healthcare_rcm_base.cron_seal_audit_log")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.cr.execute("SELECT count(*) FROM rcm_audit_pending")
        self.assertEqual(self.env.cr.fetchone()[0], 0)


@tagged("post_install", "-at_install")
class TestFirstVersion(SealCase):
    """Blocks sealed by the first rules still verify by them."""

    def setUp(self):
        super().setUp()
        self.ids = self.fill(20)
        # as the first version wrote them
        self.tamper(
            """UPDATE rcm_audit_seal s SET version = 1, rows_hash = NULL,
                      details_hash = NULL, detail_count = NULL, digests = (
                        SELECT string_agg(sha256(convert_to(jsonb_build_array(
                               l.id, l.logged_at, l.event, l.model, l.res_id,
                               l.record_name, l.company_id, l.correlation_id,
                               l.actor_uid, l.actor_login, l.actor_kind, l.source,
                               l.payload_hash)::text, 'UTF8')), ''::bytea ORDER BY l.id)
                          FROM rcm_audit_log l WHERE l.id = ANY(s.ids))
                WHERE position > %s""",
            self.first_block,
        )
        prev = self.Seal.search([("position", "=", self.first_block)]).hash or "0" * 64
        for block in self.Seal.search(
            [("position", ">", self.first_block)], order="position"
        ):
            self.tamper(
                """UPDATE rcm_audit_seal s SET prev_hash = %s, hash = encode(sha256(
                       convert_to(concat_ws('|', s.version, s.position,
                           to_jsonb(s.sealed_at)::text, %s,
                           array_to_string(s.ids, ',')),
                       'UTF8') || s.digests), 'hex') WHERE position = %s""",
                prev,
                prev,
                block.position,
            )
            block.invalidate_recordset()
            prev = block.hash
        tampering.rearm(self.env.cr)

    def test_they_verify_and_are_followed_by_new_ones(self):
        self.assertEqual(self.found(), set())
        self.fill(5)
        self.assertEqual(self.Seal.search([], limit=1).version, 2)
        self.assertEqual(self.found(), set())

    def test_their_rows_and_details_are_still_named(self):
        for statement, code in (
            ("UPDATE rcm_audit_log SET event = 'x' WHERE id = %s", "row_changed"),
            ("DELETE FROM rcm_audit_log WHERE id = %s", "row_missing"),
            (
                "UPDATE rcm_audit_payload SET body = '{}' WHERE log_id = %s",
                "detail_changed",
            ),
            ("DELETE FROM rcm_audit_payload WHERE log_id = %s", "detail_missing"),
        ):
            with self.subTest(code=code), self.env.cr.savepoint() as point:
                self.tamper(statement, self.ids[4])
                self.assertIn((code, f"row {self.ids[4]}"), self.found())
                point.rollback()


@tagged("post_install", "-at_install")
class TestTampering(SealCase):
    def setUp(self):
        super().setUp()
        self.ids = self.fill()
        self.assertEqual(self.found(), set())
        self.head = self.Seal._rcm_head()

    def test_a_changed_row_is_named(self):
        id_ = self.ids[17]
        for statement in (
            "UPDATE rcm_audit_log SET actor_login = 'somebody' WHERE id = %s",
            "UPDATE rcm_audit_log SET logged_at = logged_at - interval '1 microsecond'"
            " WHERE id = %s",
            "UPDATE rcm_audit_log SET payload_hash = NULL WHERE id = %s",
        ):
            with self.subTest(statement=statement), self.env.cr.savepoint() as point:
                self.tamper(statement, id_)
                self.assertIn(("row_changed", f"row {id_}"), self.found(details=False))
                point.rollback()

    def test_a_deleted_row_is_named(self):
        self.tamper("DELETE FROM rcm_audit_log WHERE id = %s", self.ids[3])
        self.assertIn(("row_missing", f"row {self.ids[3]}"), self.found())

    def test_an_inserted_row_is_named(self):
        self.tamper(
            """INSERT INTO rcm_audit_log (id, logged_at, event)
               VALUES (-5, now(), 'test.forged')"""
        )
        self.tamper(
            """INSERT INTO rcm_audit_log (id, logged_at, event)
               VALUES (%s, now(), 'test.forged')""",
            self.ids[-1] + 1000,
        )
        found = self.found()
        self.assertIn(("row_inserted", f"row {self.ids[-1] + 1000}"), found)
        self.assertIn(("row_inserted", "row -5"), found)

    def test_swapped_rows_are_named(self):
        one, two = self.ids[4], self.ids[30]
        self.tamper("UPDATE rcm_audit_log SET id = -1 WHERE id = %s", one)
        self.tamper("UPDATE rcm_audit_log SET id = %s WHERE id = %s", one, two)
        self.tamper("UPDATE rcm_audit_log SET id = %s WHERE id = -1", two)
        self.assertLessEqual(
            {("row_changed", f"row {one}"), ("row_changed", f"row {two}")}, self.found()
        )

    def test_a_changed_detail_is_named(self):
        self.tamper(
            "UPDATE rcm_audit_payload SET body = '{}' WHERE log_id = %s", self.ids[5]
        )
        self.assertEqual(self.found(), {("detail_changed", f"row {self.ids[5]}")})
        self.assertEqual(self.found(details=False), set())

    def test_a_deleted_detail_is_named(self):
        self.tamper("DELETE FROM rcm_audit_payload WHERE log_id = %s", self.ids[6])
        self.assertEqual(self.found(), {("detail_missing", f"row {self.ids[6]}")})

    def test_an_added_detail_is_named(self):
        self.env["rcm.audit.log"]._rcm_append([{"event": "test.bare"}])
        bare = self.env["rcm.audit.log"].search([], limit=1)
        self.tamper(
            "INSERT INTO rcm_audit_payload (log_id, body) VALUES (%s, '{}')", bare.id
        )
        self.assertIn(("detail_changed", f"row {bare.id}"), self.found())

    def test_a_row_lost_before_its_seal_is_named(self):
        self.env["rcm.audit.log"]._rcm_append([{"event": "test.lost"}])
        lost = self.env["rcm.audit.log"].search([], limit=1).id
        self.tamper("DELETE FROM rcm_audit_log WHERE id = %s", lost)
        self.Seal._rcm_seal_block()
        self.assertIn(("row_missing", f"row {lost}"), self.found())

    def test_a_changed_block_is_named(self):
        place = self.first_block + 2
        self.tamper(
            "UPDATE rcm_audit_seal SET digests = digests || '\\x00' "
            "WHERE position = %s",
            place,
        )
        self.assertIn(("block_changed", f"block {place}"), self.found())

    def test_a_missing_block_is_named(self):
        place = self.first_block + 2
        self.tamper("DELETE FROM rcm_audit_seal WHERE position = %s", place)
        found = self.found()
        self.assertIn(("block_missing", f"block {place}"), found)
        self.assertIn(("chain_broken", f"block {place + 1}"), found)

    def test_a_cut_tail_needs_the_exported_head(self):
        last = self.ids[-10:]
        self.tamper("DELETE FROM rcm_audit_payload WHERE log_id = ANY(%s)", last)
        self.tamper("DELETE FROM rcm_audit_log WHERE id = ANY(%s)", last)
        self.tamper(
            "DELETE FROM rcm_audit_seal WHERE position = %s", self.head["position"]
        )
        self.assertEqual(self.found(), set(), "the chain itself looks whole")
        self.assertEqual(
            self.found(witness=self.head),
            {("tail_cut", f"block {self.head['position']}")},
        )

    def test_a_rebuilt_chain_needs_the_exported_head(self):
        self.tamper("DELETE FROM rcm_audit_seal")
        self.tamper(
            "UPDATE rcm_audit_log SET actor_login = 'x' WHERE event LIKE 'test%%'"
        )
        self.tamper(
            "INSERT INTO rcm_audit_pending (log_id) SELECT id FROM rcm_audit_log"
        )
        while self.Seal._rcm_seal_block(10):
            pass
        self.assertEqual(self.found(), set())
        codes = {code for code, _place in self.found(witness=self.head)}
        self.assertIn(codes.pop(), ("chain_rebuilt", "tail_cut"))

    def test_random_tampering_is_always_found(self):
        """The short form; ./setup/bench audit does a thousand."""
        seed = random.randrange(10**9)
        tamperer = tampering.Tamperer(self.env, self.ids, seed)
        tampering.disarm(self.env.cr)
        for turn in range(60):
            with self.env.cr.savepoint() as point:
                done = tamperer.tamper(tampering.KINDS[turn % 5])
                with self.subTest(seed=seed, turn=turn, done=done):
                    self.assertTrue(self.found(witness=self.head))
                point.rollback()
        self.env.invalidate_all()
        self.assertEqual(self.found(witness=self.head), set())

    def test_a_broken_log_opens_one_case(self):
        self.tamper("DELETE FROM rcm_audit_log WHERE id = %s", self.ids[3])
        for _time in range(2):
            self.Verification._cron_verify()
        case = self.env["rcm.exception.case"].search(
            [("type_code", "=", "audit_broken")]
        )
        self.assertEqual(len(case), 1)
        self.assertEqual(case.occurrence_count, 2)
        self.assertIn(f"row {self.ids[3]}", case.message)


@tagged("post_install", "-at_install")
class TestAuditWizards(SealCase):
    def test_verify_and_export_head(self):
        self.fill()
        auditor = ground.role_user(self.env, "auditor")
        wizard = self.env["rcm.audit.verify"].with_user(auditor).create({})
        wizard.action_export_head()
        self.assertTrue(wizard.head_file)
        wizard.witness = wizard.head_file
        wizard.action_verify()
        self.assertEqual(wizard.result, "ok")
        self.assertFalse(wizard.findings)

    def test_a_broken_log_names_the_row(self):
        ids = self.fill()
        self.tamper("DELETE FROM rcm_audit_log WHERE id = %s", ids[3])
        wizard = self.env["rcm.audit.verify"].create({})
        wizard.action_verify()
        self.assertEqual(wizard.result, "broken")
        self.assertIn(f"row {ids[3]}", wizard.findings)

    def test_it_is_said_when_nobody_outside_keeps_the_head(self):
        finance = ground.role_user(self.env, "finance_manager")
        Witness = self.env["rcm.audit.witness"]
        Witness.search([]).active = False
        wizard = self.env["rcm.audit.verify"].with_user(finance)
        self.assertTrue(wizard.create({}).unwitnessed)
        self.assertTrue(wizard.new({}).unwitnessed, "before it is saved")
        witness = Witness.create({"name": "Auditor", "channel": "event"})
        self.assertFalse(wizard.create({}).unwitnessed)
        witness.active = False
        self.assertTrue(wizard.create({}).unwitnessed)
