"""Who gets a case."""

from odoo import fields
from odoo.tests import tagged

from . import builders
from . import common_ground as ground
from .exception_common import ExceptionCase


@tagged("post_install", "-at_install")
class TestAssignment(ExceptionCase):
    def setUp(self):
        super().setUp()
        self.members = self.env["res.users"]
        for number in range(3):
            self.members |= ground.role_user(
                self.env, "biller", f"ground_member_{number}"
            )
        self.queue.member_ids = self.members

    def raised(self, count, code="price_missing"):
        return self.Case.union(
            *(
                ground.make_case(self.env, f"A{n}", code=code, res_id=1000 + n)
                for n in range(count)
            )
        )

    def test_the_automation_rule_assigns_new_cases(self):
        case = self.document._rcm_raise_case("price_missing", "x")
        self.assertEqual(case.queue_id, self.queue)
        self.assertIn(case.owner_id, self.members)

    def test_in_turn(self):
        self.queue.assignment = "round_robin"
        owners = self.raised(6).mapped(lambda case: case.owner_id.id)
        self.assertEqual(owners, self.members.ids * 2)

    def test_in_turn_without_a_row_that_everyone_waits_for(self):
        """Whose turn it is comes from the cases; the queue itself is not written."""
        self.queue.assignment = "round_robin"
        self.env.flush_all()

        def place():
            self.env.flush_all()
            query = "SELECT ctid::text FROM rcm_exception_queue WHERE id = %s"
            self.env.cr.execute(query, [self.queue.id])
            return self.env.cr.fetchone()

        before = place()
        self.assertEqual(len(self.raised(3).owner_id), 3)
        self.assertEqual(place(), before)

    def test_in_turn_follows_a_hand_over(self):
        self.queue.assignment = "round_robin"
        first, second, third = self.members
        cases = self.raised(2)
        self.assertEqual(cases.owner_id, first | second)
        cases[1]._rcm_hand_over(third)
        case = self.document._rcm_raise_case("price_missing", "x")
        self.assertEqual(case.owner_id, second)

    def test_fewest_open_cases(self):
        self.queue.assignment = "least_loaded"
        cases = self.raised(7)
        load = [
            len(cases.filtered(lambda c, u=user: c.owner_id == u))
            for user in self.members
        ]
        self.assertEqual(sorted(load), [2, 2, 3])

    def test_by_hand(self):
        self.queue.assignment = "manual"
        case = self.raised(1)
        self.assertEqual(case.queue_id, self.queue)
        self.assertFalse(case.owner_id)

    def test_only_people_who_may_work_on_the_case_get_it(self):
        blind, able, elsewhere = self.members
        blind.group_ids = self.env.ref("base.group_user")
        other = self.env["res.company"].create({"name": "Elsewhere"})
        elsewhere.write({"company_ids": other.ids, "company_id": other.id})
        for place, rule in enumerate(("round_robin", "least_loaded", "by_scope")):
            self.queue.assignment = rule
            for number in range(2):
                with self.subTest(rule=rule, number=number):
                    case = ground.make_case(
                        self.env,
                        "N",
                        code="price_missing",
                        res_id=2000 + 10 * place + number,
                    )
                    self.assertEqual(case.owner_id, able)
        able.group_ids = self.env.ref("base.group_user")
        self.assertFalse(self.raised(1).owner_id)

    def test_a_named_owner_who_may_not_is_passed_over(self):
        payer = builders.payer(self.env)
        blind, able, _rest = self.members
        blind.group_ids = self.env.ref("base.group_user")
        self.queue.write(
            {
                "assignment": "by_scope",
                "owner_ids": [
                    fields.Command.create(
                        {"sequence": place, "user_id": user.id, "payer_id": payer.id}
                    )
                    for place, user in enumerate((blind, able))
                ],
            }
        )
        case = ground.make_case(
            self.env, "N", code="price_missing", res_id=2100, payer_id=payer.id
        )
        self.assertEqual(case.owner_id, able)

    def test_a_queue_s_own_types_come_first(self):
        special = self.env["rcm.exception.queue"].create(
            {
                "name": "Pricing",
                "code": "pricing",
                "type_ids": ground.exception_type(self.env, "price_missing").ids,
                "assignment": "manual",
            }
        )
        self.assertEqual(self.raised(1).queue_id, special)

    def test_queues_of_other_companies_facilities_and_payers_are_passed_over(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        payer = self.env["rcm.payer"].create({"name": "Some payer", "code": "GRND"})
        types = ground.exception_type(self.env, "price_missing").ids
        for code, vals in (
            ("company", {"company_id": other.id}),
            ("payer", {"payer_ids": payer.ids}),
        ):
            self.env["rcm.exception.queue"].create(
                {"name": code, "code": code, "type_ids": types, "sequence": 1, **vals}
            )
        self.assertEqual(self.raised(1).queue_id, self.queue)
        case = ground.make_case(
            self.env, "P", code="price_missing", res_id=77, payer_id=payer.id
        )
        self.assertEqual(case.queue_id.code, "payer")

    def test_a_hand_over_is_logged(self):
        case = self.raised(1)
        case._rcm_hand_over(self.biller)
        row = ground.audit_rows(self.env, case, "rcm.exception.case.assigned")[-1]
        self.assertEqual(row._rcm_bodies()[row.id]["owner_id"][1], self.biller.id)


@tagged("post_install", "-at_install")
class TestByScope(ExceptionCase):
    def test_facility_and_payer_name_the_owner(self):
        near = builders.facility(self.env)
        payer = builders.payer(self.env)
        one, two, rest = (
            ground.role_user(self.env, "biller", f"ground_scope_{name}")
            for name in ("one", "two", "rest")
        )
        self.queue.write(
            {
                "assignment": "by_scope",
                "member_ids": rest.ids,
                "owner_ids": [
                    fields.Command.create(vals)
                    for vals in (
                        {
                            "sequence": 1,
                            "user_id": one.id,
                            "facility_id": near.id,
                            "payer_id": payer.id,
                        },
                        {"sequence": 2, "user_id": two.id, "payer_id": payer.id},
                    )
                ],
            }
        )
        for number, (vals, owner) in enumerate(
            (
                ({"facility_id": near.id, "payer_id": payer.id}, one),
                ({"payer_id": payer.id}, two),
                ({"facility_id": near.id}, rest),
            )
        ):
            with self.subTest(vals=vals):
                case = ground.make_case(
                    self.env, "S", code="price_missing", res_id=800 + number, **vals
                )
                self.assertEqual(case.owner_id, owner)
        two.active = False
        case = ground.make_case(
            self.env, "S", code="price_missing", res_id=810, payer_id=payer.id
        )
        self.assertEqual(case.owner_id, rest, "nobody who left gets cases")
