"""What leaves the house: mails as the mail server gets them, PDFs, webhooks, and the
log of the database server. Read as bytes, after everything that could hide a value in
them (MIME parts, compressed streams) is undone."""

import email
import io
from email import policy
from pathlib import Path
from unittest.mock import patch

from lxml import html
from pypdf import PdfReader
from reportlab.pdfgen import canvas

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user
from odoo.tools import config, mute_logger

from odoo.addons.base.tests.common import MockSmtplibCase
from odoo.addons.healthcare_rcm_connectors.tests.receiver import Receiver

LINE_LENGTH = 90
INVOICES = ("account.report_invoice", "account.report_invoice_with_payments")


def draw_pdf(self, bodies, header=None, footer=None, **_options):
    """A plain PDF with the texts a real one would show: the engine's stand-in, so that
    the way of a PDF (print, attach, mail) can be walked where there is no engine."""
    out = io.BytesIO()
    paper = canvas.Canvas(out)
    for part in (*bodies, header, footer):
        if not part:
            continue
        words = " ".join(html.fromstring(str(part)).text_content().split())
        text = paper.beginText(40, 800)
        for start in range(0, len(words), LINE_LENGTH):
            text.textLine(words[start : start + LINE_LENGTH])
        paper.drawText(text)
        paper.showPage()
    paper.save()
    return out.getvalue()


def pdf_text(content):
    """The text of a PDF; words broken over lines are joined."""
    pages = PdfReader(io.BytesIO(content)).pages
    return "".join(page.extract_text().replace("\n", "") for page in pages)


def mail_texts(message):
    """Every part of a mail as text: headers, bodies, names and content of files."""
    parsed = email.message_from_string(message, policy=policy.default)
    for part in parsed.walk():
        yield "\n".join(f"{name}: {value}" for name, value in part.items())
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True) or b""
        if part.get_content_type() == "application/pdf":
            yield pdf_text(content)
        else:
            yield content.decode(part.get_content_charset() or "utf-8", "replace")


class Outbound(MockSmtplibCase):
    """Mixed into the case that plants the values."""

    def pdf_engine(self):
        """Make PDFs in earnest: Odoo's own way, with the engine's stand-in.

        Also where wkhtmltopdf is there: Debian's build draws letters as shapes, so
        that its PDFs hold no text that could be looked through.
        """
        Report = type(self.env["ir.actions.report"])
        self.startPatcher(patch.object(Report, "_run_wkhtmltopdf", draw_pdf))
        self.startPatcher(
            patch.object(Report, "get_wkhtmltopdf_state", lambda self: "ok")
        )

    # -- webhooks ------------------------------------------------------------------

    def subscribe(self, receiver):
        """Everything that is logged is told to ``receiver``."""
        webhook = self.env["rcm.webhook"].create(
            {
                "name": "Everything",
                "url": receiver.url,
                "private_allowed": True,
                "patterns": "*",
                "company_id": self.company.id,
            }
        )
        self.env["rcm.secret"]._rcm_rotate(webhook)
        return webhook

    def delivered(self, receiver, webhook):
        """What the receiver got, headers and bodies, when all is sent."""
        Delivery = self.env["rcm.delivery"]
        mine = [("webhook_id", "=", webhook.id)]
        self.assertGreater(Delivery.search_count(mine), 50)
        for _round in range(200):
            if not Delivery.search_count([*mine, ("state", "=", "pending")]):
                break
            Delivery._cron_deliver()
            self.env.invalidate_all()
        self.assertGreater(len(receiver.got), 50)
        return [f"{headers} {body}" for headers, body in receiver.got]

    def receiver(self):
        """A receiver until the test ends."""
        return self.enterContext(Receiver())

    # -- mails ---------------------------------------------------------------------

    def sent_mails(self, owed):
        """Texts of the mails that the mail server is handed, one with an invoice that
        somebody of accounting printed, who sees no patient.

        The contact behind a guarantor carries no address, so the mail goes elsewhere.
        """
        clerk = new_test_user(
            self.env,
            "canary_accounting",
            groups="base.group_user,account.group_account_invoice",
        )
        Report = self.env["ir.actions.report"].with_user(clerk)
        content, kind = Report.with_context(
            force_report_rendering=True
        )._render_qweb_pdf("account.report_invoice", owed.ids)
        self.assertEqual(kind, "pdf")
        file = self.env["ir.attachment"].create({"name": "print.pdf", "raw": content})
        template = self.env.ref("account.email_template_edi_invoice")
        template.with_context(lang="en_US").send_mail(
            owed.id,
            email_values={
                "attachment_ids": [Command.link(file.id)],
                "email_to": "somebody@example.com",
            },
        )
        with self.mock_smtplib_connection():
            self.env["mail.mail"].search([]).send()
        self.assertTrue(self.emails)
        texts, printed = [], 0
        for item in self.emails:
            printed += "application/pdf" in item["message"]
            texts += mail_texts(item["message"])
        self.assertTrue(printed, "no mail carried a PDF")
        return texts

    # -- PDFs ----------------------------------------------------------------------

    def printed_pdfs(self, user):
        """(what, text) of the PDFs of every report of ours that ``user`` may print."""
        Report = self.env["ir.actions.report"].with_user(user)
        Report = Report.with_context(force_report_rendering=True)
        reports = self.env["ir.actions.report"].search(
            [
                ("report_type", "=", "qweb-pdf"),
                "|",
                ("model", "=like", "rcm.%"),
                ("report_name", "in", INVOICES),
            ]
        )
        found = []
        for report in reports:
            domain = [] if report.model != "account.move" else self.invoices_only()
            for record in self.env[report.model].search(domain, limit=12):
                try:
                    with mute_logger("odoo.addons.base.models.ir_actions_report"):
                        content, kind = Report._render_qweb_pdf(report, record.ids)
                except AccessError:
                    continue
                self.assertEqual(kind, "pdf")
                found.append((f"{report.report_name} {record.id}", pdf_text(content)))
        self.assertGreater(len(found), 10)
        self.assertTrue([name for name, _text in found if "remittance" in name])
        return found

    def invoices_only(self):
        return [("rcm_claim_id", "!=", False), ("move_type", "like", "out_")]

    # -- the database server ---------------------------------------------------------

    def server_log(self):
        """(file, size) of the log of the server under this database, if it is ours."""
        # the private server's socket lies beside its data
        file = Path(config["db_host"] or "/") / ".." / "data" / "server.log"
        try:
            return file, file.stat().st_size
        except OSError:
            return None, 0  # a server of somebody else: its settings are checked

    def server_log_since(self, mark):
        """What the database server logged since ``mark``."""
        file, size = mark
        if file is None:
            self.assertFalse(self.env["rcm.database.log"]._rcm_leaks())
            return ""
        with file.open("rb") as log:
            log.seek(size)
            return log.read().decode("utf-8", "replace")
