from odoo import api, fields, models

from ..core.claim_content import ORGANISATION_ROLES, ROLES
from ..core.errors import RcmPermanent, ReferenceMissing
from .rcm_claim_content import CLINICAL, CONTENT_FIELDS
from .rcm_encounter import BILLING_INPUTS

# What a correction of the claim may change of an encounter that is billed.
CORRECTABLE = frozenset(
    {
        *CONTENT_FIELDS,
        "code_ids",
        "service_date",
        "service_end",
        "provider_group_id",
        "guarantor_id",
        "authorization_id",
        "authorization_number",
    }
)


class RcmEncounter(models.Model):
    """What the claims of an encounter will say: providers, dates, codes."""

    _name = "rcm.encounter"
    _inherit = ["rcm.encounter", "rcm.claim.content"]

    rendering_npi = fields.Char(
        compute="_compute_rendering_npi", store=True, readonly=False, precompute=True
    )
    claim_form = fields.Selection(
        compute="_compute_claim_form",
        store=True,
        readonly=False,
        precompute=True,
        default=None,
    )
    code_ids = fields.One2many(
        "rcm.encounter.code",
        "encounter_id",
        string="Institutional Codes",
        groups=CLINICAL,
    )
    is_correctable = fields.Boolean(
        compute="_compute_is_correctable",
        compute_sudo=True,
        help="Its data may be changed: it is not billed, or a correction is drafted.",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("rendering_id")
    def _compute_rendering_npi(self):
        """A picked provider brings its number; a number alone is kept."""
        for encounter in self:
            picked = encounter.rendering_id.npi
            encounter.rendering_npi = picked or encounter.rendering_npi

    @api.depends("encounter_type")
    def _compute_claim_form(self):
        """A stay is billed by the facility unless said otherwise."""
        for encounter in self:
            if not encounter.claim_form:
                stay = encounter.encounter_type == "inpatient"
                encounter.claim_form = "institutional" if stay else "professional"

    @api.depends("state", "hold_state", "charge_ids.state", "claim_ids.state")
    def _compute_is_correctable(self):
        for encounter in self:
            encounter.is_correctable = encounter._rcm_is_correctable()

    def _rcm_is_correctable(self):
        """Not frozen, or a correction of its claim is drafted."""
        self.ensure_one()
        # Whether a correction is drafted; the desk reads no claims.
        claims = self.sudo().claim_ids
        return not self._rcm_is_frozen() or bool(
            self.state != "cancelled"
            and claims.filtered(
                lambda claim: claim.state == "draft" and claim.replaces_id
            )
        )

    # ------------------------------------------------------------------
    # Guard
    # ------------------------------------------------------------------
    def write(self, vals):
        added = [name for name in CORRECTABLE if name in vals]
        if set(added) - set(BILLING_INPUTS):
            self.check_access("write")
            self._check_editable(added)
        return super().write(vals)

    def _check_editable(self, names=()):
        """Each version keeps its own content: a drafted correction takes new data."""
        checked = self
        if names and set(names) <= CORRECTABLE:
            checked = self.filtered(lambda item: not item._rcm_is_correctable())
        return super(RcmEncounter, checked)._check_editable(names)

    # ------------------------------------------------------------------
    # Intake
    # ------------------------------------------------------------------
    @api.model
    def _rcm_intake_content(self, facts, company):
        """Values of the content a source sent; what it does not say stays ours."""
        content = facts.content
        providers = self._rcm_intake_providers(content.providers, company)
        vals = {f"{role}_id": provider.id for role, provider in providers.items()}
        if "rendering" in content.providers and not facts.rendering_npi:
            vals["rendering_npi"] = content.providers["rendering"].npi
        said = {
            "claim_form": content.claim_form,
            "diagnosis_poa": ",".join(content.diagnosis_poa),
            "admitting_diagnosis": content.admitting_diagnosis,
            "visit_reason_codes": ",".join(content.visit_reasons),
            "external_cause_codes": ",".join(content.external_causes),
            "onset_date": content.onset_date,
            "accident_type": content.accident_type,
            "accident_date": content.accident_date,
            "accident_state": content.accident_state,
            "admission_at": content.admission_at,
            "admission_type": content.admission_type,
            "point_of_origin": content.point_of_origin,
            "discharge_at": content.discharge_at,
            "patient_status": content.patient_status,
            "type_of_bill": content.type_of_bill,
            "drg_code": content.drg_code,
            "clia_number": content.clia_number,
        }
        return vals | {name: value for name, value in said.items() if value}

    @api.model
    def _rcm_intake_providers(self, named, company):
        """{role: provider}; one we do not know is made when the source names it."""
        if not named:
            return {}
        Provider = self.env["rcm.provider"]
        known = Provider._rcm_find_by_npi([one.npi for one in named.values()], company)
        found = {}
        for role in ROLES:
            if role not in named:
                continue
            facts = named[role]
            if facts.npi not in known:
                if not facts.is_named:
                    raise ReferenceMissing("provider", facts.npi)
                known[facts.npi] = Provider.create(_provider_vals(facts, company))
            if role in ORGANISATION_ROLES and (
                known[facts.npi].provider_type != "organisation"
            ):
                raise RcmPermanent(
                    "content_invalid",
                    f"encounter.providers.{role}: is a person on file",
                )
            found[role] = known[facts.npi]
        return found

    def _rcm_intake_codes(self, facts):
        """Make the institutional codes those of the source, when it sends any."""
        wanted = [
            {
                "sequence": place * 10,
                "kind": item.kind,
                "code": item.code,
                "date": item.day or False,
                "date_to": item.until or False,
                "amount": float(item.amount),
            }
            for place, item in enumerate(facts.content.codes, start=1)
        ]
        if not wanted or not self._rcm_is_correctable():
            return
        names = list(wanted[0])
        have = [
            {name: code[name] for name in names}
            for code in self.code_ids.sorted("sequence")
        ]
        if have != wanted:
            self.code_ids.unlink()
            self.env["rcm.encounter.code"].create(
                [{**vals, "encounter_id": self.id} for vals in wanted]
            )


def _provider_vals(facts, company):
    """A provider as an event names it; administrators complete it."""
    names = (
        {"provider_type": "organisation", "name": facts.organisation}
        if facts.organisation
        else {
            "first_name": facts.first_name or False,
            "last_name": facts.last_name,
        }
    )
    return {
        **names,
        "npi": facts.npi,
        "taxonomy_code": facts.taxonomy or False,
        "company_id": company.id,
    }
