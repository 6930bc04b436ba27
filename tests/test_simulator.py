"""The simulator is repeatable, and two independent reckonings of it agree."""

import importlib
import sys
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from .simulator import stories, truth
from .simulator.clinic import make_encounters
from .simulator.events import completed_event
from .simulator.knobs import STORIES, Knobs
from .simulator.stories import make_period
from .simulator_files import submitted_claims, write_sent

TODAY = date(2026, 11, 20)


def load_check_ledger():
    """The stand-alone script of ``setup``, as a module."""
    folder = str(Path(__file__).resolve().parents[1] / "setup")
    with patch.object(sys, "path", [folder, *sys.path]):
        return importlib.import_module("check_ledger")


@tagged("post_install", "-at_install")
class TestSimulator(BaseCase):
    def _sent(self, knobs):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name)
        encounters = make_period(knobs, TODAY)
        claims, files = write_sent(path, knobs, encounters, TODAY)
        return path, encounters, claims, files

    def test_same_seed_same_bytes_other_seed_other_bytes(self):
        def contents(seed):
            *_rest, files = self._sent(Knobs(seed=seed))
            return [file.content for file in files]

        self.assertEqual(contents(3), contents(3))
        self.assertNotEqual(contents(3), contents(4))

    def test_events_carry_charges_that_add_up(self):
        for encounter in make_encounters(Knobs(), TODAY):
            data = completed_event(encounter, 19)["data"]
            total = sum(Decimal(item["amount"]) for item in data["charges"])
            self.assertEqual(total, encounter.total)
            self.assertEqual(data["encounter"]["self_pay"], not data["coverages"])

    def test_ground_truth_equals_the_independent_check(self):
        check = load_check_ledger()
        for seed in range(1, 9):
            with self.subTest(seed=seed):
                knobs = Knobs(seed=seed, encounters=60, reversals=2)
                path, encounters, claims, files = self._sent(knobs)
                invoiced = {number: pair[0] for number, pair in claims.items()}
                invoiced |= {
                    f"SELF-{item.number}": item
                    for item in encounters
                    if item.self_pay and not item.client
                }
                want = truth.expected_ledger(invoiced, files, encounters).purposes
                have, counts = check.expected(path)
                grouped = check.Books()
                for purpose, amount in want.items():
                    grouped.add_purpose(purpose, amount)
                self.assertEqual(check.differences(grouped, self._accounts(have)), [])
                self.assertEqual(counts["claims"], len(claims))
                payments = sum(len(file.payments) for file in files)
                self.assertEqual(counts["remittances"], payments)
                self.assertEqual(sum(want.values()), 0)

    @staticmethod
    def _accounts(books):
        books.open.clear()
        return books

    def test_check_refuses_unbalanced_test_and_repeated_payments(self):
        check = load_check_ledger()
        path, _encounters, _claims, files = self._sent(Knobs(seed=2))
        fates = {file.fate for file in files}
        self.assertEqual(fates, {"posted", "duplicate", "refused"})
        broken = next(file for file in files if file.fate == "refused")
        (segments,) = check.transactions(broken.content)
        self.assertFalse(check.balances(check.read_transaction(segments)))
        good = next(file for file in files if file.fate == "posted")
        test_file = bytearray(good.content)
        test_file[102:103] = b"T"
        self.assertEqual(list(check.transactions(bytes(test_file))), [])
        (segments,) = check.transactions(good.content)
        self.assertTrue(check.balances(check.read_transaction(segments)))

    def test_check_names_the_difference_of_one_cent(self):
        check = load_check_ledger()
        path, *_rest = self._sent(Knobs(seed=5))
        want, _counts = check.expected(path)
        have, _counts = check.expected(path)
        self.assertEqual(check.differences(want, have), [])
        have.add("receivable_payer", Decimal("0.01"), "E0500001")
        rows = {what for what, _want, _have in check.differences(want, have)}
        self.assertEqual(rows, {"account receivable_payer", "encounter E0500001"})

    def test_every_story_is_told_as_often_as_asked(self):
        many = Knobs(encounters=0, large_claims=0, stories=dict.fromkeys(STORIES, 3))
        told = [item.kind for item in make_period(many, TODAY)]
        for kind in STORIES:
            self.assertEqual(told.count(kind), 3, kind)
        numbers = {item.number for item in make_period(many, TODAY)}
        self.assertEqual(len(numbers), len(told))

    def test_changes_ask_for_another_amount_and_name_what_they_replace(self):
        for encounter in make_period(Knobs(), TODAY):
            kinds = stories.CHANGED + stories.CHANGED_AFTER_PAYMENT
            if encounter.kind not in kinds + stories.CHANGED_SELF_PAY:
                continue
            with self.subTest(kind=encounter.kind):
                self.assertNotEqual(encounter.due, encounter.total)
                known = {item.external_id for item in encounter.charges}
                new = {item.charge.external_id for item in encounter.changes}
                self.assertFalse(known & new)
                replaced = {item.replaces for item in encounter.changes} - {None}
                self.assertLessEqual(replaced, known)

    def test_tax_is_asked_of_guarantors_by_the_line_and_of_no_payer(self):
        told = {item.kind: item for item in make_period(Knobs(), TODAY)}
        self.assertEqual(told["taxed"].tax, Decimal("9.64"))
        self.assertEqual(told["taxed_corrected"].tax, Decimal("28.93"))
        self.assertEqual(told["taxed_insured"].tax, 0)
        self.assertEqual(told["package"].tax, 0)
        path, *_rest = self._sent(Knobs(seed=9))
        check = load_check_ledger()
        books, _counts = check.expected(path)
        self.assertEqual(books.accounts["tax"], Decimal("-38.57"))

    def test_who_is_who_follows_from_what_was_sent(self):
        check = load_check_ledger()
        path, encounters, *_rest = self._sent(Knobs(seed=4))
        same, likely = check.expected_people(check.read_events(path))
        for kind, pairs in (("twin_sure", same), ("twin_likely", likely)):
            [twin] = [item for item in encounters if item.kind == kind]
            first = twin.twin_of.number
            self.assertEqual(pairs, {tuple(sorted((first, twin.number)))})
        rows = check.people_differences((same, likely), (set(), likely))
        self.assertEqual(len(rows), 1)
        self.assertEqual(check.people_differences((same, likely), (same, likely)), [])

    def test_claims_only_of_clean_insured_encounters(self):
        encounters = make_encounters(Knobs(seed=6), TODAY)
        for encounter, claim in submitted_claims(encounters).values():
            self.assertEqual(encounter.kind, "clean")
            self.assertEqual(claim.charge, encounter.total)
