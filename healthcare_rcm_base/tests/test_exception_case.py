from ast import literal_eval
from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree
from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..core.errors import RcmPermanent
from . import builders
from . import common_ground as ground


class ExceptionCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Case = cls.env["rcm.exception.case"]
        cls.document = ground.make_case(cls.env, "DOC", res_id=99)
        cls.other = ground.make_case(cls.env, "DOC2", res_id=98)
        cls.biller = ground.role_user(cls.env, "biller")
        cls.queue = cls.env.ref("healthcare_rcm_base.rcm_exception_queue_billing")

    def on_reprocess(self, step):
        """Let ``step(document, case)`` be what the documents run again."""
        return patch.object(self.registry["rcm.exception.case"], "_rcm_reprocess", step)


@tagged("post_install", "-at_install")
class TestRaise(ExceptionCase):
    def test_a_case_holds_the_facts(self):
        case = self.document._rcm_raise_case(
            "price_missing", "No rate", expected=92, actual=0, amount=150.0
        )
        self.assertEqual(case.state, "open")
        self.assertEqual((case.kind, case.severity), ("business", "3"))
        self.assertEqual((case.expected, case.actual), ("92", "0"))
        self.assertEqual(case.amount, 150.0)
        self.assertEqual(case.record_name, "DOC")
        self.assertEqual(case.correlation_id, self.document.correlation_id)
        self.assertRegex(case.name, r"^EX\d{6}$")
        self.assertTrue(ground.audit_rows(self.env, case, "rcm.exception.case.opened"))

    def test_a_repeat_is_an_occurrence(self):
        first = self.document._rcm_raise_case("price_missing", "one", amount=5)
        again = self.document._rcm_raise_case("price_missing", "two")
        self.assertEqual(first, again)
        self.assertEqual(first.occurrence_count, 2)
        messages = first.occurrence_ids.sorted("id").mapped("message")
        self.assertEqual(messages, ["one", "two"])
        self.assertEqual((first.message, first.amount), ("two", 5.0))

    def test_another_type_or_a_closed_one_is_a_new_case(self):
        first = self.document._rcm_raise_case("price_missing", "one")
        coding = self.document._rcm_raise_case("coding_missing", "two")
        first._rcm_close("resolved", "corrected", "")
        third = self.document._rcm_raise_case("price_missing", "three")
        self.assertEqual(len(first | coding | third), 3)

    def test_many_records_at_once_keep_their_order(self):
        known = self.other._rcm_raise_case("price_missing", "one")
        both = (self.document | self.other)._rcm_raise_case(
            "price_missing",
            "two",
            amount={self.document.id: 10, self.other.id: 20},
        )
        self.assertEqual(both[1], known)
        self.assertEqual(both.mapped("amount"), [10.0, 20.0])
        self.assertEqual(both.mapped("occurrence_count"), [1, 2])

    def test_the_database_allows_one_open_case(self):
        ground.make_case(self.env, "U1", res_id=50)
        self.env.flush_all()
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            with self.env.cr.savepoint():
                ground.make_case(self.env, "U2", res_id=50)

    def test_a_case_opened_meanwhile_makes_the_transaction_run_again(self):
        self.document._rcm_raise_case("price_missing", "theirs")
        self.env.flush_all()
        # what a snapshot taken before their commit sees
        with patch.object(
            type(self.Case), "search", lambda self, *a, **k: self.browse()
        ):
            with self.assertRaises(ConcurrencyError):
                self.Case._rcm_open_cases(
                    ground.exception_type(self.env, "price_missing"),
                    self.document,
                    {"message": "ours"},
                    None,
                )

    def test_an_unknown_type_is_a_programming_error(self):
        with self.assertRaises(ValueError):
            self.document._rcm_raise_case("no_such_type", "x")

    def test_every_contract_type_is_shipped_with_instructions(self):
        types = self.env["rcm.exception.type"].search([])
        self.assertGreaterEqual(len(types), 37)
        for case_type in types:
            with self.subTest(code=case_type.code):
                self.assertTrue(case_type.instructions)
                self.assertTrue(case_type.default_queue_id)
                self.assertEqual(
                    case_type.default_queue_id.kind == "technical",
                    case_type.kind == "technical"
                    and case_type.default_queue_id.code == "integration",
                )


