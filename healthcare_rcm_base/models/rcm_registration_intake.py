from psycopg2.errors import UniqueViolation

from odoo import api, models
from odoo.tools import mute_logger

from ..core import encounter_facts, matching
from ..core.errors import PredecessorMissing, RcmPermanent, RcmRetryable
from ..tools import differing

# What a registration does not know: it never empties what came by later.
LATER_FIELDS = ("diagnosis_codes", "service_end")


class RcmEncounter(models.Model):
    """Taking in visits before they happen, and news about patients."""

    _inherit = "rcm.encounter"

    @api.model
    def _rcm_intake_registered(self, data, correlation_id, source):
        """Take in one ``encounter.registered`` and return its encounter.

        An encounter that is past registration keeps what it has: the news is old.
        """
        facts = encounter_facts.read_registration(data)
        return self._rcm_intake_guarded(
            lambda intake: intake._rcm_take_in_registered(facts, correlation_id, source)
        )

    @api.model
    def _rcm_intake_patient_updated(self, data, source):
        """Take in one ``patient.updated`` and return the patient account."""
        facts = encounter_facts.read_person(data)
        return self._rcm_intake_guarded(
            lambda intake: intake._rcm_take_in_person(facts, source)
        )

    @api.model
    def _rcm_intake_guarded(self, step):
        """Run ``step`` with all rights; another transaction's head start is a retry."""
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                # The door checked who may hand events in; identity needs full rights.
                taken = step(self.sudo())
        except UniqueViolation as error:
            raise RcmRetryable(1, "being taken in at the same time") from error
        return taken.with_env(self.env)

    # ------------------------------------------------------------------
    # Registration
    # ------------------------------------------------------------------
    @api.model
    def _rcm_take_in_registered(self, facts, correlation_id, source):
        facility = self._rcm_intake_reference(
            "rcm.facility", facts.facility, self.env.company
        )
        encounter = self.search(
            [("facility_id", "=", facility.id), ("number", "=", facts.number)]
        )
        if encounter and encounter.state != "registered":
            return encounter
        patient, coverages = self._rcm_take_in_people(facts, facility, source)
        vals = self._rcm_intake_vals(
            facts, facility, patient, patient.guarantor_id, coverages
        )
        vals = {name: vals[name] for name in vals if name not in LATER_FIELDS}
        if not encounter:
            encounter = self.create({**vals, "correlation_id": correlation_id})
            encounter._rcm_emit("rcm.encounter.registered", source=source)
        elif encounter.patient_id != patient:
            raise RcmPermanent(
                "identity_conflict", "the encounter belongs to another patient account"
            )
        elif changed := differing(encounter, vals):
            before = encounter._rcm_audit_snapshot(list(changed))
            encounter.write(changed)
            encounter._rcm_emit_difference(
                "rcm.encounter.corrected", before, list(changed)
            )
        return encounter

    @api.model
    def _rcm_intake_provider_group(self, facts, facility):
        """The group the source names; else the only one the company has."""
        if facts.provider_group:
            return self._rcm_intake_reference(
                "rcm.provider.group", facts.provider_group, facility.company_id
            )
        groups = self.env["rcm.provider.group"].search(
            [("company_id", "=", facility.company_id.id)], limit=2
        )
        if len(groups) != 1:
            raise RcmPermanent(
                "content_invalid",
                "encounter.provider_group is needed: there are several",
            )
        return groups

    # ------------------------------------------------------------------
    # News about a patient
    # ------------------------------------------------------------------
    @api.model
    def _rcm_take_in_person(self, facts, source):
        """Bring a patient up to date; one nobody knows yet is made, or waited for."""
        company = self.env.company
        facility = self.env["rcm.facility"]
        if facts.facility:
            facility = self._rcm_intake_reference(
                "rcm.facility", facts.facility, company
            )
        known = self.env["rcm.identifier"]._rcm_lookup(
            "rcm", "account", facts.patient.account_number, company
        ) or self.env["rcm.patient.account"].search(
            [
                ("name", "=", facts.patient.account_number),
                ("company_id", "=", company.id),
            ]
        )
        facility = facility or (known and known.facility_id)
        if not facility:
            awaited = f"patient:{facts.patient.account_number}"
            raise PredecessorMissing("patient account", awaits=awaited)
        patient, _coverages = self._rcm_take_in_people(facts, facility, source)
        return patient

    @api.model
    def _rcm_take_in_people(self, facts, facility, source):
        """Take in the people of ``facts``; return patient and coverages."""
        company = facility.company_id
        patient, match, new_keys = self._rcm_intake_find(facts, facility)
        if facts.guarantor:
            guarantor = self._rcm_intake_guarantor(facts, company, patient)
            patient = self._rcm_intake_patient(
                facts, facility, guarantor, patient, match, source
            )
        elif patient:
            patient._rcm_take_over(
                self._rcm_intake_person_vals(facts.patient, company), source
            )
        else:
            patient = self.env["rcm.patient.account"].create(
                {
                    **self._rcm_intake_person_vals(facts.patient, company),
                    "name": facts.patient.account_number,
                    "mrn": facts.patient.mrn,
                    "facility_id": facility.id,
                    "company_id": company.id,
                }
            )
            if match.result == matching.LIKELY:
                self.env["rcm.possible.duplicate"]._rcm_note(patient, match)
        self._rcm_intake_register(new_keys, patient)
        return patient, self._rcm_intake_coverages(facts, patient, company, source)
