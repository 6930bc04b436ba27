import base64
import json
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..core import claim_export, states
from ..core.errors import PredecessorMissing
from . import builders
from .common_ground import audit_rows, role_user
from .ledger_common import LedgerCase
from .walk_common import WalkMixin, profile, surely

STEPS = (
    "_rcm_export",
    "_rcm_cancel",
    "submit",
    "accept",
    "reject",
    "action_back_to_draft",
)


@tagged("post_install", "-at_install")
class TestSubmissionBatch(WalkMixin, LedgerCase):
    """Claims leave the house in numbered batches."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Batch = cls.env["rcm.submission.batch"]
        cls.payer = builders.payer(cls.env)
        builders.contract(cls.env, cls.payer)
        cls.pair = cls.ready(2)

    @classmethod
    def ready(cls, count=1, **values):
        encounters = cls.env["rcm.encounter"]
        for _place in range(count):
            encounters |= builders.encounter(cls.env, ["1000"], [cls.payer], **values)
        claims = builders.claims_of(encounters)
        claims._rcm_create_invoices()
        return claims

    def gathered(self, claims):
        batches, refused = self.Batch._rcm_gather(claims)
        self.assertFalse(refused)
        return batches

    def sent(self, claims):
        batch = self.gathered(claims)
        batch._rcm_export()
        batch._rcm_mark_submitted(fields.Datetime.now())
        return batch

    def user(self, role, company=None):
        company = company or self.company
        user = role_user(self.env, role, login=f"batch_{role}_{company.id}")
        user.write({"company_ids": [(6, 0, company.ids)], "company_id": company.id})
        return user

    # -- gathering --------------------------------------------------------------------

    def test_claims_are_gathered_by_route_and_type(self):
        claims = self.ready(2)
        own = builders.invoiced_claim(self.env, charge="50", expected="20")
        own.payer_id.submission_route = "direct"
        attending = self.env["rcm.provider"].create(
            {"last_name": "Birch", "first_name": "Ben", "npi": "1679576722"}
        )
        stay = self.ready(
            claim_form="institutional", type_of_bill="0131", attending_id=attending.id
        )
        batches = self.gathered(claims | own | stay)
        self.assertEqual(
            sorted(
                (b.route, b.payer_id.id, b.claim_form, b.claim_count) for b in batches
            ),
            sorted(
                [
                    ("clearinghouse", False, "professional", 2),
                    ("clearinghouse", False, "institutional", 1),
                    ("direct", own.payer_id.id, "professional", 1),
                ]
            ),
        )
        self.assertEqual(len(set(batches.mapped("name"))), 3)
        batch = claims[0].open_batch_id
        self.assertEqual(batch.total_charge, 2000)
        found = self.env["rcm.claim"].search(
            [("id", "in", (claims | own).ids), ("open_batch_id", "=", batch.id)]
        )
        self.assertEqual(found, claims)

    def test_what_cannot_go_is_named_with_its_reason(self):
        claim = self.ready()
        draft = builders.encounter(self.env, ["10"], [self.payer])
        for state in ("completed", "coded", "ready"):
            draft._rcm_set_state(state)
        draft = draft._rcm_build_claims()
        self.gathered(claim)
        batches, refused = self.Batch._rcm_gather(claim | draft)
        self.assertFalse(batches)
        self.assertIn(claim.open_batch_id.name, refused[claim])
        self.assertIn("not ready", refused[draft])

    @mute_logger("odoo.sql_db")
    def test_the_database_keeps_a_claim_in_one_open_batch(self):
        claim = self.ready()
        self.gathered(claim)
        other = self.Batch._rcm_draft_for(
            self.company, "clearinghouse", self.env["rcm.payer"], "professional"
        )
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            other._rcm_add(claim)

    def test_claims_in_a_batch_are_frozen_until_removed(self):
        claim = self.ready()
        batch = self.gathered(claim)
        for step in ("_rcm_hold", "_rcm_back_to_draft", "_rcm_void"):
            with self.subTest(step=step), self.assertRaises(UserError) as bad:
                getattr(claim, step)()
            self.assertIn(batch.name, str(bad.exception))
        batch.line_ids._rcm_remove()
        self.assertFalse(claim.open_batch_id)
        self.assertEqual((batch.claim_count, batch.total_charge), (0, 0))
        claim._rcm_hold()
        self.assertEqual(claim.state, "on_hold")

    def test_cancelled_batch_frees_its_claims(self):
        claim = self.ready()
        batch = self.gathered(claim)
        batch._rcm_export()
        batch._rcm_cancel()
        self.assertEqual((batch.state, batch.line_ids.state), ("cancelled", "removed"))
        again = self.gathered(claim)
        self.assertNotEqual(again, batch)

    # -- files ------------------------------------------------------------------------

    def test_export_says_everything_and_the_same_again(self):
        claim = self.ready()
        claim.patient_id.write({"first_name": "=Ada", "birth_date": "1980-01-02"})
        batch = self.gathered(claim)
        batch._rcm_export()
        content = base64.b64decode(batch.json_file)
        self.assertEqual(batch.file_hash, claim_export.file_hash(content))
        [said] = [json.loads(line) for line in content.splitlines()]
        self.assertEqual(said["control_number"], claim.name)
        self.assertEqual(said["frequency"], "1")
        self.assertEqual(said["total_charge"], "1000.00")
        self.assertEqual(said["patient"]["birth_date"], "1980-01-02")
        self.assertEqual(said["billing_provider"]["npi"], builders.NPI)
        self.assertEqual(said["providers"]["rendering"]["npi"], builders.NPI)
        self.assertEqual(said["payer"]["code"], self.payer.code)
        self.assertEqual(said["diagnoses"], ["E119", "I10"])
        [line] = said["lines"]
        self.assertEqual(
            (line["control_number"], line["charge"], line["units"], line["unit"]),
            (claim.line_ids.line_control_number, "1000.00", "1", "UN"),
        )
        flat = base64.b64decode(batch.csv_file).decode("utf-8-sig").splitlines()
        files = self.env["ir.attachment"].search(
            [("res_model", "=", batch._name), ("res_field", "!=", False)]
        )
        self.assertEqual(len(files), 2)
        self.assertFalse(any(files.mapped("index_content")), "words of patients")
        self.assertEqual(len(flat), 2)
        self.assertIn("'=Ada", flat[1])
        first = batch.file_hash
        batch._rcm_export()
        self.assertEqual(batch.file_hash, first)
        rows = audit_rows(self.env, batch, "rcm.submission.exported")
        self.assertEqual(len(rows), 2)

    def test_replacement_by_line_names_the_payers_number_and_changed_lines(self):
        claim = self.ready()
        claim._rcm_mark_submitted(fields.Datetime.now())
        claim._rcm_apply_status("accepted", payer_claim_number="PCN1")
        self.payer.correction_mode = "line"
        encounter = claim.encounter_id
        encounter._rcm_set_state("reopened")
        late = encounter.charge_ids[:1].copy(
            {"encounter_id": encounter.id, "external_ref": "L1"}
        )
        late.write({"amount": 200, "modifiers": "76"})
        version = claim._rcm_correct("Late charge")
        said = version._rcm_export_dict()
        self.assertEqual((said["frequency"], said["version"]), ("7", 2))
        self.assertEqual(said["payer_number_replaced"], "PCN1")
        self.assertEqual([line["charge"] for line in said["lines"]], ["200.00"])
        version._rcm_write({"correction_mode": "replacement"})
        self.assertEqual(len(version._rcm_export_dict()["lines"]), 2)

    # -- sending ----------------------------------------------------------------------

    def test_batch_submits_what_it_can_and_names_the_rest(self):
        claims = self.ready(3)
        batch = self.gathered(claims)
        batch._rcm_export()
        claims[0]._rcm_set_state("draft")  # by another way than the frozen ones
        batch._rcm_mark_submitted(fields.Datetime.now())
        self.assertEqual(batch.state, "submitted")
        lines = {line.claim_id: line for line in batch.line_ids}
        self.assertEqual(lines[claims[0]].state, "failed")
        self.assertIn("Draft", lines[claims[0]].note)
        self.assertEqual(set(claims[1:].mapped("state")), {"submitted"})
        self.assertEqual(claims[1].submission_reference, batch.name)
        self.assertFalse(any(batch.line_ids.mapped("is_open")))

    def test_nothing_sent_nothing_changed(self):
        claim = self.ready()
        batch = self.gathered(claim)
        claim._rcm_set_state("draft")
        with self.assertRaises(UserError), self.env.cr.savepoint():
            batch._rcm_mark_submitted(fields.Datetime.now())
        self.assertEqual(batch.state, "draft")

    def test_claims_marked_by_hand_are_reported_one_by_one(self):
        claims = self.ready(2)
        claims[0]._rcm_hold()
        biller = self.user("biller")
        answer = claims.with_user(biller).action_mark_submitted()
        self.assertIn(claims[0].name, answer["params"]["message"])
        self.assertEqual(claims.mapped("state"), ["on_hold", "submitted"])
        with self.assertRaises(UserError):
            claims[0].with_user(biller).action_mark_submitted()

    # -- acknowledgement --------------------------------------------------------------

    def receive(self, status, **values):
        return self.Batch._rcm_receive_acknowledgement(self.company, status, **values)

    def test_acknowledged_batch_with_a_rejected_claim(self):
        claims = self.ready(3)
        batch = self.sent(claims)
        self.receive(
            "rejected", claims=[(claims[0].name, "rejected", ["A7:33", "Ada"])]
        )
        self.assertEqual(batch.state, "partly_acknowledged")
        self.assertEqual(claims[0].state, "rejected")
        line = batch.line_ids.filtered(lambda item: item.claim_id == claims[0])
        self.assertEqual(line.reason_codes, "A7:33")
        self.assertEqual(claims[0].rcm_case_ids.type_code, "claim_rejected")
        self.receive("accepted", number=batch.name)
        self.assertEqual(batch.state, "acknowledged")
        self.assertEqual(
            sorted(batch.line_ids.mapped("state")), ["accepted", "accepted", "rejected"]
        )
        before = audit_rows(self.env, batch)
        self.receive("accepted", number=batch.name)
        self.assertEqual(audit_rows(self.env, batch), before)

    def test_answer_to_what_was_never_sent_waits(self):
        claim = self.ready()
        batch = self.gathered(claim)
        for values in (
            {"number": batch.name},
            {"number": "SB999999"},
            {"claims": [("RNONE", "accepted", ())]},
        ):
            with self.subTest(values=values), self.assertRaises(PredecessorMissing):
                self.receive("accepted", **values)

    def test_batch_numbers_of_another_company_are_not_found(self):
        batch = self.sent(self.ready())
        with self.assertRaises(PredecessorMissing):
            self.Batch._rcm_receive_acknowledgement(
                self.env.ref("base.main_company"), "accepted", number=batch.name
            )
        self.assertEqual(batch.state, "submitted")

    def test_nobody_answered_in_time(self):
        batch = self.sent(self.ready())
        self.Batch._cron_watch_acknowledgements()
        self.assertFalse(batch.rcm_case_ids)
        batch._rcm_write(
            {"acknowledgement_due": fields.Datetime.now() - timedelta(hours=1)}
        )
        self.Batch._cron_watch_acknowledgements()
        self.Batch._cron_watch_acknowledgements()
        batch.invalidate_recordset(["rcm_case_ids"])
        case = batch.rcm_case_ids
        self.assertEqual(case.type_code, "acknowledgement_overdue")
        self.assertEqual(len(case), 1)
        batch._rcm_acknowledge("accepted")
        self.assertEqual(case.state, "resolved")

    def test_platform_takes_over_and_its_answer_is_tracked(self):
        self.payer.submission_route = "platform"
        good, bad = claims = self.ready(2)
        batch = self.sent(claims)
        self.assertEqual(set(claims.mapped("state")), {"pending_interface"})
        self.receive("accepted", claims=[(good.name, "accepted", ())])
        self.receive("rejected", claims=[(bad.name, "rejected", ["E1"])])
        self.assertEqual((good.state, bad.state), ("pending_interface", "cleared"))
        self.assertEqual(bad.rcm_case_ids.type_code, "claim_rejected")
        self.assertEqual(batch.state, "acknowledged")
        good._rcm_mark_submitted(fields.Datetime.now())
        self.assertEqual(good.state, "submitted")
        self.gathered(bad)

    def test_platform_that_refuses_the_next_payers_claim_leaves_it_due_there(self):
        following = builders.payer(
            self.env, submission_route="platform", timely_filing_secondary_days=60
        )
        claim = builders.claims_of(
            builders.encounter(self.env, ["1000"], [self.payer, following])
        )
        claim._rcm_create_invoices()
        claim._rcm_mark_submitted(fields.Datetime.now())
        claim._rcm_mark_adjudicated()
        claim._rcm_open_next_leg()
        batch = self.sent(claim)
        self.assertEqual((batch.route, batch.line_ids.turn), ("platform", 2))
        self.assertEqual(claim.state, "pending_interface")
        self.assertEqual(claim.filing_kind, "secondary", "the clock goes on")
        self.receive("rejected", claims=[(claim.name, "rejected", ["E1"])])
        self.assertEqual((claim.state, claim.goes_to_id), ("adjudicated", following))
        self.assertTrue(claim.is_submittable)
        again = self.sent(claim)
        self.receive("accepted", claims=[(claim.name, "accepted", ())])
        self.assertEqual(again.state, "acknowledged")
        claim._rcm_mark_submitted(fields.Datetime.now(), payer=following)
        self.assertEqual(claim.state, "submitted")
        self.assertEqual(claim.leg_ids.mapped("state"), ["adjudicated", "submitted"])

    # -- people -----------------------------------------------------------------------

    def test_only_billers_gather_export_and_send(self):
        claim = self.ready()
        batch = self.gathered(claim)
        for role in ("coder", "denial_analyst", "auditor", "finance_manager"):
            user = self.user(role)
            for record, method in (
                (claim, "action_add_to_batch"),
                (batch, "action_export"),
                (batch, "action_mark_submitted"),
                (batch, "action_cancel"),
                (batch, "action_acknowledge"),
                (batch.line_ids, "action_remove"),
            ):
                with self.subTest(role=role, method=method):
                    with self.assertRaises(AccessError):
                        getattr(record.with_user(user), method)()
        biller = self.user("biller")
        batch.with_user(biller).action_export()
        self.assertEqual(batch.exported_by_id, biller)
        with self.assertRaises(AccessError):
            batch.with_user(biller).write({"state": "acknowledged"})
        with self.assertRaises(AccessError):
            self.user("integration_support") and batch.with_user(
                self.user("integration_support")
            ).read(["json_file"])

    def test_other_companies_and_facilities_do_not_see_a_batch(self):
        batch = self.gathered(self.ready())
        stranger = self.user("biller", self.env.ref("base.main_company"))
        with self.assertRaises(AccessError):
            batch.with_user(stranger).with_context(
                allowed_company_ids=stranger.company_ids.ids
            ).read(["name"])
        limited = self.user("biller")
        limited.rcm_facility_ids = builders.facility(self.env)
        with self.assertRaises(AccessError):
            batch.with_user(limited).read(["name"])

    # -- the state machine ------------------------------------------------------------

    def test_whatever_is_tried_the_batch_stays_sound(self):
        self.walk()
        self.assert_reached(
            "draft",
            "exported",
            "submitted",
            "partly_acknowledged",
            "acknowledged",
            "cancelled",
            "refused",
        )

    @profile(20)
    @surely("begun", range(4), steps=["accept"])
    @surely("begun", (1,), steps=["_rcm_cancel"])
    @given(st.integers(0, 3), st.lists(st.sampled_from(STEPS), max_size=6))
    def walk(self, begun, steps):
        with self.env.cr.savepoint() as savepoint:
            claims = self.pair
            batch = self.gathered(claims)
            for step in (*("_rcm_export", "submit", "reject")[:begun], *steps):
                before = batch.state
                if not self.attempt(self.run_step, batch, step):
                    self.assertEqual(batch.state, before)
                    self.reach("refused")
                self.reach(batch.state)
                moved = before == batch.state or states.can_move(
                    "submission_batch", before, batch.state
                )
                # submitted and answered at once goes through the state between
                self.assertTrue(moved, (before, step, batch.state))
                self.assert_sound(batch, claims)
            savepoint.rollback()
        self.env.invalidate_all()

    def run_step(self, batch, step):
        if step == "submit":
            batch._rcm_mark_submitted(fields.Datetime.now())
        elif step == "accept":
            batch._rcm_acknowledge("accepted")
        elif step == "reject":
            name = batch.line_ids[0].claim_id.name
            self.receive("rejected", claims=[(name, "rejected", ())])
        else:
            getattr(batch, step)()

    def assert_sound(self, batch, claims):
        open_ = batch.state in ("draft", "exported")
        self.assertEqual(set(batch.line_ids.mapped("is_open")), {open_})
        if open_ or batch.state == "cancelled":
            self.assertEqual(set(claims.mapped("state")), {"cleared"})
        else:
            self.assertNotIn("cleared", claims.mapped("state"))
        if batch.state == "acknowledged":
            self.assertNotIn("submitted", batch.line_ids.mapped("state"))
        if batch.state == "exported":
            self.assertTrue(batch.file_hash)
