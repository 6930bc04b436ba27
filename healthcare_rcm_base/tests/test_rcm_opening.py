import base64
from datetime import date
from decimal import Decimal

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..core import table
from ..tools import write_csv, write_xlsx
from ..wizard.rcm_table_opening_claims import COLUMNS
from . import builders
from .common_ground import audit_rows, role_user
from .ledger_common import LedgerCase

DAY = date(2026, 6, 30)
D = Decimal


@tagged("post_install", "-at_install")
class TestOpening(LedgerCase):
    """Open claims of an earlier system: all of them, or none, tied to the cent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.facility = builders.facility(cls.env, cls.company)
        cls.payer = builders.payer(cls.env, cls.company)
        cls.group = builders.provider_group(cls.env, cls.company)
        cls.patient = builders.patient(cls.env, cls.facility)
        builders.coverage(cls.env, cls.patient, cls.payer)
        builders.service_code(cls.env)
        cls.account = cls.env["account.account"].create(
            {
                "name": "Opening",
                "code": "399900",
                "account_type": "equity",
                "company_ids": [Command.set(cls.company.ids)],
            }
        )
        cls.manager = role_user(cls.env, "finance_manager", "opening_manager")
        cls.manager.company_ids = [Command.link(cls.company.id)]
        cls.opening = (
            cls.env["rcm.opening"]
            .with_user(cls.manager)
            .create(
                {
                    "date": DAY,
                    "provider_group_id": cls.group.id,
                    "clearing_account_id": cls.account.id,
                }
            )
        )

    def row(self, **values):
        return {
            "control_number": "OLD1",
            "facility": self.facility.code,
            "payer": self.payer.code,
            "mrn": self.patient.mrn,
            "service_date": date(2026, 3, 2),
            "submitted_date": date(2026, 3, 9),
            "state": "accepted",
            "payer_claim_number": "ICN1",
            "code": "99213",
            "charge": D("1000.00"),
            "paid": D("300.00"),
            "contractual": D("500.00"),
            "patient": D("80.00"),
            "open": D("120.00"),
            "patient_open": D("50.00"),
            "allowance": D("20.00"),
            **values,
        }

    def rows(self):
        return [
            self.row(),
            self.row(
                control_number="OLD2",
                state="submitted",
                payer_claim_number=None,
                charge=D("150.00"),
                paid=None,
                contractual=None,
                patient=None,
                patient_open=None,
                open=D("150.00"),
                allowance=D("58.00"),
            ),
            self.row(
                control_number="OLD3",
                payer=None,
                state=None,
                payer_claim_number=None,
                charge=D("200.00"),
                paid=D("40.00"),
                contractual=None,
                patient=None,
                patient_open=None,
                open=D("160.00"),
                allowance=None,
            ),
        ]

    def wizard(self, rows, opening=None, write=write_csv, user=None):
        opening = opening or self.opening
        sheet = [table.header(COLUMNS)]
        sheet += [table.cells(record, COLUMNS) for record in rows]
        action = opening.with_user(user or self.manager).action_import()
        Wizard = self.env["rcm.table.import"].with_user(user or self.manager)
        extension = "csv" if write is write_csv else "xlsx"
        return Wizard.with_context(**action["context"]).create(
            {
                "file_content": base64.b64encode(write(sheet)),
                "file_name": f"open.{extension}",
            }
        )

    def imported(self):
        wizard = self.wizard(self.rows())
        wizard.action_import()
        self.assertFalse(wizard.fault_count, wizard.fault_ids.mapped("remedy"))
        claims = self.opening.sudo().claim_ids.sorted("name")
        return claims.with_env(self.env)

    def counts(self):
        self.env.flush_all()
        return [
            self.env[model].search_count([("company_id", "=", self.company.id)])
            for model in ("rcm.claim", "rcm.encounter", "rcm.charge", "account.move")
        ]

    # -- checking --------------------------------------------------------------------

    def test_check_says_what_would_happen_and_changes_nothing(self):
        before = self.counts()
        for write in (write_csv, write_xlsx):
            wizard = self.wizard(self.rows(), write=write)
            wizard.action_check()
            self.assertEqual((wizard.fault_count, wizard.row_count), (0, 3))
            self.assertIn("3 claims", wizard.summary)
            self.assertEqual(self.counts(), before)
            self.assertEqual(self.opening.state, "draft")

    def test_one_wrong_row_and_nothing_is_imported(self):
        before = self.counts()
        self.env["rcm.claim"]._rcm_create(
            [
                {
                    "name": "OLD2",
                    "encounter_id": builders.encounter(
                        self.env, ["10"], facility=self.facility
                    ).id,
                    "company_id": self.company.id,
                    "facility_id": self.facility.id,
                }
            ]
        )
        before = self.counts()
        stranger = builders.payer(self.env, self.company)
        for values, column in (
            ({"open": D("120.01")}, "Open"),
            ({"facility": "NOWHERE"}, "Facility"),
            ({"payer": "NOBODY"}, "Payer"),
            ({"mrn": "SECRET-MRN"}, "Patient MRN"),
            ({"payer": stranger.code}, "Payer"),
            ({"service_date": date(2019, 1, 1)}, "Payer"),
            ({"control_number": "OLD2"}, "Control Number"),
        ):
            with self.subTest(values=values):
                good = self.row(control_number="OLD9")
                wizard = self.wizard([good, self.row(**values)])
                wizard.action_import()
                self.assertEqual(
                    [(fault.row, fault.column) for fault in wizard.fault_ids],
                    [(3, column)],
                )
                said = str(wizard.fault_ids.read(["value", "problem", "remedy"]))
                self.assertNotIn("SECRET-MRN", said)
                self.assertEqual(self.counts(), before)
                self.assertEqual(self.opening.state, "draft")

    # -- what it makes ---------------------------------------------------------------

    def test_claims_come_with_history_and_their_entries(self):
        claims = self.imported()
        self.assertEqual(claims.mapped("name"), ["OLD1", "OLD2", "OLD3"])
        first, second, selfpay = claims
        self.assertEqual(first.state, "accepted")
        self.assertEqual(first.payer_claim_number, "ICN1")
        self.assertEqual((first.total_charge, first.open_balance), (1000.0, 120.0))
        self.assertEqual((first.paid_amount, first.patient_amount), (300.0, 80.0))
        self.assertEqual(first.payment_status, "partial")
        self.assertEqual(first.line_ids.open_amount, 120.0)
        self.assertEqual(first.leg_ids.state, "accepted")
        self.assertEqual(first.encounter_id.state, "billed")
        self.assertEqual(first.line_ids.charge_id.state, "billed")
        self.assertEqual(second.leg_ids.state, "submitted")
        self.assertEqual(second.expected_amount, 92.0)
        self.assertTrue(selfpay.self_pay)
        self.assertEqual(set(claims.invoice_id.mapped("date")), {DAY})
        self.assertEqual(
            self.trial_balance(),
            {
                "receivable_payer": D("270.00"),
                "receivable_patient": D("210.00"),
                "reserve": D("-78.00"),
                f"account {self.account.id}": D("-402.00"),
            },
        )
        self.assertTrue(audit_rows(self.env, first, "rcm.claim.opened"))
        self.assertTrue(audit_rows(self.env, self.opening, "rcm.opening.state_changed"))

    def test_they_are_paid_reversed_and_closed_like_any_other(self):
        first, second, _selfpay = self.imported()
        payment = {
            "clearing": D("92.00"),
            "reserve": D("58.00"),
            "receivable_payer": D("-150.00"),
        }
        rows = [("paid", D("92")), ("contractual", D("58"))]
        for sign in (1, -1, 1):
            self.post_remittance(
                second, {key: sign * value for key, value in payment.items()}
            )
            second._rcm_apply_posting(
                [
                    (second.id, second.line_ids.id, kind, sign * value)
                    for kind, value in rows
                ]
            )
            self.assertEqual(second.open_balance, 0.0 if sign > 0 else 150.0)
        second._rcm_mark_adjudicated(self.payer)
        second._rcm_close()
        self.assertEqual(second.state, "closed")
        self.assertFalse(second._rcm_balances()[second.id].get("receivable_payer"))
        self.assertFalse(second._rcm_balances()[second.id].get("reserve"))
        # Voiding one credits what the earlier system had invoiced, once.
        first._rcm_credit_invoices("Void")
        balances = first._rcm_balances()[first.id]
        self.assertEqual(balances["revenue"], D("1000.00"))
        self.assertEqual(balances["receivable_payer"], D("-880.00"))

    def test_ageing_of_an_opening_ties_too(self):
        self.imported()
        self.env.flush_all()
        Ageing = self.env["rcm.ageing"].with_context(rcm_as_of="2026-06-30")
        tie_out = Ageing._rcm_tie_out(self.company)
        buckets, ledger = tie_out["receivable_payer"]
        self.assertEqual((sum(buckets.values()), ledger), (270.0, 270.0))
        self.assertEqual(buckets, {"d": 270.0}, "by date of service")

    # -- closing and undoing ---------------------------------------------------------

    def test_it_closes_only_when_file_ledger_and_control_total_agree(self):
        self.imported()
        opening = self.opening
        with self.assertRaises(UserError) as caught:
            opening.action_close()
        self.assertIn("Type in", str(caught.exception))
        opening.control_total = 480.01
        with self.assertRaises(UserError) as caught:
            opening.action_close()
        for amount in ("480.00", "480.01"):
            self.assertIn(amount, str(caught.exception))
        opening.write({"control_total": 480.0, "control_count": 4})
        with self.assertRaises(UserError):
            opening.action_close()
        opening.control_count = 3
        self.assertTrue(opening.is_tied)
        self.assertEqual((opening.ledger_total, opening.claims_total), (480.0, 480.0))
        self.assertEqual(opening.clearing_balance, -402.0)
        opening.action_close()
        self.assertEqual(opening.state, "closed")
        with self.assertRaises(UserError):
            opening.control_total = 1.0
        with self.assertRaises(UserError):
            opening.action_undo()

    def test_undo_takes_everything_back_and_the_file_can_come_again(self):
        claims = self.imported()
        encounters = claims.encounter_id
        self.opening.action_undo()
        self.assertEqual(self.opening.state, "undone")
        self.assertFalse(self.trial_balance())
        self.assertEqual(set(claims.mapped("state")), {"void"})
        self.assertEqual(set(encounters.mapped("state")), {"cancelled"})
        items = self.env["account.move.line"].search(
            [("rcm_claim_id", "in", claims.ids), ("rcm_purpose", "like", "receivable")]
        )
        self.assertTrue(all(items.mapped("reconciled")))
        again = self.opening.copy({"date": DAY})
        wizard = self.wizard(self.rows(), opening=again)
        wizard.action_import()
        self.assertFalse(wizard.fault_count, wizard.fault_ids.mapped("remedy"))
        self.assertEqual(again.imported_total, 480.0)

    def test_undo_is_refused_once_something_was_posted(self):
        claims = self.imported()
        self.post_remittance(
            claims[0], {"clearing": D("10.00"), "receivable_payer": D("-10.00")}
        )
        with self.assertRaises(UserError) as caught:
            self.opening.action_undo()
        self.assertIn("OLD1", str(caught.exception))
        self.assertEqual(self.opening.state, "imported")

    def test_it_is_imported_once_and_needs_its_account(self):
        self.imported()
        with self.assertRaises(UserError):
            self.opening.action_import()
        with self.assertRaises(UserError):
            self.opening.date = date(2026, 7, 1)
        bare = self.env["rcm.opening"].create({"date": DAY})
        with self.assertRaises(UserError) as caught:
            bare.with_user(self.manager).action_import()
        self.assertIn("Opening Account", str(caught.exception))

    # -- who -------------------------------------------------------------------------

    def test_only_finance_managers_and_administrators(self):
        self.imported()
        for role in ("biller", "cash_poster", "auditor", "executive", "front_desk"):
            user = role_user(self.env, role, f"opening_{role}")
            user.company_ids = [Command.link(self.company.id)]
            theirs = self.opening.with_user(user)
            for call in (theirs.action_import, theirs.action_close, theirs.action_undo):
                with self.subTest(role=role), self.assertRaises(AccessError):
                    call()
            if role == "auditor":
                self.assertEqual(theirs.read(["state"])[0]["state"], "imported")
                Form(theirs)
            else:
                with self.assertRaises(AccessError):
                    theirs.read(["state"])

    def test_nobody_writes_its_state_or_the_origin_of_a_claim(self):
        with self.assertRaises(AccessError):
            self.opening.state = "closed"
        with self.assertRaises(AccessError):
            self.opening.imported_total = 5.0
        claim = self.imported()[0]
        with self.assertRaises(AccessError):
            claim.opening_id = False

    def test_other_companies_do_not_see_it(self):
        stranger = role_user(self.env, "administrator", "opening_stranger")
        home = self.env.ref("base.main_company")
        stranger.write({"company_id": home.id, "company_ids": [Command.set(home.ids)]})
        found = self.env["rcm.opening"].with_user(stranger)
        found = found.with_context(allowed_company_ids=home.ids)
        self.assertFalse(found.search([("id", "=", self.opening.id)]))
