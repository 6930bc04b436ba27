from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from ..core import matching
from .rcm_match_key import DEFAULT_LIMIT, KEY_FIELDS, person_of

FACILITY_SYSTEM = "facility:"
MRN = "mrn"
MEMBERS_READ = 25


class RcmPatientAccount(models.Model):
    """Finding the account of a person whom a source names."""

    _inherit = "rcm.patient.account"

    open_duplicate_count = fields.Integer(
        string="Possible Duplicates", compute="_compute_open_duplicate_count"
    )

    # ------------------------------------------------------------------
    # CRUD: the keys follow the record
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        patients = super().create(vals_list)
        self.env["rcm.match.key"]._rcm_sync(patients)
        return patients

    def write(self, vals):
        result = super().write(vals)
        if "active" in vals or not KEY_FIELDS[self._name].keys().isdisjoint(vals):
            _sync_active(self)
        return result

    def unlink(self):
        self.env["rcm.match.key"]._rcm_drop(self)
        return super().unlink()

    # ------------------------------------------------------------------
    # Domain
    # ------------------------------------------------------------------
    @api.model
    def _rcm_match(self, person, company):
        """The ``Match`` of one person (see ``_rcm_match_many``)."""
        return self._rcm_match_many([person], company)[0]

    @api.model
    def _rcm_match_many(self, people, company):
        """Find each of ``people`` among the accounts of ``company``.

        A fixed number of statements for any number of people. Who asks has checked
        that the caller may know patients: the answer names accounts and codes only.

        :param people: ``matching.Person`` each; a ``key`` is the account's own id,
            which never matches itself
        :return: a ``matching.Match`` each, in the same order
        """
        Patient = self.sudo()  # compared, not shown
        record = self.env["rcm.match.policy"]._rcm_for(company)
        policy, limit = record._rcm_values(), record.candidate_limit or DEFAULT_LIMIT
        keys_of = [matching.blocking_keys(one) for one in people]
        by_key = self.env["rcm.match.key"]._rcm_candidates(
            self._name, company, frozenset().union(*keys_of), limit
        )
        by_mrn = Patient._rcm_ids_by_mrn(people, company)
        by_member = Patient._rcm_ids_by_member(people, company)
        ids_of = [
            _gathered(one, keys, by_key, by_mrn, by_member) - {one.key}
            for one, keys in zip(people, keys_of, strict=True)
        ]
        known = Patient._rcm_people(set().union(*ids_of))
        apart = self.env["rcm.possible.duplicate"]._rcm_told_apart(
            self._name, {one.key for one in people if one.key}
        )
        return [
            matching.decide(
                one,
                [known[id_] for id_ in sorted(ids) if id_ in known],
                policy,
                apart.get(one.key, ()),
            )
            for one, ids in zip(people, ids_of, strict=True)
        ]

    def _rcm_ids_by_mrn(self, people, company):
        """{(facility code, number): ids} of the numbers ``people`` come with.

        Numbers of accounts themselves and old ones that the crosswalk remembers.
        """
        pairs = sorted({pair for one in people for pair in one.mrns})
        found = defaultdict(set)
        if not pairs:
            return found
        codes, numbers = map(list, zip(*pairs, strict=True))
        rows = self.env.execute_query(
            SQL(
                """
                WITH asked AS (
                     SELECT DISTINCT * FROM unnest(%(codes)s, %(numbers)s)
                                         AS pair (code, number))
                SELECT asked.code, asked.number, patient.id
                  FROM asked
                  JOIN rcm_facility facility
                    ON facility.code = asked.code
                   AND facility.company_id = %(company)s
                  JOIN rcm_patient_account patient
                    ON patient.company_id = %(company)s
                   AND COALESCE(patient.facility_id, 0) = facility.id
                   AND patient.mrn = asked.number
                 UNION
                SELECT asked.code, asked.number, known.res_id
                  FROM asked
                  JOIN rcm_identifier known
                    ON known.company_id = %(company)s
                   AND known.system = %(prefix)s || asked.code
                   AND known.kind = %(kind)s AND known.value = asked.number
                   AND known.res_model = %(model)s
                """,
                codes=codes,
                numbers=numbers,
                company=company.id,
                prefix=FACILITY_SYSTEM,
                kind=MRN,
                model=self._name,
            )
        )
        for code, number, id_ in rows:
            found[code, number].add(id_)
        return found

    def _rcm_ids_by_member(self, people, company):
        """{member id: ids} of accounts that have or had a coverage of that number."""
        wanted = sorted({number for one in people for _payer, number in one.members})
        found = defaultdict(set)
        if not wanted:
            return found
        rows = self.env.execute_query(
            SQL(
                """SELECT asked.number, known.patient_id
                     FROM unnest(%s) AS asked (number)
                    CROSS JOIN LATERAL (
                          SELECT patient_id FROM rcm_coverage
                           WHERE company_id = %s
                             AND member_id IS NOT NULL
                             AND upper(btrim(member_id)) = asked.number
                           LIMIT %s) known""",
                wanted,
                company.id,
                MEMBERS_READ,
            )
        )
        for number, id_ in rows:
            found[number].add(id_)
        return found

    @api.model
    def _rcm_people(self, ids):
        """{id: Person} of active accounts, with their numbers and member ids."""
        patients = self.search_fetch(
            [("id", "in", list(ids))],
            [*KEY_FIELDS[self._name], "mrn", "facility_id", "company_id"],
        )
        mrns, members = patients._rcm_mrns(), patients._rcm_members()
        return {
            patient.id: person_of(
                patient, mrns=mrns[patient.id], members=members[patient.id]
            )
            for patient in patients
        }

    def _rcm_mrns(self):
        """{id: {(facility code, number)}}, old numbers of merged accounts too."""
        found = defaultdict(set)
        for patient in self:
            if patient.mrn and patient.facility_id:
                found[patient.id].add((patient.facility_id.code, patient.mrn))
        rows = self.env["rcm.identifier"].search_fetch(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("kind", "=", MRN),
                ("system", "=like", f"{FACILITY_SYSTEM}%"),
            ],
            ["system", "value", "res_id"],
        )
        for row in rows:
            code = row.system.removeprefix(FACILITY_SYSTEM)
            found[row.res_id].add((code, row.value))
        return found

    def _rcm_members(self):
        """{id: {(payer id, member id)}} of past and present coverages."""
        found = defaultdict(set)
        rows = (
            self.env["rcm.coverage"]
            .with_context(active_test=False)
            .search_fetch(
                [("patient_id", "in", self.ids), ("member_id", "!=", False)],
                ["patient_id", "payer_id", "member_id"],
            )
        )
        for row in rows:
            found[row.patient_id.id].add((row.payer_id.id, row.member_id))
        return found

    # ------------------------------------------------------------------
    # Looking for duplicates of known accounts
    # ------------------------------------------------------------------
    def _compute_open_duplicate_count(self):
        pairs = self._rcm_open_pairs()
        for patient in self:
            patient.open_duplicate_count = len(
                pairs.filtered(
                    lambda pair, one=patient: one
                    in (pair.patient_id | pair.other_patient_id)
                )
            )

    def _rcm_open_pairs(self):
        """Pairs of these accounts that wait for somebody, as far as one may see."""
        Pair = self.env["rcm.possible.duplicate"]
        if not Pair.has_access("read"):
            return Pair
        return Pair.search(
            [
                ("state", "=", "open"),
                "|",
                ("patient_id", "in", self.ids),
                ("other_patient_id", "in", self.ids),
            ]
        )

    def action_rcm_duplicates(self):
        """Open the pairs of this account that wait for somebody."""
        self.check_access("read")
        return self._rcm_open_pairs().action_rcm_open()

    def action_rcm_find_duplicates(self):
        """Look for other accounts of the same people; say what came of it."""
        self.env.user._rcm_require("front_desk", "biller", "administrator")
        self.check_access("read")
        found = self._rcm_note_duplicates()
        if len(self) == 1 and found:
            return found.action_rcm_open()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if found else "success",
                "message": self.env._(
                    "%(count)s possible duplicates found.", count=len(found)
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _rcm_note_duplicates(self):
        """Put accounts that are likely the same person before somebody."""
        Duplicate = self.env["rcm.possible.duplicate"]
        found = Duplicate
        for company in self.company_id:
            mine = self.filtered(lambda p, owner=company: p.company_id == owner)
            people = mine.sudo()._rcm_people(mine.ids)  # compared, not shown
            matches = self._rcm_match_many(list(people.values()), company)
            for id_, match in zip(people, matches, strict=True):
                if match.result != matching.NONE:
                    found |= Duplicate._rcm_note(self.browse(id_), match)
        return found


class RcmCoverage(models.Model):
    """A member id is one of the keys a patient is found by."""

    _inherit = "rcm.coverage"

    _member_idx = models.Index(
        "(company_id, upper(btrim(member_id))) WHERE member_id IS NOT NULL"
    )


class ResPartner(models.Model):
    """Guarantors are matched by name, address and phone; they have no birth date."""

    _inherit = "res.partner"

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        guarantors = partners.filtered("rcm_is_guarantor")
        self.env["rcm.match.key"]._rcm_sync(guarantors)
        return partners

    def write(self, vals):
        result = super().write(vals)
        if "active" in vals or not KEY_FIELDS[self._name].keys().isdisjoint(vals):
            # only whether they are guarantors
            _sync_active(self.filtered(lambda one: one.sudo().rcm_is_guarantor))
        return result

    def unlink(self):
        self.env["rcm.match.key"]._rcm_drop(self)
        return super().unlink()

    def _rcm_note_guarantor_duplicate(self):
        """Put a guarantor who is likely another one before a person."""
        self.ensure_one()
        match = self._rcm_match_guarantor(
            person_of(self.sudo()),
            self.sudo().company_id,  # compared, not shown
        )
        if match.result == matching.NONE:
            return self.env["rcm.possible.duplicate"]
        return self.env["rcm.possible.duplicate"]._rcm_note(self.sudo(), match)

    @api.model
    def _rcm_match_guarantor(self, person, company):
        """Another guarantor of ``company`` who is likely this person.

        Without a birth date nobody is sure of it: a person decides.
        """
        record = self.env["rcm.match.policy"]._rcm_for(company)
        by_key = self.env["rcm.match.key"]._rcm_candidates(
            self._name,
            company,
            matching.blocking_keys(person),
            record.candidate_limit or DEFAULT_LIMIT,
        )
        ids = set().union(*by_key.values()) - {person.key}
        guarantors = self.sudo().search(  # compared, not shown
            [("id", "in", list(ids)), ("rcm_is_guarantor", "=", True)]
        )
        apart = self.env["rcm.possible.duplicate"]._rcm_told_apart(
            self._name, {person.key}
        )
        return matching.decide(
            person,
            [person_of(one) for one in guarantors],
            record._rcm_values(),
            apart.get(person.key, ()),
        )


def _sync_active(records):
    """Archived people are found by nobody."""
    Key = records.env["rcm.match.key"]
    # archiving is no secret
    active = records.filtered(lambda one: one.sudo().active)
    Key._rcm_sync(active)
    if gone := records - active:
        Key._rcm_drop(gone)


def _gathered(one, keys, by_key, by_mrn, by_member):
    """Ids of everybody who shares a key with ``one``."""
    ids = {id_ for key in keys for id_ in by_key.get(key, ())}
    for pair in one.mrns:
        ids |= by_mrn.get(pair, set())
    for _payer, number in one.members:
        ids |= by_member.get(number, set())
    return ids
