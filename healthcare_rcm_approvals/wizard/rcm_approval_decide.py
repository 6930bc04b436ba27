from odoo import api, fields, models
from odoo.exceptions import UserError


class RcmApprovalDecide(models.TransientModel):
    """What to say with a decision, a question, an answer or a forward; and the screen
    with what came of each request."""

    _name = "rcm.approval.decide"
    _description = "Decide on Approval Requests"

    kind = fields.Selection(
        [
            ("approve", "Approve"),
            ("refuse", "Refuse"),
            ("ask", "Ask for information"),
            ("answer", "Answer"),
            ("forward", "Forward"),
            ("result", "Result"),
        ],
        required=True,
        default="refuse",
    )
    request_ids = fields.Many2many("rcm.approval.request", required=True)
    reason = fields.Char(help="Without patient names: others read it.")
    question = fields.Char(compute="_compute_question")
    user_id = fields.Many2one("res.users", "To", domain="[('id', 'in', candidate_ids)]")
    candidate_ids = fields.Many2many(
        "res.users", compute="_compute_candidate_ids", string="Who could have it"
    )
    line_ids = fields.One2many("rcm.approval.decide.line", "wizard_id")
    done_count = fields.Integer(compute="_compute_counts")
    failed_count = fields.Integer(compute="_compute_counts")

    @api.depends("request_ids")
    def _compute_question(self):
        for wizard in self:
            wizard.question = wizard.request_ids[:1].question

    @api.depends("request_ids", "kind")
    def _compute_candidate_ids(self):
        for wizard in self:
            wizard.candidate_ids = wizard.env["res.users"]
            if wizard.kind == "forward":
                request = wizard.request_ids[:1]._origin
                request.check_access("read")
                # who holds the role, not what else they may
                people = request.sudo()._rcm_forward_candidates()
                wizard.candidate_ids = people.with_env(self.env)

    @api.depends("line_ids.done")
    def _compute_counts(self):
        for wizard in self:
            done = wizard.line_ids.filtered("done")
            wizard.done_count = len(done)
            wizard.failed_count = len(wizard.line_ids) - len(done)

    def action_confirm(self):
        """Do what the dialog is for, as the person logged in."""
        self.ensure_one()
        step = getattr(self, f"_rcm_{self.kind}", None)
        if step is None:
            raise UserError(self.env._("There is nothing left to do here."))
        if self.kind != "approve" and not (self.reason or "").strip():
            raise UserError(self.env._("Say it in a few words first."))
        result = step()
        if isinstance(result, dict):
            return result
        return {"type": "ir.actions.act_window_close"}

    def action_refuse(self):
        """Refuse every chosen request with this reason."""
        self.ensure_one()
        return self.action_confirm()

    def _rcm_approve(self):
        return self.request_ids._rcm_decide_many("approved", self.reason)

    def _rcm_refuse(self):
        return self.request_ids._rcm_decide_many("refused", self.reason)

    def _rcm_ask(self):
        self.request_ids.ensure_one()
        self.request_ids._rcm_ask(self.reason)

    def _rcm_answer(self):
        self.request_ids.ensure_one()
        self.request_ids._rcm_answer(self.reason)

    def _rcm_forward(self):
        self.request_ids.ensure_one()
        if not self.user_id:
            raise UserError(self.env._("Choose who is to have it."))
        self.request_ids._rcm_forward(self.user_id, self.reason)


class RcmApprovalDecideLine(models.TransientModel):
    """What came of one request."""

    _name = "rcm.approval.decide.line"
    _description = "Result of an Approval Decision"

    wizard_id = fields.Many2one(
        "rcm.approval.decide", required=True, index=True, ondelete="cascade"
    )
    request_id = fields.Many2one("rcm.approval.request", "Request", required=True)
    amount = fields.Monetary(related="request_id.amount")
    currency_id = fields.Many2one(related="request_id.currency_id")
    done = fields.Boolean()
    message = fields.Char("What Came of It")
