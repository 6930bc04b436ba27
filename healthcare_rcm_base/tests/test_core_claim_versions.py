from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..core import claim_versions, states
from ..core.claim_versions import NextVersion, Refusal, VersionFacts, next_version

FACTS = st.builds(
    VersionFacts,
    state=st.sampled_from(sorted(states.MACHINES["claim"])),
    frequency=st.sampled_from(claim_versions.FREQUENCIES),
    known_to_payer=st.booleans(),
    payer_number=st.sampled_from(("", "PCN1")),
    invoiced=st.booleans(),
    self_pay=st.booleans(),
    successor_open=st.booleans(),
)


def sent(**values):
    return VersionFacts(**{"state": "accepted", "payer_number": "PCN1", **values})


@tagged("post_install", "-at_install")
class TestClaimVersions(BaseCase):
    """Which version may follow which."""

    def test_what_follows_what(self):
        rejected = {"state": "rejected"}
        unsent = {"state": "cleared", "payer_number": ""}
        for wanted, facts, expected in (
            ("7", sent(), NextVersion("7", "PCN1")),
            ("8", sent(), NextVersion("8", "PCN1")),
            ("1", sent(), NextVersion("1")),
            ("7", sent(payer_number=""), Refusal("number_missing")),
            ("8", sent(payer_number=""), Refusal("number_missing")),
            # never taken in: a new original, and nothing to void
            ("7", sent(**rejected, payer_number=""), NextVersion("1")),
            ("8", sent(**rejected), Refusal("never_sent")),
            # a rejected replacement replaces what the payer still holds
            (
                "7",
                sent(**rejected, frequency="7", known_to_payer=True),
                NextVersion("7", "PCN1"),
            ),
            ("7", sent(frequency="8"), Refusal("void_only")),
            (
                "8",
                sent(**rejected, frequency="8", known_to_payer=True),
                NextVersion("8", "PCN1"),
            ),
            # invoiced, but still ours
            ("8", VersionFacts(**unsent, frequency="8"), Refusal("void_only")),
            ("7", VersionFacts(**unsent), NextVersion("1", hold_replaced=True)),
            ("8", VersionFacts(**unsent), Refusal("never_sent")),
            ("7", VersionFacts(**unsent, invoiced=False), Refusal("not_invoiced")),
            ("7", sent(state="draft"), Refusal("not_invoiced")),
            ("7", sent(state="pending_interface"), Refusal("at_platform")),
            ("7", sent(state="superseded"), Refusal("not_live")),
            ("7", sent(state="void"), Refusal("not_live")),
            ("7", sent(successor_open=True), Refusal("successor_open")),
            ("7", sent(self_pay=True), Refusal("self_pay")),
        ):
            with self.subTest(wanted=wanted, facts=facts):
                self.assertEqual(next_version(wanted, facts), expected)
        with self.assertRaises(ValueError):
            next_version("6", sent())

    @settings(max_examples=300, deadline=None)
    @given(st.sampled_from(claim_versions.FREQUENCIES), FACTS)
    def test_every_answer_is_safe(self, wanted, facts):
        step = next_version(wanted, facts)
        if isinstance(step, Refusal):
            self.assertIn(step.code, claim_versions.REFUSALS)
            return
        # never without the payer's number, never beside another open version,
        # never a void for a payer that does not know the claim
        self.assertEqual(bool(step.reference), step.frequency != "1")
        self.assertFalse(facts.self_pay or facts.successor_open)
        self.assertNotIn(facts.state, ("void", "superseded", "draft", "validated"))
        if step.frequency == "8":
            self.assertEqual(wanted, "8")
        if facts.frequency == "8":
            self.assertEqual(step.frequency, "8")

    def test_a_payers_mode_gives_the_frequency(self):
        for mode, expected in (
            ("replacement", "7"),
            ("line", "7"),
            ("reopening", "7"),
            ("new", "1"),
        ):
            self.assertEqual(claim_versions.frequency_for(mode), expected)
