from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core.merging import CHANGED, GONE, Change, split_undo

PROFILE = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
places = st.tuples(
    st.sampled_from(("encounter", "claim")), st.integers(1, 3), st.sampled_from("ab")
)
values = st.integers(0, 3)
worlds = st.dictionaries(places, values, max_size=8)


def merged(world, moves):
    """(the world after these moves, the changes a merge notes)."""
    after, changes = dict(world), []
    for place, new in moves:
        if place in after and after[place] != new:
            changes.append(Change(*place, after[place], new))
            after[place] = new
    return after, changes


def undone(world, changes):
    """The world after what may go back went back, in the order given."""
    after = dict(world)
    back, stay = split_undo(changes, after)
    for change in back:
        after[change.model, change.id, change.field] = change.old
    return after, back, stay


@tagged("post_install", "-at_install")
class TestMerging(BaseCase):
    """What undoing a merge puts back."""

    @PROFILE
    @given(
        worlds,
        st.lists(st.tuples(places, values), max_size=12, unique_by=lambda m: m[0]),
    )
    def test_merge_and_undo_is_identity(self, world, moves):
        after, changes = merged(world, moves)
        again, back, stay = undone(after, changes)
        self.assertEqual(again, world)
        self.assertEqual(list(reversed(back)), changes)
        self.assertFalse(stay)

    @PROFILE
    @given(
        worlds,
        st.lists(st.tuples(places, values), max_size=12, unique_by=lambda m: m[0]),
        st.dictionaries(places, st.integers(4, 6), max_size=4),
        st.sets(places, max_size=3),
    )
    def test_what_somebody_decided_since_stays(self, world, moves, since, gone):
        after, changes = merged(world, moves)
        later = {place: since.get(place, value) for place, value in after.items()}
        later = {place: value for place, value in later.items() if place not in gone}
        again, back, stay = undone(later, changes)
        self.assertEqual(len(back) + len(stay), len(changes), "nothing is forgotten")
        for change, why in stay:
            place = (change.model, change.id, change.field)
            self.assertEqual(why, GONE if place in gone else CHANGED)
        for place, value in again.items():
            touched = place in since
            self.assertEqual(value, since[place] if touched else world[place])
