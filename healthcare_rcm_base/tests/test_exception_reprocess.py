"""Running the blocked step again."""

from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tests import tagged

from ..core.errors import RcmPermanent
from . import common_ground as ground
from .exception_common import ExceptionCase


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
