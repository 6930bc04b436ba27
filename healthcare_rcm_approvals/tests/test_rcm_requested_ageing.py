"""Requests that were begun, approved or refused and left lying get a case."""

from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from .documents_common import DocumentCase


@tagged("post_install", "-at_install")
class TestRequestAgeing(DocumentCase):
    def write_off(self, amount=10):
        claim = self.claim_open(charge="5000", expected="5000")
        return self.env["rcm.write.off"].create(
            {
                "reason": "Filing limit missed",
                "company_id": self.company.id,
                "line_ids": [Command.create({"claim_id": claim.id, "amount": amount})],
            }
        )

    def age(self, record, days=10):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE rcm_write_off SET write_date = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(days=days), record.id],
        )
        self.env.invalidate_all()

    def sweep(self):
        self.env["rcm.claim"]._cron_draft_ageing()
        self.env.invalidate_all()

    def case_of(self, record):
        return record.rcm_case_ids.filtered(
            lambda one: one.type_code == "request_ageing"
        )

    def test_a_draft_nobody_asked_for_gets_one_case(self):
        old, new = self.write_off(), self.write_off()
        self.age(old)
        for _again in range(2):
            self.sweep()
        self.assertEqual(len(self.case_of(old)), 1)
        self.assertFalse(self.case_of(new))
        self.assertEqual(self.case_of(old).amount, 10)

    def test_going_on_closes_it(self):
        old = self.write_off()
        self.age(old)
        self.sweep()
        case = self.case_of(old)
        self.assertFalse(old._rcm_reprocess(case))
        old.action_cancel()
        self.sweep()
        self.assertFalse(self.case_of(old))
        self.assertTrue(old._rcm_reprocess(case))

    def test_what_waits_for_its_approval_has_its_own_clock(self):
        waiting = self.write_off(2000)
        waiting.action_request()
        self.assertEqual(waiting.state, "requested")
        self.age(waiting)
        self.sweep()
        self.assertFalse(self.case_of(waiting))
