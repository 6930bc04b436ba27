from contextlib import contextmanager
from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from odoo.addons.healthcare_rcm_base.tests import builders

from ..models.rcm_mapping_crosswalk import SHARED
from ..protocol.problem import ProblemError
from .common import ConnectorMixin
from .door_common import DoorCase

TYPE = "healthcare_rcm_connectors.rcm_event_type_encounter_completed_v1"
MANY = 40
ABOUT = ("rcm_identifier", "rcm_service_code", "rcm_payer", "rcm_mapping_line")


@tagged("post_install", "-at_install")
class TestMappingCrosswalk(ConnectorMixin, TransactionCase):
    """Crosswalks are asked once for an event or a batch, however much it names."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.codes = {}
        Identifier = cls.env["rcm.identifier"]
        for number in range(MANY):
            code = builders.service_code(cls.env, f"9{number:04}")
            cls.codes[f"P{number}"] = code.code
            Identifier._rcm_register("one", "proc", f"P{number}", code, cls.company)
        Identifier._rcm_register("one", "plan", "ACME", cls.payer, cls.company)
        cls.mapping = cls.make_mapping()

    @classmethod
    def make_mapping(cls, **changes):
        lines = (
            {"target": "charges[].code", "crosswalk_kind": "proc"},
            {"target": "coverages[].payer", "crosswalk_kind": "plan", **changes},
        )
        mapping = cls.env["rcm.mapping"].create(
            {
                "connector_id": cls.connector.id,
                "type_id": cls.env.ref(TYPE).id,
                "keep_rest": True,
                "line_ids": [
                    (0, 0, {"sequence": number, "source": line["target"], **line})
                    for number, line in enumerate(lines)
                ],
            }
        )
        mapping._rcm_activate()
        return mapping

    def visit(self, number, names, plan="ACME"):
        sent = self.completed(number)
        [charge] = sent["data"]["charges"]
        sent["data"]["charges"] = [
            {**charge, "id": f"C{place}", "code": name}
            for place, name in enumerate(names)
        ]
        sent["data"]["coverages"][0]["payer"] = plan
        return sent

    @contextmanager
    def asked(self):
        """The crosswalks that were asked meanwhile, and for how many values."""
        Identifier = type(self.env["rcm.identifier"])
        original, asked = Identifier._rcm_lookup_many, []

        def look_up(model, system, kind, values, company=None):
            asked.append((system, kind, len(values)))
            return original(model, system, kind, values, company)

        with patch.object(Identifier, "_rcm_lookup_many", look_up):
            yield asked

    def queries(self, *envelopes):
        """How many statements about crosswalks taking these events in costs."""
        self.env.flush_all()
        self.env.invalidate_all()
        execute, seen = Cursor.execute, []

        def watched(cursor, query, params=None, **options):
            text = query.code if isinstance(query, SQL) else query
            seen.extend(name for name in ABOUT if f'"{name}"' in text)
            return execute(cursor, query, params, **options)

        with patch.object(Cursor, "execute", watched):
            self.receive(*envelopes)
        return sorted(seen)

    def test_an_event_asks_each_crosswalk_once(self):
        names = [f"P{number}" for number in range(MANY)]
        with self.asked() as asked:
            event = self.receive(self.visit("E-1", names * 2))
        self.assertEqual(sorted(asked), [("one", "plan", 1), ("one", "proc", MANY)])
        self.assertIn("crosswalk", event.mapping_text)
        found = [charge["code"] for charge in event._rcm_data()["charges"]]
        self.assertEqual(found, [self.codes[name] for name in names * 2])

    def test_what_an_event_costs_does_not_grow_with_what_it_names(self):
        self.receive(self.visit("E-0", ["P0"]))
        few = self.queries(self.visit("E-1", ["P1"]))
        many = self.queries(self.visit("E-2", [f"P{n}" for n in range(MANY)]))
        self.assertEqual(few, many)
        self.assertIn("rcm_identifier", many)

    def test_a_batch_asks_each_crosswalk_once(self):
        sent = [self.visit(f"E-{n}", [f"P{n}", f"P{n + 1}"]) for n in range(MANY - 1)]
        with self.asked() as asked:
            events = self.receive(*sent)
        self.assertEqual(sorted(asked), [("one", "plan", 1), ("one", "proc", MANY)])
        self.assertEqual(
            [event._rcm_data()["charges"][1]["code"] for event in events],
            [self.codes[f"P{n + 1}"] for n in range(MANY - 1)],
        )

    def test_what_a_batch_costs_does_not_grow_with_it(self):
        self.receive(self.visit("E-0", ["P0"]), self.visit("E-00", ["P0"]))
        few = self.queries(*[self.visit(f"E-1{n}", [f"P{n}"]) for n in range(2)])
        many = self.queries(*[self.visit(f"E-2{n}", [f"P{n}"]) for n in range(MANY)])
        self.assertEqual(few, many)
        self.assertIn("rcm_identifier", many)

    def test_nothing_is_remembered_after_a_batch(self):
        first, second = self.visit("E-1", ["P0"]), self.visit("E-2", ["NEW"])
        self.receive(first, second)
        self.assertNotIn(SHARED, self.env.cr.cache)
        code = builders.service_code(self.env, "90999")
        self.env["rcm.identifier"]._rcm_register(
            "one", "proc", "NEW", code, self.company
        )
        events = self.receive(self.visit("E-3", ["P0"]), self.visit("E-4", ["NEW"]))
        self.assertEqual(events[1]._rcm_data()["charges"][0]["code"], "90999")

    def test_each_event_of_a_batch_has_its_own_answer(self):
        self.make_mapping(unknown="refuse")
        sent = [
            self.visit("E-1", ["P0"]),
            self.visit("E-2", ["P0"], plan="NOBODY"),
            {**self.visit("E-3", ["P0"]), "type": "no.such"},
            5,
            self.submitted(),
        ]
        answers = self.env["rcm.event"]._rcm_submit(self.connector, sent)
        self.assertEqual(
            [isinstance(answer, ProblemError) for answer in answers],
            [False, True, True, True, False],
        )
        [error] = answers[1].problem.extra["errors"]
        self.assertEqual(error["path"], "$.coverages[0].payer")
        self.assertNotIn("NOBODY", str(answers[1].problem.body("")))
        self.assertNotIn(SHARED, self.env.cr.cache)

    def test_another_companys_crosswalk_is_not_asked(self):
        other = self.env["res.company"].create({"name": "Other Clinic Co"})
        code = builders.service_code(self.env, "90998")
        self.env["rcm.identifier"]._rcm_register("one", "proc", "SECRET", code, other)
        events = self.receive(self.visit("E-1", ["P0"]), self.visit("E-2", ["SECRET"]))
        self.assertEqual(events[1]._rcm_data()["charges"][0]["code"], "SECRET")

    def test_a_connector_without_a_mapping_asks_nothing(self):
        other = self.make_connector(self.make_user("svc-cross", "integration"), "two")
        with self.asked() as asked:
            self.receive(self.completed("E-8"), self.completed("E-9"), connector=other)
        self.assertEqual(asked, [])


@tagged("post_install", "-at_install")
class TestMappedBatch(DoorCase):
    """The same at the door, which knows a connector without asking each time."""

    def test_a_batch_over_http_is_mapped_and_answered_one_by_one(self):
        self.env["rcm.identifier"]._rcm_register(
            "one", "plan", "ACME", self.payer, self.company
        )
        line = {
            "target": "coverages[].payer",
            "source": "coverages[].payer",
            "crosswalk_kind": "plan",
            "unknown": "refuse",
        }
        mapping = self.env["rcm.mapping"].create(
            {
                "connector_id": self.connector.id,
                "type_id": self.env.ref(TYPE).id,
                "keep_rest": True,
                "line_ids": [(0, 0, line)],
            }
        )
        mapping._rcm_activate()
        sent = [self.completed(f"E-{number}") for number in range(3)]
        for event, plan in zip(sent, ("ACME", "NOBODY", "ACME"), strict=True):
            event["data"]["coverages"][0]["payer"] = plan
        first, second, third = self.rpc("submit_batch", {"events": sent})["result"]
        self.assertEqual((first["status"], third["status"]), ("received", "received"))
        self.assertEqual(second["error"]["status"], 422)
        stored = self.env["rcm.event"].search([("external_id", "=", sent[2]["id"])])
        self.assertEqual(stored.mapping_id, mapping)
        self.assertEqual(stored._rcm_data()["coverages"][0]["payer"], self.payer.code)
