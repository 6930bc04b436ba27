from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core import states
from ..core.collection_priority import HIGH, NONE, NORMAL, URGENT, Standing, priority

STATUSES = ("unpaid", "partial", "paid", "denied", "partially_denied", "credit")
standings = st.builds(
    Standing,
    st.sampled_from(sorted(states.MACHINES["claim"])),
    st.sampled_from(STATUSES),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


@tagged("post_install", "-at_install")
class TestCollectionPriority(BaseCase):
    """What the payer said last decides how soon it is asked."""

    def test_ranks(self):
        for state, status, values, expected in (
            ("rejected", "unpaid", {}, (URGENT, "rejected")),
            ("adjudicated", "denied", {}, (URGENT, "denied")),
            ("adjudicated", "partially_denied", {}, (HIGH, "partially_denied")),
            ("adjudicated", "partial", {}, (NORMAL, "rest_open")),
            ("adjudicated", "partial", {"due_next": True}, (NONE, "")),
            ("reopened", "unpaid", {}, (HIGH, "taken_back")),
            ("accepted", "unpaid", {"pended": True}, (HIGH, "pended")),
            ("submitted", "unpaid", {"overdue": True}, (HIGH, "overdue")),
            ("submitted", "unpaid", {}, (NONE, "")),
            ("cleared", "unpaid", {}, (NONE, "")),
            ("on_hold", "unpaid", {}, (NONE, "")),
        ):
            with self.subTest(state=state, status=status, **values):
                found = priority(Standing(state, status, True, **values))
                self.assertEqual(found, expected)

    @settings(max_examples=300, deadline=None)
    @given(standings)
    def test_of_any_claim(self, standing):
        rank, why = priority(standing)
        self.assertEqual(rank == NONE, not why, "a rank has its reason")
        if not standing.open:
            self.assertEqual(rank, NONE, "nothing open, nobody to ask")
        if standing.state not in ("submitted", "accepted", "pending_interface"):
            other = standing._replace(overdue=not standing.overdue)
            self.assertEqual(priority(other), (rank, why), "days matter while waiting")
        late = priority(standing._replace(overdue=True))[0]
        self.assertLessEqual(priority(standing._replace(overdue=False))[0], late)
