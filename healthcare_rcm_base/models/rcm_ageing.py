from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.receivables import effects, ledger_balances, open_items
from .rcm_payer import PLAN_TYPES

# Of claims, and of invoices that no claim stands behind.
OF_CLAIMS = ("receivable_payer", "receivable_patient", "patient_unbilled")
OF_CLIENTS = "receivable_client"
RECEIVABLES = (*OF_CLAIMS, OF_CLIENTS)
RESPONSIBILITIES = [
    ("insurance", "Insurance"),
    ("patient", "Patient"),
    ("patient_unbilled", "Patient, not billed yet"),
    ("client", "Ordering client"),
]
BASES = [
    ("service", "Date of service"),
    ("invoice", "Invoice date"),
    ("submission", "Submission date"),
]
BUCKETS = [
    ("a", "0–30"),
    ("b", "31–60"),
    ("c", "61–90"),
    ("d", "91–120"),
    ("e", "Over 120"),
]


class RcmAgeing(models.Model):
    """Receivables as of a day, by claim (or client's invoice) and debtor, by age.

    Read from posted journal items up to that day, so that the figures of a past day
    can be had again and tie to the ledger. The context says which day
    (``rcm_as_of``, default today) and from when age counts (``rcm_basis``). It shows
    control numbers and payers, nothing about patients.
    """

    _name = "rcm.ageing"
    _description = "Receivables by Age"
    _auto = False
    _rec_name = "claim_id"
    _order = "days desc, id"
    _depends = {
        "rcm.client": ["name", "partner_id"],
        "account.move.line": [
            "balance",
            "date",
            "parent_state",
            "partner_id",
            "rcm_claim_id",
            "rcm_purpose",
        ],
        "rcm.claim": ["service_date", "submitted_date", "payer_id", "invoice_id"],
    }

    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    facility_id = fields.Many2one("rcm.facility", readonly=True)
    claim_id = fields.Many2one("rcm.claim", string="Claim", readonly=True)
    claim_state = fields.Selection(related="claim_id.state", string="Claim Status")
    payer_id = fields.Many2one("rcm.payer", readonly=True)
    plan_type = fields.Selection(PLAN_TYPES, readonly=True)
    client_id = fields.Many2one("rcm.client", string="Ordering Client", readonly=True)
    debtor = fields.Char(
        readonly=True,
        help="The payer, the ordering client, or patients (their guarantors) together.",
    )
    responsibility = fields.Selection(RESPONSIBILITIES, readonly=True)
    aged_from = fields.Date(readonly=True, help="The day the age is counted from.")
    days = fields.Integer(string="Age (days)", readonly=True, aggregator="max")
    bucket = fields.Selection(BUCKETS, string="Age", readonly=True)
    amount = fields.Monetary(string="Open", readonly=True)
    amount_a = fields.Monetary(string="0–30", readonly=True)
    amount_b = fields.Monetary(string="31–60", readonly=True)
    amount_c = fields.Monetary(string="61–90", readonly=True)
    amount_d = fields.Monetary(string="91–120", readonly=True)
    amount_e = fields.Monetary(string="Over 120", readonly=True)

    # ------------------------------------------------------------------
    # The query
    # ------------------------------------------------------------------
    @property
    def _table_query(self):
        as_of = self._rcm_as_of()
        return SQL(
            """
            SELECT aged.*,
                   CASE WHEN bucket = 'a' THEN amount ELSE 0 END AS amount_a,
                   CASE WHEN bucket = 'b' THEN amount ELSE 0 END AS amount_b,
                   CASE WHEN bucket = 'c' THEN amount ELSE 0 END AS amount_c,
                   CASE WHEN bucket = 'd' THEN amount ELSE 0 END AS amount_d,
                   CASE WHEN bucket = 'e' THEN amount ELSE 0 END AS amount_e
              FROM (
                SELECT due.*, %(as_of)s::date - aged_from AS days,
                       CASE WHEN %(as_of)s::date - aged_from <= 30 THEN 'a'
                            WHEN %(as_of)s::date - aged_from <= 60 THEN 'b'
                            WHEN %(as_of)s::date - aged_from <= 90 THEN 'c'
                            WHEN %(as_of)s::date - aged_from <= 120 THEN 'd'
                            ELSE 'e' END AS bucket
                  FROM (%(due)s) due
              ) aged
            """,
            as_of=as_of,
            due=SQL(
                "%s UNION ALL %s",
                self._rcm_due_query(as_of),
                self._rcm_client_query(as_of),
            ),
        )

    def _rcm_due_query(self, as_of):
        """Open amounts by claim (all its versions together), account and debtor."""
        return SQL(
            """
            SELECT g.id, g.company_id, co.currency_id, g.claim_id, claim.facility_id,
                   CASE g.purpose WHEN 'receivable_payer' THEN 'insurance'
                                  WHEN 'receivable_patient' THEN 'patient'
                                  ELSE g.purpose END AS responsibility,
                   payer.id AS payer_id, payer.plan_type, NULL::int AS client_id,
                   COALESCE(payer.name, %(patients)s) AS debtor,
                   COALESCE(%(aged_from)s, g.day) AS aged_from, g.amount
              FROM (
                SELECT MIN(line_id) AS id, company_id, MAX(claim_id) AS claim_id,
                       purpose, MIN(day) AS day, SUM(amount) AS amount,
                       CASE WHEN purpose = 'receivable_payer' OR claim_name IS NULL
                            THEN partner_id END AS debtor_id
                  FROM (%(effects)s) effect
                 GROUP BY company_id, purpose, claim_name, debtor_id
                HAVING SUM(amount) <> 0
              ) g
              JOIN res_company co ON co.id = g.company_id
              LEFT JOIN rcm_claim claim ON claim.id = g.claim_id
              LEFT JOIN account_move invoice ON invoice.id = claim.invoice_id
              LEFT JOIN (
                SELECT contact.commercial_partner_id AS partner_id, MIN(p.id) AS id
                  FROM rcm_payer p JOIN res_partner contact ON contact.id = p.partner_id
                 GROUP BY contact.commercial_partner_id
              ) known ON known.partner_id = g.debtor_id
              LEFT JOIN rcm_payer own ON own.id = claim.payer_id
              LEFT JOIN res_partner own_contact ON own_contact.id = own.partner_id
              LEFT JOIN rcm_payer payer ON g.purpose = 'receivable_payer'
               AND payer.id = CASE
                   WHEN own_contact.commercial_partner_id = g.debtor_id THEN own.id
                   ELSE COALESCE(known.id, own.id) END
            """,
            patients=self.env._("Patients"),
            aged_from=self._rcm_aged_from(),
            effects=effects(OF_CLAIMS, as_of),
        )

    def _rcm_client_query(self, as_of):
        """What is open of each item on the clients' receivable: columns as above.

        Their invoices are no claim's, so each stands by itself, and what was paid too
        early or too much does too. Age counts from the date of the invoice.
        """
        return SQL(
            """
            SELECT item.id, item.company_id, co.currency_id, NULL::int,
                   item.rcm_facility_id, 'client', NULL::int, NULL, client.id,
                   COALESCE(client.name, contact.name, %(nobody)s),
                   COALESCE(item.invoice_date, item.day), item.amount
              FROM (%(items)s) item
              JOIN res_company co ON co.id = item.company_id
              LEFT JOIN res_partner contact ON contact.id = item.partner_id
               AND contact.rcm_is_guarantor IS NOT TRUE
              LEFT JOIN (
                SELECT c.company_id, p.commercial_partner_id AS partner_id,
                       MIN(c.id) AS id
                  FROM rcm_client c JOIN res_partner p ON p.id = c.partner_id
                 GROUP BY c.company_id, p.commercial_partner_id
              ) known ON known.company_id = item.company_id
               AND known.partner_id = item.partner_id
              LEFT JOIN rcm_client client ON client.id = known.id
            """,
            nobody=self.env._("Nobody named"),
            items=open_items(OF_CLIENTS, as_of),
        )

    def _rcm_as_of(self):
        """The day of the report; a context that names none means today."""
        try:
            day = fields.Date.to_date(self.env.context.get("rcm_as_of"))
        except (TypeError, ValueError):
            day = None
        return day or fields.Date.context_today(self)

    def _rcm_aged_from(self):
        """SQL of the day a claim's age counts from."""
        service = SQL("claim.service_date")
        invoice = SQL("COALESCE(invoice.invoice_date, claim.service_date)")
        return {
            "invoice": invoice,
            "submission": SQL("COALESCE(claim.submitted_date::date, %s)", invoice),
        }.get(self.env.context.get("rcm_basis"), service)

    # ------------------------------------------------------------------
    # Tie-out
    # ------------------------------------------------------------------
    @api.model
    def _rcm_tie_out(self, companies):
        """``{purpose: (ageing by bucket, ledger balance)}`` of whole companies.

        Two questions asked apart: claims and debtors on one side, the accounts on
        the other. The caller has checked who may see company totals.
        """
        self.env.flush_all()
        as_of = self._rcm_as_of()
        ledger = dict(
            self.env.execute_query(ledger_balances(companies.ids, RECEIVABLES, as_of))
        )
        buckets = {}
        # Totals of whole companies, whatever facilities their reader works for.
        groups = self.sudo()._read_group(
            [("company_id", "in", companies.ids)],
            ["responsibility", "bucket"],
            ["amount:sum"],
        )
        for responsibility, bucket, amount in groups:
            buckets.setdefault(responsibility, {})[bucket] = amount
        return {
            purpose: (buckets.get(key, {}), float(ledger.get(purpose) or 0.0))
            for purpose, (key, _label) in zip(
                RECEIVABLES, RESPONSIBILITIES, strict=True
            )
        }

    # ------------------------------------------------------------------
    # Drill-down
    # ------------------------------------------------------------------
    def action_open_claim(self):
        """The claim behind a row; rows without one open their journal item."""
        self.ensure_one()
        if self.claim_id:
            return {
                "type": "ir.actions.act_window",
                "res_model": "rcm.claim",
                "res_id": self.claim_id.id,
                "views": [(False, "form")],
            }
        return self.action_open_items()

    def action_open_items(self):
        """The journal items that make these amounts, up to the day of the report."""
        line = self.env["account.move.line"].browse(self.ids)
        domain = [("parent_state", "=", "posted"), ("date", "<=", self._rcm_as_of())]
        if self.claim_id:
            domain += [
                ("rcm_claim_id.name", "in", self.claim_id.mapped("name")),
                ("rcm_purpose", "in", OF_CLAIMS),
            ]
        else:
            domain += [("id", "in", line.ids)]
        view = self.env.ref("healthcare_rcm_base.account_move_line_view_list")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Journal Items"),
            "res_model": "account.move.line",
            "views": [(view.id, "list")],
            "domain": domain,
            "context": {"create": False},
        }


class AccountMoveLine(models.Model):
    """The few items on receivables that name no claim are found at once."""

    _inherit = "account.move.line"

    _rcm_unclaimed_idx = models.Index("(account_id) WHERE rcm_claim_id IS NULL")
