from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.tools import mute_logger

from ..core import encounter_facts
from ..core.errors import RcmPermanent, RcmRetryable, ReferenceMissing
from ..core.person import CONTACT
from ..tools import differing

CONTACT_FIELDS = ("first_name", "last_name", *CONTACT)
GUARANTOR_RELATIONSHIPS = {
    "self": "self",
    "spouse": "spouse",
    "parent": "parent",
    "child": "other",
    "other": "other",
}


class RcmEncounter(models.Model):
    """Taking in completed encounters from source systems.

    The canonical dict is complete: it says everything about the encounter. Taking
    the same one in again changes nothing; a newer one corrects what is not billed
    yet. What is billed is never overwritten: a late charge reopens the encounter, a
    change becomes an exception case.
    """

    _inherit = "rcm.encounter"

    @api.model
    def _rcm_intake_completed(self, data, correlation_id, source):
        """Take in one ``encounter.completed`` and return its encounter.

        :param dict data: the canonical dict, version 1
        :raise ReferenceMissing: a facility, provider group or payer we do not know
        :raise RcmPermanent: content that no retry can save, said without values
        """
        facts = encounter_facts.read(data)
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                # The door checked who may hand events in; identity needs full rights.
                encounter = self.sudo()._rcm_take_in(facts, correlation_id, source)
        except UniqueViolation as error:
            # Another transaction just took in the same patient or encounter.
            raise RcmRetryable(1, "being taken in at the same time") from error
        return encounter.with_env(self.env)

    @api.model
    def _rcm_take_in(self, facts, correlation_id, source):
        company = self.env.company
        facility = self._rcm_intake_reference("rcm.facility", facts.facility, company)
        patient, match, new_keys = self._rcm_intake_find(facts, facility)
        guarantor = self._rcm_intake_guarantor(facts, company, patient)
        patient = self._rcm_intake_patient(
            facts, facility, guarantor, patient, match, source
        )
        self._rcm_intake_register(new_keys, patient)
        coverages = self._rcm_intake_coverages(facts, patient, company, source)
        encounter = self.search(
            [("facility_id", "=", facility.id), ("number", "=", facts.number)]
        )
        vals = self._rcm_intake_vals(facts, facility, patient, guarantor, coverages)
        if not encounter:
            vals["correlation_id"] = correlation_id
            encounter = self.create(vals)
            encounter._rcm_emit("rcm.encounter.registered", source=source)
        elif encounter.patient_id != patient:
            raise RcmPermanent(
                "identity_conflict", "the encounter belongs to another patient account"
            )
        elif encounter.state == "cancelled":
            raise RcmPermanent(
                "encounter_cancelled", "the encounter was cancelled here"
            )
        elif encounter._rcm_is_frozen():
            encounter._rcm_intake_compare(vals, source)
        elif changed := differing(encounter, vals):
            before = encounter._rcm_audit_snapshot(list(changed))
            encounter.write(changed)
            encounter._rcm_emit_difference(
                "rcm.encounter.corrected", before, list(changed)
            )
        encounter._rcm_intake_codes(facts)
        encounter._rcm_intake_charges(facts)
        encounter._rcm_intake_progress(facts)
        return encounter

    # ------------------------------------------------------------------
    # References
    # ------------------------------------------------------------------
    @api.model
    def _rcm_intake_reference(self, model, code, company):
        """The record by our own code, a payer by a number of its own as well."""
        found = self.env[model].search(
            [("code", "=", code), ("company_id", "=", company.id)], limit=1
        )
        if not found and model == "rcm.payer":
            found = self.env[model]._rcm_find_by_identifier(code, company)
        if not found:
            kind = model.removeprefix("rcm.").replace(".", "_")
            raise ReferenceMissing(kind, code)
        return found

    @api.model
    def _rcm_intake_authorizations(self, facts, patient):
        """{number: authorization} of the numbers this encounter names."""
        numbers = {facts.authorization, *(item.authorization for item in facts.charges)}
        numbers.discard("")
        if not numbers:
            return {}
        found = self.env["rcm.authorization"].search(
            [("patient_id", "=", patient.id), ("number", "in", list(numbers))]
        )
        return {authorization.number: authorization for authorization in found}

    # ------------------------------------------------------------------
    # Encounter and charges
    # ------------------------------------------------------------------
    @api.model
    def _rcm_intake_vals(self, facts, facility, patient, guarantor, coverages):
        group = self._rcm_intake_provider_group(facts, facility)
        authorizations = self._rcm_intake_authorizations(facts, patient)
        authorization = authorizations.get(facts.authorization)
        return {
            "number": facts.number,
            "company_id": facility.company_id.id,
            "facility_id": facility.id,
            "provider_group_id": group.id,
            "patient_id": patient.id,
            "guarantor_id": guarantor.id,
            "coverage_ids": [fields.Command.set(coverages.ids)],
            "self_pay": facts.self_pay,
            **self._rcm_intake_client(facts, facility.company_id),
            "service_date": facts.service_date,
            "service_end": facts.service_end or False,
            "encounter_type": facts.type,
            "place_of_service": facts.place_of_service or False,
            "diagnosis_codes": ",".join(facts.diagnoses) or False,
            "rendering_npi": facts.rendering_npi or False,
            "authorization_id": authorization.id if authorization else False,
            "authorization_number": facts.authorization or False,
            **self._rcm_intake_content(facts, facility.company_id),
        }

    @api.model
    def _rcm_intake_client(self, facts, company):
        """Who ordered it and pays; a source that is silent leaves ours alone."""
        if not facts.client:
            return {}
        client = self._rcm_intake_reference("rcm.client", facts.client, company)
        return {"client_id": client.id}

    def _rcm_intake_compare(self, vals, source):
        """A billed encounter keeps its values; what differs is told, not taken."""
        changed = differing(self, vals)
        if not changed:
            return
        labels = self.fields_get(list(changed), ["string"])
        self._rcm_raise_case(
            "charge_changed",
            self.env._(
                "The source changed the encounter after billing: %(fields)s.",
                fields=", ".join(sorted(label["string"] for label in labels.values())),
            ),
        )

    def _rcm_intake_progress(self, facts):
        """Take the encounter as far as the source says it is."""
        if self.state == "registered":
            self._rcm_set_state("completed")
        if facts.coding_signed_off:
            self._rcm_sign_off()
        if self.state == "ready":
            self._rcm_bill_again()
        if self.state == "reopened":
            self._rcm_charges_changed("late")
