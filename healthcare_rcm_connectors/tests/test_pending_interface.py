from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests import builders
from odoo.addons.healthcare_rcm_base.tests.ledger_common import LedgerCase

from ..models.adapters.rcm_adapter_roles import SourceUnavailable
from .common import ConnectorMixin


@tagged("post_install", "-at_install")
class TestPendingInterface(ConnectorMixin, LedgerCase):
    """An interface is down: what goes through it waits visibly and catches up."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.support = cls.make_user("support-down", "integration_support")
        cls.biller = cls.make_user("biller-down", "biller")
        cls.connector = cls.make_connector(
            cls.make_user("svc-down", "integration"),
            "clearing",
            kind="clearinghouse",
            carries_claims=True,
            company_id=cls.company.id,
        )

    def claim(self):
        """A claim that is ready to go out: cleared, its invoice posted."""
        claim = builders.invoiced_claim(self.env)
        self.assertTrue(claim.is_submittable)
        return claim

    def sweep(self):
        self.env["rcm.connector"]._cron_pending_interface()
        self.env.invalidate_all()

    def cases(self):
        return self.env["rcm.exception.case"].search(
            [
                ("res_model", "=", "rcm.connector"),
                ("res_id", "=", self.connector.id),
                ("state", "in", ("open", "in_progress", "waiting")),
            ]
        )

    def test_down_by_hand_puts_claims_aside_and_up_gives_them_back(self):
        claim = self.claim()
        self.connector.with_user(self.support).action_mark_down()
        self.assertEqual(claim.state, "pending_interface")
        self.assertEqual(claim.pending_connector_id, self.connector)
        self.assertEqual(
            (self.connector.down_by, claim.is_submittable), ("hand", False)
        )
        self.assertEqual(self.connector.pending_claim_count, 1)
        [case] = self.cases()
        self.assertEqual(case.type_code, "interface_down")
        self.assertEqual(case.amount, claim.total_charge)
        self.connector.with_user(self.support).action_resume()
        self.sweep()
        self.assertEqual(
            (claim.state, claim.pending_connector_id.id), ("cleared", False)
        )
        self.assertTrue(claim.is_submittable)
        self.assertFalse(self.cases())
        self.assertFalse(self.connector.down_since)

    def test_it_is_visible_to_people_who_see_no_connectors(self):
        claim = self.claim()
        self.connector.action_mark_down()
        seen = claim.with_user(self.biller)
        self.assertIn("Connector clearing", seen.pending_text)
        self.assertIn("Connector clearing", seen.next_step)
        found = seen.search([("pending_connector_id", "!=", False)])
        self.assertEqual(found, seen)
        self.assertIn("Connector clearing", seen.sudo()._rcm_batch_refusal())

    def test_its_invoice_waits_too(self):
        claim = self.claim()
        invoice = claim.invoice_id
        self.assertTrue(invoice)
        self.connector.action_mark_down()
        self.assertIn("Connector clearing", invoice.rcm_pending_text)
        moves = self.env["account.move"]
        waiting = moves.search([("rcm_pending_text", "!=", False)])
        self.assertEqual(waiting, invoice)
        free = moves.search([("rcm_pending_text", "=", False)])
        self.assertNotIn(invoice, free)
        self.connector.action_resume()
        self.sweep()
        self.assertFalse(invoice.rcm_pending_text)

    def test_claims_that_become_ready_meanwhile_wait_in_order(self):
        self.connector.action_mark_down()
        first, second = self.claim(), self.claim()
        self.assertIn("is down", first._rcm_batch_refusal())
        self.sweep()
        self.assertEqual((first | second).mapped("state"), ["pending_interface"] * 2)
        second._rcm_write({"pending_since": fields.Datetime.to_datetime("2020-01-01")})
        moved = []
        original = type(self.env["rcm.claim"])._rcm_set_state

        def watch(claims, state, **vals):
            moved.extend(claims.ids)
            return original(claims, state, **vals)

        self.connector.action_resume()
        with patch.object(type(self.env["rcm.claim"]), "_rcm_set_state", watch):
            self.sweep()
        self.assertEqual(moved, [second.id, first.id])

    def test_only_what_goes_through_it_waits(self):
        claim = self.claim()
        elsewhere = self.env["rcm.facility"].create(
            {"name": "Other", "code": "OTHER", "company_id": self.company.id}
        )
        aid = builders.payer(self.env)
        for limit in (
            {"facility_ids": [(6, 0, elsewhere.ids)]},
            {"facility_ids": [(5,)], "carried_payer_ids": [(6, 0, aid.ids)]},
            {"carried_payer_ids": [(5,)], "carries_claims": False},
        ):
            self.connector.write(limit)
            self.connector.action_mark_down()
            self.sweep()
            with self.subTest(limit):
                self.assertEqual(claim.state, "cleared")
            self.connector.action_resume()

    def test_another_companys_claims_are_left_alone(self):
        theirs = self.env["rcm.claim"].search([("company_id", "=", self.neighbour.id)])
        before = theirs.mapped("state")
        self.assertTrue(theirs)
        self.connector.action_mark_down()
        self.sweep()
        self.assertEqual(theirs.mapped("state"), before)

    def test_a_claim_sent_by_another_way_waits_no_more(self):
        claim = self.claim()
        self.connector.action_mark_down()
        claim._rcm_mark_submitted(fields.Datetime.now())
        self.assertEqual(claim.state, "submitted")
        self.assertFalse(claim.pending_connector_id)
        self.connector.action_resume()
        self.sweep()
        self.assertEqual(claim.state, "submitted")

    def test_a_hand_off_to_a_platform_is_not_touched(self):
        """The same state by another way: only what waits for us comes back."""
        claim = self.claim()
        claim._rcm_hand_off("PLATFORM-1")
        self.connector.action_mark_down()
        self.connector.action_resume()
        self.sweep()
        self.assertEqual(claim.state, "pending_interface")

    def test_events_wait_and_catch_up_in_order(self):
        handler = type(self.env["rcm.event.handler.claim.submitted"])
        handled = []

        def handle(this, event, data):
            handled.append(event.external_id)
            return event.connector_id

        self.connector.action_mark_down()
        events = self.receive(*[self.submitted(f"RTEST000{n}") for n in range(4)])
        with patch.object(handler, "_rcm_handle", handle):
            self.process()
            self.assertEqual(handled, [])
            self.connector.action_resume()
            self.process()
        self.assertEqual(handled, events.mapped("external_id"))

    # ------------------------------------------------------------------
    # To the next payer
    # ------------------------------------------------------------------
    def at_the_next(self):
        """A claim its first payer has decided and its second is due."""
        first, self.second = builders.payer(self.env), builders.payer(self.env)
        builders.contract(self.env, first)
        claim = builders.invoiced_claim(self.env, payers=[first, self.second])
        claim._rcm_mark_submitted(fields.Datetime.now())
        claim._rcm_mark_adjudicated(first)
        claim._rcm_open_next_leg()
        self.assertEqual((claim.state, claim.is_submittable), ("adjudicated", True))
        return claim

    def test_a_claim_due_at_its_next_payer_waits_and_comes_back_as_it_was(self):
        claim = self.at_the_next()
        asked, due = claim.ask_payer_id, claim.answer_due
        self.connector.action_mark_down()
        self.assertEqual(
            (claim.state, claim.pending_from_state),
            ("pending_interface", "adjudicated"),
        )
        self.assertIn("Connector clearing", claim.with_user(self.biller).next_step)
        self.assertFalse(claim.is_submittable)
        self.assertEqual((claim.ask_payer_id, claim.answer_due), (asked, due))
        self.assertEqual(self.connector.pending_claim_count, 1)
        self.connector.action_resume()
        self.sweep()
        self.assertEqual((claim.state, claim.is_submittable), ("adjudicated", True))
        self.assertFalse(claim.pending_connector_id or claim.pending_from_state)
        batches, refused = self.env["rcm.submission.batch"]._rcm_gather(claim)
        self.assertFalse(refused)
        self.assertEqual(batches.line_ids.payer_id, self.second)

    def test_both_kinds_catch_up_in_one_order(self):
        late, first, middle = self.claim(), self.at_the_next(), self.claim()
        self.connector.action_mark_down()
        self.sweep()
        for number, claim in enumerate((first, middle, late)):
            moment = fields.Datetime.to_datetime(f"2020-01-0{number + 1}")
            claim._rcm_write({"pending_since": moment})
        moved = []
        original = type(self.env["rcm.claim"])._rcm_set_state

        def watch(claims, state, **vals):
            moved.extend(claims.ids)
            return original(claims, state, **vals)

        self.connector.action_resume()
        with patch.object(type(self.env["rcm.claim"]), "_rcm_set_state", watch):
            self.sweep()
        self.assertEqual(moved, (first + middle + late).ids)
        self.assertEqual(
            (first + middle + late).mapped("state"),
            ["adjudicated", "cleared", "cleared"],
        )

    def test_the_next_payers_carrier_decides(self):
        claim = self.at_the_next()
        for payer, state in (
            (claim.payer_id, "adjudicated"),
            (self.second, "pending_interface"),
        ):
            self.connector.carried_payer_ids = payer
            self.connector.action_mark_down()
            self.sweep()
            with self.subTest(state=state):
                self.assertEqual(claim.state, state)
            self.connector.action_resume()
            self.sweep()

    def test_a_reversal_meets_it_as_it_was_and_it_waits_on(self):
        """A remittance is no matter of the interface that is down."""
        claim = self.at_the_next()
        self.connector.action_mark_down()
        versions = (
            self.env["rcm.remittance"]
            .new({"company_id": self.company.id})
            ._rcm_claim_versions([claim.name])
        )
        self.assertEqual(versions[claim.name][0]["state"], "adjudicated")
        claim._rcm_reopen(claim.payer_id)
        self.assertEqual((claim.state, claim.pending_from_state), ("reopened", False))
        self.sweep()
        self.assertEqual(
            (claim.state, claim.pending_from_state), ("pending_interface", "reopened")
        )
        claim._rcm_mark_adjudicated(claim.payer_id)
        self.assertEqual(claim.state, "adjudicated")
        self.sweep()
        self.connector.action_resume()
        self.sweep()
        self.assertEqual((claim.state, claim.is_submittable), ("adjudicated", True))

    def test_late_news_of_the_first_payer_is_taken_and_changes_nothing(self):
        claim = self.at_the_next()
        self.connector.action_mark_down()
        claim._rcm_apply_status("accepted", payer_claim_number="P-77")
        self.sweep()
        self.assertEqual(claim.state, "pending_interface")
        self.assertEqual(claim.pending_from_state, "adjudicated")

    def test_what_waits_is_opened_for_correction_as_it_was(self):
        claim = builders.claim(self.env)
        claim._rcm_write({"invoice_rule": "adjudicated"})  # it goes out before
        self.connector.action_mark_down()
        self.assertEqual(claim.state, "pending_interface")
        claim._rcm_back_to_draft()
        self.assertEqual((claim.state, claim.pending_connector_id.id), ("draft", False))

    def test_a_hold_covers_the_wait(self):
        claim = self.claim()
        self.connector.action_mark_down()
        self.assertEqual(self.connector.pending_claim_count, 1)
        claim._rcm_hold()
        self.env.invalidate_all()
        self.assertEqual(self.connector.pending_claim_count, 0)
        self.assertEqual(claim.pending_connector_id, self.connector)
        self.connector.action_resume()
        claim._rcm_release()
        self.assertEqual(claim.state, "pending_interface")
        self.sweep()
        self.assertEqual((claim.state, claim.is_submittable), ("cleared", True))

    # ------------------------------------------------------------------
    # By its circuit
    # ------------------------------------------------------------------
    def test_failures_in_a_row_mark_it_down_and_an_answer_marks_it_up(self):
        claim = self.claim()
        pull = self.env["rcm.connector.pull"].create(
            {
                "name": "Status",
                "connector_id": self.connector.id,
                "address": "https://clearing.example.com/status",
            }
        )
        adapter = type(self.env["rcm.adapter.http_json"])
        with patch.object(
            adapter, "_rcm_poll", side_effect=SourceUnavailable("timeout")
        ):
            for _try in range(4):
                pull._rcm_poll()
            self.assertEqual(self.connector.state, "active")
            pull._rcm_poll()
        self.assertEqual(
            (self.connector.state, self.connector.down_by), ("down", "circuit")
        )
        self.assertEqual(claim.state, "pending_interface")
        with patch.object(adapter, "_rcm_poll", return_value=([], "", False)):
            pull._rcm_poll()
        self.sweep()
        self.assertEqual((self.connector.state, claim.state), ("active", "cleared"))

    def test_a_webhook_of_the_interface_is_its_circuit_too(self):
        hook = self.env["rcm.webhook"].create(
            {
                "name": "Clearing",
                "url": "https://clearing.example.com/hook",
                "connector_id": self.connector.id,
                "company_id": self.company.id,
            }
        )
        now = fields.Datetime.now()
        for _try in range(5):
            hook._rcm_note_failure(now)
        self.assertEqual(self.connector.state, "down")
        hook._rcm_note_success(now)
        self.assertEqual(self.connector.state, "active")

    def test_what_a_person_marked_down_stays_down(self):
        self.connector.action_mark_down()
        self.connector._rcm_circuit_closed()
        self.assertEqual(self.connector.state, "down")
        self.connector.action_resume()
        self.connector.action_pause()
        self.connector._rcm_circuit_opened()
        self.assertEqual(self.connector.state, "paused")

    def test_reprocessing_the_case_tries_again(self):
        self.connector.action_mark_down()
        self.cases().with_user(self.support).action_reprocess()
        self.assertEqual(self.connector.state, "active")
        self.assertFalse(self.cases())

    def test_who_may(self):
        for role in ("biller", "auditor"):
            user = self.make_user(f"down-{role}", role)
            with self.assertRaises(AccessError):
                self.connector.with_user(user).action_mark_down()
        with self.assertRaises(AccessError):
            self.claim().with_user(self.biller).write({"pending_connector_id": 1})
