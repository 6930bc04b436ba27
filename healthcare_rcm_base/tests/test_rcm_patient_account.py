from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from ..models.rcm_patient_account import IDENTITY_FIELDS
from ..models.res_partner import MASKED_FIELDS
from .common_ground import ROLES, audit_rows
from .master_common import MasterCase

SEERS = {
    "front_desk",
    "biller",
    "coder",
    "cash_poster",
    "denial_analyst",
    "collector",
}


# Their work needs no patient account at all.
STRANGERS = {"payables", "executive", "integration"}


@tagged("post_install", "-at_install")
class TestPatientIdentity(MasterCase):
    """Who a patient is stays with those who may know."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.patient = cls.make_patient(cls)
        cls.guarantor = cls.patient.guarantor_id

    def test_identity_is_closed_to_the_other_roles(self):
        for role in STRANGERS:
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.patient.with_user(self.role(role)).read(["name"])
        for role in set(ROLES) - STRANGERS:
            patient = self.patient.with_user(self.role(role))
            patient.env.invalidate_all()
            with self.subTest(role=role):
                self.assertEqual(patient.display_name, "T-PA1")
                if role in SEERS:
                    self.assertEqual(patient.patient_name, "Alder, Ada")
                    self.assertEqual(patient.read(["mrn"])[0]["mrn"], "T-M1")
                    continue
                self.assertEqual(patient.patient_name, "Hidden")
                self.assertNotIn("Alder", str(patient.read()))
                for name in IDENTITY_FIELDS:
                    with self.assertRaises(AccessError):
                        patient.read([name])
                    with self.assertRaises(AccessError):
                        patient.search([(name, "!=", False)])

    def test_a_seen_name_does_not_stay_for_the_next_person(self):
        seer, other = self.role("biller"), self.role("approver")
        self.assertEqual(self.patient.with_user(seer).patient_name, "Alder, Ada")
        self.assertEqual(self.patient.with_user(other).patient_name, "Hidden")
        self.assertIn("Alder", self.guarantor.with_user(seer).display_name)
        self.assertEqual(self.guarantor.with_user(other).display_name, "T-PA1")

    def test_search_by_name_finds_for_seers_only(self):
        for role, found in (("biller", True), ("approver", False)):
            Patient = self.env["rcm.patient.account"].with_user(self.role(role))
            with self.subTest(role=role):
                for words in ("Alder", "ada alder", "Alder, Ada"):
                    names = Patient.name_search(words)
                    self.assertEqual(bool(names), found, words)
                by_label = Patient.search([("patient_name", "ilike", "Alder")])
                self.assertEqual(bool(by_label), found)
                self.assertTrue(Patient.name_search("T-PA1"))

    def test_guarantor_goes_by_the_number_everywhere(self):
        self.assertEqual(self.guarantor.name, "T-PA1")
        self.assertEqual(self.guarantor.complete_name, "T-PA1")
        row = self.patient.with_user(self.role("approver")).web_read(
            {"guarantor_id": {"fields": {"display_name": {}}}}
        )
        self.assertEqual(row[0]["guarantor_id"]["display_name"], "T-PA1")

    def test_guarantor_is_not_opened_by_the_other_roles(self):
        for role in set(ROLES) - SEERS:
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.guarantor.with_user(self.role(role)).read(["name"])
        clerk = self.user_of("t_contacts", "base.group_user,base.group_partner_manager")
        with self.assertRaises(AccessError):
            self.guarantor.with_user(clerk).read(["name"])

    def test_accounting_staff_get_guarantors_masked(self):
        clerk = self.user_of(
            "t_books", "account.group_account_invoice,base.group_allow_export"
        )
        guarantor = self.guarantor.with_user(clerk)
        guarantor.env.invalidate_all()
        row = guarantor.read(["name", "email", "street", "phone", "state_id"])[0]
        self.assertEqual(row["name"], "T-PA1")
        self.assertFalse(row["email"] or row["street"] or row["phone"])
        with self.assertRaises(AccessError):
            guarantor.read(["rcm_last_name"])
        Partner = self.env["res.partner"].with_user(clerk)
        for domain in (
            [("email", "=", "ada@example.com")],
            [("street", "ilike", "hidden")],
            ["!", ("email", "!=", "ada@example.com")],
            [("display_name", "ilike", "ada")],
            [("display_name", "ilike", "Alder")],
        ):
            with self.subTest(domain=domain):
                self.assertNotIn(guarantor, Partner.search(domain))
        self.assertIn(guarantor, Partner.search([("name", "=", "T-PA1")]))
        groups = Partner._read_group([], ["email"], ["__count"])
        self.assertNotIn("ada@example.com", [email for email, _count in groups])
        exported = guarantor.export_data(["name", "email"])["datas"]
        self.assertNotIn("ada@example.com", str(exported))
        with self.assertRaises(AccessError):
            guarantor.write({"email": "someone@example.com"})

    def test_aggregates_copies_and_cards_are_masked(self):
        email, domain = "ada@example.com", [("id", "=", self.guarantor.id)]
        books = "account.group_account_invoice,base.group_partner_manager"
        seers = f"{books},healthcare_rcm_base.group_patient_data"
        for login, groups, seen in (
            ("t_aggr", books, False),
            ("t_aggr_seer", seers, True),
        ):
            guarantor = self.guarantor.with_user(self.user_of(login, groups))
            guarantor.env.invalidate_all()
            sets = guarantor.formatted_read_grouping_sets(
                domain, [["id"]], ["email:array_agg"]
            )
            held = guarantor.formatted_read_group(
                domain, ["id"], ["__count"], having=[("email:max", "=", email)]
            )
            copied = guarantor.copy_data()
            with self.subTest(seen=seen):
                self.assertEqual(email in str(sets), seen)
                self.assertEqual(bool(held), seen)
                self.assertEqual(email in str(copied), seen)
                if seen:
                    self.assertIn(email, str(guarantor._get_vcard_file()))
                else:
                    with self.assertRaises(AccessError):
                        guarantor._get_vcard_file()

    def test_nobody_is_offered_a_guarantors_address(self):
        """The composer proposes the partner of an entry as recipient."""
        entry = self.env["account.move"].create(
            {"move_type": "out_invoice", "partner_id": self.guarantor.id}
        )
        books = "account.group_account_invoice"
        seers = f"{books},healthcare_rcm_base.group_patient_data"
        for login, groups, seen in (("t_mail", books, False), ("t_see", seers, True)):
            clerk = entry.with_user(self.user_of(login, groups))
            offered = clerk._message_get_suggested_recipients()
            with self.subTest(seen=seen):
                self.assertEqual("ada@example.com" in str(offered), seen)

    def test_sorting_tells_nothing_of_masked_fields(self):
        """Turned round, the order of two guarantors stays what it was without."""
        clerk = self.user_of("t_sorts", "account.group_account_invoice")
        Partner = self.env["res.partner"].with_user(clerk)
        other = self.make_patient(
            name="T-PA2", mrn="T-M2", email="zoe@example.com", street="9 Far End"
        ).guarantor_id
        both = [("id", "in", (self.guarantor | other).ids)]
        states = self.env.ref("base.us").state_ids
        self.guarantor.write({"zip": "1", "city": "A", "state_id": states[0].id})
        other.write({"zip": "2", "city": "B", "state_id": states[1].id})
        self.env.flush_all()
        for name, field in Partner._fields.items():
            if name not in MASKED_FIELDS or not field.store:
                continue
            if field.type == "one2many":
                continue
            with self.subTest(field=name):
                up = Partner.search(both, order=f"{name}, id")
                down = Partner.search(both, order=f"{name} desc, id")
                self.assertEqual(up.ids, down.ids)
        seer = Partner.with_user(self.role("biller")).sudo(False)
        self.assertFalse(seer._rcm_masks())

    def test_grouping_other_records_tells_nothing(self):
        clerk = self.user_of("t_groups", "account.group_account_invoice")
        move = self.env["account.move"].create(
            {"move_type": "out_invoice", "partner_id": self.guarantor.id}
        )
        self.guarantor.write({"city": "Secretville"})
        self.env.flush_all()
        Move = self.env["account.move"].with_user(clerk)
        domain = [("id", "=", move.id)]
        for name in ("email", "street", "city", "zip", "state_id", "country_id"):
            groups = Move._read_group(domain, [f"partner_id.{name}"], ["__count"])
            with self.subTest(field=name):
                self.assertEqual([bool(value) for value, _count in groups], [False])
        for operator in ("any", "any!"):
            with self.subTest(operator=operator):
                hit = [("partner_id", operator, [("city", "=", "Secretville")])]
                try:
                    found = Move.search(hit)
                except ValueError:
                    continue  # not for clients at all
                self.assertNotIn(move, found)

    def test_search_through_another_model_tells_nothing(self):
        clerk = self.role("auditor")
        Patient = self.env["rcm.patient.account"].with_user(clerk)
        for name in ("guarantor_id.email", "guarantor_id.street"):
            found = Patient.search([(name, "ilike", "hidden"), ("name", "=", "T-PA1")])
            self.assertFalse(found)

    def test_invoice_stores_the_number_whoever_makes_it(self):
        """Stored names are computed by the person who saves."""
        seer = self.user_of(
            "t_biller_books",
            "healthcare_rcm_base.group_biller,account.group_account_invoice",
        )
        move = (
            self.env["account.move"]
            .with_user(seer)
            .new({"move_type": "out_invoice", "partner_id": self.guarantor.id})
        )
        self.assertIn("Alder", move.partner_id.display_name)
        self.assertEqual(move.invoice_partner_display_name, "T-PA1")

    def test_messages_and_audit_carry_no_identity(self):
        self.patient.write({"last_name": "Birch", "email": "other@example.com"})
        self.env.flush_all()
        self.assertEqual(self.guarantor.rcm_last_name, "Birch")
        self.assertEqual(self.guarantor.email, "other@example.com")
        tracked = self.guarantor.message_ids.tracking_value_ids
        self.assertFalse(tracked)
        rows = audit_rows(self.env, self.patient)
        self.assertTrue(rows)
        text = str(rows.read())
        for secret in ("Alder", "Birch", "other@example.com", "T-M1", "1980"):
            self.assertNotIn(secret, text)

    def test_a_guarantor_keeps_the_number_as_name(self):
        self.guarantor.write({"name": "Ada Alder-Birch"})
        self.assertEqual(self.guarantor.name, "T-PA1")
        self.assertEqual(self.guarantor.rcm_last_name, "Alder-Birch")
        with self.assertRaises(ValidationError):
            self.guarantor.parent_id = self.payer.partner_id

    # ------------------------------------------------------------------
    # Guarantors
    # ------------------------------------------------------------------
    def test_front_desk_registers_a_patient(self):
        with Form(
            self.env["rcm.patient.account"].with_user(self.role("front_desk"))
        ) as form:
            form.last_name = "Cedar"
            form.first_name = "Cleo"
        patient = form.record
        self.assertTrue(patient.name.startswith("PA"))
        self.assertEqual(patient.guarantor_id.name, patient.name)
        self.assertEqual(patient.guarantor_id.rcm_last_name, "Cedar")

    def test_guarantor_becomes_another_person(self):
        desk = self.role("front_desk")
        action = self.patient.with_user(desk).action_rcm_edit_guarantor()
        Wizard = self.env["rcm.guarantor.edit"].with_user(desk)
        form = Form(Wizard.with_context(**action["context"]))
        self.assertEqual(form.first_name, "Ada")
        form.relationship = "parent"
        self.assertEqual(form.account_number, "GT-PA1")
        form.first_name, form.last_name = "Ben", "Alder"
        form.save().action_save()
        self.assertEqual(self.patient.guarantor_id.name, "GT-PA1")
        self.assertEqual(self.patient.guarantor_id.rcm_first_name, "Ben")
        self.assertEqual(self.guarantor.rcm_first_name, "Ada")

    def test_guarantor_editor_is_closed_to_others(self):
        with self.assertRaises(AccessError):
            self.patient.with_user(self.role("approver")).action_rcm_edit_guarantor()
        with self.assertRaises(AccessError):
            self.env["rcm.guarantor.edit"].with_user(self.role("coder")).create(
                {"patient_id": self.patient.id, "account_number": "Z"}
            )

    def test_registering_a_guarantor_twice_makes_one(self):
        Partner = self.env["res.partner"]
        first = Partner._rcm_register_guarantor(
            self.company, "T-G1", {"first_name": "Dan", "city": "Springfield"}
        )
        again = Partner._rcm_register_guarantor(
            self.company, "T-G1", {"first_name": "Dana", "city": None}
        )
        self.assertEqual(first, again)
        self.assertEqual(first.rcm_first_name, "Dana")
        self.assertEqual(first.city, "Springfield")

    def test_coverages_on_a_day_come_in_order(self):
        Coverage = self.env["rcm.coverage"]
        base = {"patient_id": self.patient.id, "payer_id": self.payer.id}
        second = Coverage.create({**base, "sequence": 2})
        first = Coverage.create(
            {**base, "sequence": 1, "date_from": "2026-01-01", "date_to": "2026-06-30"}
        )
        day = first.date_from.replace(month=3)
        self.assertEqual(self.patient._rcm_coverages_on(day), first | second)
        self.assertEqual(self.patient._rcm_coverages_on(day).ids, (first + second).ids)
        later = day.replace(month=7)
        self.assertEqual(self.patient._rcm_coverages_on(later), second)
        clash = Coverage.create({**base, "sequence": 2, "date_from": "2026-05-01"})
        self.assertTrue(clash.overlap_warning)
        self.assertFalse(first.overlap_warning)

    def test_member_id_is_identity(self):
        coverage = self.env["rcm.coverage"].create(
            {
                "patient_id": self.patient.id,
                "payer_id": self.payer.id,
                "member_id": "T-W123",
            }
        )
        with self.assertRaises(AccessError):
            coverage.with_user(self.role("auditor")).read(["member_id"])
        self.assertNotIn("T-W123", coverage.display_name)
        self.assertNotIn("T-W123", str(audit_rows(self.env, coverage).read()))
