from odoo.exceptions import AccessError
from odoo.tests import tagged

from .billing_common import BillingCase
from .common_ground import audit_rows

SUBSCRIBER = {
    "first_name": "Quimby",
    "last_name": "Quillfeather",
    "sex": "M",
    "address": {"street": "9 Elm", "city": "Dayton", "state": "oh", "zip": "45402"},
}


@tagged("post_install", "-at_install")
class TestCoverageSubscriber(BillingCase):
    """Who holds the policy comes with the event and goes with the claim."""

    def child(self, **values):
        values = {
            "subscriber_relationship": "child",
            "subscriber_birth_date": "1950-11-30",
            "subscriber": SUBSCRIBER,
            **values,
        }
        return self.intake(coverages=[self.coverage(1, "ACME", **values)])

    def test_the_subscriber_comes_with_the_event_and_goes_with_the_claim(self):
        claim = self.child()._rcm_build_claims()
        said = claim._rcm_export_dict()["subscriber"]
        self.assertEqual(
            {name: said[name] for name in ("first_name", "last_name", "sex")},
            {"first_name": "Quimby", "last_name": "Quillfeather", "sex": "M"},
        )
        self.assertEqual(str(said["birth_date"]), "1950-11-30")
        self.assertEqual(said["address"], {**SUBSCRIBER["address"], "state": "OH"})

    def test_a_patient_who_is_the_subscriber_is_not_named_twice(self):
        claim = self.intake()._rcm_build_claims()
        said = claim._rcm_export_dict()["subscriber"]
        self.assertEqual(said["relationship"], "self")
        self.assertNotIn("last_name", said)

    def test_a_silent_source_leaves_the_subscriber_alone(self):
        coverage = self.child().coverage_ids
        self.child(subscriber=None, subscriber_birth_date=None)
        self.assertEqual(coverage.subscriber_last_name, "Quillfeather")
        self.assertEqual(str(coverage.subscriber_birth_date), "1950-11-30")

    def test_only_people_who_see_patients_see_the_subscriber(self):
        coverage = self.child().coverage_ids
        hidden = self.as_user(coverage, "approver")
        with self.assertRaises(AccessError):
            hidden.read(["subscriber_last_name"])
        self.assertNotIn("Quimby", str(audit_rows(self.env, coverage).read()))

    def test_a_dependant_without_known_subscriber_is_a_warning_only(self):
        rule = self.env.ref("healthcare_rcm_base.rcm_validation_rule_subscriber")
        claim = self.child(subscriber=None)._rcm_build_claims()
        claim._rcm_validate()
        self.assertEqual(claim.state, "validated")
        self.assertIn(rule.message, claim.warning_text)

    def test_name_and_birth_date_of_the_subscriber_are_needed(self):
        claim = self.child()._rcm_build_claims()
        check = self.env["rcm.validation.check"]._check_subscriber_missing
        self.assertFalse(check(claim))
        coverage, shown = claim.coverage_id, self.as_user(claim, "approver")
        for name in ("first_name", "last_name", "birth_date"):
            name = f"subscriber_{name}"
            kept, coverage[name] = coverage[name], False
            self.assertIn(claim.id, check(shown), name)
            coverage[name] = kept
        coverage.write({"subscriber_relationship": "self", "subscriber_sex": False})
        coverage.subscriber_last_name = False
        self.assertFalse(check(claim))
