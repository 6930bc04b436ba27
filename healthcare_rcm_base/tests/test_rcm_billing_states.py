from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..core import states
from ..core.errors import RcmError
from .billing_common import BillingCase

CLAIM_STEPS = (
    "_rcm_validate",
    "_rcm_clear",
    "_rcm_hold",
    "_rcm_release",
    "_rcm_back_to_draft",
    "_rcm_mark_adjudicated",
    "_rcm_reopen",
    "_rcm_open_next_leg",
    "_rcm_void",
)
ENCOUNTER_STEPS = (
    "_rcm_complete",
    "_rcm_sign_off",
    "_rcm_make_ready",
    "_rcm_hold",
    "_rcm_release",
    "_rcm_mark_billed",
    "_rcm_bill",
)
PROFILE = settings(
    max_examples=30, deadline=None, suppress_health_check=list(HealthCheck)
)


@tagged("post_install", "-at_install")
class TestBillingStates(BillingCase):
    """Whatever is called in whatever order, states move by the table only."""

    number = 0

    def test_automation_around_a_step_cannot_use_its_ticket(self):
        claim = self.fresh()._rcm_build_claims()
        field = self.env.ref("healthcare_rcm_base.field_rcm_claim__state")
        automation = self.env["base.automation"].create(
            {
                "name": "Sneak",
                "model_id": self.env["ir.model"]._get_id("rcm.claim"),
                "trigger": "on_create_or_write",
                "trigger_field_ids": [Command.set(field.ids)],
            }
        )
        self.env["ir.actions.server"].create(
            {
                "name": "Sneak",
                "model_id": automation.model_id.id,
                "usage": "base_automation",
                "base_automation_id": automation.id,
                "state": "code",
                "code": "record.write({'state': 'closed'})",
            }
        )
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            claim._rcm_set_state("on_hold", hold_state="draft")
        claim.invalidate_recordset()
        self.assertEqual(claim.state, "draft")

    def fresh(self, **keywords):
        type(self).number += 1
        return self.intake(number=f"S{self.number}", **keywords)

    def take(self, record, step, machine):
        """Call a step; the move it makes is in the table, or it is refused whole."""
        before = record.state
        try:
            with self.env.cr.savepoint():
                getattr(record, step)()
                self.env.flush_all()
        except (UserError, AccessError, RcmError):
            record.invalidate_recordset()
            self.assertEqual(record.state, before)
            return
        after = record.state
        if after != before:
            self.assertIn(after, self.reachable(machine, before, step))

    def reachable(self, machine, before, step):
        """States one step away; billing takes several moves at once."""
        known = states.MACHINES[machine]
        near = set(known[before])
        if step in ("_rcm_bill", "_rcm_sign_off", "_rcm_validate", "_rcm_complete"):
            near |= {further for state in near for further in known[state]}
        return near

    @PROFILE
    @given(st.lists(st.sampled_from(CLAIM_STEPS), max_size=10))
    def test_claims(self, steps):
        claim = self.fresh()._rcm_build_claims()
        for step in steps:
            self.take(claim, step, "claim")
            frozen = {"validated", "cleared", "submitted", "adjudicated"}
            if claim.state in frozen:
                self.assertEqual(claim.line_ids.charge_id.state, "billed")
            if claim.state in ("draft", "void"):
                self.assertEqual(claim.line_ids.charge_id.state, "captured")

    @PROFILE
    @given(st.booleans(), st.lists(st.sampled_from(ENCOUNTER_STEPS), max_size=10))
    def test_encounters(self, signed, steps):
        encounter = self.fresh(coding_signed_off=signed)
        for step in steps:
            self.take(encounter, step, "encounter")
            if encounter.state == "billed":
                self.assertEqual(encounter.charge_ids.state, "billed")
            live = encounter.claim_ids.filtered(lambda claim: claim.state != "void")
            self.assertLessEqual(len(live), 1)
            self.assertEqual(
                encounter.billing_due and encounter.state != "ready", False
            )
