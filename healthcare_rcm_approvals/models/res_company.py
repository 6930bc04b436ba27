from odoo import fields, models


class ResCompany(models.Model):
    """How long approvals may wait and how people are told."""

    _inherit = "res.company"

    rcm_approval_remind_percent = fields.Integer(
        "Remind Approvers After",
        default=75,
        help="Percentage of the time of a step after which approvers are reminded; 0 "
        "for no reminder.",
    )
    rcm_approval_supervisor_hours = fields.Float(
        "Supervisors After",
        default=8.0,
        help="Business hours past the time limit until an undecided request becomes an "
        "exception of the supervisors.",
    )
    rcm_approval_mail = fields.Boolean(
        "Approve by E-mail",
        default=True,
        help="People who are asked get a mail with links; deciding needs their login.",
    )
    rcm_approval_link_hours = fields.Integer(
        "Links Valid For", default=72, help="Hours until a link of a mail expires."
    )

    rcm_budget_required = fields.Boolean(
        "Budget Required",
        help="Every line of a purchase order and vendor bill has to be charged to an "
        "account with an open budget; an order or bill with another line is stopped.",
    )

    _rcm_approval_times = models.Constraint(
        "CHECK(rcm_approval_remind_percent BETWEEN 0 AND 99 "
        "AND rcm_approval_supervisor_hours >= 0 AND rcm_approval_link_hours > 0)",
        "Reminders come after 0 to 99 percent; times of approvals are not negative.",
    )


class ResConfigSettings(models.TransientModel):
    """Approval settings of the current company."""

    _inherit = "res.config.settings"

    rcm_approval_remind_percent = fields.Integer(
        related="company_id.rcm_approval_remind_percent", readonly=False
    )
    rcm_approval_supervisor_hours = fields.Float(
        related="company_id.rcm_approval_supervisor_hours", readonly=False
    )
    rcm_approval_mail = fields.Boolean(
        related="company_id.rcm_approval_mail", readonly=False
    )
    rcm_approval_link_hours = fields.Integer(
        related="company_id.rcm_approval_link_hours", readonly=False
    )
    rcm_budget_required = fields.Boolean(
        related="company_id.rcm_budget_required", readonly=False
    )
