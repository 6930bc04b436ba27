from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

BILLS = ("in_invoice", "in_receipt", "in_refund")


class RcmSpending(models.AbstractModel):
    """What is committed by orders and spent by bills, in one query for a batch.

    Committed is what confirmed orders have not been billed for yet: a posted bill
    takes it over in proportion to its quantity, and a credit note then gives the
    money back (it does not revive the order). Spent is what posted bills and credit
    notes booked. Amounts are in the company's currency: an order's at its date, a
    bill's as booked. Percentages of an analytic distribution are shared out by the
    running sum (``policy.split``), each plan for itself, so that no cent is lost.

    ``orders`` and ``moves`` are looked at as if they were confirmed and posted;
    those in ``without`` as if they were not.
    """

    _name = "rcm.spending"
    _description = "Spending"

    @api.model
    def _rcm_flush(self):
        """Bring what the queries read into the database."""
        for model in (
            "purchase.order",
            "purchase.order.line",
            "account.move",
            "account.move.line",
            "rcm.budget.line",
        ):
            self.env[model].flush_model()

    @api.model
    def _rcm_rows_sql(self, orders=(), moves=(), without=None, only=None, ordered=None):
        """Rows of orders and bills with what is committed and what is spent.

        :param dict without: ``{"orders": ids, "moves": ids}`` that do not count
        :param only: condition on ``b`` (bill lines), ``ordered`` one on ``l`` (order
            lines); None is every line.
        """
        without = without or {}
        return SQL(
            """
    ordered AS (
        SELECT l.id, o.id AS document_id, o.company_id, o.partner_id,
               o.rcm_budget_date AS day, o.rcm_facility_id AS facility_id,
               l.analytic_distribution AS spread, l.rcm_fund_id AS fund_id,
               l.rcm_outsourced_id AS contract_id, c.decimal_places AS digits,
               l.product_qty::numeric * COALESCE(u.factor, 1)::numeric AS quantity,
               round((l.price_subtotal / o.currency_rate)::numeric,
                     c.decimal_places) AS amount
          FROM purchase_order_line l
          JOIN purchase_order o ON o.id = l.order_id
          JOIN res_company p ON p.id = o.company_id
          JOIN res_currency c ON c.id = p.currency_id
          LEFT JOIN uom_uom u ON u.id = l.product_uom_id
         WHERE (o.state = 'purchase' OR o.id = ANY(%(orders)s))
           AND o.id <> ALL(%(less_orders)s)
           AND l.display_type IS NULL AND o.currency_rate <> 0 AND %(ordered)s
    ),
    taken AS (
        SELECT b.purchase_line_id AS id,
               SUM(b.quantity::numeric * COALESCE(u.factor, 1)::numeric) AS quantity
          FROM account_move_line b
          JOIN account_move m ON m.id = b.move_id
          JOIN ordered l ON l.id = b.purchase_line_id
          LEFT JOIN uom_uom u ON u.id = b.product_uom_id
         WHERE m.move_type IN ('in_invoice', 'in_receipt')
           AND (m.state = 'posted' OR m.id = ANY(%(moves)s))
           AND m.id <> ALL(%(less_moves)s)
         GROUP BY b.purchase_line_id
    ),
    rows AS (
        SELECT 'committed' AS kind, l.id, l.document_id, l.company_id, l.partner_id,
               l.day, l.facility_id, l.spread, l.fund_id, l.contract_id, l.digits,
               round(l.amount * s.part, l.digits) AS amount, l.quantity * s.part
                   AS quantity
          FROM ordered l
          LEFT JOIN taken t ON t.id = l.id
          CROSS JOIN LATERAL (
              SELECT CASE WHEN l.quantity = 0 THEN 0 ELSE GREATEST(0, LEAST(1,
                  1 - COALESCE(t.quantity, 0) / l.quantity)) END AS part
          ) s
        UNION ALL
        SELECT 'spent', b.id, b.move_id, b.company_id, m.commercial_partner_id,
               m.date, m.rcm_spending_facility_id, b.analytic_distribution,
               b.rcm_fund_id, b.rcm_outsourced_id, c.decimal_places,
               b.balance::numeric,
               CASE WHEN m.move_type = 'in_refund' THEN -1 ELSE 1 END
                   * b.quantity::numeric * COALESCE(u.factor, 1)::numeric
          FROM account_move_line b
          JOIN account_move m ON m.id = b.move_id
          JOIN res_company p ON p.id = b.company_id
          JOIN res_currency c ON c.id = p.currency_id
          LEFT JOIN uom_uom u ON u.id = b.product_uom_id
         WHERE m.move_type IN %(bills)s
           AND (m.state = 'posted' OR m.id = ANY(%(moves)s))
           AND m.id <> ALL(%(less_moves)s)
           AND %(only)s
    )""",
            orders=list(orders),
            moves=list(moves),
            less_orders=list(without.get("orders", ())),
            less_moves=list(without.get("moves", ())),
            bills=BILLS,
            ordered=ordered or SQL("TRUE"),
            only=only or SQL("TRUE"),
        )

    @api.model
    def _rcm_parts_sql(self):
        """The rows shared out to analytic accounts; follows ``rows``."""
        return SQL(
            """
    shares AS (
        SELECT r.kind, r.id, s.account_id, a.root_plan_id AS plan_id,
               SUM(s.percent) AS percent
          FROM rows r
         CROSS JOIN LATERAL (
             SELECT regexp_split_to_table(e.key, ',')::int AS account_id,
                    e.value::numeric AS percent
               FROM jsonb_each_text(r.spread) e
         ) s
          JOIN account_analytic_account a ON a.id = s.account_id
         GROUP BY r.kind, r.id, s.account_id, a.root_plan_id
    ),
    reached AS (
        SELECT kind, id, account_id, percent,
               SUM(percent) OVER (
                   PARTITION BY kind, id, plan_id ORDER BY account_id
               ) AS upto
          FROM shares
    ),
    parts AS (
        SELECT r.kind, r.id, r.document_id, r.company_id, r.partner_id, r.day,
               r.facility_id, s.account_id,
               round(r.amount * s.upto / 100, r.digits)
                   - round(r.amount * (s.upto - s.percent) / 100, r.digits)
                   AS amount
          FROM rows r
          JOIN reached s ON s.kind = r.kind AND s.id = r.id
    )"""
        )

    @api.model
    def _rcm_of_budgets(self, lines, orders=(), moves=(), without=None):
        """``{budget line id: (committed, spent)}``, exact."""
        zero = (Decimal(0), Decimal(0))
        result = dict.fromkeys(lines.ids, zero)
        accounts = [str(id_) for id_ in lines.analytic_account_id.ids]
        if not accounts:
            return result
        self._rcm_flush()
        keys = r"""regexp_split_to_array(jsonb_path_query_array(
            {}.analytic_distribution, '$.keyvalue()."key"')::text, '\D+') && %s"""
        query = SQL(
            """
    WITH %(rows)s, %(parts)s
    SELECT g.id,
           COALESCE(SUM(p.amount) FILTER (WHERE p.kind = 'committed'), 0)::text,
           COALESCE(SUM(p.amount) FILTER (WHERE p.kind = 'spent'), 0)::text
      FROM rcm_budget_line g
      JOIN parts p ON p.account_id = g.analytic_account_id
       AND p.company_id = g.company_id
       AND p.day BETWEEN g.date_from AND g.date_to
       AND (g.facility_id IS NULL OR g.facility_id = p.facility_id)
     WHERE g.id = ANY(%(ids)s)
     GROUP BY g.id""",
            rows=self._rcm_rows_sql(
                orders,
                moves,
                without,
                only=SQL(keys.format("b"), accounts),
                ordered=SQL(keys.format("l"), accounts),
            ),
            parts=self._rcm_parts_sql(),
            ids=lines.ids,
        )
        # as text: Odoo reads numbers of the database as floats
        for id_, *sums in self.env.execute_query(query):
            result[id_] = tuple(map(Decimal, sums))
        return result

    @api.model
    def _rcm_of_charges(self, field, records, orders=(), moves=(), without=None):
        """``{id of the fund or contract: (committed, spent, quantity)}``.

        Quantities are in the reference unit of their kind.

        :param str field: ``rcm_fund_id`` or ``rcm_outsourced_id``
        """
        zero = (Decimal(0), Decimal(0), Decimal(0))
        result = dict.fromkeys(records.ids, zero)
        if not records.ids:
            return result
        self._rcm_flush()
        column = {"rcm_fund_id": "fund_id", "rcm_outsourced_id": "contract_id"}[field]
        query = SQL(
            """
    WITH %(rows)s
    SELECT r.%(column)s,
           COALESCE(SUM(r.amount) FILTER (WHERE r.kind = 'committed'), 0)::text,
           COALESCE(SUM(r.amount) FILTER (WHERE r.kind = 'spent'), 0)::text,
           COALESCE(SUM(r.quantity), 0)::text
      FROM rows r
     GROUP BY r.%(column)s""",
            rows=self._rcm_rows_sql(
                orders,
                moves,
                without,
                only=SQL("%s = ANY(%s)", SQL.identifier("b", field), list(records.ids)),
                ordered=SQL(
                    "%s = ANY(%s)", SQL.identifier("l", field), list(records.ids)
                ),
            ),
            column=SQL.identifier(column),
        )
        for id_, *sums in self.env.execute_query(query):
            result[id_] = tuple(map(Decimal, sums))
        return result

    @api.model
    def _rcm_lock(self, records):
        """Whoever spends from one of these next waits, then sees what was spent.

        A number is counted up, as a lock alone would not show the second one what the
        first one did: PostgreSQL sends it back to start again (and Odoo retries).
        """
        if not records:
            return
        ids = sorted(records.ids)
        table = SQL.identifier(records._table)
        self.env.cr.execute(
            SQL(
                "SELECT 1 FROM %s WHERE id = ANY(%s) ORDER BY id FOR UPDATE", table, ids
            )
        )
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET spending_number = COALESCE(spending_number, 0) + 1 "
                "WHERE id = ANY(%s)",
                table,
                ids,
            )
        )
