"""Everything goes wrong with planted people in it."""

import contextlib
import json
import logging
from dataclasses import replace
from unittest.mock import patch

import psycopg2

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.healthcare_rcm_base.core.canonical import digest

from .canary_planted import BIRTH, KNOBS, PlantedDay
from .simulator.feed import DemoDay

EVENTS = "odoo.addons.healthcare_rcm_connectors.models.rcm_event_verdict"


class Log(logging.Handler):
    """Everything that is logged, as a file would show it."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))


class Breaking:
    """What people, senders and faults do with planted people."""

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
            event = PlantedDay.planted_event(encounter)
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
        event = PlantedDay.planted_event(day.encounters[0])
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
