"""What holds for every set of policies, looked for by Hypothesis."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..policy import (
    Policy,
    Step,
    evaluate,
    find_gaps,
    find_inversions,
    find_loosenings,
    find_overlaps,
    from_json,
    rank,
    to_json,
)
from . import policy_strategies as some

D = Decimal
MANY = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
SCOPES = (
    "company",
    "facilities",
    "payer_types",
    "departments",
    "vendor_categories",
    "contract_types",
)


def matched(routing):
    """Policies whose every condition holds."""
    return [
        verdict.policy
        for verdict in routing.verdicts
        if verdict.code in ("matched", "lower_priority")
    ]


def scope(policy):
    return [getattr(policy, name) for name in SCOPES]


@tagged("post_install", "-at_install")
class TestPolicyProperties(BaseCase):
    @MANY
    @given(facts=some.facts(), policies=some.policy_sets())
    def test_exactly_one_policy_or_none(self, facts, policies):
        routing = evaluate(facts, policies)
        winners = [item for item in routing.verdicts if item.code == "matched"]
        self.assertLessEqual(len(winners), 1)
        self.assertEqual(routing.policy is None, not winners)
        self.assertEqual(len(routing.verdicts), len(policies))
        if routing.policy:
            self.assertEqual(routing.policy, min(matched(routing), key=rank))

    @MANY
    @given(
        facts=some.facts(),
        policies=some.policy_sets(),
        order=st.randoms(use_true_random=False),
    )
    def test_the_order_of_the_policies_does_not_matter(self, facts, policies, order):
        shuffled = list(policies)
        order.shuffle(shuffled)
        self.assertEqual(evaluate(facts, policies), evaluate(facts, shuffled))

    @MANY
    @given(data=st.data(), facts=some.facts(), wide=some.policies(1))
    def test_the_more_specific_policy_wins(self, data, facts, wide):
        """Same priority, every condition of the one within the other's."""
        narrow = data.draw(some.narrower(wide, ref=2))
        facts = replace(facts, domains=frozenset({1, 2}))
        routing = evaluate(facts, [wide, narrow])
        if len(matched(routing)) == 2 and scope(narrow) != scope(wide):
            self.assertEqual(routing.policy.ref, 2)

    @MANY
    @given(before=some.facts(), after=some.facts(), policies=some.policy_sets())
    def test_more_facts_never_need_less(self, before, after, policies):
        """Where no loosening is found: what is stated in addition cannot relax."""
        assume(not find_loosenings(policies))
        more = replace(
            before,
            facility=before.facility or after.facility,
            payer_type=before.payer_type or after.payer_type,
            department=before.department or after.department,
            contract_type=before.contract_type or after.contract_type,
            vendor_categories=before.vendor_categories | after.vendor_categories,
            domains=before.domains | after.domains,
        )
        less, now = evaluate(before, policies), evaluate(more, policies)
        if less.policy:
            self.assertIsNotNone(now.policy)
            self.assertGreaterEqual(now.policy.strictness, less.policy.strictness)

    @MANY
    @given(facts=some.facts(), policies=some.policy_sets())
    def test_a_broken_condition_never_lets_more_through(self, facts, policies):
        """Either it did not matter, or nothing applies."""
        broken = frozenset(policy.ref for policy in policies if policy.domain)
        whole = evaluate(facts, policies)
        hurt = evaluate(replace(facts, broken_domains=broken), policies)
        self.assertIn(hurt.policy, (whole.policy, None))
        if whole.policy and whole.policy.domain:
            self.assertIsNone(hurt.policy)

    @MANY
    @given(
        cents=st.integers(-10_000_000, 10_000_000),
        edges=st.sets(st.integers(1, 9_000_000), min_size=1, max_size=6),
        risk=st.integers(0, 100),
        risk_edge=st.integers(1, 100),
        change=st.integers(-10, 10),
    )
    def test_bands_without_gap_or_overlap_match_exactly_once(
        self, cents, edges, risk, risk_edge, change
    ):
        """Amounts × risk × days, cut into boxes that meet edge to edge."""
        amounts = [D(0), *(D(edge) / 100 for edge in sorted(edges)), None]
        risks = [(0, risk_edge), (risk_edge, None)]
        cut = some.TODAY + timedelta(days=change)
        days = [(None, cut - timedelta(days=1)), (cut, None)]
        boxes = [
            (low, high, risk_from, risk_to, begin, end)
            for low, high in zip(amounts, amounts[1:], strict=False)
            for risk_from, risk_to in risks
            for begin, end in days
        ]
        policies = [
            Policy(
                ref,
                f"P{ref}",
                some.KIND,
                amount_from=low,
                amount_to=high,
                risk_from=risk_from,
                risk_to=risk_to,
                valid_from=begin,
                valid_to=end,
            )
            for ref, (low, high, risk_from, risk_to, begin, end) in enumerate(boxes, 1)
        ]
        self.assertEqual(find_gaps(policies), [])
        self.assertEqual(find_overlaps(policies), [])
        facts = some.Facts(
            some.KIND, "post", D(cents) / 100, company=1, risk=risk, on=some.TODAY
        )
        self.assertEqual(len(matched(evaluate(facts, policies))), 1)

    @MANY
    @given(facts=some.facts(), policies=some.policy_sets())
    def test_outside_the_gaps_every_document_finds_a_policy(self, facts, policies):
        """A gap is named wherever a document finds nothing at all, and only there."""
        bare = replace(
            facts,
            facility=None,
            payer_type=None,
            department=None,
            contract_type=None,
            vendor_categories=frozenset(),
            domains=frozenset(),
        )
        gaps = find_gaps(policies, [some.KIND], [facts.company], some.TODAY)
        size = abs(bare.amount)
        inside = any(
            gap.amount_from <= size
            and (gap.amount_to is None or size < gap.amount_to)
            and gap.risk_from <= bare.risk
            and (gap.risk_to is None or bare.risk < gap.risk_to)
            and (gap.valid_from or some.TODAY) <= some.TODAY
            and some.TODAY <= (gap.valid_to or some.TODAY)
            for gap in gaps
        )
        self.assertEqual(inside, evaluate(bare, policies).policy is None)

    @MANY
    @given(policies=some.policy_sets(), facts=some.facts())
    def test_a_tie_is_always_reported_as_an_overlap(self, policies, facts):
        """Two matches nothing tells apart but their bands and steps are named."""
        found = matched(evaluate(facts, policies))
        named = {
            frozenset((w.first.ref, w.second.ref)) for w in find_overlaps(policies)
        }
        for first, second in zip(found, found[1:], strict=False):
            same = all(
                getattr(first, name) == getattr(second, name)
                for name in (*SCOPES, "priority", "risk_from", "risk_to")
            )
            plain = not any(
                (p.domain, p.valid_from, p.valid_to) != (None, None, None)
                for p in (first, second)
            )
            if same and plain:
                self.assertIn(frozenset((first.ref, second.ref)), named)

    @MANY
    @given(policies=some.policy_sets(4), low=some.amounts, high=some.amounts)
    def test_without_inversions_more_money_never_needs_less(self, policies, low, high):
        general = [
            Policy(
                policy.ref,
                policy.name,
                policy.document_type,
                amount_from=policy.amount_from,
                amount_to=policy.amount_to,
                priority=policy.priority,
                auto_after_hours=policy.auto_after_hours,
                steps=policy.steps,
            )
            for policy in policies
        ]
        assume(low < high and not find_inversions(general))
        small, large = (
            evaluate(some.Facts(some.KIND, "post", amount, company=1), general)
            for amount in (low, high)
        )
        if small.policy and large.policy:
            self.assertGreaterEqual(large.policy.strictness, small.policy.strictness)

    @MANY
    @given(policy=some.policies(1))
    def test_a_version_reads_back_as_the_policy_it_was(self, policy):
        kept = to_json(policy)
        again = from_json(kept)
        self.assertEqual(to_json(again), kept)
        steps = tuple(sorted(policy.steps, key=lambda step: (step.sequence, step.ref)))
        self.assertEqual(again, replace(policy, steps=steps))

    def test_a_version_of_an_older_form_still_reads(self):
        kept = to_json(Policy(1, "Old", some.KIND, steps=(Step(1, 10, 7),)))
        del kept["risk_from"], kept["steps"][0]["sla_hours"]
        kept["gone"] = 1
        self.assertEqual(from_json(kept).steps, (Step(1, 10, 7),))
