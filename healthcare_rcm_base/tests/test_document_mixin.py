from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, TransactionCase, tagged

from ..core.ticket import Ticket
from ..models import rcm_document_mixin
from . import common_ground as ground


@tagged("post_install", "-at_install")
class TestProtectedFields(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Case = cls.env["rcm.exception.case"]
        cls.case = ground.make_case(cls.env)
        cls.vals = {
            "type_id": ground.exception_type(cls.env).id,
            "res_model": "rcm.exception.type",
            "res_id": 2,
        }

    def test_write_is_refused_for_everyone(self):
        everyone = (
            self.case,
            self.case.sudo(),
            self.case.with_user(self.env.ref("base.user_admin")).sudo(),
        )
        for case in everyone:
            for vals in ({"state": "resolved"}, {"amount": 9.0}, {"owner_id": 2}):
                with self.subTest(vals=vals), self.assertRaises(AccessError):
                    case.write(vals)
        self.assertEqual(self.case.state, "open")

    def test_assignment_is_refused_too(self):
        with self.assertRaises(AccessError):
            self.case.state = "resolved"

    def test_context_keys_open_nothing(self):
        ticket_like = {"model": self.case._name, "ids": self.case.ids}
        for context in (
            {Ticket.KEY: True},
            {Ticket.KEY: ticket_like},
            {Ticket.KEY: "Ticket"},
            {"rcm_bypass": True, "install_mode": True, "tracking_disable": True},
        ):
            with self.subTest(context=context), self.assertRaises(AccessError):
                self.case.with_context(**context).write({"state": "resolved"})

    def test_a_ticket_for_another_record_or_field_opens_nothing(self):
        other = ground.make_case(self.env, "T2", res_id=2)
        for ticket in (
            Ticket(self.case._name, other.ids, ["state"]),
            Ticket(self.case._name, self.case.ids, ["amount"]),
            Ticket("rcm.claim", self.case.ids, ["state"]),
        ):
            with self.assertRaises(AccessError):
                self.case.with_context(**{Ticket.KEY: ticket}).write(
                    {"state": "resolved"}
                )

    def test_the_ticket_is_gone_after_use(self):
        self.case._rcm_write({"amount": 3.0})
        self.assertNotIn(Ticket.KEY, self.case.env.context)
        created = ground.make_case(self.env, "T3", res_id=3)
        self.assertNotIn(Ticket.KEY, created.env.context)
        self.assertEqual(self.case.amount, 3.0)

    def test_create_refuses_protected_values(self):
        with self.assertRaises(AccessError):
            self.Case.create(dict(self.vals))
        with self.assertRaises(AccessError):
            self.Case.sudo().create({"state": "resolved"})

    def test_create_refuses_context_defaults(self):
        with self.assertRaises(AccessError):
            self.Case.with_context(default_state="resolved").create({})
        with self.assertRaises(AccessError):
            self.Case.with_context(default_amount=5.0).create({})

    def test_context_defaults_do_not_reach_domain_code(self):
        case = self.Case.with_context(
            default_state="resolved", default_amount=7.0
        )._rcm_create([{**self.vals, "name": "T4"}])
        self.assertEqual((case.state, case.amount), ("open", 0.0))

    def test_stored_user_defaults_do_not_fill_protected_fields(self):
        self.env["ir.default"].set(self.Case._name, "state", "resolved")
        self.env["ir.default"].set(self.Case._name, "amount", 5.0)
        case = self.Case._rcm_create([{**self.vals, "name": "T5"}])
        self.assertEqual((case.state, case.amount), ("open", 0.0))

    def test_a_copy_does_not_carry_protected_values(self):
        self.case._rcm_write({"amount": 3.0})
        data = self.case.copy_data()[0]
        self.assertNotIn("state", data)
        self.assertNotIn("amount", data)

    def test_import_is_refused(self):
        result = self.Case.load([".id", "state"], [[str(self.case.id), "resolved"]])
        self.assertTrue(result["messages"])
        self.assertEqual(self.case.state, "open")

    def test_correlation_id_is_given_once(self):
        self.assertEqual(len(self.case.correlation_id), 32)
        with self.assertRaises(AccessError):
            self.case.write({"correlation_id": "mine"})
        other = ground.make_case(self.env, "T6", res_id=6)
        self.assertNotEqual(other.correlation_id, self.case.correlation_id)

    def test_unprotected_fields_are_written_as_usual(self):
        self.case.write({"resolution": "note"})
        self.assertEqual(self.case.resolution, "note")

    def test_only_first_state_can_be_deleted(self):
        self.case._rcm_set_state("in_progress")
        with self.assertRaises(UserError):
            self.case.unlink()
        fresh = ground.make_case(self.env, "T7", res_id=7)
        fresh.unlink()
        self.assertFalse(fresh.exists())


@tagged("post_install", "-at_install")
class TestState(TransactionCase):
    def setUp(self):
        super().setUp()
        self.case = ground.make_case(self.env)

    def test_a_move_is_written_and_logged_with_before_and_after(self):
        self.case._rcm_set_state("in_progress")
        row = ground.audit_rows(self.env, self.case, "rcm.exception.case.state_changed")
        self.assertEqual(len(row), 1)
        self.assertEqual(row.record_name, "T1")
        self.assertEqual(row.correlation_id, self.case.correlation_id)
        self.assertEqual(row._rcm_bodies()[row.id], {"state": ["open", "in_progress"]})

    def test_the_same_state_is_a_no_op(self):
        self.case._rcm_set_state("in_progress")
        before = len(ground.audit_rows(self.env, self.case))
        with patch.object(rcm_document_mixin, "_logger") as logger:
            self.case._rcm_set_state("in_progress", amount=99.0)
        logger.info.assert_called_once()
        self.assertEqual(len(ground.audit_rows(self.env, self.case)), before)
        self.assertEqual(self.case.amount, 0.0)

    def test_an_illegal_move_names_both_states(self):
        self.case._rcm_set_state("resolved")
        with self.assertRaises(UserError) as caught:
            self.case._rcm_set_state("open")
        self.assertIn("Resolved", str(caught.exception))
        self.assertIn("Open", str(caught.exception))

    def test_one_illegal_record_stops_all(self):
        other = ground.make_case(self.env, "T2", res_id=2)
        other._rcm_set_state("dismissed")
        with self.assertRaises(UserError):
            (self.case | other)._rcm_set_state("in_progress")
        self.assertEqual(self.case.state, "open")

    def test_unknown_state_is_an_error(self):
        with self.assertRaises(ValueError):
            self.case._rcm_set_state("nowhere")

    def test_values_moved_with_the_state_are_logged(self):
        self.case._rcm_set_state("waiting", amount=12.5, waiting_reason="payer")
        row = ground.audit_rows(self.env, self.case, "rcm.exception.case.state_changed")
        self.assertEqual(
            row._rcm_bodies()[row.id],
            {
                "state": ["open", "waiting"],
                "amount": [0.0, 12.5],
                "waiting_reason": [None, "payer"],
            },
        )

    def test_queries_do_not_grow_with_the_records(self):
        cases = self.env["rcm.exception.case"]
        for number in range(2, 103):
            cases |= ground.make_case(self.env, f"N{number}", res_id=number)
        one, many = cases[0], cases[1:]
        self.env.flush_all()
        counts = []
        for records in (one, many):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records._rcm_set_state("in_progress")
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2, counts)
        moves = ground.audit_rows(self.env, many, "rcm.exception.case.state_changed")
        self.assertEqual(len(moves), 100)


