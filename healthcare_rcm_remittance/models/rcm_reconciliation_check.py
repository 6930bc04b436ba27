"""The invariants of the books, each as SQL: what breaks it, and how much it asks.

Those of claims and patients are here, those of payments beside this file.

Rows of ``breaks``: model, id, name, what differs, expected, actual. Everything is of
one company; drafts and cancelled entries do not count. The statements read posted
journal items and parts of documents, and stored totals only where those are checked.
"""

from collections.abc import Callable
from dataclasses import dataclass

from odoo.tools import SQL

from .rcm_reconciliation_payments import (
    POSTED,
    clearing_is_open_items,
    entries_tie_to_payments,
    overpayments_are_records,
)

# What a posting may add to a claim, by the name of the kind it is stored with.
REPLAYED = {
    "paid": "paid_amount",
    "contractual": "contractual_amount",
    "sequestration": "sequestration_amount",
    "withhold": "withhold_amount",
    "incentive": "incentive_amount",
    "moved_next": "moved_next_amount",
    "patient": "patient_amount",
}


@dataclass(frozen=True)
class Check:
    """An invariant: its code, the SQL of its breaks, the SQL of its population."""

    code: str
    breaks: Callable
    population: Callable


def _claims(company):
    return SQL(
        """SELECT COUNT(DISTINCT name) FROM rcm_claim
            WHERE company_id = %s AND invoice_state IN ('posted', 'credited')""",
        company.id,
    )


def _remittances(company):
    return SQL(
        "SELECT COUNT(*) FROM rcm_remittance WHERE company_id = %s AND state IN %s",
        company.id,
        POSTED,
    )


def _ledger(company, purposes):
    """Balance of each claim on accounts of these purposes, all versions together."""
    return SQL(
        """
        SELECT claim.name, SUM(line.balance) AS balance
          FROM account_move_line line
          JOIN rcm_claim claim ON claim.id = line.rcm_claim_id
         WHERE line.company_id = %s AND line.parent_state = 'posted'
           AND line.rcm_purpose IN %s
         GROUP BY claim.name
        """,
        company.id,
        tuple(purposes),
    )


def receivable_is_open_balance(company):
    """I1: the payers' receivable of a claim is its open balance and what moved on."""
    return SQL(
        """
        WITH ledger AS (%s), asked AS (
            SELECT name, MAX(id) AS id, SUM(open_balance) + SUM(moved_next_amount)
                   AS amount
              FROM rcm_claim
             WHERE company_id = %s AND payer_id IS NOT NULL
             GROUP BY name
            HAVING bool_or(invoice_state = 'posted')
                   AND NOT bool_or(state = 'void' OR frequency_code = '8')
        )
        SELECT 'rcm.claim', asked.id, asked.name, 'receivable_payer',
               asked.amount, COALESCE(ledger.balance, 0)
          FROM asked LEFT JOIN ledger USING (name)
         WHERE ROUND(asked.amount, 2) <> ROUND(COALESCE(ledger.balance, 0), 2)
         ORDER BY asked.id
        """,
        _ledger(company, ["receivable_payer"]),
        company.id,
    )


def charge_is_accounted_for(company):
    """I2a: charge = everything posted + open, for the version that stands."""
    return SQL(
        """
        SELECT 'rcm.claim', claim.id, claim.name, 'charge', claim.total_charge,
               claim.carried_amount + claim.paid_amount + claim.contractual_amount
               + claim.sequestration_amount + claim.withhold_amount
               + claim.writeoff_amount - claim.incentive_amount
               + claim.moved_next_amount + claim.patient_amount + claim.open_balance
          FROM rcm_claim claim
          LEFT JOIN rcm_claim before ON before.id = claim.replaces_id
         WHERE claim.company_id = %s AND claim.frequency_code <> '8'
           AND claim.state NOT IN ('superseded', 'void')
           AND claim.invoice_state IN ('posted', 'credited')
           AND (before.id IS NULL OR before.state IN ('superseded', 'void'))
           AND ROUND(claim.total_charge, 2) <> ROUND(
               claim.carried_amount + claim.paid_amount + claim.contractual_amount
               + claim.sequestration_amount + claim.withhold_amount
               + claim.writeoff_amount - claim.incentive_amount
               + claim.moved_next_amount + claim.patient_amount
               + claim.open_balance, 2)
         ORDER BY claim.id
        """,
        company.id,
    )


def patient_share_is_posted(company):
    """I2b: what payers left to the patient stands in the patient's accounts.

    The items of remittances (and our own on the payer's receivable) that made a share
    the patient's add up to the share of the claim.
    """
    return SQL(
        """
        WITH ledger AS (
            SELECT claim.name, SUM(line.balance) AS balance
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
              JOIN rcm_claim claim ON claim.id = line.rcm_claim_id
             WHERE line.company_id = %s AND line.parent_state = 'posted'
               AND line.rcm_purpose = 'patient_unbilled'
               AND move.rcm_kind IN ('remittance')
             GROUP BY claim.name
        ), posted AS (
            SELECT claim.name, MAX(claim.id) AS id,
                   SUM((part.value ->> 2)::numeric) AS amount
              FROM rcm_remittance_claim answer
              JOIN rcm_claim claim ON claim.id = answer.claim_id
              CROSS JOIN LATERAL jsonb_array_elements(answer.posted_kinds) part
             WHERE answer.company_id = %s AND answer.state IN ('posted', 'reversed')
               AND jsonb_typeof(answer.posted_kinds) = 'array'
               AND part.value ->> 1 = 'patient'
             GROUP BY claim.name
        )
        SELECT 'rcm.claim', posted.id, posted.name, 'patient_unbilled',
               posted.amount, COALESCE(ledger.balance, 0)
          FROM posted LEFT JOIN ledger USING (name)
         WHERE ROUND(posted.amount, 2) <> ROUND(COALESCE(ledger.balance, 0), 2)
         ORDER BY posted.id
        """,
        company.id,
        company.id,
    )


