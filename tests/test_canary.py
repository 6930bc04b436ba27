"""Patient data stays where it belongs, also when everything goes wrong.

Unmistakable values are planted through the real doors; then every table, the log,
answers to errors and exports are searched for them. A column that holds one and is
not in ``PLACES`` fails: look at whether patient data belongs there before adding it.
"""

import contextlib
import json
import logging
import re
from dataclasses import replace
from unittest.mock import patch

import psycopg2

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from odoo.addons.healthcare_rcm_base.core.canonical import digest

from . import role_matrix
from .canary_outbound import Outbound
from .common import SuiteCase
from .simulator.feed import DemoDay
from .simulator.knobs import Knobs

EVENTS = "odoo.addons.healthcare_rcm_connectors.models.rcm_event_processing"
KNOBS = Knobs(
    seed=11,
    encounters=7,
    large_claims=1,
    self_pay_rate=0.3,
    stories={},
    batch=0,
    contracts=False,
)
BIRTH = "1931-03-07"
DIAGNOSIS = "Q79X731"
# However a planted value is written down.
CANARY = re.compile(
    r"qzxca|1931-03-07|19310307|03/07/1931|5557718832|555.?771.?8832|q79x?\.?x?731",
    re.IGNORECASE,
)
PATTERN = CANARY.pattern
DIAGNOSES = re.compile(r"q79x?\.?x?731", re.IGNORECASE)
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
# Attachments, by the field they belong to.
FILES = {"rcm.remittance.file.content"}


