from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.receivables import effects

PURPOSES = (
    "receivable_payer",
    "receivable_patient",
    "patient_unbilled",
    "patient_credits",
    "unapplied_payer_cash",
)
RESPONSIBILITIES = [
    ("insurance", "Insurance"),
    ("patient", "Patient"),
    ("patient_unbilled", "Patient, not billed yet"),
    ("credit", "Credit"),
    ("unapplied", "Not applied yet"),
]
# Roles that answer for balances; they need no accounting group.
ROLES = (
    "front_desk",
    "biller",
    "coder",
    "cash_poster",
    "denial_analyst",
    "collector",
    "finance_manager",
    "auditor",
    "administrator",
)
GROUPS = ",".join(f"healthcare_rcm_base.group_{role}" for role in ROLES)


class RcmPatientBalance(models.Model):
    """Who owes what of a patient's claims, as the ledger says, claim by claim."""

    _name = "rcm.patient.balance"
    _description = "Patient Balance"
    _auto = False
    _rec_name = "claim_id"
    _order = "responsibility, payer_id, service_date, id"
    _depends = {
        "account.move.line": [
            "balance",
            "parent_state",
            "partner_id",
            "rcm_claim_id",
            "rcm_purpose",
        ],
        "rcm.claim": ["patient_id", "service_date", "payer_id"],
        "rcm.patient.account": ["guarantor_id", "guarantor_relationship"],
    }

    patient_id = fields.Many2one(
        "rcm.patient.account", string="Patient Account", readonly=True
    )
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    facility_id = fields.Many2one("rcm.facility", readonly=True)
    responsibility = fields.Selection(RESPONSIBILITIES, readonly=True)
    payer_id = fields.Many2one("rcm.payer", readonly=True)
    claim_id = fields.Many2one("rcm.claim", string="Claim", readonly=True)
    claim_state = fields.Selection(related="claim_id.state", string="Claim Status")
    service_date = fields.Date(readonly=True)
    amount = fields.Monetary(string="Open", readonly=True)
    denied_amount = fields.Monetary(
        string="Denied",
        readonly=True,
        help="On lines the payer has denied, appealed ones among them.",
    )

    @property
    def _table_query(self):
        """Grouped by patient, so that a question about one reads its rows alone.

        What is denied on a claim stands with its payers in their order, with each no
        more than is open there, so that it is counted once.
        """
        return SQL(
            """
            SELECT g.id, g.patient_id, g.company_id, co.currency_id,
                   claim.facility_id, claim.service_date, g.claim_id, payer.id AS
                   payer_id, g.amount,
                   CASE WHEN g.purpose IN ('patient_credits') OR g.amount < 0
                             AND g.purpose <> 'unapplied_payer_cash'
                             AND g.claim_id IS NOT NULL THEN 'credit'
                        WHEN g.purpose = 'unapplied_payer_cash' OR g.claim_id IS NULL
                        THEN 'unapplied'
                        WHEN g.purpose = 'receivable_payer' THEN 'insurance'
                        WHEN g.purpose = 'receivable_patient' THEN 'patient'
                        ELSE g.purpose END AS responsibility,
                   CASE WHEN g.purpose = 'receivable_payer' AND g.amount > 0
                        THEN GREATEST(0, LEAST(g.amount, denied.amount - COALESCE(
                             SUM(g.amount) FILTER (WHERE g.amount > 0) OVER earlier, 0
                        ))) END AS denied_amount
              FROM (%(claims)s UNION ALL %(others)s) g
              JOIN res_company co ON co.id = g.company_id
              LEFT JOIN rcm_claim claim ON claim.id = g.claim_id
              LEFT JOIN (
                SELECT contact.commercial_partner_id AS partner_id, MIN(p.id) AS id
                  FROM rcm_payer p JOIN res_partner contact ON contact.id = p.partner_id
                 GROUP BY contact.commercial_partner_id
              ) payer ON payer.partner_id = g.debtor_id
              LEFT JOIN LATERAL (
                SELECT SUM(line.denied_amount) AS amount FROM rcm_claim_line line
                 WHERE line.claim_id = g.claim_id
              ) denied ON g.purpose = 'receivable_payer'
              LEFT JOIN LATERAL (
                SELECT MIN(leg.sequence) AS place FROM rcm_claim_leg leg
                 WHERE leg.claim_id = g.claim_id AND leg.payer_id = payer.id
              ) turn ON g.purpose = 'receivable_payer'
            WINDOW earlier AS (
                PARTITION BY g.patient_id, g.purpose, g.claim_id
                ORDER BY turn.place, g.id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            )
            """,
            claims=self._rcm_claims_query(),
            others=self._rcm_others_query(),
        )

    def _rcm_claims_query(self):
        return SQL(
            """
            SELECT MIN(line_id) AS id, patient_id, company_id,
                   MAX(claim_id) AS claim_id, purpose, SUM(amount) AS amount,
                   CASE WHEN purpose IN ('receivable_payer', 'unapplied_payer_cash')
                        THEN partner_id END AS debtor_id
              FROM (%s) effect
             WHERE claim_id IS NOT NULL
             GROUP BY patient_id, company_id, purpose, claim_name, debtor_id
            HAVING SUM(amount) <> 0
            """,
            effects(PURPOSES),
        )

    def _rcm_others_query(self):
        """Money of guarantors that is on no claim: on their own account, or on the
        first that they answer for, and on no other."""
        return SQL(
            """
            SELECT MIN(effect.line_id), own.patient_id, effect.company_id, NULL::int,
                   effect.purpose, SUM(effect.amount), NULL::int
              FROM (%s) effect
              JOIN (
                SELECT DISTINCT ON (contact.commercial_partner_id)
                       contact.commercial_partner_id AS partner_id, a.id AS patient_id
                  FROM rcm_patient_account a
                  JOIN res_partner contact ON contact.id = a.guarantor_id
                 ORDER BY contact.commercial_partner_id,
                          a.guarantor_relationship <> 'self', a.id
              ) own ON own.partner_id = effect.partner_id
             WHERE effect.claim_id IS NULL
             GROUP BY own.patient_id, effect.company_id, effect.purpose
            HAVING SUM(effect.amount) <> 0
            """,
            effects(PURPOSES),
        )

    def action_open_claim(self):
        self.ensure_one()
        if not self.claim_id:
            return self.action_open_items()
        return {
            "type": "ir.actions.act_window",
            "res_model": "rcm.claim",
            "res_id": self.claim_id.id,
            "views": [(False, "form")],
        }

    def action_open_items(self):
        """The journal items behind this number, for those who may read entries."""
        self.ensure_one()
        view = self.env.ref("healthcare_rcm_base.account_move_line_view_list")
        domain = (
            [
                ("rcm_claim_id.name", "=", self.claim_id.name),
                ("rcm_purpose", "in", PURPOSES),
                ("parent_state", "=", "posted"),
            ]
            if self.claim_id
            else [("id", "in", self.ids)]
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Journal Items"),
            "res_model": "account.move.line",
            "views": [(view.id, "list")],
            "domain": domain,
            "context": {"create": False},
        }


