from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import tagged

from .master_common import MasterCase
from .walk_common import WalkMixin, profile

units = st.integers(1, 4000).map(lambda value: Decimal(value) / 1000) | st.sampled_from(
    (Decimal(1), Decimal("3.5"), Decimal(6))
)
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(("use", "give_back")), units),
        st.tuples(
            st.sampled_from(("action_grant", "action_deny", "action_cancel")),
            st.none(),
        ),
    ),
    max_size=14,
)


@tagged("post_install", "-at_install")
class TestWalkAuthorization(WalkMixin, MasterCase):
    """Units are used once, never more than authorized, and given back once."""

    number = 0

    def setUp(self):
        super().setUp()
        self.patient = self.make_patient()

    def test_units_are_what_was_used_and_not_given_back(self):
        self.walk()
        self.assert_reached(
            "use done",
            "use refused",
            "give_back done",
            "give_back refused",
            "used up",
            "active",
            "denied",
            "cancelled",
            "cancel refused",
        )

    @profile(40)
    @given(st.sampled_from((0, 1, 3.5, 6)), steps)
    def walk(self, authorized, courses):
        type(self).number += 1
        authorization = self.env["rcm.authorization"].create(
            {
                "number": f"WALK{self.number}",
                "patient_id": self.patient.id,
                "payer_id": self.payer.id,
                "date_from": "2026-01-01",
                "units_authorized": authorized,
            }
        )
        used, limit = Decimal(0), Decimal(str(authorized))
        for step, amount in courses:
            if amount is None:
                state = authorization.state
                done = self.attempt(getattr(authorization, step))
                self.assertTrue(done or authorization.state == state)
                self.reach(authorization.state)
                if step == "action_cancel" and not done:
                    self.reach("cancel refused")
                if step == "action_cancel" and done:
                    self.assertFalse(used, "cancelled with units in use")
            else:
                wanted = amount if step == "use" else -amount
                fits = used + wanted >= 0 and (not limit or used + wanted <= limit)
                done = self.attempt(authorization._rcm_use, float(wanted))
                self.assertEqual(done, fits, (step, amount))
                self.reach(f"{step} {'done' if done else 'refused'}")
                used += wanted if done else 0
            self.assertEqual(
                Decimal(str(authorization.units_used)).quantize(Decimal("0.001")), used
            )
            if limit and used == limit:
                self.reach("used up")
            if limit:
                self.assertAlmostEqual(
                    authorization.units_left, float(limit - used), places=3
                )
