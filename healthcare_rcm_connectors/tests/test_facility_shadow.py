import base64

from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests import builders
from odoo.addons.healthcare_rcm_remittance.tests import era

from .onboarding_common import OnboardingCase

LEFT_BEHIND = (
    "rcm.encounter",
    "rcm.charge",
    "rcm.claim",
    "rcm.patient.account",
    "rcm.coverage",
    "rcm.identifier",
    "rcm.service.order",
    "account.move",
    "account.move.line",
    "res.partner",
    "mail.message",
    "rcm.exception.case",
    "rcm.approval.request",
    "rcm.delivery",
    "rcm.remittance",
    "rcm.remittance.file",
)


@tagged("post_install", "-at_install")
class TestFacilityShadow(OnboardingCase):
    """A rehearsal: recorded and compared, and nothing of it posted."""

    def counts(self):
        self.env.flush_all()
        return {
            name: self.env[name].sudo().with_context(active_test=False).search_count([])
            for name in LEFT_BEHIND
        }

    def test_nothing_of_a_rehearsal_stays_but_its_numbers(self):
        self.onboard()
        before = self.counts()
        balance = self.trial_balance()
        event = self.receive(self.completed("E-1"))
        self.process()
        self.assertEqual(self.counts(), before)
        self.assertEqual(self.trial_balance(), balance)
        self.assertEqual((event.state, event.error_code), ("ignored", "shadow"))
        self.assertFalse(event.document_refs)
        [result] = self.results()
        self.assertEqual(
            (result.outcome, result.encounter_count, result.charge_count),
            ("done", 1, 1),
        )
        self.assertEqual((result.charge_amount, result.claim_count), (150.0, 1))
        self.assertEqual(str(result.day), "2026-11-02")
        self.assertIn("shadow", event.what_to_do)

    def test_a_result_holds_nothing_of_the_patient(self):
        self.onboard()
        self.receive(self.completed("E-1"))
        self.process()
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT r::text FROM rcm_shadow_result r WHERE id = %s", self.results().ids
        )
        text = self.env.cr.fetchone()[0]
        for secret in ("Zacharias", "Quillfeather", "MEMBER-77", "1980-01-01", "E119"):
            self.assertNotIn(secret, text)

    def test_a_remittance_is_read_and_nothing_of_it_is_kept(self):
        self.onboard()
        before = self.counts()
        event = self.receive(self.file_event(era.st(92, era.clp("X", 150, 92))))
        self.process()
        self.assertEqual(event.state, "ignored")
        self.assertEqual(self.counts(), before)
        result = self.results()
        self.assertEqual((result.remittance_count, result.remittance_amount), (1, 92.0))
        self.assertTrue(result.day)

    def file_event(self, *sts):
        content = base64.b64encode(era.interchange(*sts)).decode()
        return self.envelope(
            "remittance.received", {"filename": "acme.835", "content_base64": content}
        )

    def test_payments_of_several_days_count_on_their_own(self):
        record = self.onboard()
        days = ("20261030", "20261102", "20261102")
        sts = [
            era.st(paid, era.clp("X", 150, paid), day=day, number=n, trace=f"T{n}")
            for n, (paid, day) in enumerate(zip((92, 50, 8), days, strict=True), 1)
        ]
        self.receive(self.file_event(*sts))
        self.process()
        found = [
            (str(one.day), one.remittance_count, one.remittance_amount)
            for one in self.results()
        ]
        self.assertEqual(found, [("2026-10-30", 1, 92.0), ("2026-11-02", 2, 58.0)])
        record.invalidate_recordset()
        self.assertEqual(record.result_count, 1, "events, not days")
        total = self.totals_of("remittances", "2026-11-02", 2, "58.00")
        self.assertTrue(total.equal, (total.actual_count, total.actual_amount))
        self.assertFalse(self.totals_of("remittances", "2026-10-30", 2, "58.00").equal)

    def totals_of(self, flow, day, count, amount):
        event = self.totals(count, amount)
        event["data"]["day"] = day
        event["data"]["totals"][0]["flow"] = flow
        self.receive(event)
        self.process()
        total = self.env["rcm.source.total"].search(
            [("flow", "=", flow), ("day", "=", day)]
        )
        total._rcm_compare()
        return total

    def test_charges_of_a_stay_count_on_their_own_days_its_visit_on_one(self):
        self.onboard()
        sent = self.completed("E-1")
        [charge] = sent["data"]["charges"]
        later = {"id": "C2", "service_date": "2026-11-03", "amount": "30.00"}
        sent["data"]["charges"].append({**charge, **later})
        self.receive(sent)
        self.process()
        for flow, day, count, amount in (
            ("charges", "2026-11-02", 1, "150.00"),
            ("charges", "2026-11-03", 1, "30.00"),
            ("encounters", "2026-11-02", 1, "180.00"),
            ("encounters", "2026-11-03", 0, "0.00"),
            ("claims", "2026-11-02", 1, "180.00"),
        ):
            with self.subTest(flow=flow, day=day):
                total = self.totals_of(flow, day, count, amount)
                self.assertTrue(total.equal, (total.actual_count, total.actual_amount))

    def test_what_would_fail_is_said(self):
        self.onboard()
        sent = self.completed("E-1")
        sent["data"]["coverages"][0]["payer"] = "NOBODY"
        event = self.receive(sent)
        self.process()
        [result] = self.results()
        self.assertEqual((result.outcome, result.error_class), ("dead", "reference"))
        self.assertEqual(event.state, "ignored")
        self.assertFalse(
            self.env["rcm.exception.case"].search([("res_model", "=", "rcm.event")])
        )

    def test_events_of_one_encounter_are_rehearsed_together(self):
        """A later charge finds the encounter that was rolled back before."""
        self.onboard()
        self.receive(self.completed("E-1"))
        self.process()
        self.receive(
            self.envelope(
                "charge.captured",
                {
                    "facility": "NEW",
                    "encounter": "E-1",
                    "charge": {"id": "C9", "code": "36415", "amount": "25.00"},
                },
                occurred_at="2026-11-02T12:00:00Z",
            )
        )
        self.process()
        first, second = self.results()
        self.assertTrue(first.superseded)
        self.assertEqual((second.outcome, second.charge_count), ("done", 2))
        self.assertEqual(second.charge_amount, 175.0)
        self.assertFalse(self.env["rcm.encounter"].search([("number", "=", "E-1")]))

    def test_what_comes_too_early_is_rehearsed_when_its_predecessor_came(self):
        record = self.onboard()
        charge = self.envelope(
            "charge.captured",
            {
                "facility": "NEW",
                "encounter": "E-1",
                "charge": {"id": "C9", "code": "36415", "amount": "25.00"},
            },
            occurred_at="2026-11-02T09:00:00Z",
        )
        event = self.receive(charge)
        self.process()
        self.assertEqual(event.state, "waiting_predecessor")
        self.assertFalse(self.results())
        self.receive(self.completed("E-1"))
        self.process()
        self.assertEqual((event.state, event.error_code), ("ignored", "shadow"))
        record.invalidate_recordset()
        self.assertEqual(record.failed_count, 0)
        other = {
            **charge,
            "id": "too-early",
            "occurred_at": "2026-10-01T00:00:00Z",
            "data": {**charge["data"], "encounter": "E-99"},
        }
        late = self.receive(other)
        self.process()
        self.go_live(record)
        self.assertEqual(late.state, "ignored")

    def test_the_rehearsal_is_compared_with_what_the_source_counted(self):
        record = self.onboard()
        self.receive(
            self.completed("E-1"), self.completed("E-2"), self.totals(2, "300.00")
        )
        self.process()
        total = self.env["rcm.source.total"].search(
            [("facility_id", "=", self.facility.id)]
        )
        total._rcm_compare()
        self.assertEqual((total.actual_count, total.actual_amount), (2, 300.0))
        self.assertTrue(total.equal)
        self.assertEqual((record.difference_count, record.result_count), (0, 2))
        self.receive(self.totals(3, "450.00", occurred_at="2026-11-03T10:00:00Z"))
        self.process()
        total._rcm_compare()
        self.assertEqual((total.count_difference, total.equal), (-1, False))
        record.invalidate_recordset()
        self.assertIn("differ", record.readiness)

    def test_what_is_entered_by_hand_stops_at_the_gate_until_it_is_live(self):
        record = self.onboard()
        builders.contract(self.env, self.payer)
        encounter = builders.encounter(
            self.env, ["80"], payers=self.payer, facility=self.facility
        )
        for state in ("completed", "coded", "ready"):
            encounter._rcm_set_state(state)
        claim = encounter._rcm_bill()
        self.assertEqual((claim.state, claim.invoice_state), ("validated", "none"))
        self.assertIn("shadow run", claim.next_step)
        self.go_live(record)
        self.assertEqual(claim.work, "clear")
        claim._rcm_clear()
        self.assertEqual(claim.state, "cleared")

    def test_other_facilities_of_the_company_are_booked_as_ever(self):
        self.onboard()
        other = builders.facility(self.env, name="Other", code="TOTHER")
        connector = self.make_connector(
            self.make_user("svc-other", "integration"),
            "other",
            company_id=self.company.id,
        )
        sent = self.completed("E-7")
        sent["data"]["encounter"]["facility"] = other.code
        event = self.receive(sent, connector=connector)
        self.process()
        self.assertEqual((event.state, event.error_message), ("done", False))
