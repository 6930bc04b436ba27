"""Deciding from a mail: login, page, button; and what a link does not do."""

import re
from unittest.mock import patch

from odoo.tests import HttpCase, tagged
from odoo.tools.misc import hash_sign

from ..models.rcm_approval_notice import LINK_SCOPE
from .requests_common import RequestCase


@tagged("post_install", "-at_install")
class TestApprovalLink(RequestCase, HttpCase):
    def setUp(self):
        super().setUp()
        for user in (self.approver, self.other_approver, self.biller):
            user.password = user.login
        self.request = self.ask()

    def link(self, decision="approved", user=None):
        return self.request._rcm_link(user or self.approver, decision)

    def login(self, user):
        self.authenticate(user.login, user.login)

    def post(self, link, page, **values):
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        data = {"csrf_token": token and token.group(1), **values}
        return self.url_open(link, data=data)

    def problem(self, page):
        found = re.search(r'o_rcm_approval_link"(?: data-problem="(\w+)")?', page.text)
        self.assertTrue(found, page.text[:500])
        return found.group(1)

    def test_it_shows_a_page_first_and_decides_by_the_button(self):
        self.login(self.approver)
        link = self.link()
        for _time in range(3):
            page = self.url_open(link)
            self.assertEqual(page.status_code, 200)
            self.assertIn("300.00", page.text)
            self.assertIn("no-store", page.headers["Cache-Control"])
        self.assertEqual(self.request.state, "pending", "looking decides nothing")
        done = self.post(link, page, reason="fine")
        self.assertIn("Thank you", done.text)
        self.request.invalidate_recordset()
        self.assertEqual(self.request.state, "approved")
        self.assertEqual(self.request.decision_ids.user_id, self.approver)
        self.assertEqual(self.request.decision_ids.reason, "fine")
        self.assertEqual(self.problem(self.url_open(link)), "over")

    def test_a_head_request_or_a_post_without_token_decides_nothing(self):
        self.login(self.approver)
        link = self.link()
        self.url_open(link, method="HEAD")
        answer = self.url_open(link, data={"reason": "x"})
        self.assertGreaterEqual(answer.status_code, 400)
        self.assertEqual(self.request.state, "pending")

    def test_without_login_it_asks_for_it(self):
        page = self.url_open(self.link())
        self.assertIn("/web/login", page.url)
        self.assertEqual(self.request.state, "pending")

    def test_refusing_needs_a_reason(self):
        self.login(self.approver)
        link = self.link("refused")
        page = self.url_open(link)
        answer = self.post(link, page)
        self.assertEqual(self.problem(answer), "not_decided")
        self.assertEqual(self.request.state, "pending")
        self.post(link, page, reason="doubled")
        self.request.invalidate_recordset()
        self.assertEqual(self.request.state, "refused")

    def test_somebody_elses_link_is_explained_and_decides_nothing(self):
        self.login(self.other_approver)
        link = self.link()
        page = self.url_open(link)
        self.assertEqual(self.problem(page), "foreign")
        self.assertNotIn("300.00", page.text)
        own = self.url_open(self.link(user=self.other_approver))
        self.assertEqual(self.problem(self.post(link, own)), "foreign")
        self.assertEqual(self.request.state, "pending")

    def test_a_link_gives_no_right(self):
        self.login(self.biller)
        page = self.url_open(self.link(user=self.biller))
        self.assertEqual(self.problem(page), "not_yours")

    def test_expired_changed_and_made_up_links_are_explained(self):
        self.login(self.approver)
        values = [
            self.request.id,
            self.approver.id,
            "approved",
            self.request.facts_hash,
        ]
        stale = hash_sign(self.env, LINK_SCOPE, values, expiration_hours=-1)
        foreign_scope = hash_sign(self.env, "other", values, expiration_hours=1)
        other_facts = hash_sign(
            self.env, LINK_SCOPE, [*values[:3], "0" * 64], expiration_hours=1
        )
        good = self.link().rsplit("/", 1)[1]
        for name, token in {
            "expired": stale,
            "another purpose": foreign_scope,
            "other facts": other_facts,
            "cut": good[:-4],
            "garbage": "garbage",
            "not base64": "ü%20",
        }.items():
            with self.subTest(name):
                page = self.url_open(f"/rcm/approval/{token}")
                self.assertEqual(page.status_code, 200)
                self.assertEqual(self.problem(page), "invalid")
        self.assertEqual(self.request.state, "pending")

    def test_a_changed_document_is_not_decided(self):
        self.login(self.approver)
        link = self.link()
        page = self.url_open(link)
        self.claim_of(self.request).line_ids._rcm_write({"charge_amount": 301})
        answer = self.post(link, page)
        self.assertEqual(self.problem(answer), "not_decided")
        self.assertIn("void", answer.text)
        self.request.invalidate_recordset()
        self.assertEqual(self.request.state, "voided")

    def test_links_expire_as_the_company_says(self):
        self.company.rcm_approval_link_hours = 5
        with patch(
            "odoo.addons.healthcare_rcm_approvals.models.rcm_approval_notice.hash_sign"
        ) as sign:
            self.link()
        self.assertEqual(sign.call_args.kwargs["expiration_hours"], 5)
