"""Contacts that money comes from or goes to: each change has a row in the log."""

from odoo.tests import Form, TransactionCase, new_test_user, tagged

from . import builders
from . import common_ground as ground

CANARY = "Quillfeather"


@tagged("post_install", "-at_install")
class TestContactsAreAudited(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = builders.company(cls.env, "Contact clinic")
        cls.env = cls.env(
            context=dict(cls.env.context, allowed_company_ids=cls.company.ids)
        )
        cls.payer = builders.payer(cls.env, cls.company)
        facility = builders.facility(cls.env, cls.company)
        cls.patient = cls.env["rcm.patient.account"].create(
            {"facility_id": facility.id, "last_name": CANARY}
        )
        cls.guarantor = cls.patient.guarantor_id

    def changes(self, record, event=None):
        """The details of this record's rows, oldest first."""
        rows = ground.audit_rows(self.env, record, event or f"{record._name}.changed")
        bodies = rows._rcm_bodies()
        return [bodies[row.id] for row in rows if row.id in bodies]

    # -- guarantors --------------------------------------------------------------

    def test_a_guarantor_s_change_is_logged_without_its_values(self):
        before = len(self.changes(self.guarantor))
        self.guarantor.write(
            {"street": f"{CANARY} Lane 1", "email": f"{CANARY}@example.com"}
        )
        [change] = self.changes(self.guarantor)[before:]
        self.assertEqual(change, {"street": "changed", "email": "changed"})
        rows = ground.audit_rows(self.env, self.guarantor)
        self.assertNotIn(CANARY, str(rows.read()) + str(rows._rcm_bodies()))
        self.assertEqual(
            set(rows.mapped("record_name")), {self.guarantor.rcm_account_number}
        )
        self.assertEqual(set(rows.mapped("company_id")), {self.company.id})

    def test_a_new_guarantor_is_logged_by_number(self):
        [created] = self.changes(self.guarantor, "res.partner.created")
        self.assertEqual(
            created["rcm_account_number"], [None, self.guarantor.rcm_account_number]
        )
        self.assertEqual(created["rcm_last_name"], "changed")
        self.assertEqual(created["name"], "changed")

    def test_values_that_stay_write_nothing(self):
        before = len(ground.audit_rows(self.env, self.guarantor))
        self.guarantor.write({"street": self.guarantor.street, "color": 3})
        self.assertEqual(len(ground.audit_rows(self.env, self.guarantor)), before)

    def test_intake_that_repeats_itself_writes_nothing(self):
        Partner = self.env["res.partner"]
        number = self.guarantor.rcm_account_number
        before = len(ground.audit_rows(self.env, self.guarantor))
        vals = {"last_name": CANARY}
        Partner._rcm_register_guarantor(self.company, number, vals)
        self.assertEqual(len(ground.audit_rows(self.env, self.guarantor)), before)
        vals["street"] = "Elm 2"
        Partner._rcm_register_guarantor(self.company, number, vals)
        self.assertEqual(self.changes(self.guarantor)[-1], {"street": "changed"})

    # -- who and through which door ------------------------------------------------

    def test_a_person_in_odoo_s_own_form(self):
        clerk = new_test_user(
            self.env,
            "contact_clerk",
            groups="base.group_user,base.group_partner_manager",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        contact = self.payer.partner_id.with_user(clerk)
        with Form(contact) as form:
            form.city = "Springfield"
        self.assertEqual(
            self.changes(self.payer.partner_id)[-1], {"city": [None, "Springfield"]}
        )
        row = ground.audit_rows(self.env, self.payer.partner_id)[-1]
        self.assertEqual((row.actor_login, row.actor_kind), (clerk.login, "person"))

    def test_an_import(self):
        contact = self.payer.partner_id
        answer = self.env["res.partner"].load(
            [".id", "zip"], [[str(contact.id), "62701"]]
        )
        self.assertFalse(answer["messages"])
        self.assertEqual(self.changes(contact)[-1], {"zip": [None, "62701"]})

    def test_an_interface_and_an_automation(self):
        contact = self.payer.partner_id
        service = ground.role_user(self.env, "integration")
        contact.with_user(service).sudo().street = "Oak 1"
        row = ground.audit_rows(self.env, contact)[-1]
        self.assertEqual(row.actor_kind, "integration")
        rule = self.env["base.automation"].create(
            {
                "name": "Post codes are towns",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "trigger": "on_create_or_write",
                "trigger_field_ids": [
                    (4, self.env["ir.model.fields"]._get("res.partner", "zip").id)
                ],
            }
        )
        self.env["ir.actions.server"].create(
            {
                "name": "Town",
                "model_id": rule.model_id.id,
                "base_automation_id": rule.id,
                "usage": "base_automation",
                "state": "code",
                "code": "record.write({'city': 'Shelbyville'})",
            }
        )
        contact.zip = "62565"
        row = ground.audit_rows(self.env, contact)[-1]
        self.assertEqual(row._rcm_bodies()[row.id], {"city": [None, "Shelbyville"]})
        self.assertEqual((row.actor_kind, row.source), ("automation", rule.name))

    # -- payers, clients, companies, vendors, banks -----------------------------------

    def test_which_contact_a_payer_and_a_client_go_by(self):
        client = self.env["rcm.client"].create({"name": "Lab", "code": "LAB-A"})
        other = self.env["res.partner"].create({"name": "Elsewhere"})
        self.assertFalse(ground.audit_rows(self.env, other))
        for owner in (self.payer, client):
            before = owner.partner_id
            owner.partner_id = other
            self.assertEqual(
                self.changes(owner)[-1], {"partner_id": [before.id, other.id]}
            )
        other.name = "Somewhere"
        self.assertEqual(self.changes(other)[-1], {"name": ["Elsewhere", "Somewhere"]})

    def test_a_company_and_a_vendor_and_nobody_else(self):
        vendor, friend = self.env["res.partner"].create(
            [{"name": "Vendor", "supplier_rank": 1}, {"name": "Friend"}]
        )
        (vendor | friend | self.company.partner_id).write({"phone": "555 0100"})
        for contact in (vendor, self.company.partner_id):
            self.assertEqual(self.changes(contact)[-1]["phone"][1], "555 0100")
        self.assertFalse(ground.audit_rows(self.env, friend))
        vendor.unlink()
        self.assertTrue(ground.audit_rows(self.env, vendor, "res.partner.deleted"))

    def test_bank_accounts_by_their_last_figures(self):
        vendor, friend = self.env["res.partner"].create(
            [{"name": "Vendor", "supplier_rank": 1}, {"name": "Friend"}]
        )
        ours, theirs = self.env["res.partner.bank"].create(
            [
                {"acc_number": "1111222233334444", "partner_id": vendor.id},
                {"acc_number": "9999222233334444", "partner_id": friend.id},
            ]
        )
        ours.acc_number = "1111222233335555"
        theirs.acc_number = "1111222233336666"
        [change] = self.changes(ours)
        self.assertEqual(change, {"acc_number": ["•••4444", "•••5555"]})
        self.assertFalse(ground.audit_rows(self.env, theirs))

    def test_another_company_s_auditor_does_not_see_the_row(self):
        other = builders.company(self.env, "Other contact clinic")
        self.payer.partner_id.city = "Capital City"
        auditor = new_test_user(
            self.env,
            "contact_auditor",
            groups="healthcare_rcm_base.group_auditor",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        log = self.env["rcm.audit.log"].with_user(auditor)
        log = log.with_context(allowed_company_ids=other.ids)
        domain = [
            ("model", "=", "res.partner"),
            ("res_id", "=", self.payer.partner_id.id),
        ]
        self.assertFalse(log.search(domain))
        self.assertTrue(self.env["rcm.audit.log"].search(domain))

    # -- cost ------------------------------------------------------------------------

    def test_a_hundred_contacts_cost_as_many_statements_as_one(self):
        people = self.env["res.partner"].create(
            [{"name": f"P{n}", "supplier_rank": 1} for n in range(100)]
        )
        self.env.flush_all()

        def statements(partners, city):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            partners.write({"city": city})
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        statements(people[:1], "A")  # what is looked up once and kept
        self.assertLessEqual(statements(people, "B"), statements(people[:1], "C") + 4)
