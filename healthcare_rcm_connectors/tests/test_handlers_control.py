from decimal import Decimal

from odoo.exceptions import AccessError
from odoo.tests import BaseCase, TransactionCase, tagged

from ..protocol.totals import Total, compare
from .common import ConnectorMixin


@tagged("post_install", "-at_install")
class TestTotals(BaseCase):
    def test_differences_are_ours_less_theirs(self):
        theirs = Total(3, Decimal("10.00"))
        self.assertTrue(compare(theirs, Total(3, Decimal("10.00"))).is_none)
        less = compare(theirs, Total(2, Decimal("7.50")))
        self.assertEqual((less.count, less.amount), (-1, Decimal("-2.50")))
        self.assertFalse(compare(theirs, Total(3, Decimal("10.01"))).is_none)

    def test_without_an_amount_only_the_count_is_compared(self):
        self.assertTrue(compare(Total(1), Total(1, Decimal(9))).is_none)
        self.assertFalse(compare(Total(1), Total(2)).is_none)


class ControlMixin(ConnectorMixin):
    def send(self, name, **data):
        changes = {}
        if "occurred_at" in data:
            changes["occurred_at"] = data.pop("occurred_at")
        event = self.receive(self.envelope(name, data, **changes))
        self.process()
        return event

    def done(self, event):
        self.assertEqual(event.state, "done", event.error_message)
        return event

    def encounter(self, number):
        self.done(self.receive_and_process(self.completed(number)))
        return self.env["rcm.encounter"].search([("number", "=", number)])

    def receive_and_process(self, envelope):
        event = self.receive(envelope)
        self.process()
        return event

    def open_cases(self, record, code):
        return record.rcm_case_ids.filtered(lambda case: case.type_code == code)


