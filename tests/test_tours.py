"""People at work in the browser."""

import base64
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .common import SuiteCase
from .simulator.adjudication import DecidedLine, Decision, SubmittedClaim, SubmittedLine
from .simulator.clinic import ChargeLine, Encounter
from .simulator.era import Payment, interchange
from .simulator.events import completed_event

ENCOUNTER = "T0100001"
ROLES = (
    "front_desk",
    "biller",
    "coder",
    "cash_poster",
    "denial_analyst",
    "collector",
    "payables",
    "approver",
    "finance_manager",
    "executive",
    "auditor",
    "integration_support",
    "administrator",
)
DOCUMENTS = ("rcm.claim", "rcm.encounter", "rcm.patient.account")
# Roles whose work is not the documents, and what of a visit they open none the less.
OPENED = {
    "front_desk": ("rcm.encounter", "rcm.patient.account"),
    "payables": (),
    "executive": (),
}


@tagged("post_install", "-at_install")
class TestTours(SuiteCase):
    """One visit of 150.00; the payer allows 92.00 and leaves 18.40 to the patient."""

    def setUp(self):
        super().setUp()
        self.today = fields.Date.today()
        self.visit = Encounter(
            number=ENCOUNTER,
            facility="MAIN",
            service_date=self.today - timedelta(days=3),
            patient=1,
            payers=("ACME",),
            charges=(ChargeLine(f"{ENCOUNTER}-1", "99213", 1, Decimal("150.00")),),
            diagnoses=("E119",),
        )
        data = completed_event(self.visit, seed=1)["data"]
        self.env["rcm.encounter"]._rcm_intake_completed(data, "tour-visit", "test")
        self.run_scheduled_actions()
        self.claim = self.env["rcm.claim"].search(
            [("encounter_id.number", "=", ENCOUNTER)]
        )
        self.assertEqual(self.claim.invoice_state, "posted")

    def test_biller(self):
        self.start_tour("/odoo/encounters", "rcm_biller_tour", login="biller")

    def test_biller_merges_two_patients_and_undoes_it(self):
        first = self.claim.patient_id
        likely = replace(
            self.visit,
            number="T0100002",
            patient=2,
            kind="twin_likely",
            twin_of=self.visit,
        )
        twin = completed_event(likely, seed=1)["data"]
        twin["encounter"] |= {"coding_signed_off": False, "facility": "NORTH"}
        Encounters = self.env["rcm.encounter"]
        visit = Encounters._rcm_intake_completed(twin, "tour-twin", "test")
        other = visit.patient_id
        pair = self.env["rcm.possible.duplicate"].search([])
        self.assertEqual(pair.patient_id | pair.other_patient_id, first | other)
        page = "/odoo/action-healthcare_rcm_base.rcm_possible_duplicate_action"
        self.start_tour(page, "rcm_patient_merge_tour", login="biller", timeout=60)
        self.env.invalidate_all()
        merges = self.env["rcm.merge"].search([("kind", "=", "patient")], order="id")
        self.assertEqual(merges.mapped("action"), ["merge", "undo"])
        self.assertEqual((first | other).mapped("active"), [True, True])
        self.assertEqual(visit.patient_id, other)
        self.assertEqual(pair.state, "open")

    def test_biller_sends_a_batch(self):
        page = "/odoo/action-healthcare_rcm_base.rcm_claim_action_submit"
        self.start_tour(page, "rcm_submission_batch_tour", login="biller", timeout=60)
        self.env.invalidate_all()
        batch = self.claim.submission_line_ids.batch_id
        self.assertEqual((batch.state, self.claim.state), ("submitted", "submitted"))
        self.assertTrue(batch.file_hash)

    def test_finance_manager_prices_open_claims_again(self):
        contract = self.claim.contract_id
        version = contract._rcm_new_version(self.claim.service_date)
        version.rate_ids.filtered(lambda rate: rate.code == "99213").amount = 100.0
        version.action_activate()
        self.assertEqual(self.claim.expected_amount, 92.0)
        page = f"/odoo/rcm.payer.contract/{version.id}"
        tour = "rcm_claim_repricing_tour"
        self.start_tour(page, tour, login="finance_manager", timeout=60)
        self.env.invalidate_all()
        self.assertEqual(self.claim.expected_amount, 100.0)
        self.assertEqual(self.claim.contract_id, version)

    def test_administrator_imports_a_fee_schedule(self):
        draft = self.claim.contract_id._rcm_new_version(self.today)
        draft.rate_ids.unlink()
        page = f"/odoo/rcm.payer.contract/{draft.id}"
        tour = "rcm_contract_import_tour"
        self.start_tour(page, tour, login="administrator", timeout=60)
        self.env.invalidate_all()
        self.assertEqual(draft.rate_ids.mapped("amount"), [95.0, 135.0])

    def test_every_role_opens_the_documents(self):
        """Also those who may not read the exceptions that stop a document."""
        self.claim._rcm_raise_case("claim_invalid", "For the test")
        roles = self.env["res.users"].search([("login", "in", ROLES)])
        self.assertEqual(len(roles), len(ROLES))
        visit = self.claim.encounter_id
        for user in roles:
            opened = OPENED.get(user.login, DOCUMENTS)
            for document in (self.claim, visit, visit.patient_id):
                with self.subTest(role=user.login, document=document._name):
                    self.env.invalidate_all()
                    if document._name not in opened:
                        with self.assertRaises(AccessError):
                            Form(document.with_user(user))
                        continue
                    shown = Form(document.with_user(user))
                    self.assertEqual(shown._record, document)

    def test_cash_poster(self):
        self.claim._rcm_mark_submitted(fields.Datetime.now())
        self._publish("healthcare_rcm_remittance", "tour_835", self._payment_file())
        page = "/odoo/action-healthcare_rcm_remittance.rcm_remittance_action_todo"
        self.start_tour(page, "rcm_cash_poster_tour", login="cash_poster")
        self.env.invalidate_all()
        remittance = self.env["rcm.remittance"].search([("trace", "=", "TOUR1")])
        self.assertEqual(remittance.state, "posted")
        self.assertEqual(remittance.move_id.state, "posted")
        self.assertEqual(self.claim.state, "adjudicated")
        self.assertAlmostEqual(self.claim.paid_amount, 73.60)
        self.assertAlmostEqual(self.claim.patient_amount, 18.40)
        self.assertAlmostEqual(self.claim.open_balance, 0)

    def test_raw_data(self):
        """A number of the explanation leads to its segment in the payer's file."""
        self.claim._rcm_mark_submitted(fields.Datetime.now())
        content = self._payment_file().replace(b"TOUR1", b"TOUR2")
        file = self.env["rcm.remittance.file"]._rcm_receive(
            content, "acme.835", "test", company=self.claim.company_id
        )
        file._rcm_read()
        file.remittance_ids._rcm_process()
        page = f"/odoo/remittances/{file.remittance_ids.id}"
        self.start_tour(page, "rcm_raw_data_tour", login="cash_poster", timeout=90)

    def _payment_file(self):
        """The 835 that pays the claim as its contract says."""
        line = SubmittedLine(
            self.claim.line_ids.line_control_number, "99213", Decimal("150.00")
        )
        submitted = SubmittedClaim(
            self.claim.name, ("ACME",), "MAIN", self.claim.service_date, (line,)
        )
        decided = DecidedLine(
            line,
            Decimal("73.60"),
            (("CO", "45", Decimal("58.00")), ("PR", "2", Decimal("18.40"))),
        )
        decision = Decision(submitted, "ACME", "1", "ACTOUR0001", (decided,))
        payment = Payment("ACME", "TOUR1", self.today, (decision,))
        return interchange([payment], 901, self.today)

    def _publish(self, module, name, content):
        """Make ``content`` readable by the browser at ``/web/content/module.name``."""
        attachment = self.env["ir.attachment"].create(
            {"name": name, "datas": base64.b64encode(content), "public": True}
        )
        self.env["ir.model.data"].create(
            {
                "module": module,
                "name": name,
                "model": attachment._name,
                "res_id": attachment.id,
            }
        )
