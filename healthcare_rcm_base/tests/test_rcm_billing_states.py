from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..core import states
from .billing_common import BillingCase
from .walk_common import WalkMixin, profile, surely

# A claim's own way; walks start somewhere on it.
CLAIM_PATH = (
    "_rcm_validate",
    "_rcm_clear",
    "submit",
    "accept",
    "_rcm_mark_adjudicated",
    "settle",
    "_rcm_close",
    "_rcm_reopen",
)
CLAIM_STEPS = (
    *CLAIM_PATH,
    "reject",
    "_rcm_hold",
    "_rcm_release",
    "_rcm_back_to_draft",
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


@tagged("post_install", "-at_install")
class TestBillingStates(WalkMixin, BillingCase):
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
        done = self.attempt(getattr(self, f"take_{step}", getattr(record, step, None)))
        record.invalidate_recordset()
        after = record.state
        self.reach(after)
        if not done:
            self.assertEqual(after, before)
            self.reach("refused")
        elif after != before:
            self.assertIn(after, self.reachable(machine, before, step))

    def reachable(self, machine, before, step):
        """States one step away; billing takes several moves at once."""
        known = states.MACHINES[machine]
        near = set(known[before])
        if step in ("_rcm_bill", "_rcm_sign_off", "_rcm_validate", "_rcm_complete"):
            near |= {further for state in near for further in known[state]}
        return near

    def test_claims(self):
        self.walk_claims()
        self.assert_reached(
            "draft",
            "validated",
            "cleared",
            "submitted",
            "accepted",
            "rejected",
            "adjudicated",
            "closed",
            "reopened",
            "on_hold",
            "void",
            "refused",
        )

    @profile(30)
    @surely("begun", range(len(CLAIM_PATH) + 1), steps=["_rcm_hold", "_rcm_release"])
    @surely("begun", (0, 2), steps=["_rcm_void"])
    @surely("begun", (3,), steps=["reject"])
    @given(
        st.integers(0, len(CLAIM_PATH)),
        st.lists(st.sampled_from(CLAIM_STEPS), max_size=6),
    )
    def walk_claims(self, begun, steps):
        self.claim = claim = self.fresh()._rcm_build_claims()
        for step in (*CLAIM_PATH[:begun], *steps):
            self.take(claim, step, "claim")
            frozen = {"validated", "cleared", "submitted", "adjudicated", "closed"}
            if claim.state in frozen:
                self.assertEqual(claim.line_ids.charge_id.state, "billed")
            if claim.state in ("draft", "void"):
                self.assertEqual(claim.line_ids.charge_id.state, "captured")
            if claim.state == "closed":
                self.assertFalse(claim.open_balance)

    def take_submit(self):
        if self.claim.state == "cleared":
            self.claim._rcm_write({"invoice_state": "posted"})
        self.claim._rcm_mark_submitted("2026-03-10 08:00:00")

    def take_accept(self):
        self.claim._rcm_apply_status("accepted")

    def take_reject(self):
        self.claim._rcm_apply_status("rejected", reason="A7:33")

    def take_settle(self):
        """The payer pays all that is open."""
        claim = self.claim
        amount = Decimal(str(claim.open_balance))
        claim._rcm_apply_posting([(claim.id, claim.line_ids.id, "paid", amount)])

    def test_encounters(self):
        self.walk_encounters()
        self.assert_reached("completed", "ready", "billed", "on_hold", "refused")

    @profile(30)
    @given(st.booleans(), st.lists(st.sampled_from(ENCOUNTER_STEPS), max_size=10))
    def walk_encounters(self, signed, steps):
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
