from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from . import builders
from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestMerge(BillingCase):
    """Two accounts become one and, if that was wrong, two again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kept = cls.intake(cls.person("E1")).patient_id
        cls.encounter = cls.intake(cls.person("E2"))
        cls.dropped = cls.encounter.patient_id
        cls.claim = cls.encounter._rcm_build_claims()

    @classmethod
    def person(cls, number, **values):
        data = cls.data(number=number)
        data["patient"] |= {"first_name": f"Pat{number}", **values}
        data["guarantor"]["first_name"] = f"Pat{number}"
        data["coverages"][0]["member_id"] = "W-SAME"
        return data

    def merge(self, **values):
        return self.env["rcm.merge"]._rcm_merge(
            self.kept, self.dropped, reason="Same person", **values
        )

    def lookup(self, system, kind, value):
        return self.env["rcm.identifier"]._rcm_lookup(system, kind, value, self.company)

    # ------------------------------------------------------------------
    # What moves
    # ------------------------------------------------------------------
    def test_every_reference_of_the_suite_is_turned(self):
        self.merge()
        self.assertEqual(self.encounter.patient_id, self.kept)
        self.assertEqual(self.claim.patient_id, self.kept)
        self.assertFalse(self.dropped.active)
        self.assertEqual(self.dropped.merged_into_id, self.kept)
        self.assert_nothing_refers_to(self.dropped)

    def assert_nothing_refers_to(self, record):
        """Read from the database's own foreign keys, not from what the merge knows."""
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT c.conrelid::regclass::text, a.attname
                 FROM pg_constraint c
                 JOIN pg_attribute a
                   ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
                WHERE c.contype = 'f' AND c.confrelid = %s::regclass""",
            [record._table],
        )
        # what records the merge, and links of wizards that nobody reads again
        own = ("rcm_merge", "rcm_patient_merge", "rcm_possible_duplicate")
        for table, column in self.env.cr.fetchall():
            if table not in own:
                self.env.cr.execute(
                    f'SELECT count(*) FROM {table} WHERE "{column}" = %s', [record.id]
                )
                with self.subTest(table=table, column=column):
                    self.assertEqual(self.env.cr.fetchone(), (0,))

    def test_old_numbers_name_the_survivor(self):
        self.merge()
        self.assertEqual(self.lookup("rcm", "account", "PAE2"), self.kept)
        self.assertEqual(self.lookup("facility:MAIN", "mrn", "ME2"), self.kept)
        again = self.intake(self.person("E3", account_number="PAE2", mrn="ME2"))
        self.assertEqual(again.patient_id, self.kept)

    def test_the_same_coverage_is_one_afterwards(self):
        coverage, twin = self.kept.coverage_ids, self.dropped.coverage_ids
        self.merge()
        self.assertEqual(self.encounter.coverage_ids, coverage)
        self.assertEqual(self.claim.coverage_id, coverage)
        self.assertEqual(self.claim.leg_ids.coverage_id, coverage)
        self.assertFalse(twin.active)
        self.assertEqual(twin.patient_id, self.kept)

    def test_chosen_values_survive(self):
        self.merge(values={"first_name": "PatE2"})
        self.assertEqual(self.kept.first_name, "PatE2")

    def test_an_open_case_or_attachment_follows(self):
        attached = self.env["ir.attachment"].create(
            {"name": "a", "res_model": self.dropped._name, "res_id": self.dropped.id}
        )
        self.merge()
        self.assertEqual(attached.res_id, self.kept.id)

    def test_it_is_audited_on_the_merge_and_on_what_moved(self):
        merge = self.merge()
        for record, event in (
            (merge, "rcm.merge.merge"),
            (self.encounter, "rcm.encounter.turned"),
            (self.claim, "rcm.claim.turned"),
        ):
            with self.subTest(event):
                log = self.env["rcm.audit.log"].search(
                    [
                        ("model", "=", record._name),
                        ("res_id", "=", record.id),
                        ("event", "=", event),
                    ]
                )
                self.assertTrue(log)

    def test_the_record_cannot_be_changed(self):
        merge = self.merge()
        with self.assertRaises(AccessError):
            merge.write({"reason": "other"})
        with self.assertRaises(AccessError):
            merge.item_ids.unlink()
        with self.assertRaisesRegex(Exception, "only be appended"):
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                self.env.cr.execute("UPDATE rcm_merge_item SET outcome = 'kept'")

    def test_the_pair_and_its_case_are_settled(self):
        pair = self.env["rcm.possible.duplicate"].search(
            [("other_patient_id", "=", self.dropped.id)]
        )
        self.assertEqual(pair.state, "open")
        self.merge(duplicate=pair)
        self.assertEqual(pair.state, "merged")
        self.assertFalse(self.open_cases(pair))

    # ------------------------------------------------------------------
    # Undo
    # ------------------------------------------------------------------
    def test_undo_puts_everything_back(self):
        before = self.state()
        merge = self.merge(values={"first_name": "PatE2"})
        self.assertNotEqual(self.state(), before)
        undo = self.env["rcm.merge"].browse(
            self.as_user(merge, "biller").action_undo()["res_id"]
        )
        self.assertEqual(self.state(), before)
        self.assertEqual(undo.origin_id, merge)
        self.assertEqual(undo.moved_count, merge.moved_count)
        self.assertFalse(undo.kept_count)
        self.assertTrue(merge.is_undone)

    def state(self):
        """Everything that may move, as plain values."""
        self.env.flush_all()
        self.env.invalidate_all()
        identifiers = self.env["rcm.identifier"].search(
            [("value", "in", ["PAE1", "PAE2", "ME1", "ME2"])], order="id"
        )
        both = self.kept | self.dropped
        return (
            both.with_context(active_test=False).mapped(
                lambda p: (p.active, p.first_name, p.coverage_ids.mapped("active"))
            ),
            self.encounter.patient_id.id,
            self.encounter.coverage_ids.ids,
            self.claim.patient_id.id,
            self.claim.coverage_id.id,
            self.claim.leg_ids.coverage_id.ids,
            [(row.value, row.res_id) for row in identifiers],
        )

    def test_undo_leaves_what_somebody_changed_since_and_says_so(self):
        merge = self.merge(values={"first_name": "PatE2"})
        self.kept.first_name = "Patricia"
        undo = merge._rcm_undo()
        self.assertEqual(self.kept.first_name, "Patricia")
        self.assertTrue(self.dropped.active)
        left = undo.item_ids.filtered(lambda item: item.outcome == "not_restored")
        # the patient's name, and that of the guarantor the patient is
        self.assertEqual(
            sorted(left.mapped("field_name")), ["first_name", "rcm_first_name"]
        )
        self.assertEqual(set(left.mapped("why")), {"changed_since"})

    def test_undo_once_and_the_later_merge_first(self):
        third = self.intake(self.person("E5", first_name="Zoltan")).patient_id
        first = self.merge()
        second = self.env["rcm.merge"]._rcm_merge(third, self.kept)
        with self.assertRaisesRegex(UserError, "later merge"):
            first._rcm_undo()
        second._rcm_undo()
        first._rcm_undo()
        self.assertTrue(self.dropped.active)
        with self.assertRaises(UserError):
            first.action_undo()

    def test_what_came_later_stays_with_the_survivor(self):
        merge = self.merge()
        later = self.intake(self.person("E6", account_number="PAE1", mrn="ME1"))
        merge._rcm_undo()
        self.assertEqual(later.patient_id, self.kept)
        self.assertEqual(self.encounter.patient_id, self.dropped)

    def test_statements_do_not_grow_with_the_number_of_documents(self):
        counts = [self.counted(f"V{n}", n) for n in (2, 12)]
        for step, few, many in zip(("merge", "undo"), *counts, strict=True):
            with self.subTest(step):
                self.assertLessEqual(many, few + 3)

    def counted(self, name, visits):
        """(statements of a merge, of its undo) of somebody with that many visits."""
        keep = self.intake(self.person(f"{name}K", first_name=f"Keep{name}")).patient_id
        mine = {"account_number": f"PA{name}", "mrn": f"M{name}"}
        for visit in range(visits):
            encounter = self.intake(
                self.person(f"{name}-{visit}", first_name=name, **mine)
            )
        self.env.flush_all()
        self.env.invalidate_all()
        Merge, cr = self.env["rcm.merge"], self.env.cr
        start = cr.sql_log_count
        merge = Merge._rcm_merge(keep, encounter.patient_id)
        self.env.flush_all()
        middle = cr.sql_log_count
        undo = merge._rcm_undo()
        self.env.flush_all()
        self.assertGreater(undo.moved_count, visits * 2)
        return middle - start, cr.sql_log_count - middle

    # ------------------------------------------------------------------
    # Wizard, roles, companies
    # ------------------------------------------------------------------
    def wizard(self, *roles, keep=None, drop=None):
        keep = self.as_user(keep or self.kept, *roles)
        drop = (drop or self.dropped).with_env(keep.env)
        action = keep.env["rcm.patient.merge"]._rcm_open(keep, drop)
        return keep.env["rcm.patient.merge"].browse(action["res_id"])

    def test_the_wizard_shows_differences_and_merges(self):
        wizard = self.wizard("biller")
        line = wizard.line_ids.filtered(lambda one: one.field_name == "first_name")
        self.assertTrue(line.differs)
        self.assertEqual((line.keep_value, line.drop_value), ("PatE1", "PatE2"))
        self.assertIn("Encounter: 1", wizard.impact)
        line.choice = "drop"
        action = wizard.action_merge()
        self.assertEqual(action["res_model"], "rcm.merge")
        self.assertEqual(self.kept.first_name, "PatE2")
        guarantors = self.kept.guarantor_id | self.dropped.guarantor_id
        self.assertEqual(guarantors, self.kept.guarantor_id, "merged as well")

    def test_the_other_may_survive(self):
        wizard = self.wizard("biller")
        other = wizard.browse(wizard.action_swap()["res_id"])
        other.action_merge()
        self.assertFalse(self.kept.active)
        self.assertTrue(self.dropped.active)

    def test_who_may_not_merge_or_undo(self):
        for role in ("front_desk", "collector", "auditor", "administrator"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.wizard(role)
        merge = self.merge()
        for role in ("front_desk", "auditor"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(merge, role).action_undo()

    def test_two_companies_are_never_merged(self):
        other = self.make_company("Merge clinic 2")
        clinic = self.make_clinic(other)
        stranger = builders.patient(self.env, clinic["facility"])
        biller = new_test_user(
            self.env,
            login="biller of both",
            groups="healthcare_rcm_base.group_biller",
            company_id=self.company.id,
            company_ids=[Command.set([self.company.id, other.id])],
        )
        env = self.env(
            user=biller,
            context={"allowed_company_ids": [self.company.id, other.id]},
        )
        with self.assertRaisesRegex(UserError, "two companies"):
            env["rcm.patient.merge"]._rcm_open(
                self.kept.with_env(env), stranger.with_env(env)
            )
        with self.assertRaises(AccessError):
            self.wizard("biller", drop=stranger)

    def test_an_account_is_not_merged_with_itself_or_an_archived_one(self):
        with self.assertRaises(UserError):
            self.wizard("biller", drop=self.kept)
        self.dropped.active = False
        with self.assertRaises(UserError):
            self.wizard("biller")


@tagged("post_install", "-at_install")
class TestMergeMoney(BillingCase):
    """Balances are shown and confirmed; the ledger is never touched."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = builders.company(cls.env, "Merge ledger clinic")
        cls.env = cls.env["res.users"].with_company(cls.company).env
        cls.claims = [
            builders.invoiced_claim(cls.env, charge=charge, self_pay=True)
            for charge in ("100", "70")
        ]
        cls.kept, cls.dropped = (claim.patient_id for claim in cls.claims)
        (cls.kept | cls.dropped).guarantor_relationship = "other"

    def wizard(self, keep, drop):
        user = self.make_user("biller")
        keep = keep.with_env(
            self.env(user=user, context={"allowed_company_ids": self.company.ids})
        )
        Wizard = keep.env["rcm.patient.merge"]
        return Wizard.browse(Wizard._rcm_open(keep, drop.with_env(keep.env))["res_id"])

    def ledger(self):
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT id, move_id, account_id, partner_id, balance, amount_residual,"
            " rcm_claim_id FROM account_move_line WHERE company_id = %s ORDER BY id",
            [self.company.id],
        )
        return self.env.cr.fetchall()

    def test_both_balances_need_a_confirmation_and_the_ledger_stays(self):
        before = self.ledger()
        wizard = self.wizard(self.kept, self.dropped)
        self.assertEqual((wizard.open_amount, wizard.merged_open_amount), (100.0, 70.0))
        self.assertTrue(wizard.needs_money_confirmation)
        with self.assertRaisesRegex(UserError, "posted entries on both sides"):
            wizard.action_merge()
        wizard.money_confirmed = True
        wizard.action_merge()
        self.assertEqual(self.ledger(), before)
        self.assertEqual(self.claims[1].patient_id, self.kept)
        self.assertEqual(
            self.claims[1].guarantor_id.rcm_account_number[0], "G", "stays its own"
        )

    def test_guarantor_documents_with_entries_stay_with_them(self):
        before = self.ledger()
        keep, drop = self.kept.guarantor_id, self.dropped.guarantor_id
        unbilled = builders.encounter(
            self.env, ["50"], company=self.company, patient=self.dropped
        )
        wizard = self.wizard(keep, drop)
        with self.assertRaises(UserError):
            wizard.action_merge()
        wizard.money_confirmed = True
        merge = self.env["rcm.merge"].browse(wizard.action_merge()["res_id"])
        self.assertEqual(self.ledger(), before)
        self.assertEqual(self.claims[1].guarantor_id, drop)
        self.assertEqual(self.claims[1].encounter_id.guarantor_id, drop)
        self.assertEqual(unbilled.guarantor_id, keep)
        self.assertEqual(self.dropped.guarantor_id, keep)
        left = merge.item_ids.filtered(lambda item: item.outcome == "kept")
        self.assertEqual(set(left.mapped("why")), {"money"})
        self.assertIn("rcm.claim", left.mapped("res_model"))
        found = self.env["res.partner"]._rcm_find_guarantor(
            self.company, drop.rcm_account_number
        )
        self.assertEqual(found, keep)
        merge._rcm_undo()
        self.assertEqual(unbilled.guarantor_id, drop)
        self.assertTrue(drop.active)
