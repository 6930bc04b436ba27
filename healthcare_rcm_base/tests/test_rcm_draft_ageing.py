from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestRcmDraftAgeing(BillingCase):
    """What was left lying gets one case, and loses it when it goes on."""

    def age(self, records, days=5):
        self.env.flush_all()
        self.env.cr.execute(
            f"UPDATE {records._table} SET write_date = %s, create_date = %s"
            " WHERE id = ANY(%s)",
            [fields.Datetime.now() - timedelta(days=days)] * 2 + [records.ids],
        )
        self.env.invalidate_all()

    def sweep(self):
        self.env["rcm.claim"]._cron_draft_ageing()

    def test_encounter_that_never_becomes_ready(self):
        encounter = self.intake(coding_signed_off=False)
        fresh = self.intake(number="E2", coding_signed_off=False)
        self.age(encounter)
        for _again in range(2):
            self.sweep()
        case = self.open_cases(encounter, "encounter_ageing")
        self.assertEqual(len(case), 1)
        self.assertFalse(self.open_cases(fresh))
        encounter._rcm_sign_off()
        case.with_user(self.make_user("biller")).action_reprocess()
        self.assertEqual(encounter.state, "ready")
        self.assertFalse(self.open_cases(encounter))

    def test_encounter_that_went_on_by_itself(self):
        encounter = self.intake(coding_signed_off=False)
        self.age(encounter)
        self.sweep()
        encounter._rcm_sign_off()
        encounter._rcm_make_ready()
        self.sweep()
        self.assertFalse(self.open_cases(encounter))

    def test_claims_that_wait_and_registered_encounters_that_do_not(self):
        registered = self.intake(number="E3", coding_signed_off=False)
        registered._rcm_write({"state": "registered"})
        stopped = self.intake(number="E4", diagnoses=[])
        stopped._rcm_make_ready()
        claim = stopped._rcm_bill()
        self.assertEqual(claim.state, "draft")
        self.open_cases(claim)._rcm_close("dismissed", "accepted", "Later")
        self.age(claim | claim)
        self.age(registered)
        self.sweep()
        self.assertTrue(self.open_cases(claim, "draft_ageing"))
        self.assertFalse(self.open_cases(registered))

    def test_client_invoice_left_in_draft(self):
        client = self.env["rcm.client"].create({"name": "Works", "code": "W1"})
        invoice = self.env["rcm.client.invoice"]._rcm_create(
            [
                {
                    "name": "W1/2026-03",
                    "client_id": client.id,
                    "company_id": self.company.id,
                    "period_start": "2026-03-01",
                    "period_end": "2026-03-31",
                }
            ]
        )
        self.age(invoice)
        self.sweep()
        self.assertTrue(self.open_cases(invoice, "draft_invoice_ageing"))
        invoice.action_cancel()
        self.sweep()
        self.assertFalse(self.open_cases(invoice))
