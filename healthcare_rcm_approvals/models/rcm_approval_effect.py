from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import mute_logger


class RcmApprovalMixin(models.AbstractModel):
    """Having the effect: the one place every way comes through, and after approval.

    A document that declares its effects (``_rcm_approval_effects``) is guarded where
    its state says that it had one, by whatever way that state is written.
    """

    _inherit = "rcm.approval.mixin"

    # ------------------------------------------------------------------
    # Effects that a document declares
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._rcm_approval_assert_entered(records._rcm_approval_standing())
        return records

    def write(self, vals):
        if self._rcm_approval_state_field not in vals:
            return super().write(vals)
        before = self._rcm_approval_standing()
        result = super().write(vals)
        after = self._rcm_approval_standing()
        self._rcm_approval_assert_entered(
            {effect: records - before[effect] for effect, records in after.items()}
        )
        return result

    def _rcm_approval_standing(self):
        """``{effect: those of these records that had it}`` by what they declare."""
        name = self._rcm_approval_state_field
        return {
            effect: self.filtered(lambda record, s=state: record[name] == s)
            for effect, (state, _method) in self._rcm_approval_effects.items()
        }

    def _rcm_approval_assert_entered(self, entered):
        for effect, records in entered.items():
            if records:
                records._rcm_approval_assert(effect)
                records._rcm_emit(f"{self._name}.{effect}")

    def _rcm_approval_enter(self, effect):
        """For the button: have a declared effect where it is allowed, ask for the rest.

        :return: True, or the notice that an approval was asked for
        """
        allowed = self._rcm_approval_ask(effect)
        state, _method = self._rcm_approval_effects[effect]
        if allowed:
            allowed.write({self._rcm_approval_state_field: state})
        return True if allowed == self else self._rcm_approval_notice()

    # ------------------------------------------------------------------
    # After the decision
    # ------------------------------------------------------------------
    def _rcm_approval_done(self, effect):
        """Called after the last approval: have the effect, or be ready for it.

        A declared effect is had by its method. Overridden by other documents; the
        approver's rights and name are not to be used for it, see
        :meth:`_rcm_approval_requester`.
        """
        _state, method = self._rcm_approval_effects.get(effect, (None, None))
        for record in self if method else ():
            if not record._rcm_approval_is_done(effect):
                record._rcm_approval_run(effect, method)

    def _rcm_approval_closed(self, effect, state):
        """Called when a request ended without approval: ``refused``, ``withdrawn``,
        ``voided`` or ``expired``."""

    def _rcm_approval_requester(self, effect):
        """These records as the one who asked for ``effect``, with all rights.

        Empty when that person may not act any more: the document is then ready for
        whoever may.
        """
        self.ensure_one()
        request = self._rcm_standing_requests(effect).get(self.id)
        user = request.requester_id if request else self.env["res.users"]
        if not user or not (user.active or user._is_superuser()):
            return self.browse()
        # the effect was approved; it is had in the name of who asked for it
        return self.with_user(user).sudo()

    def _rcm_approval_run(self, effect, method):
        """Have the approved effect in the name of who asked.

        What stands in the way leaves the document approved and ready, with a case.
        """
        self.ensure_one()
        record = self._rcm_approval_requester(effect)
        try:
            if not record:
                raise UserError(self.env._("Who asked for it is no longer active."))
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                getattr(record, method)()
        except UserError:
            self.env["rcm.exception.case"]._rcm_raise(
                "approval_stalled",
                self,
                self.env._(
                    "It was approved, but the step itself was refused. Open the "
                    "document and do it by hand: Odoo then says what is in the way."
                ),
            )

    def _rcm_approval_answer(self, result):
        """What a button says: ``result``, or the notice that one of these waits."""
        self.invalidate_recordset(["rcm_approval_state"])
        waits = "pending" in self.mapped("rcm_approval_state")
        return self._rcm_approval_notice() if waits else result

    @api.model
    def _rcm_approval_notice(self):
        """Tell the person at the button that approval was asked for."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": False,
                "message": self.env._(
                    "Approval is needed and was asked for. It goes on by itself once "
                    "it is approved."
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
