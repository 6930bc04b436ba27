from odoo import api, models

from ..core.npi import is_valid
from .rcm_claim_content import PROVIDER_FIELDS


class RcmValidationCheck(models.AbstractModel):
    """Checks of the providers on a claim."""

    _inherit = "rcm.validation.check"

    @api.model
    def _check_npi(self, claims):
        found = {}
        for claim in claims:
            wrong = [
                label
                for label, npi in self._rcm_numbers(claim)
                if npi and not is_valid(npi)
            ]
            if wrong:
                found[claim.id] = f"({', '.join(dict.fromkeys(wrong))})"
        return found

    @api.model
    def _rcm_numbers(self, claim):
        """(label, NPI) of everybody a claim names."""
        numbers = [
            (self.env._("facility"), claim.facility_id.npi),
            (self.env._("billing provider"), claim.provider_group_id.npi),
            (self.env._("rendering provider"), claim.rendering_npi),
        ]
        numbers += [
            (claim._fields[name]._description_string(self.env), claim[name].npi)
            for name in PROVIDER_FIELDS
        ]
        numbers += [
            (self.env._("rendering provider"), line.charge_id.rendering_npi)
            for line in self._rcm_lines(claim)
        ]
        return numbers

    @api.model
    def _check_billing_address(self, claims):
        """Claims to payers whose billing provider has no complete address."""
        billed = claims.filtered(lambda claim: claim.payer_id and not claim.self_pay)
        # whether there is one, not what it is
        without = billed.provider_group_id.sudo().filtered(
            lambda group: not group._rcm_has_billing_address()
        )
        return {
            claim.id: f"({claim.provider_group_id.code})"
            for claim in billed
            if claim.provider_group_id.id in without.ids
        }

    @api.model
    def _check_provider_inactive(self, claims):
        """Providers on file against the days between which they practise."""
        rendering = self._rcm_rendering_providers(claims)
        found = {}
        for claim in claims:
            wrong = [
                label
                for label, provider, day in self._rcm_named(claim, rendering)
                if provider and day and not provider._rcm_practises_on(day)
            ]
            if wrong:
                found[claim.id] = f"({', '.join(dict.fromkeys(wrong))})"
        return found

    @api.model
    def _rcm_named(self, claim, rendering):
        """(label, provider, day) of those a claim and its lines name.

        :param dict rendering: ``{(company id, NPI): provider}``
        """
        label = claim._fields["rendering_id"]._description_string(self.env)
        named = [
            (claim._fields[name]._description_string(self.env), claim[name])
            for name in PROVIDER_FIELDS
            if name != "rendering_id"
        ]
        named = [(*item, claim.service_date) for item in named]
        for line in self._rcm_lines(claim):
            npi = line.charge_id.rendering_npi or claim.encounter_id.rendering_npi
            provider = rendering.get((claim.company_id.id, npi))
            named.append((label, provider, line.service_date or claim.service_date))
        return named

    @api.model
    def _check_provider_enrollment(self, claims):
        """Billing group, rendering and attending providers against the enrollments."""
        billed = claims.filtered(lambda claim: claim.payer_id and not claim.self_pay)
        if not billed:
            return {}
        known = self.env["rcm.provider.enrollment"]._rcm_known(billed.payer_id)
        strict = billed.payer_id.filtered("enrollment_required")
        if not known and not strict:
            return {}
        providers = self._rcm_rendering_providers(billed)
        found = {}
        for claim in billed:
            if any(
                self._rcm_unenrolled(known, claim, owner, claim.payer_id in strict)
                for owner in self._rcm_owners(claim, providers)
            ):
                found[claim.id] = ""
        return found

    @api.model
    def _rcm_unenrolled(self, known, claim, owner, strict):
        """Whether the payer of ``claim`` does not pay ``owner`` for its day."""
        rows = known.get((claim.payer_id.id, owner))
        if not rows:
            return strict
        return not any(row._rcm_covers(claim.service_date) for row in rows)

    @api.model
    def _rcm_owners(self, claim, providers):
        named = (claim.provider_group_id, claim.attending_id)
        owners = {owner for owner in named if owner}
        for line in claim.line_ids:
            npi = line.charge_id.rendering_npi or claim.encounter_id.rendering_npi
            if provider := providers.get((claim.company_id.id, npi)):
                owners.add(provider)
        return {owner.sudo() for owner in owners}

    @api.model
    def _rcm_rendering_providers(self, claims):
        """{(company id, NPI): provider} of those who rendered the services."""
        numbers = set(claims.encounter_id.mapped("rendering_npi"))
        numbers |= set(claims.line_ids.charge_id.mapped("rendering_npi"))
        found = (
            self.env["rcm.provider"]
            .sudo()  # a check reads master data of the claim's own company
            .with_context(active_test=False)
            .search(
                [
                    ("npi", "in", list(numbers - {False})),
                    ("company_id", "in", claims.company_id.ids),
                ]
            )
            .with_context(active_test=True)
        )
        return {(item.company_id.id, item.npi): item for item in found}
