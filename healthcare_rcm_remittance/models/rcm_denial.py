from odoo import api, fields, models

from odoo.addons.healthcare_rcm_base.core import states

from .rcm_posting_result_mixin import RcmPostingResultMixin
from .rcm_posting_rule import CATEGORIES

MACHINE = "denial"
states.register(
    MACHINE,
    {
        "open": ("in_work", "appealed", "overturned", "written_off", "reversed"),
        "in_work": ("open", "appealed", "overturned", "written_off", "reversed"),
        "appealed": ("in_work", "overturned", "written_off", "reversed"),
        "overturned": ("open",),
        "written_off": ("overturned", "reversed"),
        "reversed": (),
    },
)
OPEN_STATES = ("open", "in_work", "appealed")


class RcmDenial(models.Model):
    """Denied dollars of one claim line, by one adjustment.

    Nothing was booked for them: they are still open on the payer's receivable. The
    record lives until the payer pays after all, or the amount is given up.
    """

    _name = "rcm.denial"
    _inherit = "rcm.posting.result.mixin"
    _description = "Denial"
    _rec_names_search = ("claim_id",)
    _order = "deadline, amount desc, id"
    _rcm_state_machine = MACHINE
    _rcm_protected = (
        *RcmPostingResultMixin._rcm_protected,
        "group_code",
        "reason_code",
        "remarks",
        "amount",
        "rule_id",
        "category",
        "denied_date",
        "deadline",
        "closed_at",
    )

    group_code = fields.Char(string="Group", readonly=True)
    reason_code = fields.Char(string="Reason", readonly=True)
    adjustment_code = fields.Char(string="Code", compute="_compute_adjustment_code")
    remarks = fields.Char(readonly=True)
    rule_id = fields.Many2one("rcm.posting.rule", readonly=True, ondelete="set null")
    words = fields.Char(string="What It Means", compute="_compute_words")
    category = fields.Selection(CATEGORIES, readonly=True, index=True)
    amount = fields.Monetary(string="Denied", readonly=True)
    denied_date = fields.Date(readonly=True)
    deadline = fields.Date(
        string="Appeal Until", readonly=True, help="By the payer's appeal period."
    )
    state = fields.Selection(
        [
            ("open", "Open"),
            ("in_work", "In Work"),
            ("appealed", "Appealed"),
            ("overturned", "Overturned"),
            ("written_off", "Written Off"),
            ("reversed", "Taken Back"),
        ],
        string="Status",
        default="open",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
        group_expand=True,
    )
    closed_at = fields.Datetime(readonly=True)

    _open_idx = models.Index(
        "(claim_line_id) WHERE state IN ('open', 'in_work', 'appealed')"
    )

    @api.depends("claim_id", "group_code", "reason_code")
    def _compute_display_name(self):
        for denial in self:
            denial.display_name = (
                f"{denial.claim_id.name} {denial.group_code}-{denial.reason_code}"
            )

    @api.depends("group_code", "reason_code")
    def _compute_adjustment_code(self):
        for denial in self:
            denial.adjustment_code = f"{denial.group_code}-{denial.reason_code}"

    def _rcm_audit_names(self):
        return [denial.display_name or "" for denial in self]

    # ------------------------------------------------------------------
    # From posting
    # ------------------------------------------------------------------
    @api.model
    def _rcm_open_from(self, remittance, outcomes, records):
        """Open denials of posted claims; close those that the posting settles."""
        self._rcm_close_settled(outcomes)
        vals_list = [
            self._rcm_vals(remittance, outcome, item, records[outcome.index])
            for outcome in outcomes
            if not outcome.reverses
            for item in outcome.denials
        ]
        if vals_list:
            self._rcm_create(vals_list)

    @api.model
    def _rcm_vals(self, remittance, outcome, item, record):
        payer = remittance.payer_id
        denied = remittance._rcm_payment_day()
        service = record.service_ids.filtered(
            lambda line: line.index == item.service_index
        )
        return {
            "remittance_claim_id": record.id,
            "claim_id": outcome.claim_id,
            "claim_line_id": item.line_id,
            "correlation_id": remittance.correlation_id,
            "group_code": item.group,
            "reason_code": item.reason,
            "remarks": ",".join(filter(None, (record.remarks, service.remarks))),
            "amount": remittance._rcm_money(item.amount),
            "rule_id": item.rule_id,
            "category": item.category or "other",
            "denied_date": denied,
            "deadline": fields.Date.add(denied, days=payer.appeal_days)
            if payer.appeal_days
            else False,
        }

    @api.model
    def _rcm_close_settled(self, outcomes):
        """A reversal takes denials back; a line decided anew without denial ends it."""
        reversed_ids = [o.reverses for o in outcomes if o.reverses]
        decided = {
            line_id
            for outcome in outcomes
            if not outcome.reverses
            for _index, line_id in outcome.matches
        } - {item.line_id for outcome in outcomes for item in outcome.denials}
        now = fields.Datetime.now()
        if reversed_ids:
            self.search(
                [
                    ("remittance_claim_id", "in", reversed_ids),
                    ("state", "in", (*OPEN_STATES, "written_off")),
                ]
            )._rcm_set_state("reversed", closed_at=now)
        if decided:
            self.search(
                [("claim_line_id", "in", list(decided)), ("state", "in", OPEN_STATES)]
            )._rcm_set_state("overturned", closed_at=now)

    # ------------------------------------------------------------------
    # Work
    # ------------------------------------------------------------------
    def action_take(self):
        """Take these denials into work as one's own."""
        self.env.user._rcm_require("denial_analyst", "finance_manager")
        self.check_access("write")
        # The role was checked; the state is protected from plain writing.
        self.sudo()._rcm_set_state("in_work")
        self.write({"owner_id": self.env.uid})

    def action_appealed(self):
        """Note that the appeal has been sent."""
        self.env.user._rcm_require("denial_analyst", "finance_manager")
        self.check_access("write")
        denials = self.sudo()  # the role was checked above
        denials.filtered(lambda denial: denial.state == "open")._rcm_set_state(
            "in_work"
        )
        denials._rcm_set_state("appealed")
        lines = denials.claim_line_id.filtered(lambda line: line.state == "denied")
        lines._rcm_set_state("appealed")

    def action_claim(self):
        """Open the claim."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "rcm.claim",
            "view_mode": "form",
            "res_id": self.claim_id.id,
        }
