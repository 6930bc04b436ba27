"""Patient data stays where it belongs, also when everything goes wrong.

Unmistakable values are planted through the real doors; then every table, the log,
answers to errors and exports are searched for them. A column that holds one and is
not in ``PLACES`` fails: look at whether patient data belongs there before adding it.
"""

import logging

from odoo import fields
from odoo.tests import tagged

from .canary_breaking import Breaking, Log
from .canary_looking import Looking
from .canary_outbound import Outbound
from .canary_planted import CANARY, KNOBS, PlantedDay
from .common import SuiteCase

# Columns in which patient data belongs: read with patient data only, or by the engine.
PLACES = {
    "rcm_claim.diagnosis_codes",
    "rcm_claim_note.payer_reference",
    "rcm_claim_note.representative",
    "rcm_claim_note.text",
    "rcm_coverage.group_number",
    "rcm_coverage.member_id",
    "rcm_encounter.diagnosis_codes",
    "rcm_event.payload",
    "rcm_identifier.value",
    "rcm_patient_account.birth_date",
    "rcm_patient_account.city",
    "rcm_patient_account.email",
    "rcm_patient_account.first_name",
    "rcm_patient_account.last_name",
    "rcm_patient_account.mrn",
    "rcm_patient_account.phone",
    "rcm_patient_account.street",
    "rcm_patient_account.street2",
    "rcm_remittance_claim.names",
    "res_partner.rcm_first_name",
    "res_partner.rcm_last_name",
}


@tagged("post_install", "-at_install")
class TestCanary(Breaking, Looking, Outbound, SuiteCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.log = Log()
        root = logging.getLogger()
        root.addHandler(cls.log)
        cls.addClassCleanup(root.removeHandler, cls.log)
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.mark = self.server_log()
        self.pdf_engine()
        self.listening = self.receiver()
        self.webhook = self.subscribe(self.listening)
        self.client = self.make_client(self.make_sent_folder())
        day = PlantedDay(self.client, KNOBS, fields.Date.today(), patience=20)
        self.summary = day.run()
        self.env.flush_all()

    def test_patient_data_stays_where_it_belongs(self):
        self._check_planted()
        self._write_notes()
        self._break_events()
        self._break_statements()
        self._merge_people()
        answers = self._work_approvals()
        mails = self._send_mails()
        answers += [*self._error_answers(), *self._document_answers()]
        self.run_scheduled_actions()
        self.env.flush_all()
        for place, look in {
            "answers": lambda: self._with_canaries(answers),
            "mails": lambda: self._with_canaries(mails),
            "webhooks": lambda: self._with_canaries(
                self.delivered(self.listening, self.webhook)
            ),
            "PDFs": self._pdfs_with_canaries,
            "database log": lambda: self._with_canaries(
                self.server_log_since(self.mark).splitlines()
            ),
            "exports without clinical codes": self._exports_with_diagnoses,
            "tables": lambda: sorted(self._columns_with_canaries() - PLACES),
            "files": self._files_with_canaries,
            "readable files": self._readable_files,
            "reports": self._reports_with_canaries,
            "exports": self._exports_with_canaries,
            "log": lambda: [line for line in self.log.lines if CANARY.search(line)],
        }.items():
            with self.subTest(place=place):
                self.assertEqual(look(), [])

    def _check_planted(self):
        """The test would say nothing if the values were not there."""
        claims = self.env["rcm.claim"].search([])
        self.assertGreater(len(claims), 4)
        self.assertIn("res_partner.rcm_last_name", self._columns_with_canaries())
        self.assertTrue(self.env["rcm.exception.case"].search([]))
        self.assertTrue(self.env["rcm.remittance.claim"].search([]))
        invoiced = [("rcm_claim_id", "!=", False)]
        self.assertTrue(self.env["account.move"].search(invoiced))
