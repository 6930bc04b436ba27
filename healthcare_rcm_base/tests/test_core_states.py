from odoo.tests import BaseCase, tagged

from ..core import states


@tagged("post_install", "-at_install")
class TestStates(BaseCase):
    def test_every_state_named_has_a_row_and_can_be_reached(self):
        for machine, table in states.MACHINES.items():
            named = {state for moves in table.values() for state in moves}
            with self.subTest(machine=machine):
                self.assertFalse(named - set(table))
                reached, fresh = set(), [states.initial(machine)]
                while fresh:
                    state = fresh.pop()
                    if state not in reached:
                        reached.add(state)
                        fresh.extend(table[state])
                self.assertEqual(reached, set(table))

    def test_the_main_paths_are_open(self):
        for machine, path in {
            "encounter": "registered completed coded ready billed closed reopened",
            "claim": "draft validated cleared submitted accepted adjudicated closed "
            "reopened",
            "claim_leg": "not_due ready submitted crossover_pending adjudicated closed",
            "claim_line": "open denied appealed overturned paid",
            "remittance": "received parsed balanced matched approval posted reconciled",
            "case": "open in_progress waiting in_progress resolved",
            "event": "received processing retry processing done",
            "request": "pending info_requested pending approved",
        }.items():
            steps = path.split()
            for old, new in zip(steps, steps[1:], strict=False):
                with self.subTest(machine=machine, move=(old, new)):
                    self.assertTrue(states.can_move(machine, old, new))

    def test_forbidden_moves(self):
        for machine, old, new in (
            ("claim", "draft", "submitted"),
            ("claim", "draft", "cleared"),
            ("claim", "void", "draft"),
            ("claim", "cleared", "adjudicated"),
            ("remittance", "parsed", "posted"),
            ("remittance", "balanced", "posted"),
            ("case", "resolved", "open"),
            ("request", "refused", "approved"),
            ("event", "done", "processing"),
        ):
            with self.subTest(machine=machine, move=(old, new)):
                self.assertFalse(states.can_move(machine, old, new))

    def test_staying_is_no_move_and_unknown_states_are_errors(self):
        self.assertFalse(states.can_move("case", "open", "open"))
        with self.assertRaises(ValueError):
            states.can_move("case", "open", "gone")

    def test_a_machine_is_registered_once(self):
        table = {"one": ("two",), "two": ()}
        self.addCleanup(states.MACHINES.pop, "test_machine", None)
        states.register("test_machine", table)
        states.register("test_machine", dict(table))
        self.assertEqual(states.initial("test_machine"), "one")
        with self.assertRaises(ValueError):
            states.register("test_machine", {"one": ()})
        with self.assertRaises(ValueError):
            states.register("other_machine", {"one": ("two",)})
