from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.tools import mute_logger

from ..core import encounter_facts, matching
from ..core.errors import RcmPermanent, RcmRetryable, ReferenceMissing
from ..core.money import from_decimal, to_decimal
from ..tools import differing
from .rcm_identifier import ACCOUNT, GUARANTOR, OWN_SYSTEM
from .rcm_patient_match import FACILITY_SYSTEM, MRN

CONTACT_FIELDS = (
    "first_name",
    "last_name",
    "phone",
    "email",
    "street",
    "street2",
    "city",
    "state_id",
    "zip",
)
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
    def _rcm_intake_keys(self, facts, facility):
        """What the source calls the patient: (system, kind, value) each."""
        keys = [(OWN_SYSTEM, ACCOUNT, facts.patient.account_number)]
        if facts.patient.mrn:
            keys.append((f"{FACILITY_SYSTEM}{facility.code}", MRN, facts.patient.mrn))
        return keys

    @api.model
    def _rcm_intake_find(self, facts, facility):
        """The account the source speaks of: by its numbers, else by matching.

        :return: (account or nothing, the ``Match`` when numbers did not tell, numbers
            that were not known)
        """
        company, Patient = facility.company_id, self.env["rcm.patient.account"]
        lookup = self.env["rcm.identifier"]._rcm_lookup
        by_key = {
            key: lookup(*key, company) for key in self._rcm_intake_keys(facts, facility)
        }
        new_keys = [key for key, owner in by_key.items() if not owner]
        owners = {owner for owner in by_key.values() if owner}
        if len(owners) > 1:
            raise RcmPermanent(
                "identity_conflict",
                "patient.mrn and patient.account_number name different accounts",
            )
        known = (
            owners.pop()
            if owners
            else Patient.search(
                [
                    ("name", "=", facts.patient.account_number),
                    ("company_id", "=", company.id),
                ]
            )
        )
        if known:
            return known, matching.Match(), new_keys
        match = Patient._rcm_match(self._rcm_intake_person(facts, facility), company)
        if match.result == matching.SURE:
            return Patient.browse(match.key), match, new_keys
        return Patient, match, new_keys

    @api.model
    def _rcm_intake_register(self, keys, patient):
        """Note what the source calls the patient."""
        register = self.env["rcm.identifier"]._rcm_register
        for key in keys:
            if register(*key, patient, patient.company_id) != patient:
                raise RcmPermanent(
                    "identity_conflict", "a patient identifier names another account"
                )

    @api.model
    def _rcm_intake_person_vals(self, person, company):
        """Values of the patient account that the source gave."""
        vals = _patient_vals(person)
        if state := self._rcm_intake_state(person.state, company):
            vals["state_id"] = state.id
        return vals

    @api.model
    def _rcm_intake_state(self, code, company):
        """The state of the company's country with that code, if there is one."""
        State = self.env["res.country.state"]
        if not code:
            return State
        country = company.country_id or self.env.ref("base.us")
        return State.search(
            [("code", "=", code.upper()), ("country_id", "=", country.id)], limit=1
        )

    @api.model
    def _rcm_intake_person(self, facts, facility):
        """The person the source describes, as matching takes one."""
        person = facts.patient
        members = [
            (
                self._rcm_intake_reference(
                    "rcm.payer", item.payer, facility.company_id
                ).id,
                item.member_id,
            )
            for item in facts.coverages
        ]
        return matching.person(
            first_name=person.first_name,
            middle_name=person.middle_name,
            last_name=person.last_name,
            birth_date=person.birth_date,
            sex=person.sex,
            street=person.street,
            zip_code=person.zip,
            phone=person.phone,
            mrns=[(facility.code, person.mrn)],
            members=members,
        )

    @api.model
    def _rcm_intake_patient(
        self, facts, facility, guarantor, patient, match, source
    ):  # fmt: skip
        """Bring the account up to date, or make one."""
        person = facts.patient
        vals = {
            **self._rcm_intake_person_vals(person, facility.company_id),
            "guarantor_id": guarantor.id,
            "guarantor_relationship": GUARANTOR_RELATIONSHIPS[
                facts.guarantor.relationship
            ],
        }
        if patient:
            patient._rcm_take_over(vals, source)
            if match.result == matching.SURE:
                patient._rcm_emit(
                    "rcm.patient.account.linked",
                    changes={"match": [None, [match.score, *match.reasons]]},
                )
        else:
            patient = self.env["rcm.patient.account"].create(
                {
                    **vals,
                    "name": person.account_number,
                    "mrn": person.mrn,
                    "facility_id": facility.id,
                    "company_id": facility.company_id.id,
                }
            )
            if match.result == matching.LIKELY:
                self.env["rcm.possible.duplicate"]._rcm_note(patient, match)
        return patient

    @api.model
    def _rcm_intake_guarantor(self, facts, company, patient):
        """The guarantor by its account number, brought up to date or made.

        A known patient who answers for themselves keeps the guarantor they have, and
        a new number becomes another name of it.
        """
        person, Partner = facts.guarantor, self.env["res.partner"]
        number, himself = person.account_number, person.relationship == "self"
        known = Partner._rcm_find_guarantor(company, number)
        own = (
            patient.guarantor_id if patient.guarantor_relationship == "self" else known
        )
        if himself and patient and own and known in (own, Partner):
            if not known:
                self.env["rcm.identifier"]._rcm_register(
                    OWN_SYSTEM, GUARANTOR, number, own, company
                )
            return own
        vals = {"first_name": person.first_name, "last_name": person.last_name}
        if himself:
            theirs = self._rcm_intake_person_vals(facts.patient, company)
            given = {name: value for name, value in vals.items() if value}
            vals = {n: theirs[n] for n in theirs if n in CONTACT_FIELDS} | given
        guarantor = Partner._rcm_register_guarantor(company, number, vals)
        if not known and not himself:
            guarantor._rcm_note_guarantor_duplicate()
        return guarantor

    @api.model
    def _rcm_intake_coverages(self, facts, patient, company, source):
        """The patient's coverages by payer and member id, else new ones."""
        Coverage = self.env["rcm.coverage"]
        found = Coverage
        known = Coverage.with_context(active_test=False).search(
            [("patient_id", "=", patient.id)]
        )
        for item in facts.coverages:
            payer = self._rcm_intake_reference("rcm.payer", item.payer, company)
            vals = _coverage_vals(item)
            if state := self._rcm_intake_state(item.subscriber.state, company):
                vals["subscriber_state_id"] = state.id
            same = known.filtered(
                lambda coverage, payer=payer, item=item: coverage.payer_id == payer
                and coverage.member_id == item.member_id
            )[:1]
            if not same:
                same = Coverage.create(
                    {**vals, "patient_id": patient.id, "payer_id": payer.id}
                )
            else:
                same._rcm_take_over(vals, source)
            found |= same
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

    def _rcm_intake_charges(self, facts):
        """Upsert the charges by their source id; billed ones are only compared."""
        codes = self.env["rcm.service.code"]._rcm_by_code(
            {item.code for item in facts.charges}, self.company_id
        )
        authorizations = self._rcm_intake_authorizations(facts, self.patient_id)
        known = {charge.external_ref: charge for charge in self.charge_ids}
        fresh, changed_refs = [], []
        for place, item in enumerate(facts.charges, start=1):
            vals = _charge_vals(item, place, codes, authorizations)
            charge = known.pop(item.external_ref, None)
            if item.amount is None and charge:
                vals.pop("amount")  # the charge master priced it when it came
            elif item.amount is None:
                gross = self._rcm_gross_charge(item.code, item.units, item.service_date)
                vals["amount"] = from_decimal(gross)
            if charge is None:
                fresh.append(
                    {
                        **vals,
                        "origin": "encounter",
                        "correlation_id": self.correlation_id,
                    }
                )
            elif changed := differing(charge, vals):
                if charge.state == "captured":
                    charge.write(changed)
                elif set(changed) - {"sequence"}:
                    changed_refs.append((charge, changed))
        gone = self.env["rcm.charge"].union(*known.values())
        self._rcm_intake_gone(gone)
        self._rcm_intake_changed(changed_refs)
        if fresh:
            if self._rcm_standing() in ("billed", "closed"):
                if self.state == "on_hold":
                    self._rcm_write({"hold_state": "reopened"})
                else:
                    self._rcm_set_state("reopened")
            self.env["rcm.charge"].create(
                [{**vals, "encounter_id": self.id} for vals in fresh]
            )

    def _rcm_intake_gone(self, charges):
        """Charges the source does not know any more: void, unless they are billed.

        Only what came with the encounter: charges that came by themselves, from
        completed services or from people are not the encounter's to drop.
        """
        charges = charges.filtered(lambda item: item.origin == "encounter")
        charges.filtered(lambda charge: charge.state == "captured")._rcm_void()
        billed = charges.filtered(
            lambda charge: charge.state == "billed" and charge.is_current
        )
        if billed:
            self._rcm_raise_case(
                "charge_changed",
                self.env._(
                    "The source no longer sends %(count)s billed charges.",
                    count=len(billed),
                ),
                amount=sum(billed.mapped("amount")),
            )

    def _rcm_intake_changed(self, changed):
        """Billed or void charges the source sends with other values: a case."""
        if not changed:
            return
        amounts = [
            (to_decimal(charge.amount), to_decimal(vals.get("amount", charge.amount)))
            for charge, vals in changed
        ]
        billed = sum(before for before, _after in amounts)
        sent = sum(after for _before, after in amounts)
        names = sorted({name for _charge, vals in changed for name in vals})
        labels = self.env["rcm.charge"].fields_get(names, ["string"])
        self._rcm_raise_case(
            "charge_changed",
            self.env._(
                "The source changed %(count)s billed charges: %(fields)s.",
                count=len(changed),
                fields=", ".join(labels[name]["string"] for name in names),
            ),
            expected=billed,
            actual=sent,
            difference=sent - billed,
            amount=float(abs(sent - billed)),
        )

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


