from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import tagged

from ..core import matching, states
from .billing_common import BillingCase
from .walk_common import WalkMixin, profile

CHOICES = ("first_name", "last_name", "birth_date", "sex")
PAIR_STEPS = ("note", "different", "reopen", "merge", "undo")


@tagged("post_install", "-at_install")
class TestWalkMerge(WalkMixin, BillingCase):
    """Whatever two accounts carry, a merge that is undone has changed nothing."""

    number = 0

    @classmethod
    def next_number(cls):
        cls.number += 1
        return f"W{cls.number}"

    def account(self, member, visits):
        """A patient with that many visits, the last of them with a claim."""
        person = self.next_number()
        encounters = self.env["rcm.encounter"]
        for place in range(visits):
            data = self.data(number=f"{person}-{place}")
            data["patient"] |= {
                "mrn": f"M{person}",
                "account_number": f"PA{person}",
                "first_name": f"Pat{person}",
                "birth_date": f"19{60 + self.number % 30}-02-03",
            }
            data["guarantor"] |= {"account_number": f"G{person}"}
            data["coverages"][0]["member_id"] = member or f"MEM{person}"
            encounters |= self.intake(data)
        encounters[-1]._rcm_build_claims()
        return encounters.patient_id, encounters

    def picture(self, patients, encounters):
        """Everything that a merge may turn, as it is in the database."""
        self.env.flush_all()
        self.env.invalidate_all()
        found = {}
        for records in (
            patients,
            encounters,
            encounters.claim_ids,
            encounters.claim_ids.leg_ids,
            patients.with_context(active_test=False).coverage_ids,
            patients.guarantor_id,
            self.env["account.move.line"].search(
                [("company_id", "=", self.company.id)]
            ),
        ):
            names = [
                name
                for name, field in records._fields.items()
                if field.store
                and field.column_type
                and not field.compute
                and name not in ("write_date", "write_uid")
            ]
            for values in records.read(names, load=False):
                found[records._name, values["id"]] = values
        for encounter in encounters:
            found[encounter.id, "coverages"] = encounter.coverage_ids.ids
        return found

    def test_merge_and_undo_change_nothing(self):
        self.walk_merges()
        self.assert_reached(
            "one coverage", "two coverages", "several visits", "values chosen"
        )

    @profile(8)
    @given(
        st.booleans(),
        st.integers(1, 3),
        st.integers(1, 3),
        st.sets(st.sampled_from(CHOICES)),
    )
    def walk_merges(self, same_member, mine, theirs, chosen):
        member = f"SAME{self.next_number()}" if same_member else None
        keep, kept = self.account(member, mine)
        drop, turned = self.account(member, theirs)
        patients, encounters = keep | drop, kept | turned
        before = self.picture(patients, encounters)
        values = {name: drop[name] for name in chosen}
        merge = self.env["rcm.merge"]._rcm_merge(
            keep, drop, values=values, reason="Same person"
        )
        self.assertEqual(encounters.patient_id, keep)
        self.assertEqual(encounters.claim_ids.patient_id, keep)
        self.assertNotEqual(self.picture(patients, encounters), before)
        merge._rcm_undo()
        self.assertEqual(self.picture(patients, encounters), before)
        self.reach("one coverage" if same_member else "two coverages")
        if theirs > 1:
            self.reach("several visits")
        if chosen:
            self.reach("values chosen")

    def test_possible_duplicates(self):
        """One row a pair; who was told apart is not suggested again."""
        self.walk_pairs()
        self.assert_reached(
            "open", "dismissed", "merged", "undone", "noted again", "merged again"
        )

    @profile(12)
    @given(st.lists(st.sampled_from(PAIR_STEPS), min_size=2, max_size=8))
    def walk_pairs(self, steps):
        keep, _kept = self.account(None, 1)
        drop, _turned = self.account(None, 1)
        Pair = self.env["rcm.possible.duplicate"]
        match = matching.Match(matching.LIKELY, keep.id, 85, {}, ("name",))
        pair = Pair._rcm_note(drop, match) or Pair
        self.assertEqual(pair.state, "open")
        merges = []
        for step in steps:
            before = pair.state
            self.attempt(self.take, step, pair, match, merges)
            pair.invalidate_recordset()
            both = ("in", (keep | drop).ids)
            found = Pair.search([("patient_id", *both), ("other_patient_id", *both)])
            self.assertEqual(found, pair)
            if pair.state != before:
                known = states.MACHINES["possible_duplicate"][before]
                self.assertIn(pair.state, known)
            standing = [merge for merge in merges if not merge.is_undone]
            self.reach(pair.state)
            if len(standing) < len(merges):
                self.reach("undone")
            if len(merges) > 1:
                self.reach("merged again")
            if step == "note" and pair.state == "dismissed":
                self.reach("noted again")
            self.assertEqual(bool(standing), not drop.active)
            self.assertEqual(pair.state == "merged", bool(standing))
            open_cases = pair.rcm_case_ids.filtered(
                lambda case: case.state in ("open", "in_progress", "waiting")
            )
            self.assertEqual(bool(open_cases), pair.state == "open")

    def take(self, step, pair, match, merges):
        drop, keep = pair.other_patient_id, pair.patient_id
        if step == "note":
            self.env["rcm.possible.duplicate"]._rcm_note(drop, match)
        elif step == "different":
            pair.action_different_people()
        elif step == "reopen":
            pair.action_reopen()
        elif step == "merge":
            if pair.state != "merged":
                merges.append(
                    self.env["rcm.merge"]._rcm_merge(
                        keep, drop, reason="Same person", duplicate=pair
                    )
                )
        elif merges and not merges[-1].is_undone:
            merges[-1]._rcm_undo()
            merges[-1].invalidate_recordset()
