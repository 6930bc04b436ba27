from odoo import api, fields, models
from odoo.exceptions import ValidationError

# A class is low in risk below this score.
LOW_RISK = 20


class RcmApprovalPolicy(models.Model):
    """Approval by waiting: only for a named low-risk class somebody answers for."""

    _inherit = "rcm.approval.policy"

    auto_after_hours = fields.Float(
        "Approve by Waiting After",
        help="Business hours without an objection after which the request is approved "
        "by itself. 0: never. Only for policies with an amount limit and a risk score "
        "below 20, with an owner and a reason.",
    )
    auto_reason = fields.Char(
        "Why Waiting Is Enough", help="Stands in each decision made by waiting."
    )

    _auto_not_negative = models.Constraint(
        "CHECK(auto_after_hours >= 0)", "The time to wait cannot be negative."
    )

    @api.constrains(
        "auto_after_hours",
        "auto_reason",
        "owner_id",
        "amount_to",
        "risk_to",
        "step_ids",
    )
    def _check_auto(self):
        """Nothing approves itself by waiting unless it is a bounded, owned class."""
        for policy in self.filtered("auto_after_hours"):
            missing = [
                name
                for name, there in (
                    (self.env._("an owner"), policy.owner_id),
                    (self.env._("a reason"), policy.auto_reason),
                    (self.env._("an upper limit of the amount"), policy.amount_to),
                    (
                        self.env._("a risk score below %s at most", LOW_RISK),
                        0 < policy.risk_to <= LOW_RISK,
                    ),
                    (self.env._("a step that could object"), policy.step_ids),
                )
                if not there
            ]
            if missing:
                raise ValidationError(
                    self.env._(
                        "Approval by waiting is for a named class of low risk. "
                        "“%(policy)s” lacks: %(missing)s.",
                        policy=policy.name,
                        missing=", ".join(missing),
                    )
                )

    def _rcm_auto_words(self):
        """The waiting as part of the sentence, or nothing."""
        if not self.auto_after_hours:
            return ""
        return self.env._(
            ", or passes after %s business hours without an objection",
            f"{self.auto_after_hours:g}",
        )
