"""What clients change over the wire is in the log: whichever door, in their name."""

from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from . import builders
from . import common_ground as ground
from .wire_common import WireCase

PASSWORD = "wire-audit-1"
LOGIN = "wire_audit"


@tagged("post_install", "-at_install")
class TestWireAudit(WireCase):
    """Contacts: where money comes from and goes to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env,
            LOGIN,
            groups="base.group_user,base.group_partner_manager,"
            "healthcare_rcm_base.group_biller",
            password=PASSWORD,
        )
        cls.vendor = cls.env["res.partner"].create(
            {"name": "Supplies", "supplier_rank": 1, "phone": "1"}
        )
        facility = builders.facility(cls.env, cls.env.company)
        patient = cls.env["rcm.patient.account"].create(
            {"facility_id": facility.id, "last_name": "Wirename"}
        )
        cls.guarantor = patient.guarantor_id

    def setUp(self):
        super().setUp()
        self.authenticate(LOGIN, PASSWORD)

    def rows(self, record, event=None):
        """New rows of the person at the other end."""
        rows = ground.audit_rows(self.env, record, event)
        return rows.filtered(lambda row: row.actor_uid == self.user.id)

    def change(self, record, event=None):
        """The one row of the change, as {field: [before, after]}."""
        rows = self.rows(record, event)
        self.assertEqual(len(rows), 1)
        self.assertEqual((rows.actor_login, rows.actor_kind), (LOGIN, "person"))
        self.assertEqual(rows.source, "web")
        return rows._rcm_bodies()[rows.id]

    def doors(self):
        """{door: write these values of this record through it}."""
        keys = self.env["res.users.apikeys"].with_user(self.user).sudo()
        key = keys._generate("rpc", "audit", fields.Datetime.now() + timedelta(days=1))
        login = [self.env.cr.dbname, self.user.id, PASSWORD]

        def json_2(record, vals):
            self.url_open(
                f"/json/2/{record._name}/write",
                json={"ids": record.ids, "vals": vals},
                headers={"Authorization": f"Bearer {key}"},
            )

        def jsonrpc(record, vals):
            args = [*login, record._name, "write", [record.ids, vals]]
            params = {"service": "object", "method": "execute_kw", "args": args}
            with mute_logger("odoo.addons.rpc.controllers.jsonrpc"):
                self.url_open(
                    "/jsonrpc",
                    json={"jsonrpc": "2.0", "method": "call", "params": params},
                )

        def xmlrpc(record, vals):
            with mute_logger("odoo.addons.rpc.controllers.xmlrpc"):
                self.xmlrpc_object.execute_kw(
                    *login, record._name, "write", [record.ids, vals]
                )

        return {
            "call_kw": lambda record, vals: self.call(
                record._name, "write", record.ids, vals
            ),
            "form": lambda record, vals: self.call(
                record._name, "web_save", record.ids, vals, {}
            ),
            "quiet": lambda record, vals: self.call(
                record._name,
                "write",
                record.ids,
                vals,
                context={"tracking_disable": True, "mail_notrack": True},
            ),
            "json 2": json_2,
            "jsonrpc": jsonrpc,
            "xmlrpc": xmlrpc,
        }

    def test_a_vendor_changed_through_every_door(self):
        known, before = self.rows(self.vendor), "1"
        for number, (door, write) in enumerate(self.doors().items(), start=2):
            write(self.vendor, {"phone": str(number)})
            self.env.invalidate_all()
            fresh = self.rows(self.vendor) - known
            with self.subTest(door=door):
                self.assertEqual(len(fresh), 1)
                self.assertEqual(
                    fresh._rcm_bodies()[fresh.id], {"phone": [before, str(number)]}
                )
                source = "remote call" if door.endswith("rpc") else "web"
                self.assertEqual((fresh.actor_login, fresh.source), (LOGIN, source))
            known, before = known | fresh, str(number)

    def test_a_guarantor_changed_without_a_value_in_the_log(self):
        answer = self.call(
            "res.partner", "write", self.guarantor.ids, {"rcm_last_name": "Othername"}
        )
        self.assertTrue(answer.get("result"), answer)
        changes = self.change(self.guarantor, "res.partner.changed")
        self.assertEqual(changes["rcm_last_name"], "changed")
        self.assertNotIn("name", str(changes.values()).lower())

    def test_made_and_deleted(self):
        vals = {"name": "Fresh vendor", "supplier_rank": 1, "vat": "XX1"}
        answer = self.call("res.partner", "create", vals)
        made = self.env["res.partner"].browse(answer["result"])
        self.assertEqual(self.change(made)["name"], [None, "Fresh vendor"])
        self.call("res.partner", "unlink", made.ids)
        self.assertFalse(made.exists())
        self.assertEqual(len(self.rows(made, "res.partner.deleted")), 1)

    def test_bank_accounts_by_their_last_figures(self):
        answer = self.call(
            "res.partner.bank",
            "create",
            {"acc_number": "DE00123456789", "partner_id": self.vendor.id},
        )
        bank = self.env["res.partner.bank"].browse(answer["result"])
        self.assertEqual(self.change(bank)["acc_number"][1][-4:], "6789")

    def test_a_refused_change_leaves_no_row(self):
        known = self.rows(self.vendor)
        with mute_logger("odoo.http", "odoo.sql_db"):
            refused = self.call(
                "res.partner", "write", self.vendor.ids, {"name": False, "phone": "9"}
            )
        self.assertIn("error", refused)
        self.assertEqual(self.rows(self.vendor), known)
        self.assertEqual(self.vendor.phone, "1")
