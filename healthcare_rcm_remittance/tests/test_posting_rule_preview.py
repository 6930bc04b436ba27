"""What a changed rule would have done to what is posted; and nothing written."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .remittance_common import RemittanceCase


@tagged("post_install", "-at_install")
class TestPostingRulePreview(RemittanceCase):
    """The same stored facts, two rule books."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract()
        cls.rule = cls.env["rcm.posting.rule"].search(
            [
                ("kind", "=", "claim"),
                ("group_code", "=", "CO"),
                ("reason_code", "=", "45"),
            ],
            limit=1,
        )

    def setUp(self):
        super().setUp()
        for paid in (400, 300):
            claim = self.claim()
            self.assertPosted(
                self.post(
                    paid,
                    self.answer(claim, paid, ("CO-45", 990 - paid), ("CO-50", 10)),
                )
            )

    def preview(self, rule=None, **values):
        """A preview of today's postings, as the form makes it."""
        today = fields.Date.context_today(self.env.user)
        context = {"default_rule_id": rule.id} if rule else {}
        form = Form(self.env["rcm.posting.rule.preview"].with_context(**context))
        form.date_from = form.date_to = today
        for name, value in values.items():
            form[name] = value
        preview = form.save()
        preview.action_preview()
        return preview

    def difference(self, preview):
        return [
            (
                line.code,
                line.line_count,
                line.claim_count,
                line.amount,
                line.posted_before,
                line.posted_after,
            )
            for line in preview.line_ids
        ]

    def test_same_rule_changes_nothing(self):
        preview = self.preview(self.rule)
        self.assertEqual(preview.asked_count, 2)
        self.assertFalse(preview.line_ids)
        self.assertFalse(preview.parked_count or preview.released_count)

    def test_contractual_that_would_have_been_a_denial(self):
        before = self.trial_balance()
        preview = self.preview(self.rule, action="denial", category="not_covered")
        self.assertEqual(
            self.difference(preview), [("CO-45", 2, 2, 1280.0, 1280.0, 0.0)]
        )
        self.assertEqual(preview.line_ids.rule_before_id, self.rule)
        self.assertEqual(self.rule.action, "contractual")
        self.assertEqual(self.trial_balance(), before)

    def test_claims_that_would_have_been_parked(self):
        preview = self.preview(self.rule, action="review")
        self.assertEqual((preview.parked_count, preview.parked_cash), (2, 700))
        gone = self.preview(self.rule, remove=True)
        self.assertEqual((gone.parked_count, gone.parked_cash), (2, 700))

    def test_rule_that_would_have_released_a_parked_claim(self):
        claim = self.claim()
        parked = self.post(400, self.answer(claim, 400, ("CO-45", 590), ("CO-999", 10)))
        self.assertPosted(parked, parked=1)
        preview = self.preview(
            kind="claim", group_code="CO", reason_code="999", action="contractual"
        )
        self.assertEqual((preview.released_count, preview.released_cash), (1, 400))
        self.assertEqual(self.difference(preview), [("CO-999", 1, 1, 10.0, 0.0, 10.0)])
        self.assertEqual(parked.claim_ids.state, "parked")

    def test_payers_own_rule_touches_only_that_payer(self):
        other = self.preview(
            reason_code="45", group_code="CO", action="denial", payer_id=self.second
        )
        self.assertFalse(other.line_ids)
        own = self.preview(
            reason_code="45", group_code="CO", action="denial", payer_id=self.payer
        )
        self.assertEqual(own.line_ids.line_count, 2)

    def test_provider_adjustment_to_another_account(self):
        claim = self.claim()
        self.post(450, self.answer(claim, 400, ("CO-45", 600)), plb=[("CT", -50)])
        rule = self.env["rcm.posting.rule"].search([("reason_code", "=", "CT")])
        preview = self.preview(rule, purpose="payer_advances")
        self.assertEqual(
            self.difference(preview), [("PLB-CT", 1, 0, -50.0, -50.0, -50.0)]
        )
        gone = self.preview(rule, remove=True)
        self.assertEqual(gone.line_ids.posted_after, 0)

    def test_change_is_applied_from_its_day(self):
        preview = self.preview(self.rule, action="denial", category="not_covered")
        day = fields.Date.context_today(preview) + timedelta(days=10)
        preview.apply_from = day
        made = self.env["rcm.posting.rule"].browse(preview.action_apply()["res_id"])
        self.assertEqual(self.rule.date_to, day - timedelta(days=1))
        self.assertEqual((made.date_from, made.action), (day, "denial"))
        self.assertEqual(made.reason_code, "45")
        book = self.env["rcm.posting.rule"]._rcm_book(self.company)
        for asked, action in (
            (day - timedelta(days=1), "contractual"),
            (day, "denial"),
        ):
            found = book.find(self.payer.id, "CO", "45", frozenset(), 1, asked)
            self.assertEqual(found.action, action)

    def test_nothing_is_applied_unseen_or_by_others(self):
        Preview = self.env["rcm.posting.rule.preview"]
        unseen = Preview.create({"reason_code": "45", "action": "denial"})
        with self.assertRaises(UserError):
            unseen.action_apply()
        users = {
            role: new_test_user(
                self.env,
                f"preview_{role}",
                groups=f"healthcare_rcm_base.group_{role}",
                company_id=self.company.id,
                company_ids=[(6, 0, self.company.ids)],
            )
            for role in ("cash_poster", "biller")
        }
        mine = Preview.with_user(users["cash_poster"]).create(
            {"reason_code": "45", "action": "denial"}
        )
        mine.action_preview()
        with self.assertRaises(AccessError):
            mine.action_apply()
        with self.assertRaises(AccessError):
            Preview.with_user(users["biller"]).create({"reason_code": "45"})
