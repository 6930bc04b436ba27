"""What the claim status, the names and the numbers of a claim say."""

from dataclasses import replace

from odoo.tests import BaseCase, tagged

from ..settlement import PostedAdjustment, PostedClaim
from ..x12 import model as x12
from .builders import (
    PAYER,
    SECOND,
    clp,
    entry,
    facts,
    line,
    money,
    options,
    rule_book,
    st,
    svc,
)
from .settlement_run import paid_claim, run


@tagged("post_install", "-at_install")
class TestStatuses(BaseCase):
    """CLP02 says how it was processed, not whether it was paid."""

    def codes(self, result, index=1):
        return [item.code for item in result.outcome(index).warnings]

    def test_processed_in_another_order_than_ours(self):
        """RFI 546: some payers always say tertiary; the payer decides, not the code."""
        result = run(st(60, paid_claim(status="3")), facts("C1", 100))
        self.assertEqual(result.outcome(1).decision, "post")
        self.assertEqual(self.codes(result), ["sequence_mismatch"])
        self.assertEqual(result.outcome(1).leg_sequence, 1)
        self.assertFalse(self.codes(run(st(60, paid_claim()), facts("C1", 100))))

    def test_processed_with_nothing_paid(self):
        claim = paid_claim(paid=0)
        result = run(st(0, claim), facts("C1", 100))
        self.assertEqual(
            entry(result), {"reserve": "100.00", "receivable_payer": "-100.00"}
        )

    def test_denied_status_writes_nothing_off_by_itself(self):
        """RFI 1423, 1885: many payers misuse 4; the adjustments decide."""
        service = svc(1, 100, 0, ("CO-31", 100), number="L1")
        denied = clp(1, "C1", 100, 0, status="4", services=[service])
        result = run(st(0, denied), facts("C1", 100))
        self.assertEqual(result.lines, ())
        [denial] = result.outcome(1).denials
        self.assertEqual((denial.category, denial.amount), ("eligibility", 100))
        misused = run(st(60, paid_claim(status="4")), facts("C1", 100))
        self.assertEqual(entry(misused)["receivable_payer"], "-100.00")

    def test_forwarded_claims_are_crossovers(self):
        """19 to 21: posted like 1 to 3, and our own secondary claim waits."""
        ours = facts("C1", 100, payers=(PAYER, SECOND))
        service = svc(1, 100, 60, ("CO-45", 30), ("PR-2", 10), number="L1")
        for status, crossover in (("19", True), ("1", False)):
            claim = clp(1, "C1", 100, 60, status=status, services=[service])
            with self.subTest(status=status):
                outcome = run(st(60, claim), ours).outcome(1)
                self.assertEqual(outcome.crossover, crossover)
                self.assertEqual(outcome.next_payer_id, SECOND)

    def test_not_this_payers_claim_and_forwarded(self):
        service = svc(1, 100, 0, ("OA-109", 100), number="L1")
        claim = clp(1, "C1", 100, 0, status="23", services=[service])
        result = run(st(0, claim), facts("C1", 100))
        self.assertEqual(result.outcome(1).decision, "nothing")
        self.assertEqual(self.codes(result), ["forwarded_elsewhere"])
        self.assertEqual(result.lines, ())

    def test_price_estimate_is_never_posted(self):
        service = svc(1, 100, 0, ("OA-101", 100), number="L1")
        claim = clp(1, "C1", 100, 0, status="25", services=[service])
        result = run(st(0, claim), facts("C1", 100))
        outcome = result.outcome(1)
        self.assertEqual((outcome.decision, outcome.estimate), ("nothing", True))

    def test_right_payer_named_on_a_denial_for_another(self):
        """NM1*PR on a claim denied 22 names the first payer: a suggestion only."""
        service = svc(1, 100, 0, ("CO-22", 100), number="L1")
        claim = clp(
            1,
            "C1",
            100,
            0,
            services=[service],
            names=(x12.Name("PR", "OTHER PAYER"),),
        )
        result = run(st(0, claim), facts("C1", 100))
        self.assertIn("coverage_suggested", self.codes(result))
        self.assertEqual(result.outcome(1).denials[0].category, "coordination")

    def test_corrected_name_is_a_suggestion(self):
        claim = paid_claim(names=(x12.Name("74", "NEWNAME"),))
        result = run(st(60, claim), facts("C1", 100))
        self.assertEqual(result.outcome(1).decision, "post")
        self.assertEqual(self.codes(result), ["corrected_name"])


