from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .billing_common import BillingCase

SECRET = "Mrs Sample says the card was lost"


@tagged("post_install", "-at_install")
class TestClaimNote(BillingCase):
    """Notes: what payers say, kept as said, for those who may know the patient."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.claim = cls.intake(number="N1")._rcm_build_claims()
        cls.other = cls.intake(number="N2")._rcm_build_claims()
        cls.today = fields.Date.context_today(cls.claim)

    def write_note(self, user=None, **vals):
        Note = self.env["rcm.claim.note"]
        if user:
            Note = Note.with_user(user).with_company(self.company)
        return Note.create(
            {
                "claim_id": self.claim.id,
                "text": SECRET,
                "payer_reference": "CALL-77",
                "representative": "Robin",
                **vals,
            }
        )

    def test_biller_writes_a_note_from_the_claim_form(self):
        user = self.make_user("biller")
        claim = self.claim.with_user(user)
        action = claim.action_add_note()
        Note = self.env["rcm.claim.note"].with_user(user)
        with Form(Note.with_context(**action["context"])) as form:
            form.text = SECRET
            form.payer_reference = "CALL-1"
            form.follow_up_date = self.today
        note = form.record
        self.assertEqual(note.claim_id, claim)
        self.assertEqual(note.user_id, user)
        self.assertEqual((claim.note_count, claim.next_follow_up_date), (1, self.today))

    def test_what_was_said_stays_and_is_corrected_beside_it(self):
        user = self.make_user("biller")
        note = self.write_note(user, follow_up_date=self.today)
        for vals in (
            {"text": "something else"},
            {"payer_reference": "X"},
            {"category": "appeal"},
            {"claim_id": self.other.id},
            {"done_by_id": self.env.uid},
            {"correction_of_id": note.id},
        ):
            with self.subTest(vals=list(vals)), self.assertRaises(UserError):
                note.write(vals)
            with self.assertRaises(UserError):
                note.sudo().write(vals)
        with self.assertRaises(UserError):
            note.sudo().with_context(_force_unlink=True, force_delete=True).unlink()
        later = self.write_note(user, text="Right", correction_of_id=note.id)
        self.assertTrue(note.is_corrected)
        self.assertTrue(note.done, "its follow-up went to the correction")
        self.assertEqual(note.text, SECRET)
        self.assertEqual(note.correction_ids, later)

    def test_correction_of_another_claims_note_is_refused(self):
        note = self.write_note()
        with self.assertRaises(ValidationError):
            self.write_note(claim_id=self.other.id, correction_of_id=note.id)

    def test_follow_up_is_done_once_and_says_by_whom(self):
        user = self.make_user("collector")
        note = self.write_note(user, follow_up_date=self.today)
        note.action_done()
        done_at = note.done_at
        self.assertEqual(note.done_by_id, user)
        note.with_user(self.make_user("biller")).action_done()
        self.assertEqual((note.done_by_id, note.done_at), (user, done_at))
        note.write({"done": False})
        self.assertFalse(note.done_by_id)

    def test_new_note_is_never_done_already(self):
        note = self.env["rcm.claim.note"].with_context(default_done=True)
        note = note.create({"claim_id": self.claim.id, "text": "x", "done": True})
        self.assertFalse(note.done)

    def test_activity_names_the_claim_and_no_patient(self):
        user = self.make_user("biller")
        note = self.write_note(follow_up_date=self.today, user_id=user.id)
        activity = note.activity_ids
        self.assertEqual(activity.user_id, user)
        self.assertEqual(activity.date_deadline, self.today)
        self.assertIn(self.claim.name, activity.summary)
        words = f"{activity.summary} {activity.note} {activity.res_name}"
        for secret in ("Sample", "Robin", "CALL-77"):
            self.assertNotIn(secret, words)
        self.assertFalse(note.message_ids.filtered(lambda item: "Sample" in item.body))
        note.write({"follow_up_date": self.today + timedelta(days=3)})
        self.assertEqual(len(note.activity_ids), 1)
        note.activity_ids.with_user(user).action_done()
        self.assertTrue(note.done)
        self.assertEqual(note.done_by_id, user)

    def test_worklist_filters(self):
        mine = self.make_user("biller")
        day = timedelta(days=1)
        late = self.write_note(mine, follow_up_date=self.today - day)
        now = self.write_note(mine, follow_up_date=self.today)
        soon = self.write_note(follow_up_date=self.today + day)
        done = self.write_note(mine, follow_up_date=self.today - day)
        done.action_done()
        Note = self.env["rcm.claim.note"].with_user(mine)
        found = Note.search([("is_overdue", "=", True), ("user_id", "=", mine.id)])
        self.assertEqual(found, late)
        self.assertNotIn(late, Note.search([("is_overdue", "=", False)]))
        own = Note.search([("user_id", "=", mine.id), ("done", "=", False)])
        self.assertEqual(own, late | now)
        self.assertNotIn(soon, own)
        self.assertTrue(late.is_overdue and not now.is_overdue and not done.is_overdue)

    def test_without_patient_data_there_are_no_notes(self):
        """List, form, search, export and RPC read: nothing of them is there."""
        note = self.write_note(follow_up_date=self.today)
        for role in ("approver", "finance_manager", "auditor"):
            user = self.make_user(role)
            # exporting is allowed to them; notes still are not
            user.group_ids += self.env.ref("base.group_allow_export")
            theirs = note.with_user(user).with_company(self.company)
            claim = self.claim.with_user(user).with_company(self.company)
            with self.subTest(role=role):
                for call in (
                    lambda one=theirs: one.read(["category"]),
                    lambda one=theirs: one.search([]),
                    lambda one=theirs: one.search([("text", "ilike", "card")]),
                    lambda one=theirs: one.export_data(["claim_id", "text"]),
                    lambda one=theirs: one.get_view(view_type="form"),
                    lambda one=theirs: one._read_group([], ["category"], ["__count"]),
                    lambda one=theirs: one.action_done(),
                    lambda one=claim: one.read(["note_ids"]),
                    lambda one=claim: one.read(["note_count"]),
                    lambda one=claim: one.search([("note_ids.text", "ilike", "card")]),
                    lambda one=claim: one.export_data(["note_ids/text"]),
                    lambda one=claim: one.action_add_note(),
                ):
                    with self.assertRaises(AccessError):
                        call()
                form = claim.get_view(view_type="form")["arch"]
                self.assertFalse("note_ids" in form or "action_add_note" in form)
                self.assertNotIn("note_ids", claim.fields_get())
                Form(claim)

    def test_reading_is_not_writing(self):
        note = self.write_note(follow_up_date=self.today)
        reader = self.make_user("auditor", "patient_data")
        self.assertEqual(note.with_user(reader).read(["text"])[0]["text"], SECRET)
        with self.assertRaises(AccessError):
            self.write_note(reader)
        with self.assertRaises(AccessError):
            note.with_user(reader).action_done()

    def test_other_companies_and_facilities_see_no_notes(self):
        note = self.write_note()
        other = self.make_company("Other clinic")
        stranger = self.make_user("biller", company=other)
        theirs = note.with_user(stranger).with_context(allowed_company_ids=other.ids)
        self.assertFalse(theirs.search([("id", "=", note.id)]))
        with self.assertRaises(AccessError):
            theirs.read(["text"])
        local = self.make_user("coder")
        local.rcm_facility_ids = self.env["rcm.facility"].create(
            {"name": "North", "code": "NORTH", "company_id": self.company.id}
        )
        with self.assertRaises(AccessError):
            note.with_user(local).read(["text"])

    def test_log_tells_that_a_note_was_written_and_not_what(self):
        note = self.write_note(follow_up_date=self.today)
        note.action_done()
        log = self.as_user(self.env["rcm.audit.log"], "biller")
        story = str(log.get_timeline(self.claim.correlation_id))
        self.assertIn("Claim Note: created", story)
        for secret in (SECRET, "Robin", "CALL-77"):
            self.assertNotIn(secret, story)
