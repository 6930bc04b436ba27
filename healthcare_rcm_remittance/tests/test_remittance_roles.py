"""Who may do what, and whose remittances a person sees."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from . import era
from .remittance_common import RemittanceCase

ROLES = (
    "front_desk",
    "biller",
    "coder",
    "cash_poster",
    "denial_analyst",
    "collector",
    "approver",
    "finance_manager",
    "executive",
    "auditor",
    "integration_support",
    "administrator",
)


@tagged("post_install", "-at_install")
class TestRemittanceRoles(RemittanceCase):
    """A method checks the role; nobody needs accounting groups."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract()
        cls.users = {
            role: new_test_user(
                cls.env,
                f"remit_{role}",
                groups=f"healthcare_rcm_base.group_{role}",
                company_id=cls.company.id,
                company_ids=[(6, 0, cls.company.ids)],
            )
            for role in ROLES
        }

    def held(self):
        """A remittance whose claim is not submitted yet, and that claim."""
        claim = self.claim(submitted=False)
        return self.post(400, self.answer(claim, 400, ("CO-45", 600))), claim

    def check_roles(self, allowed, call):
        """``call(user)`` works for the allowed roles only."""
        for role, user in self.users.items():
            with self.subTest(role=role):
                if role in allowed:
                    call(user)
                else:
                    with self.assertRaises(AccessError):
                        call(user)

    def test_roles_of_the_back_office_read_but_patients_stay_masked(self):
        remittance, _claim = self.held()
        for role, user in self.users.items():
            seen = remittance.with_user(user)
            if role in ("front_desk", "executive"):
                with self.subTest(role=role), self.assertRaises(AccessError):
                    seen.read(["amount"])
                continue
            with self.subTest(role=role):
                self.assertEqual(seen.amount, 400)
                if user._rcm_sees_patients():
                    tags = [line["elements"][0] for line in seen.get_raw()["lines"]]
                    self.assertIn("NM1", tags)
                    self.assertTrue(seen.claim_ids.patient_name)
                else:
                    with self.assertRaises(AccessError):
                        seen.get_raw()
                    with self.assertRaises(AccessError):
                        seen.claim_ids.read(["names"])
                    with self.assertRaises(AccessError):
                        seen.file_id.read(["content"])
                    self.assertNotIn("SAMPLE", str(seen.eob_html))

    def test_posting_is_for_cash_posters(self):
        remittance, claim = self.held()
        roles = ("cash_poster", "finance_manager")
        self.check_roles(roles, lambda user: remittance.with_user(user).action_plan())
        for role, user in self.users.items():
            if role not in roles:
                with self.subTest(role=role), self.assertRaises(AccessError):
                    remittance.with_user(user).action_post()
        claim._rcm_mark_submitted("2026-11-20 10:00:00")
        poster = self.users["cash_poster"]
        remittance.with_user(poster).action_post()
        self.assertPosted(remittance)
        self.assertEqual(remittance.posted_by_id, poster)
        self.assertFalse(poster.has_group("account.group_account_invoice"))

    def test_resolving_unpostables_is_for_cash_posters(self):
        remittance = self.post(100, era.clp("NOT-OURS", 100, 100))
        parked = remittance.claim_ids
        self.check_roles(
            ("cash_poster", "finance_manager"),
            lambda user: parked.with_user(user).action_release(),
        )
        values = {
            "remittance_claim_id": parked.id,
            "resolution": "not_ours",
            "reason": "Other clinic",
        }
        Wizard = self.env["rcm.remittance.resolve"]
        for role in ("biller", "auditor", "denial_analyst"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                Wizard.with_user(self.users[role]).create(values)
        wizard = Wizard.with_user(self.users["cash_poster"]).create(values)
        wizard.action_resolve()
        self.assertEqual(parked.state, "not_ours")

    def test_unposting_is_for_finance_managers(self):
        remittance = self.post(100, era.clp("NOT-OURS", 100, 100))
        self.check_roles(
            ("finance_manager",),
            lambda user: remittance.with_user(user).action_unpost(),
        )
        wizard = (
            self.env["rcm.remittance.unpost"]
            .with_user(self.users["finance_manager"])
            .create({"remittance_id": remittance.id, "reason": "Wrong clinic"})
        )
        wizard.action_unpost()
        # Taking back a posting is an override: the shipped policies ask an approver.
        self.assertEqual(remittance.state, "posted_with_parked")
        request = self.env["rcm.approval.request"].search(
            [("res_model", "=", remittance._name), ("effect", "=", "unpost")]
        )
        with self.assertRaises(UserError):
            request.with_user(self.users["finance_manager"]).action_approve()
        request.with_user(self.users["approver"]).action_approve()
        remittance._rcm_process()
        self.assertEqual(remittance.state, "unposted")
        with self.assertRaises(AccessError):
            self.env["rcm.remittance.unpost"].with_user(
                self.users["cash_poster"]
            ).create({"remittance_id": remittance.id, "reason": "x"})

    def test_denials_are_worked_by_analysts(self):
        claim = self.claim()
        self.post(0, self.answer(claim, 0, ("CO-197", 1000)))
        denial = claim.denial_ids
        for role in ("biller", "auditor", "cash_poster", "administrator"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                denial.with_user(self.users[role]).action_take()
        analyst = self.users["denial_analyst"]
        denial.with_user(analyst).action_take()
        denial.with_user(analyst).write({"note": "Authorization was on file"})
        self.assertEqual((denial.state, denial.owner_id), ("in_work", analyst))
        denial.with_user(analyst).action_appealed()
        self.assertEqual(claim.line_ids.state, "appealed")
        for vals in ({"amount": 1}, {"state": "overturned"}):
            with self.assertRaises(AccessError):
                denial.with_user(analyst).write(vals)

    def test_rules_are_kept_by_administrators_and_finance(self):
        rule = self.env.ref("healthcare_rcm_remittance.rcm_posting_rule_co_45")
        self.check_roles(
            ("administrator", "finance_manager"),
            lambda user: rule.with_user(user).write({"name": "Above the contract"}),
        )

    def test_nobody_creates_remittances_by_hand(self):
        for role, user in self.users.items():
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.env["rcm.remittance"].with_user(user).create({})

    def test_upload_shows_what_happened(self):
        claim = self.claim()
        content = self.era(400, self.answer(claim, 400, ("CO-45", 600)))
        poster = self.users["cash_poster"]
        env = self.env(user=poster)
        attachments = env["ir.attachment"].create(
            [
                {"name": "one.835", "raw": content},
                {"name": "again.835", "raw": content},
                {"name": "letter.txt", "raw": b"not a remittance"},
            ]
        )
        wizard = env["rcm.remittance.upload"].create(
            {"attachment_ids": [(6, 0, attachments.ids)]}
        )
        wizard.action_upload()
        self.assertEqual(
            wizard.result_ids.mapped("outcome"), ["Posted", "Duplicate", "Refused"]
        )
        self.assertFalse(attachments.exists())
        self.assertEqual(claim.paid_amount, 400)
        with self.assertRaises(AccessError):
            env["rcm.remittance.upload"].with_user(self.users["biller"]).create({})

    def test_other_companies_see_nothing(self):
        remittance = self.post(100, era.clp("NOT-OURS", 100, 100))
        other = self.env["res.company"].create({"name": "Other clinic"})
        stranger = new_test_user(
            self.env,
            "remit_stranger",
            groups="healthcare_rcm_base.group_cash_poster",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        for record in (remittance, remittance.claim_ids, remittance.file_id):
            with self.subTest(model=record._name):
                seen = record.with_user(stranger).with_context(
                    allowed_company_ids=other.ids
                )
                self.assertFalse(seen.search([("id", "in", record.ids)]))
                with self.assertRaises(AccessError):
                    seen.read(["display_name"])

    def test_facilities_limit_what_is_seen(self):
        claim = self.claim()
        remittance = self.post(0, self.answer(claim, 0, ("CO-197", 1000)))
        other = claim.facility_id.copy({"code": "ELSEWHERE", "name": "Elsewhere"})
        poster = self.users["denial_analyst"]
        poster.rcm_facility_ids = other
        self.assertFalse(
            self.env["rcm.denial"]
            .with_user(poster)
            .search([("id", "in", claim.denial_ids.ids)])
        )
        poster.rcm_facility_ids |= claim.facility_id
        self.assertTrue(
            self.env["rcm.denial"]
            .with_user(poster)
            .search([("id", "in", claim.denial_ids.ids)])
        )
        self.assertTrue(remittance)
