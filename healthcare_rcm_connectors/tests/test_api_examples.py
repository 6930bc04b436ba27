"""Every event type's own example with one field changed: taken or refused as its schema
says, and what was taken is worked on without a failure of ours.

RCM_FUZZ_SEED=… repeats a run of the long form.
"""

import json
import os
import random
from copy import deepcopy

from jsonschema import Draft202012Validator, FormatChecker

from odoo.tests import HttpCase, tagged

from ..protocol import retry
from .common import ConnectorMixin
from .in_process import InProcessMixin

EVENTS = "/rcm/v1/events"
FEW, MANY = 250, 10_000
WRONG = (
    None, True, 0, -1, 0.5, 1e308, 10**30, "", " ", "0", "-1", "0.00", "1e9", "x" * 300,
    "9" * 40, "\u202e<b>", "';--", "1999-02-29", "0001-01-01", "9999-12-31",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", [], [[]], {}, {"a": 1},
)  # fmt: skip


class ExamplesCase(InProcessMixin, ConnectorMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.connector.rate_limit_per_minute = 10**8
        cls.connector.queue_limit = 10**8
        cls.key = cls.make_key(cls.service_user)
        cls.kinds = [
            kind
            for kind in cls.connector._rcm_describe_types()
            if kind["example"]
        ]  # fmt: skip

    def setUp(self):
        super().setUp()
        self.forget_the_doors()
        self.seed = int(os.environ.get("RCM_FUZZ_SEED") or 20261121)
        self.rng = random.Random(self.seed)

    def example(self, kind):
        """The example, of a facility and payer that are there."""
        text = json.dumps(kind["example"])
        data = json.loads(text)
        known = {
            "facility": self.facility.code,
            "provider_group": self.group.code,
            "payer": self.payer.code,
        }
        for holder, name in list(self.places(data)):
            if name in known and isinstance(holder[name], str):
                holder[name] = known[name]
        return data

    def places(self, value):
        """(holder, name or number) of everything in ``value``."""
        if isinstance(value, dict | list):
            for name in value if isinstance(value, dict) else range(len(value)):
                yield value, name
                yield from self.places(value[name])

    def change(self, data):
        """One field replaced, taken out, or given beside."""
        data = deepcopy(data)
        holder, name = self.rng.choice(list(self.places(data)))
        how = self.rng.choice(("replace",) * 6 + ("drop", "add", "double"))
        if how == "drop":
            del holder[name]
        elif how == "add" and isinstance(holder, dict):
            holder["unheard_of"] = 1
        elif how == "double" and isinstance(holder, list):
            holder.append(deepcopy(holder[name]))
        else:
            holder[name] = deepcopy(self.rng.choice(WRONG))
        return data

    def send(self, event):
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
        }
        return self.ask("POST", EVENTS, json.dumps(event).encode(), headers)

    def try_changes(self, count):
        """Send ``count`` changed examples; work on what was taken now and then."""
        codes = {}
        for number in range(count):
            kind = self.rng.choice(self.kinds)
            data = self.change(self.example(kind))
            event = self.envelope(kind["type"], data, id=f"changed-{number}")
            event["version"] = kind["version"]
            response = self.send(event)
            codes[response.status_code] = codes.get(response.status_code, 0) + 1
            where = f"seed {self.seed}, {number}: {json.dumps(event)}"
            self.assertIn(response.status_code, (202, 403, 422), where)
            if response.status_code == 422:
                for error in response.json["errors"]:
                    self.assertTrue(error["rule"] and error["pointer"], where)
            checker = FormatChecker(formats=())
            schema = Draft202012Validator(kind["schema"], format_checker=checker)
            if not schema.is_valid(data):
                self.assertEqual(response.status_code, 422, where)
            if number % 50 == 49:
                self.process()
        self.process()
        ours = self.env["rcm.event"].search([("error_class", "=", retry.BUG)])
        self.assertEqual(
            [(event.payload, event.error_code) for event in ours],
            [],
            f"seed {self.seed}",
        )
        return codes


@tagged("post_install", "-at_install")
class TestApiExamples(ExamplesCase):
    def test_every_example_is_taken(self):
        for kind in self.kinds:
            with self.subTest(kind["type"]):
                event = self.envelope(kind["type"], self.example(kind))
                event["version"] = kind["version"]
                self.assertEqual(self.send(event).status_code, 202)
        self.process()
        ours = self.env["rcm.event"].search([("error_class", "=", retry.BUG)])
        self.assertFalse(ours.mapped("error_code"))

    def test_changed_examples_are_answered_as_their_schema_says(self):
        codes = self.try_changes(FEW)
        self.assertGreater(min(codes.get(202, 0), codes.get(422, 0)), 10, codes)


@tagged("post_install", "-at_install", "long")
class TestApiExamplesLong(ExamplesCase):
    def test_ten_thousand_changed_examples(self):
        print(f"changed examples: {self.try_changes(MANY)}, seed {self.seed}")
