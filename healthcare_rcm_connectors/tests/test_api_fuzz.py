"""The running doors against their own description, with generated requests.

Every answer must be one that the description announces, in the form it announces, and
never a failure of ours. The short form is part of every test run and draws the same
requests each time; the long form (`./setup/test --long`) draws others by a seed that is
printed: RCM_FUZZ_SEED=… repeats it.
"""

import os
import random
from datetime import timedelta

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from odoo.tests import HttpCase, tagged

from .common import ConnectorMixin

SHORT_EXAMPLES = 20
LONG_EXAMPLES = int(os.environ.get("RCM_FUZZ_EXAMPLES", "5000"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
# Answers to one call of JSON-RPC say in their body what is wrong (HTTP 200), a file is
# any bytes, and an unknown query parameter is left aside: nothing there is refused.
LENIENT = {"jsonRpc", "submitFile"}
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


class FuzzCase(ConnectorMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.connector.rate_limit_per_minute = 10**8
        cls.key = cls.make_key(cls.service_user)
        monitor = cls.env["rcm.monitor"].create({"name": "Fuzz"})
        cls.token = monitor._rcm_rotate()

    def setUp(self):
        super().setUp()
        self.forget_the_doors()
        # something to be found
        self.receive(self.submitted(id="known-event"))
        self.requests = 0

    def description(self):
        """What the doors say of themselves."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.url_open("/rcm/v1/openapi.json", headers=headers).json()

    def operations(self, raw=None):
        """{operation id: operation} of a description, the doors' own."""
        raw = raw or self.description()
        schema = schemathesis.openapi.from_dict(raw)
        schema.config.generation.update(with_security_parameters=False)
        found = {}
        for result in schema.get_all_operations():
            operation = result.ok()
            found[operation.definition.raw["operationId"]] = operation
        return found

    def fuzz(self, name, operation, mode, examples, seed=None):
        """Draw ``examples`` requests to one operation and judge every answer."""
        token = self.token if name == "getMetrics" else self.key
        checks = [
            check
            for check in CHECKS
            if check is not negative_data_rejection or name not in LENIENT
        ]

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=seed is None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        def draw(case):
            self.requests += 1
            response = case.call(
                base_url=self.base_url(),
                session=self.opener,
                headers={"Authorization": f"Bearer {token}"},
                timeout=timedelta(seconds=60).total_seconds(),
                allow_redirects=False,
            )
            self.assertNotIn("Traceback", response.text)
            case.validate_response(response, checks=checks)

        if seed is not None:
            draw = hypothesis.seed(seed)(draw)
        draw()

    def modes_of(self, operation):
        """Wrong requests need something that can be wrong: any text is a fine name."""
        names = [one.definition.get("schema") for one in operation.path_parameters]
        told = any("enum" in schema for schema in names if schema)
        return MODES if operation.body or operation.query or told else MODES[:1]


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
        lost = self.completed("E-2")
        lost["data"]["encounter"]["facility"] = "NOWHERE"
        self.receive(self.completed("E-1"), lost)
        self.process()
        operations = self.operations()
        event = self.env["rcm.event"].search([("error_code", "!=", False)], limit=1)
        for name, path in (
            ("getEvent", {"event_id": "known-event"}),
            ("getEvent", {"event_id": event.external_id}),
            ("getEncounter", {"number": "E-1"}),
        ):
            with self.subTest(name, path=path):
                case = operations[name].Case(path_parameters=path)
                response = case.call(
                    base_url=self.base_url(),
                    session=self.opener,
                    headers={"Authorization": f"Bearer {self.key}"},
                )
                self.assertEqual(response.status_code, 200, response.text[:200])
                case.validate_response(response, checks=CHECKS[:5])

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
    def test_ten_thousand_requests_a_door(self):
        seed = int(os.environ.get("RCM_FUZZ_SEED") or random.randrange(2**32))
        only = os.environ.get("RCM_FUZZ_ONLY")
        for name, operation in self.operations().items():
            if only and name != only:
                continue
            before = self.requests
            modes = self.modes_of(operation)
            for mode in modes:
                examples = LONG_EXAMPLES * len(MODES) // len(modes)
                with self.subTest(name, mode=mode.value, seed=seed):
                    self.fuzz(name, operation, mode, examples, seed)
            print(f"{name}: {self.requests - before} requests, seed {seed}")
