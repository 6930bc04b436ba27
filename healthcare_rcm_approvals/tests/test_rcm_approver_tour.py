"""An approver at work in the browser."""

from odoo.tests import HttpCase, tagged

from .requests_common import RequestCase


@tagged("post_install", "-at_install")
class TestApproverTour(RequestCase, HttpCase):
    def test_approver_asks_and_approves(self):
        large, small = self.ask("900.00"), self.ask("250.00")
        self.approver.password = self.approver.login
        self.start_tour(
            "/odoo/rcm-my-approvals", "rcm_approver_tour", login=self.approver.login
        )
        self.env.invalidate_all()
        self.assertEqual(large.state, "info_requested")
        self.assertEqual(large.questioner_id, self.approver)
        self.assertEqual(small.state, "approved")
        self.assertEqual(self.claim_of(small).state, "cleared")