@tagged("post_install", "-at_install")
class TestCasesOfDocument(TransactionCase):
    def setUp(self):
        super().setUp()
        self.document = ground.make_case(self.env, "DOC")

    def test_a_document_shows_what_blocks_it(self):
        self.assertEqual(self.document.rcm_open_case_count, 0)
        self.assertFalse(self.document.rcm_block_reason)
        case = self.document._rcm_raise_case("price_missing", "No price for 99213")
        self.document.invalidate_recordset()
        self.assertEqual(self.document.rcm_open_case_count, 1)
        self.assertEqual(self.document.rcm_case_ids, case)
        self.assertIn("No price for 99213", self.document.rcm_block_reason)
        self.assertIn(
            ground.exception_type(self.env, "price_missing").instructions,
            self.document.rcm_block_reason,
        )

    def test_the_message_cannot_inject_markup(self):
        self.document._rcm_raise_case("price_missing", "<script>alert(1)</script>")
        self.document.invalidate_recordset()
        self.assertNotIn("<script>", self.document.rcm_block_reason)

    def test_search_for_blocked_documents(self):
        self.document._rcm_raise_case("price_missing", "x")
        Case = self.env["rcm.exception.case"]
        for domain, found in (
            ([("rcm_open_case_count", ">", 0)], True),
            ([("rcm_open_case_count", "!=", 0)], True),
            ([("rcm_open_case_count", "=", 0)], False),
        ):
            with self.subTest(domain=domain):
                self.assertEqual(self.document in Case.search(domain), found)

    def test_resolving_takes_the_chosen_types_only(self):
        price = self.document._rcm_raise_case("price_missing", "x")
        coding = self.document._rcm_raise_case("coding_missing", "y")
        self.document._rcm_resolve_cases(["price_missing"], "rate added")
        self.assertEqual((price.state, coding.state), ("resolved", "open"))
        self.assertEqual(price.resolution, "rate added")
        self.document._rcm_resolve_cases()
        self.assertEqual(coding.state, "resolved")

    def test_gate_without_approvals_lets_all_pass(self):
        alone = rcm_document_mixin.RcmDocumentMixin._rcm_gate
        self.assertEqual(alone(self.document, "clear"), self.document)


