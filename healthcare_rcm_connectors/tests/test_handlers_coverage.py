from odoo.tests import tagged

from ..protocol.problem import ProblemError
from .handler_common import HandlerCase


@tagged("post_install", "-at_install")
class TestHandlersCoverage(HandlerCase):
    """Authorizations, eligibility and payers."""

    # ------------------------------------------------------------------
    # Authorizations and payers
    # ------------------------------------------------------------------
    def confirmed(self, **changes):
        data = {
            "number": "AUTH-9",
            "patient_account": "PA-E-90",
            "payer": self.payer.code,
            "date_from": "2026-11-01",
            "date_to": "2026-12-31",
            "units": "4",
            "codes": [],
            "status": "approved",
            **changes,
        }
        return self.envelope("authorization.confirmed", data)

    def authorization(self):
        return self.env["rcm.authorization"].search([("number", "=", "AUTH-9")])

    def test_authorization_waits_for_its_patient_then_is_linked(self):
        event = self.receive(self.confirmed())
        self.process()
        self.assertEqual(event.state, "waiting_predecessor")
        envelope = self.completed("E-90")
        envelope["data"]["encounter"]["authorization"] = "AUTH-9"
        self.done(envelope)
        event.write({"next_attempt_at": event.received_at})
        self.process()
        self.assertEqual(event.state, "done", event.error_message)
        authorization = self.env["rcm.authorization"].search(
            [("number", "=", "AUTH-9")]
        )
        self.assertEqual(authorization.state, "active")
        self.assertEqual(authorization.units_left, 4)
        encounter = self.encounter("E-90")
        self.assertEqual(encounter.authorization_id, authorization)

    def test_authorization_changes_and_older_news_does_not(self):
        self.done(self.completed("E-90"))
        late = self.confirmed(status="denied")
        late["occurred_at"] = "2026-11-05T00:00:00Z"
        self.done(self.confirmed())
        self.done(late)
        authorization = self.env["rcm.authorization"].search(
            [("number", "=", "AUTH-9")]
        )
        self.assertEqual(authorization.state, "denied")
        older = self.receive(self.confirmed())
        self.process()
        self.assertEqual(older.state, "ignored")
        self.assertEqual(authorization.state, "denied")

    def test_authorization_keeps_the_units_that_are_billed(self):
        self.done(self.completed("E-90"))
        self.done(self.confirmed())
        authorization = self.authorization()
        authorization._rcm_use(3)
        late = self.confirmed(units="2")
        late["occurred_at"] = "2026-11-05T00:00:00Z"
        event = self.receive(late)
        self.process()
        self.assertEqual(
            (event.state, event.error_code), ("dead", "authorization_used")
        )
        self.assertEqual(authorization.units_authorized, 4)
        taken_back = self.confirmed(status="cancelled")
        taken_back["occurred_at"] = "2026-11-06T00:00:00Z"
        self.done(taken_back)
        self.assertEqual(authorization.state, "denied")

    # ------------------------------------------------------------------
    # Eligibility
    # ------------------------------------------------------------------
    def eligibility(self, **changes):
        data = {
            "patient_account": "PA-E-91",
            "payer": self.payer.code,
            "status": "active",
            "answered_at": "2026-11-02T09:30:00Z",
            "copay": "30.00",
            "deductible_left": "450.00",
            "coinsurance_percent": "20",
            **changes,
        }
        return self.envelope("eligibility.updated", data)

    def test_eligibility_waits_for_its_patient_then_is_taken_over(self):
        event = self.receive(self.eligibility())
        self.process()
        self.assertEqual(event.state, "waiting_predecessor")
        self.done(self.completed("E-91"))
        event.write({"next_attempt_at": event.received_at})
        self.process()
        self.assertEqual(event.state, "done", event.error_message)
        encounter = self.encounter("E-91")
        coverage = encounter.coverage_ids
        self.assertEqual(coverage.eligibility_state, "active")
        self.assertEqual(coverage.copay_amount, 30)
        self.assertEqual(event.document_refs[0]["model"], "rcm.coverage")

    def test_eligibility_that_fits_no_schema_is_refused(self):
        for changes in ({"copay": 30.0}, {"status": "maybe"}, {"answered_at": None}):
            with self.subTest(changes=changes), self.assertRaises(ProblemError):
                self.receive(self.eligibility(**changes))

    def test_authorization_for_an_unknown_service(self):
        self.done(self.completed("E-90"))
        event = self.receive(self.confirmed(codes=["ZZZZZ"]))
        self.process()
        self.assertEqual((event.state, event.error_class), ("dead", "reference"))

    def test_payer_is_made_and_changed_but_never_who_is_paid(self):
        def update(**changes):
            data = {"payer": {"code": "FEED", "name": "Feed Plan", **changes}}
            return self.envelope("payer.updated", data)

        self.done(update(payer_identifier="1999999999", timely_filing_days=90))
        payer = self.env["rcm.payer"].search([("code", "=", "FEED")])
        self.assertEqual(payer.payer_identifier, "1999999999")
        self.done(update(name="New Name"))
        self.assertEqual(payer.name, "New Name")
        self.done(update(payer_identifier="1888888888"))
        self.assertEqual(payer.payer_identifier, "1999999999")
        change = self.env["rcm.master.change"].search([("payer_id", "=", payer.id)])
        self.assertEqual((change.state, change.source), ("waiting", "one"))
        self.assertEqual(change.after, "1888888888")
