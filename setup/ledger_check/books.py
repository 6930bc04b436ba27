"""Balances as they should be, and as the database has them."""

from collections import defaultdict
from decimal import Decimal

ZERO = Decimal(0)
# Purposes compared as one figure: how they split depends on contracts that are not
# part of what was sent (reserve), or on when patients are invoiced.
GROUPS = {
    "reserve": "allowance",
    "contractual": "allowance",
    "sequestration": "allowance",
    "concession": "allowance",
    "concession_reserve": "allowance",
    "patient_unbilled": "patient",
    "receivable_patient": "patient",
    "receivable_payer": "receivable_payer",
}


class Books:
    """Expected balances: by account group, and open balance by encounter."""

    def __init__(self):
        self.accounts = defaultdict(Decimal)
        self.open = defaultdict(Decimal)

    def add_purpose(self, purpose, amount, encounter=None):
        """Add an amount of an account with this purpose to its group."""
        self.add(GROUPS.get(purpose, purpose), amount, encounter)

    def add(self, group, amount, encounter=None):
        """Add a debit (positive) or credit (negative)."""
        self.accounts[group] += amount
        if encounter and group in ("receivable_payer", "patient"):
            self.open[encounter] += amount


def actual(cursor):
    """Posted balances by account group, and open balance by encounter."""
    cursor.execute(
        """
        SELECT COALESCE(mapping.purpose,
                        CASE WHEN line.tax_line_id IS NOT NULL THEN 'tax'
                             ELSE 'account ' || line.account_id END) AS purpose,
               encounter.number, SUM(line.balance)
          FROM account_move_line line
          JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
          LEFT JOIN rcm_account_mapping mapping
               ON mapping.account_id = line.account_id
               AND mapping.company_id = move.company_id
          LEFT JOIN rcm_encounter encounter ON encounter.id = line.rcm_encounter_id
         WHERE move.rcm_kind IS NOT NULL
           AND move.company_id IN (SELECT company_id FROM rcm_event)
           AND line.account_id IS NOT NULL
         GROUP BY 1, encounter.number
        """
    )
    books = Books()
    for purpose, encounter, balance in cursor.fetchall():
        books.add_purpose(purpose, Decimal(str(balance)), encounter)
    return books


def differences(want, have):
    """Every figure that differs, as (what, expected, actual)."""
    rows = []
    for name, left, right in (
        ("account", want.accounts, have.accounts),
        ("encounter", want.open, have.open),
    ):
        for key in sorted(set(left) | set(right)):
            if left[key] != right[key]:
                rows.append((f"{name} {key}", left[key], right[key]))
    return rows


def alter_one_cent(cursor):
    """Alter one cent of one posted item behind the application's back."""
    # the table's owner can always do this; that is what this check is for
    cursor.execute("ALTER TABLE account_move_line DISABLE TRIGGER USER")
    cursor.execute(
        """
        UPDATE account_move_line SET balance = balance + 0.01
         WHERE id = (SELECT line.id FROM account_move_line line
                       JOIN account_move move ON move.id = line.move_id
                       JOIN rcm_account_mapping mapping
                         ON mapping.account_id = line.account_id
                        AND mapping.purpose = 'receivable_payer'
                      WHERE move.state = 'posted' AND move.rcm_kind IS NOT NULL
                        AND move.company_id IN (SELECT company_id FROM rcm_event)
                      ORDER BY line.id LIMIT 1)
        """
    )
    if cursor.rowcount != 1:
        raise SystemExit("nothing to corrupt: no posted payer receivable found")
    cursor.execute("ALTER TABLE account_move_line ENABLE TRIGGER USER")
