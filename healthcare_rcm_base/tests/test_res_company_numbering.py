from odoo.tests import TransactionCase, tagged

from ..models.res_company_numbering import NUMBERED
from . import builders
from .migration import migration_step

STEP = "healthcare_rcm_base/migrations/19.0.1.2.0/post-company_sequences.py"
CLAIM_STEP = "healthcare_rcm_base/migrations/19.0.1.5.0/post-claim_numbers.py"


def figures(text):
    """The counting part of a number."""
    return int("".join(char for char in text if char.isdigit())[-5:])


@tagged("post_install", "-at_install")
class TestNumbersPerCompany(TransactionCase):
    """No company's numbers tell what another one does."""

    def setUp(self):
        """For each test its own: numbers that are drawn stay drawn."""
        super().setUp()
        one = builders.company(self.env, "One")
        self.companies = [one, builders.company(self.env, "Two")]

    def draw(self, code, company):
        Sequence = self.env["ir.sequence"].with_company(company)
        return figures(Sequence.next_by_code(code))

    def test_each_company_counts_from_one(self):
        one, two = self.companies
        for code in NUMBERED:
            with self.subTest(code=code):
                self.assertEqual([self.draw(code, one) for _n in range(3)], [1, 2, 3])
                self.assertEqual(self.draw(code, two), 1)
                self.assertEqual(self.draw(code, one), 4)

    def test_patients_cases_and_batches_of_two_companies_in_turn(self):
        numbers = {company: [] for company in self.companies}
        cases = {company: [] for company in self.companies}
        for _turn in range(2):
            for company in self.companies:
                facility = builders.facility(self.env, company)
                patient = self.env["rcm.patient.account"].create(
                    {"facility_id": facility.id, "company_id": company.id}
                )
                numbers[company].append(figures(patient.name))
                claim = builders.claim(self.env, company=company, facility=facility)
                case = claim._rcm_raise_case("claim_invalid", "For the test")
                cases[company].append(figures(case.name))
        for found in (numbers, cases):
            self.assertEqual(list(found.values()), [[1, 2], [1, 2]])

    def test_entries_of_two_companies_in_turn(self):
        names = {company: [] for company in self.companies}
        for _turn in range(2):
            for company in self.companies:
                env = self.env(
                    context={
                        **self.env.context,
                        "allowed_company_ids": company.ids,
                    }
                )
                claim = builders.invoiced_claim(env)
                names[company].append(claim.invoice_id.name)
        one, two = names.values()
        self.assertEqual([figures(name) for name in one], [1, 2])
        self.assertEqual([figures(name) for name in two], [1, 2])

    def test_upgrade_goes_on_after_the_shared_numbers(self):
        company = self.companies[0]
        self.env["rcm.patient.account"].create({"company_id": company.id})
        Sequence = self.env["ir.sequence"]
        own = [("company_id", "=", company.id), ("code", "=", NUMBERED[1])]
        Sequence.search(own).unlink()
        shared = Sequence.search(
            [("code", "=", NUMBERED[1]), ("company_id", "=", False)]
        )
        shared.number_next_actual = 41
        step = migration_step(STEP)
        for _again in range(2):
            step.migrate(self.env.cr, "19.0.1.1.0")
        self.assertEqual(len(Sequence.search(own)), 1)
        self.assertEqual(self.draw(NUMBERED[1], company), 41)

    def test_control_numbers_are_counted_from_the_start(self):
        """Nothing is drawn by the transaction that makes the sequence: a crash of
        PostgreSQL with little in its log would give the same numbers again."""
        Sequence = self.env["ir.sequence"]
        for company in self.companies:
            own = [("company_id", "=", company.id), ("code", "=", "rcm.claim")]
            self.assertEqual(Sequence.search(own).implementation, "standard")

    def test_upgrade_gives_control_numbers_to_who_has_none(self):
        Sequence = self.env["ir.sequence"]
        one, two = self.companies
        self.env["rcm.claim"]._rcm_next_numbers(two, 3)
        own = [("company_id", "=", one.id), ("code", "=", "rcm.claim")]
        others = [("company_id", "=", two.id), ("code", "=", "rcm.claim")]
        counted = Sequence.search(others).number_next_actual
        Sequence.search(own).unlink()
        for _again in range(2):
            migration_step(CLAIM_STEP).migrate(self.env.cr, "19.0.1.4.0")
        self.assertEqual(len(Sequence.search(own)), 1)
        self.assertEqual(Sequence.search(others).number_next_actual, counted)
