"""The runbooks about money, followed with remittances and deposits."""

from odoo import fields
from odoo.tests import tagged

from odoo.addons.healthcare_rcm_remittance.tests.test_remittance_backlog import (
    BacklogCase,
)

from .runbook_common import Follower


@tagged("post_install", "-at_install")
class TestRunbooksMoney(Follower, BacklogCase):
    def measured(self, code):
        self.env.flush_all()
        found = self.env["rcm.alert.measure"]._rcm_measure(
            code, self.company, 15, fields.Datetime.now()
        )
        return found["-"][1]

    def test_delayed_posting(self):
        content = self.era(400, self.answer(self.claim(), 400, ("CO-45", 600)))
        late = self.receive(content).remittance_ids
        self.age(late, create_date=self.hours_ago(25))
        self.assertEqual(self.measured("delayed_postings"), 1)
        self.watch()
        case = late.rcm_case_ids

        def reprocess():
            case.with_user(self.poster).action_reprocess()

        self.follow(
            "delayed-posting",
            ("its state", lambda: self.assertEqual(late.state, "balanced")),
            ("*In Approval*", None),
            ("scheduler-late", None),
            ("**Reprocess**", reprocess),
        )
        self.assertPosted(late)
        self.assertEqual(case.state, "resolved")
        self.assertEqual(self.measured("delayed_postings"), 0)

    def test_unmatched_payment(self):
        posted = self.paid("RIGHT")
        self.age(posted, payment_date=self.days_ago(6))
        typo = self.deposit(("WRONG", 400), deposit_date=self.days_ago(4))
        early = self.deposit(("LATER", 400), deposit_date=self.days_ago(4))
        self.watch()
        first, second = (one.sudo().rcm_case_ids for one in (typo, early))

        def by_hand():
            typo.item_ids.remittance_id = posted
            self.assertEqual(first.state, "resolved")

        def reprocess():
            self.paid("LATER")
            if second.state != "resolved":
                second.with_user(self.poster).action_reprocess()

        self.follow(
            "unmatched-payment",
            (
                "filter *Posted*",
                lambda: self.assertGreaterEqual(
                    self.measured("unmatched_payments_age"), 6
                ),
            ),
            (
                "Money without remittance",
                lambda: self.assertEqual(first.res_id, typo.id),
            ),
            ("by hand", by_hand),
            ("**Reprocess**", reprocess),
            ("ask the payer", None),
        )
        self.assertEqual(second.state, "resolved")
