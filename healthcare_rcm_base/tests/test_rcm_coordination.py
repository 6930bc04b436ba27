from odoo.exceptions import AccessError
from odoo.tests import tagged

from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestCoordinationOrder(BillingCase):
    """Legs of claims follow the coordination rules, and say why."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        owner = {"company_id": cls.company.id}
        cls.medicare = cls.env["rcm.payer"].create(
            {"name": "Medicare", "code": "MCR", "plan_type": "medicare", **owner}
        )
        cls.auto = cls.env["rcm.payer"].create(
            {"name": "Car", "code": "CAR", "plan_type": "auto", **owner}
        )

    def several(self, *payers, **encounter):
        return self.intake(
            coverages=[
                self.coverage(place, payer) for place, payer in enumerate(payers, 1)
            ],
            **encounter,
        )

    def of(self, encounter, code):
        return encounter.coverage_ids.filtered(lambda one: one.payer_id.code == code)

    def codes(self, encounter):
        return encounter._rcm_coverages_in_order().mapped("payer_id.code")

    # ------------------------------------------------------------------
    # Order
    # ------------------------------------------------------------------
    def test_rules_order_the_legs_and_say_why(self):
        encounter = self.several("AID", "ACME", "CAR")
        self.assertEqual(self.codes(encounter), ["CAR", "ACME", "AID"])
        claim = encounter._rcm_build_claims()
        self.assertEqual(claim.leg_ids.mapped("payer_id.code"), ["CAR", "ACME", "AID"])
        self.assertEqual(
            claim.leg_ids.mapped("order_reason"), ["auto", "only_plan", "medicaid_last"]
        )
        self.assertEqual(claim.leg_ids[2].order_text, "Medicaid pays last")
        self.assertEqual(claim.payer_id.code, "CAR")
        self.assertIn("automobile", encounter.payer_order)

    def test_medicare_behind_a_large_employer(self):
        encounter = self.several("MCR", "ACME")
        self.assertEqual(self.codes(encounter), ["MCR", "ACME"])
        claim = encounter._rcm_build_claims()
        self.of(encounter, "MCR").medicare_reason = "age"
        self.of(encounter, "ACME").write(
            {"basis": "active_job", "employer_size": "middle"}
        )
        self.assertEqual(self.codes(encounter), ["ACME", "MCR"])
        claim._rcm_refresh()
        self.assertEqual(claim.leg_ids.mapped("payer_id.code"), ["ACME", "MCR"])
        self.assertEqual(claim.leg_ids[0].order_reason, "working_aged")

    def test_a_new_reason_alone_is_noted_on_the_leg(self):
        encounter = self.several("MCR", "ACME")
        claim = encounter._rcm_build_claims()
        legs = claim.leg_ids
        self.of(encounter, "MCR").medicare_reason = "age"
        self.of(encounter, "ACME").basis = "former_job"
        claim._rcm_refresh()
        self.assertEqual(claim.leg_ids, legs)
        self.assertEqual(legs[1].order_reason, "medicare_before_former_job")

    def test_an_expired_coverage_does_not_pay_first(self):
        encounter = self.several("ACME", "AID")
        self.of(encounter, "ACME").date_to = "2025-12-31"
        self.assertEqual(self.codes(encounter), ["AID", "ACME"])
        self.assertIn("not in force", encounter.payer_order)

    # ------------------------------------------------------------------
    # What the source says
    # ------------------------------------------------------------------
    def two_parents(self, **first):
        """A child's visit: the plan sent first is of the parent born in November."""
        return self.intake(
            coverages=[
                self.coverage(
                    1,
                    "ACME",
                    subscriber_relationship="child",
                    **{"subscriber_birth_date": "1950-11-30", **first},
                ),
                self.coverage(
                    2,
                    "CHILD2",
                    subscriber_relationship="child",
                    subscriber_birth_date="1955-02-01",
                ),
            ]
        )

    def make_second_plan(self):
        self.env["rcm.payer"].create(
            {
                "name": "Other parent",
                "code": "CHILD2",
                "plan_type": "commercial",
                "company_id": self.company.id,
            }
        )

    def test_an_event_of_a_child_with_two_plans_orders_them_by_birthday(self):
        self.make_second_plan()
        legs = self.two_parents()._rcm_build_claims().leg_ids
        self.assertEqual(legs.mapped("payer_id.code"), ["CHILD2", "ACME"])
        self.assertEqual(legs.mapped("order_text"), ["birthday rule"] * 2)

    def test_a_court_comes_before_birthdays_until_the_source_takes_it_back(self):
        self.make_second_plan()
        encounter = self.two_parents(court_ordered=True)
        self.assertEqual(self.codes(encounter), ["ACME", "CHILD2"])
        self.two_parents()
        self.assertEqual(self.codes(encounter), ["ACME", "CHILD2"])
        self.two_parents(court_ordered=False)
        self.assertEqual(self.codes(encounter), ["CHILD2", "ACME"])

    def test_an_event_of_somebody_working_puts_the_group_plan_before_medicare(self):
        encounter = self.intake(
            coverages=[
                self.coverage(1, "MCR", medicare_reason="age"),
                self.coverage(2, "ACME", basis="active_job", employer_size="middle"),
            ]
        )
        legs = encounter._rcm_build_claims().leg_ids
        self.assertEqual(legs.mapped("payer_id.code"), ["ACME", "MCR"])
        self.assertEqual(legs.mapped("order_reason"), ["working_aged", "medicare"])
        self.several("MCR", "ACME")
        self.assertEqual(self.of(encounter, "MCR").medicare_reason, "age")
        self.assertEqual(self.codes(encounter), ["ACME", "MCR"])

    def test_months_of_kidney_disease_come_with_the_event(self):
        for since, expected in (
            ("2025-01-01", ["ACME", "MCR"]),
            ("2020-01-01", ["MCR", "ACME"]),
        ):
            encounter = self.intake(
                coverages=[
                    self.coverage(1, "MCR", medicare_reason="esrd", esrd_from=since),
                    self.coverage(2, "ACME", basis="cobra"),
                ]
            )
            self.assertEqual(self.codes(encounter), expected)

    def test_self_pay_has_nobody(self):
        encounter = self.intake(self_pay=True)
        self.assertFalse(encounter._rcm_coverages_in_order())
        self.assertFalse(encounter.payer_order)

    # ------------------------------------------------------------------
    # A person
    # ------------------------------------------------------------------
    def test_a_place_given_by_a_person_wins_and_sources_leave_it(self):
        encounter = self.several("ACME", "AID")
        aid = self.of(encounter, "AID")
        self.as_user(aid, "front_desk").write({"sequence": 1})
        self.assertTrue(aid.order_fixed)
        self.assertEqual(self.codes(encounter), ["AID", "ACME"])
        self.assertIn("set by a person", encounter.payer_order)
        self.several("ACME", "AID")
        self.assertEqual(aid.sequence, 1)
        self.assertEqual(self.codes(encounter), ["AID", "ACME"])

    def test_a_source_fixes_nothing(self):
        encounter = self.several("ACME", "AID")
        self.several("AID", "ACME")
        self.assertFalse(any(encounter.coverage_ids.mapped("order_fixed")))

    # ------------------------------------------------------------------
    # Turns
    # ------------------------------------------------------------------
    def decided(self, *payers):
        claim = self.several(*payers)._rcm_build_claims()
        claim.leg_ids[0]._rcm_set_state("ready")
        claim.leg_ids[0]._rcm_set_state("adjudicated")
        return claim

    def test_the_payer_to_whom_the_rest_moved_has_the_next_turn(self):
        claim = self.decided("CAR", "ACME", "AID")
        last = claim.leg_ids[2]
        opened = claim._rcm_open_next_leg({claim.id: last.payer_id.id})
        self.assertEqual(opened, last)
        self.assertEqual(claim.leg_ids[1].state, "not_due")

    def test_a_forwarded_claim_is_waited_for_and_not_sent_again(self):
        claim = self.decided("ACME", "AID")
        leg = claim._rcm_open_next_leg(crossover=True)
        self.assertEqual(leg.state, "crossover_pending")
        self.assertFalse(claim._rcm_open_next_leg())
        Claim = self.env["rcm.claim"]
        Claim._cron_watch_crossovers()
        self.assertFalse(self.open_cases(claim, "crossover_missing"))
        leg.crossover_from = "2020-01-01"
        Claim._cron_watch_crossovers()
        Claim._cron_watch_crossovers()
        case = self.open_cases(claim, "crossover_missing")
        self.assertEqual(case.occurrence_count, 1)
        self.assertTrue(claim._rcm_reprocess(case))
        self.assertEqual(leg.state, "ready")

    def test_an_ended_coverage_gets_no_turn(self):
        claim = self.decided("ACME", "AID")
        claim.leg_ids[1].coverage_id.date_to = "2025-12-31"
        self.assertFalse(claim._rcm_open_next_leg())

    # ------------------------------------------------------------------
    # Coverage
    # ------------------------------------------------------------------
    def test_what_does_not_fit_is_said(self):
        encounter = self.several("MCR")
        coverage = encounter.coverage_ids
        self.assertIn("why the patient has Medicare", coverage.coordination_warning)
        coverage.write({"medicare_reason": "age", "subscriber_relationship": "spouse"})
        self.assertIn("Self", coverage.coordination_warning)

    def test_why_somebody_has_medicare_is_patient_data(self):
        coverage = self.several("MCR").coverage_ids
        coverage.medicare_reason = "esrd"
        with self.assertRaises(AccessError):
            self.as_user(coverage, "approver").medicare_reason  # noqa: B018
        log = self.env["rcm.audit.log"].search(
            [("model", "=", "rcm.coverage"), ("res_id", "=", coverage.id)]
        )
        self.assertNotIn("esrd", str(log.read()))

    def test_everybody_sees_the_order_without_the_facts(self):
        encounter = self.several("ACME", "AID")
        shown = self.as_user(encounter, "approver")
        self.assertIn("Medicaid pays last", shown.payer_order)
        self.assertEqual(shown.primary_payer_id.code, "ACME")
