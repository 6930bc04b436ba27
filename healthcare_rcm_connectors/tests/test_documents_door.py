import base64

from odoo.tests import tagged

from .door_common import DoorCase

ROOT = "/rcm/v1/documents"
PATIENT = ("Quillfeather", "Zacharias", "MEMBER-77", "1980-01-01", "E119")


@tagged("post_install", "-at_install")
class TestDocumentsDoor(DoorCase):
    """What senders are told of the documents their events made, both ways."""

    def setUp(self):
        super().setUp()
        self.receive(self.completed("E-1"))
        self.process()
        self.encounter = self.env["rcm.encounter"].search([("number", "=", "E-1")])
        self.claim = self.encounter._rcm_build_claims()

    def both(self, path, **params):
        """The same document over HTTP and JSON-RPC."""
        response = self.send(f"{ROOT}/{path}")
        self.assertEqual(response.status_code, 200, response.text[:300])
        self.assertEqual(self.rpc("get_document", params)["result"], response.json())
        for secret in PATIENT:
            self.assertNotIn(secret, response.text)
        return response.json()

    def test_an_encounter_with_its_claims_and_cases(self):
        path = f"encounter/E-1?facility={self.facility.code}"
        names = {"type": "encounter", "number": "E-1", "facility": self.facility.code}
        body = self.both(path, **names)
        self.assertEqual(
            body["encounter"],
            {
                "number": "E-1",
                "facility": self.facility.code,
                "state": self.encounter.state,
                "total_charge": "150.00",
            },
        )
        [claim] = body["claims"]
        self.assertEqual(claim["control_number"], self.claim.name)
        self.assertEqual(claim["lines"][0]["charge"], "150.00")

    def test_a_claim_says_where_it_stands(self):
        names = {"type": "claim", "control_number": self.claim.name}
        body = self.both(f"claim/{self.claim.name}", **names)
        self.assertEqual(body["claim"]["state"], self.claim.state)
        self.assertEqual(body["claim"]["open_balance"], "150.00")
        self.assertEqual(body["claim"]["encounter"], "E-1")
        self.claim._rcm_raise_case("claim_rejected", "Quillfeather", amount=1)
        body = self.both(f"claim/{self.claim.name}", **names)
        self.assertEqual(body["cases"], [{"type": "claim_rejected", "state": "open"}])

    def test_a_remittance_is_named_by_the_event_that_brought_it(self):
        content = base64.b64encode(b"this is no X12 file").decode()
        data = {"filename": "a.835", "content_base64": content}
        event = self.receive(self.envelope("remittance.received", data))
        names = {"type": "remittance", "event": event.external_id}
        path = f"remittance/{event.external_id}"
        self.assertEqual(self.both(path, **names)["file_state"], "received")
        self.process()
        self.env["rcm.remittance.file"]._cron_read()
        body = self.both(path, **names)
        self.assertEqual(body["file_state"], "refused")
        self.assertTrue(body["cases"])

    def test_what_is_not_the_senders_is_not_there(self):
        event = self.receive(self.submitted())
        elsewhere = self.env["rcm.facility"].create({"name": "Else", "code": "ELSE"})
        self.connector.facility_ids = elsewhere
        other = self.env["res.company"].create({"name": "Other Clinic Co"})
        stranger = self.make_user("svc-else", "integration")
        stranger.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        self.make_connector(stranger, "else", company_id=other.id)
        key = self.make_key(stranger)
        for path in ("encounter/E-1", f"claim/{self.claim.name}"):
            for who in (None, key):
                with self.subTest(path=path, key=bool(who)):
                    response = self.send(f"{ROOT}/{path}", key=who)
                    self.assertProblem(response, 404, "not-found")
        for who in (self.other_key, key):
            response = self.send(f"{ROOT}/remittance/{event.external_id}", key=who)
            self.assertProblem(response, 404, "not-found")
        response = self.send(f"{ROOT}/claim/{self.claim.name}", key=False)
        self.assertProblem(response, 401, "unauthenticated")

    def test_what_is_asked_for_wrongly_is_said(self):
        event = self.receive(self.submitted())
        for path, words in (
            ("claim/NOTHING", "No such claim"),
            ("encounter/NOTHING", "No such encounter"),
            (f"remittance/{event.external_id}", "brought no remittance"),
            ("remittance/NOTHING", "No event"),
        ):
            with self.subTest(path):
                response = self.send(f"{ROOT}/{path}")
                body = self.assertProblem(response, 404, "not-found")
                self.assertIn(words, body["detail"])
        error = self.rpc("get_document", {"type": "invoice"})["error"]["data"]
        self.assertEqual(error["known"], ["encounter", "claim", "remittance"])
        for params in ({"type": "claim"}, {"type": "claim", "control_number": 7}):
            error = self.rpc("get_document", params)["error"]["data"]
            self.assertRegex(str(error), "control.number")  # in words, or as a place

    def test_two_facilities_with_the_same_number_need_a_name(self):
        second = self.env["rcm.facility"].create({"name": "Two", "code": "TWO"})
        sent = self.completed("E-1")
        sent["data"]["encounter"]["facility"] = "TWO"
        sent["data"]["patient"]["account_number"] = "PA-TWO"
        sent["data"]["patient"]["mrn"] = "M-TWO"
        event = self.receive(sent)
        self.process()
        self.assertEqual(event.state, "done", event.error_message)
        response = self.send(f"{ROOT}/encounter/E-1")
        body = self.assertProblem(response, 404, "not-found")
        self.assertIn("facility", body["detail"])
        found = self.send(f"{ROOT}/encounter/E-1?facility={second.code}").json()
        self.assertEqual(found["encounter"]["facility"], "TWO")
