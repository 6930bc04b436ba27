from odoo import api, fields, models
from odoo.exceptions import ValidationError

# A class is low in risk below this score.
LOW_RISK = 20


class RcmApprovalPolicy(models.Model):
    """What becomes of requests that nobody decides.

    Approval by waiting is only for a named low-risk class somebody answers for; any
    other request may lapse.
    """

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

    expire_after_hours = fields.Float(
        "Lapses After",
        help="Business hours after which a request that nobody decided lapses: the "
        "document is free to be changed, and has to be asked for again. 0: never.",
    )

    _auto_not_negative = models.Constraint(
        "CHECK(auto_after_hours >= 0 AND expire_after_hours >= 0)",
        "The time to wait cannot be negative.",
    )
    _approved_before_lapsed = models.Constraint(
        "CHECK(auto_after_hours = 0 OR expire_after_hours = 0 "
        "OR auto_after_hours < expire_after_hours)",
        "A request cannot lapse before waiting approves it.",
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
        """What waiting leads to, as part of the sentence, or nothing."""
        words = ""
        if self.auto_after_hours:
            words += self.env._(
                ", or passes after %s business hours without an objection",
                f"{self.auto_after_hours:g}",
            )
        if self.expire_after_hours:
            words += self.env._(
                ", and lapses after %s business hours without a decision",
                f"{self.expire_after_hours:g}",
            )
        return words
