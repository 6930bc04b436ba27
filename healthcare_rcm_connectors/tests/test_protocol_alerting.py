from datetime import datetime, timedelta

from odoo.tests import BaseCase, tagged

from ..protocol import alerting, unusual
from ..protocol.alerting import HIGH, LOW, Known, Rule, step
from ..protocol.unusual import Hour

NOW = datetime(2026, 11, 2, 10)
MINUTE = timedelta(minutes=1)


def rule(**changes):
    return Rule(
        **{
            "direction": HIGH,
            "threshold": 10,
            "clear": 5,
            "hold": 2 * MINUTE,
            "quiet": 3 * MINUTE,
            "remind": 60 * MINUTE,
            **changes,
        }
    )


@tagged("post_install", "-at_install")
class TestAlerting(BaseCase):
    def play(self, values, rule_):
        """Actions of one rule over a minute each."""
        known, actions = Known(), []
        for number, value in enumerate(values):
            now = NOW + number * MINUTE
            result = step(rule_, known, value, now)
            actions.append(result.action)
            if result.action == alerting.WAIT:
                known = Known(alerting.PENDING, known.since or now)
            elif result.action == alerting.FIRE:
                known = Known(alerting.FIRING, known.since or now, None, now)
            elif result.action in (alerting.CLEAR, alerting.FORGET):
                known = Known()
            elif known.state == alerting.FIRING:
                told = now if result.action == alerting.REMIND else known.told_at
                known = Known(known.state, known.since, result.good_since, told)
        return actions

    def test_a_flicker_does_not_fire(self):
        actions = self.play([1, 12, 1, 12, 1], rule())
        self.assertNotIn(alerting.FIRE, actions)

    def test_what_stays_bad_fires_once(self):
        actions = self.play([12] * 30, rule())
        self.assertEqual(actions[:3], ["wait", "wait", "fire"])
        self.assertEqual(set(actions[3:]), {"nothing"})

    def test_a_value_that_swings_between_the_thresholds_neither_ends_nor_repeats(self):
        actions = self.play([12, 12, 12, *([7, 12] * 20)], rule())
        self.assertEqual(actions.count("fire"), 1)
        self.assertNotIn("clear", actions)

    def test_over_only_after_it_was_good_for_long_enough(self):
        actions = self.play([12, 12, 12, 1, 1, 12, 1, 1, 1, 1], rule())
        self.assertEqual(actions.count("clear"), 1)
        self.assertEqual(actions[-1], "clear")

    def test_reminders_come_while_it_goes_on(self):
        actions = self.play([12] * 130, rule())
        self.assertEqual(actions.count("remind"), 2)

    def test_low_values_can_be_the_bad_ones(self):
        low = rule(direction=LOW, threshold=14, clear=14, hold=0 * MINUTE)
        self.assertEqual(self.play([20, 14], low), ["nothing", "fire"])
        self.assertEqual(step(low, Known(), 14.1, NOW).action, "nothing")

    def test_nothing_to_measure_is_not_bad_and_ends_what_was(self):
        self.assertEqual(step(rule(), Known(), None, NOW).action, "nothing")
        firing = Known(alerting.FIRING, NOW, NOW - 5 * MINUTE, NOW)
        self.assertEqual(step(rule(), firing, None, NOW).action, "clear")

    def test_a_rule_that_could_never_end_is_known(self):
        self.assertFalse(alerting.check(rule(clear=11)))
        self.assertTrue(alerting.check(rule(clear=10)))
        self.assertFalse(alerting.check(rule(direction=LOW, threshold=5, clear=4)))


DAY_HOURS = range(8, 18)


def past(weeks=4, count=100, amount=500.0, hours=DAY_HOURS):
    return [
        Hour(weekday, hour, count if hour in hours else 0, amount, count)
        for _week in range(weeks)
        for weekday in range(7)
        for hour in range(24)
    ]


@tagged("post_install", "-at_install")
class TestUnusual(BaseCase):
    def test_volume_is_compared_with_the_same_hour_of_the_week(self):
        ratio = unusual.volume_ratio(Hour(0, 10, 400, 0, 0), past())
        self.assertAlmostEqual(ratio, 4)
        self.assertAlmostEqual(unusual.volume_ratio(Hour(0, 10, 100, 0, 0), past()), 1)

    def test_small_numbers_are_never_unusual(self):
        ratio = unusual.volume_ratio(Hour(0, 10, 15, 0, 0), past(count=1))
        self.assertLess(ratio, 1)

    def test_one_past_flood_does_not_make_the_next_look_normal(self):
        history = [*past(), Hour(0, 10, 100000, 0, 0)]
        self.assertGreater(unusual.volume_ratio(Hour(0, 10, 400, 0, 0), history), 3)

    def test_nothing_is_said_before_there_is_history(self):
        self.assertIsNone(unusual.volume_ratio(Hour(0, 10, 400, 0, 0), past(1)[:24]))
        self.assertIsNone(unusual.strange_hour(Hour(0, 3, 9, 0, 0), [], 3))
        self.assertIsNone(unusual.amount_ratio(Hour(0, 3, 9, 9e9, 1), []))
        self.assertIsNone(unusual.quiet_share(Hour(0, 3, 0, 0, 0), []))

    def test_events_in_a_dead_hour_are_strange(self):
        self.assertEqual(unusual.strange_hour(Hour(0, 3, 9, 0, 0), past(), 28), 9)
        self.assertEqual(unusual.strange_hour(Hour(0, 9, 9, 0, 0), past(), 28), 0)

    def test_quiet_is_only_where_much_comes_each_week(self):
        self.assertEqual(unusual.quiet_share(Hour(0, 10, 5, 0, 0), past()), 0.05)
        self.assertIsNone(unusual.quiet_share(Hour(0, 3, 0, 0, 0), past()))

    def test_amounts_are_compared_with_the_largest_usual_ones(self):
        ratio = unusual.amount_ratio(Hour(0, 10, 1, 5000.0, 1), past())
        self.assertAlmostEqual(ratio, 10)
        spiky = [*past(), Hour(0, 10, 1, 4000.0, 1)]
        ratio = unusual.amount_ratio(Hour(0, 10, 1, 5000.0, 1), spiky)
        self.assertAlmostEqual(ratio, 2.5)
