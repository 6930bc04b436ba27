from odoo import models

from .rcm_approval_watch import PREPARED

# The duty that having an effect is.
DUTIES = {"post": "post", "pay": "pay"}


class RcmApprovalMixin(models.AbstractModel):
    """Who did which step of a document, and who may not do the next one."""

    _inherit = "rcm.approval.mixin"

    def _rcm_duties_done(self):
        """Who did each earlier step of this document: ``{duty: {user ids}}``.

        Duties are ``create`` (made or changed it), ``approve``, ``post``, ``pay``,
        ``vendor_create``. Extended by documents; read from the audit log and the
        decisions, never from what somebody could set.
        """
        self.ensure_one()
        record = self.sudo()  # who did it, nothing else
        decisions = record._rcm_open_requests().decision_ids
        approvals = decisions.filtered(lambda item: item.decision == "approved")
        done = {
            "create": set(record.create_uid.ids) | record._rcm_actors(PREPARED),
            "approve": set((approvals.user_id | approvals.on_behalf_of_id).ids),
            "post": set(),
            "pay": set(),
            "vendor_create": set(),
        }
        for effect in DUTIES.keys() & self._rcm_approval_effects.keys():
            done[DUTIES[effect]] |= record._rcm_actors(f"{self._name}.{effect}")
        return done

    def _rcm_check_duties(self, effect):
        """Refuse a step that someone may not do who did an earlier one."""
        duty = DUTIES.get(effect)
        if not duty:
            return
        conflicts = self.env["rcm.duty.conflict"]
        for record in self:
            conflicts._rcm_check(record, duty, record._rcm_duties_done())

    def _rcm_actors(self, *events):
        """Ids of the users who did one of ``events`` to these records."""
        rows = (
            self.env["rcm.audit.log"]
            .sudo()
            .search_fetch(  # who, not what
                [
                    ("model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("event", "in", events),
                ],
                ["actor_uid"],
            )
        )
        return set(rows.mapped("actor_uid"))
