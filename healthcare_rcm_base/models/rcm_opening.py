from decimal import Decimal
from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core.ledger_entries import entry
from ..core.money import from_decimal, to_decimal
from ..core.opening import entry_amounts
from ..tools import bulk_update

ROLES = ("finance_manager", "administrator")
RECEIVABLES = ("receivable_payer", "receivable_patient")
BATCH = 200


class RcmOpening(models.Model):
    """Open claims of an earlier system, taken over on a day and tied to the ledger.

    The file makes claims that later remittances and reversals find, with one entry
    each against an opening account. It is closed when the file, the ledger and the
    total that a person typed in are the same to the cent, and can be undone as long
    as nothing was posted on its claims.
    """

    _name = "rcm.opening"
    _inherit = "rcm.document.mixin"
    _description = "Opening Balance"
    _order = "date desc, id desc"
    _check_company_auto = True
    _rcm_state_machine = "opening"
    _rcm_protected = ("state", "imported_total", "row_count", "file_hash")
    _rcm_audit_fields = (
        "date",
        "clearing_account_id",
        "control_total",
        "control_count",
        "provider_group_id",
    )

    name = fields.Char(
        required=True, default=lambda self: self.env._("Opening balances"), copy=False
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(
        string="Opening Day",
        required=True,
        default=fields.Date.context_today,
        help="The entries are dated on it; nothing in the file may be later.",
    )
    provider_group_id = fields.Many2one(
        "rcm.provider.group",
        string="Billing Group",
        check_company=True,
        help="Who bills the claims of the file.",
    )
    clearing_account_id = fields.Many2one(
        "account.account",
        string="Opening Account",
        domain="[('company_ids', 'parent_of', company_id),"
        " ('account_type', 'in', ['equity', 'asset_current', 'liability_current'])]",
        help="Takes the other side of every entry. Book the receivables of the old "
        "books against it too: it is zero when both are the same.",
    )
    control_total = fields.Monetary(
        help="What the earlier system says is open: typed in from its own report.",
    )
    control_count = fields.Integer(
        string="Control Number of Claims", help="How many claims its report has."
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("imported", "Imported"),
            ("closed", "Closed"),
            ("undone", "Undone"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="draft",
        copy=False,
    )
    file_hash = fields.Char(string="File (SHA-256)", readonly=True, copy=False)
    row_count = fields.Integer(string="Rows", readonly=True, copy=False)
    imported_total = fields.Monetary(
        string="In The File", readonly=True, copy=False, help="Open in the file."
    )
    claim_ids = fields.One2many("rcm.claim", "opening_id", string="Claims")
    claim_count = fields.Integer(compute="_compute_tie_out")
    ledger_total = fields.Monetary(
        string="In The Ledger",
        compute="_compute_tie_out",
        help="On the receivable accounts, from the entries of this opening.",
    )
    claims_total = fields.Monetary(
        string="On The Claims",
        compute="_compute_tie_out",
        help="Open on the claims as they were taken over.",
    )
    clearing_balance = fields.Monetary(
        string="Opening Account Now",
        compute="_compute_tie_out",
        help="Zero once the receivables of the old books are booked against it.",
    )
    ledger_difference = fields.Monetary(compute="_compute_tie_out")
    control_difference = fields.Monetary(compute="_compute_tie_out")
    is_tied = fields.Boolean(compute="_compute_tie_out")

    # ------------------------------------------------------------------
    # Tie-out
    # ------------------------------------------------------------------
    @api.depends(
        "control_total", "control_count", "imported_total", "claim_ids", "state"
    )
    def _compute_tie_out(self):
        for opening in self:
            rows = opening._rcm_ledger_rows()
            ledger = float(sum((rows.get(key, 0) for key in RECEIVABLES), Decimal(0)))
            currency = opening.currency_id
            # Claims belong to facilities; the tie-out is of the whole opening.
            claims = opening.sudo().claim_ids
            opening.claim_count = len(claims)
            opening.ledger_total = ledger
            opening.claims_total = sum(claims.mapped("opening_amount"))
            opening.clearing_balance = opening._rcm_clearing_balance()
            opening.ledger_difference = currency.round(opening.imported_total - ledger)
            opening.control_difference = currency.round(
                opening.imported_total - opening.control_total
            )
            opening.is_tied = (
                opening.state in ("imported", "closed")
                and currency.is_zero(opening.ledger_difference)
                and currency.is_zero(opening.control_difference)
                and currency.is_zero(opening.claims_total - opening.imported_total)
                and opening.control_count in (0, opening.claim_count)
            )

    def _rcm_ledger_rows(self):
        """``{purpose: Decimal}`` of the opening's entries, by the accounts they hit."""
        self.ensure_one()
        if not isinstance(self.id, int):
            return {}
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT mapping.purpose, SUM(line.balance)::text
                  FROM account_move_line line
                  JOIN account_move move ON move.id = line.move_id
                  JOIN rcm_claim claim ON claim.id = move.rcm_claim_id
                  JOIN rcm_account_mapping mapping
                    ON mapping.account_id = line.account_id
                   AND mapping.company_id = %s
                 WHERE claim.opening_id = %s AND move.rcm_kind = 'opening'
                   AND move.state = 'posted'
                 GROUP BY mapping.purpose
                """,
                self.sudo().company_id.root_id.id,
                self.id,
            )
        )
        return {purpose: Decimal(amount) for purpose, amount in rows}

    def _rcm_clearing_balance(self):
        self.ensure_one()
        if not self.clearing_account_id:
            return 0.0
        # One balance of one account the reader chose.
        [[balance]] = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("account_id", "=", self.clearing_account_id.id),
                    ("company_id", "=", self.company_id.id),
                    ("parent_state", "=", "posted"),
                ],
                [],
                ["balance:sum"],
            )
        )
        return balance or 0.0

    # ------------------------------------------------------------------
    # Guards
    # ------------------------------------------------------------------
    def write(self, vals):
        fixed = {"date", "company_id", "clearing_account_id", "provider_group_id"}
        if fixed & vals.keys() and any(one.state != "draft" for one in self):
            raise UserError(
                self.env._("Day, accounts and billing group are fixed by the import.")
            )
        if any(one.state in ("closed", "undone") for one in self) and (
            {"control_total", "control_count"} & vals.keys()
        ):
            raise UserError(self.env._("This opening is closed."))
        return super().write(vals)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_import(self):
        """Open the import of the file; it checks first and changes nothing then."""
        self.ensure_one()
        self.env.user._rcm_require(*ROLES)
        self.check_access("write")
        self._rcm_check_ready()
        return self.env["rcm.table.import"]._rcm_open(
            "opening_claims", opening_id=self.id
        )

    def action_close(self):
        """The opening ties: nothing of it changes any more."""
        self.env.user._rcm_require(*ROLES)
        self.check_access("write")
        for opening in self:
            if not opening.control_total:
                raise UserError(
                    self.env._("Type in what the earlier system says is open first.")
                )
            if not opening.is_tied:
                raise UserError(
                    self.env._(
                        "The opening does not tie: %(file)s in the file, %(ledger)s in "
                        "the ledger, %(control)s by the earlier system (%(claims)s "
                        "claims, %(expected)s expected). Undo it, correct the file and "
                        "import it again.",
                        file=opening._rcm_money(opening.imported_total),
                        ledger=opening._rcm_money(opening.ledger_total),
                        control=opening._rcm_money(opening.control_total),
                        claims=opening.claim_count,
                        expected=opening.control_count or opening.claim_count,
                    )
                )
            opening._rcm_set_state("closed")

    def action_undo(self):
        """Take the claims and their entries back, while nothing was posted on them."""
        self.env.user._rcm_require(*ROLES)
        self.check_access("write")
        for opening in self:
            # Claims, encounters and entries are not theirs to change one by one.
            opening.sudo()._rcm_undo()

    def action_open_claims(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Claims of %s", self.name),
            "res_model": "rcm.claim",
            "view_mode": "list,form",
            "domain": [("opening_id", "=", self.id)],
        }

    def _rcm_money(self, amount):
        return f"{amount:,.2f}"

    # ------------------------------------------------------------------
    # Import
    # ------------------------------------------------------------------
    def _rcm_check_ready(self):
        self.ensure_one()
        if self.state != "draft":
            raise UserError(self.env._("This opening was imported already."))
        missing = [
            self._fields[name].string
            for name in ("clearing_account_id", "provider_group_id")
            if not self[name]
        ]
        if missing:
            raise UserError(self.env._("Fill in first: %s.", ", ".join(missing)))
        self.company_id._rcm_require_accounting()

    def _rcm_take_over(self, planned, file_hash, row_count):
        """Make the claims of ``planned`` (claim, parties) with their entries.

        Private: the import has checked role and rows. All or nothing: whatever fails
        undoes the whole import.
        """
        self.ensure_one()
        self._rcm_check_ready()
        for start in range(0, len(planned), BATCH):
            self._rcm_take_over_batch(planned[start : start + BATCH])
        total = sum(
            (one.total("open") + one.total("patient_open") for one, _who in planned),
            Decimal(0),
        )
        self._rcm_set_state(
            "imported",
            imported_total=from_decimal(total),
            row_count=row_count,
            file_hash=file_hash,
        )

    def _rcm_take_over_batch(self, planned):
        """The claims of ``planned``, in its order, with all that belongs to them."""
        threads = [uuid4().hex for _one in planned]
        encounters = self.env["rcm.encounter"]._rcm_create(
            [
                self._rcm_encounter_vals(one, who, thread)
                for (one, who), thread in zip(planned, threads, strict=True)
            ]
        )
        self._rcm_make_charges(planned, encounters)
        claims = self.env["rcm.claim"]._rcm_create(
            [
                self._rcm_claim_vals(one, who, encounter, thread)
                for (one, who), encounter, thread in zip(
                    planned, encounters, threads, strict=True
                )
            ]
        )
        self._rcm_make_lines(planned, claims)
        bulk_update(encounters, {one.id: {"state": "billed"} for one in encounters})
        claims._rcm_sync_legs()
        self._rcm_place_legs(claims)
        moves = self.env["account.move"]._rcm_post_entries(
            [
                self._rcm_entry_vals(one, claim)
                for (one, _who), claim in zip(planned, claims, strict=True)
            ]
        )
        if any(move.date != self.date for move in moves.sudo()):
            raise UserError(
                self.env._("The period of the opening day is locked: open it first.")
            )
        bulk_update(
            claims,
            {
                claim.id: {"invoice_id": move.id}
                for claim, move in zip(claims, moves, strict=True)
            },
        )
        claims._rcm_emit(
            "rcm.claim.opened",
            changes_by_id={
                claim.id: {
                    "opening": [None, self.name],
                    "open": [None, f"{claim.opening_amount:.2f}"],
                    "move": [None, move.name],
                }
                for claim, move in zip(claims, moves, strict=True)
            },
        )
        return claims

    def _rcm_encounter_vals(self, one, who, thread):
        return {
            "number": f"OPEN-{one.number}",
            "company_id": self.company_id.id,
            "facility_id": who["facility"].id,
            "provider_group_id": self.provider_group_id.id,
            "patient_id": who["patient"].id,
            "guarantor_id": who["patient"].guarantor_id.id,
            "coverage_ids": [fields.Command.set(who["coverages"].ids)],
            "self_pay": not who["payer"],
            "service_date": one.header["service_date"],
            "coding_signed_off": True,
            "state": "coded",
            "correlation_id": thread,
        }

    def _rcm_make_charges(self, planned, encounters):
        """The billed services, so that a later correction has what it corrects."""
        vals_list = []
        for (one, _who), encounter in zip(planned, encounters, strict=True):
            for place, line in enumerate(one.lines, start=1):
                vals_list.append(
                    {
                        "encounter_id": encounter.id,
                        "sequence": place,
                        "external_ref": line.get("line") or f"{one.number}-{place}",
                        "code": line["code"],
                        "service_code_id": self._rcm_services.get(line["code"], False),
                        "modifiers": line.get("modifiers") or False,
                        "units": float(line.get("units") or 1),
                        "amount": from_decimal(line["charge"]),
                        "service_date": one.header["service_date"],
                    }
                )
        charges = self.env["rcm.charge"].create(vals_list)
        bulk_update(charges, {charge.id: {"state": "billed"} for charge in charges})

    @property
    def _rcm_services(self):
        """{code: service id} of the company and shared ones."""
        rows = self.env["rcm.service.code"].search_fetch(
            [("company_id", "in", (False, self.company_id.id))], ["code"]
        )
        return {row.code: row.id for row in rows}

    def _rcm_claim_vals(self, one, who, encounter, thread):
        contractual = one.total("contractual")
        expected = contractual + one.total("allowance")
        self_pay = not who["payer"]
        charge = one.total("charge")
        header = one.header
        return {
            "name": one.number,
            "encounter_id": encounter.id,
            "company_id": self.company_id.id,
            "facility_id": who["facility"].id,
            "provider_group_id": self.provider_group_id.id,
            "patient_id": who["patient"].id,
            "guarantor_id": who["patient"].guarantor_id.id,
            "payer_id": who["payer"].id,
            "coverage_id": who["coverages"][:1].id,
            "self_pay": self_pay,
            "service_date": header["service_date"],
            "submitted_date": header["submitted_date"] or False,
            "payer_claim_number": header["payer_claim_number"] or False,
            "state": "cleared" if self_pay else header["state"] or "submitted",
            "invoice_state": "posted",
            "opening_id": self.id,
            "opening_amount": from_decimal(
                one.total("open") + one.total("patient_open")
            ),
            "total_charge": from_decimal(charge),
            "expected_amount": from_decimal(
                charge - (contractual if self_pay else expected)
            ),
            "expected_contractual": from_decimal(contractual if self_pay else expected),
            "expected_concession": from_decimal(one.total("allowance"))
            if self_pay
            else 0.0,
            "expected_patient": from_decimal(one.total("patient")),
            "paid_amount": from_decimal(one.total("paid")),
            "contractual_amount": from_decimal(contractual),
            "patient_amount": from_decimal(one.total("patient")),
            "writeoff_amount": from_decimal(one.total("other")),
            "correlation_id": thread,
        }

    def _rcm_make_lines(self, planned, claims):
        vals_list = []
        for (one, _who), claim in zip(planned, claims, strict=True):
            charges = claim.encounter_id.charge_ids.sorted("sequence")
            for place, (line, charge) in enumerate(
                zip(one.lines, charges, strict=True), start=1
            ):
                expected = line["contractual"] + line["allowance"]
                vals_list.append(
                    {
                        "claim_id": claim.id,
                        "sequence": place,
                        "charge_id": charge.id,
                        "line_control_number": line.get("line")
                        or f"{one.number}{place:03d}",
                        "service_code_id": charge.service_code_id.id,
                        "code": line["code"],
                        "modifiers": line.get("modifiers") or False,
                        "units": charge.units,
                        "service_date": one.header["service_date"],
                        "charge_amount": from_decimal(line["charge"]),
                        "expected_amount": from_decimal(line["charge"] - expected),
                        "expected_contractual": from_decimal(expected),
                        "expected_patient": from_decimal(line["patient"]),
                        "paid_amount": from_decimal(line["paid"]),
                        "contractual_amount": from_decimal(line["contractual"]),
                        "patient_amount": from_decimal(line["patient"]),
                        "adjusted_amount": from_decimal(line["other"]),
                        "state": "open",
                        "correlation_id": claim.correlation_id,
                    }
                )
        self.env["rcm.claim.line"]._rcm_create(vals_list)

    def _rcm_place_legs(self, claims):
        """The payer of the file has its turn, where the earlier system left it."""
        legs = self.env["rcm.claim.leg"]
        by_state = {}
        for claim in claims:
            leg = claim.leg_ids.filtered(
                lambda item, payer=claim.payer_id: item.payer_id == payer
            )[:1]
            legs |= leg
            by_state[claim.state] = by_state.get(claim.state, legs.browse()) | leg
        legs._rcm_set_state("ready")
        legs._rcm_set_state("submitted")
        for state in ("accepted", "rejected", "adjudicated"):
            by_state.get(state, legs.browse())._rcm_set_state(state)

    def _rcm_entry_vals(self, one, claim):
        accounts = {
            **self.company_id._rcm_accounts(),
            "opening": self.clearing_account_id,
        }
        return {
            "move_type": "entry",
            "journal_id": self.company_id._rcm_journal("adjustment").id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "date": self.date,
            "ref": claim.name,
            **claim._rcm_move_marks("opening"),
            "rcm_reason": self.name,
            "line_ids": [
                fields.Command.create(
                    {
                        **claim._rcm_line_vals(
                            line, accounts, claim._rcm_partner_for(line.purpose)
                        ),
                        "date_maturity": self.date,
                    }
                )
                for line in entry(entry_amounts(one))
            ],
        }

    # ------------------------------------------------------------------
    # Undo
    # ------------------------------------------------------------------
    def _rcm_undo(self):
        self.ensure_one()
        claims = self.claim_ids
        claims._rcm_ledger_lock()
        self._rcm_check_untouched(claims)
        Move = self.env["account.move"]
        originals = Move.search(
            [("rcm_claim_id", "in", claims.ids), ("rcm_kind", "=", "opening")],
            order="id",
        )
        date = self.date
        journal = self.company_id._rcm_journal("adjustment")
        if self.company_id._get_lock_date_violations(
            date, fiscalyear=True, sale=False, purchase=False, tax=False, hard=True
        ):
            date = fields.Date.context_today(self)
        reversals = Move._rcm_post_entries(
            [self._rcm_reversal_vals(move, journal, date) for move in originals]
        )
        claims._rcm_match_open_items(reversals)
        claims._rcm_set_state("void", work=False, hold_state=False)
        claims.leg_ids.filtered(lambda leg: leg.state != "closed")._rcm_set_state(
            "closed"
        )
        encounters = claims.encounter_id
        charges = encounters.charge_ids
        bulk_update(charges, {charge.id: {"state": "void"} for charge in charges})
        # The numbers are the payer's and the earlier system's: free for the next try.
        bulk_update(
            claims,
            {
                claim.id: {
                    "name": f"{claim.name}~{self.id}",
                    "invoice_state": "credited",
                }
                for claim in claims
            },
        )
        bulk_update(
            encounters,
            {
                one.id: {"number": f"{one.number}~{self.id}", "state": "cancelled"}
                for one in encounters
            },
        )
        claims._rcm_emit("rcm.claim.opening_undone", {"opening": [self.name, None]})
        self._rcm_set_state("undone")

    def _rcm_check_untouched(self, claims):
        """Refuse once somebody worked with the claims: that is history now."""
        lines = self.env["account.move.line"].search(
            [("rcm_claim_id", "in", claims.ids), ("parent_state", "=", "posted")]
        )
        posted = lines.filtered(lambda line: line.move_id.rcm_kind != "opening")
        matched = lines.filtered(
            lambda line: line.matched_debit_ids or line.matched_credit_ids
        )
        moved = claims.filtered(
            lambda claim: claim.state in ("closed", "superseded", "void", "reopened")
            or claim.version > 1
        )
        touched = (posted | matched).rcm_claim_id | moved
        if touched:
            raise UserError(
                self.env._(
                    "%(count)s claims of this opening have moved on (the first is "
                    "%(claim)s): payments, corrections or other entries were posted. "
                    "It can no longer be undone as a whole.",
                    count=len(touched),
                    claim=touched[0].name,
                )
            )

    def _rcm_reversal_vals(self, move, journal, date):
        claim = move.rcm_claim_id
        return {
            "move_type": "entry",
            "journal_id": journal.id,
            "company_id": move.company_id.id,
            "currency_id": move.currency_id.id,
            "date": date,
            "ref": move.ref,
            "reversed_entry_id": move.id,
            **claim._rcm_move_marks("opening"),
            "rcm_reason": self.env._("Opening undone: %s", self.name),
            "line_ids": [
                fields.Command.create(
                    {
                        "name": line.name,
                        "account_id": line.account_id.id,
                        "partner_id": line.partner_id.id,
                        "currency_id": line.currency_id.id,
                        "balance": -line.balance,
                        "amount_currency": -line.amount_currency,
                        "tax_ids": [fields.Command.clear()],
                        "rcm_purpose": line.rcm_purpose,
                        "rcm_claim_id": claim.id,
                        "rcm_encounter_id": line.rcm_encounter_id.id,
                        "rcm_facility_id": line.rcm_facility_id.id,
                    }
                )
                for line in move.line_ids
            ],
        }


class RcmClaim(models.Model):
    """Claims that were open when the books began here."""

    _inherit = "rcm.claim"

    opening_id = fields.Many2one(
        "rcm.opening",
        string="Opening Balance",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="Taken over from an earlier system with this opening.",
    )
    opening_amount = fields.Monetary(
        string="Open When Taken Over", readonly=True, copy=False
    )

    @api.model
    def _rcm_protected_fields(self):
        return super()._rcm_protected_fields() | {"opening_id", "opening_amount"}

    def _rcm_invoiced_amounts(self, self_pay):
        """A claim taken over was invoiced by the earlier system, at its charge."""
        amounts = super()._rcm_invoiced_amounts(self_pay)
        for claim in self.filtered("opening_id"):
            digits = claim.currency_id.decimal_places
            amounts = amounts._replace(
                charge=amounts.charge + to_decimal(claim.total_charge, digits),
                contractual=amounts.contractual
                + to_decimal(claim.expected_contractual, digits),
                sequestration=amounts.sequestration
                + to_decimal(claim.expected_sequestration, digits),
                concession=amounts.concession
                + to_decimal(claim.expected_concession, digits),
            )
        return amounts
