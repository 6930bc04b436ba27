from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .billing_common import NPI, OTHER_NPI, BillingCase
from .common_ground import audit_rows


@tagged("post_install", "-at_install")
class TestProviderEnrollment(BillingCase):
    """Who may bill whom, since when."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls.env["rcm.provider"].create(
            {"last_name": "Rendering", "npi": NPI, "company_id": cls.company.id}
        )

    def enrollment(self, **values):
        owner = (
            {} if "provider_group_id" in values else {"provider_id": self.provider.id}
        )
        return self.env["rcm.provider.enrollment"].create(
            {
                **owner,
                "payer_id": self.clinic["payer"].id,
                "company_id": self.company.id,
                "state": "enrolled",
                "date_from": "2026-01-01",
                **values,
            }
        )

    def validated(self, number):
        claim = self.intake(number=number)._rcm_build_claims()
        claim._rcm_validate()
        return claim

    def test_rendering_provider_practises_on_the_day(self):
        for number, (values, state) in enumerate(
            (
                ({}, "validated"),
                ({"date_from": "2026-03-02", "date_to": "2026-03-02"}, "validated"),
                ({"date_from": "2026-03-03", "date_to": False}, "draft"),
                ({"date_from": False, "date_to": "2026-03-01"}, "draft"),
            )
        ):
            with self.subTest(values):
                self.provider.write(values)
                claim = self.validated(f"D{number}")
                self.assertEqual(claim.state, state)
                if state == "draft":
                    case = self.open_cases(claim, "claim_invalid")
                    self.assertIn("(Rendering Provider)", case.message)

    def test_every_other_provider_practises_on_the_day(self):
        left = self.env["rcm.provider"].create(
            {
                "last_name": "Left",
                "npi": OTHER_NPI,
                "company_id": self.company.id,
                "date_to": "2026-03-01",
            }
        )
        Check = self.env["rcm.validation.check"]
        for name in ("referring_id", "ordering_id", "supervising_id", "attending_id"):
            encounter = self.intake(number=name)
            encounter.write({name: left.id})
            claim = encounter._rcm_build_claims()
            with self.subTest(name):
                label = claim._fields[name].string
                self.assertEqual(
                    Check._check_provider_inactive(claim), {claim.id: f"({label})"}
                )
        left.date_to = "2026-03-02"
        self.assertFalse(Check._check_provider_inactive(claim))

    def test_known_enrollment_covers_the_day_or_stops_the_claim(self):
        item = self.enrollment()
        for number, (values, state) in enumerate(
            (
                ({}, "validated"),
                ({"date_from": "2026-03-02", "date_to": "2026-03-02"}, "validated"),
                ({"date_from": "2026-03-03", "date_to": False}, "draft"),
                ({"date_from": "2026-01-01", "date_to": "2026-03-01"}, "draft"),
                ({"date_to": False, "state": "suspended"}, "draft"),
                ({"state": "applied"}, "draft"),
                ({"state": "refused"}, "draft"),
            )
        ):
            with self.subTest(values):
                item.write(values)
                claim = self.validated(f"P{number}")
                self.assertEqual(claim.state, state)
                cases = self.open_cases(claim).mapped("type_code")
                wanted = [] if state == "validated" else ["provider_not_enrolled"]
                self.assertEqual(cases, wanted)

    def test_unknown_is_let_through_unless_the_payer_asks_for_it(self):
        self.assertEqual(self.validated("U1").state, "validated")
        self.clinic["payer"].enrollment_required = True
        self.assertEqual(self.validated("U2").state, "draft")
        self.enrollment()
        self.assertEqual(self.validated("U3").state, "draft")
        self.enrollment(provider_group_id=self.clinic["group"].id)
        self.assertEqual(self.validated("U4").state, "validated")

    def test_other_payers_enrollment_says_nothing(self):
        self.enrollment(payer_id=self.clinic["second"].id, state="refused")
        self.assertEqual(self.validated("O1").state, "validated")

    def test_two_in_one_time_no_owner_and_no_start_are_refused(self):
        self.enrollment(date_to="2026-06-30")
        with self.assertRaises(ValidationError):
            self.enrollment(date_from="2026-06-30")
        self.enrollment(date_from="2026-07-01")
        for values in (
            {"provider_id": False},
            {
                "provider_group_id": self.clinic["group"].id,
                "provider_id": self.provider.id,
            },
            {"date_from": False, "payer_id": self.clinic["second"].id},
        ):
            with (
                self.subTest(values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.enrollment(**values)

    def test_roles_companies_and_audit(self):
        item = self.enrollment()
        with self.assertRaises(AccessError):
            self.as_user(item, "biller").state = "suspended"
        self.as_user(item, "administrator").state = "suspended"
        changed = audit_rows(self.env, item, "rcm.provider.enrollment.changed")
        self.assertEqual(len(changed), 1)
        other = self.make_company("Other clinic")
        stranger = self.make_user("administrator", company=other)
        with self.assertRaises(AccessError):
            item.with_user(stranger).with_context(allowed_company_ids=other.ids).read(
                ["state"]
            )
        foreign = self.make_clinic(other)["payer"]
        with self.assertRaises(UserError):
            self.enrollment(payer_id=foreign.id)
