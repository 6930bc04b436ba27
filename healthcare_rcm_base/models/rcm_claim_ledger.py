from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..core.ledger_entries import OPEN_ITEMS
from ..core.money import from_decimal


class RcmClaim(models.Model):
    """What the ledger says about a claim, and how its journal items are marked."""

    _inherit = "rcm.claim"

    move_ids = fields.One2many(
        "account.move", "rcm_claim_id", string="Own entries", readonly=True
    )
    rcm_move_line_count = fields.Integer(compute="_compute_rcm_move_line_count")

    def _compute_rcm_move_line_count(self):
        # The number of items is no secret of accounting.
        groups = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [("rcm_claim_id", "in", self.ids)], ["rcm_claim_id"], ["__count"]
            )
        )
        counts = {claim.id: count for claim, count in groups}
        for claim in self:
            claim.rcm_move_line_count = counts.get(claim.id, 0)

    # -- reading -------------------------------------------------------------------

    def _rcm_ledger_lock(self):
        """Lock these claims in the order of their ids, so that postings queue up."""
        if not self:
            return
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "SELECT id FROM rcm_claim WHERE id IN %s ORDER BY id FOR UPDATE",
                self._ids,
            )
        )
        self.invalidate_recordset(flush=False)

    def _rcm_balances(self):
        """``{claim id: {purpose: Decimal}}`` of posted journal items, without zeros."""
        balances = defaultdict(dict)
        if not self:
            return balances
        self.env["account.move.line"].flush_model(
            ["balance", "rcm_claim_id", "rcm_purpose", "parent_state"]
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT rcm_claim_id, rcm_purpose, SUM(balance)::text
                  FROM account_move_line
                 WHERE rcm_claim_id IN %s
                   AND parent_state = 'posted'
                   AND rcm_purpose IS NOT NULL
                 GROUP BY rcm_claim_id, rcm_purpose
                HAVING SUM(balance) <> 0
                """,
                self._ids,
            )
        )
        for claim_id, purpose, amount in rows:
            balances[claim_id][purpose] = Decimal(amount)
        return balances

    def _rcm_standing_balances(self):
        """``_rcm_balances`` over all versions of each claim that has earlier ones.

        Versions share one receivable and one reserve; which of them an item names
        follows the remittance it came with.
        """
        later = self.filtered("replaces_id")
        if not later:
            return self._rcm_balances()
        chain = later._rcm_chain()
        own = (self | chain)._rcm_balances()
        sums = defaultdict(dict)
        for claim in self - later:
            sums[claim.id] = own[claim.id]
        for claim in later:
            total = defaultdict(Decimal)
            for version in chain.filtered(
                lambda item, claim=claim: item.name == claim.name
                and item.company_id == claim.company_id
            ):
                for purpose, amount in own[version.id].items():
                    total[purpose] += amount
            sums[claim.id] = {key: value for key, value in total.items() if value}
        return sums

    def _rcm_receivable_lines(self, payer=None):
        """``{claim: open journal items}`` of what the claims are still owed for.

        On the payers' receivable, of ``payer`` alone when given; on the patients' for
        self-pay claims.
        """
        lines = self._rcm_open_items(("receivable_payer",), payer)
        own = self.filtered("self_pay")
        lines.update(own._rcm_open_items(("receivable_patient",)))
        return lines

    def _rcm_open_items(self, purposes, payer=None):
        """``{claim: open journal items}`` on the accounts of ``purposes``."""
        found = {claim: self.env["account.move.line"].sudo() for claim in self}
        if not self:
            return found
        domain = [
            ("rcm_claim_id", "in", self.ids),
            ("rcm_purpose", "in", list(purposes)),
            ("parent_state", "=", "posted"),
            ("reconciled", "=", False),
        ]
        if payer:
            domain.append(("partner_id", "=", payer.sudo().partner_id.id))
        # Whoever posts has been checked; journal items belong to accounting.
        lines = self.env["account.move.line"].sudo().search(domain, order="date, id")
        for claim, items in lines.grouped("rcm_claim_id").items():
            found[claim.with_env(self.env)] = items
        return found

    # -- making lines --------------------------------------------------------------

    def _rcm_guarantor_partner(self):
        self.ensure_one()
        claim = self.sudo()  # patient accounts are behind their own group
        partner = claim.encounter_id.guarantor_id or claim.patient_id.guarantor_id
        return partner.commercial_partner_id

    def _rcm_payer_partner(self):
        self.ensure_one()
        return self.sudo().payer_id.partner_id.commercial_partner_id

    def _rcm_partner_for(self, purpose, payer=None):
        """Patients owe on patient accounts, payers on all others."""
        self.ensure_one()
        patient_side = ("receivable_patient", "patient_unbilled", "patient_credits")
        if purpose in patient_side or self.self_pay:
            return self._rcm_guarantor_partner()
        if payer:
            return payer.sudo().partner_id.commercial_partner_id
        return self._rcm_payer_partner()

    def _rcm_move_marks(self, kind):
        """Values every entry of this claim carries."""
        self.ensure_one()
        return {
            "rcm_kind": kind,
            "rcm_claim_id": self.id,
            "rcm_encounter_id": self.encounter_id.id,
            "rcm_facility_id": self.facility_id.id,
            "rcm_correlation_id": self.correlation_id,
        }

    def _rcm_line_vals(self, line, accounts, partner):
        """Values of one journal item: money, account, and where it belongs.

        Nothing clinical: its label is the claim's control number.
        """
        self.ensure_one()
        account = accounts[line.purpose]
        amount = from_decimal(line.amount)
        result = account.account_type.startswith(("income", "expense"))
        analytic = self.sudo().facility_id.analytic_account_id  # read for everyone
        return {
            "name": self.name,
            "account_id": account.id,
            "partner_id": partner.id,
            "currency_id": self.company_id.currency_id.id,
            "balance": amount,
            "amount_currency": amount,
            "tax_ids": [fields.Command.clear()],
            "analytic_distribution": {str(analytic.id): 100.0}
            if result and analytic
            else False,
            "rcm_purpose": line.purpose,
            "rcm_claim_id": self.id,
            "rcm_encounter_id": self.encounter_id.id,
            "rcm_facility_id": self.facility_id.id,
        }

    @api.model
    def _rcm_match(self, groups):
        """Reconcile each group of journal items by itself, all in one pass.

        Groups that hold only debits or only credits are left open.
        """
        plan = []
        for items in groups:
            still_open = items.filtered(lambda line: not line.reconciled)
            if {line.amount_residual > 0 for line in still_open} == {True, False}:
                plan.append(still_open)
        if plan:
            self.env["account.move.line"]._rcm_reconcile(plan)

    def _rcm_match_open_items(self, moves):
        """Match new entries of these claims with what is open of the same debtor."""
        fresh = moves.sudo().line_ids.filtered(  # items belong to accounting
            lambda line: line.rcm_purpose in OPEN_ITEMS
        )
        touched = {_debt(line) for line in fresh}
        groups = defaultdict(self.env["account.move.line"].sudo)
        versions = any(
            claim.version > 1 or claim.state in ("superseded", "void") for claim in self
        )
        owners = self._rcm_chain() if versions else self
        for lines in owners._rcm_open_items(OPEN_ITEMS).values():
            for line in lines:
                if _debt(line) in touched:
                    groups[_debt(line)] |= line
        self._rcm_match(groups.values())

    # -- screens -------------------------------------------------------------------

    def action_rcm_journal_items(self):
        """Open the journal items of these claims."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Journal Items"),
            "res_model": "account.move.line",
            "view_mode": "list",
            "views": [
                (
                    self.env.ref("healthcare_rcm_base.account_move_line_view_list").id,
                    "list",
                )
            ],
            "search_view_id": [
                self.env.ref("healthcare_rcm_base.account_move_line_view_search").id
            ],
            "domain": [("rcm_claim_id", "in", self.ids)],
            "context": {"create": False},
        }


def _debt(line):
    """What is settled together: one claim in all versions, one account, one payer.

    The patient's unbilled share is marked with the payer that left it and with the
    guarantor who is asked for it: it is one debt.
    """
    partner = line.partner_id if line.rcm_purpose != "patient_unbilled" else None
    claim = line.rcm_claim_id
    return claim.company_id, claim.name, line.account_id, partner
