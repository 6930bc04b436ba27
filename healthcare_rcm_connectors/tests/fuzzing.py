"""What the fuzz of the doors is made of: requests from their description, and judges.

A request goes over a socket or straight into the server's application, which answers it
with the same code and spares what a connection costs.
"""

import logging
from collections import Counter

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from odoo.http import root
from odoo.tests import HttpCase

from ..protocol.envelope import ID_MAX_LENGTH
from .common import ConnectorMixin
from .in_process import InProcessMixin
from .rpc_oracle import rpc_answer_fits_its_calls, sent_by

DESCRIBED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def what_fits_is_taken(ctx, response, case):
    """Nothing is asked for that the description does not say.

    But NUL is never taken, nor a time that is outside of all years in UTC.
    """
    body = sent_by(response)
    if "%00" in response.request.url:
        return None
    if any(text in body for text in (b"\\u0000", b"0001-01-01T", b"9999-12-31T")):
        return None
    return positive_data_acceptance(ctx, response, case)


def what_does_not_fit_is_refused(ctx, response, case):
    """A body without a length or beyond the limit is refused before it is looked at."""
    if response.status_code in (411, 413):
        return None
    return negative_data_rejection(ctx, response, case)


CHECKS = [
    *DESCRIBED,
    what_does_not_fit_is_refused,
    what_fits_is_taken,
    unsupported_method,
]
OWN_CHECKS = {
    # JSON-RPC says in its answer what is wrong with a call, with HTTP 200: every answer
    # is held against its own call instead, which asks for more.
    "jsonRpc": [*DESCRIBED, rpc_answer_fits_its_calls, unsupported_method],
    # names of types and formats are drawn, and hardly any is one
    "submitFile": [*DESCRIBED, what_does_not_fit_is_refused, unsupported_method],
}
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
TIMEOUT_SECONDS = 60
# Hypothesis remembers what it drew: many small runs stay quick.
ROUND = 500

_VISIBLE = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40
)
# What no door asks for and any client may send.
NOISE = st.fixed_dictionaries(
    {},
    optional={
        "Accept": st.sampled_from(("*/*", "text/html", "application/xml;q=0.1", "x")),
        "Accept-Encoding": st.sampled_from(("gzip, br", "identity;q=0", "*")),
        "Accept-Language": _VISIBLE,
        "Cookie": _VISIBLE.map(lambda text: f"session_id={text}"),
        "If-None-Match": st.just("*"),
        "Origin": st.sampled_from(("null", "https://elsewhere.example")),
        "Range": st.sampled_from(("bytes=0-0", "bytes=9-1", "items=x")),
        "Referer": _VISIBLE,
        "User-Agent": _VISIBLE,
        "X-Forwarded-For": _VISIBLE,
        "X-Http-Method-Override": st.sampled_from(("DELETE", "PUT", "x")),
        "X-Noise": _VISIBLE,
    },
)


class Tracebacks(logging.Handler):
    """Keeps what is logged with a traceback, whatever its level."""

    def __init__(self):
        super().__init__()
        self.found = []

    def emit(self, record):
        text = record.getMessage()
        if record.exc_info or "Traceback" in text:
            self.found.append(f"{record.name}: {text}")


