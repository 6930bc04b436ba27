from odoo import api, fields, models

ANSWERS = {"accepted": "accepted", "adjudicated": "accepted", "rejected": "rejected"}


class RcmClaim(models.Model):
    """How well a claim left the house: clean, and taken at the first attempt."""

    _inherit = "rcm.claim"

    touched = fields.Boolean(
        readonly=True,
        copy=False,
        help="A person had to do something about it before it was sent: it was taken "
        "back to draft, corrected after a check, held, or had an exception.",
    )
    first_answer = fields.Selection(
        [("accepted", "Accepted"), ("rejected", "Rejected")],
        readonly=True,
        copy=False,
        help="What the payer said to the first submission.",
    )

    @api.model
    def _rcm_protected_fields(self):
        return super()._rcm_protected_fields() | {"touched", "first_answer"}

    def _rcm_set_state(self, new_state, **vals):
        answer = ANSWERS.get(new_state)
        fresh = self.filtered(
            lambda claim: answer and not claim.first_answer and not claim.self_pay
        )
        if fresh:
            super(RcmClaim, fresh)._rcm_set_state(
                new_state, **vals, first_answer=answer
            )
        return super(RcmClaim, self - fresh)._rcm_set_state(new_state, **vals)

    def _rcm_raise_case(self, type_code, message, **values):
        """A claim that needed a person is not clean, whatever comes of it."""
        self._rcm_touch()
        return super()._rcm_raise_case(type_code, message, **values)

    def _rcm_back_to_draft(self):
        result = super()._rcm_back_to_draft()
        self._rcm_touch()
        return result

    def _rcm_hold(self):
        self._rcm_touch()
        return super()._rcm_hold()

    def _rcm_touch(self):
        """Note that these claims did not go through by themselves.

        What happens after the payer has them is no matter of clean claims.
        """
        before = self.filtered(
            lambda claim: not claim.touched
            and claim._rcm_standing()
            in ("draft", "validated", "cleared", "pending_interface")
        )
        if before:
            before._rcm_write({"touched": True})
            before.filtered("clean_claim")._rcm_write({"clean_claim": False})
