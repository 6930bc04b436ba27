from decimal import Decimal
from uuid import uuid4

from odoo import fields, models
from odoo.exceptions import UserError

from ..core.ledger_entries import entry
from ..core.money import from_decimal
from ..core.opening import entry_amounts
from ..tools import bulk_update
from .rcm_opening import BATCH


class RcmOpening(models.Model):
    """Taking over: encounters, claims, lines, legs and the entry of each batch."""

    _inherit = "rcm.opening"

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
