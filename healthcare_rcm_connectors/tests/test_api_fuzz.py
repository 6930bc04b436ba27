"""The running doors against their own description, with generated requests.

Every answer must be one that the description announces, in the form it announces, and
never a failure of ours. The short form is part of every test run and draws the same
requests each time; the long form (`./setup/test --long`) draws others by a seed that is
printed: RCM_FUZZ_SEED=… repeats it, RCM_FUZZ_ONLY=…,… takes some operations and
RCM_FUZZ_EXAMPLES=… says how many requests.
"""

import os
import random
from time import monotonic
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.core.failures import FailureGroup

from odoo.tests import tagged

from .fuzzing import DESCRIBED, MODES, NOISE, ROUND, FuzzCase

SHORT_EXAMPLES = 20
LONG_EXAMPLES = int(os.environ.get("RCM_FUZZ_EXAMPLES", "10000"))


@tagged("post_install", "-at_install")
class TestApiFuzz(FuzzCase):
    def test_the_doors_answer_as_described(self):
        operations = self.operations()
        self.assertGreaterEqual(len(operations), 12)
        for name, operation in operations.items():
            for mode in self.modes_of(operation):
                with self.subTest(name, mode=mode.value):
                    self.fuzz(name, operation, mode, SHORT_EXAMPLES)
        self.assertGreater(self.requests, 200)

    def test_what_is_there_is_answered_as_described(self):
        """Drawn names hit nothing: here is an event, an encounter and its claim."""
        operations = self.operations()
        for name, paths in self.known.items():
            self.assertTrue(paths, name)
            for path in paths:
                with self.subTest(name, path=path):
                    case = operations[name].Case(path_parameters=path)
                    response = self.call(case, self.headers_for(name))
                    self.assertEqual(response.status_code, 200, response.text[:200])
                    case.validate_response(response, checks=DESCRIBED)

    def test_one_request_after_another_as_the_description_links_them(self):
        """An event handed in is then asked for under the id of the answer."""
        case_of = self

        class Walk(self.schema().as_state_machine()):
            def get_call_kwargs(self, case):
                name = case.operation.definition.raw["operationId"]
                return {"session": case_of.opener, "headers": case_of.headers_for(name)}

            def call(self, case, **options):
                case_of.requests += 1
                return case.call(base_url=case_of.base_url(), **options)

            def validate_response(self, response, case, **options):
                name = case.operation.definition.raw["operationId"]
                case_of.judge(name, case, response)

        run_state_machine_as_test(
            Walk,
            settings=settings(
                max_examples=10, stateful_step_count=6, deadline=None,
                database=None, derandomize=True,
            ),
        )  # fmt: skip
        self.assertGreater(self.statuses["getEvent", 200], 0, self.statuses)

    def test_an_answer_that_is_not_as_described_is_noticed(self):
        raw = self.description()
        raw["components"]["schemas"]["Live"]["required"].append("nothing")
        del raw["paths"]["/rcm/v1/events/{event_id}"]["get"]["responses"]["404"]
        operations = self.operations(raw)
        for name in ("getLive", "getEvent"):
            with self.subTest(name), self.assertRaises(FailureGroup):
                self.fuzz(name, operations[name], MODES[0], 5)


@tagged("post_install", "-at_install", "long")
class TestApiFuzzLong(FuzzCase):
    socket_every = 25
    noise = NOISE
    fresh_ids = st.sampled_from([True] * 5 + [False])

    def setUp(self):
        super().setUp()
        # Hypothesis would look for constants in all of Odoo, again and again
        self.startPatcher(
            patch.object(
                providers, "_get_local_constants", return_value=providers.Constants()
            )
        )

    def test_ten_thousand_requests_a_door(self):
        seed = int(os.environ.get("RCM_FUZZ_SEED") or random.randrange(2**32))
        operations = self.operations()
        only = os.environ.get("RCM_FUZZ_ONLY")
        for name in only.split(",") if only else operations:
            with self.subTest(name, seed=seed):
                self.fuzz_long(name, operations[name], seed)

    def fuzz_long(self, name, operation, seed):
        self.requests = 0
        self.statuses.clear()
        began, number, modes = monotonic(), 0, self.modes_of(operation)
        try:
            while self.requests < LONG_EXAMPLES:
                mode = modes[number % len(modes)]
                examples = min(ROUND, LONG_EXAMPLES - self.requests)
                self.fuzz(name, operation, mode, examples, seed + number)
                number += 1
                if number % 4 == 0:
                    print(f"{name}: {self.requests} so far", flush=True)
        finally:
            answers = {code: count for (_n, code), count in self.statuses.items()}
            print(
                f"{name}: {self.requests} requests, seed {seed}, "
                f"{monotonic() - began:.0f} s, answers {sorted(answers.items())}",
                flush=True,
            )
