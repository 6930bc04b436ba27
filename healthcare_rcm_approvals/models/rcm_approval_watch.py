from odoo import models

from odoo.addons.healthcare_rcm_base.core.canonical import digest

from .rcm_approval_mixin import OPEN

PREPARED = "approval.prepared"


class RcmApprovalMixin(models.AbstractModel):
    """Changes after the question: what was asked for or approved becomes void."""

    _inherit = "rcm.approval.mixin"

    def write(self, vals):
        result = super().write(vals)
        if self._rcm_approval_locked_fields() & vals.keys():
            self._rcm_approval_touched()
        return result

    def unlink(self):
        if self._rcm_approval_locked_fields():
            self._rcm_open_requests()._rcm_void(self.env._("The document was deleted."))
        return super().unlink()

    def _rcm_open_requests(self):
        """Requests of these records that are asked for or granted."""
        requests = self.env["rcm.approval.request"].sudo()  # of the document's own
        return requests.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("state", "in", (*OPEN, "approved")),
            ]
        )

    def _rcm_approval_touched(self):
        """What matters was changed: void what was asked for, and keep who did it."""
        self._rcm_approval_recheck()
        self._rcm_note_preparer()

    def _rcm_note_preparer(self):
        """Keep in the audit log, once, that somebody else than its maker prepared it.

        The last writer is a field; that there was one before is not.
        """
        user = self.env.user
        if user._is_superuser():
            return
        # who made it, nothing else
        others = self.sudo().filtered(lambda record: record.create_uid != user)
        if not others:
            return
        known = (
            self.env["rcm.audit.log"]
            .sudo()
            .search_fetch(  # who, not what
                [
                    ("model", "=", self._name),
                    ("res_id", "in", others.ids),
                    ("event", "=", PREPARED),
                    ("actor_uid", "=", user.id),
                ],
                ["res_id"],
            )
        )
        self.browse(set(others.ids) - set(known.mapped("res_id")))._rcm_emit(PREPARED)

    def _rcm_approval_recheck(self):
        """Void requests whose document is not what was asked for any more."""
        requests = self._rcm_open_requests()
        changed = requests.browse()
        for request in requests:
            record = self.browse(request.res_id).sudo()  # facts, whoever changed them
            if record._rcm_approval_is_done(request.effect):
                continue
            item = record._rcm_approval_facts(request.effect)
            if item is None or digest(item["approved"]) != request.facts_hash:
                changed += request
        self._rcm_approval_void(changed)
