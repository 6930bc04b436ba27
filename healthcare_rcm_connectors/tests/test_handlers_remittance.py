import base64

from odoo.tests import tagged

from .handler_common import HandlerCase


@tagged("post_install", "-at_install")
class TestHandlersRemittance(HandlerCase):
    """Remittance files that come as events."""

    def remittance(self, content):
        if isinstance(content, bytes):
            content = base64.b64encode(content).decode()
        data = {"filename": "test.835", "content_base64": content}
        return self.envelope("remittance.received", data)

    def test_what_is_not_base64_is_a_case(self):
        event = self.receive(self.remittance("no base64!"))
        self.process()
        self.assertEqual((event.state, event.error_class), ("dead", "schema"))
        self.assertEqual(self.case_types(event), {"event_schema"})

    def test_file_is_handed_over_whole(self):
        event = self.done(self.remittance(b"this is no X12 file"))
        [reference] = event.document_refs
        self.assertEqual(reference["model"], "rcm.remittance.file")
        file = self.env["rcm.remittance.file"].browse(reference["id"])
        self.assertEqual(file.source, "one")
        self.assertNotIn("content", event.payload_shown.replace("content_base64", ""))

    def test_same_file_in_another_event_is_done_too(self):
        first = self.done(self.remittance(b"this is no X12 file"))
        second = self.done(self.remittance(b"this is no X12 file"))
        self.assertEqual(first.document_refs[0]["id"], second.document_refs[0]["id"])

    def test_what_is_no_remittance_is_refused_with_a_case(self):
        """Neither text nor a cut-off 835 leaves a remittance behind."""
        envelope = (
            b"ISA*00*          *00*          *ZZ*PAYER          *ZZ*CLINIC         "
            b"*261102*1030*^*00501*000000001*0*P*:~GS*HP*PAYER*CLINIC*20261102*1030*1*X"
            b"*005010X221A1~ST*835*0001~BPR*I*92.00*C*CHK************20261102~"
            b"TRN*1*TRACE-1*1512345678~"
        )
        entries = [("rcm_kind", "=", "remittance")]
        before = self.env["account.move"].search_count(entries)
        for name, content in (("text", b"this is no X12 file"), ("cut off", envelope)):
            with self.subTest(name):
                event = self.done(self.remittance(content))
                file = self.env["rcm.remittance.file"].browse(
                    event.document_refs[0]["id"]
                )
                self.env["rcm.remittance.file"]._cron_read()
                value = self.env["rcm.document.answer"]._rcm_get(
                    self.connector, "remittance", event=event.external_id
                )
                posted = [
                    item
                    for item in value["remittances"]
                    if item["state"] not in ("rejected", "held")
                ]
                self.assertFalse(posted)
                self.assertTrue(value["cases"], file.state)
                self.assertEqual(value["file_state"], file.state)
        self.assertEqual(self.env["account.move"].search_count(entries), before)
