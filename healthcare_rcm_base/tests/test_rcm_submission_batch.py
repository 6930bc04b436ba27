import base64
import json

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..core import claim_export
from . import builders
from .common_ground import audit_rows
from .submission_common import SubmissionCase


@tagged("post_install", "-at_install")
class TestSubmissionBatch(SubmissionCase):
    """Claims leave the house in numbered batches."""

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
