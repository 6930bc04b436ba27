"""Overrides: one rule, one claim, a reason, an approval and a last day."""

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.healthcare_rcm_base.tests import builders

from .documents_common import DocumentCase


@tagged("post_install", "-at_install")
class TestOverride(DocumentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_policy("override", 1)
        cls.biller = cls.person("biller", groups=None)
        cls.rule, cls.other_rule = cls.env["rcm.validation.rule"].create(
            [
                {
                    "name": name,
                    "kind": "domain",
                    "model_name": "rcm.claim",
                    "domain": f"[('total_charge', '>', {limit})]",
                    "message": f"{name} says no.",
                }
                for name, limit in (("Rule A", 700), ("Rule B", 900))
            ]
        )

    def stopped(self, charge):
        """A draft claim that validation stops."""
        payer = builders.payer(self.env, self.company)
        builders.contract(self.env, payer)
        made = builders.encounter(self.env, [charge], [payer], company=self.company)
        for state in ("completed", "coded", "ready"):
            made._rcm_set_state(state)
        claim = made._rcm_build_claims()
        claim._rcm_validate()
        self.assertEqual(claim.state, "draft")
        return claim

    def override(self, claim, rule=None, user=None, **vals):
        return (
            self.env["rcm.override"]
            .with_user(user or self.biller)
            .create(
                {
                    "claim_id": claim.id,
                    "rule_id": (rule or self.rule).id,
                    "reason": "The payer confirmed it",
                    "company_id": claim.company_id.id,
                    **vals,
                }
            )
        )

    def test_approved_the_claim_goes_on_and_says_so(self):
        claim = self.stopped("800")
        override = self.override(claim)
        override.action_request()
        self.assertEqual((override.state, claim.state), ("requested", "draft"))
        self.approve(override)
        self.assertEqual(override.state, "done")
        self.assertIn(claim.state, ("validated", "cleared"))
        self.assertIn(override.name, claim.warning_text)
        self.assertFalse(claim.rcm_case_ids)

    def test_only_the_named_rule_gives_way(self):
        claim = self.stopped("1000")
        override = self.override(claim)
        override.action_request()
        self.approve(override)
        self.assertEqual(claim.state, "draft")
        self.assertIn("Rule B", claim.rcm_case_ids.message)
        self.assertNotIn("Rule A", claim.rcm_case_ids.message)

    def test_only_the_named_claim_gives_way(self):
        first, second = self.stopped("800"), self.stopped("800")
        override = self.override(first)
        override.action_request()
        self.approve(override)
        second._rcm_validate()
        self.assertEqual(second.state, "draft")

    def test_expired_it_holds_no_more(self):
        claim = self.stopped("1000")
        override = self.override(claim)
        override.action_request()
        self.approve(override)
        after = fields.Date.add(override.expires_on, days=1)
        with freeze_time(after):
            claim._rcm_validate()
            self.assertIn("Rule A", " ".join(claim.rcm_case_ids.mapped("message")))
            self.env["rcm.override"]._cron_expire()
        self.assertEqual(override.state, "expired")

    def test_revoked_it_holds_no_more(self):
        claim = self.stopped("1000")
        override = self.override(claim)
        override.action_request()
        self.approve(override)
        override.sudo()._rcm_reverse("Confirmed in error")
        self.assertEqual(override.state, "reversed")
        self.assertIn("Rule A", " ".join(claim.rcm_case_ids.mapped("message")))

    def test_not_approved_it_changes_nothing(self):
        claim = self.stopped("800")
        override = self.override(claim)
        claim._rcm_validate()
        self.assertEqual(claim.state, "draft")
        override.action_request()
        claim._rcm_validate()
        self.assertEqual(claim.state, "draft")
        self.requests(override).with_user(self.approver)._rcm_decide_many(
            "refused", "No"
        )
        claim._rcm_validate()
        self.assertEqual((override.state, claim.state), ("refused", "draft"))

    @mute_logger("odoo.sql_db")
    def test_asked_for_once(self):
        claim = self.stopped("800")
        self.override(claim).action_request()
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.override(claim).action_request()
            self.env.flush_all()

    def test_what_is_impossible_is_refused(self):
        claim = self.stopped("800")
        with self.assertRaisesRegex(UserError, "expired"):
            self.override(claim, expires_on="2020-01-01").action_request()
        done = builders.claim(self.env, charge="100", expected="100")
        with self.assertRaisesRegex(UserError, "stops"):
            self.override(done).action_request()
        self.rule.severity = "warn"
        with self.assertRaisesRegex(UserError, "only warns"):
            self.override(claim).action_request()

    def test_the_button_names_the_rule(self):
        claim = self.stopped("800")
        action = claim.with_user(self.biller).action_override()
        self.assertEqual(action["context"]["default_rule_id"], self.rule.id)

    def test_roles_and_companies(self):
        claim = self.stopped("800")
        for role in ("collector", "payables", "approver", "auditor"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.override(claim, user=self.person(role, groups=None))
        self.override(claim)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.person("biller", groups=None, company=other)
        self.assertFalse(self.seen_by(stranger, "rcm.override"))
