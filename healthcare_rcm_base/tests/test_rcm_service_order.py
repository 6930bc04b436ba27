from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..core.errors import PredecessorMissing, RcmPermanent
from .billing_common import NPI, OTHER_NPI, BillingCase
from .common_ground import audit_rows


@tagged("post_install", "-at_install")
class TestRcmServiceOrder(BillingCase):
    """Did each completed service produce a charge?"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Order = cls.env["rcm.service.order"]
        cls.now = fields.Datetime.now()

    def place(self, number="ORD1", encounter="E1", code="80053", **order):
        return self.Order._rcm_take_placed(
            {
                "facility": "MAIN",
                "order": {
                    "number": number,
                    "encounter": encounter,
                    "kind": "test",
                    "code": code,
                    **order,
                },
            },
            "cor-o",
            "lab",
        )

    def complete(self, number="ORD1", charge=None, moment=None):
        return self.Order._rcm_take_test(
            {"facility": "MAIN", "order": number, "charge": charge},
            moment or self.now,
            "cor-o",
            "lab",
        )

    def procedure(self, **data):
        return self.Order._rcm_take_procedure(
            {
                "facility": "MAIN",
                "encounter": "E1",
                "procedure": {"id": "P1", "code": "36415", **data.pop("item", {})},
                **data,
            },
            self.now,
            "cor-p",
            "ehr",
        )

    # ------------------------------------------------------------------
    # The chain
    # ------------------------------------------------------------------
    def test_test_becomes_charge_and_claim(self):
        encounter = self.intake()
        order = self.place()
        self.Order._rcm_take_specimen(
            {"facility": "MAIN", "order": "ORD1"}, self.now, "lab"
        )
        self.assertEqual(order.state, "received")
        charge = {"id": "C9", "code": "80053", "units": "1", "amount": "60.00"}
        for _again in range(2):
            self.complete(charge={**charge, "diagnosis_pointers": [1]})
        self.assertEqual(order.state, "charged")
        self.assertEqual(order.charge_id.external_ref, "C9")
        self.assertEqual(len(encounter.charge_ids), 2)
        encounter._rcm_make_ready()
        claim = encounter._rcm_bill()
        self.assertEqual(order.claim_ids, claim)
        self.assertEqual(claim.total_charge, 210.0)

    def test_order_waits_for_its_encounter(self):
        order = self.place()
        self.assertFalse(order.encounter_id)
        encounter = self.intake()
        self.assertEqual(order.encounter_id, encounter)

    # ------------------------------------------------------------------
    # Who ordered
    # ------------------------------------------------------------------
    def provider(self, npi, **values):
        return self.env["rcm.provider"].create(
            {"npi": npi, "company_id": self.company.id, **values}
        )

    def test_who_ordered_is_on_the_encounter_and_its_claim(self):
        doctor = self.provider(NPI, last_name="Orderer")
        self.provider(OTHER_NPI, last_name="Second")
        encounter = self.intake()
        self.place(ordering_npi=NPI)
        self.assertEqual(encounter.ordering_id, doctor)
        rows = audit_rows(self.env, encounter, "rcm.encounter.corrected")
        self.assertEqual(len(rows), 1)
        self.place("ORD2", ordering_npi=OTHER_NPI)
        self.assertEqual(encounter.ordering_id, doctor)
        self.assertEqual(encounter._rcm_build_claims().ordering_id, doctor)

    def test_who_ordered_comes_with_the_order_that_waited_or_was_changed(self):
        doctor = self.provider(NPI, last_name="Orderer")
        self.place(ordering_npi=NPI)
        self.assertEqual(self.intake().ordering_id, doctor)
        later = self.intake(self.data("E2"))
        self.place("ORD2", encounter="E2")
        self.assertFalse(later.ordering_id)
        self.place("ORD2", encounter="E2", ordering_npi=NPI)
        self.assertEqual(later.ordering_id, doctor)

    def test_who_ordered_a_procedure(self):
        doctor = self.provider(NPI, last_name="Orderer")
        encounter = self.intake()
        self.procedure(item={"ordering_npi": NPI})
        self.assertEqual(encounter.ordering_id, doctor)

    def test_unknown_orderer_organisation_or_billed_encounter_changes_nothing(self):
        encounter = self.intake()
        order = self.place(ordering_npi=NPI)
        self.assertEqual(order.encounter_id, encounter)
        self.provider(OTHER_NPI, name="Lab", provider_type="organisation")
        self.place("ORD2", ordering_npi=OTHER_NPI)
        self.assertFalse(encounter.ordering_id)
        encounter._rcm_make_ready()
        encounter._rcm_bill()
        self.provider(NPI, last_name="Late")
        self.place("ORD3", ordering_npi=NPI)
        self.assertFalse(encounter.ordering_id)

    def test_completion_of_an_unknown_order_waits(self):
        with self.assertRaises(PredecessorMissing):
            self.complete("ORD404")

    def test_charge_that_came_with_the_encounter_is_found(self):
        self.place()
        self.complete()
        encounter = self.intake(charges=(("80053", "60.00"), ("99213", "150.00")))
        order = encounter.order_ids
        self.assertEqual(order.state, "charged")
        self.assertEqual(order.charge_id.code, "80053")

    def test_two_orders_need_two_charges(self):
        self.intake(charges=(("80053", "60.00"),))
        first, second = self.place("ORD1"), self.place("ORD2")
        self.complete("ORD1")
        self.complete("ORD2")
        self.assertEqual((first.state, second.state), ("charged", "completed"))

    def test_service_charged_on_completion(self):
        self.clinic["services"].write({"charge_on_completion": True})
        encounter = self.intake()
        order = self.place(units="2")
        for _again in range(2):
            self.complete()
        self.assertEqual(order.state, "charged")
        self.assertEqual((order.charge_id.amount, order.charge_id.units), (120.0, 2.0))
        self.assertEqual(order.charge_id.origin, "completion")
        self.assertEqual(len(encounter.charge_ids), 2)

    def test_procedure_without_order_is_recorded(self):
        self.intake()
        order = self.procedure()
        self.assertEqual((order.state, order.kind), ("completed", "procedure"))
        self.assertEqual(self.procedure(), order)

    def test_procedure_that_is_not_billable_needs_no_charge(self):
        self.intake()
        order = self.procedure(item={"billable": False})
        self.assertEqual(order.state, "not_billable")

    def test_second_charge_for_one_service_is_refused(self):
        self.intake()
        self.procedure(charge={"id": "C8", "code": "36415", "amount": "25.00"})
        with self.assertRaises(RcmPermanent) as caught:
            self.procedure(charge={"id": "C7", "code": "36415", "amount": "25.00"})
        self.assertEqual(caught.exception.code, "charge_exists")

    def test_voided_charge_leaves_the_service_without_one(self):
        encounter = self.intake(coding_signed_off=False)
        order, charge = self.procedure(
            charge={"id": "C8", "code": "36415", "amount": "25.00"}
        )
        charge._rcm_void()
        self.assertEqual(order.state, "completed")
        self.assertEqual(encounter.order_ids, order)

    # ------------------------------------------------------------------
    # Completeness
    # ------------------------------------------------------------------
    def test_overdue_service_becomes_a_case_once_and_is_solved_by_its_charge(self):
        encounter = self.intake()
        order = self.place()
        self.complete(moment=self.now - timedelta(days=5))
        fresh = self.place("ORD2", code="36415")
        self.complete("ORD2")
        for _again in range(2):
            self.Order._cron_charge_completeness()
        case = self.open_cases(order, "charge_missing")
        self.assertEqual((len(case), case.amount), (1, 60.0))
        self.assertFalse(self.open_cases(fresh))
        encounter._rcm_add_charge(
            {"id": "C5", "code": "80053", "amount": "60.00"}, False, "test"
        )
        self.assertEqual(order.state, "charged")
        self.assertFalse(self.open_cases(order))

    def test_ageing_says_how_late(self):
        self.intake()
        for days, bucket in ((0, "0"), (5, "1"), (20, "2"), (60, "3")):
            order = self.place(f"ORD{days}", code="X" + str(days))
            self.complete(f"ORD{days}", moment=self.now - timedelta(days=days))
            with self.subTest(days):
                self.assertEqual(order.ageing, bucket)
                found = self.Order.search([("ageing", "=", bucket)])
                self.assertEqual(found, order)

    def test_reprocess_charges_what_has_a_price_now(self):
        self.intake()
        service = self.clinic["services"].filtered(lambda one: one.code == "80053")
        service.write({"standard_charge": 0.0, "charge_on_completion": True})
        order = self.place()
        self.complete()
        self.assertEqual(order.state, "completed")
        case = self.open_cases(order, "charge_missing")
        service.standard_charge = 61.0
        case.with_user(self.make_user("biller")).action_reprocess()
        self.assertEqual((order.state, order.charge_id.amount), ("charged", 61.0))
        self.assertFalse(self.open_cases(order))

    # ------------------------------------------------------------------
    # People
    # ------------------------------------------------------------------
    def test_biller_charges_from_the_charge_master(self):
        self.intake()
        order = self.place()
        self.complete()
        self.as_user(order, "biller").action_charge()
        self.assertEqual((order.state, order.charge_id.amount), ("charged", 60.0))

    def test_charging_without_price_says_what_to_do(self):
        self.intake()
        order = self.place(code="00000")
        self.complete()
        with self.assertRaisesRegex(UserError, "Service Codes"):
            self.as_user(order, "biller").action_charge()

    def test_coder_says_not_billable_and_back(self):
        self.intake()
        order = self.place()
        self.complete()
        own = self.as_user(order, "coder")
        own.with_context(not_billable_reason="bundled").action_not_billable()
        self.assertEqual(order.state, "not_billable")
        self.assertEqual(order.not_billable_reason, "bundled")
        own.action_billable()
        self.assertEqual(order.state, "completed")

    def test_others_only_look(self):
        self.intake()
        order = self.place()
        self.complete()
        for role in ("collector", "cash_poster", "auditor", "finance_manager"):
            own = self.as_user(order, role)
            with self.subTest(role):
                self.assertEqual(own.state, "completed")
                for step in (own.action_charge, own.action_not_billable):
                    with self.assertRaises(AccessError):
                        step()
                with self.assertRaises(AccessError):
                    own.write({"billable": False})

    def test_second_company_and_facility_see_nothing(self):
        self.intake()
        order = self.place()
        other = self.make_company("Other clinic")
        stranger = self.make_user("biller", company=other)
        theirs = self.Order.with_user(stranger).with_context(
            allowed_company_ids=other.ids
        )
        self.assertFalse(theirs.search_count([]))
        elsewhere = self.env["rcm.facility"].create(
            {"name": "Else", "code": "ELSE", "company_id": self.company.id}
        )
        restricted = self.make_user("biller")
        restricted.rcm_facility_ids = elsewhere
        with self.assertRaises(AccessError):
            order.with_user(restricted).with_company(self.company).read(["number"])