@tagged("post_install", "-at_install")
class TestDenialAlerted(ControlMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()

    def alert(self, claim, **data):
        return self.send(
            "denial.alerted",
            control_number=claim.name if claim else "RTEST0000404",
            denied_on="2026-11-12",
            **data,
        )

    def sent_claim(self, number):
        claim = self.encounter(number)._rcm_build_claims()
        for state in ("validated", "cleared", "submitted"):
            claim._rcm_set_state(state)
        return claim

    def test_alert_is_a_case_and_books_nothing(self):
        claim = self.sent_claim("E-D1")
        moves = self.env["account.move"].search_count([])
        event = self.alert(claim, reasons=["CO-197"], amount="120.50")
        self.done(event)
        case = self.open_cases(claim, "denial_alerted")
        self.assertEqual(len(case), 1)
        self.assertIn("CO-197", case.message)
        self.assertEqual(case.amount, 120.5)
        self.assertEqual(claim.state, "submitted")
        self.assertEqual(self.env["account.move"].search_count([]), moves)

    def test_the_payers_decision_closes_the_case(self):
        claim = self.sent_claim("E-D2")
        self.done(self.alert(claim))
        case = self.open_cases(claim, "denial_alerted")
        self.assertFalse(claim._rcm_reprocess(case))
        claim._rcm_mark_adjudicated()
        self.assertEqual(case.state, "resolved")

    def test_late_alert_is_noted_only(self):
        claim = self.sent_claim("E-D3")
        claim._rcm_mark_adjudicated()
        self.done(self.alert(claim))
        self.assertFalse(self.open_cases(claim, "denial_alerted"))

    def test_alert_before_the_claim_waits(self):
        self.assertEqual(self.alert(None).state, "waiting_predecessor")


@tagged("post_install", "-at_install")
class TestCreditHold(ControlMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()

    def place(self, reference="CH-1", **data):
        return self.send(
            "credit_hold.placed",
            hold_reference=reference,
            reason="bad_debt",
            placed_at="2026-11-12T09:00:00Z",
            occurred_at="2026-11-12T09:00:00Z",
            **data,
        )

    def release(self, reference="CH-1"):
        return self.send(
            "credit_hold.released",
            hold_reference=reference,
            released_at="2026-11-13T09:00:00Z",
            occurred_at="2026-11-13T09:00:00Z",
        )

    def hold(self, reference="CH-1"):
        return self.env["rcm.credit.hold"].search([("name", "=", reference)])

    def test_hold_stops_and_release_goes_on(self):
        encounter = self.encounter("E-H1")
        before = encounter.state
        claim = encounter._rcm_build_claims()
        claim_before = claim.state
        self.done(self.place(patient_account="PA-E-H1"))
        self.assertEqual((encounter.state, claim.state), ("on_hold", "on_hold"))
        self.assertIn("CH-1", encounter.hold_reason)
        self.assertIn("CH-1", claim.next_step)
        self.done(self.release())
        self.assertEqual((encounter.state, claim.state), (before, claim_before))
        self.assertFalse(encounter.hold_reason)
        self.assertEqual(self.hold().state, "released")

    def test_what_comes_later_is_held_too(self):
        first = self.completed("E-H2")
        self.done(self.receive_and_process(first))
        self.done(self.place(patient_account="PA-E-H2"))
        later = self.completed("E-H3")
        later["data"]["patient"] = first["data"]["patient"]
        self.done(self.receive_and_process(later))
        encounter = self.env["rcm.encounter"].search([("number", "=", "E-H3")])
        encounter._rcm_make_ready()
        self.assertEqual(encounter.state, "on_hold")
        self.assertIn(encounter, self.hold().encounter_ids)

    def test_somebodys_own_hold_stays(self):
        encounter = self.encounter("E-H4")
        encounter._rcm_hold()
        self.done(self.place(patient_account="PA-E-H4"))
        self.done(self.release())
        self.assertEqual(encounter.state, "on_hold")

    def test_two_holds_end_with_the_second(self):
        encounter = self.encounter("E-H5")
        self.done(self.place("CH-A", patient_account="PA-E-H5"))
        self.done(self.place("CH-B", patient_account="PA-E-H5"))
        self.done(self.release("CH-A"))
        self.assertEqual(encounter.state, "on_hold")
        self.done(self.release("CH-B"))
        self.assertNotEqual(encounter.state, "on_hold")

    def test_release_before_the_hold_waits_and_then_follows(self):
        self.encounter("E-H6")
        released = self.release()
        self.assertEqual(released.state, "waiting_predecessor")
        self.done(self.place(patient_account="PA-E-H6"))
        self.process()
        self.done(released)
        self.assertEqual(self.hold().state, "released")

    def test_hold_of_a_client(self):
        client = self.env["rcm.client"].create({"name": "Hill", "code": "HILL"})
        encounter = self.encounter("E-H7")
        encounter.client_id = client
        other = self.encounter("E-H8")
        self.done(self.place(client="HILL"))
        self.assertEqual(encounter.state, "on_hold")
        self.assertNotEqual(other.state, "on_hold")
        unknown = self.place("CH-9", client="NOBODY")
        self.assertEqual((unknown.state, unknown.error_class), ("dead", "reference"))

    def test_used_reference_and_ambiguous_debtor_are_refused(self):
        self.encounter("E-H9")
        self.done(self.place(patient_account="PA-E-H9"))
        self.done(self.place(patient_account="PA-E-H9"))
        self.assertEqual(len(self.hold()), 1)
        self.done(self.release())
        again = self.place(patient_account="PA-E-H9")
        self.assertEqual(
            (again.state, again.error_code), ("dead", "hold_reference_used")
        )
        [answer] = self.env["rcm.event"]._rcm_submit(
            self.connector,
            [
                self.envelope(
                    "credit_hold.placed",
                    {
                        "hold_reference": "CH-2",
                        "reason": "other",
                        "placed_at": "2026-11-12T09:00:00Z",
                        "client": "A",
                        "patient_account": "B",
                    },
                )
            ],
        )
        self.assertIsInstance(answer, Exception)

    def test_only_finance_releases_by_hand(self):
        encounter = self.encounter("E-H10")
        self.done(self.place(patient_account="PA-E-H10"))
        hold = self.hold()
        with self.assertRaises(AccessError):
            hold.with_user(self.make_user("bill-er", "biller")).action_release()
        hold.with_user(self.make_user("fin-man", "finance_manager")).action_release()
        self.assertEqual(hold.state, "released")
        self.assertNotEqual(encounter.state, "on_hold")


@tagged("post_install", "-at_install")
class TestSourceTotals(ControlMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()

    def totals(self, *totals, day="2026-11-02", **data):
        return self.send(
            "source.totals",
            day=day,
            facility=self.facility.code,
            totals=list(totals),
            **data,
        )

    def total(self, flow="charges"):
        return self.env["rcm.source.total"].search(
            [("connector_id", "=", self.connector.id), ("flow", "=", flow)]
        )

    def test_equal_totals_make_no_case(self):
        self.encounter("E-T1")
        self.done(
            self.totals(
                {"flow": "encounters", "count": 1},
                {"flow": "charges", "count": 1, "amount": "150.00"},
            )
        )
        records = self.total() | self.total("encounters")
        self.assertEqual(records.mapped("equal"), [True, True])
        self.assertFalse(records.rcm_case_ids)

    def test_difference_is_a_case_until_the_late_event_comes(self):
        self.encounter("E-T2")
        self.done(self.totals({"flow": "charges", "count": 2, "amount": "300.00"}))
        record = self.total()
        self.assertEqual(
            (record.count_difference, record.amount_difference, record.equal),
            (-1, -150.0, False),
        )
        case = self.open_cases(record, "source_totals")
        self.assertEqual(case.expected, "2 / 300.00")
        self.assertEqual(case.actual, "1 / 150.00")
        self.assertEqual(case.difference, "-1 / -150.00")
        self.assertEqual(case.amount, 150.0)
        self.encounter("E-T3")
        self.env["rcm.source.total"]._cron_compare()
        self.assertTrue(record.equal)
        self.assertEqual(case.state, "resolved")

    def test_events_wake_the_comparison_only_while_one_is_open(self):
        cron = self.env.ref("healthcare_rcm_connectors.cron_compare_totals")
        today = self.env["rcm.source.total"]._fields["day"].today()
        triggers = self.env["ir.cron.trigger"]

        def woken():
            self.env["rcm.source.total"]._rcm_wake_open()
            self.env.cr.precommit.run()
            return triggers.search_count([("cron_id", "=", cron.id)])

        triggers.search([("cron_id", "=", cron.id)]).unlink()
        self.assertEqual(woken(), 0)
        self.done(self.totals({"flow": "charges", "count": 7}, day=str(today)))
        triggers.search([("cron_id", "=", cron.id)]).unlink()
        self.assertEqual(woken(), 1)

    def test_a_later_count_replaces_an_earlier_and_never_the_other_way(self):
        later = "2026-11-03T10:00:00Z"
        self.done(self.totals({"flow": "charges", "count": 4}, occurred_at=later))
        self.done(
            self.totals(
                {"flow": "charges", "count": 9}, occurred_at="2026-11-03T09:00:00Z"
            )
        )
        self.assertEqual(self.total().expected_count, 4)
        self.done(
            self.totals(
                {"flow": "charges", "count": 0}, occurred_at="2026-11-03T11:00:00Z"
            )
        )
        self.assertEqual((self.total().expected_count, self.total().equal), (0, True))
        self.assertFalse(self.open_cases(self.total(), "source_totals"))

    def test_the_same_difference_again_adds_nothing_to_its_case(self):
        self.done(self.totals({"flow": "charges", "count": 3}))
        case = self.open_cases(self.total(), "source_totals")
        seen = case.occurrence_count
        self.total()._rcm_compare()
        self.assertEqual(case.occurrence_count, seen)

    def test_flow_named_twice_and_unknown_facility_fail(self):
        twice = self.totals(
            {"flow": "charges", "count": 1}, {"flow": "charges", "count": 2}
        )
        self.assertEqual((twice.state, twice.error_class), ("dead", "schema"))
        event = self.send(
            "source.totals",
            day="2026-11-02",
            facility="NOWHERE",
            totals=[{"flow": "charges", "count": 1}],
        )
        self.assertEqual((event.state, event.error_class), ("dead", "reference"))

    def test_reading_comparing_and_writing_by_role(self):
        self.done(self.totals({"flow": "charges", "count": 1}))
        support = self.make_user("supp-ort", "integration_support")
        mine = self.total().with_user(support)
        mine.action_compare()
        with self.assertRaises(AccessError):
            mine.write({"equal": True})
        desk = self.make_user("fr-desk", "front_desk")
        with self.assertRaises(AccessError):
            self.total().with_user(desk).read(["equal"])

    def test_another_company_sees_nothing(self):
        self.done(self.totals({"flow": "charges", "count": 1}))
        other = self.env["res.company"].create({"name": "Elsewhere Ltd"})
        user = self.make_user("sup-two", "integration_support")
        user.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        totals = self.env["rcm.source.total"].with_user(user)
        self.assertFalse(totals.search([("id", "=", self.total().id)]))
