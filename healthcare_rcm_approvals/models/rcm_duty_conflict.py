from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..policy import conflicting_duty

DUTIES = [
    ("create", "Make or change the document"),
    ("approve", "Approve"),
    ("post", "Post"),
    ("pay", "Pay"),
    ("vendor_create", "Make or change the vendor"),
    ("policy_change", "Change the policy it is under"),
]


class RcmDutyConflict(models.Model):
    """Two duties that one person must not do on the same document."""

    _name = "rcm.duty.conflict"
    _inherit = ["rcm.second.admin.mixin", "rcm.audit.mixin"]
    _description = "Incompatible Duties"
    _order = "severity desc, id"
    _rcm_rules = _rcm_audit_fields = (
        "duty",
        "other_duty",
        "severity",
        "reason",
        "active",
    )
    _rcm_new_rule = {"duty": "create", "other_duty": "pay", "reason": "–"}

    active = fields.Boolean(default=True)
    duty = fields.Selection(DUTIES, string="Who Does This", required=True)
    other_duty = fields.Selection(DUTIES, string="Must Not Do This", required=True)
    severity = fields.Selection(
        [("1", "Low"), ("2", "Medium"), ("3", "High"), ("4", "Critical")],
        required=True,
        default="3",
    )
    reason = fields.Char(
        "Why", required=True, translate=True, help="What one person could do with both."
    )

    _pair_unique = models.UniqueIndex(
        "(LEAST(duty, other_duty), GREATEST(duty, other_duty)) WHERE change_id IS NULL",
        "These two duties are in the table already.",
    )

    @api.constrains("duty", "other_duty")
    def _check_different(self):
        for conflict in self:
            if conflict.duty == conflict.other_duty:
                raise ValidationError(
                    self.env._("A duty cannot exclude itself: name two different ones.")
                )

    @api.depends("duty", "other_duty")
    def _compute_display_name(self):
        names = dict(self._fields["duty"]._description_selection(self.env))
        for conflict in self:
            first, second = names.get(conflict.duty), names.get(conflict.other_duty)
            conflict.display_name = f"{first or ''} / {second or ''}"

    # ------------------------------------------------------------------
    # The check
    # ------------------------------------------------------------------
    @api.model
    def _rcm_pairs(self) -> frozenset:
        """Pairs of duties one person must not do both, as the pure rules want them."""
        rows = self.sudo().search_fetch(  # rules, not data
            [("active", "=", True)], ["duty", "other_duty"]
        )
        return frozenset((row.duty, row.other_duty) for row in rows)

    @api.model
    def _rcm_check(self, record, duty, done, reason=None):
        """Refuse ``duty`` on ``record`` to who did an earlier duty that excludes it.

        Groups do not matter, and neither does ``sudo()``: the person behind the call
        is checked. What the system's own user does against the table goes through
        and is marked as an override in the audit log, with its reason.

        :param record: the document, one record with ``_rcm_emit``
        :param str duty: what the current user is about to do
        :param dict done: {duty: users who did it}, see ``_rcm_duties_done``
        :param str reason: why the system's user acts; scheduled actions give none
        """
        record.ensure_one()
        earlier = {name: frozenset(users) for name, users in done.items()}
        other = conflicting_duty({self.env.uid}, duty, earlier, self._rcm_pairs())
        if other is None:
            return
        if self.env.uid == SUPERUSER_ID:
            self._rcm_mark_override(record, duty, reason, other)
            return
        raise UserError(self._rcm_refusal(record, duty, other))

    @api.model
    def _rcm_mark_override(self, record, duty, reason=None, other=None):
        """Log that the system's user did ``duty`` where a person would have to."""
        reason = reason or self.env._("Done by server code or a scheduled action.")
        record._rcm_emit(
            "duty.override",
            {"duty": [other or None, duty], "override_reason": [None, reason]},
        )

    @api.model
    def _rcm_refusal(self, record, duty, other):
        """Why the person may not do ``duty``, and what to do."""
        names = dict(self._fields["duty"]._description_selection(self.env))
        pair = self.sudo().search(  # the reason of a rule is for everyone
            [("duty", "in", (duty, other)), ("other_duty", "in", (duty, other))],
            limit=1,
        )
        return self.env._(
            "%(document)s: you did “%(other)s” on it, so “%(duty)s” is for someone "
            "else. %(reason)s",
            document=record.sudo()._rcm_audit_name(),
            other=names.get(other, other),
            duty=names.get(duty, duty),
            reason=pair.reason or "",
        )
