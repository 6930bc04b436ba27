"""Who may decide: roles, own documents, delegation chains, duties."""

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..policy import Decider, conflicting_duty, may_decide

NONE = frozenset()
PAIRS = frozenset({("create", "approve"), ("approve", "post"), ("post", "pay")})


def ids(*values):
    return frozenset(values)


@tagged("post_install", "-at_install")
class TestMayDecide(BaseCase):
    def test_by_role(self):
        holder = Decider(5, ids(7))
        table = [
            ("holds the role", holder, NONE, NONE, None),
            ("other role", Decider(5, ids(8)), NONE, NONE, "missing_role"),
            ("own document", holder, ids(5), NONE, "own_document"),
            ("decided before", holder, NONE, ids(5), "decided_before"),
            ("own and decided", holder, ids(5), ids(5), "own_document"),
        ]
        for title, decider, preparers, decided, reason in table:
            with self.subTest(title):
                self.assertEqual(may_decide(decider, 7, preparers, decided), reason)

    def test_by_candidates_and_delegation(self):
        """Candidates are 1 and 2; 3 prepared it; 9 has nothing to do with it."""
        table = [
            ("candidate", Decider(1, NONE), None),
            ("stranger", Decider(9, NONE), "missing_role"),
            ("role alone is not enough", Decider(9, ids(7)), "missing_role"),
            ("stranger for a candidate", Decider(9, NONE, (1,)), None),
            ("stranger for a stranger", Decider(9, NONE, (8,)), "missing_role"),
            ("two links to a candidate", Decider(9, NONE, (8, 1)), None),
            ("candidate for a stranger", Decider(1, NONE, (8,)), "missing_role"),
            ("preparer for a candidate", Decider(3, NONE, (1,)), "own_document"),
            ("for a preparer", Decider(9, NONE, (3, 1)), "own_document"),
            ("loop", Decider(9, NONE, (1, 9)), "delegation_loop"),
            ("loop in the middle", Decider(9, NONE, (1, 2, 1)), "delegation_loop"),
        ]
        for title, decider, reason in table:
            with self.subTest(title):
                answer = may_decide(decider, 7, ids(3), NONE, candidates=ids(1, 2))
                self.assertEqual(answer, reason)

    def test_a_preparer_who_is_a_candidate_cannot_delegate_his_right(self):
        """Self-approval through a second user's delegation."""
        for decider in (Decider(3, NONE), Decider(9, NONE, (3,))):
            with self.subTest(people=decider.people):
                answer = may_decide(decider, None, ids(3), NONE, candidates=ids(3, 4))
                self.assertEqual(answer, "own_document")

    def test_nobody_counts_twice_through_a_delegate(self):
        """1 decided; neither his delegate nor he for another decides again."""
        for decider in (Decider(9, NONE, (1,)), Decider(1, NONE, (2,))):
            with self.subTest(people=decider.people):
                answer = may_decide(decider, None, NONE, ids(1), candidates=ids(1, 2))
                self.assertEqual(answer, "decided_before")

    def test_duties_exclude_whoever_did_the_other(self):
        pairs = PAIRS | {("policy_change", "approve")}
        table = [
            ("posted it", {"post": ids(5)}, NONE, "duty_conflict"),
            ("changed the policy", {"policy_change": ids(5)}, NONE, "duty_conflict"),
            ("paid it", {"pay": ids(5)}, NONE, None),
            ("someone else posted", {"post": ids(6)}, NONE, None),
            ("posted by the one acted for", {"post": ids(6)}, (6,), "duty_conflict"),
        ]
        for title, done, chain, reason in table:
            with self.subTest(title):
                decider = Decider(5, ids(7), tuple(chain))
                answer = may_decide(
                    decider, 7, NONE, NONE,
                    candidates=ids(5, 6), done=done, conflicts=pairs,
                )  # fmt: skip
                self.assertEqual(answer, reason)

    def test_without_pairs_nothing_is_excluded(self):
        done = {"post": ids(5)}
        self.assertIsNone(may_decide(Decider(5, ids(7)), 7, NONE, NONE, done=done))

    @settings(deadline=None)
    @given(
        user=st.integers(1, 5),
        chain=st.lists(st.integers(1, 5), max_size=3),
        preparers=st.frozensets(st.integers(1, 5)),
        decided=st.frozensets(st.integers(1, 5)),
        candidates=st.frozensets(st.integers(1, 5)),
        posted=st.frozensets(st.integers(1, 5)),
    )
    def test_who_may_decide_has_clean_hands_all_along_the_chain(
        self, user, chain, preparers, decided, candidates, posted
    ):
        decider = Decider(user, NONE, tuple(chain))
        reason = may_decide(
            decider, None, preparers, decided,
            candidates=candidates, done={"post": posted}, conflicts=PAIRS,
        )  # fmt: skip
        people = {user, *chain}
        clean = (
            len(people) == 1 + len(chain)
            and not people & (preparers | decided | posted)
            and (chain[-1] if chain else user) in candidates
        )
        self.assertEqual(reason is None, clean)


@tagged("post_install", "-at_install")
class TestConflictingDuty(BaseCase):
    def test_both_directions_and_the_first_by_name(self):
        table = [
            ("post", {"approve": ids(1)}, "approve"),
            ("approve", {"post": ids(1)}, "post"),
            ("pay", {"approve": ids(1)}, None),
            ("pay", {"post": ids(1)}, "post"),
            ("post", {"approve": ids(1), "pay": ids(1)}, "approve"),
            ("post", {"approve": ids(2)}, None),
            ("post", {}, None),
        ]
        for duty, done, other in table:
            with self.subTest(duty=duty, done=done):
                self.assertEqual(conflicting_duty({1}, duty, done, PAIRS), other)
