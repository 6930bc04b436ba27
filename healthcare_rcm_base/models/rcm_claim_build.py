from collections import defaultdict

from odoo import models

from ..tools import bulk_update, differing


class RcmClaim(models.Model):
    """Building claims from encounters, many at a time."""

    _inherit = "rcm.claim"

    def _rcm_build_from(self, encounters):
        """Create a priced claim for the unbilled charges of each of ``encounters``.

        :return: the new claims, one per encounter that has such charges
        """
        charges_of = {item: item._rcm_unbilled_charges() for item in encounters}
        due = [item for item, charges in charges_of.items() if charges]
        numbers = self._rcm_numbers_for(due)
        plans = self._rcm_price_plans(
            [(item, self._rcm_header_vals(item), charges_of[item]) for item in due]
        )
        claims = self._rcm_create(
            [
                {
                    "name": numbers[encounter.id],
                    "correlation_id": encounter.correlation_id,
                    "carried_amount": 0.0,
                    **plan.header,
                }
                for encounter, plan in zip(due, plans, strict=True)
            ]
        )
        # A first version carries nothing: no need to find that out claim by claim.
        self.env.remove_to_compute(self._fields["carried_amount"], claims)
        lines = []
        for claim, plan in zip(claims, plans, strict=True):
            lines += claim._rcm_line_vals_list(plan.lines, start=1)
        self.env["rcm.claim.line"]._rcm_create(lines)
        self._rcm_store_charge_prices(plans)
        claims._rcm_sync_legs()
        claims._rcm_emit("rcm.claim.built")
        return claims

    def _rcm_refresh(self):
        """Take over what was corrected on the encounter, on draft claims only."""
        drafts = self.filtered(lambda claim: claim.state == "draft")
        plans = self._rcm_price_plans(
            [
                (
                    claim.encounter_id,
                    self._rcm_header_vals(claim.encounter_id),
                    claim._rcm_charges_to_carry(),
                )
                for claim in drafts
            ]
        )
        for claim, plan in zip(drafts, plans, strict=True):
            if changed := differing(claim, plan.header):
                claim._rcm_write(changed)
            claim._rcm_refresh_lines(plan.lines)
        self._rcm_store_charge_prices(plans)
        drafts._rcm_sync_legs()
        return drafts

    def _rcm_charges_to_carry(self):
        """Live charges of a draft: its own that are not void, and unbilled new ones."""
        own = self.line_ids.charge_id.filtered(lambda item: item.state == "captured")
        return (own | self.encounter_id._rcm_unbilled_charges()).sorted()

    def _rcm_refresh_lines(self, planned):
        """Make the lines equal the plan; a charge keeps its line and its number."""
        self.ensure_one()
        by_charge = {line.charge_id.id: line for line in self.line_ids}
        kept = {vals["charge_id"] for vals in planned}
        highest = max(self.line_ids.mapped("sequence"), default=0)
        self.line_ids.filtered(lambda line: line.charge_id.id not in kept).unlink()
        fresh = []
        for vals in planned:
            if line := by_charge.get(vals["charge_id"]):
                if changed := differing(line, vals):
                    line._rcm_write(changed)
            else:
                fresh.append(vals)
        self.env["rcm.claim.line"]._rcm_create(
            self._rcm_line_vals_list(fresh, start=highest + 1)
        )

    def _rcm_numbers_for(self, encounters):
        """Return {encounter id: control number}, drawn at once for each company."""
        by_company = defaultdict(list)
        for encounter in encounters:
            by_company[encounter.company_id].append(encounter.id)
        numbers = {}
        for company, ids in by_company.items():
            drawn = self._rcm_next_numbers(company, len(ids))
            numbers.update(zip(ids, drawn, strict=True))
        return numbers

    def _rcm_header_vals(self, encounter):
        """Values of a claim that follow its encounter."""
        coverage = encounter._rcm_coverages_in_order()[:1]
        return {
            "encounter_id": encounter.id,
            "company_id": encounter.company_id.id,
            "patient_id": encounter.patient_id.id,
            "guarantor_id": encounter.guarantor_id.id,
            "facility_id": encounter.facility_id.id,
            "provider_group_id": encounter.provider_group_id.id,
            "coverage_id": coverage.id,
            "payer_id": coverage.payer_id.id,
            "self_pay": encounter.self_pay,
            "service_date": encounter.service_date,
        }

    def _rcm_line_vals_list(self, planned, start):
        """Complete planned line values with their place and control number."""
        self.ensure_one()
        return [
            {
                "claim_id": self.id,
                "sequence": number,
                "line_control_number": f"{self.name}{number:03d}",
                "correlation_id": self.correlation_id,
                **vals,
            }
            for number, vals in enumerate(planned, start=start)
        ]

    def _rcm_store_charge_prices(self, plans):
        """Show on each charge what its claim line was priced at."""
        vals_by_id = {
            vals["charge_id"]: {
                "expected_amount": vals["expected_amount"]
                if vals["is_priced"]
                else 0.0,
                "rate_id": rate_id,
                "pricing_trace": vals["pricing_trace"],
            }
            for plan in plans
            for vals, rate_id in zip(plan.lines, plan.rate_ids, strict=True)
        }
        bulk_update(self.env["rcm.charge"], vals_by_id)
