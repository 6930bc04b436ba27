"""Running the reference ledgers: do a step, compare the trial balance by purpose."""

import json
from decimal import Decimal
from typing import NamedTuple

from odoo import Command
from odoo.tests import TransactionCase
from odoo.tools import SQL, file_open

from . import builders
from .neighbour import Neighbour

VECTORS = "healthcare_rcm_base/tests/data/ledger_vectors.json"


class Step(NamedTuple):
    """One event of a scenario and the entry it must make, without zeros."""

    event: str
    amounts: dict


class Scenario(NamedTuple):
    """A worked case of the reference: its steps and its closing balances."""

    id: str
    title: str
    steps: tuple
    closing: dict


def load_vectors():
    """``{id: Scenario}`` of the reference ledgers, amounts as decimals."""
    with file_open(VECTORS) as file:
        data = json.load(file)
    return {
        row["id"]: Scenario(
            row["id"],
            row["title"],
            tuple(
                Step(step["event"], _amounts(step["entry"])) for step in row["steps"]
            ),
            _amounts(row["closing"]),
        )
        for row in data["scenarios"]
    }


def _amounts(mapping):
    exact = {key: Decimal(value) for key, value in mapping.items()}
    return {key: value for key, value in exact.items() if value}


class LedgerCase(Neighbour, TransactionCase):
    """A company with books of its own, and a trial balance by purpose.

    ``payer2`` is the payer whose receivable the reference calls
    ``receivable_payer2``; a test sets it when there is one.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.neighbour = cls.make_invoiced_neighbour()
        cls.company = builders.company(cls.env, "Ledger Clinic")
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.company.ids}
        )
        cls.company = cls.company.with_env(cls.env)
        cls.payer2 = None

    def trial_balance(self):
        """``{purpose: Decimal}`` of all posted items of the company, without zeros."""
        self.env.flush_all()
        names = {
            mapping.account_id.id: mapping.purpose
            for mapping in self.company.sudo().rcm_account_mapping_ids
        }
        rows = self.env.execute_query(
            SQL(
                """
                SELECT account_id, partner_id, SUM(balance)::text
                  FROM account_move_line
                 WHERE company_id = %s AND parent_state = 'posted'
                 GROUP BY account_id, partner_id
                """,
                self.company.id,
            )
        )
        balance = {}
        second = self.payer2.partner_id.id if self.payer2 else None
        bank = self.bank_account().id
        for account_id, partner_id, amount in rows:
            purpose = "bank" if account_id == bank else names.get(account_id)
            if purpose is None:
                purpose = f"account {account_id}"
            if purpose == "receivable_payer" and second and partner_id == second:
                purpose = "receivable_payer2"
            balance[purpose] = balance.get(purpose, Decimal(0)) + Decimal(amount)
        return {key: amount for key, amount in balance.items() if amount}

    def check_scenario(self, key, actions):
        """Run scenario ``key``: one action a step, in order.

        Each action is called without arguments and must change the trial balance by
        exactly the step's entry; at the end it equals the closing balances.
        """
        scenario = load_vectors()[key]
        self.assertEqual(len(actions), len(scenario.steps), "one action for each step")
        start = before = self.trial_balance()
        for step, action in zip(scenario.steps, actions, strict=True):
            action()
            after = self.trial_balance()
            self.assertEqual(
                difference(after, before), step.amounts, f"{key}: {step.event}"
            )
            before = after
        self.assertEqual(difference(before, start), scenario.closing, f"{key}: closing")

    def bank_account(self):
        """The account of the company's bank journal."""
        return (
            self.env["account.journal"]
            .search(
                [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
            )
            .default_account_id
        )

    def post_other(self, amounts, claim=None):
        """Post an entry that another part makes (bank, gateway), by purpose.

        It goes into the general journal, as an accountant's own entry would.
        """
        claims = claim or self.env["rcm.claim"]
        lines = []
        for purpose, amount in amounts.items():
            account = (
                self.bank_account()
                if purpose == "bank"
                else self.company._rcm_account(purpose)
            )
            partner = claims._rcm_partner_for(purpose) if claims else None
            lines.append(
                Command.create(
                    {
                        "account_id": account.id,
                        "partner_id": partner.id if partner else False,
                        "balance": float(amount),
                    }
                )
            )
        journal = self.env["account.journal"].search(
            [
                ("type", "=", "general"),
                ("company_id", "=", self.company.id),
                ("id", "not in", self.company._rcm_journals().ids),
            ],
            limit=1,
        )
        move = self.env["account.move"].create(
            {"move_type": "entry", "journal_id": journal.id, "line_ids": lines}
        )
        move._post()
        return move

    def post_remittance(self, claim, amounts, payer=None):
        """Post what a remittance does to one claim, by purpose, and match it.

        A stand-in for the remittance module: the same door, journal and marks.
        """
        accounts = self.company._rcm_accounts()
        lines = [
            Command.create(
                claim._rcm_line_vals(
                    builders.entry_line(purpose, amount),
                    accounts,
                    claim._rcm_partner_for(purpose, payer),
                )
            )
            for purpose, amount in amounts.items()
        ]
        move = self.env["account.move"]._rcm_post_entries(
            [
                {
                    "move_type": "entry",
                    "journal_id": self.company._rcm_journal("remittance").id,
                    "company_id": self.company.id,
                    "rcm_kind": "remittance",
                    "line_ids": lines,
                }
            ]
        )
        claim._rcm_match_open_items(move)
        return move


def difference(after, before):
    """``after`` minus ``before``, without zeros."""
    keys = set(after) | set(before)
    changed = {
        key: after.get(key, Decimal(0)) - before.get(key, Decimal(0)) for key in keys
    }
    return {key: amount for key, amount in changed.items() if amount}