def closed_claims_have_no_reserve(company):
    """I6: nothing of the contractual reserve stands on a closed claim; on an open one
    what remittances took off it is what they posted as contractual."""
    return SQL(
        """
        WITH reserve AS (%s), taken AS (
            SELECT claim.name, SUM(line.balance) AS balance
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
              JOIN rcm_claim claim ON claim.id = line.rcm_claim_id
             WHERE line.company_id = %s AND line.parent_state = 'posted'
               AND line.rcm_purpose = 'reserve' AND move.rcm_kind = 'remittance'
             GROUP BY claim.name
        ), posted AS (
            SELECT claim.name, MAX(claim.id) AS id,
                   SUM((part.value ->> 2)::numeric) AS amount
              FROM rcm_remittance_claim answer
              JOIN rcm_claim claim ON claim.id = answer.claim_id
              CROSS JOIN LATERAL jsonb_array_elements(answer.posted_kinds) part
             WHERE answer.company_id = %s AND answer.state IN ('posted', 'reversed')
               AND jsonb_typeof(answer.posted_kinds) = 'array'
               AND part.value ->> 1 IN ('contractual', 'sequestration')
             GROUP BY claim.name
        )
        SELECT 'rcm.claim', claim.id, claim.name, 'reserve', 0::numeric,
               reserve.balance
          FROM rcm_claim claim JOIN reserve USING (name)
         WHERE claim.company_id = %s AND claim.state = 'closed'
           AND ROUND(reserve.balance, 2) <> 0
         UNION ALL
        SELECT 'rcm.claim', posted.id, posted.name, 'reserve_taken', posted.amount,
               COALESCE(taken.balance, 0)
          FROM posted LEFT JOIN taken USING (name)
         WHERE ROUND(posted.amount, 2) <> ROUND(COALESCE(taken.balance, 0), 2)
         ORDER BY 2
        """,
        _ledger(company, ["reserve"]),
        company.id,
        company.id,
        company.id,
    )


def guarantors_owe_nothing_negative(company):
    """I7: what a guarantor paid too much is a patient credit, not a negative debt."""
    return SQL(
        """
        SELECT 'res.partner', partner.id, partner.rcm_account_number,
               'receivable_patient', 0::numeric, SUM(line.balance)
          FROM account_move_line line
          JOIN res_partner partner ON partner.id = line.partner_id
         WHERE line.company_id = %s AND line.parent_state = 'posted'
           AND line.rcm_purpose = 'receivable_patient'
         GROUP BY partner.id
        HAVING ROUND(SUM(line.balance), 2) < 0
         ORDER BY partner.id
        """,
        company.id,
    )


def _guarantors(company):
    return SQL(
        """SELECT COUNT(DISTINCT partner_id) FROM account_move_line
            WHERE company_id = %s AND parent_state = 'posted'
              AND rcm_purpose = 'receivable_patient'""",
        company.id,
    )


def claims_replay_their_postings(company):
    """I8: each amount of a claim is the sum of what postings added to it.

    Claims with entries of our own on the receivable are replayed by those as well, so
    only claims without them are asked here.
    """
    replays = SQL(" UNION ALL ").join(
        SQL(
            """
            SELECT claim.id, claim.name, %s AS what, claim.%s AS actual,
                   COALESCE((SELECT SUM((part.value ->> 2)::numeric)
                      FROM rcm_remittance_claim answer
                      CROSS JOIN LATERAL jsonb_array_elements(answer.posted_kinds) part
                     WHERE answer.claim_id = claim.id
                       AND answer.state IN ('posted', 'reversed')
                       AND jsonb_typeof(answer.posted_kinds) = 'array'
                       AND part.value ->> 1 = %s), 0) AS expected
              FROM asked claim
            """,
            kind,
            SQL.identifier(field),
            kind,
        )
        for kind, field in REPLAYED.items()
    )
    return SQL(
        """
        WITH asked AS (
            SELECT claim.* FROM rcm_claim claim
             WHERE claim.company_id = %s AND claim.payer_id IS NOT NULL
               AND claim.invoice_state IN ('posted', 'credited')
               AND NOT EXISTS (
                   SELECT 1 FROM account_move move
                    WHERE move.rcm_claim_id = claim.id
                      AND move.rcm_kind IN ('local_entry', 'opening')
                      AND move.state = 'posted')
        )
        SELECT 'rcm.claim', id, name, what, expected, actual FROM (%s) replay
         WHERE ROUND(expected, 2) <> ROUND(COALESCE(actual, 0), 2)
         ORDER BY id
        """,
        company.id,
        replays,
    )


def _payers(company):
    return SQL("SELECT COUNT(*) FROM rcm_payer WHERE company_id = %s", company.id)


def _one(company):
    return SQL("SELECT 1")


CHECKS = (
    Check("I1", receivable_is_open_balance, _claims),
    Check("I2a", charge_is_accounted_for, _claims),
    Check("I2b", patient_share_is_posted, _claims),
    Check("I3", clearing_is_open_items, _one),
    Check("I4", entries_tie_to_payments, _remittances),
    Check("I5", overpayments_are_records, _payers),
    Check("I6", closed_claims_have_no_reserve, _claims),
    Check("I7", guarantors_owe_nothing_negative, _guarantors),
    Check("I8", claims_replay_their_postings, _claims),
)
