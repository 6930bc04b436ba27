from collections import defaultdict
from decimal import Decimal

from psycopg2 import IntegrityError

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL, mute_logger

from ..core.ledger_entries import (
    ZERO,
    ClaimAmounts,
    EntryError,
    claim_change,
    claim_invoice,
    totals,
)
from ..core.money import to_decimal
from ..tools import bulk_update

INVOICE_KINDS = ("claim_invoice", "self_pay_invoice")
# Before the gate, or out of the way: nothing may be asked for.
NOT_CLEARED = ("draft", "validated", "on_hold", "void", "superseded")
BATCH = 200


class RcmClaim(models.Model):
    """Invoices of claims: gross charge to the payer, allowances in the reserve."""

    _inherit = "rcm.claim"

    def _rcm_create_invoices(self):
        """Invoice these claims and post; return the claims that have an invoice now.

        A claim that has one is left alone. Claims are invoiced in batches; one that
        cannot be invoiced gets a case and does not stop the others. Private: the
        caller has checked role and state.
        """
        done = self.browse()
        for company in self.company_id:
            claims = self.filtered(lambda claim, own=company: claim.company_id == own)
            missing = company._rcm_accounting_ready()
            if missing:
                claims._rcm_raise_case(
                    "accounting_setup", company._rcm_accounting_message(missing)
                )
                continue
            claims = claims.with_company(company)
            for start in range(0, len(claims), BATCH):
                done |= claims[start : start + BATCH]._rcm_invoice_batch()
        done = done.with_env(self.env)
        done._rcm_resolve_cases(
            ["invoice_failed", "accounting_setup"], self.env._("Invoiced.")
        )
        return done

    def _rcm_invoice_batch(self):
        """Invoice one batch; when it fails, find the failing ones one by one."""
        self._rcm_ledger_lock()
        done = self.filtered(lambda claim: claim.invoice_state != "none")
        plans = (self - done)._rcm_invoice_plans()
        due = self.browse(plans)
        if len(due) > 1 and not due._rcm_try_invoices(plans):
            return done | due  # no error: the usual way
        for claim in due:
            error = claim._rcm_try_invoices(plans)
            if error:
                claim._rcm_invoice_failed(error)
            else:
                done |= claim
        return done

    def _rcm_invoice_plans(self):
        """``{claim id: lines}``; claims that cannot have any get their case."""
        plans = {}
        earlier = self._rcm_invoiced_before()
        for claim in self:
            try:
                claim._rcm_check_invoiceable()
                amounts = claim._rcm_expected_amounts()
                if claim.id in earlier:
                    plans[claim.id] = claim_change(amounts, earlier[claim.id])
                else:
                    plans[claim.id] = claim_invoice(amounts)
            except (EntryError, UserError) as error:
                claim._rcm_invoice_failed(error)
        return plans

    def _rcm_check_invoiceable(self):
        """Raise when an invoice of this claim would have no debtor or no meaning."""
        self.ensure_one()
        if self.state in NOT_CLEARED or self.frequency_code == "8":
            raise UserError(
                self.env._(
                    "Only claims that were cleared are invoiced; this one is not."
                )
            )
        partner = (
            self._rcm_guarantor_partner()
            if self.self_pay
            else self._rcm_payer_partner()
        )
        if not partner:
            raise UserError(
                self.env._("The claim has no guarantor.")
                if self.self_pay
                else self.env._("The payer of this claim has no contact to invoice.")
            )
        if self.currency_id != self.company_id.currency_id:
            raise UserError(
                self.env._("The claim is not in the currency of its company.")
            )
        if not self.service_date:
            raise UserError(self.env._("The claim has no date of service."))

    def _rcm_expected_amounts(self):
        self.ensure_one()
        digits = self.currency_id.decimal_places
        amounts = ClaimAmounts(
            to_decimal(self.total_charge, digits),
            to_decimal(self.expected_contractual, digits),
            to_decimal(self.expected_sequestration, digits),
            to_decimal(self.expected_concession, digits),
            bool(self.self_pay),
        )
        return self._rcm_with_taxes(amounts) if self.self_pay else amounts

    def _rcm_invoiced_before(self):
        """``{claim id: ClaimAmounts}`` that earlier versions were invoiced at."""
        later = self.filtered(lambda claim: claim.version > 1)
        if not later:
            return {}
        versions = self.search(
            [
                ("name", "in", later.mapped("name")),
                ("company_id", "in", later.company_id.ids),
            ]
        )
        found = {}
        for claim in later:
            own = versions.filtered(
                lambda other, claim=claim: other.name == claim.name
                and other.company_id == claim.company_id
                and other.version < claim.version
            )
            if own.filtered("invoice_id"):
                found[claim.id] = own._rcm_invoiced_amounts(claim.self_pay)
        return found

    def _rcm_invoiced_amounts(self, self_pay):
        """What invoices, credit notes and re-pricings of these versions add up to."""
        self.env.flush_all()
        found = self.env.execute_query(
            SQL(
                """
                SELECT line.rcm_purpose, SUM(line.balance)::text
                  FROM account_move_line line
                  JOIN account_move move ON move.id = line.move_id
                 WHERE line.rcm_claim_id IN %s
                   AND (move.rcm_kind IN %s OR move.rcm_local_kind = 'repricing')
                   AND move.state = 'posted'
                 GROUP BY line.rcm_purpose
                """,
                self._ids,
                INVOICE_KINDS,
            )
        )
        rows = {purpose: Decimal(amount) for purpose, amount in found}
        taxes = ()
        if self_pay:
            taxes = self._rcm_taxes_invoiced(INVOICE_KINDS, "revenue")[:2]
        return ClaimAmounts(
            -rows.get("revenue", ZERO),
            rows.get("contractual", ZERO),
            rows.get("sequestration", ZERO),
            rows.get("concession", ZERO),
            self_pay,
            *taxes,
        )

    # -- posting -------------------------------------------------------------------

    def _rcm_try_invoices(self, plans):
        """Invoice all of these claims or none; return what stood in the way."""
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                self._rcm_post_invoices(plans)
        except (EntryError, UserError, IntegrityError) as error:
            return error
        return None

    def _rcm_invoice_failed(self, error):
        """A case with what a person needs to know; never a name or a diagnosis."""
        if isinstance(error, (EntryError, IntegrityError)):
            message = self.env._(
                "The invoice would be wrong and was not made: %s.", _first_line(error)
            )
        else:
            message = _first_line(error)
        self._rcm_raise_case("invoice_failed", message, amount=self.total_charge)

    def _rcm_post_invoices(self, plans):
        """Create and post the invoices of ``plans`` and note them on the claims."""
        accounts = {company: company._rcm_accounts() for company in self.company_id}
        owners = self.filtered(
            lambda claim: any(line.role == "receivable" for line in plans[claim.id])
        )
        moves = self.env["account.move"]._rcm_post_entries(
            [
                claim._rcm_invoice_vals(plans[claim.id], accounts[claim.company_id])
                for claim in owners
            ]
        )
        self._rcm_check_posted(owners, moves, plans)
        moves_of = dict(zip(owners, moves, strict=True))
        for claim in self - owners:
            # Same charge as the version before: its invoice stands, and only what is
            # expected of it may change.
            moves_of[claim] = claim._rcm_version_before().invoice_id
            if plans[claim.id]:
                claim._rcm_local_entry(
                    "repricing",
                    totals(plans[claim.id]),
                    self.env._("Replacement claim"),
                )
        bulk_update(
            self,
            {claim.id: {"invoice_id": move.id} for claim, move in moves_of.items()},
        )
        self._rcm_note_taxes(plans)
        self._rcm_write({"invoice_state": "posted"})
        self._rcm_emit(
            "rcm.claim.invoiced",
            changes_by_id={
                claim.id: claim._rcm_invoice_trace(move)
                for claim, move in moves_of.items()
            },
        )

    def _rcm_note_taxes(self, plans):
        """Note on self-pay claims what is asked for on top of the charge."""
        bulk_update(
            self,
            {
                claim.id: {
                    "tax_amount": sum(
                        line.amount
                        for line in plans[claim.id]
                        if line.role == "receivable"
                    )
                    - to_decimal(claim.total_charge, claim.currency_id.decimal_places)
                }
                for claim in self
                if any(line.role == "tax" for line in plans[claim.id])
            },
        )

    def _rcm_version_before(self):
        self.ensure_one()
        return self.search(
            [
                ("name", "=", self.name),
                ("company_id", "=", self.company_id.id),
                ("version", "<", self.version),
                ("invoice_id", "!=", False),
            ],
            order="version desc",
            limit=1,
        )

    def _rcm_invoice_trace(self, move):
        """What the audit log keeps: number, and dates that are not the service's."""
        trace = {"invoice_id": [None, move.id], "entry": [None, move.name]}
        service = self._rcm_service_end()
        if move.invoice_date and move.invoice_date != service:
            trace["invoice_date"] = [str(service), str(move.invoice_date)]
        if move.invoice_date and move.date != move.invoice_date:
            # The period of the service is locked: booked in the first open one.
            trace["accounting_date"] = [str(move.invoice_date), str(move.date)]
        return trace

    def _rcm_check_posted(self, claims, moves, plans):
        """Compare what was posted with what was planned, to the cent.

        Never adjusted: a difference stops the posting of these claims.
        """
        if not moves:
            return
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.move_id, line.rcm_purpose, SUM(line.balance)::text,
                       move.amount_total::text
                  FROM account_move_line line
                  JOIN account_move move ON move.id = line.move_id
                 WHERE line.move_id IN %s
                 GROUP BY line.move_id, line.rcm_purpose, move.amount_total
                """,
                moves._ids,
            )
        )
        posted, invoiced = defaultdict(dict), {}
        for move_id, purpose, amount, amount_total in rows:
            posted[move_id][purpose] = Decimal(amount)
            invoiced[move_id] = Decimal(amount_total)
        for claim, move in zip(claims, moves, strict=True):
            planned = totals(plans[claim.id])
            found = {key: amount for key, amount in posted[move.id].items() if amount}
            total = sum(
                line.amount for line in plans[claim.id] if line.role == "receivable"
            )
            if found != planned or invoiced[move.id] != abs(total):
                raise EntryError(
                    f"posted {sorted(map(str, found.values()))} differs from planned "
                    f"{sorted(map(str, planned.values()))}"
                )


def _first_line(error):
    """The first line of an error: details of the database are not for people."""
    return str(error).strip().splitlines()[0].rstrip(".") if str(error) else "unknown"