@tagged("post_install", "-at_install")
class TestClock(ExceptionCase):
    def test_due_time_counts_working_hours(self):
        company = self.env.company
        company.resource_calendar_id.tz = "UTC"
        case_type = ground.exception_type(self.env)
        case_type.sla_hours = 16
        friday = datetime(2026, 11, 20, 15, 0)
        due = case_type._rcm_due_at(friday, company)
        # two hours on Friday, eight on Monday, six on Tuesday
        self.assertEqual(due.date(), datetime(2026, 11, 24).date())
        company.resource_calendar_id = False
        self.assertEqual(
            case_type._rcm_due_at(friday, company), friday + timedelta(hours=16)
        )

    def test_overdue_cases_are_marked_and_the_queue_owner_told(self):
        owner = ground.role_user(self.env, "finance_manager")
        self.queue.owner_id = owner
        case = self.document._rcm_raise_case("price_missing", "x")
        case._rcm_assign()
        self.Case._cron_watch()
        self.assertFalse(case.breached)
        with freeze_time(case.due_at + timedelta(minutes=1)):
            self.Case._cron_watch()
            self.Case._cron_watch()
        self.assertTrue(case.breached)
        self.assertEqual(case.escalation_level, 1)
        activity = case.activity_ids
        self.assertEqual(activity.user_id, owner)
        self.assertEqual(len(activity), 1, "told once")
        self.assertTrue(ground.audit_rows(self.env, case, "rcm.exception.case.overdue"))

    def test_without_anybody_named_a_finance_manager_is_told(self):
        ground.role_user(self.env, "finance_manager")
        blind = self.env["res.users"].create({"name": "B", "login": "ground_blind"})
        for number, owner in enumerate((blind.browse(), blind)):
            with self.subTest(owner=owner):
                self.queue.write({"owner_id": owner.id, "assignment": "manual"})
                case = ground.make_case(
                    self.env,
                    "T",
                    code="price_missing",
                    res_id=3000 + number,
                    due_at=datetime(2030, 1, 7, 12),
                )
                with freeze_time("2030-01-07 12:01:00"):
                    self.Case._cron_watch()
                told = case.activity_ids.user_id
                self.assertEqual(len(told), 1)
                self.assertEqual(case.escalation_notice_ids.user_id, told)
                self.assertTrue(
                    told.has_group("healthcare_rcm_base.group_finance_manager")
                )

    def test_queue_and_automation_without_people_say_so(self):
        for view, condition in (
            ("rcm_exception_queue_view_form", "owner_id or member_ids"),
            ("rcm_automation_view_form", "owner_id"),
        ):
            with self.subTest(view=view):
                record = self.env.ref(f"healthcare_rcm_base.{view}")
                combined = self.env[record.model].get_view(record.id, "form")["arch"]
                [node] = etree.fromstring(combined).xpath("//div[@name='unattended']")
                self.assertEqual(node.get("invisible"), condition)

    def test_the_level_stays_while_nobody_can_be_told(self):
        self.queue.assignment = "manual"
        case = self.document._rcm_raise_case("price_missing", "x")
        nobody = patch.object(type(case), "_rcm_open_to", lambda *args: False)
        with (
            nobody,
            freeze_time(case.due_at + timedelta(minutes=1)),
            self.assertLogs(
                "odoo.addons.healthcare_rcm_base.models.rcm_exception_work", "WARNING"
            ),
        ):
            self.Case._cron_watch()
        self.assertTrue(case.breached)
        self.assertEqual(case.escalation_level, 0)
        self.assertFalse(case.escalation_notice_ids)
        ground.role_user(self.env, "finance_manager")
        with freeze_time(case.next_escalation_at + timedelta(minutes=1)):
            self.Case._cron_watch()
        self.assertEqual(case.escalation_level, 1)
        self.assertEqual(len(case.activity_ids), 1)

    def test_the_overdue_filter_leaves_out_what_waits_in_time(self):
        view = self.env.ref("healthcare_rcm_base.rcm_exception_case_view_search")
        arch = etree.fromstring(view.arch)
        [node] = arch.xpath("//filter[@name='overdue']")
        late = self.document._rcm_raise_case("price_missing", "x")
        waits = self.other._rcm_raise_case("price_missing", "y")
        both = late | waits
        waits._rcm_wait(waits.due_at + timedelta(days=30), "payer")
        with freeze_time(waits.due_at + timedelta(hours=1)):
            domain = [("id", "in", both.ids), *literal_eval(node.get("domain"))]
            self.assertEqual(self.Case.search(domain), late)
            late._rcm_write({"breached": True})
            late._rcm_wait(fields.Datetime.now() + timedelta(days=30), "payer")
            self.assertEqual(self.Case.search(domain), late, "missed stays missed")

    def test_what_stays_overdue_goes_further_up_once(self):
        self.queue.write(
            {
                "owner_id": ground.role_user(self.env, "finance_manager").id,
                "escalation_ids": [
                    fields.Command.create({"user_id": user.id, "after_hours": hours})
                    for user, hours in (
                        (ground.role_user(self.env, "finance_manager"), 0),
                        (ground.role_user(self.env, "approver"), 8),
                    )
                ],
            }
        )
        case = self.document._rcm_raise_case("price_missing", "x")
        case._rcm_assign()
        with freeze_time(case.due_at + timedelta(minutes=1)):
            self.Case._cron_watch()
        self.assertTrue(case.next_escalation_at)
        for _time in range(2):
            with freeze_time(case.next_escalation_at or "2030-01-01"):
                self.Case._cron_watch()
        self.assertEqual(case.escalation_level, 2)
        self.assertEqual(len(case.activity_ids), 2)
        case._rcm_close("resolved", "corrected", "")
        self.assertFalse(case.activity_ids)

    def test_waiting_cases_wake_up(self):
        case = self.document._rcm_raise_case("price_missing", "x")
        case._rcm_hand_over(self.biller)
        with self.assertRaises(UserError):
            case._rcm_wait(fields.Datetime.now() - timedelta(hours=1), "payer")
        wake = fields.Datetime.now() + timedelta(days=30)
        case._rcm_wait(wake, "waits for the payer")
        with freeze_time(wake - timedelta(minutes=1)):
            self.Case._cron_watch()
            self.assertEqual((case.state, case.breached), ("waiting", False))
        with freeze_time(wake + timedelta(minutes=1)):
            self.Case._cron_watch()
        self.assertEqual(case.state, "in_progress")
        self.assertFalse(case.wake_at)

    def test_urgency(self):
        case = self.document._rcm_raise_case("price_missing", "x")
        for offset, urgency in ((-1, "late"), (1, "soon"), (100, "on_time")):
            due = fields.Datetime.now() + timedelta(hours=offset)
            case._rcm_write({"due_at": due})
            self.assertEqual(case.urgency, urgency)
        case._rcm_close("resolved", "corrected", "")
        self.assertFalse(case.urgency)


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
class TestReprocess(ExceptionCase):
    def setUp(self):
        super().setUp()
        self.case = self.document._rcm_raise_case("price_missing", "x")
        self.mine = self.case.with_user(self.biller)

    def test_success_resolves_the_case(self):
        with self.on_reprocess(lambda document, case: True):
            action = self.mine.action_reprocess()
        self.assertEqual(action["params"]["type"], "success")
        self.assertEqual(self.case.state, "resolved")
        self.assertEqual(self.case.resolved_by_id, self.biller)
        self.assertEqual(self.case.resolution_code, "corrected")

    def test_the_same_failure_keeps_it_open(self):
        def fail_again(document, case):
            document._rcm_raise_case("price_missing", "still no rate")
            return True

        with self.on_reprocess(fail_again):
            action = self.mine.action_reprocess()
        self.assertEqual(action["params"]["type"], "warning")
        self.assertEqual(self.case.state, "open")
        self.assertEqual(self.case.occurrence_count, 2)

    def test_an_error_undoes_the_step_and_is_recorded(self):
        def half_done(document, case):
            document._rcm_write({"amount": 77.0})
            raise RcmPermanent("broken", "cannot")

        with self.on_reprocess(half_done):
            action = self.mine.action_reprocess()
        self.assertIn("cannot", action["params"]["message"])
        self.assertEqual(self.document.amount, 0.0)
        self.assertEqual(self.case.occurrence_count, 2)

    def test_many_cases_have_a_result_each(self):
        second = self.other._rcm_raise_case("price_missing", "y")

        def one_fails(document, case):
            if document.id == second.res_id:
                raise UserError(self.env._("not this one"))
            return True

        with self.on_reprocess(one_fails):
            action = (self.mine | second.with_user(self.biller)).action_reprocess()
        lines = self.env["rcm.exception.reprocess"].browse(action["res_id"]).line_ids
        self.assertEqual(lines.mapped("ok"), [True, False])
        self.assertEqual(lines.mapped("message")[1], "not this one")
        self.assertEqual((self.case.state, second.state), ("resolved", "open"))

    def test_the_document_has_the_button_too(self):
        with self.on_reprocess(lambda document, case: True):
            self.document.with_user(self.biller).action_rcm_reprocess()
        self.assertEqual(self.case.state, "resolved")
        with self.assertRaises(UserError):
            self.document.with_user(self.biller).action_rcm_reprocess()

    def test_the_document_names_who_may_run_it_again(self):
        self.patch(
            self.registry["rcm.exception.case"],
            "_rcm_reprocess_roles",
            ("cash_poster",),
        )
        ran = []
        with self.on_reprocess(lambda document, case: ran.append(document)):
            action = self.mine.action_reprocess()
        self.assertEqual(action["params"]["type"], "warning")
        self.assertFalse(ran)
        self.assertEqual((self.case.state, self.case.occurrence_count), ("open", 1))

    def test_a_document_one_may_not_run_does_not_stop_the_others(self):
        roles_of_it = self.document._rcm_reprocess_roles
        second = self.other._rcm_raise_case("price_missing", "y")
        real = type(self.env.user)._rcm_require
        calls = []

        def refuse_the_first(user, *roles):
            if roles == roles_of_it:
                calls.append(user)
                if len(calls) == 2:  # the first is the action itself
                    # pylint: disable=translation-required
                    raise AccessError("EX names CANARY")
            return real(user, *roles)

        self.patch(type(self.env.user), "_rcm_require", refuse_the_first)
        with self.on_reprocess(lambda document, case: True):
            action = (self.mine | second.with_user(self.biller)).action_reprocess()
        lines = self.env["rcm.exception.reprocess"].browse(action["res_id"]).line_ids
        self.assertEqual(lines.mapped("ok"), [False, True])
        self.assertNotIn("CANARY", lines[0].message)
        self.assertEqual((self.case.state, second.state), ("open", "resolved"))

    def test_an_unforeseen_error_is_one_case_s_and_quotes_nothing(self):
        second = self.other._rcm_raise_case("price_missing", "y")

        def breaks(document, case):
            if document.id == self.case.res_id:
                document._rcm_write({"amount": 77.0})
                raise KeyError("CANARY")
            return True

        with (
            self.on_reprocess(breaks),
            self.assertLogs(
                "odoo.addons.healthcare_rcm_base.models.rcm_exception_work", "WARNING"
            ) as logs,
        ):
            action = (self.mine | second.with_user(self.biller)).action_reprocess()
        lines = self.env["rcm.exception.reprocess"].browse(action["res_id"]).line_ids
        self.assertEqual(lines.mapped("ok"), [False, True])
        self.assertEqual(self.document.amount, 0.0)
        self.assertEqual(self.case.occurrence_count, 2)
        self.assertIn("KeyError", self.case.message)
        self.assertNotIn("CANARY", f"{logs.output}{self.case.message}")

    def test_a_conflict_makes_the_request_run_again(self):
        def conflict(document, case):
            raise ConcurrencyError("again")

        with self.on_reprocess(conflict), self.assertRaises(ConcurrencyError):
            self.mine.action_reprocess()

    def test_a_document_that_is_gone(self):
        gone = ground.make_case(self.env, "GONE", res_id=123_456_789)
        gone._rcm_write({"res_model": "rcm.no.such.model"})
        action = gone.with_user(self.biller).action_reprocess()
        self.assertEqual(action["params"]["type"], "warning")
        with self.assertRaises(UserError):
            gone.action_open_record()


