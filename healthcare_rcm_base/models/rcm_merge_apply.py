from odoo import api, models
from odoo.tools import SQL

from ..core.merging import Change
from .rcm_identifier import ACCOUNT, GUARANTOR, OWN_SYSTEM
from .rcm_merge_references import plain_value
from .rcm_patient_match import FACILITY_SYSTEM, MRN
from .rcm_possible_duplicate import CASE


class RcmMerge(models.Model):
    """Merging: every reference turned, numbers kept, entries left as they are."""

    _inherit = "rcm.merge"

    # ------------------------------------------------------------------
    # Merging
    # ------------------------------------------------------------------
    @api.model
    def _rcm_merge(
        self, keep, drop, values=None, reason="", duplicate=None, money=False
    ):
        """Merge ``drop`` into ``keep`` and return the record of it.

        The caller has checked role, records, companies and the confirmation of
        balances. Journal entries are not touched.

        :param dict values: values of ``drop`` that survive, by field
        """
        self = self.sudo()  # the caller's rights were checked; see above
        keep, drop = keep.sudo(), drop.sudo()
        self._rcm_lock(keep | drop)
        turn = self.env["rcm.merge.references"]
        self._rcm_note_aliases(keep, drop)
        done, left = [], []
        if keep._name == "rcm.patient.account":
            for twin, other in self._rcm_same_coverages(keep, drop):
                done += self._rcm_set(other, {"active": False})
                made, missed = turn._rcm_turn_all(twin, other)
                done, left = done + made, left + missed
            spared = {}
        else:
            spared = self._rcm_with_money(drop)
        made, missed = turn._rcm_turn_all(keep, drop, spared)
        done, left = done + made, left + missed
        done += self._rcm_set(keep, values or {})
        done += self._rcm_set(drop, {"active": False})
        merge = self._rcm_append(
            keep,
            drop,
            action="merge",
            reason=reason,
            duplicate=duplicate,
            money=money,
            items=[(change, "moved", "") for change in done]
            + [(change, "kept", why) for change, why in left],
        )
        self._rcm_tell(merge, done)
        self._rcm_settle_pairs(keep, drop, merge)
        return merge

    def _rcm_lock(self, records):
        """Two merges of one person wait for each other."""
        self.env.cr.execute(
            SQL(
                "SELECT id FROM %s WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
                SQL.identifier(records._table),
                records.ids,
            )
        )

    def _rcm_note_aliases(self, keep, drop):
        """See that the numbers of ``drop`` are in the crosswalk before it is turned."""
        Identifier = self.env["rcm.identifier"]
        if drop._name == "rcm.patient.account":
            names = [(OWN_SYSTEM, ACCOUNT, drop.name)]
            if drop.mrn and drop.facility_id:
                names.append(
                    (f"{FACILITY_SYSTEM}{drop.facility_id.code}", MRN, drop.mrn)
                )
        else:
            names = [(OWN_SYSTEM, GUARANTOR, drop.rcm_account_number)]
        for name in names:
            Identifier._rcm_register(*name, drop, drop.company_id)

    def _rcm_same_coverages(self, keep, drop):
        """Pairs (kept, other) of coverages that both accounts have."""
        pairs = []
        mine = keep.with_context(active_test=False).coverage_ids
        for other in drop.coverage_ids.filtered("active"):
            twin = mine.filtered(
                lambda one, other=other: one.active
                and one.payer_id == other.payer_id
                and one.member_id == other.member_id
                and one.date_from == other.date_from
            )[:1]
            if twin:
                pairs.append((twin, other))
        return pairs

    def _rcm_with_money(self, guarantor):
        """{model: ids} of documents with posted entries of ``guarantor``: they stay."""
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT claim.id, claim.encounter_id
                     FROM account_move_line line
                     JOIN rcm_claim claim ON claim.id = line.rcm_claim_id
                    WHERE line.partner_id = %s AND line.parent_state = 'posted'""",
                guarantor.id,
            )
        )
        claims = sorted({claim for claim, _encounter in rows})
        encounters = sorted({encounter for _claim, encounter in rows if encounter})
        spared = {"rcm.claim": claims, "rcm.encounter": encounters}
        of_claims = ("claim_id", claims), ("encounter_id", encounters)
        for name, field, kind in self.env["rcm.merge.references"]._rcm_references(
            "res.partner"
        ):
            owner = self.env[name].with_context(active_test=False)
            for link, ids in of_claims:
                if kind == "one" and link in owner._fields and name not in spared:
                    stored = owner._fields[link].store
                    found = (
                        stored
                        and ids
                        and owner.search(
                            [(link, "in", ids), (field, "=", guarantor.id)]
                        )
                    )
                    if found:
                        spared[name] = found.ids
        return {
            name: self._rcm_really(name, ids, guarantor) for name, ids in spared.items()
        }

    def _rcm_really(self, name, ids, guarantor):
        """Those of ``ids`` that do name the guarantor."""
        records = self.env[name].browse(ids)
        return records.filtered(lambda one: one.guarantor_id == guarantor).ids

    def _rcm_set(self, record, values):
        """Write values through the model, and return what changed."""
        before = {name: plain_value(record, name) for name in values}
        changed = {
            name: value
            for name, value in values.items()
            if before[name] != (value or False)
        }
        if not changed:
            return []
        own, contact = self._rcm_own_contact(record)
        told = {name: plain_value(own, name) for name in contact}
        record.write(changed)
        # The contact first: undoing goes backwards, and the patient's values, put
        # back, are told to the contact once more.
        return [
            Change(one._name, one.id, name, old[name], plain_value(one, name))
            for one, old, names in ((own, told, contact), (record, before, changed))
            for name in names
            if old[name] != plain_value(one, name)
        ]

    def _rcm_own_contact(self, record):
        """The guarantor that is told what changes on its patient, and its fields."""
        if (
            record._name != "rcm.patient.account"
            or record.guarantor_relationship != "self"
        ):
            return self.env["res.partner"], ()
        names = record._prepare_guarantor_vals()
        contact = [f"rcm_{one}" if one.endswith("_name") else one for one in names]
        return record.guarantor_id, contact

    def _rcm_kind(self, change):
        """How a change is put back: as a relation, a reference or a value."""
        kind = self.env[change.model]._fields[change.field].type
        if kind == "many2many":
            return "many"
        turned = isinstance(change.old, int) and not isinstance(change.old, bool)
        references = ("many2one", "many2one_reference", "integer")
        return "one" if turned and kind in references else "value"

    def _rcm_changes(self):
        """What this merge did, in the order in which it did it."""
        items = self.item_ids.filtered(lambda item: item.outcome == "moved")
        return [item._rcm_change() for item in items.sorted("id")]

    # ------------------------------------------------------------------
    # After
    # ------------------------------------------------------------------
    def _rcm_tell(self, merge, changes):
        """Audit: the merge itself, both people, and every document that was turned."""
        event = f"rcm.merge.{merge.action}"
        merge._rcm_emit(event, changes={"changes": [None, len(changes)]})
        by_place = {}
        for change in changes:
            place = (change.model, change.field, change.old, change.new)
            if isinstance(change.old, int) and not isinstance(change.old, bool):
                by_place.setdefault(place, []).append(change.id)
        for (model, field, old, new), ids in by_place.items():
            records = self.env[model].browse(ids)
            if hasattr(records, "_rcm_emit"):
                pair = [old, new] if merge.action == "merge" else [new, old]
                records._rcm_emit(f"{model}.turned", changes={field: pair})

    def _rcm_settle_pairs(self, keep, drop, merge):
        """Pairs of the merged record are settled; the survivor is looked at afresh."""
        Pair = self.env["rcm.possible.duplicate"]
        side = "patient_id" if keep._name == "rcm.patient.account" else "guarantor_id"
        pairs = Pair.search(
            [
                ("state", "in", ("open", "dismissed")),
                "|",
                (side, "=", drop.id),
                (f"other_{side}", "=", drop.id),
            ]
        )
        ours = pairs.filtered(lambda pair: keep in pair._rcm_sides())
        # of the two themselves also what was told apart; of others what is open
        pairs = ours | pairs.filtered(lambda pair: pair.state == "open")
        ours._rcm_decide("merged")
        (pairs - ours)._rcm_decide("dismissed")
        pairs._rcm_write({"settled_by_id": merge.id})
        pairs._rcm_resolve_cases([CASE], self.env._("Merged."))
        if keep._name == "rcm.patient.account":
            keep._rcm_note_duplicates()
