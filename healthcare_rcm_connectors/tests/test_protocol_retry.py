import random
from statistics import mean

from odoo.tests import BaseCase, tagged

from ..protocol import idempotency, retry
from ..protocol.rate import Bucket, Buckets


@tagged("post_install", "-at_install")
class TestRetry(BaseCase):
    def test_backoff_doubles_up_to_the_cap(self):
        ceilings = [retry.backoff(n, lambda: 1.0, base=2, cap=60) for n in range(1, 8)]
        self.assertEqual(ceilings, [4, 8, 16, 32, 60, 60, 60])

    def test_backoff_is_spread_over_the_whole_range(self):
        source = random.Random(7)
        delays = [retry.backoff(3, source.random, base=2, cap=900) for _ in range(2000)]
        self.assertGreaterEqual(min(delays), 0)
        self.assertLess(max(delays), 16)
        self.assertAlmostEqual(mean(delays), 8, delta=0.5)

    def test_backoff_of_many_attempts_stays_at_the_cap(self):
        self.assertEqual(retry.backoff(10**6, lambda: 1.0), retry.CAP_SECONDS)
        with self.assertRaises(ValueError):
            retry.backoff(0, lambda: 1.0)

    def decide(self, error_class, attempt, asked=0):
        return retry.decide(error_class, attempt, 8, lambda: 0.5, asked)

    def test_data_defects_are_not_tried_again(self):
        for error_class in (retry.SCHEMA, retry.REFERENCE, retry.BUSINESS):
            with self.subTest(error_class):
                self.assertEqual(self.decide(error_class, 1).state, "dead")

    def test_obstacles_are_tried_until_the_limit(self):
        states = [self.decide(retry.TRANSIENT, n).state for n in range(1, 9)]
        self.assertEqual(states, ["retry"] * 7 + ["dead"])

    def test_defects_of_ours_are_tried_three_times(self):
        states = [self.decide(retry.BUG, n).state for n in range(1, 4)]
        self.assertEqual(states, ["retry", "retry", "dead"])

    def test_step_may_ask_for_a_longer_delay(self):
        self.assertEqual(self.decide(retry.TRANSIENT, 1, asked=300).delay_seconds, 300)

    def test_missing_predecessor_waits_without_a_limit_of_attempts(self):
        for attempt in (1, 8, 500):
            verdict = self.decide(retry.SEQUENCE, attempt)
            self.assertEqual(verdict.state, "waiting_predecessor")
            self.assertGreaterEqual(verdict.delay_seconds, 15)


@tagged("post_install", "-at_install")
class TestIdempotency(BaseCase):
    def test_decision(self):
        decide, Decision = idempotency.decide, idempotency.Decision
        self.assertIs(decide(None, "a"), Decision.NEW)
        self.assertIs(decide("a", "a"), Decision.DUPLICATE)
        self.assertIs(decide("a", "b"), Decision.CONFLICT)
        self.assertIs(decide("", ""), Decision.CONFLICT)


@tagged("post_install", "-at_install")
class TestRate(BaseCase):
    def test_bucket_allows_a_burst_then_its_rate(self):
        bucket = Bucket.full(60, 0.0)
        self.assertEqual([bucket.take(0.0) for _ in range(60)], [0.0] * 60)
        self.assertAlmostEqual(bucket.take(0.0), 1.0)
        self.assertEqual(bucket.take(1.01), 0.0)
        self.assertGreater(bucket.take(1.02), 0)

    def test_clock_that_steps_back_changes_nothing(self):
        bucket = Bucket.full(60, 100.0)
        self.assertEqual(bucket.take(0.0), 0.0)
        self.assertEqual(bucket.tokens, 59)

    def test_cost_above_the_bucket_can_be_paid(self):
        self.assertEqual(Bucket.full(10, 0.0).take(0.0, cost=100), 0.0)

    def test_keys_do_not_share_and_are_bounded(self):
        buckets = Buckets(most=2)
        self.assertEqual(buckets.take("a", 1, 0.0), 0)
        self.assertGreater(buckets.take("a", 1, 0.0), 0)
        self.assertEqual(buckets.take("b", 1, 0.0), 0)
        self.assertGreater(buckets.peek("b", 1, 0.0), 0)
        buckets.take("c", 1, 0.0)
        self.assertEqual(buckets.take("a", 1, 0.0), 0)
