import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from ..protocol.problem import ProblemError
from .common import ConnectorMixin

TYPE = "healthcare_rcm_connectors.rcm_event_type_charge_captured_v1"


@tagged("post_install", "-at_install")
class TestMapping(ConnectorMixin, TransactionCase):
    """A system speaks its own language; records turn it into ours."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_world()
        cls.administrator = cls.make_user("admin-map", "administrator")
        cls.support = cls.make_user("support-map", "integration_support")
        cls.type = cls.env.ref(TYPE)
        cls.env["rcm.identifier"]._rcm_register(
            "one", "site", "17", cls.facility, cls.company
        )

    def make_mapping(self, activate=True, **values):
        record = self.env["rcm.mapping"].create(
            {
                "connector_id": self.connector.id,
                "type_id": self.type.id,
                "valid_from": fields.Date.today(),
                "line_ids": [
                    (0, 0, {"sequence": n, **line})
                    for n, line in enumerate(
                        [
                            {
                                "target": "facility",
                                "source": "site",
                                "crosswalk_kind": "site",
                            },
                            {
                                "target": "encounter",
                                "source": "visit.id",
                                "required": True,
                            },
                            {"target": "charge.id", "source": "line.no"},
                            {"target": "charge.code", "source": "line.cpt"},
                            {
                                "target": "charge.amount",
                                "source": "line.price",
                                "convert": "number",
                            },
                        ]
                    )
                ],
                **values,
            }
        )
        if activate:
            record._rcm_activate()
        return record

    def theirs(self, **changes):
        data = {
            "site": "17",
            "visit": {"id": "E-1", "comment": "Zacharias came by tram"},
            "line": {"no": "L1", "cpt": "36415", "price": 25.5},
            **changes,
        }
        return self.envelope("charge.captured", data)

    # ------------------------------------------------------------------
    # From their words to ours
    # ------------------------------------------------------------------
    def test_the_mapped_content_is_worked_on_and_the_original_is_kept(self):
        self.receive(self.completed("E-1"))
        self.process()
        mapping = self.make_mapping()
        event = self.receive(self.theirs())
        self.assertEqual(event.business_key, "encounter:TCLINIC:E-1")
        self.assertEqual(event.facility_id, self.facility)
        self.assertEqual(event.mapping_id, mapping)
        self.process()
        self.assertEqual((event.state, event.error_message), ("done", False))
        self.assertEqual(json.loads(event.payload)["data"]["visit"]["id"], "E-1")
        self.assertEqual(
            json.loads(event.canonical),
            {
                "facility": "TCLINIC",
                "encounter": "E-1",
                "charge": {"id": "L1", "code": "36415", "amount": "25.5"},
            },
        )
        charge = self.env["rcm.charge"].search(
            [("encounter_id.number", "=", "E-1"), ("code", "=", "36415")]
        )
        self.assertEqual(charge.amount, 25.5)

    def test_the_transformation_is_in_the_trace(self):
        mapping = self.make_mapping()
        event = self.receive(self.theirs())
        self.assertIn("site → facility: crosswalk", event.mapping_text)
        row = self.env["rcm.audit.log"].search(
            [
                ("correlation_id", "=", event.correlation_id),
                ("event", "=", "event.received"),
            ]
        )
        self.assertIn(mapping.display_name, row.changes_json)

    def test_the_same_event_again_is_one(self):
        self.make_mapping()
        sent = self.theirs()
        first = self.receive(sent)
        self.assertEqual(self.receive(sent), first)

    def test_a_fault_is_refused_with_its_path_and_no_value(self):
        self.make_mapping()
        sent = self.theirs(visit={}, line={"no": "L1", "cpt": "1", "price": "Quill"})
        with self.assertRaises(ProblemError) as caught:
            self.receive(sent)
        problem = caught.exception.problem
        self.assertEqual(problem.code, "mapping")
        self.assertEqual(
            problem.extra["errors"],
            [
                {"path": "$.visit.id", "rule": "missing"},
                {"path": "$.line.price", "rule": "not_a_number"},
            ],
        )
        self.assertNotIn("Quill", str(problem.body("")))

    def test_what_the_mapping_makes_must_fit_the_contract(self):
        self.make_mapping()
        with self.assertRaises(ProblemError) as caught:
            self.receive(self.theirs(line={"no": "L1"}))
        self.assertEqual(caught.exception.problem.code, "schema")
        self.assertEqual(
            caught.exception.problem.extra["errors"][0]["path"], "$.charge.code"
        )

    def test_other_connectors_and_events_are_left_alone(self):
        self.make_mapping()
        other = self.make_connector(self.make_user("svc-map", "integration"), "two")
        with self.assertRaises(ProblemError):
            self.receive(self.theirs(), connector=other)
        self.assertFalse(self.receive(self.completed("E-9")).mapping_id)

    def test_an_unknown_value_becomes_a_case_and_goes_through_after_the_mend(self):
        """The crosswalk learns the value, the replay maps anew."""
        self.receive(self.completed("E-1"))
        self.process()
        self.make_mapping()
        event = self.receive(self.theirs(site="18"))
        self.process()
        self.assertNotEqual(event.state, "done")
        self.env["rcm.identifier"]._rcm_register(
            "one", "site", "18", self.facility, self.company
        )
        event._rcm_replay()
        self.assertTrue(event.remap)
        self.process()
        self.assertEqual((event.state, event.error_message), ("done", False))
        self.assertEqual(json.loads(event.canonical)["facility"], "TCLINIC")
        self.assertFalse(event.remap)
        told = self.env["rcm.audit.log"].search(
            [("correlation_id", "=", event.correlation_id)]
        )
        self.assertIn("event.mapped_again", told.mapped("event"))

    def test_a_mended_mapping_reaches_events_of_its_days(self):
        self.receive(self.completed("E-1"))
        self.process()
        wrong = self.make_mapping(activate=False)
        wrong.line_ids[1].source = "line.no"
        wrong._rcm_activate()
        event = self.receive(self.theirs())
        self.process()
        self.assertEqual(event.state, "waiting_predecessor")
        better = self.make_mapping()
        self.assertEqual(wrong.state, "retired")
        event._rcm_replay()
        self.process()
        self.assertEqual((event.state, event.mapping_id), ("done", better))

    # ------------------------------------------------------------------
    # Versions
    # ------------------------------------------------------------------
    def test_a_new_version_takes_over_on_its_day(self):
        today = fields.Date.today()
        first = self.make_mapping(valid_from=today - timedelta(days=9))
        action = first.with_user(self.administrator).action_new_version()
        second = self.env["rcm.mapping"].browse(action["res_id"])
        self.assertEqual((second.state, second.version), ("draft", 2))
        self.assertEqual(len(second.line_ids), len(first.line_ids))
        second.valid_from = today + timedelta(days=3)
        second.with_user(self.administrator).action_activate()
        self.assertEqual(first.valid_to, today + timedelta(days=2))
        in_force = self.env["rcm.mapping"]._rcm_in_force
        names = self.connector.id, self.type.id
        self.assertEqual(in_force(*names, today), first.id)
        self.assertEqual(in_force(*names, today + timedelta(days=3)), second.id)
        self.assertFalse(in_force(*names, today - timedelta(days=10)))

    def test_a_version_in_force_does_not_change(self):
        mapping = self.make_mapping()
        for change in (
            lambda: mapping.write({"keep_rest": True}),
            lambda: mapping.write({"valid_from": "2020-01-01"}),
            lambda: mapping.line_ids[0].write({"source": "x"}),
            lambda: mapping.line_ids[0].unlink(),
            lambda: mapping.write({"line_ids": [(5,)]}),
            lambda: self.env["rcm.mapping.line"].create(
                {"mapping_id": mapping.id, "target": "a", "source": "b"}
            ),
            lambda: mapping.unlink(),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()
        draft = self.make_mapping(activate=False)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            draft.line_ids[0].mapping_id = mapping

    def test_retiring_lets_events_through_as_they_are(self):
        mapping = self.make_mapping(valid_from=fields.Date.today() - timedelta(days=2))
        mapping.with_user(self.administrator).action_retire()
        with self.assertRaises(ProblemError):
            self.receive(self.theirs())

    def test_lines_that_cannot_work_are_refused_at_once(self):
        for line in (
            {"target": "a..b", "source": "x"},
            {"target": "a"},
            {"target": "a[]", "source": "x[].y[]"},
            {"target": "a", "default_value": "[", "default_kind": "json"},
            {"target": "a", "source": "x", "value_map": "no sign"},
        ):
            with self.subTest(line), self.assertRaises(ValidationError):
                self.make_mapping(activate=False, line_ids=[(0, 0, line)])
        with self.assertRaises(UserError):
            self.make_mapping(line_ids=[])

    def test_every_change_is_logged(self):
        mapping = self.make_mapping(activate=False)
        mapping.line_ids[0].source = "place"
        mapping._rcm_activate()
        logged = self.env["rcm.audit.log"].search(
            [("model", "in", ("rcm.mapping", "rcm.mapping.line"))]
        )
        self.assertLessEqual(
            {
                "rcm.mapping.created",
                "rcm.mapping.line.created",
                "rcm.mapping.line.changed",
                "rcm.mapping.state_changed",
            },
            set(logged.mapped("event")),
        )

    # ------------------------------------------------------------------
    # The panel
    # ------------------------------------------------------------------
    def panel(self, user, sent, mapping=None):
        panel = (
            self.env["rcm.event.check"]
            .with_user(user)
            .new(
                {
                    "connector_id": self.connector.id,
                    "mapping_id": mapping.id if mapping else False,
                    "text": sent if isinstance(sent, str) else json.dumps(sent),
                }
            )
        )
        panel._onchange_text()
        return panel

    def test_the_panel_shows_before_after_and_stores_nothing(self):
        draft = self.make_mapping(activate=False)
        before = self.env["rcm.event"].search_count([])
        panel = self.panel(self.support, self.theirs(), draft)
        self.assertTrue(panel.accepted, panel.result)
        self.assertIn('"facility": "TCLINIC"', panel.after)
        self.assertIn("crosswalk", panel.steps)
        self.assertIn("text-success", panel.diff)
        self.assertIn("text-danger", panel.diff)
        self.assertEqual(self.env["rcm.event"].search_count([]), before)
        plain = self.panel(self.support, self.theirs())
        self.assertFalse(plain.accepted)
        self.assertFalse(plain.after)

    def test_the_panel_compares_a_draft_with_what_is_in_force(self):
        self.make_mapping()
        draft = self.make_mapping(activate=False)
        draft.line_ids[4].source = "line.list_price"
        sent = self.theirs()
        sent["data"]["line"]["list_price"] = "99"
        diff = self.panel(self.administrator, sent, draft).diff
        self.assertIn("25.5", diff)
        self.assertIn("99", diff)
        self.assertNotIn("tram", diff)

    def test_the_panel_says_what_is_wrong(self):
        mapping = self.make_mapping()
        panel = self.panel(self.support, self.theirs(visit={}), mapping)
        self.assertFalse(panel.accepted)
        self.assertIn("$.visit.id", panel.result)
        self.assertFalse(self.panel(self.support, "{", mapping).accepted)

    def test_the_panel_runs_no_markup(self):
        mapping = self.make_mapping()
        sent = self.theirs(visit={"id": "<script>alert(1)</script>"})
        self.assertNotIn("<script>", self.panel(self.support, sent, mapping).diff)

    # ------------------------------------------------------------------
    # Who may
    # ------------------------------------------------------------------
    def test_only_administrators_change_mappings(self):
        mapping = self.make_mapping(activate=False)
        for role in ("integration_support", "auditor", "biller"):
            user = self.make_user(f"map-{role}", role)
            for step in ("action_activate", "action_new_version", "action_retire"):
                with self.subTest(role=role, step=step), self.assertRaises(AccessError):
                    getattr(mapping.with_user(user), step)()
            with self.assertRaises(AccessError):
                mapping.with_user(user).note = "x"
        with self.assertRaises(AccessError):
            mapping.with_user(self.administrator).write({"state": "active"})

    def test_another_companys_mapping_is_not_seen(self):
        mapping = self.make_mapping()
        other = self.env["res.company"].create({"name": "Other Clinic Co"})
        stranger = self.make_user("map-stranger", "administrator")
        stranger.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        found = self.env["rcm.mapping"].with_user(stranger).search([])
        self.assertNotIn(mapping, found)
