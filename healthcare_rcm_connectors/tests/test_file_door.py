import base64
import json

from odoo.tests import HttpCase, tagged

from .common import ConnectorMixin

CONTENT = b"ISA*00*~\x1c\xff raw bytes"


@tagged("post_install", "-at_install")
class TestFileDoor(ConnectorMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.key = cls.make_key(cls.service_user)

    def setUp(self):
        super().setUp()
        self.forget_the_doors()

    def send(self, query, content=CONTENT):
        return self.url_open(
            f"/rcm/v1/files?{query}",
            data=content,
            headers={
                "Authorization": f"Bearer {self.key}",
                "Content-Type": "application/octet-stream",
            },
            method="POST",
        )

    def test_a_file_becomes_an_event_once(self):
        first = self.send("filename=acme.835")
        again = self.send("filename=acme.835")
        self.assertEqual((first.status_code, again.status_code), (202, 200))
        self.assertEqual(first.json()["correlation_id"], again.json()["correlation_id"])
        event = self.env["rcm.event"].search([("external_id", "=", first.json()["id"])])
        data = json.loads(event.payload)["data"]
        self.assertEqual(base64.b64decode(data["content_base64"]), CONTENT)
        self.assertEqual(data["filename"], "acme.835")
        self.assertEqual(event.type_id.name, "remittance.received")

    def test_an_id_of_ones_own_stands_for_one_content(self):
        self.assertEqual(self.send("filename=a.835&id=bank-1").status_code, 202)
        self.assertEqual(self.send("filename=a.835&id=bank-1").status_code, 200)
        other = self.send("filename=a.835&id=bank-1", b"other")
        self.assertEqual(other.status_code, 409)

    def test_what_is_wrong_is_said(self):
        for query, content, status in (
            ("", CONTENT, 422),
            ("filename=../x", CONTENT, 422),
            ("filename=a.835&version=x", CONTENT, 400),
            ("filename=a.835&version=99", CONTENT, 404),
            ("filename=a.835&type=no.such", CONTENT, 404),
            ("filename=a.835&id=a%20b", CONTENT, 400),
            ("filename=a.835", b"", 400),
        ):
            with self.subTest(query=query, content=content):
                answer = self.send(query, content)
                self.assertEqual(answer.status_code, status, answer.text)
        self.assertFalse(
            self.env["rcm.event"].search([("connector_id", "=", self.connector.id)])
        )