@tagged("post_install", "-at_install")
class TestSteps(ExceptionCase):
    def setUp(self):
        super().setUp()
        self.case = self.document._rcm_raise_case("price_missing", "x")

    def step(self, user, **vals):
        wizard = (
            self.env["rcm.exception.step"]
            .with_user(user)
            .create({"case_ids": self.case.ids, **vals})
        )
        return wizard.action_apply()

    def test_take_and_resolve(self):
        self.case.with_user(self.biller).action_take()
        self.assertEqual(self.case.owner_id, self.biller)
        self.assertEqual(self.case.state, "in_progress")
        with self.assertRaises(UserError):
            self.step(self.biller, step="resolve")
        self.step(
            self.biller,
            step="resolve",
            root_cause="master_data",
            resolution_code="corrected",
            reason="rate added",
        )
        self.assertEqual(self.case.state, "resolved")
        self.assertEqual(self.case.root_cause, "master_data")
        self.assertEqual(self.case.resolution, "rate added")

    def test_dismissing_needs_a_reason(self):
        vals = {
            "step": "dismiss",
            "root_cause": "other",
            "resolution_code": "not_an_error",
        }
        with self.assertRaises(UserError):
            self.step(self.biller, **vals)
        self.step(self.biller, **vals, reason="test file")
        self.assertEqual(self.case.state, "dismissed")

    def test_assigning_to_somebody_who_may_not_work_on_it(self):
        with self.assertRaises(UserError):
            self.step(
                self.biller,
                step="assign",
                user_id=ground.role_user(self.env, "front_desk").id,
            )
        other = ground.role_user(self.env, "coder")
        self.step(self.biller, step="assign", user_id=other.id)
        self.assertEqual(self.case.owner_id, other)

    def test_wait_and_resume(self):
        self.step(
            self.biller,
            step="wait",
            wake_at=fields.Datetime.now() + timedelta(days=1),
            reason="payer answers",
        )
        self.assertEqual(self.case.state, "waiting")
        self.case.with_user(self.biller).action_resume()
        self.assertIn(self.case.state, ("open", "in_progress"))
        self.assertFalse(self.case.wake_at)

    def test_readers_cannot_step(self):
        for role in ("auditor", "administrator", "executive", "front_desk"):
            user = ground.role_user(self.env, role)
            with self.subTest(role=role):
                with self.assertRaises(AccessError):
                    self.case.with_user(user).action_take()
                with self.assertRaises(AccessError):
                    self.case.with_user(user).action_reprocess()


