from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import tagged

from .billing_common import BillingCase
from .walk_common import NothingToDo, WalkMixin, profile, surely

# Walks begin somewhere on a usual way, and go on at random.
BEGUN = (
    (),
    (("bill", 1), ("late", 2)),
    (("adjust", 3), ("confirm", 1), ("bill", 1)),
    (("adjust", 3), ("undo", 1)),
    (("adjust", 3), ("bill", 1)),
)
STEPS = ("adjust", "replace", "withdraw", "late", "confirm", "undo", "bill")


@tagged("post_install", "-at_install")
class TestWalkCharge(WalkMixin, BillingCase):
    """Charges that are adjusted, replaced, taken back, reviewed and billed."""

    number = 0

    def setUp(self):
        super().setUp()
        self.company.rcm_charge_review = "block"
        self.biller = self.make_user("biller")
        self.manager = self.make_user("finance_manager")

    def as_user(self, records, user):
        return records.with_user(user).with_company(self.company)

    def test_every_charge_counts_once(self):
        self.walk()
        self.assert_reached(
            *(f"{step} done" for step in STEPS),
            "bill stopped",
            "replaced",
            "withdrawn",
            "to review",
            "billed whole",
            "late after billing",
        )

    @profile(16)
    @surely("begun", BEGUN, steps=[])
    @given(
        st.sampled_from(BEGUN),
        st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 9)), max_size=7),
    )
    def walk(self, begun, steps):
        type(self).number += 1
        encounter = self.intake(number=f"CW{self.number}")
        for step, figure in (*begun, *steps):
            changed = self.attempt(self.take, encounter, step, figure)
            self.reach(f"{step} {'done' if changed else 'refused'}")
            self.check(encounter)

    def take(self, encounter, step, figure):
        current = encounter.charge_ids.filtered("is_current")
        charge = current[figure % len(current)] if current else current
        reviews = encounter.env["rcm.charge.review"].search(
            [("encounter_id", "=", encounter.id), ("state", "=", "pending")]
        )
        if step == "bill":
            encounter._rcm_make_ready()
            if not encounter._rcm_bill():
                self.reach("bill stopped")
        elif step == "late":
            item = {
                "id": f"L{len(encounter.charge_ids)}",
                "code": "36415",
                "units": "1",
                "amount": f"{20 + figure}.00",
            }
            billed = encounter.state == "billed"
            encounter._rcm_add_charge(item, None, "test")
            if billed:
                self.reach("late after billing")
        elif step in ("confirm", "undo") and reviews:
            getattr(self.as_user(reviews[:1], self.manager), f"action_{step}")()
        elif step == "adjust" and charge:
            own = self.as_user(charge, self.biller)
            own.write({"amount": charge.amount + figure, "adjustment_reason": "Walk"})
        elif step == "replace" and charge:
            ref = encounter._rcm_free_ref(charge.external_ref)
            charge._rcm_replace(
                {"external_ref": ref, "amount": charge.amount + figure}, "units"
            )
        elif step == "withdraw" and charge:
            charge._rcm_withdraw("other")
        else:
            raise NothingToDo

    def check(self, encounter):
        encounter.invalidate_recordset()
        charges = encounter.charge_ids
        followed = Counter(charge.replaces_id.id for charge in charges)
        self.assertLessEqual(max(followed[item] for item in charges.ids), 1)
        for charge in charges:
            if charge.is_current:
                self.assertFalse(charge.replaced_by_id or charge.withdrawn)
        live = encounter.claim_ids.filtered(
            lambda claim: claim.state not in ("void", "superseded")
        )
        asked = Counter(live.line_ids.charge_id.ids)
        self.assertLessEqual(max(asked.values(), default=0), 1, "asked for twice")
        reviews = self.env["rcm.charge.review"].search(
            [("encounter_id", "=", encounter.id)]
        )
        pending = reviews.filtered(lambda review: review.state == "pending")
        self.assertEqual(
            pending.charge_id, charges.filtered("to_review"), "what waits for a person"
        )
        waiting = Counter(review.charge_id.id for review in pending)
        self.assertLessEqual(max(waiting.values(), default=0), 1)
        for claim in live.filtered(lambda item: item.state != "draft"):
            current = claim.line_ids.charge_id.filtered("is_current")
            if current == claim.line_ids.charge_id:
                self.assertAlmostEqual(
                    claim.total_charge, sum(current.mapped("amount")), places=2
                )
                self.reach("billed whole")
        for name in ("replaced_by_id", "withdrawn", "to_review"):
            if charges.filtered(name):
                self.reach(name.removesuffix("_by_id").replace("_", " "))
