"""Random walks through the states of a submission batch."""

from hypothesis import given
from hypothesis import strategies as st

from odoo import fields
from odoo.tests import tagged

from ..core import states
from .submission_common import SubmissionCase
from .walk_common import WalkMixin, profile, surely

STEPS = (
    "_rcm_export",
    "_rcm_cancel",
    "submit",
    "accept",
    "reject",
    "action_back_to_draft",
)


@tagged("post_install", "-at_install")
class TestWalkSubmission(WalkMixin, SubmissionCase):
    """Whatever people and payers do, batch and claims agree."""

    def test_whatever_is_tried_the_batch_stays_sound(self):
        self.walk()
        self.assert_reached(
            "draft",
            "exported",
            "submitted",
            "partly_acknowledged",
            "acknowledged",
            "cancelled",
            "refused",
        )

    @profile(20)
    @surely("begun", range(4), steps=["accept"])
    @surely("begun", (1,), steps=["_rcm_cancel"])
    @given(st.integers(0, 3), st.lists(st.sampled_from(STEPS), max_size=6))
    def walk(self, begun, steps):
        with self.env.cr.savepoint() as savepoint:
            claims = self.pair
            batch = self.gathered(claims)
            for step in (*("_rcm_export", "submit", "reject")[:begun], *steps):
                before = batch.state
                if not self.attempt(self.run_step, batch, step):
                    self.assertEqual(batch.state, before)
                    self.reach("refused")
                self.reach(batch.state)
                moved = before == batch.state or states.can_move(
                    "submission_batch", before, batch.state
                )
                # submitted and answered at once goes through the state between
                self.assertTrue(moved, (before, step, batch.state))
                self.assert_sound(batch, claims)
            savepoint.rollback()
        self.env.invalidate_all()

    def run_step(self, batch, step):
        if step == "submit":
            batch._rcm_mark_submitted(fields.Datetime.now())
        elif step == "accept":
            batch._rcm_acknowledge("accepted")
        elif step == "reject":
            name = batch.line_ids[0].claim_id.name
            self.receive("rejected", claims=[(name, "rejected", ())])
        else:
            getattr(batch, step)()

    def assert_sound(self, batch, claims):
        open_ = batch.state in ("draft", "exported")
        self.assertEqual(set(batch.line_ids.mapped("is_open")), {open_})
        if open_ or batch.state == "cancelled":
            self.assertEqual(set(claims.mapped("state")), {"cleared"})
        else:
            self.assertNotIn("cleared", claims.mapped("state"))
        if batch.state == "acknowledged":
            self.assertNotIn("submitted", batch.line_ids.mapped("state"))
        if batch.state == "exported":
            self.assertTrue(batch.file_hash)