class FuzzCase(InProcessMixin, ConnectorMixin, HttpCase):
    # one request in so many goes over a socket
    socket_every = 1
    noise = st.just({})
    # whether a drawn event gets an id that none had before: short ones come again
    fresh_ids = st.just(False)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.connector.rate_limit_per_minute = 10**8
        cls.connector.queue_limit = 10**8
        cls.key = cls.make_key(cls.service_user)
        monitor = cls.env["rcm.monitor"].create({"name": "Fuzz"})
        cls.token = monitor._rcm_rotate()

    def setUp(self):
        super().setUp()
        self.forget_the_doors()
        self.requests, self.statuses = 0, Counter()
        self.tracebacks = Tracebacks()
        logging.getLogger().addHandler(self.tracebacks)
        self.addCleanup(logging.getLogger().removeHandler, self.tracebacks)
        self.known = self.make_known()

    def make_known(self):
        """{operation: what it finds}: drawn names alone would find nothing."""
        lost = self.completed("E-2")
        lost["data"]["encounter"]["facility"] = "NOWHERE"
        file = {"filename": "a.835", "content_base64": "SVNBKjAwKg=="}
        self.receive(
            self.submitted(id="known-event"),
            self.completed("E-1"),
            lost,
            self.envelope("remittance.received", file, id="known-file"),
        )
        self.process()
        self.env["rcm.encounter"]._cron_bill_ready()
        failed = self.env["rcm.event"].search([("error_code", "!=", False)], limit=1)
        claim = self.env["rcm.claim"].search([("encounter_id.number", "=", "E-1")])
        return {
            "getEvent": [{"event_id": "known-event"}, {"event_id": failed.external_id}],
            "getEncounter": [{"number": "E-1"}],
            "getClaim": [{"number": name} for name in claim.mapped("name")],
            "getRemittance": [{"event_id": "known-file"}],
        }

    def description(self):
        """What the doors say of themselves."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.url_open("/rcm/v1/openapi.json", headers=headers).json()

    def schema(self, raw=None):
        """The description as schemathesis reads it, the doors' own."""
        schema = schemathesis.openapi.from_dict(raw or self.description())
        schema.config.generation.update(with_security_parameters=False)
        return schema

    def operations(self, raw=None):
        """{operation id: operation} of a description."""
        found = {}
        for result in self.schema(raw).get_all_operations():
            operation = result.ok()
            found[operation.definition.raw["operationId"]] = operation
        return found

    def headers_for(self, name):
        token = self.token if name == "getMetrics" else self.key
        return {"Authorization": f"Bearer {token}"}

    def call(self, case, headers):
        """The answer to one request."""
        self.requests += 1
        if self.requests % self.socket_every == 0:
            return case.call(
                base_url=self.base_url(),
                session=self.opener,
                headers=headers,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        self.ready_for_a_request()
        return case.call(
            base_url=self.base_url(),
            app=root,
            headers=headers,
            environ_base={"REMOTE_ADDR": "127.0.0.1"},
        )

    def judge(self, name, case, response):
        """The answer is one of those the description announces."""
        self.statuses[name, response.status_code] += 1
        self.assertNotIn("Traceback", response.text)
        self.assertEqual(self.tracebacks.found, [])
        case.validate_response(response, checks=OWN_CHECKS.get(name, CHECKS))

    def fuzz(self, name, operation, mode, examples, seed=None):
        """Draw ``examples`` requests to one operation and judge every answer."""
        known = self.known.get(name) if mode is MODES[0] else None
        paths = st.sampled_from([None, None, *known] if known else [None])

        @given(
            case=operation.as_strategy(generation_mode=mode),
            path=paths,
            noise=self.noise,
            fresh=self.fresh_ids,
        )
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=seed is None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        def draw(case, path, noise, fresh):
            if path:
                case.path_parameters = path
            if fresh and mode is MODES[0] and isinstance(case.body, dict):
                case.body = self.with_fresh_id(case.body)
            headers = {**noise, **self.headers_for(name)}
            self.judge(name, case, self.call(case, headers))

        if seed is not None:
            draw = hypothesis.seed(seed)(draw)
        draw()

    def with_fresh_id(self, body):
        """``body``, if it is an event, under an id of its own."""
        if not isinstance(body.get("id"), str) or "data" not in body:
            return body
        return {**body, "id": f"{self.requests}-{body['id']}"[:ID_MAX_LENGTH]}

    def modes_of(self, operation):
        """Wrong requests need something that can be wrong: any text is a fine name."""
        names = [one.definition.get("schema") for one in operation.path_parameters]
        told = any("enum" in schema for schema in names if schema)
        return MODES if operation.body or operation.query or told else MODES[:1]