@tagged("post_install", "-at_install")
class TestRpcDoors(HttpCase):
    """The same guards over the wire, for a user with full model access."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.model.access"].create(
            {
                "name": "test: everything on cases",
                "model_id": cls.env["ir.model"]._get_id("rcm.exception.case"),
                "group_id": cls.env.ref("base.group_system").id,
                "perm_read": True,
                "perm_write": True,
                "perm_create": True,
                "perm_unlink": True,
            }
        )
        cls.case = ground.make_case(cls.env)
        cls.case_type = ground.exception_type(cls.env)
        cls.admin = cls.env.ref("base.user_admin")
        cls.admin.password = "admin-of-this-test"

    def call(self, method, *args, context=None, **kwargs):
        """Call over web RPC; return (result, name of the error)."""
        response = self.url_open(
            f"/web/dataset/call_kw/rcm.exception.case/{method}",
            json={
                "jsonrpc": "2.0",
                "id": 1,
                "method": "call",
                "params": {
                    "model": "rcm.exception.case",
                    "method": method,
                    "args": list(args),
                    "kwargs": {**kwargs, "context": context or {}},
                },
            },
        ).json()
        error = response.get("error", {}).get("data", {}).get("name")
        return response.get("result"), error

    def test_every_door_is_shut(self):
        self.authenticate(self.admin.login, "admin-of-this-test")
        ids = self.case.ids
        change = {"state": "resolved"}
        spec = {"state": {}}
        new = {
            "type_id": self.case_type.id,
            "res_model": "rcm.exception.type",
            "res_id": 5,
            "state": "resolved",
        }
        refused = (
            ("write", (ids, change), {}),
            ("web_save", (ids, change, spec), {}),
            ("create", ([new],), {}),
            ("web_save", ([], new, spec), {}),
            ("write", (ids, {"amount": 1}), {}),
        )
        contexts = (
            {},
            {Ticket.KEY: True},
            {Ticket.KEY: {"model": "rcm.exception.case", "ids": ids}},
            {"default_state": "resolved", "su": True, "install_mode": True},
        )
        for context in contexts:
            for method, args, kwargs in refused:
                with self.subTest(method=method, context=context):
                    _result, error = self.call(method, *args, context=context, **kwargs)
                    self.assertEqual(error, "odoo.exceptions.AccessError")
        for method in ("_rcm_write", "_rcm_create", "_rcm_set_state", "_rcm_emit"):
            with self.subTest(method=method):
                _result, error = self.call(method, ids, change)
                self.assertEqual(error, "odoo.exceptions.AccessError")
        self.case.invalidate_recordset()
        self.assertEqual((self.case.state, self.case.amount), ("open", 0.0))

    def test_defaults_over_the_wire_do_not_fill_protected_fields(self):
        self.authenticate(self.admin.login, "admin-of-this-test")
        context = {"default_state": "resolved"}
        _result, error = self.call("create", [{}], context=context)
        self.assertEqual(error, "odoo.exceptions.AccessError")

    def test_import_over_the_wire(self):
        self.authenticate(self.admin.login, "admin-of-this-test")
        result, error = self.call(
            "load", [".id", "state"], [[str(self.case.id), "resolved"]]
        )
        self.assertTrue(error or result["messages"])
        self.case.invalidate_recordset()
        self.assertEqual(self.case.state, "open")

    def test_reading_and_plain_fields_still_work(self):
        self.authenticate(self.admin.login, "admin-of-this-test")
        result, error = self.call(
            "web_save", self.case.ids, {"resolution": "note"}, {"resolution": {}}
        )
        self.assertFalse(error)
        self.assertEqual(result[0]["resolution"], "note")


@tagged("post_install", "-at_install")
class TestWake(TransactionCase):
    def test_a_job_is_triggered_once_per_transaction(self):
        cron = self.env.ref("healthcare_rcm_base.cron_seal_audit_log")
        triggers = self.env["ir.cron.trigger"].search_count
        domain = [("cron_id", "=", cron.id)]
        before = triggers(domain)
        for _time in range(3):
            self.env["ir.cron"]._rcm_wake("healthcare_rcm_base.cron_seal_audit_log")
        self.assertEqual(triggers(domain), before, "only at commit")
        self.env.cr.flush()
        self.assertEqual(triggers(domain), before + 1)

    def test_a_wake_goes_with_its_savepoint(self):
        cron = self.env.ref("healthcare_rcm_base.cron_seal_audit_log")
        domain = [("cron_id", "=", cron.id), ("call_at", ">", fields.Datetime.now())]
        self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]).unlink()
        try:
            with self.env.cr.savepoint():
                self.env["ir.cron"]._rcm_wake("healthcare_rcm_base.cron_seal_audit_log")
                raise UserError(self.env._("undo"))
        except UserError:
            self.env.cr.flush()
        self.assertFalse(self.env["ir.cron.trigger"].search_count(domain[:1]))

    def test_an_unknown_job_is_ignored(self):
        self.env["ir.cron"]._rcm_wake("healthcare_rcm_base.no_such_cron")
        self.env.cr.flush()
