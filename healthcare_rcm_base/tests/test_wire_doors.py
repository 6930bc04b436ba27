"""At every door a client's context arrives without control keys."""

import json
import re
from datetime import timedelta

from odoo import fields, http
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..core import wire
from .wire_common import WireCase

CONTEXT = {
    "check_move_validity": False,
    "force_delete": True,
    "tracking_disable": True,
    "rcm_ticket": {"_fields": ["state"]},
    "rcm_probe_harmless": 1,
    "probe": "arrived",
}
PASSWORD = "wire-probe-1"


@tagged("post_install", "-at_install")
class TestWireDoors(WireCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env,
            "wire_probe",
            groups="base.group_user,base.group_allow_export",
            password=PASSWORD,
        )
        cls.record = cls.env["res.currency"].search([], limit=1)

    def setUp(self):
        super().setUp()
        self.seen = []
        self.authenticate("wire_probe", PASSWORD)

    def probe(self, model, method, result):
        """Replace a public method by one that notes the context it gets."""
        case = self

        def probe(self, *args, **kwargs):
            case.seen.append(dict(self.env.context))
            return result

        self.patch(type(self.env[model]), method, probe)

    def assertClean(self):
        self.assertTrue(self.seen, "the door was not passed")
        for context in self.seen:
            self.assertEqual(context.get("probe"), "arrived")
            self.assertEqual([key for key in context if wire.is_control(key)], [])
        self.seen.clear()

    def rpc(self, route, **params):
        body = {"jsonrpc": "2.0", "id": 0, "method": "call", "params": params}
        return self.url_open(route, json=body)

    def test_call_kw_and_call_button(self):
        self.probe("res.currency", "toggle_active", True)
        for door in ("call_kw", "call_button"):
            self.rpc(
                f"/web/dataset/{door}",
                model="res.currency",
                method="toggle_active",
                args=[self.record.ids],
                kwargs={"context": CONTEXT},
            )
            with self.subTest(door=door):
                self.assertClean()

    def test_json_2(self):
        self.probe("res.currency", "toggle_active", True)
        keys = self.env["res.users.apikeys"].with_user(self.user).sudo()
        expires = fields.Datetime.now() + timedelta(days=1)
        key = keys._generate("rpc", "probe", expires)
        self.url_open(
            "/json/2/res.currency/toggle_active",
            json={"ids": self.record.ids, "context": CONTEXT},
            headers={"Authorization": f"Bearer {key}"},
        )
        self.assertClean()

    def test_jsonrpc_and_xmlrpc(self):
        self.probe("res.currency", "toggle_active", True)
        login = [self.env.cr.dbname, self.user.id, PASSWORD, "res.currency"]
        values = [*login, "toggle_active", [self.record.ids], {"context": CONTEXT}]
        with mute_logger("odoo.addons.rpc.controllers.jsonrpc"):
            self.rpc("/jsonrpc", service="object", method="execute_kw", args=values)
        self.assertClean()
        with mute_logger("odoo.addons.rpc.controllers.xmlrpc"):
            self.xmlrpc_object.execute_kw(*values)
        self.assertClean()

    def test_export(self):
        self.probe("res.currency", "export_data", {"datas": [["x"]]})
        data = {
            "model": "res.currency",
            "fields": [{"name": "name", "label": "Name"}],
            "ids": self.record.ids,
            "domain": [],
            "import_compat": False,
            "context": CONTEXT,
        }
        self.url_open(
            "/web/export/csv",
            data={
                "data": json.dumps(data),
                "csrf_token": http.Request.csrf_token(self),
            },
        )
        self.assertClean()

    def test_report(self):
        self.probe("ir.actions.report", "_render_qweb_html", (b"<p/>", "html"))
        self.url_open(
            "/report/html/base.report_irmodeloverview/1",
            params={"context": json.dumps(CONTEXT)},
        )
        self.assertClean()

    def test_nested_context_of_web_read(self):
        self.probe("res.currency", "read", [{"id": self.record.id}])
        company = self.env.company
        self.call(
            "res.company",
            "web_read",
            company.ids,
            {"currency_id": {"fields": {"name": {}}, "context": CONTEXT}},
        )
        self.assertClean()

    def test_routes_that_put_the_context_on_the_request(self):
        self.probe("ir.actions.server", "run", False)
        action = self.env["ir.actions.server"].create(
            {
                "name": "Probe",
                "model_id": self.env["ir.model"]._get_id("res.currency"),
                "state": "code",
                "code": "pass",
            }
        )
        self.rpc("/web/action/run", action_id=action.id, context=CONTEXT)
        self.assertClean()
        self.probe("ir.actions.act_window", "_get_action_dict", {})
        window = self.env["ir.actions.act_window"].search([], limit=1)
        self.rpc("/web/action/load", action_id=window.id, context=CONTEXT)
        self.assertClean()
        partner = self.user.partner_id
        self.probe("res.partner", "_get_thread_with_access", partner.browse())
        for route in ("/mail/message/post", "/mail/data", "/mail/action"):
            with (
                self.subTest(route=route),
                mute_logger("odoo.http"),
            ):
                self.rpc(
                    route,
                    thread_model="res.partner",
                    thread_id=partner.id,
                    post_data={"body": "x"},
                    fetch_params=[
                        [
                            "mail.thread",
                            {
                                "thread_model": "res.partner",
                                "thread_id": partner.id,
                                "request_list": [],
                            },
                        ]
                    ],
                    context=CONTEXT,
                )
                self.assertClean()

    def test_code_of_the_server_keeps_its_keys(self):
        record = self.record.with_context(check_move_validity=False, force_delete=True)
        self.assertEqual(record.env.context["force_delete"], True)
        self.assertIs(record.env.context["check_move_validity"], False)

    def test_screens_of_the_suite_send_no_control_key(self):
        """A key a screen needs and that would be dropped belongs to CLIENT_KEYS."""
        keys = re.compile(r"['\"](\w+)['\"]\s*:")
        for module in self.env["ir.module.module"].search(
            [("name", "=like", "healthcare_rcm%"), ("state", "=", "installed")]
        ):
            views = self.env["ir.model.data"].search(
                [("module", "=", module.name), ("model", "=", "ir.ui.view")]
            )
            for view in self.env["ir.ui.view"].browse(views.mapped("res_id")):
                for text in re.findall(r'context="([^"]*)"', view.arch_db):
                    for key in keys.findall(text):
                        with self.subTest(view=view.xml_id, key=key):
                            self.assertFalse(wire.is_control(key))