@tagged("post_install", "-at_install")
class TestNumbers(BaseCase):
    """CLP01 is ours, CLP07 the payer's; they pair what belongs together."""

    ORIGINAL = PostedClaim(
        9,
        PAYER,
        "ICNC1",
        "1",
        money(100),
        money(60),
        (PostedAdjustment(1, "CO", "45", money(40), "contractual"),),
    )

    def reversal(self, **more):
        service = svc(1, -100, -60, ("CO-45", -40), number="L1")
        return clp(1, "C1", -100, -60, status="22", services=[service], **more)

    def ours(self, *posted, **more):
        more.setdefault("open_by_payer", {PAYER: 0})
        return facts("C1", 100, posted=posted, **more)

    def plan(self, ours, claim=None):
        other = paid_claim(2, "C2", 60, 60)
        return run(st(0, claim or self.reversal(), other), ours, facts("C2", 60))

    def test_decision_posted_before_is_told(self):
        ours = self.ours(self.ORIGINAL, open_by_payer={PAYER: 100})
        result = run(st(60, paid_claim()), ours)
        self.assertEqual(
            [item.code for item in result.outcome(1).warnings], ["claim_seen_before"]
        )
        other = replace(self.ORIGINAL, payer_claim_number="ELSE")
        result = run(st(60, paid_claim()), self.ours(other, open_by_payer={PAYER: 100}))
        self.assertFalse(result.outcome(1).warnings)

    def test_reversal_takes_the_original_that_the_payer_names(self):
        """Two postings with the same amounts: CLP07 (or REF*F8) says which."""
        twin = replace(self.ORIGINAL, id=11, payer_claim_number="ICN2")
        result = self.plan(self.ours(self.ORIGINAL, twin))
        self.assertEqual(result.outcome(1).reverses, 9)
        named = self.reversal(
            payer_claim_number="NEW", references=(x12.Reference("F8", "ICN2"),)
        )
        result = self.plan(self.ours(twin, self.ORIGINAL), named)
        self.assertEqual(result.outcome(1).reverses, 11)

    def test_second_reversal_of_the_same(self):
        result = self.plan(self.ours(taken_back=(self.ORIGINAL,)))
        self.assertEqual(result.outcome(1).reasons[0].code, "reversal_repeated")
        result = self.plan(self.ours())
        self.assertEqual(result.outcome(1).reasons[0].code, "reversal_unmatched")

    def test_replacement_comes_back_under_the_old_number(self):
        """RFI 1945 (G9): the version is told by its charge and CLP09."""
        first = facts("C1", 100, id=1, frequency="1")
        second = facts(
            "C1", 120, id=2, frequency="7", lines=(line(5, 120),), earlier=(first,)
        )
        service = svc(1, 120, 80, ("CO-45", 40), number="L5")
        claim = clp(1, "C1", 120, 80, services=[service], frequency="7")
        self.assertEqual(run(st(80, claim), second).outcome(1).claim_id, 2)
        late = run(st(60, paid_claim(frequency="1")), second).outcome(1)
        self.assertEqual(late.claim_id, 1)
        self.assertEqual([item.code for item in late.warnings], ["earlier_version"])

    def test_line_by_our_number_before_anything_else(self):
        lines = (line(1, 50, number="A"), line(2, 50, number="B"))
        services = [svc(1, 50, 50, number="B"), svc(2, 50, 50, number="A")]
        claim = clp(1, "C1", 100, 100, services=services)
        result = run(st(100, claim), facts("C1", 100, lines=lines))
        self.assertEqual(dict(result.outcome(1).matches), {1: 2, 2: 1})

    def test_line_without_modifiers_where_the_code_is_unique(self):
        lines = (
            line(1, 60, code="99213", modifiers=("25",)),
            line(2, 40, code="93000", modifiers=("TC",)),
        )
        services = [svc(1, 60, 60, code="99213"), svc(2, 40, 40, code="93000")]
        claim = clp(1, "C1", 100, 100, services=services)
        result = run(st(100, claim), facts("C1", 100, lines=lines))
        self.assertEqual(dict(result.outcome(1).matches), {1: 1, 2: 2})


@tagged("post_install", "-at_install")
class TestContract(BaseCase):
    """A first payer's decision is compared with the contract, and only that."""

    def variances(self, *codes, paid=60, status="1", payer=PAYER, expected=70, **more):
        service = svc(1, 100, paid, *codes, number="L1")
        claim = clp(1, "C1", 100, paid, status=status, services=[service])
        ours = facts(
            "C1",
            100,
            lines=(line(1, 100, expected=expected),),
            payers=(PAYER, SECOND),
            open_by_payer={PAYER: 100, SECOND: 100},
            **more,
        )
        return run(st(paid, claim), ours, payer_id=payer).outcome(1).variances

    def test_underpayment_beyond_the_tolerance(self):
        [found] = self.variances(("CO-45", 40))
        self.assertEqual(found.difference, 10)
        self.assertFalse(self.variances(("CO-45", 40), tolerance=money(10)))

    def test_sequestration_and_withhold_are_no_underpayment(self):
        for code in ("CO-253", "CO-104"):
            with self.subTest(code=code):
                self.assertFalse(self.variances(("CO-45", 30), (code, 10)))

    def test_only_the_first_payer_is_compared(self):
        self.assertFalse(self.variances(("CO-45", 40), status="2", payer=SECOND))

    def test_denied_lines_are_not_compared(self):
        self.assertFalse(self.variances(("CO-50", 40)))


@tagged("post_install", "-at_install")
class TestAssumptions(BaseCase):
    """A payment without a date, a locked period."""

    def test_payment_without_a_date(self):
        undated = st(60, paid_claim(), payment_date=None)
        held = run(undated, facts("C1", 100))
        self.assertEqual([item.code for item in held.stops], ["payment_undated"])
        self.assertEqual(held.lines, ())
        posted = run(undated, facts("C1", 100), undated="receipt")
        self.assertEqual(posted.decision, "post")
        self.assertEqual(
            [item.code for item in posted.findings], ["payment_date_assumed"]
        )

    def test_rules_count_from_the_day_it_came(self):
        undated = st(60, paid_claim(), payment_date=None)
        day = options().today
        old = options(undated="receipt", received=day.replace(year=day.year - 1))
        self.assertNotEqual(old.received, day)
        new_rule = [
            replace(rule, date_from=day)
            for rule in rule_book()._claim["45"]
            if rule.group == "CO"
        ]
        for received, decision in ((day, "post"), (old.received, "park")):
            with self.subTest(received=received):
                result = run(
                    undated,
                    facts("C1", 100),
                    rules=new_rule,
                    undated="receipt",
                    received=received,
                )
                self.assertEqual(result.outcome(1).decision, decision)

    def test_locked_period(self):
        held = run(st(60, paid_claim()), facts("C1", 100), locked=True)
        self.assertEqual([item.code for item in held.stops], ["period_locked"])
        self.assertEqual(held.lines, ())
