from datetime import date

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .billing_common import BillingCase
from .master_common import MasterCase
from .migration import migration_step

DAY = date(2026, 3, 2)
MIGRATION = "healthcare_rcm_base/migrations/19.0.1.2.0/post-authorization_use.py"


@tagged("post_install", "-at_install")
class TestAuthorization(MasterCase):
    """What an authorization covers, and how it is used up."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.patient = cls.make_patient(cls)
        cls.service = cls.env["rcm.service.code"].create(
            {"code": "T2061", "name": "Injection", "authorization_required": True}
        )
        cls.authorization = cls.env["rcm.authorization"].create(
            {
                "number": "T-A1",
                "patient_id": cls.patient.id,
                "payer_id": cls.payer.id,
                "state": "active",
                "date_from": "2026-01-01",
                "date_to": "2026-06-30",
                "service_code_ids": cls.service.ids,
                "units_authorized": 3,
            }
        )

    def test_refusals_say_why(self):
        refusal = self.authorization._rcm_refusal
        other = self.env["rcm.payer"].create({"name": "O", "code": "T-O"})
        self.assertFalse(refusal(DAY, "T2061", 3, self.payer))
        self.assertEqual(refusal(DAY, "T2061", 4), "units")
        self.assertEqual(refusal(DAY, "99213"), "code")
        self.assertEqual(refusal(DAY, "T2061", 1, other), "payer")
        self.assertEqual(refusal(date(2026, 7, 1), "T2061"), "dates")
        self.assertEqual(refusal(date(2025, 12, 31), "T2061"), "dates")
        self.authorization.action_cancel()
        self.assertEqual(refusal(DAY, "T2061"), "state")

    def test_units_are_used_up_and_given_back(self):
        self.authorization._rcm_use(2)
        self.assertEqual(self.authorization.units_left, 1)
        with self.assertRaises(UserError):
            self.authorization._rcm_use(1.5)
        self.authorization._rcm_use(-2)
        self.assertEqual(self.authorization.units_left, 3)
        with self.assertRaises(UserError):
            self.authorization._rcm_use(-1)

    def test_used_units_are_not_typed_in(self):
        biller = self.role("biller")
        with self.assertRaises(UserError):
            self.authorization.with_user(biller).units_used = 0
        fresh = (
            self.env["rcm.authorization"]
            .with_user(biller)
            .create(
                {
                    "number": "T-A2",
                    "patient_id": self.patient.id,
                    "payer_id": self.payer.id,
                    "date_from": "2026-01-01",
                    "units_used": 9,
                }
            )
        )
        self.assertEqual(fresh.units_used, 0)

    def test_used_authorization_is_kept(self):
        self.authorization._rcm_use(1)
        with self.assertRaises(UserError):
            self.authorization.unlink()

    def test_steps_are_for_those_who_ask_payers(self):
        with self.assertRaises(AccessError):
            self.authorization.with_user(self.role("collector")).action_deny()
        self.authorization.with_user(self.role("front_desk")).action_deny()
        self.assertEqual(self.authorization.state, "denied")

    def test_cancelled_stays_cancelled(self):
        self.authorization.action_cancel()
        with self.assertRaises(UserError):
            self.authorization.state = "active"

    def test_units_are_read_anew_under_the_lock(self):
        """What another claim took meanwhile is seen, whatever is in the cache."""
        self.assertEqual(self.authorization.units_left, 3)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE rcm_authorization SET units_used = 2 WHERE id = %s",
            [self.authorization.id],
        )
        with self.assertRaises(UserError):
            self.authorization._rcm_use(2)
        self.authorization._rcm_use(1)
        self.assertEqual(self.authorization.units_left, 0)

    def test_the_database_itself_keeps_units_within_limits(self):
        for units in (-1, 4):
            with (
                self.subTest(units=units),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(
                    "UPDATE rcm_authorization SET units_used = %s WHERE id = %s",
                    [units, self.authorization.id],
                )


@tagged("post_install", "-at_install")
class TestAuthorizationUse(BillingCase):
    """Billed charges take units and give back exactly what they took."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls.clinic["services"][0]
        cls.service.authorization_required = True
        cls.encounter = cls.intake(charges=(("99213", "150.00"),), authorization="A-1")
        cls.authorization = cls.env["rcm.authorization"].create(
            {
                "number": "A-1",
                "patient_id": cls.encounter.patient_id.id,
                "payer_id": cls.clinic["payer"].id,
                "state": "active",
                "date_from": "2026-01-01",
                "date_to": "2026-06-30",
                "units_authorized": 2,
            }
        )
        cls.encounter.authorization_id = cls.authorization
        cls.claim = cls.encounter._rcm_build_claims()
        cls.claim._rcm_validate()

    def test_use_is_on_record_and_given_back(self):
        self.assertEqual(self.claim.state, "validated")
        use = self.authorization.use_ids
        self.assertEqual((use.units, use.claim_id), (1, self.claim))
        self.assertEqual(self.authorization.units_left, 1)
        # What needs an authorization is changed in between: the units still return.
        self.service.authorization_required = False
        self.claim._rcm_void()
        self.assertTrue(use.released_at)
        self.assertEqual(self.authorization.units_left, 2)
        self.claim._rcm_give_units_back(self.claim.line_ids)
        self.assertEqual(self.authorization.units_used, 0)

    def test_a_charge_takes_its_units_once(self):
        self.claim._rcm_take_units(self.claim.line_ids)
        self.assertEqual(self.authorization.units_used, 1)
        self.claim._rcm_back_to_draft()
        self.assertEqual(self.authorization.units_used, 0)
        self.claim._rcm_validate()
        self.assertEqual(self.authorization.units_used, 1)
        self.assertEqual(len(self.authorization.use_ids), 2)

    def test_units_counted_before_rows_were_kept_get_theirs(self):
        module = migration_step(MIGRATION)
        later = self.intake(number="E1C", charges=(("99213", "150.00"),))
        later.authorization_id = self.authorization
        other = later._rcm_build_claims()
        self.env.flush_all()
        # as it was: counted, and nobody knows for what; and never counted
        self.env.cr.execute("DELETE FROM rcm_authorization_use")
        self.env.invalidate_all()
        other._rcm_write({"state": "validated"})
        for _again in range(2):
            module.migrate(self.env.cr, "19.0.1.1.0")
            self.env.invalidate_all()
        use = self.authorization.use_ids
        self.assertEqual((use.claim_id, use.units), (self.claim, 1))
        self.assertEqual(self.authorization.units_used, 1)
        self.claim._rcm_void()
        self.assertEqual(self.authorization.units_used, 0)

    def test_exhausted_stops_the_next_claim(self):
        self.authorization.units_authorized = 1
        other = self.intake(number="E1B", charges=(("99213", "150.00"),))
        other.patient_id = self.encounter.patient_id
        other.authorization_id = self.authorization
        claim = other._rcm_build_claims()
        claim._rcm_validate()
        self.assertEqual(claim.state, "draft")
        self.assertEqual(self.authorization.units_used, 1)

    def test_used_authorization_stays_what_it_was_for(self):
        record = self.as_user(self.authorization, "biller")
        for vals in (
            {"payer_id": self.clinic["second"].id},
            {"number": "A-2"},
            {"units_authorized": 0.5},
            {"date_to": "2026-03-01"},
            {"date_from": "2026-03-03"},
            {"service_code_ids": [(6, 0, self.clinic["services"][1].ids)]},
            {"state": "cancelled"},
        ):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                record.write(vals)
        record.write({"date_to": "2026-03-02", "date_from": "2026-03-02"})
        record.write({"units_authorized": 1, "number": "A-1"})
        record.write({"service_code_ids": [(6, 0, self.service.ids)]})

    def test_taken_back_leave_is_told_to_claims_not_sent(self):
        self.as_user(self.authorization, "biller").action_deny()
        self.assertTrue(self.open_cases(self.claim, "authorization_mismatch"))

    def test_uses_are_not_written_by_hand(self):
        use = self.as_user(self.authorization.use_ids, "biller")
        for action in (lambda: use.write({"units": 9}), use.unlink):
            with self.assertRaises(AccessError):
                action()
