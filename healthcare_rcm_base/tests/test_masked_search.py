"""Nobody learns by searching what may not be read: every masked field, every path."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .billing_common import BillingCase

HIDDEN = ("group_patient_data", "group_clinical")
# Roles that read documents and know no patient.
BLIND = ("approver", "finance_manager", "auditor", "integration_support")


@tagged("post_install", "-at_install")
class TestMaskedSearch(BillingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.encounter = cls.intake(number="MS1")
        cls.claim = cls.encounter._rcm_build_claims()
        cls.patient = cls.encounter.patient_id
        cls.patient.write({"last_name": "Oraclename", "mrn": "MRN-ORACLE"})

    def masked(self):
        """(model, field) of every stored field that patients' groups keep."""
        for name, cls in sorted(self.registry.items()):
            if not name.startswith("rcm.") or cls._abstract or cls._transient:
                continue
            for field in cls._fields.values():
                groups = field.groups or ""
                if field.store and any(group in groups for group in HIDDEN):
                    yield name, field.name

    def reader(self, role):
        """A person of ``role`` who may export what is not masked."""
        user = self.make_user(role)
        user.group_ids += self.env.ref("base.group_allow_export")
        return user

    def assertRefused(self, look):
        """Refused, or no question that can be asked (a file is not sorted by)."""
        try:
            found = look()
        except (AccessError, UserError, ValueError):
            return
        self.fail(f"answered: {found}")

    def test_no_masked_field_is_searched_sorted_or_grouped(self):
        fields = list(self.masked())
        self.assertGreater(len(fields), 30)
        for role in BLIND:
            user = self.reader(role)
            for model, name in fields:
                records = self.env[model].with_user(user).with_company(self.company)
                if not records.has_access("read"):
                    continue
                for way, look in self.ways(records, name).items():
                    with self.subTest(role=role, model=model, field=name, way=way):
                        self.assertRefused(look)

    @staticmethod
    def ways(records, name):
        some = records.search([], limit=5)
        ways = {
            "search": lambda: records.search([(name, "!=", False)]),
            "order": lambda: records.search([], order=name),
            "group": lambda: records.formatted_read_group([], [name], ["__count"]),
            "read": lambda: records.search_read([], [name]),
        }
        if some:
            ways["export"] = lambda: some.export_data([name])
        return ways

    def test_no_path_leads_round_it(self):
        paths = {
            "rcm.encounter": "patient_id.last_name",
            "rcm.claim": "encounter_id.patient_id.mrn",
            "rcm.charge": "encounter_id.diagnosis_codes",
            "rcm.coverage": "patient_id.last_name",
        }
        for role in BLIND:
            user = self.reader(role)
            for model, path in paths.items():
                records = self.env[model].with_user(user).with_company(self.company)
                for value in ("Oracle%", "%"):
                    with (
                        self.subTest(role=role, model=model, value=value),
                        self.assertRaises(AccessError),
                    ):
                        records.search([(path, "=ilike", value)])
                with self.subTest(role=role, model=model, way="export"):
                    with self.assertRaises(AccessError):
                        records.search([]).export_data([path.replace(".", "/")])

    def test_names_find_nothing_and_show_nothing(self):
        for role in BLIND:
            seen = self.as_user(self.patient, role)
            with self.subTest(role=role):
                self.assertFalse(seen.search([("patient_name", "ilike", "Oracle")]))
                self.assertFalse(seen.name_search("Oraclename"))
                self.assertFalse(seen.name_search("MRN-ORACLE"))
                self.assertEqual(seen.patient_name, "Hidden")
                self.assertNotIn("Oracle", str(seen.read()))
        known = self.as_user(self.patient, "collector")
        self.assertEqual(known.search([("patient_name", "ilike", "Oracle")]), known)
