import json
import re
from pathlib import Path
from unittest.mock import patch

from odoo.tests import HttpCase, TransactionCase, tagged

from odoo.addons.healthcare_rcm_base.core.errors import RcmPermanent

from ..models.adapters import rcm_adapter_charges_csv
from .common import ConnectorMixin

LINES = (
    b"facility,encounter,charge,code,units,amount,modifiers\n"
    b"TCLINIC,E-1,C1,99213,1,150.00,25 59\n"
    b"TCLINIC,E-1,C2,36415,2,25.00,\n"
)
PAGE = Path(__file__).parents[2] / "docs" / "adapters.md"


@tagged("post_install", "-at_install")
class TestAdapterRegistry(ConnectorMixin, TransactionCase):
    """Adapters are found by role and code; nothing else is a way in."""

    def test_each_role_has_its_adapters(self):
        adapters = self.env["rcm.adapter"]
        for role, code in (
            ("decode", "json"),
            ("decode", "file"),
            ("map", "charges_csv"),
            ("encode", "standard_webhooks"),
            ("send", "standard_webhooks"),
            ("fetch", "http_json"),
            ("poll", "http_json"),
        ):
            with self.subTest(role=role, code=code):
                self.assertIn(code, adapters._rcm_adapters(role))
                self.assertEqual(adapters._rcm_find(role, code)._rcm_adapter_code, code)

    def test_an_adapter_is_found_only_in_roles_it_plays(self):
        adapters = self.env["rcm.adapter"]
        self.assertIsNone(adapters._rcm_find("send", "charges_csv"))
        self.assertIsNone(adapters._rcm_find("handle", "res.partner"))
        self.assertIsNone(adapters._rcm_find("decode", False))
        with self.assertRaises(RcmPermanent):
            adapters._rcm_get("poll", "json")

    def test_every_shipped_handler_plays_its_role(self):
        kinds = self.env["rcm.event.type"].search([("handler_model", "!=", False)])
        self.assertTrue(kinds)
        for kind in kinds:
            with self.subTest(kind=kind.display_name):
                self.assertEqual(kind._rcm_handler()._name, kind.handler_model)

    def test_a_missing_library_takes_the_adapter_away_and_breaks_nothing(self):
        adapter = type(self.env["rcm.adapter.charges_csv"])
        with patch.object(adapter, "_rcm_adapter_requires", ("no_such_package_here",)):
            self.assertNotIn(
                "charges_csv", self.env["rcm.adapter"]._rcm_adapters("map")
            )
            self.assertIsNone(self.env["rcm.adapter"]._rcm_find("map", "charges_csv"))
        self.assertIn("charges_csv", self.env["rcm.adapter"]._rcm_adapters("map"))

    def test_the_example_of_the_developer_page_is_the_adapter(self):
        """What the page shows is what runs, in one file."""
        blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
        source = Path(rcm_adapter_charges_csv.__file__).read_text()
        self.assertIn(source, blocks)


@tagged("post_install", "-at_install")
class TestExampleAdapter(ConnectorMixin, HttpCase):
    """The example through the file door, to the charges it makes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.key = cls.make_key(cls.service_user)

    def setUp(self):
        super().setUp()
        self.forget_the_doors()

    def send(self, query, content=LINES):
        return self.url_open(
            f"/rcm/v1/files?{query}",
            data=content,
            headers={
                "Authorization": f"Bearer {self.key}",
                "Content-Type": "text/csv",
            },
            method="POST",
        )

    def test_each_line_becomes_an_event_once(self):
        first = self.send("format=charges_csv&filename=day.csv")
        self.assertEqual(first.status_code, 202, first.text)
        items = first.json()["events"]
        self.assertEqual([item["duplicate"] for item in items], [False, False])
        again = self.send("format=charges_csv")
        self.assertEqual(again.status_code, 200)
        self.assertEqual(
            [item["correlation_id"] for item in again.json()["events"]],
            [item["correlation_id"] for item in items],
        )
        events = self.env["rcm.event"].search(
            [("connector_id", "=", self.connector.id)], order="id"
        )
        self.assertEqual(set(events.mapped("type_id.name")), {"charge.captured"})
        data = json.loads(events[0].payload)["data"]
        self.assertEqual(data["charge"]["modifiers"], ["25", "59"])

    def test_its_charges_are_on_the_encounter(self):
        self.receive(self.completed("E-1", charges=[]))
        self.process()
        self.send("format=charges_csv")
        self.process()
        encounter = self.env["rcm.encounter"].search([("number", "=", "E-1")])
        codes = encounter.charge_ids.filtered("is_current").mapped("code")
        self.assertIn("36415", codes)

    def test_the_connectors_own_format_needs_no_name(self):
        self.connector.file_format = "charges_csv"
        self.assertEqual(self.send("").status_code, 202)

    def test_one_bad_line_is_named_and_the_others_are_taken(self):
        mixed = LINES + b"TCLINIC,E-1,C3,99999999999999999999,1,1.00,\n"
        answer = self.send("format=charges_csv", mixed)
        self.assertEqual(answer.status_code, 207)
        items = answer.json()["events"]
        self.assertEqual(["error" in item for item in items], [False, False, True])
        self.assertEqual(items[2]["error"]["errors"][0]["path"], "$.charge.code")

    def test_what_is_no_such_file_is_refused_whole(self):
        for query, content, status in (
            ("format=charges_csv", b"a,b\n1,2\n", 422),
            ("format=charges_csv", b"\xff\xfe", 422),
            ("format=charges_csv", LINES + b"TCLINIC,E-1\n", 422),
            ("format=charges_csv", LINES.split(b"\n")[0], 422),
            ("format=no_such", LINES, 400),
            ("format=http_json", LINES, 400),
        ):
            with self.subTest(query=query, content=content):
                answer = self.send(query, content)
                self.assertEqual(answer.status_code, status, answer.text)
                self.assertNotIn("TCLINIC", answer.text)
        mine = [("connector_id", "=", self.connector.id)]
        self.assertFalse(self.env["rcm.event"].search(mine))

    def test_an_array_of_events_as_a_file(self):
        events = [self.submitted("RTEST0000001"), self.submitted("RTEST0000002")]
        answer = self.send("format=json", json.dumps(events).encode())
        self.assertEqual(answer.status_code, 202)
        self.assertEqual(len(answer.json()["events"]), 2)