@tagged("post_install", "-at_install")
class TestExceptionAccess(ExceptionCase):
    WORKERS = (
        "biller",
        "coder",
        "cash_poster",
        "denial_analyst",
        "collector",
        "payables",
        "approver",
        "finance_manager",
        "integration_support",
    )

    def test_role_table(self):
        for role in ground.ROLES:
            Case = self.Case.with_user(ground.role_user(self.env, role))
            reads = role in (*self.WORKERS, "auditor", "administrator")
            with self.subTest(role=role):
                self.assertEqual(Case.has_access("read"), reads)
                self.assertEqual(Case.has_access("write"), role in self.WORKERS)
                self.assertFalse(Case.has_access("create"))
                self.assertFalse(Case.has_access("unlink"))
                for model in ("rcm.exception.type", "rcm.exception.queue"):
                    configured = Case.env[model]
                    self.assertEqual(
                        configured.has_access("read"), reads or role == "executive"
                    )
                    for mode in ("write", "create", "unlink"):
                        self.assertEqual(
                            configured.has_access(mode), role == "administrator"
                        )

    def test_integration_support_sees_technical_cases_only(self):
        business = self.document._rcm_raise_case("price_missing", "x")
        technical = self.document._rcm_raise_case("event_failed", "y")
        support = ground.role_user(self.env, "integration_support")
        seen = self.Case.with_user(support).search([])
        self.assertIn(technical, seen)
        self.assertNotIn(business, seen)
        with self.assertRaises(AccessError):
            business.with_user(support).message  # noqa: B018
        with self.assertRaises(AccessError):
            business.with_user(support).action_take()
        self.assertIn(business, self.Case.with_user(self.biller).search([]))

    def test_cases_of_other_companies_are_hidden(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        case = ground.make_case(self.env, "FAR", res_id=5, company_id=other.id)
        Case = self.Case.with_user(self.biller)
        self.assertFalse(Case.search([("id", "=", case.id)]))
        self.assertFalse(Case.search_count([("id", "=", case.id)]))
        self.assertFalse(Case.name_search("FAR"))
        Report = self.env["rcm.exception.report"].with_user(self.biller)
        self.assertFalse(Report.search([("case_id", "=", case.id)]))
        with self.assertRaises(AccessError):
            case.with_user(self.biller).message  # noqa: B018

    def test_cases_of_other_facilities_are_hidden(self):
        Facility = self.env["rcm.facility"]
        near = Facility.create({"name": "Near", "code": "GNEAR"})
        far = Facility.create({"name": "Far", "code": "GFAR"})
        here = ground.make_case(self.env, "NEAR", res_id=6, facility_id=near.id)
        there = ground.make_case(self.env, "FAR", res_id=7, facility_id=far.id)
        self.biller.rcm_facility_ids = near
        seen = self.Case.with_user(self.biller).search([])
        self.assertIn(here, seen)
        self.assertNotIn(there, seen)
        self.assertIn(self.document, seen, "cases without a facility stay visible")

    def test_a_hidden_case_still_shows_that_the_document_waits(self):
        document = ground.make_case(self.env, "TECH", code="event_failed", res_id=97)
        document._rcm_raise_case("price_missing", "x")
        support = ground.role_user(self.env, "integration_support")
        seen = document.with_user(support)
        self.assertEqual(seen.rcm_open_case_count, 1)
        self.assertFalse(seen.rcm_case_ids)

    def test_age_in_the_analysis(self):
        case = self.document._rcm_raise_case("price_missing", "x", amount=10)
        case._rcm_write({"first_seen_at": fields.Datetime.now() - timedelta(days=5)})
        self.env.flush_all()
        row = self.env["rcm.exception.report"].search([("case_id", "=", case.id)])
        self.assertEqual(row.age_bucket, "c")
        self.assertAlmostEqual(row.age_days, 5, places=1)
        self.assertTrue(row.is_open)


@tagged("post_install", "-at_install")
class TestBusinessTime(ExceptionCase):
    """Targets run in working hours of the team, and stand still while one waits."""

    def setUp(self):
        super().setUp()
        self.company_calendar = self.env.company.resource_calendar_id
        self.company_calendar.tz = "UTC"
        self.type = ground.exception_type(self.env, "price_missing")
        self.type.sla_hours = 8

    def raised_at(self, moment, **vals):
        with freeze_time(moment):
            case = self.document._rcm_raise_case("price_missing", "x", **vals)
        return case

    def test_the_queue_s_calendar_and_time_zone_decide(self):
        tokyo = self.company_calendar.copy({"name": "Tokyo", "tz": "Asia/Tokyo"})
        self.queue.calendar_id = tokyo
        # Monday 00:30 in UTC is Monday 09:30 in Tokyo
        case = self.raised_at("2026-11-23 00:30:00")
        self.assertEqual(case.queue_id, self.queue)
        # 8 working hours from 9:30: to 12:00, 13:00-17:00, next day 8:00-9:30
        self.assertEqual(case.due_at, datetime(2026, 11, 24, 0, 30))

    def test_daylight_saving_does_not_move_the_working_day(self):
        self.company_calendar.tz = "America/New_York"
        # Friday 15:00 in New York before the clocks change on Sunday (UTC-4 → UTC-5)
        case = self.raised_at("2026-10-30 19:00:00")
        # two hours on Friday, then Monday 8:00-12:00 and 13:00-15:00, now UTC-5
        self.assertEqual(case.due_at, datetime(2026, 11, 2, 20, 0))

    def test_leaves_of_the_calendar_are_no_working_time(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": self.company_calendar.id,
                "date_from": "2026-11-24 00:00:00",
                "date_to": "2026-11-24 23:59:59",
            }
        )
        case = self.raised_at("2026-11-23 13:00:00")
        self.assertEqual(case.due_at.date(), datetime(2026, 11, 25).date())

    def test_waiting_stops_the_clock(self):
        case = self.raised_at("2026-11-23 08:00:00")
        self.assertEqual(case.due_at, datetime(2026, 11, 23, 17, 0))
        with freeze_time("2026-11-23 10:00:00"):
            case._rcm_wait(datetime(2026, 11, 30, 9, 0), "payer answers")
        self.assertEqual(case.hours_left, 6.0)
        with freeze_time("2026-11-25 10:00:00"):
            self.Case._cron_watch()
            case.invalidate_recordset(["urgency"])
            self.assertEqual((case.breached, case.urgency), (False, "on_time"))
        with freeze_time("2026-11-30 09:00:00"):
            self.Case._cron_watch()
        self.assertEqual(case.state, "open")
        # six hours from Monday 9:00: to 12:00, then 13:00-16:00
        self.assertEqual(case.due_at, datetime(2026, 11, 30, 16, 0))
        self.assertTrue(
            ground.audit_rows(self.env, case, "rcm.exception.case.clock_resumed")
        )

    def test_waiting_does_not_undo_a_breach(self):
        case = self.raised_at("2026-11-23 08:00:00")
        with freeze_time("2026-11-24 09:00:00"):
            self.Case._cron_watch()
            self.assertTrue(case.breached)
            case._rcm_wait(datetime(2026, 11, 25, 9, 0), "payer answers")
        with freeze_time("2026-11-25 09:00:00"):
            self.Case._cron_watch()
        self.assertTrue(case.breached)
        self.assertEqual(case.due_at, datetime(2026, 11, 23, 17, 0))


