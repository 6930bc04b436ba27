from odoo.tests import tagged

from .handler_common import HandlerCase


@tagged("post_install", "-at_install")
class TestHandlersCharges(HandlerCase):
    """Charge, order and coding events through the inbox."""

    def here(self, name, **data):
        return self.envelope(name, {"facility": self.facility.code, **data})

    def charge(self, ref="C2", **values):
        return {"id": ref, "code": "36415", "units": "1", "amount": "25.00", **values}

    def test_charges_and_corrections_in_any_order_of_arrival(self):
        late = self.receive(
            self.here("charge.captured", encounter="E-1", charge=self.charge())
        )
        self.process()
        self.assertEqual(late.state, "waiting_predecessor")
        self.done(self.completed("E-1"))
        self.process()
        self.assertEqual(late.state, "done", late.error_message)
        encounter = self.encounter()
        self.assertEqual(encounter.total_charge, 175.0)
        correction = self.here(
            "charge.corrected",
            encounter="E-1",
            charge_id="C2",
            action="replace",
            reason="units",
            charge=self.charge("C2-1", units="2", amount="50.00"),
        )
        self.done(correction)
        self.assertEqual(encounter.total_charge, 200.0)
        self.done({**correction, "id": "the-same-again"})
        self.assertEqual(len(encounter.charge_ids), 3)
        self.done(
            self.here(
                "charge.corrected",
                encounter="E-1",
                charge_id="C2-1",
                action="withdraw",
                reason="not_rendered",
            )
        )
        self.assertEqual(encounter.total_charge, 150.0)

    def test_same_charge_with_other_values_is_given_up_with_a_case(self):
        self.done(self.completed("E-1"))
        self.done(self.here("charge.captured", encounter="E-1", charge=self.charge()))
        [event] = self.receive(
            self.here(
                "charge.captured",
                encounter="E-1",
                charge=self.charge(amount="26.00"),
            )
        )
        self.process()
        self.assertEqual((event.state, event.error_code), ("dead", "charge_differs"))

    def test_laboratory_chain(self):
        self.done(self.completed("E-1"))
        order = {"number": "ORD1", "encounter": "E-1", "kind": "test", "code": "80053"}
        placed, received, completed = self.done(
            self.here("order.placed", order=order),
            self.here(
                "specimen.received", order="ORD1", received_at="2026-11-02T11:00:00Z"
            ),
            self.here(
                "test.completed",
                order="ORD1",
                completed_at="2026-11-02T15:00:00Z",
                charge={"id": "C9", "code": "80053", "amount": "60.00"},
            ),
        )
        record = self.env["rcm.service.order"].search([("number", "=", "ORD1")])
        self.assertEqual(record.state, "charged")
        self.assertEqual(str(record.specimen_at), "2026-11-02 11:00:00")
        self.assertEqual(record.correlation_id, placed.correlation_id)
        self.assertEqual(
            [item["model"] for item in completed.document_refs],
            ["rcm.service.order", "rcm.charge"],
        )
        self.assertEqual(received.document_refs[0]["id"], record.id)

    def test_procedure_discharge_sign_off_and_cancellation(self):
        first = self.completed("E-1")
        first["data"]["encounter"]["coding_signed_off"] = False
        self.done(first, self.completed("E-2"))
        self.done(
            self.here(
                "procedure.completed",
                encounter="E-1",
                completed_at="2026-11-02T10:15:00Z",
                procedure={"id": "P1", "code": "20610"},
            ),
            self.here(
                "encounter.discharged",
                encounter="E-1",
                discharged_at="2026-11-04T11:00:00Z",
            ),
            self.here("coding.signed_off", encounter="E-1", diagnoses=["I10"]),
            self.here("encounter.cancelled", encounter="E-2", reason="no_show"),
        )
        encounter = self.encounter()
        self.assertEqual(encounter.order_ids.state, "completed")
        self.assertEqual(str(encounter.service_end), "2026-11-04 11:00:00")
        self.assertEqual(encounter.diagnosis_codes, "I10")
        self.assertTrue(encounter.coding_signed_off)
        self.assertEqual(self.encounter("E-2").state, "cancelled")

    def test_facility_the_connector_does_not_serve_is_refused(self):
        self.done(self.completed("E-1"))
        self.connector.facility_ids = self.env["rcm.facility"].create(
            {"name": "Elsewhere", "code": "ELSE", "npi": "1245319599"}
        )
        envelope = self.here("charge.captured", encounter="E-1", charge=self.charge())
        [answer] = self.env["rcm.event"]._rcm_submit(self.connector, [envelope])
        self.assertIsInstance(answer, Exception)
        self.assertEqual(len(self.encounter().charge_ids), 1)
