from odoo import api, models

from ..core import matching
from ..core.errors import RcmPermanent
from .rcm_encounter_intake import CONTACT_FIELDS, GUARANTOR_RELATIONSHIPS
from .rcm_identifier import ACCOUNT, GUARANTOR, OWN_SYSTEM
from .rcm_patient_match import FACILITY_SYSTEM, MRN


class RcmEncounter(models.Model):
    """Who the source speaks of: patient, guarantor and coverages."""

    _inherit = "rcm.encounter"

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
