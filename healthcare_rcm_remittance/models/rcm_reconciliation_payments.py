"""The invariants of payments: clearing, the entry of each ST, what payers left with us.

As ``rcm_reconciliation_check``, which asks them: rows of model, id, name, what differs,
expected, actual.
"""

from odoo.tools import SQL

POSTED = ("posted", "posted_with_parked", "reconciled")


def clearing_is_open_items(company):
    """I3: the clearing account is its open items: ERA without EFT, EFT without ERA."""
    account = company._rcm_account("clearing")
    return SQL(
        """
        SELECT 'res.company', %s, %s, 'clearing', open.amount, open.balance
          FROM (SELECT COALESCE(SUM(amount_residual), 0) AS amount,
                       COALESCE(SUM(balance), 0) AS balance
                  FROM account_move_line
                 WHERE account_id = %s AND parent_state = 'posted'
                   AND company_id = %s) open
         WHERE ROUND(open.amount, 2) <> ROUND(open.balance, 2)
         UNION ALL
        SELECT 'res.company', %s, %s, 'clearing_of_remittances', said.amount,
               booked.amount
          FROM (SELECT COALESCE(SUM(amount), 0) AS amount FROM rcm_remittance
                 WHERE company_id = %s AND state IN %s AND move_id IS NOT NULL) said,
               (SELECT COALESCE(SUM(line.balance), 0) AS amount
                  FROM account_move_line line
                  JOIN account_move move ON move.id = line.move_id
                 WHERE line.rcm_purpose = 'clearing' AND move.rcm_kind = 'remittance'
                   AND line.parent_state = 'posted' AND line.company_id = %s) booked
         WHERE ROUND(said.amount, 2) <> ROUND(booked.amount, 2)
        """,
        company.id,
        company.name,
        account.id,
        company.id,
        company.id,
        company.name,
        company.id,
        POSTED,
        company.id,
    )


def entries_tie_to_payments(company):
    """I4: of each ST, clearing = BPR02, items without a claim = PLB, and each claim's
    receivable with this payer is what its outcome took off.

    What was taken over from before the books began here has no items of its own."""
    return SQL(
        """
        WITH sums AS (
            SELECT remittance.id, remittance.name, remittance.amount,
                   remittance.provider_total, remittance.claim_total,
                   SUM(line.balance) FILTER (WHERE line.rcm_purpose = 'clearing')
                       AS clearing,
                   SUM(line.balance) FILTER (
                       WHERE line.rcm_remittance_claim_id IS NULL
                         AND line.rcm_purpose <> 'clearing') AS provider,
                   SUM(line.balance) FILTER (
                       WHERE line.rcm_remittance_claim_id IS NOT NULL) AS claims
              FROM rcm_remittance remittance
              JOIN account_move_line line ON line.move_id = remittance.move_id
             WHERE remittance.company_id = %s AND remittance.state IN %s
             GROUP BY remittance.id
        ), told AS (
            SELECT id, name, 'clearing' AS what, amount AS expected,
                   COALESCE(clearing, 0) AS actual FROM sums
             UNION ALL
            SELECT id, name, 'provider_adjustments', provider_total,
                   COALESCE(provider, 0) FROM sums
             UNION ALL
            SELECT id, name, 'claims', -claim_total, COALESCE(claims, 0) FROM sums
        )
        SELECT 'rcm.remittance', id, name, what, expected, actual FROM told
         WHERE ROUND(expected, 2) <> ROUND(actual, 2)
         UNION ALL
        SELECT 'rcm.remittance', remittance.id, remittance.name,
               'receivable_payer ' || COALESCE(answer.control_number, ''),
               -answer.posted_receivable, COALESCE(SUM(line.balance), 0)
          FROM rcm_remittance_claim answer
          JOIN rcm_remittance remittance ON remittance.id = answer.remittance_id
          JOIN rcm_payer payer ON payer.id = remittance.payer_id
          JOIN res_partner partner ON partner.id = payer.partner_id
          LEFT JOIN account_move_line line
                 ON line.rcm_remittance_claim_id = answer.id
                AND line.move_id = answer.move_id AND line.parent_state = 'posted'
                AND line.rcm_purpose = 'receivable_payer'
                AND line.partner_id = partner.commercial_partner_id
         WHERE answer.company_id = %s AND answer.state IN ('posted', 'reversed')
           AND remittance.state IN %s AND answer.posted_receivable IS NOT NULL
           AND remittance.history IS NOT TRUE
         GROUP BY remittance.id, answer.id
        HAVING ROUND(-answer.posted_receivable, 2)
               <> ROUND(COALESCE(SUM(line.balance), 0), 2)
         ORDER BY 2
        """,
        company.id,
        POSTED,
        company.id,
        POSTED,
    )


def overpayments_are_records(company):
    """I5: what we owe each payer on the overpayment account is its open records.

    Remittances put it there, refunds of ours and recoveries take it off. What our own
    entries put there (a voided claim, a demand) stands on the claim.
    """
    return SQL(
        """
        WITH ledger AS (
            SELECT line.partner_id, -SUM(line.balance) AS amount
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
             WHERE line.company_id = %s AND line.parent_state = 'posted'
               AND line.rcm_purpose = 'payer_overpayment'
               AND (move.rcm_kind = 'remittance'
                    OR move.rcm_local_kind = 'refund' AND line.rcm_claim_id IS NULL)
             GROUP BY line.partner_id
        ), records AS (
            SELECT partner.commercial_partner_id AS partner_id,
                   SUM(record.amount - record.used_amount) AS amount
              FROM rcm_payer_overpayment record
              JOIN rcm_payer payer ON payer.id = record.payer_id
              JOIN res_partner partner ON partner.id = payer.partner_id
             WHERE record.company_id = %s AND record.state = 'open'
             GROUP BY partner.commercial_partner_id
        )
        SELECT 'rcm.payer', payer.id, payer.name, 'payer_overpayment',
               COALESCE(records.amount, 0), COALESCE(ledger.amount, 0)
          FROM rcm_payer payer
          JOIN res_partner partner ON partner.id = payer.partner_id
          LEFT JOIN ledger ON ledger.partner_id = partner.commercial_partner_id
          LEFT JOIN records ON records.partner_id = partner.commercial_partner_id
         WHERE payer.company_id = %s
           AND ROUND(COALESCE(records.amount, 0), 2)
               <> ROUND(COALESCE(ledger.amount, 0), 2)
         ORDER BY payer.id
        """,
        company.id,
        company.id,
        company.id,
    )