@tagged("post_install", "-at_install")
class TestEscalationChain(ExceptionCase):
    def setUp(self):
        super().setUp()
        self.people = [
            ground.role_user(self.env, role)
            for role in ("biller", "finance_manager", "approver")
        ]
        self.queue.escalation_ids = [
            fields.Command.create({"sequence": place, "user_id": user.id, **vals})
            for place, (user, vals) in enumerate(
                zip(
                    self.people,
                    ({}, {"after_hours": 8}, {"after_hours": 8}),
                    strict=True,
                )
            )
        ]

    def test_every_level_is_told_once_and_in_order(self):
        case = self.document._rcm_raise_case("price_missing", "x")
        moment = case.due_at + timedelta(minutes=1)
        for _level in self.people:
            for _time in range(2):
                with freeze_time(moment):
                    self.Case._cron_watch()
            moment = case.next_escalation_at or moment + timedelta(days=9)
        with freeze_time(moment):
            self.Case._cron_watch()
        notices = case.escalation_notice_ids
        self.assertEqual(notices.mapped("level"), [1, 2, 3])
        self.assertEqual(list(notices.mapped("user_id")), self.people)
        self.assertEqual(case.activity_ids.user_id, notices.user_id)
        self.assertEqual(len(case.activity_ids), 3)
        self.assertFalse(case.next_escalation_at)
        self.assertEqual(self.queue.escalation_ids.mapped("level"), [1, 2, 3])

    def test_a_closed_or_waiting_case_is_not_escalated(self):
        case = self.document._rcm_raise_case("price_missing", "x")
        with freeze_time(case.due_at + timedelta(minutes=1)):
            self.Case._cron_watch()
            case._rcm_wait(fields.Datetime.now() + timedelta(days=30), "payer")
        with freeze_time(case.next_escalation_at + timedelta(days=1)):
            self.Case._cron_watch()
        self.assertEqual(len(case.escalation_notice_ids), 1)

    def test_notifications_hold_no_patient_data(self):
        encounter = builders.encounter(self.env, [])
        patient = encounter.patient_id
        patient.write({"first_name": "CANARYFIRST", "last_name": "CANARYLAST"})
        patient.guarantor_id.name = "CANARYGUARANTOR"
        case = encounter._rcm_raise_case("price_missing", "No rate")
        with freeze_time(case.due_at + timedelta(minutes=1)):
            self.Case._cron_watch()
        self.assertTrue(case.activity_ids)
        texts = [
            *case.activity_ids.mapped("summary"),
            *case.activity_ids.mapped("note"),
            *case.message_ids.mapped("body"),
            *self.env["mail.mail"].search([]).mapped("body_html"),
            *case.mapped("record_name"),
            *case.mapped("message"),
        ]
        for word in ("CANARY", patient.mrn):
            self.assertNotIn(word, str(texts))


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


