from odoo import models
from odoo.exceptions import UserError

from ..core.merging import split_undo
from .rcm_merge import MERGERS
from .rcm_merge_references import TAKEN


class RcmMerge(models.Model):
    """Taking a merge back: each record to whom it belonged."""

    _inherit = "rcm.merge"

    # ------------------------------------------------------------------
    # Undoing
    # ------------------------------------------------------------------
    def action_undo(self):
        """Put back what the merge moved and nobody changed since."""
        self.ensure_one()
        self.env.user._rcm_require(*MERGERS)
        self.check_access("read")
        if self.action != "merge" or self.undo_ids:
            raise UserError(self.env._("There is nothing to undo here."))
        keep, drop = self._rcm_sides()
        (keep | drop).check_access("write" if self.kind == "patient" else "read")
        return self._rcm_undo()._rcm_form()

    def _rcm_undo(self):
        merge = self.sudo()  # role and records were checked by the button
        keep, drop = merge._rcm_sides()
        merge._rcm_lock(keep | drop)
        if newer := merge._rcm_later_merge():
            raise UserError(
                self.env._(
                    "Undo the later merge %(name)s first.", name=newer.display_name
                )
            )
        merge.env.flush_all()
        changes = merge._rcm_changes()
        references = merge.env["rcm.merge.references"]
        back, stay = split_undo(changes, references._rcm_current(changes))
        failed = merge._rcm_put_back(back)
        back = [change for change in back if change not in {one for one, _w in failed}]
        undo = merge._rcm_append(
            keep,
            drop,
            action="undo",
            duplicate=merge.duplicate_id,
            origin=merge,
            items=[(change, "restored", "") for change in back]
            + [(change, "not_restored", why) for change, why in [*stay, *failed]],
        )
        merge._rcm_tell(undo, back)
        settled = merge.env["rcm.possible.duplicate"].search(
            [("settled_by_id", "=", merge.id)]
        )
        (merge.duplicate_id | settled)._rcm_reopen()
        return undo.with_env(self.env)

    def _rcm_later_merge(self):
        """A merge of one of the two that came later and stands."""
        keep, drop = self._rcm_sides()
        names = ("patient_id", "merged_patient_id")
        if self.kind == "guarantor":
            names = ("guarantor_id", "merged_guarantor_id")
        later = self.search(
            [
                ("id", ">", self.id),
                ("action", "=", "merge"),
                ("undo_ids", "=", False),
                "|",
                (names[0], "in", (keep | drop).ids),
                (names[1], "in", (keep | drop).ids),
            ]
        )
        return later[:1]

    def _rcm_put_back(self, changes):
        """Write old values again; return [(change, reason)] of what would not go.

        What was turned from one record to another goes back a statement each.
        """
        references = self.env["rcm.merge.references"]
        failed, groups = [], {}
        for change in changes:
            kind = self._rcm_kind(change)
            place = (change.model, change.field, kind, str(change.old), str(change.new))
            groups.setdefault(place, []).append(change)
        for (name, field, kind, _old, _new), some in groups.items():
            model, ids = self.env[name], [change.id for change in some]
            old, new = some[0].old, some[0].new
            if kind == "many":
                references._rcm_set_links(model, field, ids, new, old)
            elif kind == "one":
                taken = references._rcm_set_column(model, field, ids, old or None)
                failed += [(change, TAKEN) for change in some if change.id in taken]
            else:
                for change in some:
                    model.browse(change.id).write({field: change.old})
        self.env.flush_all()
        self.env.invalidate_all()
        return failed
