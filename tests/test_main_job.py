"""The main job end to end, over HTTP, against two independent reckonings."""

from odoo import fields
from odoo.tests import tagged

from .common import SuiteCase
from .simulator.client import FeedError
from .simulator.feed import DemoDay
from .simulator.knobs import Knobs
from .simulator.truth import expected_ledger, is_void
from .test_simulator import load_check_ledger

KNOBS = Knobs(seed=7, encounters=16, large_claims=1)
PLAIN = Knobs(seed=7, encounters=8, large_claims=0, stories={}, contracts=False)


@tagged("post_install", "-at_install")
class TestMainJob(SuiteCase):
    def setUp(self):
        super().setUp()
        self.check = load_check_ledger()
        self.sent = self.make_sent_folder()
        self.client = self.make_client(self.sent)

    def feed(self, knobs):
        self.day = DemoDay(self.client, knobs, fields.Date.today(), patience=60)
        try:
            self.summary = self.day.run()
        except FeedError as error:
            raise AssertionError(f"seed {knobs.seed}: {error}") from error
        self.env.flush_all()

    def books(self):
        self.env.flush_all()
        return self.check.actual(self.env.cr)

    def test_from_encounter_to_reconciled_remittance(self):
        self.feed(KNOBS)
        want, counts = self.check.expected(self.sent)
        self.assertEqual(self.check.differences(want, self.books()), [], self._open())
        self.assertGreater(counts["claims"], 8)
        self.assertGreater(counts["remittances"], 2)
        self._check_claims()
        self._check_people()
        self._check_remittances()
        self._check_stories()
        self._check_timeline()
        self._check_again_changes_nothing()
        self._check_audit()

    def _open(self):
        """What waits for a person or for something else, to explain a difference."""
        cases = self.env["rcm.exception.case"].search(
            [("state", "in", ("open", "in_progress", "waiting"))]
        )
        parked = self.env["rcm.remittance.claim"].search(
            [("state", "not in", ("posted", "reversed"))]
        )
        events = self.env["rcm.event"].search([("state", "!=", "done")])
        return "\n".join(
            [f"{case.type_id.code}: {case.message}" for case in cases]
            + [
                f"{item.control_number}: {item.state} {item.reason_text}"
                for item in parked
            ]
            + [
                f"{event.external_id}: {event.state} {event.error_code}"
                for event in events
            ]
        )

    def _check_claims(self):
        """The claim's own amounts equal its receivables and the simulator's truth."""
        invoiced = {
            claim.name: encounter
            for encounter in self.day.encounters
            for claim in self.env["rcm.claim"].search(
                [
                    ("encounter_id.number", "=", encounter.number),
                    ("invoice_state", "in", ("posted", "credited")),
                ]
            )
            # a guarantor's invoice that was corrected is credited: another one stands
            if claim.invoice_state == "posted" or is_void(encounter)
        }
        live = [number for number, item in invoiced.items() if not is_void(item)]
        self.assertEqual(set(live), set(self.summary["claims_open"]))
        truth = expected_ledger(
            invoiced, self.summary["sent_files"], self.day.encounters
        )
        groups = self.check.Books()
        for purpose, amount in truth.purposes.items():
            groups.add_purpose(purpose, amount)
        have = self.books()
        have.open.clear()
        self.assertEqual(self.check.differences(groups, have), [])
        for number in invoiced:
            versions = self.env["rcm.claim"].search(
                [("name", "=", number)], order="version"
            )
            with self.subTest(claim=number):
                self._check_claim(versions)

    def _check_claim(self, versions):
        """All versions together: what one asks for, and none asks twice."""
        claim = versions[-1]
        self.assertFalse(sum(versions[:-1].mapped("open_balance")))
        lines = self.env["account.move.line"].search(
            [
                ("rcm_claim_id", "in", versions.ids),
                ("parent_state", "=", "posted"),
                ("account_id.account_type", "=", "asset_receivable"),
            ]
        )
        residual = sum(lines.mapped("amount_residual"))
        if claim.self_pay:
            self.assertAlmostEqual(residual, claim.total_charge + claim.tax_amount)
        else:
            moved = claim.moved_next_amount
            open_on_legs = claim.open_balance + moved
            self.assertLessEqual(residual, open_on_legs + 0.001)
            self.assertGreaterEqual(claim.open_balance, -0.001)

    def _check_people(self):
        """One account a person; who only may be the same is a case, not a merge."""
        want = self.check.expected_people(self.check.read_events(self.sent))
        have = self.check.actual_people(self.env.cr)
        self.assertEqual(self.check.people_differences(want, have), [])
        self.assertTrue(all(want))

    def _claims(self, kind):
        """Every version of the claim of the story of this kind, oldest first."""
        [number] = [item.number for item in self.day.encounters if item.kind == kind]
        return self.env["rcm.claim"].search(
            [("encounter_id.number", "=", number)], order="version"
        )

    def _check_stories(self):
        """What payers were sent, beside the money."""
        for kind, frequency, mode in (
            ("late_charge", "7", "replacement"),
            ("corrected_by_line", "7", "line"),
            ("reopening", "7", "reopening"),
            ("new_claim", "1", "new"),
            ("late_after_payment", "7", "replacement"),
            ("rejected_again", "1", "replacement"),
            ("voided", "8", False),
            ("voided_after_payment", "8", False),
        ):
            with self.subTest(kind=kind):
                before, latest = self._claims(kind)
                self.assertEqual(before.name, latest.name)
                ended = "void" if frequency == "8" else "superseded"
                self.assertEqual(before.state, ended)
                self.assertEqual(latest.frequency_code, frequency)
                self.assertEqual(latest.correction_mode, mode)
                self.assertEqual(bool(latest.original_reference), frequency != "1")
        self.assertEqual(self._claims("taxed").tax_amount, 9.64)
        old, new = self._claims("taxed_corrected").sorted("id")
        self.assertEqual((old.invoice_state, new.invoice_state), ("credited", "posted"))
        self.assertEqual(new.tax_amount, 28.93)
        self.assertFalse(self._claims("taxed_insured").tax_amount)
        stay = self._claims("stay")
        self.assertEqual(
            (stay.claim_form, stay.type_of_bill), ("institutional", "0111")
        )
        legs = self._claims("working_aged").leg_ids.sorted("sequence")
        self.assertEqual(legs.payer_id.mapped("code"), ["ACME", "MEDICARE"])
        self.assertFalse(self._claims("lab_client"))
        batch = self.env["rcm.submission.batch"].search([])
        self.assertEqual(batch.state, "acknowledged")
        self.assertEqual(batch.failed_count, 1)

    def _check_remittances(self):
        fates = self.summary["fates"]
        remittances = self.env["rcm.remittance"].search([])
        posted = remittances.filtered(
            lambda item: item.state in ("posted", "posted_with_parked", "reconciled")
        )
        self.assertEqual(len(posted), self.summary["remittances"])
        self.assertEqual((fates["duplicate"], fates["refused"]), (1, 1))
        self.assertTrue(remittances.filtered(lambda item: item.state == "rejected"))
        self.assertTrue(
            posted.filtered(lambda item: item.state == "posted_with_parked")
        )
        clearing = self.company._rcm_account("clearing")
        for remittance in posted.filtered("move_id"):
            lines = remittance.move_id.line_ids
            balances = [line.balance for line in lines if line.account_id == clearing]
            self.assertAlmostEqual(sum(balances), remittance.amount)

    def _check_timeline(self):
        """One thread from the source event to the journal entry."""
        claim = self.env["rcm.claim"].search([("state", "=", "adjudicated")], limit=1)
        rows = self.env["rcm.audit.log"].search(
            [("correlation_id", "=", claim.correlation_id)]
        )
        models = set(rows.mapped("model"))
        self.assertLessEqual(
            {"rcm.event", "rcm.encounter", "rcm.claim", "account.move"}, models
        )
        auditor = self.env["res.users"].search([("login", "=", "auditor")])
        log = self.env["rcm.audit.log"].with_user(auditor)
        shown = [
            "attempt" if str(row["id"]).startswith("attempt-") else row["model"]
            for row in log.get_timeline(claim.correlation_id)
        ]
        # received, tried, then what came of it, down to the journal entry
        self.assertLess(shown.index("rcm.event"), shown.index("attempt"))
        self.assertLess(shown.index("attempt"), shown.index("account.move"))

    def _check_again_changes_nothing(self):
        before = self.books()
        sent = (self.sent / "events.jsonl").read_bytes().splitlines()
        for line in [line for line in sent if b'"person.' not in line][:10]:
            response = self.url_open(
                "/rcm/v1/events", data=line, headers=self.client.headers
            )
            self.assertEqual(response.status_code, 200, response.text)
        self.run_scheduled_actions()
        self.assertEqual(self.check.differences(before, self.books()), [])

    def _check_audit(self):
        self.env.ref("healthcare_rcm_base.cron_seal_audit_log").method_direct_trigger()
        result = self.env["rcm.audit.verification"]._rcm_verify()
        self.assertTrue(result["ok"], result)
        self.assertGreater(result["rows"], 500)
        self.assertEqual(result["findings"], [])

    def test_one_cent_off_is_found(self):
        self.feed(PLAIN)
        want, _counts = self.check.expected(self.sent)
        self.env.flush_all()
        self.check.alter_one_cent(self.env.cr)
        rows = self.check.differences(want, self.check.actual(self.env.cr))
        self.assertTrue(rows)