@tagged("post_install", "-at_install")
class TestThroughput(ExceptionCase):
    def test_opened_and_closed_are_counted_apart(self):
        first = self.document._rcm_raise_case("price_missing", "x", amount=10)
        self.other._rcm_raise_case("price_missing", "y")
        first._rcm_close("resolved", "corrected", "")
        self.env.flush_all()
        Flow = self.env["rcm.exception.flow"]
        type_id = first.type_id.id
        counts = dict(
            Flow._read_group([("type_id", "=", type_id)], ["movement"], ["__count"])
        )
        self.assertEqual(counts, {"opened": 2, "resolved": 1})
        self.assertTrue(Flow.search([("movement", "=", "resolved")])[:1].in_time)

    def test_bulk_assign(self):
        cases = self.document._rcm_raise_case("price_missing", "x")
        cases |= self.other._rcm_raise_case("price_missing", "y")
        self.env["rcm.exception.step"].with_user(self.biller).create(
            {"case_ids": cases.ids, "step": "assign", "user_id": self.biller.id}
        ).action_apply()
        self.assertEqual(cases.owner_id, self.biller)

    def test_other_companies_and_facilities_stay_hidden(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        far = ground.make_case(self.env, "FAR", res_id=5, company_id=other.id)
        near = builders.facility(self.env)
        away = builders.facility(self.env, code="GAWAY")
        there = self.document._rcm_raise_case("price_missing", "x")
        there._rcm_write({"facility_id": away.id})
        self.env["rcm.exception.escalation.notice"].create(
            [{"case_id": case.id, "level": 1} for case in (far, there)]
        )
        self.biller.rcm_facility_ids = near
        self.env.flush_all()
        hidden = (far | there).ids
        for model in (
            "rcm.exception.flow",
            "rcm.exception.occurrence",
            "rcm.exception.escalation.notice",
        ):
            with self.subTest(model=model):
                seen = self.env[model].with_user(self.biller)
                self.assertFalse(seen.search([("case_id", "in", hidden)]))
                self.assertFalse(seen.search_count([("case_id", "in", hidden)]))