# ----------------------------------------------------------------------
# Helpers
# ----------------------------------------------------------------------
def _patient_vals(person):
    """Demographics that the source gave; empty ones leave ours alone."""
    vals = {
        "first_name": person.first_name,
        "middle_name": person.middle_name,
        "last_name": person.last_name,
        "birth_date": person.birth_date,
        "sex": person.sex if person.sex != "U" else None,
        "phone": person.phone,
        "email": person.email,
        "street": person.street,
        "street2": person.street2,
        "city": person.city,
        "zip": person.zip,
    }
    return {name: value for name, value in vals.items() if value}


def _coverage_vals(item):
    """Values of a coverage; subscriber and what decides the order as far as told."""
    told = {
        "basis": item.basis,
        "employer_size": item.employer_size,
        "medicare_reason": item.medicare_reason,
        "esrd_from": item.esrd_from,
        "subscriber_birth_date": item.subscriber_birth_date,
        "subscriber_first_name": item.subscriber.first_name,
        "subscriber_last_name": item.subscriber.last_name,
        "subscriber_sex": item.subscriber.sex,
        "subscriber_street": item.subscriber.street,
        "subscriber_city": item.subscriber.city,
        "subscriber_zip": item.subscriber.zip,
    }
    vals = {name: value for name, value in told.items() if value}
    if item.court_ordered is not None:
        vals["court_ordered"] = item.court_ordered
    return {
        **vals,
        "sequence": item.sequence,
        "member_id": item.member_id,
        "group_number": item.group_number or False,
        "subscriber_relationship": item.relationship,
        "date_from": item.date_from or False,
        "date_to": item.date_to or False,
        "active": True,
    }


def _charge_vals(item, place, codes, authorizations):
    service = codes.get(item.code)
    authorization = authorizations.get(item.authorization)
    return {
        "external_ref": item.external_ref,
        "sequence": place * 10,
        "service_code_id": service.id if service else False,
        "code": item.code or False,
        "modifiers": ",".join(item.modifiers) or False,
        "units": from_decimal(item.units, 3),
        "amount": from_decimal(item.amount or 0),
        "service_date": item.service_date,
        "place_of_service": item.place_of_service or False,
        "revenue_code": item.revenue_code or False,
        "diagnosis_pointers": ",".join(map(str, item.pointers)) or False,
        "rendering_npi": item.rendering_npi or False,
        "unit_code": item.content.unit_code,
        "ndc_code": item.content.ndc_code or False,
        "ndc_unit": item.content.ndc_unit or False,
        "ndc_quantity": from_decimal(item.content.ndc_quantity, 3),
        "anesthesia_start": item.content.anesthesia_start or False,
        "anesthesia_end": item.content.anesthesia_end or False,
        "clia_number": item.content.clia_number or False,
        "authorization_id": authorization.id if authorization else False,
        "authorization_number": item.authorization or False,
    }
