from unittest.mock import patch

from odoo.tests import tagged

from ..core.errors import RcmRetryable
from .master_common import MasterCase


@tagged("post_install", "-at_install")
class TestIdentifier(MasterCase):
    """The crosswalk names each value once."""

    def register(self, value, record, **keys):
        return self.env["rcm.identifier"]._rcm_register(
            keys.get("system", "ehr"), keys.get("kind", "mrn"), value, record
        )

    def test_registered_value_is_found(self):
        self.assertEqual(self.register("V1", self.main), self.main)
        lookup = self.env["rcm.identifier"]._rcm_lookup
        self.assertEqual(lookup("ehr", "mrn", "V1"), self.main)
        for keys in (
            ("lis", "mrn", "V1"),
            ("ehr", "account", "V1"),
            ("ehr", "mrn", "V2"),
        ):
            self.assertIsNone(lookup(*keys))

    def test_first_registration_wins(self):
        self.register("V1", self.main)
        self.assertEqual(self.register("V1", self.main), self.main)
        self.assertEqual(self.register("V1", self.north), self.main)
        rows = self.env["rcm.identifier"].search([("value", "=", "V1")])
        self.assertEqual(len(rows), 1)

    def test_value_being_registered_elsewhere_is_tried_again(self):
        """Under snapshot isolation the other transaction's row is not seen yet."""
        self.register("V1", self.main)
        Identifier = type(self.env["rcm.identifier"])
        with patch.object(Identifier, "_rcm_lookup", return_value=None):
            with self.assertRaises(RcmRetryable):
                self.register("V1", self.north)

    def test_companies_have_their_own_values(self):
        other = self.env["res.company"].create({"name": "Other Clinic"})
        self.register("V1", self.main)
        found = self.env["rcm.identifier"]._rcm_lookup("ehr", "mrn", "V1", other)
        self.assertIsNone(found)

    def test_payer_is_found_by_any_of_its_identifiers(self):
        self.payer.payer_identifier = "T-1512345678"
        self.register("T-60054", self.payer, system="payer", kind="payer_id")
        find = self.env["rcm.payer"]._rcm_find_by_identifier
        for value in ("T-1512345678", "T-60054"):
            self.assertEqual(find(value, self.company), self.payer)
        for value in ("T-0", "", None):
            self.assertFalse(find(value, self.company))
        self.assertEqual(self.payer.payer_identifier_ids.value, "T-60054")

    def test_identifiers_of_patients_are_identity(self):
        patient = self.make_patient()
        self.register("T-M1", patient)
        self.register("V1", self.main)
        domain = [("value", "in", ["T-M1", "V1"])]
        for role, expected in (("biller", {"T-M1", "V1"}), ("auditor", {"V1"})):
            found = self.env["rcm.identifier"].with_user(self.role(role)).search(domain)
            self.assertEqual(set(found.mapped("value")), expected)