class Log(logging.Handler):
    """Everything that is logged, as a file would show it."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))


class PlantedDay(DemoDay):
    """The simulated period, with a canary in every field about a person."""

    def _send(self, event, through_rpc):
        if event["type"] == "encounter.completed":
            self.plant(event["data"])
        super()._send(event, through_rpc)

    def plant(self, data):
        number = data["encounter"]["number"]
        person = {
            "first_name": f"Qzxcafirst{number}",
            "last_name": f"Qzxcalast{number}",
            "phone": "+1 555-771-8832",
            "email": f"{number}@qzxcamail.example",
            "address": {
                "street": f"{number} Qzxcastreet",
                "street2": "Qzxcafloor",
                "city": "Qzxcacity",
                "state": "OH",
                "zip": "45501",
            },
        }
        data["patient"] |= {
            **person,
            "mrn": f"QZXCAMRN{number}",
            "birth_date": BIRTH,
        }
        data["guarantor"] |= {
            **person,
            "relationship": "spouse",
            "first_name": f"Qzxcaguarantor{number}",
        }
        for coverage in data["coverages"]:
            coverage["member_id"] = f"QZXCAMEMBER{number}"
            coverage["group_number"] = f"QZXCAGROUP{number}"
        if data["encounter"]["diagnoses"]:
            data["encounter"]["diagnoses"][0] = DIAGNOSIS

    def _send_files(self, files):
        super()._send_files(
            [
                replace(
                    file,
                    content=file.content.replace(
                        b"NM1*QC*1*PATIENT*SAMPLE",
                        b"NM1*QC*1*QZXCALAST*QZXCAFIRST****MI*QZXCAMEMBER",
                    ),
                )
                for file in files
            ]
        )


@tagged("post_install", "-at_install")
class TestCanary(Outbound, SuiteCase):
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

    # ------------------------------------------------------------------
    # Planting and breaking
    # ------------------------------------------------------------------
    def _check_planted(self):
        """The test would say nothing if the values were not there."""
        claims = self.env["rcm.claim"].search([])
        self.assertGreater(len(claims), 4)
        self.assertIn("res_partner.rcm_last_name", self._columns_with_canaries())
        self.assertTrue(self.env["rcm.exception.case"].search([]))
        self.assertTrue(self.env["rcm.remittance.claim"].search([]))
        self.assertTrue(self.env["account.move"].search([("rcm_claim_id", "!=", 0)]))

    def _write_notes(self):
        claim = self.env["rcm.claim"].search([("state", "!=", "draft")], limit=1)
        biller = self.env.ref("healthcare_rcm_base.demo_user_biller")
        note = self.env["rcm.claim.note"].with_user(biller)
        note.create(
            {
                "claim_id": claim.id,
                "text": f"Qzxcanote: born {BIRTH}",
                "payer_reference": "QZXCACALL",
                "representative": "Qzxcarep",
                "follow_up_date": fields.Date.today(),
            }
        )
        claim.patient_id.with_user(biller).write({"street2": "Qzxcamoved"})

    def _break_events(self):
        """Handlers that fail with a patient in the exception's text."""
        errors = {
            "bug": ValueError(f"Qzxcafirst born {BIRTH}"),
            "data": psycopg2.errors.InvalidDatetimeFormat('date: "Qzxcalast"'),
            "rule": UserError("Qzxcafirst Qzxcalast is not allowed"),
        }
        day = DemoDay(self.client, replace(KNOBS, seed=12), fields.Date.today())
        intake = type(self.env["rcm.encounter"])
        for (kind, error), encounter in zip(
            errors.items(), day.encounters, strict=False
        ):
            event = self._planted_event(encounter)
            event["data"]["patient"]["first_name"] = "Qzxcafirst"
            event["data"]["patient"]["last_name"] = "Qzxcalast"
            self.client.post_event(event)
            with patch.object(intake, "_rcm_intake_completed", side_effect=error):
                with self.errors_kept(EVENTS, 0 if kind == "rule" else 1):
                    self.run_scheduled_actions()
            row = self.env["rcm.event"].search([("external_id", "=", event["id"])])
            self.assertIn(row.state, ("dead", "retry"), kind)
            self.assertTrue(row.error_message)

    def _merge_people(self):
        """Two planted people become one and two again."""
        Patient = self.env["rcm.patient.account"]
        kept, dropped = Patient.search([("last_name", "=ilike", "qzxca%")], limit=2)
        merge = self.env["rcm.merge"]._rcm_merge(kept, dropped, reason="For the test")
        self.assertFalse(dropped.active)
        merge._rcm_undo()
        self.assertTrue(dropped.active)

    def _work_approvals(self):
        """A planted person's claim goes to an approver, with questions and mails.

        Returns what the approver reads.
        """
        approver = self.env.ref("healthcare_rcm_base.demo_user_approver")
        approver.email = "approver@example.com"
        claim = self.env["rcm.claim"].search([("total_charge", ">", 0)], limit=1)
        policy = self.env["rcm.approval.policy"].create(
            {
                "name": "For the test",
                "document_type": "claim",
                "sequence": 0,
                "step_ids": [
                    Command.create(
                        {
                            "group_id": self.env.ref(
                                "healthcare_rcm_base.group_approver"
                            ).id
                        }
                    )
                ],
            }
        )
        found = claim._rcm_approval_facts("clear")
        routing = policy._rcm_route([found["facts"]], claim)[0]
        old = claim._rcm_open_requests().filtered(lambda item: item.state != "approved")
        old._rcm_close("withdrawn", "For the test")
        asked = (claim, found, digest(found["approved"]), routing)
        request = self.env["rcm.approval.request"]._rcm_make("clear", [asked])
        self.assertIn(approver, request.asked_ids)
        request._rcm_remind()
        request.with_user(approver)._rcm_ask("Is the price right?")
        request._rcm_answer("It is")
        seen = request.with_user(approver)
        link = request._rcm_link(approver, "approved")
        self.authenticate(approver.login, approver.login)
        page = self.url_open(link)
        self.assertIn("o_rcm_facts", page.text)
        texts = [page.text, str(seen.facts_table), str(claim.rcm_approval_banner)]
        request._rcm_void("The document changed.")
        self.logout()
        mails = self.env["mail.mail"].search([("email_to", "like", "approver@example")])
        self.assertTrue(mails)
        return texts + mails.mapped("body_html")

    def _send_mails(self):
        """Mails, notices and activities about documents of planted people.

        Returns the texts that went to the mail server.
        """
        invoices = self.env["account.move"].search(
            [("rcm_claim_id", "!=", False), ("state", "=", "posted")]
        )
        owed = invoices.filtered("partner_id.rcm_is_guarantor")[:1]
        self.assertTrue(owed)
        case = self.env["rcm.exception.case"].search([], limit=1)
        biller = self.env.ref("healthcare_rcm_base.demo_user_biller")
        case._rcm_notify(biller)
        for document in (case, owed):
            document.message_notify(
                partner_ids=biller.partner_id.ids, subject="Look", body="Please look"
            )
        return self.sent_mails(owed)

    def _planted_event(self, encounter):
        from .simulator.events import completed_event

        event = completed_event(encounter, 12)
        PlantedDay.plant(None, event["data"])
        return event

    def _break_statements(self):
        """Statements with a patient in them that the database refuses."""
        partner = self.env["res.partner"].search(
            [("rcm_last_name", "=ilike", "qzxca%")], limit=1
        )
        self.assertTrue(partner)
        refused = (
            SQL("UPDATE res_partner SET name = %s, id = 'Qzxcaid'", "Qzxcalast"),
            SQL("SELECT %s::date FROM res_partner", "Qzxcabirth"),
            SQL("UPDATE res_partner SET create_uid = -1, name = %s", "Qzxcalast"),
            SQL(
                "INSERT INTO res_partner SELECT * FROM res_partner WHERE id = %s",
                partner.id,
            ),
        )
        for statement in refused:
            with (
                self.errors_kept("odoo.sql_db", 1),
                self.assertRaises(psycopg2.Error),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement)
        self.assertIn("bad query: INSERT INTO res_partner", self.log.lines[-1])

    @contextlib.contextmanager
    def errors_kept(self, logger, count):
        """Errors that are expected: looked at, but they do not fail the test."""
        catch = self.assertLogs if count else self.assertNoLogs
        with catch(logger, "ERROR") as caught:
            yield
        records = caught.records if count else []
        # on a slow machine an event of before is tried again meanwhile
        self.assertGreaterEqual(len(records), count)
        for record in records:
            self.log.emit(record)

    def _error_answers(self):
        """What the doors say to wrong content, content that differs, no key."""
        day = DemoDay(self.client, replace(KNOBS, seed=13), fields.Date.today())
        event = self._planted_event(day.encounters[0])
        wrong = json.loads(json.dumps(event))
        wrong["data"]["patient"] |= {"birth_date": "Qzxcaday", "Qzxcakey": "Qzxca"}
        wrong["data"]["coverages"] = [{"member_id": ["QZXCAMEMBER"]}]
        sent = self.env["rcm.event"].search(
            [("type_id.name", "=", "encounter.completed")], limit=1
        )
        differs = {**event, "id": sent.external_id}
        call = {"jsonrpc": "2.0", "id": 1, "method": "submit_event"}
        texts = []
        for path, body, headers in (
            ("events", json.dumps(wrong), self.client.headers),
            ("events", json.dumps(differs), self.client.headers),
            ("events", json.dumps(event)[:-9], self.client.headers),
            ("events", json.dumps(event), {"Content-Type": "application/json"}),
            (
                "jsonrpc",
                json.dumps({**call, "params": {"event": wrong}}),
                self.client.headers,
            ),
            (
                "jsonrpc",
                json.dumps({**call, "method": "x", "params": event}),
                self.client.headers,
            ),
        ):
            answer = self.url_open(f"/rcm/v1/{path}", data=body, headers=headers)
            self.assertTrue(answer.status_code >= 400 or "error" in answer.json())
            texts.append(f"{path} {answer.status_code} {answer.text}")
        return texts

    def _document_answers(self):
        """What leaves the house when a connected system asks for documents."""
        paths = [
            f"encounter/{number}"
            for number in self._ours("rcm.encounter").mapped("number")
        ]
        paths += [f"claim/{name}" for name in self._ours("rcm.claim").mapped("name")]
        self.assertGreater(len(paths), 8)
        for path in paths:
            answer = self.url_open(
                f"/rcm/v1/documents/{path}", headers=self.client.headers
            )
            self.assertEqual(answer.status_code, 200, answer.text)
            yield answer.text

    def _ours(self, model):
        return self.env[model].search([("company_id", "=", self.company.id)])

    # ------------------------------------------------------------------
    # Looking
    # ------------------------------------------------------------------
    @staticmethod
    def _with_canaries(texts):
        """Where in ``texts`` a planted value stands."""
        return [
            f"…{text[max(hit.start() - 60, 0) : hit.end() + 10]}"
            for text in texts
            if (hit := CANARY.search(text))
        ]

    def _pdfs_with_canaries(self):
        """PDFs that people without patient data print, and one with, to be sure."""
        printed = self.printed_pdfs(self._user_without_patient_data())
        biller = self.env.ref("healthcare_rcm_base.demo_user_biller")
        seen = self.printed_pdfs(biller)
        self.assertTrue(
            [name for name, text in seen if CANARY.search(text)],
            "nothing of a patient is ever printed: the test would say nothing",
        )
        return [name for name, text in printed if CANARY.search(text)]

    def _exports_with_diagnoses(self):
        """What people who know the patient, not the reason, can read and export."""
        groups = self.env["res.groups"]
        clinical = self.env.ref("healthcare_rcm_base.group_clinical")
        for role in role_matrix.ROLES:
            group = self.env.ref(f"healthcare_rcm_base.group_{role}")
            groups |= group if clinical not in group.all_implied_ids else groups
        user = new_test_user(
            self.env,
            "canary_not_clinical",
            groups="base.group_user,base.group_allow_export",
        )
        user.group_ids |= groups
        self.assertTrue(user._rcm_sees_patients())
        return self._exports_with(user, DIAGNOSES)

    def _readable_files(self):
        """Attachments as people without patient data get them."""
        user = self._user_without_patient_data()
        files = self.env["ir.attachment"].with_user(user)
        ours = self.env["ir.attachment"].search([("res_model", "=like", "rcm.%")])
        ours |= self.env["ir.attachment"].search([("res_field", "=", "content")])
        self.assertTrue(ours)
        found = []
        for file in files.browse(ours.ids):
            try:
                content = file.raw
            except AccessError:
                continue
            if CANARY.search((content or b"").decode("utf-8", "replace")):
                found.append(f"{file.sudo().res_model}.{file.sudo().res_field}")
        return sorted(set(found))

    def _reports_with_canaries(self):
        """Printed invoices, as people without patient data print them."""
        user = self._user_without_patient_data()
        Report = self.env["ir.actions.report"].with_user(user)
        invoices = self.env["account.move"].search([("rcm_claim_id", "!=", False)])
        self.assertTrue(invoices)
        found, printed = [], 0
        for name in ("account.report_invoice", "account.report_invoice_with_payments"):
            for invoice in invoices:
                try:
                    page, _kind = Report._render_qweb_html(name, invoice.ids)
                except AccessError:
                    continue
                printed += 1
                if CANARY.search(page.decode()):
                    found.append(f"{name} {invoice.name}")
        self.assertTrue(printed, "nothing was printed")
        return found

    def _columns_with_canaries(self):
        """{"table.column"} over every table of the database."""
        tables = self.env.execute_query(
            SQL(
                "SELECT relname FROM pg_class WHERE relkind = 'r'"
                " AND relnamespace = current_schema()::regnamespace"
            )
        )
        found = set()
        for [table] in tables:
            rows = self.env.execute_query(
                SQL(
                    "SELECT DISTINCT pair.key FROM %(table)s row,"
                    " jsonb_each_text(to_jsonb(row)) pair"
                    " WHERE row::text ~* %(wanted)s AND pair.value ~* %(wanted)s",
                    table=SQL.identifier(table),
                    wanted=PATTERN,
                )
            )
            found |= {f"{table}.{column}" for [column] in rows}
        return found

    def _files_with_canaries(self):
        """Content of attachments, which may lie outside the database."""
        found = set()
        for file in self.env["ir.attachment"].search(
            [("create_date", ">=", self.env.cr.now()), ("res_field", "!=", "x")]
        ):
            if CANARY.search((file.raw or b"").decode("utf-8", "replace")):
                found.add(f"{file.res_model}.{file.res_field}")
        return sorted(found - FILES)

    def _exports_with_canaries(self):
        """Everything a person without patient data can read and export."""
        return self._exports_with(self._user_without_patient_data(), CANARY)

    def _exports_with(self, user, wanted):
        """Where ``user`` reads or exports what ``wanted`` matches."""
        problems, rows = [], 0
        for name in self._models():
            records = self.env[name].with_user(user)
            if not records.has_access("read"):
                continue
            records = records.search(Domain.TRUE, limit=80)
            names = [
                field
                for field, about in records.fields_get(
                    attributes=["exportable", "type"]
                ).items()
                if about.get("exportable", True) and about["type"] != "one2many"
            ]
            data = self._exported(records, names)
            data += [[text] for text in self._readable(records, names)]
            rows += len(data)
            for row in data:
                problems += [
                    f"{name}: …{text[max(hit.start() - 40, 0) : hit.end()]}"
                    for text in map(str, row)
                    if (hit := wanted.search(text))
                ]
        self.assertGreater(rows, 500)
        return sorted(set(problems))

    def _exported(self, records, names):
        """Rows of an export, where Odoo can make one (reports are no tables)."""
        if not records._auto:
            return []
        try:
            return records.export_data([".id", "display_name", *names])["datas"]
        except AccessError:
            return []  # refused as a whole; reading tells the rest

    def _readable(self, records, names):
        """Each value of the records that is not refused, as text."""
        for name in names:
            try:
                rows = records.read([name])
            except (AccessError, UserError):
                continue
            yield from (str(row[name]) for row in rows)

    def _models(self):
        wanted = ("rcm.", "account.move", "mail.", "bus.", "ir.logging")
        return [
            name
            for name, model in self.env.registry.items()
            if (name.startswith(wanted) or name == "res.partner")
            and not model._abstract
            and not model._transient
        ]

    def _user_without_patient_data(self):
        """Every role that does not come with patient data, in one person."""
        groups = [
            self.env.ref(f"healthcare_rcm_base.group_{role}")
            for role in role_matrix.ROLES
        ]
        patients = self.env.ref("healthcare_rcm_base.group_patient_data")
        known = self.env["res.users"].search([("login", "=", "canary_nobody")])
        user = known or new_test_user(
            self.env, "canary_nobody", groups="base.group_user,base.group_allow_export"
        )
        user.group_ids |= self.env["res.groups"].union(
            *(group for group in groups if patients not in group.all_implied_ids)
        )
        self.assertFalse(user._rcm_sees_patients())
        self.assertGreater(len(user.group_ids), 3)
        return user
