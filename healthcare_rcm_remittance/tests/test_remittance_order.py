"""A decision, what takes it back, and its correction: in whatever order they come."""

from datetime import timedelta
from itertools import permutations
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_base.tests import builders

from .remittance_common import RemittanceCase

EARLIER = "_rcm_earlier_decisions"


@tagged("post_install", "-at_install")
class TestRemittanceOrder(RemittanceCase):
    """What takes back waits for what it takes back, and goes on by itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract()

    def run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref(
                "healthcare_rcm_remittance.cron_remittance_post"
            ).method_direct_trigger()

    def original(self, claim, *more, **values):
        """The first decision: 300 of 1000 is paid."""
        paid = 300 + 400 * len(more)
        answers = [self.answer(other, 400, ("CO-45", 600)) for other in more]
        first = self.answer(claim, 300, ("CO-45", 700), icn="ICN1")
        return self.era(paid, first, *answers, **values)

    def takeback(self, claim, **values):
        """Reversal of the first decision and the correction: 400 are paid."""
        return self.era(
            100,
            self.answer(claim, 400, ("CO-45", 600), icn="ICN2", original="ICN1"),
            self.reversal(claim, 300, ("CO-45", 700), icn="ICN1"),
            **values,
        )

    def second_takeback(self, claim, **values):
        """The correction is taken back too, and 350 are paid in the end."""
        return self.era(
            0,
            self.reversal(claim, 400, ("CO-45", 600), icn="ICN2"),
            self.answer(claim, 350, ("CO-45", 650), icn="ICN3", original="ICN2"),
            plb=[("WO", -50, "ICN3")],
            **values,
        )

    def come(self, content):
        remittance = self.receive(content).remittance_ids
        remittance._rcm_process()
        return remittance

    def held_pair(self):
        """(first remittance, takeback, what keeps the first): both held."""
        claim, late = self.claim(), self.claim(submitted=False)
        first = self.come(self.original(claim, late))
        self.assertEqual(self.case_types(first), ["claim_not_submitted"])
        second = self.come(self.takeback(claim))
        self.assertEqual((first.state, second.state), ("held", "held"))
        return first, second, claim, late

    def codes(self, remittance):
        """Reasons by status of the payer: {"1": …, "22": …}."""
        return {
            claim.status: (claim.reasons or [{"code": None}])[0]["code"]
            for claim in remittance.claim_ids
        }

    def booked(self, play):
        """What ``play`` changes in the balances: {purpose: amount}."""
        before = self.trial_balance()
        play()
        after = self.trial_balance()
        changes = {
            purpose: after.get(purpose, 0) - before.get(purpose, 0)
            for purpose in before.keys() | after.keys()
        }
        return {purpose: amount for purpose, amount in changes.items() if amount}

    # -- the earlier remittance is known ---------------------------------------

    def test_takeback_waits_for_the_remittance_that_carries_its_original(self):
        first, second, claim, late = self.held_pair()
        self.assertEqual(self.case_types(second), ["remittance_held"])
        case = second.rcm_case_ids
        self.assertIn(first.display_name, case.actual)
        self.assertIn("earlier remittance", case.message)
        self.assertTrue(second.hold_deadline)
        self.assertFalse(claim.paid_amount)
        late._rcm_mark_submitted(fields.Datetime.now())
        first._rcm_process()
        self.assertTrue(second.retry)
        second._rcm_process()
        self.assertPosted(first)
        self.assertPosted(second)
        self.assertFalse(self.case_types(first | second))
        self.assertFalse(self.case_types((first | second).claim_ids))
        self.assertEqual((claim.paid_amount, claim.open_balance), (400, 0))
        self.assertBooksHold()

    def test_books_are_those_of_the_order_in_which_they_were_sent(self):
        def in_order():
            claim, other = self.claim(), self.claim()
            self.assertPosted(self.come(self.original(claim, other)))
            self.assertPosted(self.come(self.takeback(claim)))

        def first_held():
            late = self.held_pair()[-1]
            late._rcm_mark_submitted(fields.Datetime.now())
            self.run_cron()

        def takeback_first():
            claim, other = self.claim(), self.claim()
            second = self.come(self.takeback(claim))
            self.assertPosted(second, parked=2)
            self.come(self.original(claim, other))
            self.run_cron()
            self.assertPosted(second)

        want = self.booked(in_order)
        self.assertEqual(self.booked(first_held), want)
        self.assertEqual(self.booked(takeback_first), want)
        self.assertBooksHold()

    def test_remittance_that_is_only_read_is_waited_for(self):
        """Nobody has looked at it yet; not even its payer is looked up."""
        claim = self.claim()
        first = self.receive(self.original(claim)).remittance_ids
        self.assertEqual((first.state, first.payer_id.id), ("balanced", False))
        second = self.come(self.takeback(claim))
        self.assertEqual(second.state, "held")
        first._rcm_process()
        self.assertTrue(second.retry)
        second._rcm_process()
        self.assertPosted(second)

    def test_remittance_in_approval_is_waited_for(self):
        claim = self.claim()
        first = self.receive(self.original(claim)).remittance_ids
        first._rcm_match()
        first._rcm_set_state("approval")
        second = self.come(self.takeback(claim))
        self.assertEqual(second.state, "held")

    def test_waiting_ends_when_the_earlier_one_is_refused(self):
        first, second, _claim, _late = self.held_pair()
        first._rcm_set_state("rejected")
        self.assertTrue(second.retry)
        self.run_cron()
        self.assertPosted(second, parked=2)
        self.assertEqual(
            self.codes(second), {"22": "reversal_unmatched", "1": "correction_waits"}
        )
        self.assertEqual(self.case_types(second.claim_ids), ["reversal_unmatched"] * 2)
        self.assertEqual(self.trial_balance()["unapplied_payer_cash"], -100)

    def test_waiting_ends_when_the_original_is_parked(self):
        first, second, claim, _late = self.held_pair()
        first.claim_ids[0]._rcm_write({"override": {"park": True}})
        first.action_post_parking()
        self.assertPosted(first, parked=2)
        self.assertTrue(second.retry)
        self.run_cron()
        self.assertPosted(second, parked=2)
        first.claim_ids[0]._rcm_release({})
        self.run_cron()
        self.assertPosted(second)
        self.assertEqual((claim.paid_amount, claim.open_balance), (400, 0))

    def test_night_finds_what_nobody_woke(self):
        first, second, _claim, _late = self.held_pair()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE rcm_remittance SET state = 'rejected' WHERE id = %s", [first.id]
        )
        self.env.invalidate_all()
        self.env["rcm.remittance"]._cron_watch_holds()
        self.run_cron()
        self.assertPosted(second, parked=2)

    def test_takeback_may_be_parked_instead_and_goes_on_too(self):
        first, second, claim, late = self.held_pair()
        second.action_post_parking()
        self.assertPosted(second, parked=2)
        self.assertEqual(
            self.codes(second), {"22": "original_waiting", "1": "correction_waits"}
        )
        late._rcm_mark_submitted(fields.Datetime.now())
        self.run_cron()
        self.assertPosted(first)
        self.assertPosted(second)
        self.assertEqual((claim.paid_amount, claim.open_balance), (400, 0))

    # -- it is not --------------------------------------------------------------

    def test_takeback_that_comes_first_is_released_when_its_original_posts(self):
        claim = self.claim()
        second = self.come(self.takeback(claim))
        self.assertPosted(second, parked=2)
        first = self.come(self.original(claim))
        self.assertPosted(first)
        self.assertTrue(second.retry)
        second._rcm_process()
        self.assertPosted(second)
        self.assertEqual((claim.paid_amount, claim.open_balance), (400, 0))
        self.assertFalse(self.case_types(second.claim_ids))
        self.assertNotIn("unapplied_payer_cash", self.trial_balance())
        back = second.claim_ids.filtered(lambda item: item.status == "22")
        self.assertEqual(back.reverses_id, first.claim_ids)
        Case = self.env["rcm.exception.case"].with_context(active_test=False)
        told = Case.search([("type_code", "=", "correction_awaited")])
        self.assertFalse(told, "the correction was there all the time")

    def test_trying_again_by_hand_is_no_decision(self):
        claim = self.claim()
        second = self.come(self.takeback(claim))
        for parked in second.claim_ids:
            self.env["rcm.remittance.resolve"].create(
                {"remittance_claim_id": parked.id, "resolution": "retry"}
            ).action_resolve()
        self.assertPosted(second, parked=2)
        self.come(self.original(claim))
        self.run_cron()
        self.assertPosted(second)

    def test_both_are_released_by_the_button_in_any_order(self):
        claim = self.claim()
        second = self.come(self.takeback(claim))
        self.come(self.original(claim))
        second.claim_ids.action_release()
        self.assertPosted(second)
        with self.assertRaisesRegex(UserError, "not parked"):
            second.claim_ids.action_release()

    def test_person_may_post_the_correction_alone(self):
        claim = self.claim()
        second = self.come(self.takeback(claim))
        parked = second.claim_ids.filtered(lambda item: item.status == "1")
        self.assertIn("CLP 2", parked.reason_text)
        wizard = self.env["rcm.remittance.resolve"].create(
            {"remittance_claim_id": parked.id, "resolution": "alone"}
        )
        with self.assertRaises(AccessError):
            wizard.with_user(self.person("biller")).action_resolve()
        wizard.with_user(self.person("cash_poster")).action_resolve()
        self.assertEqual((parked.state, claim.paid_amount), ("posted", 400))
        self.assertEqual(parked.resolution_ids.kind, "alone")
        self.assertPosted(second, parked=1)
        # what comes late is not paid a second time
        first = self.come(self.original(claim))
        self.assertEqual(self.codes(first), {"1": "overpaid"})

    # -- order -------------------------------------------------------------------

    def test_every_order_of_three_ends_alike(self):
        contents = (self.original, self.takeback, self.second_takeback)
        results = []
        for order in permutations(range(3)):
            # those read before anything is worked off: the two farthest orders
            for read_first in (False, True) if order[1] == 1 else (False,):
                claim = self.claim()

                def play(claim=claim, order=order, read_first=read_first):
                    files = [make(claim) for make in contents]
                    came = self.env["rcm.remittance"]
                    for place in sorted(order) if read_first else order:
                        came |= self.receive(files[place]).remittance_ids
                        if not read_first:
                            came[-1]._rcm_process()
                    for place in order if read_first else ():
                        came[place]._rcm_process()
                    self.run_cron()
                    for remittance in came:
                        self.assertPosted(remittance)

                with self.subTest(order=order, read_first=read_first):
                    results.append(self.booked(play))
                    self.assertEqual((claim.paid_amount, claim.open_balance), (350, 0))
        self.assertEqual(len(results), 8)
        for result in results:
            self.assertEqual(result, results[0])
        self.assertBooksHold()

    def test_two_remittances_never_wait_for_each_other(self):
        one, two = self.claim(), self.claim()

        def both(decided, taken_back):
            return self.era(
                0,
                self.answer(decided, 300, ("CO-45", 700), icn="ICN1"),
                self.reversal(taken_back, 300, ("CO-45", 700), icn="ICN1"),
            )

        first = self.receive(both(one, two)).remittance_ids
        second = self.receive(both(two, one)).remittance_ids
        second._rcm_process()
        first._rcm_process()
        self.assertEqual(second.state, "held")
        self.assertPosted(first, parked=1)
        self.run_cron()
        self.assertPosted(second)
        self.assertPosted(first)
        self.assertEqual(one.open_balance + two.open_balance, 2000)

    def test_earlier_is_by_day_of_payment_then_by_arrival(self):
        claim = self.claim()
        took = self.receive(self.takeback(claim, day="20261120")).remittance_ids
        took._rcm_resolve_parties()
        self.env.flush_all()
        wanted = [(claim.name, self.payer.id)]
        for day, earlier in (
            ("20261119", True),
            ("20261121", False),
            ("20261120", False),  # it came after
        ):
            other = self.receive(self.original(claim, day=day)).remittance_ids
            with self.subTest(day=day):
                found = took._rcm_earlier_decisions(wanted)
                self.assertEqual(found, {claim.name: other} if earlier else {})
            other._rcm_set_state("rejected")

    def test_without_a_date_the_day_it_came_counts(self):
        claim = self.claim()
        first = self.receive(self.original(claim, day="")).remittance_ids
        took = self.receive(self.takeback(claim, day="")).remittance_ids
        for remittance in first | took:
            remittance._rcm_resolve_parties()
        self.env.flush_all()
        wanted = [(claim.name, self.payer.id)]
        self.assertEqual(took._rcm_earlier_decisions(wanted), {claim.name: first})
        self.assertFalse(first._rcm_earlier_decisions(wanted))
        dated = fields.Date.today() - timedelta(days=3)
        took._rcm_write({"payment_date": dated})
        self.env.flush_all()
        self.assertFalse(took._rcm_earlier_decisions(wanted))

    # -- what is not waited for --------------------------------------------------

    def test_what_is_never_posted_is_not_waited_for(self):
        claim = self.claim()
        self.come(self.original(claim, handling="D"))  # payment only
        used = self.claim(submitted=False)
        trace = {"trace": "SAME"}
        self.come(self.era(400, self.answer(used, 400, ("CO-45", 600)), **trace))
        again = self.come(
            self.era(400, self.answer(claim, 400, ("CO-45", 600)), **trace)
        )
        self.assertTrue(again.duplicate_of_id)
        second = self.come(self.takeback(claim))
        self.assertPosted(second, parked=2)

    def test_other_payers_decision_is_not_waited_for(self):
        claim = self.claim(payers=(self.payer, self.second))
        self.receive(self.original(claim, payer_trace="1523456789"))
        self.assertPosted(self.come(self.takeback(claim)), parked=2)

    def test_other_companys_decision_is_not_waited_for(self):
        claim = self.claim()
        other = self.env["res.company"].create({"name": "Other Clinic"})
        builders.payer(
            self.env(context={**self.env.context, "allowed_company_ids": other.ids}),
            company_id=other.id,
            payer_identifier="1512345678",
        )
        first = self.receive(self.original(claim), company=other).remittance_ids
        self.assertEqual((first.company_id, first.state), (other, "balanced"))
        second = self.come(self.takeback(claim))
        self.assertPosted(second, parked=2)
        first._rcm_set_state("rejected")
        self.assertFalse(second.retry)

    # -- the rest that waits ----------------------------------------------------

    def test_later_payer_goes_on_when_the_payer_before_posts(self):
        claim = self.claim(payers=(self.payer, self.second))
        later = self.post(
            100,
            self.answer(claim, 100, ("OA-23", 900), status="2"),
            payer_trace="1523456789",
        )
        self.assertPosted(later, parked=1)
        self.post(300, self.answer(claim, 300, ("CO-45", 600), ("PR-2", 100)))
        self.assertTrue(later.retry)
        later._rcm_process()
        self.assertPosted(later)
        self.assertEqual(claim.open_balance, 0)

    def test_later_payer_waits_for_the_payer_before(self):
        """Posted in the order of the payers, the later one was never parked."""
        claim = self.claim(payers=(self.payer, self.second))
        late = self.claim(submitted=False)
        answer = self.answer(claim, 300, ("CO-45", 600), ("PR-2", 100))
        first = self.post(700, answer, self.answer(late, 400, ("CO-45", 600)))
        later = self.post(
            100,
            self.answer(claim, 100, ("OA-23", 900), status="2"),
            payer_trace="1523456789",
        )
        self.assertEqual((first.state, later.state), ("held", "held"))
        self.assertIn(first.display_name, later.rcm_case_ids.actual)
        late._rcm_mark_submitted(fields.Datetime.now())
        first._rcm_process()
        self.assertTrue(later.retry)
        later._rcm_process()
        self.assertPosted(later)
        self.assertEqual(claim.open_balance, 0)
        self.assertFalse(later.claim_ids.move_id - later.move_id)

    def test_later_payer_waits_for_a_remittance_that_is_only_read(self):
        claim = self.claim(payers=(self.payer, self.second))
        answer = self.answer(claim, 300, ("CO-45", 600), ("PR-2", 100))
        first = self.receive(self.era(300, answer)).remittance_ids
        later = self.receive(
            self.era(
                100,
                self.answer(claim, 100, ("OA-23", 900), status="2"),
                payer_trace="1523456789",
            )
        ).remittance_ids
        later._rcm_process()
        self.assertEqual(later.state, "held")
        first._rcm_process()
        later._rcm_process()
        self.assertPosted(later)

    # -- at the same moment ------------------------------------------------------

    def place(self, claim):
        self.env.flush_all()
        self.env.cr.execute("SELECT ctid FROM rcm_claim WHERE id = %s", [claim.id])
        return self.env.cr.fetchone()

    def test_both_at_the_same_moment_one_begins_anew(self):
        """The claim's row changes with each, so whoever saw an older one starts over:
        the wait, the parked pair, and the original even where it moves no amount."""
        first, second, claim, _late = self.held_pair()
        before = self.place(claim)
        second._rcm_process()
        self.assertNotEqual(self.place(claim), before, "the wait")
        denied = self.claim()
        self.post(0, self.answer(denied, 0, ("CO-50", 1000)))
        before = self.place(denied)
        again = self.post(0, self.answer(denied, 0, ("CO-50", 1000)))
        self.assertPosted(again)
        self.assertNotEqual(self.place(denied), before, "a decision without amount")

    # -- cost --------------------------------------------------------------------

    def test_nothing_is_asked_where_the_original_is_posted(self):
        claim = self.claim()
        self.assertPosted(self.come(self.original(claim)))
        Remittance = type(self.env["rcm.remittance"])
        with patch.object(Remittance, EARLIER, autospec=True) as asked:
            self.assertPosted(self.come(self.takeback(claim)))
        asked.assert_not_called()
