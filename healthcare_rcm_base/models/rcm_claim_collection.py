from datetime import timedelta

from odoo import api, fields, models

from ..core import collection_priority
from ..core.collection_priority import Standing

SWEEP_BATCH = 500


class RcmPayer(models.Model):
    """How long a payer takes to answer."""

    _inherit = "rcm.payer"

    answer_days = fields.Integer(
        string="Answers Within",
        default=30,
        help="Days after the submission from which on a claim without an answer is to "
        "be asked about; 0 for never.",
    )

    _answer_days_not_negative = models.Constraint(
        "CHECK(answer_days >= 0)", "Days to answer cannot be negative."
    )


class RcmClaim(models.Model):
    """What to ask payers about, in which order: a status moves a claim at once."""

    _inherit = "rcm.claim"

    answer_due = fields.Date(
        string="Answer Expected",
        compute="_compute_answer_due",
        store=True,
        index="btree_not_null",
        help="By then its payer should have answered.",
    )
    answer_overdue = fields.Boolean(compute="_compute_answer_overdue", store=True)
    collection_priority = fields.Selection(
        [("0", "None"), ("1", "Normal"), ("2", "High"), ("3", "Urgent")],
        compute="_compute_collection_priority",
        store=True,
        index=True,
        help="How soon the payer is to be asked: by its last answer, or that it gave "
        "none in time.",
    )
    ask_payer_id = fields.Many2one(
        "rcm.payer",
        string="Ask",
        compute="_compute_ask_payer_id",
        help="Who has the claim, or decided what is left open.",
    )
    collection_reason = fields.Char(
        string="Why Ask", compute="_compute_collection_reason"
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------
    @api.depends("state", "submitted_date", "goes_to_id.answer_days")
    def _compute_answer_due(self):
        for claim in self:
            waiting = claim._rcm_asked_state() in collection_priority.WITH_PAYER
            since = waiting and claim.submitted_date
            days = since and claim.goes_to_id.answer_days
            claim.answer_due = days and (
                claim.company_id._rcm_day_of(since) + timedelta(days=days)
            )

    @api.depends("answer_due")
    def _compute_answer_overdue(self):
        today = fields.Date.context_today(self)
        for claim in self:
            claim.answer_overdue = bool(claim.answer_due and claim.answer_due < today)

    @api.depends(
        "state", "payment_status", "open_balance", "answer_overdue", "leg_ids.state"
    )
    def _compute_collection_priority(self):
        for claim in self:
            claim.collection_priority, _why = claim._rcm_collection()

    @api.depends("state", "goes_to_id", "leg_ids.adjudicated_date")
    def _compute_ask_payer_id(self):
        """A decision is asked of whoever made it, though the next one may be due."""
        for claim in self:
            decided = claim.leg_ids.filtered("adjudicated_date").sorted("sequence")
            asked = (
                claim._rcm_asked_state() in collection_priority.DECIDED
                and decided[-1:].payer_id
            )
            claim.ask_payer_id = asked or claim.goes_to_id

    @api.depends("collection_priority")
    def _compute_collection_reason(self):
        words = {
            "rejected": self.env._("Rejected before adjudication"),
            "denied": self.env._("Denied: correct it or appeal"),
            "pended": self.env._("The payer waits for something from us"),
            "overdue": self.env._("No answer in time"),
            "partially_denied": self.env._("Partly denied"),
            "taken_back": self.env._("The payer took its decision back"),
            "rest_open": self.env._("Decided, and something is still open"),
        }
        for claim in self:
            claim.collection_reason = words.get(claim._rcm_collection()[1], False)

    def _rcm_collection(self):
        """``(rank, why)`` of ``core.collection_priority``."""
        self.ensure_one()
        state = self._rcm_asked_state()
        if state not in collection_priority.ASKED:
            return collection_priority.NONE, ""  # most claims that are being billed
        states = set(self.leg_ids.mapped("state"))
        return collection_priority.priority(
            Standing(
                state=state,
                payment_status=self.payment_status or "unpaid",
                open=bool(self.payer_id)
                and self.currency_id.compare_amounts(self.open_balance, 0) > 0,
                pended="pended" in states,
                overdue=self.answer_overdue,
                due_next="ready" in states,
            )
        )

    def _rcm_asked_state(self):
        """The state that says whom to ask; more modules know more of what it hides."""
        self.ensure_one()
        return self.state

    # ------------------------------------------------------------------
    # The day goes on
    # ------------------------------------------------------------------
    @api.model
    def _cron_filing_deadlines(self):
        """Also put claims that nobody answered in time before the people who ask."""
        today = fields.Date.context_today(self)
        self._rcm_run_batches(
            [("answer_due", "<", today), ("answer_overdue", "=", False)],
            "_rcm_note_overdue",
            SWEEP_BATCH,
        )
        return super()._cron_filing_deadlines()

    def _rcm_note_overdue(self):
        """Work out anew what changed by nothing but the date."""
        self.modified(["answer_due"])
        self.flush_recordset(["answer_overdue", "collection_priority"])
