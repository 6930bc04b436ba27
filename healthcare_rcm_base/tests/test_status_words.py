from odoo.tests import TransactionCase, tagged
from odoo.tools import file_open

MANUAL = "healthcare_rcm_base/readme/USAGE.md"
DOCUMENTS = {
    "Encounter": "rcm.encounter",
    "Claim": "rcm.claim",
    "Payer's turn": "rcm.claim.leg",
    "Claim line": "rcm.claim.line",
    "Submission batch": "rcm.submission.batch",
    "Order": "rcm.service.order",
    "Client invoice": "rcm.client.invoice",
    "Opening balance": "rcm.opening",
}


@tagged("post_install", "-at_install")
class TestStatusWords(TransactionCase):
    """One meaning a status: the manual has each with its word and its code."""

    def told(self):
        """{document: {code: word}} of the manual's table."""
        with file_open(MANUAL) as manual:
            table = manual.read().split("## What each status means")[1]
        document, found = None, {}
        for row in table.splitlines():
            cells = [cell.strip() for cell in row.strip("|").split("|")]
            if len(cells) == 4 and cells[2].startswith("`"):
                document = cells[0] or document
                found.setdefault(document, {})[cells[2].strip("`")] = cells[1]
                self.assertTrue(cells[3], row)
        return found

    def test_the_manual_gives_every_status_one_meaning(self):
        told = self.told()
        self.assertEqual(list(told), list(DOCUMENTS))
        for document, model in DOCUMENTS.items():
            with self.subTest(document=document):
                self.assertEqual(
                    told[document], dict(self.env[model]._fields["state"].selection)
                )
