"""What stands on receivables, claim by claim, read from posted journal items."""

from odoo.tools import SQL


def effects(purposes, until=None):
    """SQL of what each posted item does to the balance of a claim or a partner.

    Items that carry a claim count for it. Items of others on the same accounts (a
    payment registered on an invoice) count for the claims they are matched with, as
    far as they are matched, and else for their partner when that is a payer or a
    guarantor. Our own items without a claim (an invoice to a client) count for
    their partner. Columns: ``line_id, company_id, claim_id, claim_name, patient_id,
    purpose, partner_id, day, amount`` (debit positive).

    :param purposes: purposes of the accounts to read
    :param until: last day that counts; None for everything posted
    """
    purposes = tuple(purposes)
    own = SQL(
        """
        SELECT l.id AS line_id, l.company_id, c.id AS claim_id, c.name AS claim_name,
               c.patient_id, l.rcm_purpose AS purpose, l.partner_id, l.date AS day,
               l.balance AS amount
          FROM account_move_line l
          JOIN rcm_claim c ON c.id = l.rcm_claim_id
         WHERE l.parent_state = 'posted' AND l.rcm_purpose IN %s %s
        """,
        purposes,
        _until(SQL("l.date"), until),
    )
    parts = [
        own,
        _matched(purposes, until, debit_is_claim=True),
        _matched(purposes, until, debit_is_claim=False),
        _unclaimed(purposes, until),
        _unmatched_part(purposes, until, debit_is_claim=True),
        _unmatched_part(purposes, until, debit_is_claim=False),
    ]
    return SQL(" UNION ALL ").join(parts)


def ledger_balances(company_ids, purposes, until):
    """SQL of the balances of the accounts themselves: ``purpose, amount``.

    Asks the accounts and nothing else, whatever posted to them and why.
    """
    return SQL(
        """
        SELECT m.purpose, SUM(l.balance)::text
          FROM account_move_line l
          JOIN res_company co ON co.id = l.company_id
          JOIN rcm_account_mapping m
            ON m.account_id = l.account_id
           AND m.company_id = split_part(co.parent_path, '/', 1)::int
         WHERE l.parent_state = 'posted' AND l.company_id IN %s AND m.purpose IN %s
               %s
         GROUP BY m.purpose
        """,
        tuple(company_ids),
        tuple(purposes),
        _until(SQL("l.date"), until),
    )


def open_items(purpose, until):
    """SQL of what each item on the accounts of ``purpose`` had open on that day.

    Matches count from the day the later of both items is dated. Columns: ``id,
    company_id, partner_id, rcm_facility_id, day, invoice_date, amount``.
    """
    return SQL(
        """
        SELECT l.id, l.company_id, l.partner_id, l.rcm_facility_id, l.date AS day,
               move.invoice_date,
               l.balance - COALESCE(settled.amount, 0) AS amount
          FROM account_move_line l
          JOIN account_move move ON move.id = l.move_id
          JOIN res_company co ON co.id = l.company_id
          JOIN rcm_account_mapping m
            ON m.account_id = l.account_id
           AND m.company_id = split_part(co.parent_path, '/', 1)::int
          LEFT JOIN LATERAL (
            SELECT SUM(CASE WHEN p.debit_move_id = l.id THEN p.amount
                            ELSE -p.amount END) AS amount
              FROM account_partial_reconcile p
             WHERE l.id IN (p.debit_move_id, p.credit_move_id)
               AND p.max_date <= %(until)s
          ) settled ON TRUE
         WHERE l.parent_state = 'posted' AND m.purpose = %(purpose)s
           AND l.date <= %(until)s
           AND l.balance <> COALESCE(settled.amount, 0)
        """,
        purpose=purpose,
        until=until,
    )


def _unclaimed(purposes, until):
    """Items of known debtors on our accounts that name no claim."""
    return SQL(
        """
        SELECT u.id, u.company_id, NULL::int, NULL, NULL::int,
               COALESCE(u.rcm_purpose, m.purpose), u.partner_id, u.date, u.balance
          FROM %s
         WHERE %s %s
        """,
        UNCLAIMED_FROM,
        _unclaimed_where(purposes),
        _until(SQL("u.date"), until),
    )


def _matched(purposes, until, debit_is_claim):
    """What such items settled of claims."""
    return SQL(
        """
        SELECT l.id, l.company_id, c.id, c.name, c.patient_id, l.rcm_purpose,
               l.partner_id, l.date, %s p.amount
          FROM account_partial_reconcile p
          JOIN account_move_line l ON l.id = %s
          JOIN account_move_line u ON u.id = %s
          JOIN rcm_claim c ON c.id = l.rcm_claim_id
         WHERE l.parent_state = 'posted' AND l.rcm_purpose IN %s
           AND u.parent_state = 'posted' AND u.rcm_claim_id IS NULL %s
        """,
        SQL("-") if debit_is_claim else SQL("+"),
        *_sides(debit_is_claim),
        purposes,
        _until(SQL("p.max_date"), until),
    )


def _unmatched_part(purposes, until, debit_is_claim):
    """The same amounts, off what the partner has not used yet."""
    return SQL(
        """
        SELECT u.id, u.company_id, NULL::int, NULL, NULL::int,
               COALESCE(u.rcm_purpose, m.purpose), u.partner_id, u.date, %s p.amount
          FROM account_partial_reconcile p
          JOIN account_move_line l ON l.id = %s
          JOIN (%s) ON u.id = %s
         WHERE l.parent_state = 'posted' AND l.rcm_purpose IN %s
           AND l.rcm_claim_id IS NOT NULL AND %s %s
        """,
        SQL("+") if debit_is_claim else SQL("-"),
        _sides(debit_is_claim)[0],
        UNCLAIMED_FROM,
        _sides(debit_is_claim)[1],
        purposes,
        _unclaimed_where(purposes),
        _until(SQL("p.max_date"), until),
    )


UNCLAIMED_FROM = SQL(
    """
    account_move_line u
      JOIN res_company co ON co.id = u.company_id
      JOIN rcm_account_mapping m
        ON m.account_id = u.account_id
       AND m.company_id = split_part(co.parent_path, '/', 1)::int
    """
)


def _unclaimed_where(purposes):
    return SQL(
        """
        u.parent_state = 'posted' AND u.rcm_claim_id IS NULL AND m.purpose IN %s
        AND (u.rcm_purpose IS NOT NULL
             OR EXISTS (SELECT 1 FROM res_partner g
                      WHERE g.id = u.partner_id AND g.rcm_is_guarantor)
             OR EXISTS (SELECT 1 FROM rcm_payer y
                          JOIN res_partner yp ON yp.id = y.partner_id
                         WHERE yp.commercial_partner_id = u.partner_id))
        """,
        purposes,
    )


def _sides(debit_is_claim):
    debit, credit = SQL("p.debit_move_id"), SQL("p.credit_move_id")
    return (debit, credit) if debit_is_claim else (credit, debit)


def _until(column, day):
    return SQL("AND %s <= %s", column, day) if day else SQL("")