class RcmPatientAccount(models.Model):
    """What is open on a patient's account, by who is asked for it."""

    _inherit = "rcm.patient.account"

    currency_id = fields.Many2one(related="company_id.currency_id")
    balance_ids = fields.One2many(
        "rcm.patient.balance", "patient_id", string="Balance By Claim", groups=GROUPS
    )
    insurance_balance = fields.Monetary(
        string="Insurance",
        compute="_compute_balances",
        groups=GROUPS,
        help="What payers are still asked for.",
    )
    denied_balance = fields.Monetary(
        string="Denied",
        compute="_compute_balances",
        groups=GROUPS,
        help="Denied or in appeal: part of what insurance owes.",
    )
    patient_balance = fields.Monetary(
        string="Patient Owes",
        compute="_compute_balances",
        search="_search_patient_balance",
        groups=GROUPS,
        help="What the guarantor was billed and has not paid.",
    )
    unbilled_balance = fields.Monetary(
        string="Patient, Not Billed Yet",
        compute="_compute_balances",
        groups=GROUPS,
        help="Left to the patient by payers; no invoice yet.",
    )
    credit_balance = fields.Monetary(
        string="Credit",
        compute="_compute_balances",
        groups=GROUPS,
        help="Paid too much, by a payer or the patient: ours to give back or apply.",
    )
    unapplied_balance = fields.Monetary(
        string="Not Applied Yet",
        compute="_compute_balances",
        groups=GROUPS,
        help="Money received that is not on a claim yet.",
    )
    net_balance = fields.Monetary(
        compute="_compute_balances",
        groups=GROUPS,
        help="All of it together, credits and unapplied money taken off.",
    )

    claim_count = fields.Integer(string="Claims", compute="_compute_document_counts")
    encounter_count = fields.Integer(
        string="Encounters", compute="_compute_document_counts"
    )

    def _compute_document_counts(self):
        counts = {
            model: dict(
                self.env[model]._read_group(
                    [("patient_id", "in", self.ids)], ["patient_id"], ["__count"]
                )
            )
            if self.env[model].has_access("read")
            else {}
            for model in ("rcm.claim", "rcm.encounter")
        }
        for patient in self:
            patient.claim_count = counts["rcm.claim"].get(patient._origin, 0)
            patient.encounter_count = counts["rcm.encounter"].get(patient._origin, 0)

    def _compute_balances(self):
        """One question for all of these accounts, under the reader's record rules."""
        found = {}
        groups = self.env["rcm.patient.balance"]._read_group(
            [("patient_id", "in", self.ids)],
            ["patient_id", "responsibility"],
            ["amount:sum", "denied_amount:sum"],
        )
        for patient, responsibility, amount, denied in groups:
            found.setdefault(patient.id, {})[responsibility] = (amount, denied or 0.0)
        for patient in self:
            own = found.get(patient._origin.id, {})
            amounts = {
                key: own.get(key, (0.0, 0.0))[0] for key, _label in RESPONSIBILITIES
            }
            patient.insurance_balance = amounts["insurance"]
            patient.denied_balance = own.get("insurance", (0.0, 0.0))[1]
            patient.patient_balance = amounts["patient"]
            patient.unbilled_balance = amounts["patient_unbilled"]
            patient.credit_balance = amounts["credit"]
            patient.unapplied_balance = amounts["unapplied"]
            patient.net_balance = patient.currency_id.round(sum(amounts.values()))

    @api.model
    def _search_patient_balance(self, operator, value):
        """Accounts whose guarantor was billed and owes more than ``value``."""
        if operator not in (">", ">="):
            return NotImplemented
        groups = self.env["rcm.patient.balance"]._read_group(
            [("responsibility", "=", "patient")],
            ["patient_id"],
            having=[("amount:sum", operator, value)],
        )
        return fields.Domain("id", "in", [patient.id for [patient] in groups])

    def action_open_balance(self):
        """The claims behind one of the numbers (``responsibility`` in the context)."""
        self.ensure_one()
        key = self.env.context.get("rcm_responsibility")
        domain = [("patient_id", "=", self.id)]
        if key in dict(RESPONSIBILITIES):
            domain.append(("responsibility", "=", key))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Balance of %s", self.name),
            "res_model": "rcm.patient.balance",
            "view_mode": "list",
            "domain": domain,
            "context": {
                "create": False,
                "search_default_group_responsibility": 1,
                "search_default_group_payer": 1,
            },
        }

    def action_open_claims(self):
        """Every claim of the account."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Claims of %s", self.name),
            "res_model": "rcm.claim",
            "view_mode": "list,form",
            "domain": [("patient_id", "=", self.id)],
        }

    def action_open_encounters(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Encounters of %s", self.name),
            "res_model": "rcm.encounter",
            "view_mode": "list,form",
            "domain": [("patient_id", "=", self.id)],
        }
